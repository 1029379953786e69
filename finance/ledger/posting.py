"""Posting: the one place where balances change.

`open_books` locks a group for somebody who may record and reads its accounts; `Books.post` checks, writes and updates
them in sets: one statement for missing accounts, one for entries, one for all balances, one for transfers, whatever
their number. Everything runs inside the caller's transaction.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from django.db import IntegrityError, transaction

from finance.ledger.errors import (
    AlreadyPosted,
    AlreadyReversed,
    DayToCome,
    GroupDissolved,
    InsufficientFunds,
    PeriodClosed,
)
from finance.ledger.fines import Charge, OpenFine, cancel_charges, pay_fines, write_charges
from finance.ledger.membership import require_charged, require_members
from finance.ledger.reading import Balances, Line
from finance.ledger.sql import add_to_balances, insert_transfers, read_accounts
from finance.models import Account, AccountKind, Entry, EntryKind, Loan, Obligation, Side
from groups.ending import after_the_end
from groups.models import Group, GroupStatus, Member, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import today_of

_NOTHING_SETTLED = (EntryKind.MEETING, EntryKind.LOAN, EntryKind.OPENING)
"""What settles nothing of a group that was dissolved."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry to be: what the books count on which day, under which idempotency key, and the fines it brings.

    `happened_on` is the day itself where the books are closed on it and count it on a later one.
    """

    kind: EntryKind
    effective_on: date
    lines: Sequence[Line]
    key: uuid.UUID
    memo: str = ""
    reverses: Entry | None = None
    charges: Sequence[Charge] = ()
    happened_on: date | None = None


@dataclass(slots=True)
class Movement:
    """What one step moves on an account, in rupiah, beside its balance before the step."""

    account: Account
    balance_before: int
    debits: int = 0
    credits: int = 0

    @property
    def balance_after(self) -> int:
        """The account's balance when the step is done."""
        change = self.debits - self.credits
        return self.balance_before + (change if self.account.normal_side == Side.DEBIT else -change)


@dataclass(frozen=True, slots=True)
class _Undone:
    """An entry that a step takes back, its mirror image, and the memo of its reversal, "" for that of the step."""

    entry: Entry
    lines: Sequence[Line]
    memo: str


class Books(Balances):
    """The accounts of one group, locked for `actor` until the transaction ends; `open_books` gives them.

    `completers` add what follows from a step within it, before it is written. They get the books, the postings and a
    key to derive keys from, and return what is posted before these, and these themselves as they should be. `checks`
    are rules beyond bookkeeping that every step is held to then. They get the books and the movements by account id,
    and raise. `followers` are told what was posted, and bring up to date what follows from it.
    """

    completers: ClassVar[
        tuple[Callable[[Books, Sequence[Posting], uuid.UUID], tuple[list[Posting], list[Posting]]], ...]
    ] = ()
    checks: ClassVar[tuple[Callable[[Balances, Mapping[int, Movement]], None], ...]] = ()
    followers: ClassVar[tuple[Callable[[Books, Sequence[Posting], Sequence[Entry]], None], ...]] = ()

    def __init__(
        self, *, actor: User, group: Group, everything: bool, capability: Capability = Capability.RECORD
    ) -> None:
        # The lock and the right are asked for here, so that there is no object that posts without them.
        assert transaction.get_connection().in_atomic_block, "the lock ends with its transaction"
        locked = lock_group(actor, capability, group)
        read = read_accounts(locked, everything=everything)
        super().__init__(locked, read.accounts, has_fines=read.has_fines, last_moved_on=read.last_moved_on)
        self.actor = actor
        self.last_loan_number = read.last_loan_number
        self.last_entry_number = read.last_entry_number
        self.counts_through, self.open_differences = read.counts_through, read.open_differences
        self._stored_members: dict[int, Member] = {}
        self._undone: list[_Undone] = []
        self._moved: dict[int, Movement] = {}

    def know_members(self, members: Iterable[Member]) -> None:
        """Keep `members` that were read while the group is locked, so that they are not read again."""
        self._stored_members.update((member.pk, member) for member in members)

    def stored_members(self, members: Iterable[Member]) -> Mapping[int, Member]:
        """Return `members` by id as stored: the caller's may have been read before somebody else's leaving."""
        unknown = {member.pk for member in members} - self._stored_members.keys()
        if unknown:
            self.know_members(Member.objects.filter(pk__in=unknown, group=self.group))
        return self._stored_members

    def undo(self, entry: Entry) -> None:
        """Take `entry` back: at once for whatever reads these books, in the ledger with the next thing posted.

        The books must hold everything. An entry whose mirror image is never posted stays. Several are undone the
        latest first.
        """
        self.take_back(entry, self.mirror_image(entry))
        self.leave_fines_out(entry)

    def take_back(self, entry: Entry, lines: Sequence[Line], *, memo: str = "") -> None:
        """Take `entry`, which brought no fine and paid none, back by its mirror image `lines`, as `undo` does.

        Its reversal has the `memo`, or that of what is undone with it.
        """
        self._moved = _count(lines, self._moved)
        for line in lines:
            line.apply()
        self._undone.append(_Undone(entry, lines, memo))

    @property
    def undone(self) -> list[tuple[Entry, Sequence[Line]]]:
        """The entries that this step takes back, with their mirror images."""
        return [(undone.entry, undone.lines) for undone in self._undone]

    def post(self, postings: Sequence[Posting], *, undone_for: str = "") -> list[Entry]:
        """Write `postings` as entries with their transfers and move the balances, all or nothing; return the entries.

        What was undone is written before them and counts as one step with them: an account may pass below zero in
        between, as long as none ends there. Its key follows from the first posting's, and its memo is `undone_for`, or
        that of the first posting. Raises `AlreadyPosted` for a key used before, `AlreadyReversed`, `PeriodClosed`,
        `DayToCome`, `InsufficientFunds` for an account that would end below zero, `NotAMember` for lines of somebody
        who did not belong to the group on the day, and what `checks` refuse.
        """
        key, memo = postings[0].key, undone_for or postings[0].memo
        first, postings = self._completed(postings, key)
        undoing = self._undoing(uuid.uuid5(key, "reversal"), memo)
        return self._post([*undoing, *first, *postings])[len(undoing) + len(first) :]

    def post_undone(self, *, key: uuid.UUID, memo: str) -> Entry:
        """Write the mirror image of what was undone, with nothing in its place; it raises as `post` does."""
        assert self._undone, "something was undone"
        first, _postings = self._completed([], key)
        return self._post([*self._undoing(key, memo), *first])[0]

    def _completed(self, postings: Sequence[Posting], key: uuid.UUID) -> tuple[list[Posting], Sequence[Posting]]:
        """Return what the completers post before `postings`, and these as they left them."""
        before: list[Posting] = []
        for complete in self.completers:
            first, postings = complete(self, postings, key)
            before += first
        return before, postings

    def _undoing(self, key: uuid.UUID, memo: str) -> list[Posting]:
        """Return the reversals of what was undone, the first under `key` and the others under keys that follow."""
        return [
            Posting(
                EntryKind.REVERSAL,
                self.open_day(undone.entry.effective_on),
                undone.lines,
                uuid.uuid5(key, str(number)) if number else key,
                undone.memo or memo,
                reverses=undone.entry,
            )
            for number, undone in enumerate(self._undone)
        ]

    def _post(self, postings: Sequence[Posting]) -> list[Entry]:
        lines = [line for posting in postings if posting.reverses is None for line in posting.lines]
        assert all(line.amount > 0 and line.debit is not line.credit for line in lines)
        closed = self.group.books_closed_through
        if closed is not None and any(posting.effective_on <= closed for posting in postings):
            raise PeriodClosed(closed)
        if max(posting.effective_on for posting in postings) > today_of(self.group):
            raise DayToCome
        self._require_alive(postings)
        self._require_members(postings)
        self._open_new_accounts(lines)
        moved = _count(lines, self._moved)
        self._check(moved)
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
                        place=self._place(posting),
                    )
                    for number, posting in enumerate(postings, start=self.last_entry_number + 1)
                )
                add_to_balances([(pk, movement.debits, movement.credits) for pk, movement in sorted(moved.items())])
                insert_transfers(_transfers(postings, entries, moved))
                self._keep_fines(postings, entries)
        except IntegrityError as error:
            raise _explain(error) from error
        for line in lines:
            line.apply()
        assert all(movement.account.balance == movement.balance_after for movement in moved.values())
        self.last_entry_number += len(entries)
        self._undone, self._moved = [], {}
        for follow in self.followers:
            follow(self, postings, entries)
        return entries

    def _open_new_accounts(self, lines: Iterable[Line]) -> None:
        """Write the accounts of `lines` that nobody used before.

        Where an entry moves nothing, as opening balances of dues alone, there is the cash box at least: the numbers of
        entries are read along with the accounts.
        """
        used = [account for line in lines for account in (line.debit, line.credit)]
        if not used and all(account._state.adding for account in self.accounts.values()):
            used = [self.account(AccountKind.CASH)]
        new = {account.code: account for account in used if account._state.adding}
        if new:
            Account.objects.bulk_create(new.values())

    def _place(self, posting: Posting) -> int | None:
        """Return the place in its day of what is posted in one step with what was undone: that of the undone.

        On another day it has no such place: there it comes last.
        """
        if posting.kind == EntryKind.REALLOCATION:
            return None
        undone = [undone.entry for undone in self._undone if undone.entry.kind != EntryKind.REALLOCATION]
        if len(undone) == 1 and posting.effective_on == self.open_day(undone[0].effective_on):
            return undone[0].place_in_day
        if posting.reverses is not None:
            return posting.reverses.place_in_day
        places = [entry.place_in_day for entry in undone if entry.effective_on == posting.effective_on]
        return min(places, default=None)

    def _keep_fines(self, postings: Sequence[Posting], entries: Sequence[Entry]) -> None:
        """Write which fines the postings bring and pay; those of an entry that is reversed never were."""
        for posting, entry in zip(postings, entries, strict=True):
            if posting.reverses is not None:
                if self.has_fines and posting.reverses.kind != EntryKind.REALLOCATION:
                    charged = list(Obligation.objects.filter(entry=posting.reverses, cancelled_at__isnull=True))
                    cancel_charges(charged)
                continue
            if posting.charges:
                owed = self.fines  # read before the new ones are stored
                new = write_charges(
                    posting.charges,
                    group=self.group,
                    actor=self.actor,
                    on=posting.happened_on or posting.effective_on,
                    entry=entry,
                )
                owed.add(new)
                self.has_fines = True
            paid = Counter[tuple[Loan | None, Member | None]]()
            for line in posting.lines:
                if line.credit.kind == AccountKind.LOAN_FINE:
                    paid[line.credit.loan, None] += line.amount
                elif line.credit.kind == AccountKind.FINE:
                    paid[None, line.member] += line.amount
            if paid:
                running = {loan.pk for loan in self.running_loans()}
                on = posting.happened_on or posting.effective_on
                pay_fines(entry, [(self._fines(*of, running, on), amount) for of, amount in paid.items()])

    def _fines(self, loan: Loan | None, member: Member | None, running: set[int], on: date) -> list[OpenFine]:
        """Return the fines that money on a loan's account, or money from a member, pays on the day `on`."""
        if loan is not None:
            return list(self.fines_on(on).fines_of_loan(loan))
        return self.fines_on(on).of_member(member, running) if member is not None else []

    def _require_alive(self, postings: Sequence[Posting]) -> None:
        """Nothing is posted after the end of a group but what settles an open case."""
        if self.group.status == GroupStatus.DISSOLVED:
            latest = max(posting.happened_on or posting.effective_on for posting in postings)
            brings_new = any(posting.kind in _NOTHING_SETTLED for posting in postings)
            if message := after_the_end(self.group, latest, settles=not brings_new):
                raise GroupDissolved(message)

    def _require_members(self, postings: Sequence[Posting]) -> None:
        """What was posted is taken back whenever; everything else is held to who belonged to the group on its day."""
        for posting in postings:
            if posting.reverses is None:
                of_members = [line.member for line in posting.lines if line.member is not None]
                stored = self.stored_members([*of_members, *(charge.member for charge in posting.charges)])
                on = posting.happened_on or posting.effective_on
                require_members(posting.kind, on, posting.lines, stored)
                require_charged(on, posting.charges, stored)

    def _check(self, moved: Mapping[int, Movement]) -> None:
        for movement in moved.values():
            if movement.balance_after < 0 and not movement.account.may_go_negative:
                raise InsufficientFunds(movement.account, -movement.balance_after)
        for check in self.checks:
            check(self, moved)


def open_books(
    *, actor: User, group: Group, everything: bool = False, capability: Capability = Capability.RECORD
) -> Books:
    """Lock `group` for `actor` and return its books with the accounts a new posting can touch.

    Those are the group's own, the members' and the running loans'; `everything` adds loans repaid, which corrections of
    old entries need. `capability` is what it takes. Raises `PermissionDenied` as `lock_group` does.
    """
    return Books(actor=actor, group=group, everything=everything, capability=capability)


def _count(lines: Iterable[Line], earlier: Mapping[int, Movement]) -> dict[int, Movement]:
    """Return `earlier` movements of a step with those of `lines`, which are not applied to the accounts yet."""
    moved = {pk: replace(movement) for pk, movement in earlier.items()}
    for line in lines:
        for account in (line.debit, line.credit):
            if account.pk not in moved:
                moved[account.pk] = Movement(account, account.balance)
        moved[line.debit.pk].debits += line.amount
        moved[line.credit.pk].credits += line.amount
    return moved


def _transfers(
    postings: Sequence[Posting], entries: Sequence[Entry], moved: Mapping[int, Movement]
) -> list[tuple[int | str | bool | None, ...]]:
    """Return the rows to write, in the order of `TRANSFER_COLUMNS`, each with the balances after it."""
    balances = {pk: movement.balance_before for pk, movement in moved.items()}
    rows: list[tuple[int | str | bool | None, ...]] = []
    for posting, entry in zip(postings, entries, strict=True):
        for line in posting.lines:
            debit, credit = line.debit, line.credit
            balances[debit.pk] += line.amount if debit.normal_side == Side.DEBIT else -line.amount
            balances[credit.pk] += line.amount if credit.normal_side == Side.CREDIT else -line.amount
            member = line.member.pk if line.member is not None else None
            rows.append(
                (entry.pk, entry.group_id, debit.pk, credit.pk, line.amount, balances[debit.pk], balances[credit.pk],
                 member, line.memo, line.principal_alone)
            )  # fmt: skip
    assert all(balances[pk] == movement.balance_after for pk, movement in moved.items())
    return rows


def _explain(error: IntegrityError) -> Exception:
    """Turn the database's refusal into ours where we know it; both databases name the constraint."""
    text = str(error)
    if "entry_key_once" in text or "finance_entry.key" in text:
        return AlreadyPosted()
    if "finance_entry_reverses_id" in text or "finance_entry.reverses_id" in text:
        return AlreadyReversed()
    return error
