"""Every write to a group's money; a module for each concern, all of them callable from here."""

from finance.services.cash import PECAHAN, bank_tick, cash_count_record, cash_count_settle, cash_count_take
from finance.services.covers import cover_recover, loan_cover
from finance.services.entries import REVERSED_BY_ITSELF, entry_reverse
from finance.services.funds import fine_pay, other_money_record, social_contribute, social_help
from finance.services.inventory import inventory_buy, inventory_write_down
from finance.services.leaving import member_settle
from finance.services.loans import NewSchedule, loan_pay_off, loan_recover, loan_repay, loan_reschedule, loan_write_off
from finance.services.opening import Opening, OpeningDebt, OpeningLoan, OpeningSavings, fee_in_all, opening_record
from finance.services.outside import OutsideTerms, outside_loan_receive, outside_loan_repay
from finance.services.payouts import LoanTerms, loan_disburse, loans_open, schedule_of, terms_by_rules
from finance.services.period import period_close
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

__all__ = [
    "PECAHAN",
    "REVERSED_BY_ITSELF",
    "LoanTerms",
    "NewSchedule",
    "Opening",
    "OpeningDebt",
    "OpeningLoan",
    "OpeningSavings",
    "OutsideTerms",
    "bank_tick",
    "cash_count_record",
    "cash_count_settle",
    "cash_count_take",
    "cover_recover",
    "entry_reverse",
    "fee_in_all",
    "fine_pay",
    "inventory_buy",
    "inventory_write_down",
    "loan_cover",
    "loan_disburse",
    "loan_pay_off",
    "loan_recover",
    "loan_repay",
    "loan_request",
    "loan_request_approve",
    "loan_request_cancel",
    "loan_request_pay_out",
    "loan_request_refuse",
    "loan_reschedule",
    "loan_write_off",
    "loans_open",
    "member_settle",
    "opening_record",
    "other_money_record",
    "outside_loan_receive",
    "outside_loan_repay",
    "period_close",
    "savings_deposit",
    "savings_withdraw",
    "schedule_of",
    "share_out_post",
    "share_out_reverse",
    "social_contribute",
    "social_help",
    "surplus_decide",
    "surplus_post",
    "surplus_withdraw",
    "terms_by_rules",
]
