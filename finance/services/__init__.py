"""Every write to a group's money; a module for each concern, all of them callable from here."""

from finance.services.money import (
    LoanTerms,
    cash_count_record,
    cash_count_settle,
    entry_reverse,
    fine_pay,
    loan_disburse,
    loan_repay,
    loans_open,
    other_money_record,
    savings_deposit,
    savings_withdraw,
    schedule_of,
    social_contribute,
)
from finance.services.opening import Opening, OpeningDebt, OpeningLoan, OpeningSavings, fee_in_all, opening_record
from finance.services.share_out import (
    share_out_post,
    share_out_reverse,
)
from finance.services.surplus import (
    surplus_decide,
    surplus_post,
    surplus_withdraw,
)
from finance.services.period import period_close

__all__ = [
    "LoanTerms",
    "Opening",
    "OpeningDebt",
    "OpeningLoan",
    "OpeningSavings",
    "cash_count_record",
    "cash_count_settle",
    "entry_reverse",
    "fee_in_all",
    "fine_pay",
    "loan_disburse",
    "loan_repay",
    "loans_open",
    "opening_record",
    "other_money_record",
    "period_close",
    "savings_deposit",
    "savings_withdraw",
    "schedule_of",
    "share_out_post",
    "share_out_reverse",
    "social_contribute",
    "surplus_decide",
    "surplus_post",
    "surplus_withdraw",
]
