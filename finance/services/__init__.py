"""Every write to a group's money; a module for each concern, all of them callable from here."""

from finance.services.cash import (
    PECAHAN,
    bank_tick,
    cash_count_record,
    cash_count_settle,
    cash_count_take,
    cash_count_take_back,
)
from finance.services.covers import cover_recover, loan_cover
from finance.services.due_days import due_days_follow, due_days_move, due_days_return
from finance.services.entries import REVERSED_BY_ITSELF, entry_reverse
from finance.services.external_loans import ExternalTerms, external_loan_receive, external_loan_repay
from finance.services.funds import fine_pay, other_money_record, social_contribute, social_help
from finance.services.inventory import inventory_buy, inventory_write_down
from finance.services.leaving import member_settle
from finance.services.loans import NewSchedule, loan_recover, loan_reschedule, loan_write_off
from finance.services.obligations import fine_charge, fine_waive, savings_waive, waiver_take_back
from finance.services.opening import Opening, OpeningDebt, OpeningLoan, OpeningSavings, fee_in_all, opening_record
from finance.services.payouts import LoanTerms, loan_disburse, loans_open, repaid_as, terms_by_rules
from finance.services.period import period_close
from finance.services.repayments import loan_pay_off, loan_repay
from finance.services.requests import (
    loan_request,
    loan_request_approve,
    loan_request_cancel,
    loan_request_pay_out,
    loan_request_refuse,
)
from finance.services.savings import savings_deposit, savings_withdraw
from finance.services.share_out import (
    share_out_post,
    share_out_reverse,
)
from finance.services.surplus import (
    surplus_decide,
    surplus_post,
    surplus_withdraw,
)
