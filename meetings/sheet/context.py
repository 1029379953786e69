"""Everything the meeting sheet of one group needs, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject
from django.utils import timezone

from finance.ledger.chart import SAVINGS
from finance.ledger.posting import Books, open_books
from finance.ledger.reading import Balances, read_books
from finance.models import AccountKind, ExternalLoan, Instalment, Loan, LoanEvery, LoanRequest, Transfer
from finance.rules.lines import OTHER
from finance.rules.loan_position import LateFine, LoanPosition, payment_days
from groups.models import Constitution, Group, Member, OfficerTerm, User
from meetings.errors import NoSuchMeeting
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment
from meetings.models import Meeting, MeetingStatus

DUE_SOON = timedelta(days=6)
"""A monthly instalment due this soon after a meeting is asked for at it.

Groups meet on a weekday of the month, instalments fall due on a day of the month, so the two drift apart by up
to six days; without this a member who pays at every meeting would always be late.
"""


@dataclass(frozen=True)
class LoanOnSheet(LoanPosition):
    """A running loan on the sheet; what was paid leaves out what a correction takes back.

    In a correction `recorded_fine` is what the meeting charged for late instalments; `is_judged` says that the
    meeting had a payment on the loan whose fine, if there was one, was not waived.
    """

    recorded_fine: LateFine | None = None
    is_judged: bool = False

    @property
    def outstanding(self) -> int:
        """Rupiah the loan still asks for, fee, principal and fines, to its end."""
        return sum(line.total for line in self.instalments) - self.fee_paid - self.principal_paid + self.fine_due

    def due(self, on: date) -> int:
        """Rupiah due at a meeting on the day `on`, fines included, and what falls due soon after it."""
        until = on + DUE_SOON if self.loan.every == LoanEvery.MONTH else on
        fine = self.fine_at(on)
        return self.arrears_on(until).due + self.fine_due + (fine.amount if fine else 0)

    def fine_at(self, on: date) -> LateFine | None:
        """Return the fine for late instalments of a payment at a meeting on the day `on`."""
        return self.recorded_fine if self.is_judged else self.late_fine(on)


@dataclass
class SheetContext:
    """The group's people, books, loans and, if the sheet has one, its meeting.

    In a correction `books` leave out what the meeting posted, `original` is what it recorded, and `original_lines`
    its transfers.
    """

    group: Group
    books: Balances
    members: list[Member]
    loans: list[LoanOnSheet]
    meeting: Meeting | None
    next_number: int
    officers: dict[str, int]
    today: date
    requests: list[LoanRequest]
    original: Minutes | None = None
    original_lines: list[Transfer] = field(default_factory=list)

    @property
    def open_books(self) -> Books:
        """The books to post to, of a context that was opened for writing."""
        assert isinstance(self.books, Books), "this context was read for looking only"
        return self.books

    @property
    def rules(self) -> Constitution:
        """The group's rules in force; a group without any has rules of zero."""
        return self.group.rules or Constitution()

    @property
    def lenders(self) -> list[ExternalLoan]:
        """The running loans from outside, whose money may be passed on to members."""
        return self.books.running_external_loans()

    def savings(self, member: Member) -> int:
        """Return all the savings of a member in rupiah."""
        return sum(self.balance(kind, member) for kind in SAVINGS)

    def balance(self, kind: AccountKind, member: Member | None = None) -> int:
        """Return the balance in rupiah that this sheet starts from: without the meeting it corrects."""
        return self.books.balance(kind, member=member)

    def leaves_too_little(self, member: Member, *, brought: int, taken: int) -> bool:
        """Say whether `taken` rupiah of voluntary savings would leave less than the rules say must stay.

        More than there is counts as no such case, and what a meeting did that is corrected is not judged again.
        """
        if member.left_on is not None or taken == self._taken_before(member):
            return False
        saved = self.balance(AccountKind.SUKARELA, member) + brought
        return saved - self.rules.sukarela_minimum < taken <= saved

    def _taken_before(self, member: Member) -> int:
        rows = self.original.members if self.original is not None else ()
        return next((row.sukarela_out for row in rows if row.member.pk == member.pk), 0)

    @property
    def cash_before(self) -> int:
        """Rupiah the books expected in the cash box before this meeting."""
        if self.original is None or self.meeting is None:
            return self.books.balance(AccountKind.CASH)
        return self._cash_then(self.meeting) - self.original.cash_moved()

    def _cash_then(self, meeting: Meeting) -> int:
        if meeting.cash_count is not None:
            return meeting.cash_count.expected
        for line in reversed(self.original_lines):
            if line.debit_account.kind == AccountKind.CASH:
                return line.debit_balance_after
            if line.credit_account.kind == AccountKind.CASH:
                return line.credit_balance_after
        return self.books.balance(AccountKind.CASH)


def open_sheet(*, actor: User, group: Group, key: uuid.UUID, number: int | None = None) -> SheetContext:
    """Lock the group and return its context for writing: a new meeting, or the draft `number`.

    A meeting saved before under the same `key` is found again, so a form sent twice is one meeting. Raises
    `PermissionDenied`, and `NoSuchMeeting` for a number without one.
    """
    return _context(open_books(actor=actor, group=group), key=key, number=number)


def read_sheet(*, group: Group, number: int | None = None) -> SheetContext:
    """Return the context for looking only, without a lock."""
    return _context(read_books(group, timezone.localdate()), key=None, number=number)


def open_correction(*, actor: User, group: Group, number: int) -> SheetContext:
    """Lock the group and return the context of its closed meeting `number` for a correction."""
    return _correction(open_books(actor=actor, group=group, everything=True), number)


def read_correction(*, group: Group, number: int) -> SheetContext:
    """Return the context of a correction for looking only, without a lock."""
    return _correction(read_books(group, timezone.localdate(), everything=True), number)


def _context(books: Balances, *, key: uuid.UUID | None, number: int | None) -> SheetContext:
    group = books.group
    members = _members(Member.objects.filter(group=group, left_on__isnull=True), group)
    last = Meeting.objects.filter(group=group).order_by("-number").values("number")[:1]
    wanted = Q(number=number) if number is not None else Q(key=key)
    found = Meeting.objects.filter(group=group).filter(wanted | Q(number=Subquery(last)))
    current = [m for m in found.select_related("saved_by") if m.status != MeetingStatus.CORRECTED]
    if number is not None:
        meeting = next((m for m in current if m.number == number), None)
        if meeting is None:
            raise NoSuchMeeting
    else:
        meeting = next((m for m in current if m.key == key), None)
    return SheetContext(
        group=group,
        books=books,
        members=members,
        loans=_open_loans(books, members, []),
        requests=_requests(members),
        meeting=meeting,
        next_number=max((m.number for m in current), default=0) + 1,
        officers={} if key else _officers(group),
        today=timezone.localdate(),
    )


def _correction(books: Balances, number: int) -> SheetContext:
    group = books.group
    meeting = (
        Meeting.objects.select_related("entry", "cash_count", "leader", "note_taker")
        .filter(group=group, number=number, status=MeetingStatus.CLOSED)
        .first()
    )
    if meeting is None:
        raise NoSuchMeeting
    lines = (
        list(
            Transfer.objects.filter(entry=meeting.entry).select_related(
                "debit_account", "credit_account", "debit_account__loan", "credit_account__loan", "member"
            )
        )
        if meeting.entry is not None
        else []
    )
    if meeting.entry is not None:
        if isinstance(books, Books):
            books.undo(meeting.entry)
        else:
            books.leave_out(meeting.entry)
    then = Q(attendances__meeting=meeting) | Q(left_on__isnull=True, joined_on__lte=meeting.held_on)
    members = _members(Member.objects.filter(then, group=group).distinct(), group)
    context = SheetContext(
        group=group,
        books=books,
        members=members,
        loans=_open_loans(books, members, lines, meeting),
        requests=_requests(members),
        meeting=meeting,
        next_number=number,
        officers={},
        today=timezone.localdate(),
        original_lines=lines,
    )
    context.original = _as_recorded(context, meeting)
    return context


def _members(members: QuerySet[Member], group: Group) -> list[Member]:
    """Read the members with what the rules on loans look at: `earlier_loans`, and a running `request` as JSON."""
    running = LoanRequest.objects.running().filter(member=OuterRef("pk")).order_by("pk")
    columns = ("pk", "amount", "periods", "purpose", "status", "approved_amount", "approved_periods")
    members = members.annotate(request=Subquery(running.values(row=JSONObject(**{name: name for name in columns}))[:1]))
    if group.rules is not None and group.rules.loan_ladder:
        members = members.annotate(
            earlier_loans=RawSQL(
                "(SELECT COUNT(*) FROM finance_loan l WHERE l.member_id = groups_member.id "
                "AND l.cancelled_at IS NULL AND l.replaces_id IS NULL)",
                [],
            )
        )
    return list(members)


def _requests(members: list[Member]) -> list[LoanRequest]:
    """Return the running requests that were read along with `members`."""
    found = []
    for member in members:
        row = member.request  # type: ignore[attr-defined]  # annotated by _members
        if row is not None:
            found.append(LoanRequest(group_id=member.group_id, member=member, **row))
    return found


def _open_loans(
    books: Balances, members: list[Member], lines: list[Transfer], meeting: Meeting | None = None
) -> list[LoanOnSheet]:
    """Return the loans that run without what `lines` of a corrected meeting moved, and those repaid from in them."""
    repaid = {x.credit_account.loan_id for x in lines if x.credit_account.loan_id is not None}
    charged = {x.credit_account.loan_id: x for x in lines if x.credit_account.kind == AccountKind.LOAN_FINE}
    waived = {x.credit_account.loan_id for x in lines if x.credit_account.kind in _PAYS and x.memo}
    people = {member.pk: member for member in members}
    loans = {loan.pk: loan for loan in books.running_loans()}
    for account in books.accounts.values():
        if account.loan is not None and account.loan_id in repaid:
            loans[account.loan.pk] = account.loan
    schedules: dict[int, list[Instalment]] = {pk: [] for pk in loans}
    for line in _instalments(loans, meeting):
        schedules[line.loan_id].append(line)
    open_loans = []
    for loan in sorted(loans.values(), key=lambda loan: loan.number):
        if loan.member_id in people:
            loan.member = people[loan.member_id]  # read already
        fine = charged.get(loan.pk)
        open_loans.append(
            LoanOnSheet(
                loan=loan,
                instalments=tuple(schedules[loan.pk]),
                fee_paid=books.balance(AccountKind.SERVICE_FEE, loan=loan),
                principal_paid=loan.principal - books.balance(AccountKind.LOAN, loan=loan),
                fine_due=books.balance(AccountKind.FINE_DUE, loan=loan),
                last_paid_on=getattr(schedules[loan.pk][0], "last_paid_on", None),
                recorded_fine=LateFine(fine.amount, fine.memo) if fine is not None else None,
                is_judged=loan.pk in repaid and loan.pk not in waived,
            )
        )
    return open_loans


def _instalments(loans: dict[int, Loan], meeting: Meeting | None) -> QuerySet[Instalment]:
    """Return the schedules of `loans`.

    Where a loan's terms have a fine for lateness, its first instalment carries `last_paid_on`, the day of the
    last payment; when `meeting` is corrected, of the last one before it.
    """
    found = Instalment.objects.filter(loan__in=loans).order_by("loan", "number")
    fined = [loan for loan in loans.values() if loan.fine_late_instalment]
    if not fined:
        return found
    days = payment_days(OuterRef("loan"))
    if meeting is not None:
        days = days.filter(entry__effective_on__lte=meeting.held_on).exclude(entry=meeting.entry_id)
    return found.annotate(last_paid_on=Case(When(number=1, loan__in=fined, then=Subquery(days[:1]))))


def _officers(group: Group) -> dict[str, int]:
    """Return who holds each office today, as member ids by role."""
    terms = OfficerTerm.objects.filter(group=group, ended_on__isnull=True)
    return dict(terms.values_list("role", "member_id"))


def _as_recorded(context: SheetContext, meeting: Meeting) -> Minutes:
    """Read a closed meeting back into the values its sheet had."""
    amounts: dict[tuple[int, str], int] = {}
    fines: dict[int, str] = {}
    other: list[OtherRow] = []
    paid: dict[int, dict[int, int]] = {}
    waived: dict[int, str] = {}
    rests: dict[int, int] = {}
    lent: list[Loan] = []
    by_accounts = {accounts: kind for kind, accounts in OTHER.items()}
    for line in context.original_lines:
        debit, credit = line.debit_account, line.credit_account
        if line.member_id is None:
            kind = by_accounts[AccountKind(debit.kind), AccountKind(credit.kind)]
            other.append(OtherRow(kind, line.amount, line.memo))
        elif debit.kind == AccountKind.LOAN:
            lent.append(
                next(a.loan for a in context.books.accounts.values() if a.pk == debit.pk and a.loan is not None)
            )
        elif credit.kind == AccountKind.LOAN_FINE:
            continue  # `_open_loans` has read what was charged
        elif credit.loan_id is not None:
            waived[credit.loan_id] = line.memo
            by_loan = paid.setdefault(line.member_id, {})
            by_loan[credit.loan_id] = by_loan.get(credit.loan_id, 0) + line.amount
        elif credit.kind == AccountKind.SUKARELA and line.member_id in paid:
            rests[next(reversed(paid[line.member_id]))] = line.amount  # savings brought as such come before any loan
        elif debit.kind == AccountKind.SUKARELA:
            amounts[line.member_id, "sukarela_out"] = line.amount
        else:
            amounts[line.member_id, _COLUMN[AccountKind(credit.kind)]] = line.amount
            if credit.kind == AccountKind.FINE:
                fines[line.member_id] = line.memo
    open_loans = {open_loan.loan.pk: open_loan for open_loan in context.loans}
    people = {member.pk: member for member in context.members}
    attendance = {row.member_id: row for row in meeting.attendances.all()}
    assert meeting.held_on is not None, "a closed meeting has a date"
    assert meeting.leader is not None, "a closed meeting was led by somebody"
    assert meeting.note_taker is not None, "somebody wrote its minutes"
    return Minutes(
        held_on=meeting.held_on,
        place=meeting.place,
        leader=meeting.leader,
        note_taker=meeting.note_taker,
        members=tuple(
            MemberRow(
                member=member,
                attendance=attendance[member.pk].status,
                waiver=attendance[member.pk].waiver,
                **{column: amounts.get((member.pk, column), 0) for column in (*_COLUMN.values(), "sukarela_out")},
                fine_reason=fines.get(member.pk, ""),
                repayments=tuple(
                    Repayment(
                        loan=open_loans[pk].loan,
                        instalments=open_loans[pk].instalments,
                        amount=amount,
                        fine=open_loans[pk].recorded_fine,
                        waived=waived[pk],
                        rest=rests.get(pk, 0),
                    )
                    for pk, amount in paid.get(member.pk, {}).items()
                ),
            )
            for member in context.members
            if member.pk in attendance
        ),
        agenda=tuple(
            AgendaRow(
                title=item.title,
                discussion=item.discussion,
                decision=item.decision,
                responsible=people.get(item.responsible_id) if item.responsible_id else None,
                due_on=item.due_on,
                is_critical=item.is_critical,
            )
            for item in meeting.agenda.all()
        ),
        kept_loans=tuple(lent),
        other=tuple(other),
        cash=CashCounted(meeting.cash_count.counted, meeting.cash_count.explanation) if meeting.cash_count else None,
    )


_COLUMN = {
    AccountKind.POKOK: "pokok",
    AccountKind.WAJIB: "wajib",
    AccountKind.SUKARELA: "sukarela_in",
    AccountKind.SOCIAL_FUND: "social",
    AccountKind.FINE: "fine",
}
"""The column of the sheet that a member's line belongs to, by the account it credits."""
_PAYS = (AccountKind.SERVICE_FEE, AccountKind.LOAN, AccountKind.FINE_DUE)
"""The accounts of a loan that payments are credited to."""
