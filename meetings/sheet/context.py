"""Everything the meeting sheet of one group needs on a day, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext

from finance.ledger.chart import SAVINGS
from finance.ledger.fines import OpenFines
from finance.ledger.posting import Books, open_books
from finance.ledger.reading import Balances, read_books
from finance.models import (
    AccountKind,
    EntryKind,
    ExternalLoan,
    Instalment,
    Loan,
    LoanRequest,
    Obligation,
    Transfer,
)
from finance.rules.cash_counts import expected_cash
from finance.rules.loan_position import LateFine, LoanPosition, payment_days, payment_history, payments_of, position_in
from finance.schedules import Allocation
from finance.selectors import loan_rows, loans_on
from finance.selectors.owed import WajibAsked, waived, wajib_asked
from groups.models import Constitution, Group, Member, OfficerTerm, PayoffFee, User
from groups.permissions import Capability
from groups.selectors import rules_in_force
from meetings.errors import NoSuchMeeting
from meetings.minutes import Minutes
from meetings.minutes_json import minutes_from_json, numbers_of_loans_repaid, numbers_of_members
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class LoanOnSheet:
    """A running loan on the sheet, without what the meeting itself brings.

    `before` is how it stood before the meeting, by which the meeting asks and fines; `now` has besides what was paid
    after the meeting, where it is recorded late or corrected. Of the fines owed then it asks for those still owed.
    """

    now: LoanPosition
    before: LoanPosition

    @property
    def loan(self) -> Loan:
        """The loan itself."""
        return self.now.loan

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """Its schedule."""
        return self.now.instalments

    @property
    def outstanding(self) -> int:
        """Rupiah the loan still asks for, fee, principal and fines, to its end."""
        asked = sum(line.total for line in self.instalments)
        return asked - self.now.fee_paid - self.now.principal_paid + self.now.fine_due

    def payoff(self, as_of: date, *, fine: int = 0) -> Allocation:
        """Return what pays the loan off at a meeting on the day `as_of`, with a new `fine`."""
        return self.now.payoff(as_of, fine=fine)

    def rebate(self, as_of: date) -> int:
        """Return what is given back for punctual payment if a meeting on the day `as_of` pays the loan off."""
        return self.now.rebate(as_of)

    def due(self, as_of: date) -> int:
        """Return the rupiah due at a meeting on the day `as_of`, fines included."""
        return self.before.due(as_of)

    def fine_at(self, as_of: date) -> LateFine | None:
        """Return the fine for late instalments that a payment at a meeting on the day `as_of` brings."""
        return self.before.late_fine(as_of)


class EndedLoan(NamedTuple):
    """A loan that ran on the day of the meeting and ended since: the rupiah due that day, how it ended and when."""

    loan: Loan
    due: int
    ended_as: str
    ended_on: date


class LaterMovement(NamedTuple):
    """Rupiah that moved from one account to another, by their ids, on a day after the meeting."""

    on: date
    debit: int
    credit: int
    amount: int


@dataclass
class SheetContext:
    """What a sheet of the day `held_on` starts from: the people, rules, books and loans of that day, and its meeting.

    `books` are as they are now, which is what is posted to; `before` are the same without what was entered after the
    meeting, and `later` is what that was. `cash_before` are the rupiah that should have been in the cash box before the
    meeting. `same_day` are the other closed meetings of the day. In a correction `original` is what the meeting
    recorded, `charged` the fines it brought, and all books are without both. `sent` is the version of a meeting that
    the same sheet recorded before, whatever became of it.
    """

    group: Group
    held_on: date
    rules: Constitution
    books: Balances
    before: Balances
    later: list[LaterMovement]
    members: list[Member]
    loans: list[LoanOnSheet]
    cash_before: int
    meeting: Meeting | None
    next_number: int
    requests: list[LoanRequest]
    same_day: list[Meeting]
    original: Minutes | None = None
    charged: tuple[Obligation, ...] = ()
    sent: Meeting | None = None

    @property
    def open_books(self) -> Books:
        """The books to post to, of a context that was opened for writing."""
        assert isinstance(self.books, Books), "this context was read only"
        return self.books

    @cached_property
    def officers(self) -> dict[str, int]:
        """Who held each office on the day, as member ids by role."""
        terms = OfficerTerm.objects.filter(group=self.group).effective(self.held_on)
        return dict(terms.values_list("role", "member_id"))

    @property
    def lenders(self) -> list[ExternalLoan]:
        """The running loans from outside, whose money may be passed on to members."""
        return self.books.running_external_loans()

    @property
    def cash_in_books(self) -> int:
        """The rupiah of cash in the books before the meeting, whatever was counted since."""
        return self.before.balance(AccountKind.CASH)

    @property
    def differs_from_books(self) -> bool:
        """Whether a difference of cash is open, so that something else should be in the box than the books say."""
        return self.cash_before != self.cash_in_books

    def fines_owed(self, member: Member) -> int:
        """Return the rupiah of fines that a member owed on the day and owes, but for those a running loan asks for."""
        return sum(fine.left for fine in self._fines.of_member(member, self._lent))

    @cached_property
    def _fines(self) -> OpenFines:
        return self.books.fines_on(self.held_on)

    def pokok_owed(self, member: Member) -> int:
        """Return the rupiah of initial savings (pokok) that a member has neither paid nor been let off.

        What was paid later counts too, and what was paid then of those who left since.
        """
        paid = max(books.balance(AccountKind.POKOK, member=member) for books in (self.before, self.books))
        left = max(0, self.rules.pokok - paid)
        return max(0, left - self._pokok_waived.get(member.pk, 0)) if left else 0

    @cached_property
    def _pokok_waived(self) -> dict[int, int]:
        return waived(self.group, AccountKind.POKOK, as_of=self.held_on)

    def wajib_asked(self, member: Member, on: date) -> WajibAsked:
        """Return the compulsory savings (wajib) to ask a member for at a meeting on the day `on`.

        Worked out when somebody looks, for closing does not need it.
        """
        if on not in self._wajib_asked:
            joined = {member.pk: member.joined_on for member in self.members if member.is_member_on(on)}
            self._wajib_asked[on] = wajib_asked(self.group, held_on=on, joined=joined)
        return self._wajib_asked[on].get(member.pk, WajibAsked())

    @cached_property
    def _wajib_asked(self) -> dict[date, dict[int, WajibAsked]]:
        return {}

    @cached_property
    def _lent(self) -> set[int]:
        return {on_sheet.loan.pk for on_sheet in self.loans}

    @cached_property
    def ended_loans(self) -> dict[int, list[EndedLoan]]:
        """The loans that ran on the day and ended since, by the borrower's id; read where the meeting is late."""
        found: dict[int, list[EndedLoan]] = {}
        if self.before is not self.books:
            shown = self._lent | {loan.pk for loan in self.books.running_loans()}
            for row in ended_since(self.group, as_of=self.held_on, but=shown):
                found.setdefault(row.loan.member_id, []).append(row)
        return found

    @property
    def posted_on(self) -> date:
        """The day on which the books count the meeting's money: the first open one, where its own is closed."""
        return self.books.open_day(self.held_on)

    def savings(self, member: Member) -> int:
        """Return all the savings a member had before the meeting, in rupiah."""
        return sum(self.before.balance(kind, member=member) for kind in SAVINGS)

    def leaves_too_little(self, member: Member, *, brought: int, taken: int) -> bool:
        """Say whether `taken` rupiah of voluntary savings would leave less than the rules of the day say must stay.

        More than there is counts as no such case, and what a meeting did that is corrected is not judged again.
        """
        if taken == self._taken_before(member):
            return False
        saved = self.before.balance(AccountKind.SUKARELA, member=member) + brought
        return saved - self.rules.sukarela_minimum < taken <= saved

    def _taken_before(self, member: Member) -> int:
        rows = self.original.members if self.original is not None else ()
        return next((row.sukarela_out for row in rows if row.member.pk == member.pk), 0)


def open_sheet(*, actor: User, group: Group, held_on: date, key: uuid.UUID, number: int | None = None) -> SheetContext:
    """Lock the group and return its context for writing: of a meeting on a day, new or of the draft `number`.

    A meeting saved before under the same `key` is found again, so a form sent twice is one meeting: as `meeting` while
    it is a draft, as `sent` once it was closed. Raises `PermissionDenied`, and `NoSuchMeeting` for a number that has
    none.
    """
    books = open_books(actor=actor, group=group, capability=Capability.MEET)
    return _context(books, held_on=held_on, key=key, number=number)


def read_sheet(*, group: Group, held_on: date, number: int | None = None, key: uuid.UUID | None = None) -> SheetContext:
    """Return the context of a meeting on a day, new or of the draft `number` or with `key`, to read, without a lock."""
    return _context(read_books(group, date.max), held_on=held_on, key=key, number=number)


def open_correction(*, actor: User, group: Group, number: int, held_on: date | None = None) -> SheetContext:
    """Lock the group and return the context of its closed meeting `number` for a correction.

    `held_on` is the day the meeting moves to, its own by default. The books are undone by what the meeting posted; in
    the ledger that happens with what is posted in its place.
    """
    books = open_books(actor=actor, group=group, everything=True)
    meeting = _closed_meeting(group, number)
    if meeting.entry is not None:
        books.undo(meeting.entry)
    return _correction(books, meeting, held_on)


def read_correction(*, group: Group, number: int, held_on: date | None = None) -> SheetContext:
    """Return the context of a correction to read, without a lock."""
    books = read_books(group, date.max, everything=True)
    meeting = _closed_meeting(group, number)
    if meeting.entry is not None:
        books.leave_out(meeting.entry)
    return _correction(books, meeting, held_on)


def _context(books: Balances, *, held_on: date, key: uuid.UUID | None, number: int | None) -> SheetContext:
    group = books.group
    last = Meeting.objects.filter(group=group).order_by("-number").values("number")[:1]
    own = (Q(key=key) if key else Q()) | (Q(number=number) if number is not None else Q())
    taken = Q(status=MeetingStatus.CLOSED, held_on=held_on)
    found = list(
        Meeting.objects.filter(group=group).filter(own | taken | Q(number=Subquery(last))).select_related("saved_by")
    )
    sent = next((m for m in found if m.key == key and m.status != MeetingStatus.DRAFT), None)
    current = [m for m in found if m.status != MeetingStatus.CORRECTED]
    meeting = next((m for m in current if (m.number == number if number is not None else m.key == key)), None)
    if number is not None and meeting is None and sent is None:
        raise NoSuchMeeting
    rules = _rules(group, held_on)
    members = list(_members(Member.objects.filter(group=group).effective(held_on), rules, held_on))
    if isinstance(books, Books):
        books.know_members(members)
    before, later = _before(books, held_on)
    if before is not books:
        before.fines = books.fines_on(held_on)
    return SheetContext(
        group=group,
        held_on=held_on,
        rules=rules,
        books=books,
        before=before,
        later=later,
        members=members,
        loans=_loans(books, before, members, held_on),
        cash_before=expected_cash(before, on=held_on),
        requests=_requests(members),
        meeting=meeting,
        next_number=max((m.number for m in current), default=0) + 1,
        sent=sent,
        same_day=_same_day(current, held_on, meeting),
    )


def _closed_meeting(group: Group, number: int) -> Meeting:
    """Return a closed meeting with `first_entry`, the number of the entry it first posted on its day, if it did."""
    versions = Meeting.objects.filter(group=group, number=number, entry__isnull=False, held_on=OuterRef("held_on"))
    meetings = Meeting.objects.select_related("entry", "cash_count").filter(group=group, number=number)
    meeting = (
        meetings.annotate(first_entry=Subquery(versions.order_by("version").values("entry__number")[:1]))
        .filter(status=MeetingStatus.CLOSED)
        .first()
    )
    if meeting is None:
        raise NoSuchMeeting
    return meeting


def _correction(books: Balances, meeting: Meeting, held_on: date | None) -> SheetContext:
    """Return the context of a correction; `books` are without what `meeting` posted."""
    group, recorded = books.group, meeting.minutes
    assert recorded is not None, "a closed meeting has its minutes"
    assert meeting.held_on is not None, "a closed meeting has a date"
    held_on = held_on or meeting.held_on
    rules = _rules(group, held_on)
    of_group = Member.objects.filter(group=group)
    named = of_group.filter(number__in=numbers_of_members(recorded))
    people = list(_members(named | of_group.effective(held_on), rules, held_on))
    charged: tuple[Obligation, ...] = ()
    if books.has_fines:
        charged = tuple(Obligation.objects.filter(group=group, meeting=meeting.number, cancelled_at__isnull=True))
    if isinstance(books, Books):
        books.know_members(people)
    before, later = _before(books, held_on, meeting)
    books.fines = books.fines.set_aside(charged, books.left_out)
    before.fines = books.fines_on(held_on).without([fine.pk for fine in charged])
    loans = _loans(books, before, people, held_on, meeting)
    # Whom the minutes name stays on the sheet of their day.
    members = [m for m in people if held_on == meeting.held_on or m.is_member_on(held_on)]
    return SheetContext(
        group=group,
        held_on=held_on,
        rules=rules,
        books=books,
        before=before,
        later=later,
        members=members,
        loans=[on_sheet for on_sheet in loans if on_sheet.loan.member in members],
        cash_before=expected_cash(before, on=held_on, but=meeting.cash_count),
        requests=_requests(members),
        meeting=meeting,
        next_number=meeting.number,
        charged=charged,
        same_day=_same_day(Meeting.objects.filter(group=group, held_on=held_on), held_on, meeting),
        original=minutes_from_json(
            recorded,
            members={member.number: member for member in people},
            loans={a.loan.number: a.loan for a in books.accounts.values() if a.loan is not None},
            positions={on_sheet.loan.number: on_sheet.now for on_sheet in loans},
        ),
    )


def _same_day(meetings: Iterable[Meeting], held_on: date, meeting: Meeting | None) -> list[Meeting]:
    """Return those of `meetings` that were closed on the day, the one on the sheet left out."""
    own = meeting.number if meeting is not None else None
    taken = [m for m in meetings if m.status == MeetingStatus.CLOSED and m.held_on == held_on and m.number != own]
    return sorted(taken, key=lambda m: m.number)


def _rules(group: Group, held_on: date) -> Constitution:
    """Return the rules in force on the day; before the first were agreed, rules of zero."""
    rules = group.rules
    if rules is not None and rules.agreed_on > held_on:
        rules = rules_in_force(group, as_of=held_on)
    return rules or Constitution()


def _before(books: Balances, held_on: date, meeting: Meeting | None = None) -> tuple[Balances, list[LaterMovement]]:
    """Return `books` without what was entered after a meeting on the day, and what that was, by day.

    In a correction of `meeting` that is also what was entered after it on its own day; `books` are without it.
    """
    if meeting is None and (books.last_moved_on is None or books.last_moved_on <= held_on):
        return books, []
    copies = [copy(account) for account in books.accounts.values()]
    before = Balances(books.group, copies, as_of=held_on, has_fines=books.has_fines)
    before.left_out = books.left_out
    accounts = {account.pk: account for account in before.accounts.values()}
    standing = Transfer.objects.filter(group=books.group, entry__reverses=None, entry__reversed_by=None)
    entered_later = standing.exclude(_entered_before(books.group, held_on, meeting))
    if meeting is not None and meeting.entry_id is not None:
        entered_later = entered_later.exclude(entry=meeting.entry_id)
    rows = entered_later.order_by("entry__effective_on").values_list(
        "entry__effective_on", "debit_account", "credit_account"
    )
    later = [LaterMovement(*row) for row in rows.annotate(Sum("amount"))]
    for movement in later:
        # Loans paid off since are not among the accounts, nor on the sheet.
        if movement.debit in accounts:
            accounts[movement.debit].debits_posted -= movement.amount
        if movement.credit in accounts:
            accounts[movement.credit].credits_posted -= movement.amount
    return before, later


def _entered_before(group: Group, held_on: date, meeting: Meeting | None) -> Q:
    """Return the condition for transfers that a meeting on the day `held_on` comes after.

    Those are of earlier days, and of the same day where they come before: what was recorded before, and the meetings
    before it. A correction of `meeting` keeps its place in its day. Money of a meeting held in a closed period was in
    the box from the meeting on.
    """
    others = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, entry__isnull=False)
    same_day, own = Q(entry__effective_on=held_on), Q()
    if meeting is not None:
        others, own = others.exclude(number=meeting.number), Q(entry=meeting.entry_id)
    if meeting is not None and meeting.held_on == held_on:
        later_of_day = Q(held_on=held_on, of_day__gt=meeting.of_day)
        same_day &= ~Q(entry__in=others.filter(later_of_day).values("entry"))
        others = others.exclude(later_of_day)
        place = meeting.first_entry  # type: ignore[attr-defined]  # annotated by _closed_meeting
        if place is None and meeting.cash_count is not None:
            place = meeting.cash_count.place + 1
        if place is not None:
            same_day &= Q(entry__number__lt=place)
    before = Q(entry__in=others.filter(held_on__lte=held_on).values("entry"))
    found = Q(entry__effective_on__lt=held_on) | same_day | before
    return found & ~own if own else found


def _members(members: QuerySet[Member], rules: Constitution, held_on: date) -> QuerySet[Member]:
    """Add what the rules on loans look at: `earlier_loans` of the day, and a running `request` as JSON."""
    running = LoanRequest.objects.running().filter(member=OuterRef("pk"), asked_on__lte=held_on).order_by("pk")
    columns = (
        "pk", "amount", "periods", "kind", "harvest_on", "purpose", "status", "approved_amount", "approved_periods",
    )  # fmt: skip
    members = members.annotate(request=Subquery(running.values(row=JSONObject(**{name: name for name in columns}))[:1]))
    if rules.loan_ladder:
        lent = Loan.objects.lent().filter(member=OuterRef("pk"), disbursed_on__lte=held_on)
        counted = lent.order_by().values("member").values(count=Count("pk"))
        members = members.annotate(earlier_loans=Coalesce(Subquery(counted), 0))
    return members


def _requests(members: list[Member]) -> list[LoanRequest]:
    """Return the running requests that were read along with `members`."""
    found = []
    for member in members:
        row = member.request  # type: ignore[attr-defined]  # annotated by _members
        if row is not None:
            harvest_on = row["harvest_on"] and date.fromisoformat(row["harvest_on"])
            row = {**row, "harvest_on": harvest_on}
            found.append(LoanRequest(group_id=member.group_id, member=member, **row))
    return found


def _loans(
    books: Balances, before: Balances, members: list[Member], held_on: date, meeting: Meeting | None = None
) -> list[LoanOnSheet]:
    """Return the loans that run and ran on the day; in a correction of `meeting` also those it was paid on."""
    people = {member.pk: member for member in members}
    repaid = numbers_of_loans_repaid(meeting.minutes) if meeting is not None and meeting.minutes is not None else ()
    loans: dict[int, Loan] = {}
    for account in books.accounts.values():
        loan = account.loan
        if loan is None or loan.member_id not in people or account.kind != AccountKind.LOAN:
            continue
        loan.member = people[loan.member_id]  # read already
        runs = account.balance > 0 and loan.disbursed_on <= held_on
        if loan.number in repaid or (runs and before.balance(AccountKind.LOAN, loan=loan) > 0):
            loans[loan.pk] = loan
    schedules: dict[int, list[Instalment]] = {pk: [] for pk in loans}
    undone = [meeting.entry_id] if meeting is not None and meeting.entry_id is not None else []
    entered_before = None if before is books else _entered_before(books.group, held_on, meeting)
    for line in _instalments(loans, entered_before, undone):
        schedules[line.loan_id].append(line)
    rewarded = [loan.pk for loan in loans.values() if loan.rebate_rate]
    history = payment_history(rewarded, without=undone) if rewarded else {}
    on_sheet = []
    for loan in sorted(loans.values(), key=lambda loan: loan.number):
        schedule = schedules[loan.pk]
        last_paid_on = getattr(schedule[0], "last_paid_on", None)
        paid = history.get(loan.pk, [])
        through = getattr(schedule[0], "paid_through", None)
        now = position_in(books, loan, schedule, last_paid_on=last_paid_on, payments=paid, paid_through=through)
        then = now
        if before is not books:
            then = position_in(before, loan, schedule, last_paid_on=last_paid_on, payments=paid)
        on_sheet.append(LoanOnSheet(now, then))
    return on_sheet


def _instalments(loans: dict[int, Loan], entered_before: Q | None, undone: Collection[int]) -> QuerySet[Instalment]:
    """Return the schedules of `loans`; what their terms ask for of earlier payments stands at the first instalments.

    With a fine for lateness that is `last_paid_on`, the day of the last payment among those `entered_before`, of all
    without. Where fee to come is waived at the end, and others may follow, it is `paid_through`, the day of the last
    one, those of the entries `undone` left out.
    """
    found = Instalment.objects.filter(loan__in=loans).order_by("loan", "number")
    fined = [loan for loan in loans.values() if loan.fines_lateness]
    waived = [loan for loan in loans.values() if loan.payoff_fee == PayoffFee.WAIVED]
    if fined:
        days = payment_days(OuterRef("loan"))
        days = days if entered_before is None else days.filter(entered_before)
        found = found.annotate(last_paid_on=Case(When(number=1, loan__in=fined, then=Subquery(days[:1]))))
    if waived and entered_before is not None:
        paid = payments_of(OuterRef("loan")).exclude(entry__in=undone).values("entry__effective_on")
        found = found.annotate(paid_through=Case(When(number=1, loan__in=waived, then=Subquery(paid[:1]))))
    return found


def ended_since(group: Group, *, as_of: date, but: Collection[int]) -> list[EndedLoan]:
    """Return the loans that ran at the end of the day `as_of`, with the day of their last payment or of their end.

    `but` are the ids of those that run still, and so are left out.
    """
    paid = payments_of(OuterRef("pk"))
    loans = loans_on(group, as_of=as_of, only_running=True).annotate(
        last_on=Coalesce("ended_on", Subquery(paid.values("entry__effective_on")[:1])),
        last_kind=Subquery(paid.values("entry__kind")[:1]),
    )
    loans = loans.filter(last_on__isnull=False).exclude(pk__in=but)
    return [
        EndedLoan(
            row.loan,
            row.arrears.due,
            _ended_as(row.loan),
            row.loan.last_on,  # type: ignore[attr-defined]  # annotated above
        )
        for row in loan_rows(loans, as_of=as_of)
    ]


def _ended_as(loan: Loan) -> str:
    """Say how a loan of `ended_since` ended: by its payments, those of others, or as it says itself."""
    if loan.ended_as:
        return loan.get_ended_as_display()
    is_covered = loan.last_kind == EntryKind.COVER  # type: ignore[attr-defined]  # annotated by ended_since
    return gettext("paid off by other members (tanggung renteng)") if is_covered else gettext("paid off")
