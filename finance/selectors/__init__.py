"""Every read of a group's money; a module for each concern, all of them callable from here."""

from finance.rules.cash_counts import expected_cash
from finance.selectors.account_balances import account_name, accounts_of
from finance.selectors.bank import BankCheck, bank_check, statement_days
from finance.selectors.book_lines import BookLine
from finance.selectors.cash import cash_book, cash_counts, cash_differences, latest_movement, open_differences
from finance.selectors.covers import (
    Claim,
    Claims,
    claims_of,
    cover_entries,
    covers_on,
    late_loans,
    open_covers,
)
from finance.selectors.due_days import instalments_due
from finance.selectors.ending import LeftToSettle, left_to_settle
from finance.selectors.entries import entry_lines
from finance.selectors.external_loans import (
    ExternalCard,
    ExternalRow,
    PassedOn,
    external_card,
    external_loans_on,
    external_rows,
    passed_on,
)
from finance.selectors.general_ledger import Ledger, ledger
from finance.selectors.inventory import inventory_items
from finance.selectors.leaving import days_of_group, days_of_member, money_at_leaving, settlement_of
from finance.selectors.loan_history import LoanStep, loan_requests, loan_steps
from finance.selectors.loan_performance import performance, performance_by_group
from finance.selectors.loan_positions import LoanArrears, loan_arrears
from finance.selectors.loans import (
    LoanCard,
    LoanPayment,
    LoanRow,
    LoanTotals,
    loan_card,
    loan_rows,
    loan_totals,
    loans_on,
    written_off,
)
from finance.selectors.opening import first_to_count, may_open, opening_of
from finance.selectors.owed import Owed, OwedLine, owed, owed_rows, owed_totals
from finance.selectors.period import closings
from finance.selectors.printing import PrintFrame, Signer, print_frame, signers
from finance.selectors.reports import (
    BalanceSheet,
    IncomeStatement,
    ReportLine,
    TrialBalance,
    TrialLine,
    balance_sheet,
    income_statement,
    trial_balance,
)
from finance.selectors.savings import Passbook, SavingsBook, SavingsMovement, SavingsRow, passbook, savings_book
from finance.selectors.share_out import (
    CAN_BE_KEPT,
    ShareOutPlan,
    ShareOutRow,
    share_out_plan,
    share_out_rows,
    share_outs,
)
from finance.selectors.short_days import ShortDay, short_days
from finance.selectors.statement import Statement, statement
from finance.selectors.summary import GroupSummary, group_summary
from finance.selectors.surplus import PeriodSurplus, divided_through, next_period, period_surplus
from finance.selectors.surplus_division import (
    DivisionSheet,
    MemberPart,
    division_preview,
    division_sheet,
    surplus_divisions,
)
from finance.selectors.surplus_projection import SurplusProjection, surplus_projection
