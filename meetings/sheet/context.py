"""Everything the meeting sheet of one group needs, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce, JSONObject

from finance.ledger.chart import SAVINGS
from finance.ledger.posting import Books, open_books
from finance.ledger.reading import Balances, read_books
from finance.models import (
    AccountKind,
    ExternalLoan,
    Instalment,
    Loan,
    LoanRequest,
    Obligation,
    Transfer,
)
from finance.rules.cash_counts import expected_cash
from finance.rules.loan_position import LateFine, LoanPosition, payment_days, payment_history, position_in
from finance.schedules import Allocation
from finance.selectors.owed import waived, wajib_asked
from groups.models import Constitution, Group, Member, OfficerTerm, User
from groups.shared.clock import today
from meetings.errors import NoSuchMeeting
from meetings.minutes import Minutes
from meetings.minutes_json import minutes_from_json, numbers_of_loans_repaid, numbers_of_members
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class LoanOnSheet:
    """A running loan on the sheet, without what the meeting itself brings.

    `before` is how it stood before the meeting, by which the meeting asks and fines. In a correction `now` has besides
    what was paid after the meeting; on a new sheet the two are the same.
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


@dataclass
class SheetContext:
    """The group's people, books, loans and, if the sheet has one, its meeting.

    In a correction `original` is what the meeting recorded, `charged` the fines it brought, and `books` are without
    both. `cash_before` are the rupiah that should have been in the cash box before the meeting. `sent` is the version
    of a meeting that the same sheet recorded before, whatever became of it.
    """

    group: Group
    books: Balances
    members: list[Member]
    loans: list[LoanOnSheet]
    cash_before: int
    meeting: Meeting | None
    next_number: int
    officers: dict[str, int]
    requests: list[LoanRequest]
    original: Minutes | None = None
    charged: tuple[Obligation, ...] = ()
    sent: Meeting | None = None

    @property
    def open_books(self) -> Books:
        """The books to post to, of a context that was opened for writing."""
        assert isinstance(self.books, Books), "this context was read only"
        return self.books

    @property
    def rules(self) -> Constitution:
        """The group's rules in force; a group without any has rules of zero."""
        return self.group.rules or Constitution()

    @property
    def lenders(self) -> list[ExternalLoan]:
        """The running loans from outside, whose money may be passed on to members."""
        return self.books.running_external_loans()

    def fines_owed(self, member: Member, on: date) -> int:
        """Return the rupiah of fines that a member owes on the day `on`, but for those a running loan asks for."""
        return sum(fine.left for fine in self.books.fines.of_member(member, self._lent) if fine.owed_on <= on)

    def pokok_owed(self, member: Member) -> int:
        """Return the rupiah of initial savings (pokok) that a member has neither paid nor been let off."""
        left = max(0, self.rules.pokok - self.books.balance(AccountKind.POKOK, member=member))
        return max(0, left - self._pokok_waived.get(member.pk, 0)) if left else 0

    @cached_property
    def _pokok_waived(self) -> dict[int, int]:
        return waived(self.group, AccountKind.POKOK)

    def wajib_asked(self, member: Member, on: date) -> int:
        """Return the rupiah of compulsory savings (wajib) to ask a member for at a meeting on the day `on`.

        Worked out when somebody looks, for closing does not need it.
        """
        if on not in self._wajib_asked:
            self._wajib_asked[on] = wajib_asked(self.group, held_on=on)
        return self._wajib_asked[on].get(member.pk, 0)

    @cached_property
    def _wajib_asked(self) -> dict[date, dict[int, int]]:
        return {}

    @cached_property
    def _lent(self) -> set[int]:
        return {on_sheet.loan.pk for on_sheet in self.loans}

    def savings(self, member: Member) -> int:
        """Return all the savings of a member in rupiah."""
        return sum(self.books.balance(kind, member=member) for kind in SAVINGS)

    def leaves_too_little(self, member: Member, *, brought: int, taken: int) -> bool:
        """Say whether `taken` rupiah of voluntary savings would leave less than the rules say must stay.

        More than there is counts as no such case, and what a meeting did that is corrected is not judged again.
        """
        if member.left_on is not None or taken == self._taken_before(member):
            return False
        saved = self.books.balance(AccountKind.SUKARELA, member=member) + brought
        return saved - self.rules.sukarela_minimum < taken <= saved

    def _taken_before(self, member: Member) -> int:
        rows = self.original.members if self.original is not None else ()
        return next((row.sukarela_out for row in rows if row.member.pk == member.pk), 0)


def open_sheet(*, actor: User, group: Group, key: uuid.UUID, number: int | None = None) -> SheetContext:
    """Lock the group and return its context for writing: a new meeting, or the draft `number`.

    A meeting saved before under the same `key` is found again, so a form sent twice is one meeting: as `meeting` while
    it is a draft, as `sent` once it was closed. Raises `PermissionDenied`, and `NoSuchMeeting` for a number that has
    none.
    """
    return _context(open_books(actor=actor, group=group), as_of=today(), key=key, number=number)


def read_sheet(*, group: Group, as_of: date, number: int | None = None, key: uuid.UUID | None = None) -> SheetContext:
    """Return the context of a new meeting, or of the draft `number` or with `key`, to read, without a lock."""
    return _context(read_books(group, as_of), as_of=as_of, key=key, number=number)


def open_correction(*, actor: User, group: Group, number: int) -> SheetContext:
    """Lock the group and return the context of its closed meeting `number` for a correction.

    The books are undone by what the meeting posted; in the ledger that happens with what is posted in its place.
    """
    books = open_books(actor=actor, group=group, everything=True)
    meeting = _closed_meeting(group, number)
    if meeting.entry is not None:
        books.undo(meeting.entry)
    return _correction(books, meeting)


def read_correction(*, group: Group, as_of: date, number: int) -> SheetContext:
    """Return the context of a correction to read, without a lock."""
    books = read_books(group, as_of, everything=True)
    meeting = _closed_meeting(group, number)
    if meeting.entry is not None:
        books.leave_out(meeting.entry)
    return _correction(books, meeting)


def _context(books: Balances, *, as_of: date, key: uuid.UUID | None, number: int | None) -> SheetContext:
    group = books.group
    members = _members(Member.objects.filter(group=group).effective(as_of), group)
    if isinstance(books, Books):
        books.know_members(members)
    last = Meeting.objects.filter(group=group).order_by("-number").values("number")[:1]
    wanted = Q(number=Subquery(last)) | (Q(key=key) if key else Q()) | (Q(number=number) if number else Q())
    found = list(Meeting.objects.filter(group=group).filter(wanted).select_related("saved_by"))
    sent = next((m for m in found if m.key == key and m.status != MeetingStatus.DRAFT), None)
    current = [m for m in found if m.status != MeetingStatus.CORRECTED]
    if number is not None:
        meeting = next((m for m in current if m.number == number), None)
        if meeting is None and sent is None:
            raise NoSuchMeeting
    else:
        meeting = next((m for m in current if m.key == key), None)
    return SheetContext(
        group=group,
        books=books,
        members=members,
        loans=_loans(books, members),
        cash_before=expected_cash(books, on=as_of),
        requests=_requests(members),
        meeting=meeting,
        next_number=max((m.number for m in current), default=0) + 1,
        officers={} if key else _officers(group, as_of),
        sent=sent,
    )


def _closed_meeting(group: Group, number: int) -> Meeting:
    """Return a closed meeting with `first_entry`, the number of the entry its first version posted, if it did."""
    versions = Meeting.objects.filter(group=group, number=number, entry__isnull=False)
    meetings = Meeting.objects.select_related("entry", "cash_count").filter(group=group, number=number)
    meeting = (
        meetings.annotate(first_entry=Subquery(versions.order_by("version").values("entry__number")[:1]))
        .filter(status=MeetingStatus.CLOSED)
        .first()
    )
    if meeting is None:
        raise NoSuchMeeting
    return meeting


def _correction(books: Balances, meeting: Meeting) -> SheetContext:
    """Return the context of a correction; `books` are without what `meeting` posted."""
    group, recorded = books.group, meeting.minutes
    assert recorded is not None, "a closed meeting has its minutes"
    assert meeting.held_on is not None, "a closed meeting has a date"
    of_group = Member.objects.filter(group=group)
    named = of_group.filter(number__in=numbers_of_members(recorded))
    members = _members(named | of_group.effective(meeting.held_on), group)
    charged: tuple[Obligation, ...] = ()
    if books.has_fines:
        charged = tuple(Obligation.objects.filter(group=group, meeting=meeting.number, cancelled_at__isnull=True))
    if isinstance(books, Books):
        books.know_members(members)
    before = _before(books, meeting)
    books.fines = books.fines.set_aside(charged, books.left_out)
    before.fines = before.fines.without([fine.pk for fine in charged])
    loans = _loans(books, members, meeting, before)
    return SheetContext(
        group=group,
        books=books,
        members=members,
        loans=loans,
        cash_before=expected_cash(before, on=meeting.held_on, but=meeting.cash_count),
        requests=_requests(members),
        meeting=meeting,
        next_number=meeting.number,
        officers={},
        charged=charged,
        original=minutes_from_json(
            recorded,
            members={member.number: member for member in members},
            loans={a.loan.number: a.loan for a in books.accounts.values() if a.loan is not None},
            positions={on_sheet.loan.number: on_sheet.now for on_sheet in loans},
        ),
    )


def _before(books: Balances, meeting: Meeting) -> Balances:
    """Return `books`, which are without `meeting`, without what was entered after it too."""
    assert meeting.held_on is not None, "a closed meeting has a date"
    before = Balances(
        books.group,
        [copy(account) for account in books.accounts.values()],
        as_of=meeting.held_on,
        has_fines=books.has_fines,
    )
    before.left_out = books.left_out
    accounts = {account.pk: account for account in before.accounts.values()}
    later = Transfer.objects.filter(group=books.group, entry__reverses=None, entry__reversed_by=None).exclude(
        _entered_before(meeting) | Q(entry=meeting.entry_id)
    )
    for debit, credit, amount in (
        later.order_by().values_list("debit_account", "credit_account").annotate(Sum("amount"))
    ):
        accounts[debit].debits_posted -= amount
        accounts[credit].credits_posted -= amount
    return before


def _entered_before(meeting: Meeting) -> Q:
    """Return the condition for transfers of earlier days, and of the same day where they were recorded before."""
    same_day = Q(entry__effective_on=meeting.held_on)
    first_entry = meeting.first_entry  # type: ignore[attr-defined]  # annotated by _closed_meeting
    if first_entry is not None:
        same_day &= Q(entry__number__lt=first_entry)
    return Q(entry__effective_on__lt=meeting.held_on) | same_day


def _members(members: QuerySet[Member], group: Group) -> list[Member]:
    """Read the members with what the rules on loans look at: `earlier_loans`, and a running `request` as JSON."""
    running = LoanRequest.objects.running().filter(member=OuterRef("pk")).order_by("pk")
    columns = (
        "pk", "amount", "periods", "kind", "harvest_on", "purpose", "status", "approved_amount", "approved_periods",
    )  # fmt: skip
    members = members.annotate(request=Subquery(running.values(row=JSONObject(**{name: name for name in columns}))[:1]))
    if group.rules is not None and group.rules.loan_ladder:
        earlier = Loan.objects.lent().filter(member=OuterRef("pk")).order_by().values("member")
        members = members.annotate(earlier_loans=Coalesce(Subquery(earlier.values(count=Count("pk"))), 0))
    return list(members)


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
    books: Balances, members: list[Member], meeting: Meeting | None = None, before: Balances | None = None
) -> list[LoanOnSheet]:
    """Return the running loans; in a correction of `meeting` also those it was paid on, as they were `before` it."""
    people = {member.pk: member for member in members}
    repaid = numbers_of_loans_repaid(meeting.minutes) if meeting is not None and meeting.minutes is not None else ()
    loans = {loan.pk: loan for loan in books.running_loans()}
    for account in books.accounts.values():
        if (loan := account.loan) is not None:
            if loan.member_id in people:
                loan.member = people[loan.member_id]  # read already
            if loan.number in repaid:
                loans[loan.pk] = loan
    schedules: dict[int, list[Instalment]] = {pk: [] for pk in loans}
    for line in _instalments(loans, meeting):
        schedules[line.loan_id].append(line)
    rewarded = [loan.pk for loan in loans.values() if loan.rebate_rate]
    undone = [meeting.entry_id] if meeting is not None and meeting.entry_id is not None else []
    history = payment_history(rewarded, without=undone) if rewarded else {}
    on_sheet = []
    for loan in sorted(loans.values(), key=lambda loan: loan.number):
        schedule = schedules[loan.pk]
        last_paid_on = getattr(schedule[0], "last_paid_on", None)
        paid = history.get(loan.pk, [])
        now = position_in(books, loan, schedule, last_paid_on=last_paid_on, payments=paid)
        then = now
        if before is not None:
            then = position_in(before, loan, schedule, last_paid_on=last_paid_on, payments=paid)
        on_sheet.append(LoanOnSheet(now, then))
    return on_sheet


def _instalments(loans: dict[int, Loan], meeting: Meeting | None) -> QuerySet[Instalment]:
    """Return the schedules of `loans`.

    Where a loan's terms have a fine for lateness, its first instalment carries `last_paid_on`, the day of the
    last payment; when `meeting` is corrected, of the last one before it.
    """
    found = Instalment.objects.filter(loan__in=loans).order_by("loan", "number")
    fined = [loan for loan in loans.values() if loan.fines_lateness]
    if not fined:
        return found
    days = payment_days(OuterRef("loan"))
    if meeting is not None:
        days = days.filter(_entered_before(meeting))
    return found.annotate(last_paid_on=Case(When(number=1, loan__in=fined, then=Subquery(days[:1]))))


def _officers(group: Group, as_of: date) -> dict[str, int]:
    """Return who holds each office on the day `as_of`, as member ids by role."""
    terms = OfficerTerm.objects.filter(group=group).effective(as_of)
    return dict(terms.values_list("role", "member_id"))
