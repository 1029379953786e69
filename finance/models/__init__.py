"""The ledger, loans and cash counts of a group."""

from finance.models.cash import CashCount
from finance.models.ledger import Account, AccountKind, Entry, EntryKind, Side, Transfer
from finance.models.loan import Instalment, Loan, LoanEvery
from finance.models.outside import OutsideLoan

__all__ = [
    "Account",
    "AccountKind",
    "CashCount",
    "Entry",
    "EntryKind",
    "Instalment",
    "Loan",
    "LoanEvery",
    "OutsideLoan",
    "Side",
    "Transfer",
]
