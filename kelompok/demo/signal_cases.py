"""Groups whose records show one signal each of `assessment.signals`, as plausible as the signal itself."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from groups.models import Gender, MeetingEvery
from groups.shared.schedule import MeetingSchedule
from kelompok.demo import words
from kelompok.demo.history import PRESENT, REPRESENTED, SOCIAL_FUND, WAJIB, Life
from kelompok.demo.people import AgendaRow, Person, Plan, Request, Rules
from kelompok.demo.tables import Tables
from kelompok.demo.words import Topic

_FAULTLESS = 1.2
"""A quality at which cash is always counted and never differs."""
_NIGHT_DAYS_AGO, _LATE_DAYS, _BATCH_DAYS = 60, 8, 55
"""The night the batch was written, and how long after the last and the first of its meetings."""


class CopiesMinutes(Life):
    """The minutes of each meeting are those of the one before: the same people came, the same was said."""

    def __init__(self, tables: Tables, rng: Random, plan: Plan, *, today: date, months: int) -> None:
        super().__init__(tables, rng, plan, today=today, months=months)
        self._came: dict[int, str] = {}
        self._minutes: list[AgendaRow] = []

    def _attends(self, person: Person, quality: float) -> str:
        return self._came.setdefault(person.pk, super()._attends(person, quality))

    def _agenda(self, held_on: date, quality: float, topics: list[Topic], in_person: list[Person]) -> list[AgendaRow]:
        if topics:
            return super()._agenda(held_on, quality, topics, in_person)
        if not self._minutes:
            rows = super()._agenda(held_on, 1.0, topics, in_person)
            self._minutes = [row._replace(responsible=None, due_on=None, done_on=None) for row in rows]
        return self._minutes


class WritesAtNight(Life):
    """Seven weekly meetings were closed in one night."""

    def _rhythm(self) -> MeetingSchedule:
        return replace(super()._rhythm(), every=MeetingEvery.WEEK.value)

    @property
    def _night(self) -> date:
        return self.today - timedelta(_NIGHT_DAYS_AGO)

    def _closes_on(self, held_on: date, quality: float) -> date:
        if timedelta(_LATE_DAYS) <= self._night - held_on <= timedelta(_BATCH_DAYS):
            return self._night
        return held_on

    def _moment(self, day: date) -> str:
        if day == self._night:
            return f"{day.isoformat()} 15:{self.rng.randrange(60):02}:00"  # 22:… in Jakarta
        return super()._moment(day)


class AllCome(Life):
    """Nobody was ever missing."""

    def _attends(self, person: Person, quality: float) -> str:
        return PRESENT


class SameAmounts(Life):
    """Everybody always brings the same, and nobody borrows."""

    def _first_rules(self) -> Rules:
        return replace(super()._first_rules(), pokok=0)

    def _changed_rules(self) -> Rules:
        return self.rules

    def _attends(self, person: Person, quality: float) -> str:
        return REPRESENTED if self.rng.random() < 0.05 else PRESENT

    def _bring_money(self, entry: int, person: Person, status: str, held_on: date, quality: float) -> bool:
        cash, rules = self.books.cash, self.rules
        self.books.move(entry, cash, self._savings(person, WAJIB), rules.wajib, person.pk)
        if rules.social:
            self.books.move(entry, cash, self.books.account(SOCIAL_FUND), rules.social, person.pk)
        return True

    def _decide_loans(self, in_person: list[Person], held_on: date, quality: float) -> list[Request]:
        return []


class CashAgrees(Life):
    """The cash box was counted after every meeting, and never differed."""

    def _count_cash(self, held_on: date, closed_on: date, quality: float) -> int | None:
        return super()._count_cash(held_on, closed_on, _FAULTLESS)


class SameOfficers(Life):
    """The officers of the founding are in office still."""

    def _election_day(self, whole: int) -> date | None:
        return None

    def _elect(self, day: date) -> None:
        super()._elect(self.founded_on)


class NobodyLooksIn(Life):
    """Nobody but the facilitator who records ever looked at the group, which meets every week."""

    def _rhythm(self) -> MeetingSchedule:
        return replace(super()._rhythm(), every=MeetingEvery.WEEK.value)

    def _judge(self) -> None:
        return


class Alike(Life):
    """One of the groups of a facilitator who writes the same into all their books; the people have other names."""

    def __init__(self, tables: Tables, rng: Random, plan: Plan, *, today: date, months: int) -> None:
        self._own = Random(plan.code)  # noqa: S311 - demo data, repeatable
        super().__init__(tables, rng, plan, today=today, months=months)

    def _people(self) -> list[Person]:
        people = super()._people()
        women, men = (self._own.sample(names, len(people)) for names in (words.FEMALE, words.MALE))
        for person, woman, man in zip(people, women, men, strict=True):
            person.name, person.phone = woman if person.gender == Gender.FEMALE else man, ""
        return people

    def _key(self) -> str:
        return uuid.UUID(int=self._own.getrandbits(128), version=4).hex


SHOWING: dict[str, type[Life]] = {
    "copied_meetings": CopiesMinutes,
    "late_night_batches": WritesAtNight,
    "full_attendance": AllCome,
    "same_amounts": SameAmounts,
    "cash_always_agrees": CashAgrees,
    "terms_expired": SameOfficers,
    "one_recorder": NobodyLooksIn,
    "facilitator_groups_alike": Alike,
}
"""By signal, the life of a group that shows it."""
