"""Everything the meeting sheet of one group needs, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Q, Subquery
from django.utils import timezone

from finance.chart import account_code
from finance.ledger import Books, books_of
from finance.lines import OTHER
from finance.models import AccountKind, Instalment, Loan, LoanEvery, Side, Transfer
from groups.models import Constitution, Group, Member, OfficerTerm, User
from groups.permissions import Capability, lock_group
from meetings.errors import NoSuchMeeting
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment
from meetings.models import Meeting, MeetingStatus

DUE_SOON = timedelta(days=6)
"""A monthly instalment due this soon after a meeting is asked for at it.

Groups meet on a weekday of the month, instalments fall due on a day of the month, so the two drift apart by up
to six days; without this a member who pays at every meeting would always be late.
"""


@dataclass(frozen=True, slots=True)
class OpenLoan:
    """A running loan at the desk; `fee_paid` and `principal_paid` leave out what a correction reverses."""

    loan: Loan
    instalments: tuple[Instalment, ...]
    fee_paid: int
    principal_paid: int
    already: tuple[int, int] = (0, 0)

    @property
    def outstanding(self) -> int:
        """Rupiah the loan still asks for, fee and principal, to its end."""
        return sum(line.total for line in self.instalments) - self.fee_paid - self.principal_paid

    def due(self, on: date) -> int:
        """Rupiah due at a meeting on the day `on`."""
        until = on + DUE_SOON if self.loan.every == LoanEvery.MONTH else on
        asked = [line for line in self.instalments if line.due_on <= until]
        fee = max(0, sum(line.service_fee for line in asked) - self.fee_paid)
        return fee + max(0, sum(line.principal for line in asked) - self.principal_paid)


@dataclass
class Desk:
    """The group's people, books, loans and, if the sheet has one, its meeting.

    In a correction `original` is what the meeting recorded, `original_lines` its transfers, and `reversing` by
    how much undoing them changes each account's balance, by account id.
    """

    group: Group
    books: Books
    members: list[Member]
    loans: list[OpenLoan]
    meeting: Meeting | None
    next_number: int
    officers: dict[str, int]
    today: date
    original: Minutes | None = None
    original_lines: list[Transfer] = field(default_factory=list)
    reversing: dict[int, int] = field(default_factory=dict)

    @property
    def rules(self) -> Constitution:
        """The group's rules in force; a group without any has rules of zero."""
        return self.group.rules or Constitution()

    def balance(self, kind: AccountKind, member: Member | None = None) -> int:
        """Return the balance in rupiah that this sheet starts from: without the meeting it corrects."""
        account = self.books.accounts.get(account_code(kind, member=member))
        return account.balance + self.reversing.get(account.pk, 0) if account is not None else 0

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


def open_desk(*, actor: User, group: Group, key: uuid.UUID, number: int | None = None) -> Desk:
    """Lock the group and return its desk for writing: a new meeting, or the draft `number`.

    A meeting saved before under the same `key` is found again, so a form sent twice is one meeting. Raises
    `PermissionDenied`, and `NoSuchMeeting` for a number without one.
    """
    return _desk(lock_group(actor, Capability.RECORD, group), actor, key=key, number=number)


def read_desk(*, actor: User, group: Group, number: int | None = None) -> Desk:
    """Return the desk for looking only, without a lock."""
    return _desk(group, actor, key=None, number=number)


def open_correction(*, actor: User, group: Group, number: int) -> Desk:
    """Lock the group and return the desk of its closed meeting `number` for a correction."""
    return _correction(lock_group(actor, Capability.RECORD, group), actor, number)


def read_correction(*, actor: User, group: Group, number: int) -> Desk:
    """Return the desk of a correction for looking only, without a lock."""
    return _correction(group, actor, number)


def _desk(group: Group, actor: User, *, key: uuid.UUID | None, number: int | None) -> Desk:
    books = books_of(group, actor)
    members = list(Member.objects.filter(group=group, left_on__isnull=True))
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
    return Desk(
        group=group,
        books=books,
        members=members,
        loans=_open_loans(books, members, {}),
        meeting=meeting,
        next_number=max((m.number for m in current), default=0) + 1,
        officers={} if key else _officers(group),
        today=timezone.localdate(),
    )


def _correction(group: Group, actor: User, number: int) -> Desk:
    books = books_of(group, actor, everything=True)
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
    reversing: dict[int, int] = {}
    for line in lines:
        for account, sign in ((line.debit_account, -1), (line.credit_account, 1)):
            grows = sign if account.normal_side == Side.DEBIT else -sign
            reversing[account.pk] = reversing.get(account.pk, 0) + grows * line.amount
    then = Q(attendances__meeting=meeting) | Q(left_on__isnull=True, joined_on__lte=meeting.held_on)
    members = list(Member.objects.filter(then, group=group).distinct())
    desk = Desk(
        group=group,
        books=books,
        members=members,
        loans=_open_loans(books, members, _repaid(lines)),
        meeting=meeting,
        next_number=number,
        officers={},
        today=timezone.localdate(),
        original_lines=lines,
        reversing=reversing,
    )
    desk.original = _as_recorded(desk, meeting)
    return desk


def _repaid(lines: list[Transfer]) -> dict[int, tuple[int, int]]:
    """Return the fee and principal that `lines` brought, by loan id."""
    repaid: dict[int, tuple[int, int]] = {}
    for line in lines:
        account = line.credit_account
        if account.loan_id is not None:
            fee, principal = repaid.get(account.loan_id, (0, 0))
            is_fee = account.kind == AccountKind.SERVICE_FEE
            repaid[account.loan_id] = (fee + line.amount, principal) if is_fee else (fee, principal + line.amount)
    return repaid


def _open_loans(books: Books, members: list[Member], repaid: dict[int, tuple[int, int]]) -> list[OpenLoan]:
    """Return the running loans and those in `repaid`, which a correction may set running again."""
    people = {member.pk: member for member in members}
    loans = {loan.pk: loan for loan in books.running_loans()}
    for account in books.accounts.values():
        if account.loan is not None and account.loan_id in repaid:
            loans[account.loan.pk] = account.loan
    schedules: dict[int, list[Instalment]] = {pk: [] for pk in loans}
    for line in Instalment.objects.filter(loan__in=loans).order_by("loan", "number"):
        schedules[line.loan_id].append(line)
    open_loans = []
    for loan in sorted(loans.values(), key=lambda loan: loan.number):
        if loan.member_id in people:
            loan.member = people[loan.member_id]  # read already
        already = repaid.get(loan.pk, (0, 0))
        open_loans.append(
            OpenLoan(
                loan=loan,
                instalments=tuple(schedules[loan.pk]),
                fee_paid=books.balance(AccountKind.SERVICE_FEE, loan=loan) - already[0],
                principal_paid=loan.principal - books.balance(AccountKind.LOAN, loan=loan) - already[1],
                already=already,
            )
        )
    return open_loans


def _officers(group: Group) -> dict[str, int]:
    """Return who holds each office today, as member ids by role."""
    terms = OfficerTerm.objects.filter(group=group, ended_on__isnull=True)
    return dict(terms.values_list("role", "member_id"))


def _as_recorded(desk: Desk, meeting: Meeting) -> Minutes:
    """Read a closed meeting back into the values its sheet had."""
    amounts: dict[tuple[int, str], int] = {}
    fines: dict[int, str] = {}
    other: list[OtherRow] = []
    paid: dict[int, dict[int, int]] = {}
    lent: list[Loan] = []
    by_accounts = {accounts: kind for kind, accounts in OTHER.items()}
    for line in desk.original_lines:
        debit, credit = line.debit_account, line.credit_account
        if line.member_id is None:
            kind = by_accounts[AccountKind(debit.kind), AccountKind(credit.kind)]
            other.append(OtherRow(kind, line.amount, line.memo))
        elif debit.kind == AccountKind.LOAN:
            lent.append(next(a.loan for a in desk.books.accounts.values() if a.pk == debit.pk and a.loan is not None))
        elif credit.loan_id is not None:
            by_loan = paid.setdefault(line.member_id, {})
            by_loan[credit.loan_id] = by_loan.get(credit.loan_id, 0) + line.amount
        elif debit.kind == AccountKind.SUKARELA:
            amounts[line.member_id, "sukarela_out"] = line.amount
        else:
            amounts[line.member_id, _COLUMN[AccountKind(credit.kind)]] = line.amount
            if credit.kind == AccountKind.FINE:
                fines[line.member_id] = line.memo
    open_loans = {open_loan.loan.pk: open_loan for open_loan in desk.loans}
    people = {member.pk: member for member in desk.members}
    attendance = dict(meeting.attendances.values_list("member_id", "status"))
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
                attendance=attendance[member.pk],
                **{column: amounts.get((member.pk, column), 0) for column in (*_COLUMN.values(), "sukarela_out")},
                fine_reason=fines.get(member.pk, ""),
                repayments=tuple(
                    Repayment(open_loans[pk].loan, open_loans[pk].instalments, amount, open_loans[pk].already)
                    for pk, amount in paid.get(member.pk, {}).items()
                ),
            )
            for member in desk.members
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
