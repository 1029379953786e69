"""What one meeting of a group decides and what everybody brings: its minutes, ready to be closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from finance import services as finance
from finance.ledger.chart import EXPENSES, INCOME
from finance.models import AccountKind, Transfer
from finance.rules.limits import largest_loan
from finance.rules.lines import OtherMoney
from groups.models import Member, OfficerRole
from kelompok.demo import words
from kelompok.demo.people import Person
from kelompok.demo.words import Topic
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment
from meetings.models import AttendanceStatus
from meetings.sheet.context import LoanOnSheet, SheetContext

if TYPE_CHECKING:
    from kelompok.demo.recorder import GroupRecorder

_PRESENT, _LATE, _REPRESENTED, _EXCUSED, _ABSENT = AttendanceStatus
_WITH_MONEY = (_PRESENT, _LATE, _REPRESENTED)
_MOST_FINES = 4
"""Fines for absence that a member can owe; after so many nobody writes another one down."""
BIG_LOAN, _BIG_LOAN_AGE = 5_000_000, 300
"""Rupiah of the loan over 24 months, and the most days before today on which it is paid out, so that it still runs."""


class DemoMeeting:
    """A meeting of the group that `of` records, held on a day, on the sheet opened for it."""

    def __init__(self, of: GroupRecorder, context: SheetContext, held_on: date, quality: float) -> None:
        self.of = of
        self.plan = of.plan
        self.rng = of.rng
        self.context = context
        self.held_on = held_on
        self.quality = quality
        self.here = [member for member in context.members if member.joined_on <= held_on]
        self.attendance = {member.pk: self._attends(of.people[member.pk]) for member in self.here}
        if of.copied:
            self.attendance |= {pk: status for pk, status in of.copied[0].items() if pk in self.attendance}
        self.in_person = [member for member in self.here if self.attendance[member.pk] in (_PRESENT, _LATE)]

    def minutes(self, topics: tuple[Topic, ...], rows: tuple[tuple[str, str, str], ...] | None) -> Minutes:
        """Return the minutes; `rows`, where given, are the agenda of the guide's minute book."""
        minutes = self._minutes()
        agenda = self._agenda(topics) if rows is None else tuple(self._row_of_guide(row) for row in rows)
        if self.plan.shows == "copied_meetings":
            first = (self.attendance, tuple(replace(row, due_on=None) for row in agenda))
            self.of.copied = self.of.copied or first
            agenda = self.of.copied[1]
        expected = self.context.cash_before + minutes.cash_moved()
        return replace(minutes, agenda=agenda, cash=self._count(expected))

    def _minutes(self) -> Minutes:
        """Return the minutes without agenda and count: what everybody brings, then what the group does with it."""
        terms = self.context.group.officer_terms.filter(ended_on=None).select_related("member")
        by_role = {term.role: term.member for term in terms if term.member in self.in_person}
        rows = tuple(self._member_row(member, self.attendance[member.pk]) for member in self.here)
        minutes = Minutes(
            held_on=self.held_on,
            place=self.of.place,
            leader=by_role.get(OfficerRole.KETUA, self.in_person[0]),
            note_taker=by_role.get(OfficerRole.SEKRETARIS, self.in_person[-1]),
            members=rows,
        )
        if self.plan.shows == "same_amounts" or self.plan.has_minute_book_of_guide:
            return minutes
        minutes = replace(minutes, other=tuple(self._other_money(minutes)))
        cash = self.context.books.balance(AccountKind.CASH) + minutes.cash_moved()
        loans, lent = self._lend(cash)
        return replace(minutes, new_loans=tuple(loans), other=(*minutes.other, *self._use_bank(cash - lent)))

    def _attends(self, person: Person) -> AttendanceStatus:
        rng = self.rng
        if self.plan.shows == "full_attendance":
            return _PRESENT
        if self.plan.shows == "same_amounts":
            return _REPRESENTED if rng.random() < 0.05 else _PRESENT
        if rng.random() < min(0.985, 0.42 + 0.56 * self.quality + person.diligence):
            return _LATE if rng.random() < 0.22 - 0.2 * self.quality else _PRESENT
        chance = rng.random()
        if chance < 0.35 * self.quality:
            return _REPRESENTED
        return _EXCUSED if chance < 0.35 * self.quality + 0.35 else _ABSENT

    def _member_row(self, member: Member, attendance: AttendanceStatus) -> MemberRow:
        rng, rules, person = self.rng, self.of.rules, self.of.people[member.pk]
        row = MemberRow(member=member, attendance=attendance)
        if attendance not in _WITH_MONEY:
            person.missed += 1
            owed = self.context.fines_owed(member)
            if attendance == _ABSENT and owed < _MOST_FINES * rules.fine_absent:
                row = replace(row, charged=rules.fine_absent, fine_reason=words.FINE_ABSENT)
            return row
        if self.plan.shows == "same_amounts":
            return replace(row, wajib=rules.wajib, social=rules.social)
        if rules.pokok and not self.context.books.balance(AccountKind.POKOK, member=member):
            row = replace(row, pokok=rules.pokok)
        if rng.random() < 0.6 + 0.4 * self.quality:
            caught_up = min(person.missed, 3) if rng.random() < 0.6 * self.quality else 0
            person.missed = 0
            row = replace(row, wajib=rules.wajib * (1 + caught_up), social=rules.social)
        if rng.random() < 0.05 + 0.25 * self.quality:
            row = replace(row, sukarela_in=rng.choice((5_000, 10_000, 10_000, 20_000, 25_000, 50_000, 100_000)))
        elif rng.random() < 0.03:
            saved = self.context.books.balance(AccountKind.SUKARELA, member=member)
            most = min(saved, self.context.books.balance(AccountKind.CASH) // 10)
            row = replace(row, sukarela_out=most * rng.randint(5, 10) // 10 // 5_000 * 5_000)
        owed = self.context.fines_owed(member)
        if attendance == _LATE and rules.fine_late:
            row = replace(row, charged=rules.fine_late, fine=rules.fine_late + owed, fine_reason=words.FINE_LATE)
        elif owed and rng.random() < 0.6 + 0.4 * self.quality:
            row = replace(row, fine=owed, fine_reason=words.FINE_ABSENT)
        paid = (self._repay(loan) for loan in self.context.loans if loan.loan.member_id == member.pk)
        return replace(row, repayments=tuple(repayment for repayment in paid if repayment is not None))

    def _repay(self, position: LoanOnSheet) -> Repayment | None:
        """Return what the borrower pays of what is due: reliable ones all of it, others now and then, and less."""
        rng, due = self.rng, position.due(self.held_on)
        is_reliable = self.of.reliable.setdefault(position.loan.pk, rng.random() < 0.35 + 0.65 * self.quality)
        if due <= 0 or rng.random() > (0.985 if is_reliable else 0.15 + 0.45 * self.quality):
            return None
        if not is_reliable and rng.random() < 0.5:
            due = max(min(due, 5_000), due * rng.randint(3, 8) // 10 // 1000 * 1000)
        return Repayment(
            loan=position.loan, instalments=position.instalments, amount=due, fine=position.fine_at(self.held_on),
        )  # fmt: skip

    def _other_money(self, minutes: Minutes) -> Iterator[OtherRow]:
        """Yield other income, a grant once, help from the social fund, and costs in proportion to the income."""
        rng, cash = self.rng, self.context.books.balance(AccountKind.CASH) + minutes.cash_moved()
        if rng.random() < 0.04 + 0.06 * self.quality:
            yield OtherRow(OtherMoney.INCOME, rng.randint(5, 30) * 5_000, rng.choice(words.INCOMES))
        if not self.of.granted and (
            self.of.owes_big_loan or (self.of.last_held_on and self.quality > 0.5 and rng.random() < 0.03)
        ):
            self.of.granted = True
            amount = 2 * BIG_LOAN if self.of.owes_big_loan else rng.randint(4, 12) * 500_000
            yield OtherRow(OtherMoney.GRANT, amount, rng.choice(words.GRANTS))
        year = Transfer.objects.filter(group=self.context.group, entry__effective_on__year=minutes.held_on.year)
        sums = year.aggregate(
            income=Sum("amount", filter=Q(credit_account__kind__in=INCOME)),
            costs=Sum("amount", filter=Q(debit_account__kind__in=EXPENSES)),
        )
        room = min(int((sums["income"] or 0) * self.of.cost_share) - (sums["costs"] or 0), cash // 4)
        if room >= 7_500:
            kind, memo = rng.choice(words.EXPENSES)
            yield OtherRow(OtherMoney(kind), room // 2_500 * 2_500, memo)
        fund = self.context.books.balance(AccountKind.SOCIAL_FUND)
        if fund >= 50_000 and cash >= 100_000 and rng.random() < 0.08:
            yield OtherRow(OtherMoney.SOCIAL_OUT, min(fund, cash) // 2 // 5_000 * 5_000, rng.choice(words.HELP))

    def _use_bank(self, cash: int) -> list[OtherRow]:
        """Fetch from the bank what is lent beyond the cash box, or bring there what is too much to keep."""
        if cash < 0:
            return [OtherRow(OtherMoney.BANK_WITHDRAWAL, -cash, words.FROM_BANK)]
        if self.of.signatories and cash > 1_500_000:
            return [OtherRow(OtherMoney.BANK_DEPOSIT, (cash - 500_000) // 100_000 * 100_000, words.TO_BANK)]
        return []

    def _lend(self, cash: int) -> tuple[list[finance.LoanTerms], int]:
        """Return the loans that the meeting decides to pay out, and their sum; some were asked for before."""
        rng = self.rng
        free = (cash + self.context.books.balance(AccountKind.BANK)) * 9 // 10
        busy = {loan.loan.member_id for loan in self.context.loans} | {
            request.member_id for request in self.context.requests
        }
        borrowers = [m for m in self.in_person if m.pk not in busy and self.of.people[m.pk].leaves_on is None]
        rng.shuffle(borrowers)
        terms: list[finance.LoanTerms] = []
        lent = 0
        if (
            self.of.owes_big_loan
            and free >= BIG_LOAN
            and (self.of.today - self.held_on).days < _BIG_LOAN_AGE
            and borrowers
        ):
            self.of.owes_big_loan = False
            terms.append(self._terms(borrowers.pop(), BIG_LOAN, 24))
            lent = BIG_LOAN
        for member in borrowers[: 3 if self.quality > 0.5 else 1]:
            saved = self.context.savings(member)
            limit = largest_loan(self.of.rules, earlier_loans=0, savings=saved) or free
            kept = BIG_LOAN if self.of.owes_big_loan else 0
            most = min(free - lent - kept, limit, 300_000 + saved * 5)
            if most < 200_000 or rng.random() > 0.35 + 0.5 * self.quality:
                if rng.random() < 0.12:
                    self._refuse(member)
                break
            principal = max(200_000, int(most * rng.uniform(0.4, 1.0)) // 50_000 * 50_000)
            periods = rng.choice([n for n in (3, 4, 5, 6, 10, 12) if n <= self.of.rules.loan_max_periods])
            terms.append(self._terms(member, principal, periods))
            lent += principal
        return terms, lent

    def _terms(self, member: Member, principal: int, periods: int) -> finance.LoanTerms:
        rng, purpose, request = self.rng, self.rng.choice(words.PURPOSES), None
        if rng.random() < 0.3 and principal != BIG_LOAN:
            asked = self.of.ask(
                member, principal + rng.choice((0, 0, 100_000, 250_000)), periods, purpose, self.held_on
            )
            request = finance.loan_request_approve(
                actor=self.plan.facilitator, group=self.context.group, request=asked, amount=principal, periods=periods,
                on=self.held_on, in_meeting=True,
            )  # fmt: skip
        return finance.terms_by_rules(
            self.of.rules, member=member, principal=principal, periods=periods, disbursed_on=self.held_on,
            purpose=purpose, request=request,
        )  # fmt: skip

    def _refuse(self, member: Member) -> None:
        asked = self.of.ask(member, self.rng.randint(6, 40) * 50_000, 10, self.rng.choice(words.PURPOSES), self.held_on)
        finance.loan_request_refuse(
            actor=self.plan.facilitator, group=self.context.group, request=asked, on=self.held_on, in_meeting=True,
            note=self.rng.choice(words.REFUSALS),
        )  # fmt: skip

    def _agenda(self, topics: tuple[Topic, ...]) -> tuple[AgendaRow, ...]:
        rng, chosen = self.rng, list(topics)
        if rng.random() < 0.3 + 0.8 * self.quality:
            chosen += rng.sample(words.TOPICS, rng.randint(1, 2 + round(2 * self.quality)))
        if rng.random() < 0.06 + 0.3 * self.quality:
            critical = rng.choice(words.CRITICAL_TOPICS)
            chosen += [critical] if critical not in chosen else []
        rows = []
        for topic in chosen:
            is_decided = topic in topics or rng.random() < 0.3 + 0.68 * self.quality
            row = AgendaRow(topic.title, topic.discussion, topic.decision if is_decided else "")
            row = replace(row, is_critical=topic.critical)
            if is_decided and topic not in topics and rng.random() < 0.35:
                due_on = self.held_on + timedelta(rng.choice((7, 7, 14, 14, 30)))
                row = replace(row, responsible=rng.choice(self.in_person), due_on=due_on)
            rows.append(row)
        return tuple(rows)

    def _row_of_guide(self, row: tuple[str, str, str]) -> AgendaRow:
        title, discussion, decision = row
        if title != words.BUYING:
            return AgendaRow(title, discussion, decision)
        due_on = date(self.held_on.year, *words.BUYING_ON)
        return AgendaRow(title, discussion, decision, responsible=self.in_person[0], due_on=due_on)

    def _count(self, expected: int) -> CashCounted | None:
        """Return what was found in the box, None where nobody counted."""
        rng = self.rng
        if self.plan.shows == "cash_always_agrees":
            return CashCounted(expected)
        counts = 0.5 if self.plan.shows == "full_attendance" else 0.3 + 0.75 * self.quality
        if rng.random() > counts or expected < 0:
            return None
        # Who is to show another signal must not show this one by chance.
        if rng.random() > (0.2 if self.plan.shows else 0.2 - 0.17 * self.quality):
            return CashCounted(expected)
        difference = max(-expected, rng.choice((-1, -1, 1)) * rng.randint(1, 30) * 500)
        return CashCounted(expected + difference, rng.choice(words.DIFFERENCES) if difference else "")
