"""Posting: the one place where balances change.

`open_books` locks a group and reads its accounts; `Books.post` checks, writes and updates them in sets: one
statement for missing accounts, one for entries, one for all balances, one for transfers, whatever their number.
Everything runs inside the caller's transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.utils.translation import gettext as _

from finance.ledger.chart import account_code, new_account
from finance.ledger.errors import AlreadyPosted, AlreadyReversed, InsufficientFunds, NotAllowed, PeriodClosed
from finance.ledger.reading import read_accounts
from finance.models import Account, AccountKind, Entry, EntryKind, ExternalLoan, Loan, Side
from groups.models import Group, Member, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import today


@dataclass(frozen=True, slots=True)
class Line:
    """`amount` rupiah from the account credited to the account debited; `member` is whose passbook shows it."""

    debit: Account
    credit: Account
    amount: int
    member: Member | None = None
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry to be: what happened on which day, under which idempotency key."""

    kind: EntryKind
    effective_on: date
    lines: Sequence[Line]
    key: uuid.UUID
    memo: str = ""
    reverses: Entry | None = None


@dataclass
class Books:
    """The accounts of one group, locked for writing until the transaction ends; got from `open_books`."""

    group: Group
    actor: User
    accounts: dict[str, Account]
    last_loan_number: int = 0
    last_entry_number: int = 0
    _missing: list[Account] = field(default_factory=list)

    def account(
        self,
        kind: AccountKind,
        *,
        member: Member | None = None,
        loan: Loan | None = None,
        external: ExternalLoan | None = None,
    ) -> Account:
        """Return the account of `kind` for the group, member or loan; it is opened on first posting."""
        code = self._code(kind, member, loan, external)
        if code not in self.accounts:
            if loan is not None and member is None:
                member = loan.member
            self.accounts[code] = new_account(self.group, kind, member=member, loan=loan, external=external)
            self._missing.append(self.accounts[code])
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

    def running_loans(self) -> list[Loan]:
        """Return the loans with a balance, oldest first."""
        accounts = (a for a in self.accounts.values() if a.kind == AccountKind.LOAN and a.balance > 0)
        return sorted((a.loan for a in accounts if a.loan is not None), key=lambda loan: loan.number)

    def running_external_loans(self) -> list[ExternalLoan]:
        """Return the loans from outside that the group still owes something of, oldest first."""
        accounts = (a for a in self.accounts.values() if a.kind == AccountKind.EXTERNAL_LOAN and a.balance > 0)
        loans = (a.external_loan for a in accounts if a.external_loan is not None)
        return sorted(loans, key=lambda loan: loan.number)

    def post(self, postings: Sequence[Posting]) -> list[Entry]:
        """Write `postings` as entries with their transfers and move the balances, all or nothing.

        Several postings count as one step: a reversal and the entry that replaces it may pass below zero
        between them, as long as no account ends there. Raises `AlreadyPosted` for a key used before,
        `AlreadyReversed`, `PeriodClosed`, and `InsufficientFunds` for an account that would end below zero.
        """
        assert all(line.amount > 0 and line.debit is not line.credit for p in postings for line in p.lines)
        closed = self.group.books_closed_through
        if closed is not None and any(posting.effective_on <= closed for posting in postings):
            raise PeriodClosed(closed)
        self._open_missing()
        moved = self._move(line for posting in postings for line in posting.lines)
        try:
            with transaction.atomic(savepoint=False):
                entries = Entry.objects.bulk_create(
                    Entry(
                        group=self.group,
                        number=number,
                        kind=posting.kind,
                        effective_on=posting.effective_on,
                        recorded_by=self.actor,
                        memo=posting.memo,
                        key=posting.key,
                        reverses=posting.reverses,
                    )
                    for number, posting in enumerate(postings, start=self.last_entry_number + 1)
                )
                _update_balances(moved)
                _insert_transfers(self._transfers(postings, entries, moved))
        except IntegrityError as error:
            raise _explain(error) from error
        self.last_entry_number += len(entries)
        return entries

    def open_day(self, wanted: date) -> date:
        """Return `wanted`, or today where the books are closed on it: what is undone late is dated late."""
        closed = self.group.books_closed_through
        return wanted if closed is None or wanted > closed else today()

    def _code(
        self, kind: AccountKind, member: Member | None, loan: Loan | None, external: ExternalLoan | None = None
    ) -> str:
        # Codes are made of numbers, and another group has the same numbers.
        assert all(owner is None or owner.group_id == self.group.pk for owner in (member, loan, external))
        return account_code(kind, member=member, loan=loan, external=external)

    def _open_missing(self) -> None:
        if self._missing:
            Account.objects.bulk_create(self._missing)
            self._missing.clear()

    def _move(self, lines: Iterable[Line]) -> dict[int, _Movement]:
        moved: dict[int, _Movement] = {}
        for line in lines:
            for account in (line.debit, line.credit):
                if account.pk not in moved:
                    moved[account.pk] = _Movement(account)
            moved[line.debit.pk].debits += line.amount
            moved[line.credit.pk].credits += line.amount
        for movement in moved.values():
            if movement.balance_after < 0 and not movement.account.may_go_negative:
                raise InsufficientFunds(movement.account, -movement.balance_after)
            if movement.revives_ended_loan:
                raise NotAllowed(_("The loan was rescheduled or written off since; reverse that first."))
            if self._leaves_fine(movement, moved):
                raise NotAllowed(_("A fine would be left on a loan that is paid off; reverse the payments after it."))
            if self._leaves_fee(movement, moved):
                raise NotAllowed(
                    _(
                        "Loan %s has come to its end since, and nobody would be asked for this fee any more; "
                        "reverse the payments after it first, the last one before the others."
                    )
                    % movement.account.loan
                )
        return moved

    def _leaves_fine(self, movement: _Movement, moved: dict[int, _Movement]) -> bool:
        """Say whether a fine would be owed on a loan without a balance, where nobody would ask for it."""
        fine = movement.account
        if fine.kind != AccountKind.FINE_DUE or movement.balance_after == 0:
            return False
        loan = self.accounts[account_code(AccountKind.LOAN, loan=fine.loan)]
        return (moved[loan.pk].balance_after if loan.pk in moved else loan.balance) == 0

    def _leaves_fee(self, movement: _Movement, moved: dict[int, _Movement]) -> bool:
        """Say whether a fee would be taken back from a loan that has no balance and gets none by it."""
        fee = movement.account
        if fee.kind != AccountKind.SERVICE_FEE or movement.balance_after >= movement.balance_before:
            return False
        loan = self.accounts[account_code(AccountKind.LOAN, loan=fee.loan)]
        return loan.pk not in moved and loan.balance == 0

    def _transfers(
        self, postings: Sequence[Posting], entries: Sequence[Entry], moved: dict[int, _Movement]
    ) -> list[tuple[int | str | None, ...]]:
        """Return the rows to write, in the order of `_TRANSFER_COLUMNS`, and let the accounts follow them."""
        rows: list[tuple[int | str | None, ...]] = []
        for posting, entry in zip(postings, entries, strict=True):
            for line in posting.lines:
                debit, credit = line.debit, line.credit
                debit.debits_posted += line.amount
                credit.credits_posted += line.amount
                member = line.member.pk if line.member is not None else None
                rows.append(
                    (entry.pk, self.group.pk, debit.pk, credit.pk, line.amount, debit.balance, credit.balance, member,
                     line.memo)
                )  # fmt: skip
        assert all(m.account.balance == m.balance_after for m in moved.values())
        return rows


@dataclass(slots=True)
class _Movement:
    account: Account
    debits: int = 0
    credits: int = 0
    balance_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.balance_before = self.account.balance

    @property
    def balance_after(self) -> int:
        change = self.debits - self.credits
        return self.balance_before + (change if self.account.normal_side == Side.DEBIT else -change)

    @property
    def revives_ended_loan(self) -> bool:
        """Whether a loan that was rescheduled or written off would have a balance again."""
        loan = self.account.loan if self.account.kind == AccountKind.LOAN else None
        return loan is not None and bool(loan.ended_as) and self.balance_after > 0


def open_books(*, group: Group, actor: User, everything: bool = False) -> Books:
    """Lock `group` for `actor` and return its books with the accounts a new posting can touch.

    Those are the group's own, the members' and the running loans'; `everything` adds members who left and
    loans repaid, which corrections of old entries need. Raises `PermissionDenied` as `lock_group` does.
    """
    return books_of(lock_group(actor, Capability.RECORD, group), actor, everything=everything)


def books_of(group: Group, actor: User, *, everything: bool = False) -> Books:
    """Return the books of a group that the caller has locked with `lock_group`."""
    found, last_loan, last_entry = read_accounts(group, everything=everything)
    return Books(
        group=group,
        actor=actor,
        accounts={account.code: account for account in found},
        last_loan_number=last_loan,
        last_entry_number=last_entry,
    )


def reversal_of(entry: Entry, books: Books, *, key: uuid.UUID, memo: str) -> Posting:
    """Return the posting that undoes `entry` line by line; `books` must hold everything.

    It is dated like the entry or, where the books are closed on that day, today.
    """
    by_pk = {account.pk: account for account in books.accounts.values()}
    lines = [
        Line(
            debit=by_pk[transfer.credit_account_id],
            credit=by_pk[transfer.debit_account_id],
            amount=transfer.amount,
            member=transfer.member,
            memo=transfer.memo,
        )
        for transfer in entry.transfers.select_related("member").order_by("pk")
    ]
    return Posting(
        kind=EntryKind.REVERSAL,
        effective_on=books.open_day(entry.effective_on),
        lines=lines,
        key=key,
        memo=memo,
        reverses=entry,
    )


def _update_balances(moved: dict[int, _Movement]) -> None:
    """Add the movements to the accounts in one statement, which both databases understand.

    Django's `bulk_update` builds a CASE per column and costs many times this statement.
    """
    if not moved:
        return
    values = ", ".join(["(%s, %s, %s)"] * len(moved))
    parameters = [number for pk, m in sorted(moved.items()) for number in (pk, m.debits, m.credits)]
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            "UPDATE finance_account SET debits_posted = debits_posted + v.column2, "  # noqa: S608 - only placeholders
            f"credits_posted = credits_posted + v.column3 FROM (VALUES {values}) AS v "
            "WHERE finance_account.id = v.column1",
            parameters,
        )


_TRANSFER_COLUMNS = (
    "entry_id", "group_id", "debit_account_id", "credit_account_id", "amount", "debit_balance_after",
    "credit_balance_after", "member_id", "memo",
)  # fmt: skip


def _insert_transfers(rows: list[tuple[int | str | None, ...]]) -> None:
    """Write transfers in one statement; `bulk_create` took 1 ms longer for the 47 of a meeting (`make bench`)."""
    if not rows:
        return
    places = ", ".join([f"({', '.join(['%s'] * len(_TRANSFER_COLUMNS))})"] * len(rows))
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO finance_transfer ({', '.join(_TRANSFER_COLUMNS)}) VALUES {places}",  # noqa: S608 - no input
            [value for row in rows for value in row],
        )


def _explain(error: IntegrityError) -> Exception:
    """Turn the database's refusal into ours where we know it; both databases name the constraint."""
    text = str(error)
    if "entry_key_once" in text or "finance_entry.key" in text:
        return AlreadyPosted()
    if "finance_entry_reverses_id" in text or "finance_entry.reverses_id" in text:
        return AlreadyReversed()
    return error
