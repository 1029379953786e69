"""What a group has and owes: its accounts with their loans, in one statement, on any day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from finance.ledger.chart import account_code, new_account
from finance.ledger.fines import OpenFines, open_fines
from finance.ledger.sql import moved_between, read_accounts
from finance.models import Account, AccountKind, Entry, ExternalLoan, Loan
from groups.models import Group, Member


@dataclass(frozen=True, slots=True)
class Line:
    """`amount` rupiah from the account credited to the account debited; `member` is whose passbook shows it.

    `principal_alone` as `Transfer` has it.
    """

    debit: Account
    credit: Account
    amount: int
    member: Member | None = None
    memo: str = ""
    principal_alone: bool = False

    def apply(self) -> None:
        """Move the amount between the two accounts in memory."""
        self.debit.debits_posted += self.amount
        self.credit.credits_posted += self.amount

    def take_back(self) -> None:
        """Take the amount off the two accounts in memory again."""
        self.debit.debits_posted -= self.amount
        self.credit.credits_posted -= self.amount


class Balances:
    """The accounts of one group with their balances in rupiah, for looking; only `Books` can post.

    `last_moved_on` is the latest effective date of an entry in the group's books, None where there is none.
    `counts_through` and `open_differences` are those of `AccountsRead`; the end of time stands for not known.
    """

    counts_through: date | None = date.max
    open_differences: int

    def __init__(
        self,
        group: Group,
        accounts: Iterable[Account],
        *,
        as_of: date = date.max,
        has_fines: bool = True,
        last_moved_on: date | None = None,
    ) -> None:
        self.group = group
        self.accounts = {account.code: account for account in accounts}
        self.as_of = as_of
        self.has_fines = has_fines
        self.last_moved_on = last_moved_on
        self.left_out = 0
        self.also_left_out: tuple[int, ...] = ()

    @cached_property
    def fines(self) -> OpenFines:
        """The fines that members owe, which stand outside the accounts; read when somebody asks, if there are any."""
        if not self.has_fines:
            return OpenFines()
        return open_fines(self.group, as_of=self.as_of, undone=self.left_out, also=self.also_left_out)

    def fines_on(self, on: date) -> OpenFines:
        """Return those of `fines` that were owed on the day `on`, neither set later nor let go at that time."""
        return self.fines.owed_then(on)

    def account(
        self,
        kind: AccountKind,
        *,
        member: Member | None = None,
        loan: Loan | None = None,
        external: ExternalLoan | None = None,
    ) -> Account:
        """Return the account of `kind` for the group, member or loan; one nobody has used yet is not saved."""
        code = self._code(kind, member, loan, external)
        if code not in self.accounts:
            if loan is not None and member is None:
                member = loan.member
            self.accounts[code] = new_account(self.group, kind, member=member, loan=loan, external=external)
        return self.accounts[code]

    def balance(
        self,
        kind: AccountKind,
        *,
        member: Member | None = None,
        loan: Loan | None = None,
        external: ExternalLoan | None = None,
    ) -> int:
        """Return a balance in rupiah, 0 for an account nobody has used yet."""
        account = self.accounts.get(self._code(kind, member, loan, external))
        return account.balance if account is not None else 0

    def open_day(self, wanted: date) -> date:
        """Return `wanted`, or where the books are closed on it the first day on which they are not.

        That day is never to come: only days that are over can be closed.
        """
        closed = self.group.books_closed_through
        return wanted if closed is None else max(wanted, closed + timedelta(1))

    def running_loans(self) -> list[Loan]:
        """Return the loans with a balance, oldest first."""
        accounts = (a for a in self.accounts.values() if a.kind == AccountKind.LOAN and a.balance > 0)
        return sorted((a.loan for a in accounts if a.loan is not None), key=lambda loan: loan.number)

    def running_external_loans(self) -> list[ExternalLoan]:
        """Return the loans from outside that the group still owes something of, oldest first."""
        accounts = (a for a in self.accounts.values() if a.kind == AccountKind.EXTERNAL_LOAN and a.balance > 0)
        loans = (a.external_loan for a in accounts if a.external_loan is not None)
        return sorted(loans, key=lambda loan: loan.number)

    def mirror_image(self, entry: Entry) -> list[Line]:
        """Return the lines that take `entry` back, in its order; every account it moved must be among these."""
        accounts = {account.pk: account for account in self.accounts.values()}
        return [
            Line(
                debit=accounts[transfer.credit_account_id],
                credit=accounts[transfer.debit_account_id],
                amount=transfer.amount,
                member=transfer.member,
                memo=transfer.memo,
            )
            for transfer in entry.transfers.select_related("member").order_by("pk")
        ]

    def leave_out(self, entry: Entry) -> None:
        """Count in memory as if `entry` had never been posted."""
        for line in self.mirror_image(entry):
            line.apply()
        self.leave_fines_out(entry)

    def leave_fines_out(self, entry: Entry) -> None:
        """Count the fines that `entry` paid as open, and those it brought as none."""
        if self.left_out:
            self.also_left_out = (*self.also_left_out, self.left_out)
        self.left_out = entry.pk
        self.__dict__.pop("fines", None)

    def _code(
        self, kind: AccountKind, member: Member | None, loan: Loan | None, external: ExternalLoan | None = None
    ) -> str:
        # Codes are made of numbers, and another group has the same numbers.
        assert all(owner is None or owner.group_id == self.group.pk for owner in (member, loan, external))
        return account_code(kind, member=member, loan=loan, external=external)


def read_books(group: Group, as_of: date, *, everything: bool = False) -> Balances:
    """Return the balances of `group` at the end of the day `as_of`, without a lock.

    The accounts are those of members and of loans that are running now; `everything`, and every day before the last
    movement, adds loans repaid. The balances are those of now less what moved after the day: one
    statement more where anything did.
    """
    read = read_accounts(group, everything=everything)
    is_past = read.last_moved_on is not None and as_of < read.last_moved_on
    if is_past and not everything:
        read = read_accounts(group, everything=True)
    balances = Balances(group, read.accounts, as_of=as_of, has_fines=read.has_fines, last_moved_on=read.last_moved_on)
    balances.counts_through, balances.open_differences = read.counts_through, read.open_differences
    if is_past:
        _take_back(balances, as_of)
    return balances


def _take_back(balances: Balances, as_of: date) -> None:
    """Take what moved after the day `as_of` off the balances."""
    accounts = {account.pk: account for account in balances.accounts.values()}
    for debit, credit, amount in moved_between(balances.group, [(as_of, date.max)]):
        accounts[debit].debits_posted -= amount
        accounts[credit].credits_posted -= amount
