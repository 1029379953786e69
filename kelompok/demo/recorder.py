"""Records what happened to one group, as its facilitator would: day by day, through the services.

All chance comes from one generator, and every record bears a moment that follows from it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from assessment import instruments
from assessment.services import judge, override_give
from finance import services as finance
from finance.ledger.errors import LedgerError
from finance.models import Account, AccountKind, CashCount, LoanRequest, Transfer
from groups import services as groups
from groups.forms.constitution import EXPECTED, SANCTIONS
from groups.models import (
    BankAccount,
    Constitution,
    Gender,
    Group,
    GroupKind,
    GroupStatus,
    MeetingEvery,
    MeetingRhythm,
    Member,
    MissedWajib,
    OfficerRole,
    Pasaran,
)
from groups.shared.clock import clock_set_to
from groups.shared.schedule import MeetingCalendar
from kelompok.demo import words
from kelompok.demo.forming import record_founding, record_steps
from kelompok.demo.meeting import BIG_LOAN, DemoMeeting
from kelompok.demo.partners import PartnershipRecorder
from kelompok.demo.people import Person, make_people
from kelompok.demo.plans import GroupPlan
from kelompok.demo.visits import VisitedGroup, record_letters, record_phases, record_training_elsewhere, record_visits
from kelompok.demo.words import Topic
from kelompok.services import meeting_move, member_leave
from kelompok.services.dissolving import group_dissolve
from meetings.minutes import AgendaRow
from meetings.models import AgendaItem, AttendanceStatus, Meeting
from meetings.services import decision_done, draft_save, meeting_close
from meetings.sheet.context import open_sheet

_MONTH_DAYS = 30.44
_ELECTED_AGAIN = timedelta(500)
"""How long ago officers were elected once more who are in office for long."""
_DORMANT_AFTER = timedelta(days=120)
_DISSOLVED_AFTER = timedelta(days=120)
_SEEN_COUNTS = timedelta(10)
"""So long counts what staff saw on a visit instead of what is recorded, which the facilitator enters by then."""
_NIGHT_DAYS_AGO, _NIGHT_LEAST, _NIGHT_MOST = 60, 8, 55
"""The night in which meetings were closed in a batch, and how many days before it they were held."""
_RHYTHMS = {
    MeetingEvery.WEEK: 15, MeetingEvery.FORTNIGHT: 25, MeetingEvery.MONTH: 46, MeetingEvery.DATE: 8,
    MeetingEvery.SELAPAN: 6,
}  # fmt: skip
"""How many of a hundred groups agree to meet so."""
_NAMES_FUNDS = 0.85
"""Quality from which a group divides its surplus to funds with a name too, education and development."""
_COSTS_OF_INCOME = (0.6, 0.85)
"""What a group spends of the year's income: cost coverage (CCR) between 118 and 167 %."""


def officers_of(chosen: Sequence[Member], *, again: Member | None) -> dict[OfficerRole, Member]:
    """Return who takes which office; `again` stays treasurer, and nobody has two offices."""
    elected = dict(zip(OfficerRole, chosen, strict=True))
    if again is not None:
        successor = elected[OfficerRole.BENDAHARA]
        elected = {role: successor if member == again else member for role, member in elected.items()}
        elected[OfficerRole.BENDAHARA] = again
    return elected


class GroupRecorder:
    """Records one group from its registration to the day before `today`; its state is what the next day needs."""

    def __init__(self, plan: GroupPlan, rng: Random, *, today: date, months: int) -> None:
        self.plan = plan
        self.rng = rng
        self.today = today
        days = int(months * _MONTH_DAYS)
        self.founded_on = plan.founded_on or today - timedelta(max(10, int(days * plan.age)))
        self.start = max(self.founded_on, today - timedelta(days)) if plan.founded_on is None else plan.founded_on
        self.days = (today - self.start).days
        self.rhythm = self._rhythm()
        self.signatories = 2 if plan.quality_now > 0.9 else rng.choice((0, 1)) if plan.quality_now > 0.5 else 0
        # What groups do not share even where everything else in them is alike: names and keys.
        self.own = Random(f"{rng.random()}-{plan.code}")  # noqa: S311 - demo data, repeatable by its seed
        self.coming = make_people(plan, rng, self.own, founded_on=self.founded_on, start=self.start, today=today)
        self.people: dict[int, Person] = {}
        self.reliable: dict[int, bool] = {}
        self.cost_share = rng.uniform(*_COSTS_OF_INCOME)
        self.place = rng.choice(words.PLACES)
        self.copied: tuple[dict[int, AttendanceStatus], tuple[AgendaRow, ...]] | None = None
        self.owes_big_loan, self.granted = plan.has_big_loan, False
        self.last_held_on: date | None = None
        self.closed_on = self.start
        elects = rng.random() < 0.4 and plan.shows not in ("terms_expired", "same_leaders")
        self.elections = [self._some_day(0.5, 1.0)] if elects else []
        if plan.shows == "leaders_change_often":
            self.elections = [self._some_day(0.2, 0.3), self._some_day(0.6, 0.7)]
        self.changes_on = self._some_day(0.4, 1.0) if rng.random() < 0.3 and plan.shows != "same_amounts" else None

    @transaction.atomic
    def record(self) -> Group:
        """Record everything and return the group."""
        with self._recorded_on(self.start):
            self._register()
        if self.plan.is_forming:
            record_steps(self.group, self.plan.facilitator, start=self.start, recorded_on=self._recorded_on)
            return self.group
        self._hold_meetings()
        self._work_with_partners()
        self._judge()
        self._tick_off()
        self._be_visited()
        self._fall_asleep()
        self._move_next_meeting()
        return self.group

    def _rhythm(self) -> MeetingRhythm:
        plan, rng = self.plan, self.rng
        every = plan.every or rng.choices(list(_RHYTHMS), list(_RHYTHMS.values()))[0]
        weekday = rng.randrange(7) if plan.weekday is None else plan.weekday
        week = rng.randint(1, 4)
        rhythm = MeetingRhythm(
            agreed_from=self.founded_on, every=every, weekday=weekday, week=week,
            day_of_month=7 * (week - 1) + weekday + 1, pasaran=(weekday + week) % len(Pasaran),
        )  # fmt: skip
        rhythm.clean()
        return rhythm

    # Registration

    def _register(self) -> None:
        plan, rng = self.plan, self.rng
        bank = BankAccount(bank=rng.choice(words.BANKS), number=str(rng.randint(10**11, 10**12 - 1)), key=self._key())
        self.group = groups.group_register(
            actor=plan.organisation.administrator,
            group=Group(
                name=plan.name,
                status=GroupStatus.FORMING if plan.is_forming else GroupStatus.ACTIVE,
                kind=rng.choices(GroupKind.values, (80, 8, 12))[0],
                founded_on=self.founded_on,
                village_id=plan.village,
                place=self.place,
                key=self._key(),
            ),
            rhythm=self.rhythm,
        )
        # Codes are drawn by lot; the demo's can be guessed, and stay the same with the same seed.
        self.group.code = plan.code
        self.group.save(update_fields=["code"])
        self._assign()
        if plan.is_forming:
            self._join(self.start)
            return
        self._adopt(self._first_rules(), self.start)
        self._join(self.start)
        self._elect(self.founded_on if plan.shows in ("terms_expired", "same_leaders") else self.start)
        if plan.shows == "same_leaders":
            self._elect_again(self.today - _ELECTED_AGAIN)
        if self.signatories:
            self._open_account(bank)
        if self.founded_on < self.start:
            self._open()
        else:
            record_founding(self.group, plan.facilitator, on=self.start)

    def _open_account(self, account: BankAccount) -> None:
        """The treasurer signs, and the chair where two must."""
        offices = (OfficerRole.BENDAHARA, OfficerRole.KETUA)[: self.signatories]
        terms = self.group.officer_terms.effective(self.start).filter(role__in=offices).select_related("member")
        account.opened_on = self.start
        groups.bank_account_open(
            actor=self.plan.facilitator,
            group=self.group,
            account=account,
            signatures=self.signatories,
            signers=[term.member for term in terms],
        )

    def _assign(self) -> None:
        plan = self.plan
        staff, current, earlier = plan.organisation.staff, plan.facilitator, plan.predecessor
        started_on = self.start
        if earlier is not None and earlier != current:
            started_on = self._some_day(0.1, 0.9)
            first = groups.facilitator_assign(actor=staff, group=self.group, facilitator=earlier, started_on=self.start)
            groups.assignment_end(actor=staff, assignment=first, ended_on=started_on)
        groups.facilitator_assign(actor=staff, group=self.group, facilitator=current, started_on=started_on)

    def _asks_for_missed(self) -> bool:
        """Whether missed wajib is asked for: by groups that keep to what they agreed, all through the year."""
        return self.plan.quality_first >= 0.5 and not self.plan.has_minute_book_of_guide

    def _first_rules(self) -> Constitution:
        rng = self.rng
        rules = Constitution(
            aims=words.AIMS,
            expected=EXPECTED,
            sanctions=SANCTIONS,
            pokok=rng.choice((0, 20_000, 50_000, 100_000)) if self.plan.shows != "same_amounts" else 0,
            wajib=rng.choice((5_000, 10_000, 10_000, 15_000, 20_000)),
            missed_wajib=MissedWajib.ASKED if self._asks_for_missed() else MissedWajib.LET_GO,
            social=rng.choice((0, 0, 1_000, 2_000)),
            fine_late=rng.choice((0, 1_000, 2_000)),
            fine_absent=rng.choice((0, 2_000, 5_000)),
            loan_max_periods=rng.choice((6, 10, 12, 12)),
            loan_ceiling=rng.choice((1_000_000, 2_000_000, 3_000_000)),
            fine_late_instalment=rng.choice((0, 0, 0, 2_000, 5_000)),
            agreed_in_meeting=rng.random() < 0.25 + 0.8 * self.plan.quality_first,
        )
        if self.plan.quality_first >= _NAMES_FUNDS:
            rules.share_reserve, rules.share_education, rules.share_development = 10, 5, 5
        if self.plan.has_big_loan:
            rules.wajib, rules.loan_max_periods, rules.loan_ceiling = 20_000, 24, BIG_LOAN
        return rules

    def _adopt(self, rules: Constitution, on: date) -> None:
        rules.agreed_on = on
        self._count_votes(rules)
        rules.version = Constitution.objects.filter(group=self.group).count() + 1
        self.rules = groups.constitution_adopt(actor=self.plan.facilitator, group=self.group, constitution=rules)

    def _count_votes(self, rules: Constitution) -> None:
        """Let the members of the day vote where rules are agreed in a meeting; one in eight abstains."""
        members = Member.objects.filter(group=self.group).effective(rules.agreed_on).count()
        votes: tuple[int | None, ...] = (None, None, None)
        if rules.agreed_in_meeting and members:
            votes = (members - members // 8, 0, members // 8)
        rules.votes_for, rules.votes_against, rules.votes_abstained = votes

    def _join(self, day: date) -> None:
        """Register who has joined by a day and is not a member yet."""
        while self.coming and self.coming[0].joined_on <= day:
            person = self.coming.pop(0)
            profile = ("name", "gender", "birth_year", "phone", "joined_on")
            member = Member(key=self._key(), **{field: getattr(person, field) for field in profile})
            groups.member_register(actor=self.plan.facilitator, group=self.group, member=member)
            self.people[member.pk] = person

    def _elect(self, on: date) -> None:
        """Choose three officers, mostly among those who are not in office."""
        here = list(Member.objects.filter(group=self.group, left_on__isnull=True, joined_on__lte=on).order_by("number"))
        staying = [member for member in here if self.people[member.pk].leaves_on is None]
        new = [member for member in staying if not member.terms.filter(ended_on__isnull=True).exists()]
        candidates = new if len(new) >= len(OfficerRole) else staying
        if self.plan.shows == "no_woman_leads":
            candidates = [member for member in candidates if member.gender == Gender.MALE]
        chosen = self.rng.sample(candidates, len(OfficerRole))
        women = [member for member in candidates if member.gender == Gender.FEMALE]
        if women and not set(women) & set(chosen):
            chosen[0] = self.rng.choice(women)
        treasurer = next((m for m in here if m.terms.filter(role=OfficerRole.BENDAHARA, ended_on=None).exists()), None)
        elected = officers_of(chosen, again=treasurer if treasurer is not None and self.rng.random() < 0.4 else None)
        groups.officers_elect(actor=self.plan.facilitator, group=self.group, elected=elected, on=on)

    def _elect_again(self, on: date) -> None:
        """Choose the officers who are in office once more."""
        running = self.group.officer_terms.filter(ended_on=None).select_related("member")
        elected = {OfficerRole(term.role): term.member for term in running}
        groups.officers_elect(actor=self.plan.facilitator, group=self.group, elected=elected, on=on)

    def _open(self) -> None:
        """Enter what a group that existed before has on the first day."""
        rng, rules = self.rng, self.rules
        members = list(Member.objects.filter(group=self.group, joined_on__lte=self.start).order_by("number"))
        months = min(18, (self.start - self.founded_on).days // 30)
        alike = self.plan.shows == "same_amounts"
        savings = tuple(
            finance.OpeningSavings(
                member=member,
                pokok=rules.pokok,
                wajib=rules.wajib * (months if alike else rng.randint(months // 2, months)),
            )
            for member in members
        )
        saved = sum(row.total for row in savings)
        reserve, social = rng.randint(2, 12) * 25_000, rng.randint(0, 6) * 10_000 if rules.social else 0
        capital = rng.randint(4, 20) * 50_000
        assets = saved + reserve + social + capital
        bank = assets * 6 // 10 // 50_000 * 50_000 if self.signatories else 0
        finance.opening_record(
            actor=self.plan.facilitator,
            group=self.group,
            opening=finance.Opening(
                on=self.start, cash=assets - bank, bank=bank, social_fund=social, reserve=reserve, capital=capital,
                savings=savings,
            ),
            key=self._key(),
        )  # fmt: skip

    # Meetings

    def _hold_meetings(self) -> None:
        if self.plan.has_minute_book_of_guide:
            for (month, day), rows in words.MINUTE_BOOK:
                held_on = date(self.start.year, month, day)
                self._meet(held_on, held_on, topics=(), rows=rows)
            return
        rng = self.rng
        calendar = MeetingCalendar((self.rhythm.rhythm,))
        for agreed in calendar.dates(self.start, self.start + timedelta(int(self.days * self.plan.stops_after))):
            quality = self._quality(agreed)
            shift = rng.randint(-2, 3) if rng.random() > quality else 0
            is_missed = self.last_held_on is not None and rng.random() > 0.55 + 0.5 * quality
            held_on = max(agreed + timedelta(shift), self.start)
            if is_missed or (self.last_held_on is not None and held_on <= self.last_held_on):
                continue
            closed_on = max(self.closed_on, self._closing_day(held_on, quality))
            if closed_on >= self.today:
                break
            self._meet(held_on, closed_on, topics=() if self.last_held_on else (words.FOUNDING,))
        if self.last_held_on is not None:
            self._ask_again(self.last_held_on)
            if self.plan.leaves_draft:
                self._leave_draft(max(self.today - timedelta(1), self.last_held_on + timedelta(1)))

    def _closing_day(self, held_on: date, quality: float) -> date:
        """Return when a meeting is recorded: mostly within days, else when the facilitator finds time, weeks later."""
        if self.plan.shows == "late_night_batches":
            night = self.today - timedelta(_NIGHT_DAYS_AGO)
            return night if _NIGHT_LEAST <= (night - held_on).days <= _NIGHT_MOST else held_on
        on_time = self.rng.random() < 0.3 + 0.72 * quality
        return held_on + timedelta(self.rng.randint(0, 2) if on_time else self.rng.randint(4, 25))

    def _meet(
        self,
        held_on: date,
        closed_on: date,
        *,
        topics: tuple[Topic, ...],
        rows: tuple[tuple[str, str, str], ...] | None = None,
    ) -> None:
        """Record one meeting with all that goes with it; `rows` are the agenda of the guide's minute book."""
        quality = self._quality(held_on)
        with self._recorded_on(closed_on):
            self._join(held_on)
            self._let_leave(held_on)
            topics += self._change(held_on, quality)
            key = self._key()
            with transaction.atomic():
                context = open_sheet(actor=self.plan.facilitator, group=self.group, held_on=held_on, key=key)
                demo = DemoMeeting(self, context, held_on, quality)
                if len(demo.in_person) < 2:
                    return
                meeting = meeting_close(context=context, minutes=demo.minutes(topics, rows), key=key)
            self.last_held_on, self.closed_on = held_on, closed_on
            if meeting.cash_count is not None:
                self._settle(meeting.cash_count, closed_on, quality)
            self._carry_out(meeting, quality, every=rows is not None)
            if self.plan.shows != "same_amounts":
                self._buy(held_on, quality)

    def ask(self, member: Member, amount: int, periods: int, purpose: str, held_on: date) -> LoanRequest:
        """Write down what a member asks for, at the meeting before where there was one."""
        return finance.loan_request(
            actor=self.plan.facilitator, group=self.group, member=member, amount=amount, periods=periods,
            purpose=purpose, on=max(self.last_held_on or held_on, member.joined_on), key=self._key(),
        )  # fmt: skip

    def _ask_again(self, asked_on: date) -> None:
        """Leave a request or two for the next meeting: asked at the last one, or approved and not paid out yet."""
        rng, facilitator = self.rng, self.plan.facilitator
        if self.today - asked_on > _DORMANT_AFTER or self.plan.shows == "same_amounts":
            return
        owing = Account.objects.filter(kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted")).values("member")
        asking = LoanRequest.objects.running().values("member")
        here = Member.objects.filter(group=self.group, left_on=None).exclude(pk__in=owing).exclude(pk__in=asking)
        free = [member for member in here.order_by("number") if self.people[member.pk].leaves_on is None]
        with self._recorded_on(self.closed_on):
            for member in rng.sample(free, min(len(free), rng.choice((0, 1, 1, 2)))):
                amount, periods = rng.randint(4, 20) * 50_000, rng.choice((3, 5, 6))
                asked = self.ask(member, amount, periods, rng.choice(words.PURPOSES), asked_on)
                if rng.random() < 0.4:
                    finance.loan_request_approve(
                        actor=facilitator, group=self.group, request=asked, amount=amount, periods=periods,
                        on=asked_on, in_meeting=True,
                    )  # fmt: skip

    # Around the meeting

    def _change(self, held_on: date, quality: float) -> tuple[Topic, ...]:
        """Let the meeting elect officers and change the rules when it is time; return what that puts on the agenda."""
        topics: tuple[Topic, ...] = ()
        if self.elections and held_on >= self.elections[0]:
            del self.elections[0]
            self._elect(held_on)
            topics += (words.ELECTION,)
        if self.changes_on and held_on >= self.changes_on:
            self.changes_on = None
            rules = Constitution(**{rule: getattr(self.rules, rule) for rule in groups.RULES})
            rules.wajib, rules.social = rules.wajib + 5_000, rules.social or 1_000
            rules.agreed_in_meeting = self.rng.random() < 0.4 + 0.6 * quality
            self._adopt(rules, held_on)
            topics += (words.ADOPTION,)
        return topics

    def _let_leave(self, held_on: date) -> None:
        """Pay out and let go who wants to leave; who owes more than was saved, or finds no money there, stays on."""
        for member in Member.objects.filter(group=self.group, left_on=None).order_by("number"):
            leaves_on = self.people[member.pk].leaves_on
            if leaves_on is None or leaves_on > held_on or leaves_on <= member.joined_on:
                continue
            with suppress(LedgerError):
                member_leave(actor=self.plan.facilitator, member=member, left_on=held_on, key=self._key())

    def _carry_out(self, meeting: Meeting, quality: float, *, every: bool) -> None:
        """Mark decisions as carried out, some days before or after they were due."""
        for item in AgendaItem.objects.filter(meeting=meeting, due_on__isnull=False).order_by("number"):
            assert item.due_on is not None
            done_on = item.due_on if every else item.due_on + timedelta(self.rng.randint(-3, 4))
            if done_on < self.today and (every or self.rng.random() < 0.5 + 0.48 * quality):
                decision_done(actor=self.plan.facilitator, group=self.group, item=item, on=done_on)

    def _settle(self, count: CashCount, closed_on: date, quality: float) -> None:
        rng = self.rng
        if not count.difference or rng.random() > 0.2 + 0.8 * quality:
            return
        is_posted = rng.random() < 0.5
        finance.cash_count_settle(
            actor=self.plan.facilitator, count=count, post_difference=is_posted, key=self._key(),
            how=words.SETTLED_BY_POSTING if is_posted else rng.choice(words.SETTLED),
            on=count.counted_on if is_posted else min(closed_on + timedelta(rng.randint(0, 9)), self.today),
        )  # fmt: skip

    def _buy(self, held_on: date, quality: float) -> None:
        """Now and then buy something for the group, if the cash is there."""
        name, price = self.rng.choice(words.THINGS)
        if self.rng.random() < 0.03 * quality and not self.group.inventory.filter(name=name).exists():
            cash = self.group.accounts.get(kind=AccountKind.CASH).balance
            if cash > price * 3:
                finance.inventory_buy(
                    actor=self.plan.facilitator, group=self.group, name=name, price=price, on=held_on, key=self._key()
                )

    def _leave_draft(self, held_on: date) -> None:
        """Leave a sheet begun and not closed, as the form of the meeting sheet sends it."""
        members = list(Member.objects.filter(group=self.group, left_on=None).order_by("number"))
        officers = {term.role: str(term.member_id) for term in self.group.officer_terms.filter(ended_on=None)}
        sheet = {
            "held_on": held_on.isoformat(),
            "place": self.place,
            "leader": officers[OfficerRole.KETUA],
            "note_taker": officers[OfficerRole.SEKRETARIS],
            "agenda-TOTAL_FORMS": "1",
            "agenda-INITIAL_FORMS": "0",
            "agenda-0-title": self.rng.choice(words.TOPICS).title,
        }
        for prefix in ("loans", "other"):
            sheet |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
        for member in members[: len(members) * 2 // 3]:
            sheet |= {
                f"m{member.pk}-attendance": AttendanceStatus.PRESENT.value,
                f"m{member.pk}-wajib": str(self.rules.wajib),
            }
        with self._recorded_on(self.today - timedelta(1)):
            draft_save(actor=self.plan.facilitator, group=self.group, key=self._key(), draft=sheet)

    # Beside the meetings

    def _work_with_partners(self) -> None:
        """Record what the group does with others until it met last, or yesterday."""
        end = self.today - timedelta(1) if self.plan.stops_after == 1 else self.last_held_on or self.start
        PartnershipRecorder(self.plan, self.group, start=self.start, end=end).record()

    def _judge(self) -> None:
        """Let the staff say twice what no record measures, and what they saw of the work with others on a visit."""
        instrument = instruments.in_force(self.plan.organisation.organisation.pk)
        if instrument is None or self.plan.shows == "one_recorder":
            return
        for indicator in instrument.indicators.all():
            if indicator.metric not in ("", "external_activities"):
                continue
            levels = list(indicator.levels.all())
            for share in (0.1, 0.8):
                judged_on = self.start + timedelta(int(self.days * share))
                place = min(len(levels) - 1, int(self.plan.quality(share) * len(levels)))
                note = words.JUDGEMENTS[min(place, len(words.JUDGEMENTS) - 1)]
                judged: dict[str, Any] = {
                    "actor": self.plan.organisation.staff, "group": self.group, "level": levels[place], "note": note,
                    "judged_on": judged_on,
                }  # fmt: skip
                with self._recorded_on(judged_on):
                    if indicator.metric:
                        override_give(**judged, until=judged_on + _SEEN_COUNTS)
                    else:
                        judge(**judged)

    def _tick_off(self) -> None:
        """Tick off what the bank's statements of the months before show; careless groups leave the last ones."""
        end = self.today.replace(day=1) - timedelta(1 if self.plan.quality_now > 0.8 else 61)
        bank = Q(debit_account__kind=AccountKind.BANK) | Q(credit_account__kind=AccountKind.BANK)
        lines: dict[date, list[int]] = {}
        for pk, on in Transfer.objects.filter(bank, group=self.group).values_list("pk", "entry__effective_on"):
            if on <= end:
                month_end = (on.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
                lines.setdefault(min(end, month_end), []).append(pk)
        for statement_on, transfers in sorted(lines.items()):
            with self._recorded_on(statement_on + timedelta(1)):
                finance.bank_tick(
                    actor=self.plan.facilitator, group=self.group, transfers=transfers, statement_on=statement_on
                )

    def _be_visited(self) -> None:
        """Mentoring is agreed at the start; visits end with the meetings, and one is planned where the group meets."""
        last = self.last_held_on or self.start
        is_alive = self.today - last <= _DORMANT_AFTER
        visited = VisitedGroup(
            self.group, self.plan.facilitator, self.start, self.today if is_alive else last, is_alive,
            bool(self.plan.shows), self._recorded_then,
        )  # fmt: skip
        record_phases(visited, today=self.today)
        record_visits(visited, today=self.today)
        record_training_elsewhere(visited, today=self.today)
        record_letters(visited, today=self.today)

    def _fall_asleep(self) -> None:
        slept_on = (self.last_held_on or self.start) + _DORMANT_AFTER
        if self.plan.stops_after < 1 and slept_on < self.today:
            with self._recorded_on(slept_on):
                groups.group_status_change(
                    actor=self.plan.facilitator, group=self.group, status=GroupStatus.DORMANT, on=slept_on,
                    reason=words.DORMANT_FOR,
                )  # fmt: skip
            self._end(slept_on + _DISSOLVED_AFTER)

    def _end(self, ended_on: date) -> None:
        """Dissolve every other group that slept for long; what is left in its books stays an open case."""
        if ended_on < self.today and (self.group.number or 0) % 2 == 0:
            with self._recorded_on(ended_on):
                group_dissolve(
                    actor=self.plan.facilitator, group=self.group, on=ended_on, place=self.place,
                    present=words.PRESENT_AT_THE_END, reason=words.DISSOLVED_FOR, division="",
                    unsettled_why=words.UNSETTLED_FOR, key=self._key(),
                )  # fmt: skip

    def _move_next_meeting(self) -> None:
        """Move the next agreed meeting, or call it off, in one group of four that still meets."""
        if self.last_held_on is None or self.today - self.last_held_on > _DORMANT_AFTER or self.own.random() > 0.25:
            return
        day = MeetingCalendar((self.rhythm.rhythm,)).next_after(self.today)
        assert day is not None
        moved_to = None if self.own.random() < 0.2 else day + timedelta(self.own.randint(1, 4))
        with self._recorded_on(self.closed_on):
            meeting_move(
                actor=self.plan.facilitator, group=self.group, planned_on=day, moved_to=moved_to,
                reason=self.own.choice(words.MOVED_FOR),
            )  # fmt: skip

    # Small things

    def _quality(self, day: date) -> float:
        return self.plan.quality(min(1.0, (day - self.start).days / max(1, self.days)))

    def _some_day(self, first: float, last: float) -> date:
        """Return a day between two shares of the recorded time."""
        return self.start + timedelta(int(self.rng.uniform(first, last) * self.days))

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self.own.getrandbits(128), version=4)

    @staticmethod
    @contextmanager
    def _recorded_then(day: date) -> Iterator[None]:
        """Record at a fixed hour of a day, without a draw."""
        with clock_set_to(datetime.combine(day, time(17), tzinfo=timezone.get_default_timezone())):
            yield

    @contextmanager
    def _recorded_on(self, day: date) -> Iterator[None]:
        """Record on the evening of a day, or, in the group of the signal, late in the one night."""
        is_night = self.plan.shows == "late_night_batches" and day == self.today - timedelta(_NIGHT_DAYS_AGO)
        hour = 22 if is_night else self.rng.randint(15, 19)
        moment = datetime.combine(day, time(hour, self.rng.randrange(60)), tzinfo=timezone.get_default_timezone())
        with clock_set_to(moment):
            yield
