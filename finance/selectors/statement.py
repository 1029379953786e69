"""What was true of one group on a day, from the same reads as its pages. Whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from finance.models import AccountKind
from finance.selectors.account_balances import account_balances
from finance.selectors.loans import LoanRow, loan_rows, loans_on
from finance.selectors.owed import owed
from finance.selectors.savings import SavingsRow, savings_book
from groups.models import Constitution, Group, GroupStatus
from groups.selectors import rules_in_force, status_of


@dataclass(frozen=True, slots=True)
class Statement:
    """A group at the end of the day `as_of`: its money, the savings of its members and its running loans.

    `owed` is by member id what they owe besides loans.
    """

    group: Group
    as_of: date
    status: GroupStatus
    rules: Constitution | None
    cash: int
    bank: int
    members: list[SavingsRow]
    owed: dict[int, int]
    loans: list[LoanRow]


def statement(group: Group, *, as_of: date) -> Statement:
    """Return what was true of `group` at the end of a day, in a fixed number of statements."""
    balances = {AccountKind.CASH: 0, AccountKind.BANK: 0}
    for position in account_balances(group, as_of, kinds=tuple(balances)):
        balances[AccountKind(position.account.kind)] = position.balance(0)
    return Statement(
        group=group,
        as_of=as_of,
        status=status_of(group, as_of=as_of),
        rules=rules_in_force(group, as_of=as_of),
        cash=balances[AccountKind.CASH],
        bank=balances[AccountKind.BANK],
        members=savings_book(group, end=as_of).rows,
        owed={pk: found.total for pk, found in owed(group, as_of=as_of).items()},
        loans=loan_rows(loans_on(group, as_of=as_of, only_running=True), as_of=as_of),
    )
