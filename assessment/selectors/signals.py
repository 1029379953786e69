"""Signals for pages: of one group with the records behind them, and of all groups of a dashboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, QuerySet
from django.urls import reverse

import meetings.selectors
from assessment.selectors.dashboard import VILLAGE_NAME
from assessment.selectors.snapshots import with_latest
from assessment.signals import Signal, SignalHit, all_signals, read_hits
from groups.models import FacilitatorAssignment, Group, User
from groups.selectors import people_named

BITS = {name: 1 << place for place, name in enumerate(all_signals())}
"""The bit of each signal in `GroupSnapshot.signals`."""
FACILITATOR_GROUPS = 5
"""With fewer groups, scores that are alike say nothing."""
ALIKE_POINTS = 2
"""Scores within two points of each other are alike."""


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal of a group as a page shows it.

    `person` is who recorded everything, empty for other signals; `meetings` are the numbers and days of the meetings
    that gave rise to it, where it names them and the page leads to them.
    """

    found: SignalHit
    code: str
    person: str = ""
    meetings: tuple[tuple[int, date], ...] = ()

    @property
    def question(self) -> Signal:
        """What it is called and what to ask."""
        return all_signals()[self.found.signal]

    @property
    def words(self) -> str:
        """What was seen."""
        said = self.question.sentence(self.found)
        return f"{said}: {self.person}" if self.person else said

    @property
    def records_url(self) -> str:
        """The page of the group with the records."""
        return reverse(self.question.page, args=[self.code])


@dataclass(frozen=True, slots=True)
class GroupSignals:
    """A group with its signals."""

    code: str
    name: str
    village: str
    signals: list[ShownSignal]


@dataclass(frozen=True, slots=True)
class Overview:
    """How many groups have each signal, in the order of `all_signals`, and the groups with the most signals first.

    `number` are those groups, rows for `shown`.
    """

    counts: dict[str, int]
    number: int
    groups: QuerySet[Group, Any]


@dataclass(frozen=True, slots=True)
class AlikeScores:
    """A facilitator whose groups all score alike, with the least and the highest score."""

    facilitator: User
    groups: int
    least: int
    most: int


def signals_of(group: Group, as_of: date) -> list[ShownSignal]:
    """Return what to look into at a group on a day, in at most three statements."""
    found = read_hits([group.pk], as_of)[group.pk]
    names = _names(found)
    numbers = {one.signal: [int(number) for number in one.records] for one in found if _names_meetings(one)}
    days = meetings.selectors.days_held(group, {number for of_one in numbers.values() for number in of_one})
    return [
        ShownSignal(
            one,
            group.code,
            _person(one, names),
            tuple((number, days[number]) for number in numbers.get(one.signal, ()) if number in days),
        )
        for one in found
    ]


def _names_meetings(found: SignalHit) -> bool:
    return all_signals()[found.signal].of_meetings


def overview(groups: QuerySet[Group], signal: str = "") -> Overview:
    """Return the signals in the latest snapshots of `groups`, listing only groups with `signal` if one is named.

    One statement, whatever the number of groups.
    """
    joined = with_latest(groups).filter(latest__signals__gt=0)
    tally = dict(joined.order_by().values_list("latest__signals").annotate(count=Count("pk")))
    wanted = BITS[signal] if signal else sum(BITS.values())
    listed = (
        joined.alias(wanted=F("latest__signals").bitand(wanted))
        .filter(wanted__gt=0)
        .annotate(found=F("latest__found"), village_name=VILLAGE_NAME)
        .order_by(F("latest__signal_count").desc(), "name", "code")
        .values_list("pk", "code", "name", "village_name", "found", named=True)
    )
    return Overview(
        counts={name: sum(count for names, count in tally.items() if names & bit) for name, bit in BITS.items()},
        number=sum(count for names, count in tally.items() if names & wanted),
        groups=listed,
    )


def shown(listed: Iterable[Any]) -> list[GroupSignals]:
    """Return rows of an overview with their signals, in at most one statement for the names of people."""
    rows = [(row, [SignalHit(name, row.pk, *rest) for name, *rest in row.found]) for row in listed]
    names = _names(one for _row, found in rows for one in found)
    return [
        GroupSignals(
            row.code,
            row.name,
            row.village_name or "",
            [ShownSignal(one, row.code, _person(one, names)) for one in found],
        )
        for row, found in rows
    ]


def alike_facilitators(groups: QuerySet[Group], as_of: date, scheme: str) -> list[AlikeScores]:
    """Return who accompanies five or more of `groups` on a day that all score within two points of each other.

    Of each group its latest score by the scheme counts. Source: groups of different age and place differ; alike scores
    may be alike records. At most two statements.
    """
    score = "group__snapshot_scores__score"
    scored = FacilitatorAssignment.objects.effective(as_of).filter(
        group__in=groups.order_by(), group__snapshot_scores__month=None, group__snapshot_scores__scheme=scheme
    )
    rows = (
        scored.order_by()
        .values_list("facilitator")
        .annotate(groups=Count("group", distinct=True), least=Min(score), most=Max(score))
    )
    alike = rows.filter(groups__gte=FACILITATOR_GROUPS, most__lte=F("least") + ALIKE_POINTS)
    found = list(alike.order_by("-groups", "facilitator"))
    people = User.objects.in_bulk([pk for pk, *_rest in found]) if found else {}
    return [AlikeScores(people[pk], *rest) for pk, *rest in found]


def _names(found: Iterable[SignalHit]) -> dict[int, str]:
    people = {int(one.records[0]) for one in found if all_signals()[one.signal].names_person}
    return people_named(people) if people else {}


def _person(one: SignalHit, names: dict[int, str]) -> str:
    return names[int(one.records[0])] if all_signals()[one.signal].names_person else ""
