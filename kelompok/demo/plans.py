"""Which groups there are, and what kind of group each is: decided before anything is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from groups.models import FacilitatorAssignment, Group, MeetingEvery, User
from kelompok.demo import words
from kelompok.demo.copies import GroupCopy
from kelompok.demo.forming import DAYS_OF_FORMING
from kelompok.demo.organisations import DemoOrganisation

SHOWN, TEMPLATES = 24, 24
"""The groups a visitor sees, and those beyond them that are recorded too; further groups are copies of the latter."""
_GOLDEN = 0.6180339887498949
_TIERS = ((0.3, 0.94, 1.0), (0.72, 0.82, 0.89), (1.0, 0.08, 0.3))
"""Up to which share of the groups, and their quality: on the way to Kembang, to Tumbuh, still Tunas."""
_RISES, _FALLS = 0.2, 0.3
"""Of all groups, those that were once worse, and, up to the second share, those that were once better."""
_TAKEN_OVER = 5
"""One group in so many was accompanied by another facilitator before."""
_MEETS_TODAY, _MEETS_TOMORROW, _DRAFTS, _FORMING = 2, 3, (4, 5), 9
"""Places of groups that give the day's page of a facilitator something to show."""
_MADE_FOR_SIGNALS: tuple[dict[int, tuple[str, float, float]], ...] = (
    {
        5: ("one_recorder", 0.9, 1.3),
        6: ("copied_meetings", 0.3, 1.2),
        7: ("late_night_batches", 0.89, 1.2),
        8: ("full_attendance", 0.97, 1.3),
    },
    {
        1: ("same_amounts", 0.93, 1.3),
        2: ("cash_always_agrees", 0.95, 1.3),
        3: ("same_leaders", 0.9, 6.5),
        4: ("leaders_change_often", 0.8, 1.2),
        5: ("terms_expired", 0.86, 4.0),
        6: ("no_woman_leads", 0.85, 1.2),
    },
)
"""By organisation, places of the groups whose records show a signal, with the signal, their quality and age."""
ENOUGH_FOR_ONE_FORMING = 12
"""With more groups to show, one of the first organisation is being formed."""
_RHYTHM: dict[str, str] = {
    "late_night_batches": MeetingEvery.WEEK,
    "one_recorder": MeetingEvery.FORTNIGHT,
    "full_attendance": MeetingEvery.MONTH,
    "cash_always_agrees": MeetingEvery.FORTNIGHT,
    "facilitator_groups_alike": MeetingEvery.MONTH,
}
"""How often groups meet that show a signal, where it needs many meetings, or few counts of the cash box."""


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What a group is before anything of it is recorded.

    Quality is from 0 to 1, at the first meeting and now. `age` is the share of the recorded months the group exists,
    above 1 for one that is older; after the share `stops_after` of them it met no more. `shows` names the signal that
    its records give; `is_template` says that it is there to be copied, `is_forming` that it is being formed still.
    """

    organisation: DemoOrganisation
    code: str
    name: str
    facilitator: User
    village: str
    quality_first: float
    quality_now: float
    age: float
    stops_after: float = 1.0
    predecessor: User | None = None
    founded_on: date | None = None
    every: str = ""
    weekday: int | None = None
    members: tuple[int, int] = (8, 20)
    has_big_loan: bool = False
    leaves_draft: bool = False
    has_minute_book_of_guide: bool = False
    shows: str = ""
    is_template: bool = False
    is_forming: bool = False

    def quality(self, share: float) -> float:
        """Return the quality at a share of the recorded time, from 0 (first meeting) to 1 (today)."""
        return self.quality_first + (self.quality_now - self.quality_first) * share


def group_plans(organisations: list[DemoOrganisation], *, seed: int, today: date) -> Iterator[tuple[GroupPlan, Random]]:
    """Yield every group to record with a generator of its own, so that no group depends on another's chance."""
    number = 0
    for demo, shown, templates in zip(organisations, _shares(SHOWN), _shares(TEMPLATES), strict=True):
        for index in range(min(demo.groups, shown + templates)):
            rng = Random(f"{seed}-{number}")  # noqa: S311 - demo data, repeatable by its seed
            plan = ordinary_plan(demo, index, number, rng)
            if index >= shown:
                plan = replace(plan, is_template=True)
            elif special := _special(demo, index, plan, min(demo.groups, shown), today):
                plan = special
                if plan.shows == "facilitator_groups_alike":
                    rng = Random(f"{seed}-alike")  # noqa: S311 - the same chance for each of them
            yield plan, rng
            number += 1


def group_copies(organisations: list[DemoOrganisation], templates: list[Group], *, seed: int) -> Iterator[GroupCopy]:
    """Yield what the groups beyond the recorded ones are to be: copies of the templates of their organisation."""
    rng = Random(f"{seed}-copies")  # noqa: S311 - demo data, repeatable by its seed
    for demo, shown, beyond in zip(organisations, _shares(SHOWN), _shares(TEMPLATES), strict=True):
        own = [group for group in templates if group.organisation_id == demo.organisation.pk]
        former = dict(
            FacilitatorAssignment.objects.filter(group__in=own, ended_on=None).values_list("group", "facilitator")
        )
        for index in range(shown + beyond, demo.groups):
            template, facilitator = own[index % len(own)].pk, facilitator_of(demo, index)
            yield GroupCopy(
                template=template,
                code=demo.code(index),
                name=_name(index),
                village=rng.choice(demo.villages[facilitator % len(demo.villages)]),
                former=former[template],
                facilitator=demo.facilitators[facilitator].pk,
                key=uuid.UUID(int=rng.getrandbits(128), version=4),
            )


def facilitator_of(demo: DemoOrganisation, index: int) -> int:
    """Return the place of the facilitator of an organisation's group number `index`; the one of the alike is last."""
    others = len(demo.facilitators) - bool(demo.alike)
    return min(index * others // demo.groups, others - 1)


def _name(index: int) -> str:
    again, place = divmod(index, len(words.GROUP_NAMES))
    return f"{words.GROUP_NAMES[place]} {again + 1}" if again else words.GROUP_NAMES[place]


def _shares(groups: int) -> tuple[int, int]:
    return groups * 2 // 3, groups - groups * 2 // 3


def ordinary_plan(demo: DemoOrganisation, index: int, number: int, rng: Random) -> GroupPlan:
    """Return the plan of an organisation's group number `index`, which is `number` among all, as chance has it."""
    facilitator = facilitator_of(demo, index)
    first, now = _quality(number, rng)
    chance = rng.random()
    is_tired = now < 0.3 and rng.random() < 0.25
    return GroupPlan(
        organisation=demo,
        code=demo.code(index),
        name=_name(index),
        facilitator=demo.facilitators[facilitator],
        village=rng.choice(demo.villages[facilitator % len(demo.villages)]),
        quality_first=first,
        quality_now=now,
        age=rng.uniform(0.3, 0.5) if chance < 0.08 else rng.uniform(0.8, 1.0) if chance < 0.4 else rng.uniform(1, 2.5),
        stops_after=rng.uniform(0.5, 0.8) if is_tired else 1.0,
        predecessor=demo.facilitators[facilitator - 1] if index % _TAKEN_OVER == _TAKEN_OVER - 2 else None,
    )


def _quality(number: int, rng: Random) -> tuple[float, float]:
    """Return first and present quality of group `number`; any run of numbers holds every tier in its share."""
    place = (number * _GOLDEN) % 1
    tier = next(tier for tier, (upto, _low, _high) in enumerate(_TIERS) if place < upto)
    low, high = _TIERS[tier][1:]
    now, drift = rng.uniform(low, high), rng.random()
    if drift < _RISES and tier < 2:
        return rng.uniform(*_TIERS[tier + 1][1:]), now
    if drift < _FALLS and tier > 0:
        return rng.uniform(*_TIERS[tier - 1][1:]), now
    return now, now


def _special(demo: DemoOrganisation, index: int, plan: GroupPlan, shown: int, today: date) -> GroupPlan | None:
    """Return the plan of a group that is there to show something, None for an ordinary group."""
    if index >= shown - demo.alike:
        return replace(
            plan, name=words.ALIKE[index - shown + demo.alike], facilitator=demo.facilitators[-1], predecessor=None,
            quality_first=0.88, quality_now=0.88, age=1.5, stops_after=1.0,
            every=_RHYTHM["facilitator_groups_alike"], shows="facilitator_groups_alike",
        )  # fmt: skip
    steady = replace(plan, stops_after=1.0)
    if demo.is_first and index == 0:
        return replace(steady, name=words.WITH_LOAN, quality_first=0.96, quality_now=0.98, age=1.0, has_big_loan=True)
    if demo.is_first and index == 1:
        founded_on = minute_book_founding(today)
        return replace(
            steady, name=words.WITH_MINUTE_BOOK, founded_on=founded_on, every=MeetingEvery.WEEK.value,
            weekday=founded_on.weekday(), has_minute_book_of_guide=True,
        )  # fmt: skip
    if made := _MADE_FOR_SIGNALS[not demo.is_first].get(index):
        signal, quality, age = made
        return replace(
            steady, name=words.SHOWING[signal], quality_first=quality, quality_now=quality, age=age,
            every=_RHYTHM.get(signal, ""), predecessor=None, shows=signal,
        )  # fmt: skip
    if index == 0:
        return replace(steady, quality_first=0.97, quality_now=0.97)
    if index == _MEETS_TODAY:
        return replace(
            steady, quality_first=0.96, quality_now=0.97, every=MeetingEvery.WEEK.value, weekday=today.weekday()
        )
    if index == _MEETS_TOMORROW:
        return replace(steady, every=MeetingEvery.WEEK.value, weekday=(today.weekday() + 1) % 7)
    if index in _DRAFTS:
        return replace(steady, predecessor=None, leaves_draft=True)
    if demo.is_first and index == _FORMING and shown > ENOUGH_FOR_ONE_FORMING:
        founded_on = today - timedelta(DAYS_OF_FORMING)
        return replace(steady, name=words.FORMING, founded_on=founded_on, predecessor=None, is_forming=True)
    if index == shown - demo.alike - 1:  # one in each organisation stopped to meet for good
        return replace(plan, quality_first=0.35, quality_now=0.15, age=1.2, stops_after=0.5)
    return None


def minute_book_founding(today: date) -> date:
    """Return the day the group of the guide was founded, a week before its first meeting in the latest June past."""
    last = words.MINUTE_BOOK[-1][0]
    return date(today.year - (today <= date(today.year, *last)), *words.MINUTE_BOOK_FOUNDED)
