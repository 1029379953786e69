"""The history of one demo group, lived meeting by meeting: pure of the database, all chance from one generator.

`Life` writes nothing; it fills `Tables` with the rows that registering the group, recording its meetings and
posting their money would have left: `meetings.minutes` says what a meeting posts and in which order,
`finance.schedules` how loans are repaid.
"""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from random import Random

from finance.models import AccountKind, EntryKind, LoanEvery, RequestStatus
from finance.rules.lines import OTHER, OtherMoney
from finance.schedules import allocate_payment, build_schedule, due_date, newly_late
from groups.models import Gender, GroupKind, GroupStatus, MeetingEvery, Method, OfficerRole
from groups.shared.schedule import MeetingSchedule
from kelompok.demo import words
from kelompok.demo.books import Account, Books
from kelompok.demo.people import AgendaRow, Held, Loan, Person, Plan, Request, Rules, Term
from kelompok.demo.tables import Tables, Value
from kelompok.demo.words import Topic
from meetings.models import AttendanceStatus, MeetingStatus
from meetings.sheet.context import DUE_SOON

# Plain strings: members of an enumeration are several times slower as keys, and there are millions.
PRESENT, LATE, REPRESENTED, EXCUSED, ABSENT = AttendanceStatus.values
POKOK, WAJIB, SUKARELA = AccountKind.POKOK.value, AccountKind.WAJIB.value, AccountKind.SUKARELA.value
BANK, SOCIAL_FUND, FINE = AccountKind.BANK.value, AccountKind.SOCIAL_FUND.value, AccountKind.FINE.value
LOAN, SERVICE_FEE = AccountKind.LOAN.value, AccountKind.SERVICE_FEE.value
FINE_DUE, LOAN_FINE = AccountKind.FINE_DUE.value, AccountKind.LOAN_FINE.value
KETUA, SEKRETARIS, BENDAHARA = OfficerRole.KETUA.value, OfficerRole.SEKRETARIS.value, OfficerRole.BENDAHARA.value
_WITH_MONEY = (PRESENT, LATE, REPRESENTED)
_MONTH_DAYS = 30.44
_DORMANT_AFTER = timedelta(days=120)
BIG_LOAN = 5_000_000
"""Rupiah of the loan over 24 months whose instalment is Rp 284,000."""
BIG_LOAN_AGE = 300
"""Days before today since when it may be paid out, so that it still runs."""


class Life:
    """One group from its founding to the day before `today`."""

    def __init__(self, tables: Tables, rng: Random, plan: Plan, *, today: date, months: int) -> None:
        self.tables = tables
        self.rng = rng
        self.plan = plan
        self.today = today
        self.days = int(months * _MONTH_DAYS)
        self.pk = tables.groups.next_pk
        self.books = Books(tables, self.pk)
        self.founded_on = plan.founded_on or today - timedelta(max(10, int(self.days * plan.character.age)))
        self.start = plan.founded_on or max(self.founded_on, today - timedelta(self.days))
        self.rules = self._first_rules()
        self.rules_pk = 0
        self.rules_version = 0
        self.people = self._people()
        self.terms: list[Term] = []
        self.loans = 0
        self.meetings = self.entries = 0
        self.closed_on = self.start
        self.last_held_on: date | None = None
        self.granted = False
        self.things: set[str] = set()
        self.banked: list[tuple[int, date]] = []
        self.owes_big_loan = plan.has_big_loan
        self.place = rng.choice(words.PLACES)
        ends_well = plan.character.end
        self.signatories = 0
        if ends_well > 0.5 and rng.random() < ends_well * ends_well + 0.15:
            self.signatories = 2 if rng.random() < ends_well else 1
        self.schedule = self._rhythm()

    def live(self) -> None:
        """Fill the tables with everything that happened."""
        quality = self.plan.character.at(0)
        self._agree(self.start, self.rules, in_meeting=self.rng.random() < 0.25 + 0.8 * quality)
        self._elect(self.start)
        if self.founded_on < self.start:
            self._bring_along()
        self._meet_until_today()
        self._register()

    # Registration

    def _first_rules(self) -> Rules:
        rng = self.rng
        if self.plan.has_big_loan:
            return Rules(100_000, 20_000, 2_000, 2_000, 5_000, max_periods=24, ceiling=BIG_LOAN)
        return Rules(
            pokok=rng.choice((0, 20_000, 50_000, 100_000)),
            wajib=rng.choice((5_000, 10_000, 10_000, 15_000, 20_000)),
            social=rng.choice((0, 0, 1_000, 2_000)),
            fine_late=rng.choice((0, 1_000, 2_000)),
            fine_absent=rng.choice((0, 2_000, 5_000)),
            max_periods=rng.choice((6, 10, 12, 12)),
            ceiling=rng.choice((1_000_000, 2_000_000, 3_000_000)),
            fine_late_instalment=rng.choice((0, 0, 0, 2_000, 5_000)),
        )

    def _rhythm(self) -> MeetingSchedule:
        rng = self.rng
        every = rng.choices((MeetingEvery.MONTH, MeetingEvery.FORTNIGHT, MeetingEvery.WEEK), (60, 25, 15))[0]
        weekday = rng.randrange(7)
        if self.plan.weekday is not None:
            every, weekday = MeetingEvery.WEEK, self.plan.weekday
        return MeetingSchedule(every=every.value, weekday=weekday, week=rng.randint(1, 4), anchor=self.founded_on)

    def _people(self) -> list[Person]:
        rng = self.rng
        count = rng.randint(8, 25)
        women = 1.0 if rng.random() < 0.6 else 0.75
        female = iter(rng.sample(words.FEMALE, count))
        male = iter(rng.sample(words.MALE, count))
        first_pk = self.tables.members.next_pk
        people = []
        joined = []
        for _ in range(count):
            late = rng.random() < 0.15
            joined.append(
                self.start + timedelta(int(rng.random() * (self.today - self.start).days * 0.8))
                if late
                else self.founded_on
            )
        for index, joined_on in enumerate(sorted(joined)):
            is_woman = rng.random() < women
            name = next(female) if is_woman else next(male)
            surname = rng.choice(words.SECOND if is_woman else words.SECOND_MALE)
            people.append(
                Person(
                    pk=first_pk + index,
                    number=index + 1,
                    name=f"{name} {surname}" if surname and surname not in name else name,
                    gender=(Gender.FEMALE if is_woman else Gender.MALE).value,
                    birth_year=self.today.year - rng.randint(21, 63),
                    phone=f"08{rng.choice((12, 13, 21, 52, 57, 77))}{rng.randint(10**7, 10**8 - 1)}"
                    if rng.random() < 0.7
                    else "",
                    joined_on=joined_on,
                    diligence=rng.uniform(-0.12, 0.08),
                    leaves_on=self._day_between(joined_on, self.today)
                    if index > 5 and not self.plan.has_big_loan and rng.random() < 0.08
                    else None,
                )
            )
        return people

    def _register(self) -> None:
        """Write what is known only at the end: the group, its members, offices and accounts."""
        plan, rng, tables = self.plan, self.rng, self.tables
        silent_since = self.last_held_on or self.start
        is_silent = plan.character.lives < 1 and self.today - silent_since > _DORMANT_AFTER
        is_dormant = is_silent and (plan.is_given_up or rng.random() < 0.6)
        bank = (rng.choice(words.BANKS), str(rng.randint(10**11, 10**12 - 1))) if self.signatories else ("", "")
        tables.groups.add(
            plan.organisation, plan.code, plan.name,
            rng.choices(GroupKind.values, (80, 8, 12))[0],
            (GroupStatus.DORMANT if is_dormant else GroupStatus.ACTIVE).value,
            self.founded_on.isoformat(), plan.village, self.place, self.schedule.every, self.schedule.weekday,
            self.schedule.week, *bank, self.signatories, self.rules_pk, self._key(), self._moment(self.start),
            plan.facilitator,
        )  # fmt: skip
        if is_dormant:
            slept_on = silent_since + _DORMANT_AFTER
            tables.status_changes.add(
                self.pk, GroupStatus.ACTIVE.value, GroupStatus.DORMANT.value, slept_on.isoformat(), words.DORMANT_FOR,
                self._moment(slept_on), plan.facilitator,
            )  # fmt: skip
        started = self._day_between(self.founded_on, self.start) if self.founded_on < self.start else self.start
        if plan.predecessor is not None and plan.predecessor != plan.facilitator:
            handed_over = self._day_between(self.start, self.today).isoformat()
            tables.assignments.add(self.pk, plan.predecessor, started.isoformat(), handed_over)
            tables.assignments.add(self.pk, plan.facilitator, handed_over, None)
        else:
            tables.assignments.add(self.pk, plan.facilitator, started.isoformat(), None)
        for person in self.people:
            tables.members.add(
                self.pk, person.number, person.name, person.gender, person.birth_year, person.phone,
                person.joined_on.isoformat(), _iso(person.left_on), self._key(),
                self._moment(max(person.joined_on, self.start)), plan.facilitator,
            )  # fmt: skip
        for term in self.terms:
            tables.terms.add(
                self.pk, term.person.pk, term.role, term.started_on.isoformat(), _iso(term.ended_on),
                self._moment(max(term.started_on, self.start)), plan.facilitator,
            )  # fmt: skip
        self._judge()
        self._tick()
        self.books.write()

    def _tick(self) -> None:
        """Tick off what the statements of the months before show; careless groups leave the last ones."""
        statement = self.today.replace(day=1) - timedelta(1)
        if self.plan.character.end < 0.8:
            statement -= timedelta(60)
        for transfer, moved_on in self.banked:
            if moved_on <= statement:
                seen_on = min(statement, (moved_on.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1))
                self.tables.bank_ticks.add(
                    self.pk, transfer, seen_on.isoformat(), self._moment(seen_on + timedelta(1)), self.plan.facilitator
                )

    def _judge(self) -> None:
        """Let the staff say, once or twice, what no record measures."""
        rng, whole = self.rng, (self.today - self.start).days
        for levels in self.plan.judged:
            for share in (0.35, 0.8):
                judged_on = self.start + timedelta(int(whole * share))
                quality = self.plan.character.at(share) + rng.uniform(-0.15, 0.1)
                level = min(len(levels) - 1, max(0, int(quality * len(levels))))
                note = words.JUDGEMENTS[min(level, len(words.JUDGEMENTS) - 1)]
                if rng.random() < 0.85 or share > 0.5:  # the second time always
                    self.tables.judgements.add(
                        self.pk, levels[level], note, judged_on.isoformat(), self._moment(judged_on), self.plan.staff
                    )

    def _agree(self, day: date, rules: Rules, *, in_meeting: bool) -> None:
        self.rules = rules
        self.rules_version += 1
        self.rules_pk = self.tables.constitutions.add(
            self.pk, self.rules_version, day.isoformat(), int(in_meeting), words.AIMS, rules.pokok, rules.wajib,
            rules.social, rules.fine_late, rules.fine_absent, str(rules.rate), Method.FLAT.value, rules.max_periods,
            rules.ceiling, rules.round_up_to, rules.fine_late_instalment, self._moment(day), self.plan.facilitator,
        )  # fmt: skip

    def _elect(self, day: date) -> None:
        """Choose three officers, mostly among those who are not in office; the old terms end on that day."""
        here = self._here(day)
        before = {term.role: term.person for term in self._officers()}
        in_office = {person.pk for person in before.values()}
        candidates = [person for person in here if person.pk not in in_office and person.leaves_on is None] or here
        if len(candidates) < len(OfficerRole.values):
            return
        for term in self._officers():
            term.ended_on = day
        chosen = dict(zip(OfficerRole.values, self.rng.sample(candidates, len(OfficerRole.values)), strict=True))
        if BENDAHARA in before and self.rng.random() < 0.4:
            chosen[BENDAHARA] = before[BENDAHARA]  # re-elected
        self.terms += [Term(person, role, day) for role, person in chosen.items()]

    def _officers(self) -> list[Term]:
        return [term for term in self.terms if term.ended_on is None]

    def _here(self, day: date) -> list[Person]:
        return [person for person in self.people if person.joined_on <= day and person.left_on is None]

    def _bring_along(self) -> None:
        """Enter what a group that existed before has on the first day, as `finance.services.opening` posts it."""
        rng, books, entry = self.rng, self.books, self.tables.entries.next_pk
        people = self._here(self.start)
        months = min(18, (self.start - self.founded_on).days // 30)
        saved = {person: self.rules.wajib * rng.randint(months // 2, months) for person in people}
        reserve, social = rng.randint(2, 12) * 25_000, rng.randint(0, 6) * 10_000 * bool(self.rules.social)
        assets = sum(saved.values()) + self.rules.pokok * len(people) + reserve + social + rng.randint(0, 8) * 50_000
        banked = assets * 6 // 10 // 50_000 * 50_000 if self.signatories else 0
        capital = books.account(AccountKind.CAPITAL.value)
        for account, amount in ((books.cash, assets - banked), (books.account(BANK) if banked else None, banked)):
            if account is not None:
                books.move(entry, account, capital, amount)
        for person, wajib in saved.items():
            person.pokok_paid = True
            for kind, amount in ((POKOK, self.rules.pokok), (WAJIB, wajib)):
                if amount:
                    books.move(entry, capital, self._savings(person, kind), amount, person.pk)
        if social:
            books.move(entry, capital, books.account(SOCIAL_FUND), social)
        books.move(entry, capital, books.account(AccountKind.RESERVE.value), reserve)
        self._post(EntryKind.OPENING, self.start, self._moment(self.start), self._key())

    # Meetings

    def _meet_until_today(self) -> None:
        character, rng = self.plan.character, self.rng
        whole = (self.today - self.start).days
        last_day = self.start + timedelta(int(whole * character.lives))
        elects_on = self._election_day(whole)
        changes_on = (
            self._day_between(self.start + timedelta(int(whole * 0.4)), self.today) if rng.random() < 0.3 else None
        )
        for agreed in self.schedule.dates(self.start, last_day):
            quality = character.at((agreed - self.start).days / max(1, whole))
            if self.meetings and rng.random() > 0.5 + 0.6 * quality:
                continue
            shift = rng.randint(-2, 3) if rng.random() > quality else 0
            held_on = max(agreed + timedelta(shift), self.start)
            if held_on >= self.today or (self.last_held_on is not None and held_on <= self.last_held_on):
                continue
            topics = [] if self.meetings else [words.FOUNDING]
            if elects_on and held_on >= elects_on:
                topics.append(words.ELECTION)
                elects_on = None
                self._elect(held_on)
            if changes_on and held_on >= changes_on:
                topics.append(words.ADOPTION)
                changes_on = None
                self._agree(held_on, self._changed_rules(), in_meeting=rng.random() < 0.4 + 0.6 * quality)
            closed_on = max(self.closed_on, self._closes_on(held_on, quality))
            if closed_on >= self.today:
                break
            self._let_go(held_on, closed_on)
            self._meet(held_on, closed_on, quality, topics)
            self._buy(held_on, closed_on, quality)
        self._ask_again()
        if self.plan.leaves_draft and self.last_held_on is not None:
            self._draft(max(self.today - timedelta(1), self.last_held_on + timedelta(1)))

    def _election_day(self, whole: int) -> date | None:
        """Return from when on officers are chosen anew; `whole` are the days recorded."""
        is_due = self.rng.random() < 0.4
        return self._day_between(self.start + timedelta(int(whole * 0.5)), self.today) if is_due else None

    def _changed_rules(self) -> Rules:
        rules = self.rules
        return Rules(
            pokok=rules.pokok,
            wajib=rules.wajib + 5_000,
            social=rules.social or 1_000,
            fine_late=rules.fine_late or 1_000,
            fine_absent=rules.fine_absent,
            max_periods=max(12, rules.max_periods),
            ceiling=rules.ceiling,
            fine_late_instalment=rules.fine_late_instalment,
        )

    def _closes_on(self, held_on: date, quality: float) -> date:
        """Return when a meeting is closed: good groups on the day, others when the facilitator finds time."""
        on_time = self.rng.random() < 0.3 + 0.7 * quality
        return held_on + timedelta(self.rng.randint(0, 2) if on_time else self.rng.randint(4, 25))

    def _meet(self, held_on: date, closed_on: date, quality: float, topics: list[Topic]) -> None:
        people = self._here(held_on)
        attendance = [self._attends(person, quality) for person in people]
        in_person = [p for p, status in zip(people, attendance, strict=True) if status in (PRESENT, LATE)]
        if len(in_person) < 2:
            return
        entry = self.tables.entries.next_pk
        before = len(self.tables.transfers.rows)
        savers = 0
        for person, status in zip(people, attendance, strict=True):
            if status in _WITH_MONEY:
                savers += self._bring_money(entry, person, status, held_on, quality)
            else:
                person.missed += 1
                person.fined = status == ABSENT
        self._other_money(entry, held_on, quality)
        requests = self._decide_loans(in_person, held_on, quality)
        self._use_bank(entry, held_on, sum(request.principal for request in requests))
        for request in requests:
            self._disburse(entry, request, held_on, closed_on)
        key = self._key()
        posted = len(self.tables.transfers.rows) > before
        if posted:
            self._post(EntryKind.MEETING, held_on, self._moment(closed_on), key)
        self._write_meeting(
            Held(
                held_on=held_on,
                closed_on=closed_on,
                people=people,
                attendance=attendance,
                in_person=in_person,
                savers=savers,
                agenda=self._agenda(held_on, quality, topics, in_person),
                entry=entry if posted else None,
                cash_count=self._count_cash(held_on, closed_on, quality),
                key=key,
            )
        )

    def _attends(self, person: Person, quality: float) -> str:
        rng = self.rng
        if rng.random() < min(0.985, 0.5 + 0.46 * quality + person.diligence):
            return LATE if rng.random() < 0.25 - 0.22 * quality else PRESENT
        chance = rng.random()
        if chance < 0.35 * quality:
            return REPRESENTED
        return EXCUSED if chance < 0.35 * quality + 0.35 else ABSENT

    def _bring_money(self, entry: int, person: Person, status: str, held_on: date, quality: float) -> bool:
        """Post a member's row in the order of `meetings.minutes.MemberRow.lines`; say if it had wajib savings."""
        rng, rules, cash = self.rng, self.rules, self.books.cash
        move = self.books.move
        if rules.pokok and not person.pokok_paid and rng.random() < 0.9:
            person.pokok_paid = True
            move(entry, cash, self._savings(person, POKOK), rules.pokok, person.pk)
        pays_wajib = rng.random() < 0.62 + 0.38 * quality
        if pays_wajib:
            arrears = min(person.missed, 3) if rng.random() < 0.6 * quality else 0
            person.missed = 0
            move(entry, cash, self._savings(person, WAJIB), rules.wajib * (1 + arrears), person.pk)
        if rng.random() < 0.05 + 0.25 * quality:
            amount = rng.choice((5_000, 10_000, 10_000, 20_000, 25_000, 50_000, 100_000))
            move(entry, cash, self._savings(person, SUKARELA), amount, person.pk)
        if rules.social and pays_wajib:
            move(entry, cash, self.books.account(SOCIAL_FUND), rules.social, person.pk)
        if status == LATE and rules.fine_late and rng.random() < quality:
            move(entry, cash, self.books.account(FINE), rules.fine_late, person.pk, words.FINE_LATE)
        elif person.fined and rules.fine_absent and rng.random() < quality:
            person.fined = False
            move(entry, cash, self.books.account(FINE), rules.fine_absent, person.pk, words.FINE_ABSENT)
        if person.loan is not None:
            self._repay(entry, person, person.loan, held_on, quality)
        if rng.random() < 0.03:
            saved = self._savings(person, SUKARELA)
            amount = min(saved.balance, cash.balance) * rng.randint(3, 10) // 10 // 5_000 * 5_000
            if amount > 0:
                move(entry, saved, cash, amount, person.pk)
        return pays_wajib

    def _savings(self, person: Person, kind: str) -> Account:
        account = person.savings.get(kind)
        if account is None:
            account = self.books.account(kind, number=person.number, member=person.pk)
            person.savings[kind] = account
        return account

    def _repay(self, entry: int, person: Person, loan: Loan, held_on: date, quality: float) -> None:
        rng = self.rng
        due = loan.due(held_on + DUE_SOON)
        if due <= 0 or rng.random() > (0.985 if loan.reliable else 0.15 + 0.35 * quality):
            return
        if not loan.reliable and rng.random() < 0.5:
            due = max(5_000, due * rng.randint(3, 8) // 10 // 1000 * 1000)
        due = min(due, loan.due(loan.schedule[-1].due_on))
        fines = self._charge(entry, person, loan, held_on) if loan.fine else 0
        parts = allocate_payment(
            loan.schedule, fee_paid=loan.fee_paid, principal_paid=loan.principal_paid, amount=due + fines, on=held_on,
            fine_due=fines,
        )  # fmt: skip
        loan.fee_paid += parts.service_fee
        loan.principal_paid += parts.principal
        loan.paid_on = held_on
        if parts.service_fee:
            self.books.move(entry, self.books.cash, loan.fee_account, parts.service_fee, person.pk)
        if parts.principal:
            self.books.move(entry, self.books.cash, loan.account, parts.principal, person.pk)
        if parts.fine and loan.fines is not None:
            self.books.move(entry, self.books.cash, loan.fines, parts.fine, person.pk)
        if loan.account.balance == 0:
            person.loan = None

    def _charge(self, entry: int, person: Person, loan: Loan, held_on: date) -> int:
        """Charge the fine that a payment brings, as `LoanPosition` does, and return the fines owed in rupiah."""
        late = newly_late(
            loan.schedule, fee_paid=loan.fee_paid, principal_paid=loan.principal_paid, since=loan.paid_on, on=held_on
        )
        if late:
            loan.fines, income = (
                self.books.account(kind, number=loan.number, member=person.pk, loan=loan.account.loan)
                for kind in (FINE_DUE, LOAN_FINE)
            )
            numbers = "–".join(str(number) for number in sorted({late[0].number, late[-1].number}))
            memo = words.FINE_INSTALMENT % numbers
            self.books.move(entry, loan.fines, income, loan.fine * len(late), person.pk, memo)
        return loan.fines.balance if loan.fines is not None else 0

    def _other_money(self, entry: int, held_on: date, quality: float) -> None:
        rng, books = self.rng, self.books
        if rng.random() < 0.04 + 0.08 * quality:
            self._move_other(entry, held_on, OtherMoney.INCOME, rng.randint(5, 60) * 5_000, rng.choice(words.INCOMES))
        if not self.granted and (
            self.plan.has_big_loan or (self.meetings > 2 and quality > 0.5 and rng.random() < 0.03)
        ):
            self.granted = True
            amount = 10_000_000 if self.plan.has_big_loan else rng.randint(4, 20) * 500_000
            self._move_other(entry, held_on, OtherMoney.GRANT, amount, rng.choice(words.GRANTS))
        if rng.random() < 0.15 and books.cash.balance > 100_000:
            self._move_other(entry, held_on, OtherMoney.EXPENSE, rng.randint(2, 15) * 2_500, rng.choice(words.EXPENSES))
        help_given = min(books.balance(SOCIAL_FUND), books.cash.balance) // 2 // 5_000 * 5_000
        if help_given >= 25_000 and rng.random() < 0.06:
            self._move_other(entry, held_on, OtherMoney.SOCIAL_OUT, help_given, rng.choice(words.HELP))

    def _move_other(self, entry: int, held_on: date, kind: str, amount: int, memo: str) -> None:
        debit, credit = OTHER[kind]
        if AccountKind.BANK in (debit, credit):
            self.banked.append((self.tables.transfers.next_pk, held_on))
        self.books.move(entry, self.books.account(debit.value), self.books.account(credit.value), amount, None, memo)

    def _use_bank(self, entry: int, held_on: date, lent: int) -> None:
        """Fetch from the bank what is lent today beyond the cash box, or bring there what is too much to keep."""
        if not self.signatories:
            return
        cash = self.books.cash.balance - lent
        if cash < 0:
            amount = min(self.books.balance(BANK), (-cash + 49_999) // 50_000 * 50_000)
            self._move_other(entry, held_on, OtherMoney.BANK_WITHDRAWAL, amount, words.FROM_BANK)
        elif cash > 1_500_000:
            self._move_other(
                entry, held_on, OtherMoney.BANK_DEPOSIT, (cash - 500_000) // 100_000 * 100_000, words.TO_BANK
            )

    # Loans

    def _decide_loans(self, in_person: list[Person], held_on: date, quality: float) -> list[Request]:
        rng = self.rng
        free = (self.books.cash.balance + self.books.balance(BANK)) * 9 // 10
        borrowers = [p for p in in_person if p.loan is None and p.leaves_on is None and p.savings]
        rng.shuffle(borrowers)
        requests = []
        if self.owes_big_loan and free >= BIG_LOAN and (self.today - held_on).days < BIG_LOAN_AGE and borrowers:
            self.owes_big_loan = False
            requests.append(Request(borrowers.pop(), BIG_LOAN, 24, reliable=True, purpose=words.PURPOSES[0]))
            free -= BIG_LOAN
        for person in borrowers[: 3 if quality > 0.5 else 1]:
            kept_for_big_loan = BIG_LOAN if self.owes_big_loan else 0
            saved = sum(account.balance for account in person.savings.values())
            most = min(free - kept_for_big_loan, self.rules.ceiling, 300_000 + saved * 5)
            purpose = rng.choice(words.PURPOSES)
            if most < 200_000 or rng.random() > 0.35 + 0.5 * quality:
                if rng.random() < 0.12:
                    self._refuse(person, purpose, held_on)
                break
            principal = max(200_000, int(most * rng.uniform(0.4, 1.0)) // 50_000 * 50_000)
            periods = rng.choice([n for n in (3, 4, 5, 6, 10, 12) if n <= self.rules.max_periods])
            reliable = rng.random() < 0.25 + 0.78 * quality
            requests.append(Request(person, principal, periods, reliable=reliable, purpose=purpose))
            free -= principal
        return requests

    def _disburse(self, entry: int, request: Request, held_on: date, closed_on: date) -> None:
        rules, tables, person = self.rules, self.tables, request.person
        first_due = due_date(held_on, 1, "month")
        purpose = request.purpose
        asked = request.principal + self.rng.choice((0, 0, 100_000, 250_000))
        asked_on = self.last_held_on or held_on
        asked_for = (
            self._ask(person, asked, request.periods, purpose, max(asked_on, person.joined_on), approved=request,
                      decided_on=held_on)
            if self.rng.random() < 0.6
            else None
        )  # fmt: skip
        self.loans += 1
        pk = tables.loans.add(
            self.pk, person.pk, self.loans, request.principal, str(rules.rate), Method.FLAT.value, request.periods,
            LoanEvery.MONTH.value, rules.round_up_to, held_on.isoformat(), first_due.isoformat(), purpose,
            rules.fine_late_instalment, asked_for, self._moment(closed_on), self.plan.facilitator,
        )  # fmt: skip
        schedule = build_schedule(
            principal=request.principal, rate=rules.rate, periods=request.periods, method="flat",
            round_up_to=rules.round_up_to, first_due=first_due,
        )  # fmt: skip
        for line in schedule:
            tables.instalments.add(self.pk, pk, line.number, line.due_on.isoformat(), line.principal, line.service_fee)
        person.loan = Loan(
            number=self.loans,
            schedule=schedule,
            account=self.books.account(LOAN, number=self.loans, member=person.pk, loan=pk),
            fee_account=self.books.account(SERVICE_FEE, number=self.loans, member=person.pk, loan=pk),
            reliable=request.reliable,
            fine=rules.fine_late_instalment,
        )
        self.books.move(entry, person.loan.account, self.books.cash, request.principal, person.pk, purpose)

    def _ask(
        self,
        person: Person,
        amount: int,
        periods: int,
        purpose: str,
        asked_on: date,
        *,
        approved: Request | None = None,
        decided_on: date | None = None,
        note: str = "",
    ) -> int:
        """Write a request down: approved, refused with a `note` on why, or waiting while `decided_on` is none."""
        status = RequestStatus.APPROVED if approved else RequestStatus.REFUSED if decided_on else RequestStatus.ASKED
        facilitator = self.plan.facilitator
        return self.tables.requests.add(
            self.pk, person.pk, amount, periods, purpose, asked_on.isoformat(), status.value,
            approved.principal if approved else None, approved.periods if approved else None, _iso(decided_on),
            int(decided_on is not None), facilitator if decided_on else None,
            self._moment(decided_on) if decided_on else None, note, self._key(), self._moment(asked_on), facilitator,
        )  # fmt: skip

    def _refuse(self, person: Person, purpose: str, held_on: date) -> None:
        amount = self.rng.randint(6, 40) * 50_000
        asked_on = max(self.last_held_on or held_on, person.joined_on)
        self._ask(person, amount, 10, purpose, asked_on, decided_on=held_on, note=self.rng.choice(words.REFUSALS))

    def _ask_again(self) -> None:
        """Leave a request or two for the next meeting: asked at the last one, or approved and not paid out yet."""
        rng, asked_on = self.rng, self.last_held_on
        if asked_on is None or self.today - asked_on > _DORMANT_AFTER:
            return
        free = [person for person in self._here(asked_on) if person.loan is None and person.savings]
        for person in rng.sample(free, min(len(free), rng.choice((0, 0, 1, 1, 2)))):
            periods = rng.choice([n for n in (3, 5, 6) if n <= self.rules.max_periods])
            amount, purpose = rng.randint(4, 20) * 50_000, rng.choice(words.PURPOSES)
            is_approved = rng.random() < 0.3
            granted = Request(person, amount, periods, reliable=True, purpose=purpose) if is_approved else None
            self._ask(
                person, amount, periods, purpose, asked_on, approved=granted,
                decided_on=asked_on if is_approved else None,
            )  # fmt: skip

    # Things

    def _buy(self, held_on: date, closed_on: date, quality: float) -> None:
        """Now and then buy something for the group, if the cash is there."""
        name, price = self.rng.choice(words.THINGS)
        if self.rng.random() > 0.03 * quality or self.books.cash.balance < price * 3 or name in self.things:
            return
        self.things.add(name)
        entry = self.tables.entries.next_pk
        self.books.move(entry, self.books.account(AccountKind.INVENTORY.value), self.books.cash, price, None, name)
        key, moment = self._key(), self._moment(closed_on)
        self._post(EntryKind.INVENTORY, held_on, moment, key)
        self.tables.inventory.add(self.pk, name, held_on.isoformat(), price, entry, key, moment, self.plan.facilitator)

    # People who leave

    def _let_go(self, held_on: date, closed_on: date) -> None:
        """Give back the savings of members who leave before the meeting, if they owe nothing and the cash is there."""
        for person in self.people:
            if person.leaves_on is None or person.leaves_on > held_on or person.left_on or person.loan:
                continue
            if sum(account.balance for account in person.savings.values()) > self.books.cash.balance:
                continue
            person.left_on = held_on
            entry = self.tables.entries.next_pk
            returned = [account for account in person.savings.values() if account.balance]
            for account in returned:
                self.books.move(entry, account, self.books.cash, account.balance, person.pk, words.LEAVING)
            if returned:
                self._post(EntryKind.LEAVING, held_on, self._moment(closed_on), self._key(), words.LEAVING)

    # Minutes

    def _agenda(self, held_on: date, quality: float, topics: list[Topic], in_person: list[Person]) -> list[AgendaRow]:
        rng = self.rng
        chosen = list(topics)
        if rng.random() < 0.25 + 0.75 * quality:
            chosen += rng.sample(words.TOPICS, rng.randint(1, 2 + round(2 * quality)))
        if rng.random() < 0.06 + 0.3 * quality:
            critical = rng.choice(words.CRITICAL_TOPICS)
            chosen += [critical] if critical not in chosen else []
        rows = []
        for topic in chosen:
            decided = topic in topics or rng.random() < (0.3 + 0.66 * quality)
            row = AgendaRow(topic.title, topic.discussion, topic.decision if decided else "", topic.critical)
            if decided and topic not in topics and rng.random() < 0.35:
                due_on = held_on + timedelta(rng.choice((7, 7, 14, 14, 30)))
                done_on = due_on + timedelta(rng.randint(-3, 4))
                is_done = done_on < self.today and rng.random() < 0.5 + 0.48 * quality
                row = row._replace(
                    responsible=rng.choice(in_person).pk, due_on=due_on, done_on=done_on if is_done else None
                )
            rows.append(row)
        return rows

    def _count_cash(self, held_on: date, closed_on: date, quality: float) -> int | None:
        """Count the cash box after the meeting; a difference is explained, and settled now or left open."""
        rng, expected, facilitator = self.rng, self.books.cash.balance, self.plan.facilitator
        if rng.random() > 0.2 + 0.8 * quality:
            return None
        moment = self._moment(closed_on)
        difference = 0
        if rng.random() < 0.22 - 0.19 * quality:
            difference = max(-expected, rng.choice((-1, -1, 1)) * rng.randint(1, 30) * 500)
        if difference == 0:
            return self.tables.cash_counts.add(
                self.pk, held_on.isoformat(), expected, expected, "", facilitator, moment, None, None, None, "", None
            )
        settlement: list[Value] = [None, None, None, "", None]
        if rng.random() < 0.25 + 0.7 * quality:
            settled_on, entry = held_on, None
            if rng.random() < 0.5:
                entry = self.tables.entries.next_pk
                kind = OtherMoney.INCOME if difference > 0 else OtherMoney.EXPENSE
                self._move_other(entry, held_on, kind, abs(difference), words.SETTLED_BY_POSTING)
                self._post(EntryKind.SETTLEMENT, held_on, moment, self._key())
                how = words.SETTLED_BY_POSTING
            else:
                settled_on = min(closed_on + timedelta(rng.randint(0, 9)), self.today - timedelta(1))
                how = rng.choice(words.SETTLED)
            settlement = [settled_on.isoformat(), facilitator, self._moment(max(settled_on, closed_on)), how, entry]
        return self.tables.cash_counts.add(
            self.pk, held_on.isoformat(), expected, expected + difference, rng.choice(words.DIFFERENCES), facilitator,
            moment, *settlement,
        )  # fmt: skip

    def _write_meeting(self, held: Held) -> None:
        tables, facilitator = self.tables, self.plan.facilitator
        by_role = {term.role: term.person for term in self._officers()}
        in_person = held.in_person
        ketua, sekretaris = by_role.get(KETUA), by_role.get(SEKRETARIS)
        leader = ketua if ketua in in_person else in_person[0]
        note_taker = sekretaris if sekretaris in in_person else in_person[-1]
        closed_at = self._moment(held.closed_on)
        opened_at = self._moment(held.held_on) if held.closed_on > held.held_on else closed_at
        attendance = held.attendance
        critical = [row for row in held.agenda if row.critical]
        self.meetings += 1
        self.closed_on = held.closed_on
        self.last_held_on = held.held_on
        pk = tables.meetings.add(
            self.pk, self.meetings, 1, MeetingStatus.CLOSED.value, held.held_on.isoformat(), self.place, leader.pk,
            note_taker.pk, None, held.key, held.entry, held.cash_count, len(attendance),
            *(attendance.count(status) for status in AttendanceStatus.values), held.savers, len(held.agenda),
            sum(1 for row in held.agenda if row.decision), len(critical),
            sum(1 for row in critical if row.decision), opened_at, facilitator, closed_at, facilitator, closed_at,
        )  # fmt: skip
        for person, status in zip(held.people, attendance, strict=True):
            tables.attendances.add(self.pk, pk, person.pk, status)
        for number, row in enumerate(held.agenda, start=1):
            tables.agenda.add(
                self.pk, pk, number, row.title, row.discussion, row.decision, row.responsible, _iso(row.due_on),
                int(row.critical), _iso(row.done_on), facilitator if row.done_on else None,
            )  # fmt: skip

    def _draft(self, held_on: date) -> None:
        """Leave a sheet begun and not closed, as the meeting sheet's form would have been sent."""
        people = self._here(held_on)
        by_role = {term.role: str(term.person.pk) for term in self._officers()}
        sheet = {
            "held_on": held_on.isoformat(),
            "place": self.place,
            "leader": by_role.get(KETUA, ""),
            "note_taker": by_role.get(SEKRETARIS, ""),
        }
        for person in people[: len(people) * 2 // 3]:
            sheet[f"m{person.pk}-attendance"] = PRESENT
            sheet[f"m{person.pk}-wajib"] = str(self.rules.wajib)
        topic = self.rng.choice(words.TOPICS)
        sheet |= {"agenda-TOTAL_FORMS": "1", "agenda-INITIAL_FORMS": "0", "agenda-0-title": topic.title}
        for prefix in ("loans", "other"):
            sheet |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
        moment = self._moment(self.today - timedelta(1))
        facilitator = self.plan.facilitator
        self.tables.meetings.add(
            self.pk, self.meetings + 1, 1, MeetingStatus.DRAFT.value, held_on.isoformat(), "", None, None,
            json.dumps(sheet), self._key(), None, None, *[0] * 11, moment, facilitator, moment, facilitator, None,
        )  # fmt: skip

    # Small things

    def _post(self, kind: EntryKind, on: date, moment: str, key: str, memo: str = "") -> None:
        self.entries += 1
        self.tables.entries.add(
            self.pk, self.entries, kind.value, on.isoformat(), moment, self.plan.facilitator, memo, key, None
        )

    def _key(self) -> str:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4).hex

    def _moment(self, day: date) -> str:
        """Return a time on the afternoon of that day (in UTC it is the morning)."""
        return f"{day.isoformat()} {self.rng.randint(8, 12):02}:{self.rng.randrange(60):02}:00"

    def _day_between(self, first: date, last: date) -> date:
        return first + timedelta(int(self.rng.random() * max(1, (last - first).days)))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
