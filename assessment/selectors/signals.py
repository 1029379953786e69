"""Signals for pages: of one group with the records behind them, and of all groups of a dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, FilteredRelation, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from assessment.selectors.dashboard import VILLAGE_NAME
from assessment.signals import Signal, SignalHit, all_signals, read_hits
from groups.models import FacilitatorAssignment, Group, User
from groups.selectors import people_named

BITS = {name: 1 << place for place, name in enumerate(all_signals())}
"""The bit of each signal in `KeptSignals.names`."""
FACILITATOR_GROUPS = 5
"""With fewer groups, scores that are alike say nothing."""
ALIKE_POINTS = 2
"""Scores within two points of each other are alike."""


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal of a group as a page shows it; `person` is who recorded everything, empty for other signals."""

    found: SignalHit
    code: str
    person: str = ""

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

    @property
    def meetings(self) -> Sequence[str]:
        """The numbers of the meetings that gave rise to it, if it names them."""
        return self.found.records if self.question.of_meetings else ()


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

    `number` are those groups, rows for `shown`; `is_whole` says whether the signals of all groups are kept.
    """

    is_whole: bool
    counts: dict[str, int]
    number: int
    groups: QuerySet[Group, Any]


def signals_of(group: Group) -> list[ShownSignal]:
    """Return what to look into at a group today, in at most two statements."""
    found = read_hits([group.pk], timezone.localdate())[group.pk]
    names = _names(found)
    return [ShownSignal(one, group.code, _person(one, names)) for one in found]


def overview(groups: QuerySet[Group], as_of: date, signal: str = "") -> Overview:
    """Return the kept signals of `groups` as of a day, listing only groups with `signal` if one is named.

    One statement, whatever the number of groups.
    """
    tally, is_whole = _tally(groups, as_of)
    wanted = BITS[signal] if signal else sum(BITS.values())
    listed = (
        _with_kept(groups, as_of)
        .alias(wanted=F("of_day__names").bitand(wanted))
        .filter(wanted__gt=0)
        .annotate(found=F("of_day__found"), village_name=VILLAGE_NAME)
        .order_by(F("of_day__count").desc(), "name", "code")
        .values_list("pk", "code", "name", "village_name", "found", named=True)
    )
    return Overview(
        is_whole=is_whole,
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


def _with_kept(groups: QuerySet[Group], as_of: date) -> QuerySet[Group]:
    """Join to each group as `of_day` its signals as of the day, if they are kept and true."""
    of_day = Q(kept_signals__as_of=as_of, kept_signals__is_stale=False)
    return groups.annotate(of_day=FilteredRelation("kept_signals", condition=of_day))


def _tally(groups: QuerySet[Group], as_of: date) -> tuple[dict[int, int], bool]:
    """Return how many groups have which signals, by bits, and whether those of all of them are kept."""
    rows = _with_kept(groups, as_of).order_by().values_list(F("of_day__names")).annotate(count=Count("pk"))
    found = dict(rows)
    return {names: count for names, count in found.items() if names is not None}, None not in found


@dataclass(frozen=True, slots=True)
class AlikeScores:
    """A facilitator whose groups all score alike, with the least and the highest score."""

    facilitator_id: int
    groups: int
    least: int
    most: int


def facilitator_signals(groups: QuerySet[Group], as_of: date, scheme: str) -> list[tuple[User, AlikeScores]]:
    """Return the facilitators whose groups all score alike, in at most two statements."""
    alike = alike_facilitators(groups, as_of, scheme)
    people = User.objects.in_bulk([one.facilitator_id for one in alike]) if alike else {}
    return [(people[one.facilitator_id], one) for one in alike]


def alike_facilitators(groups: QuerySet[Group], as_of: date, scheme: str) -> list[AlikeScores]:
    """Return who accompanies five or more of `groups` on a day that all score within two points of each other.

    Of each group its newest score by the scheme counts. Source: groups of different age and place differ; alike scores
    may be alike records.
    """
    score = "group__assessments__score"
    rows = (
        FacilitatorAssignment.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=as_of),
            started_on__lte=as_of,
            group__in=groups.order_by(),
            group__assessments__scheme=scheme,
            group__assessments__latest=True,
        )
        .order_by()
        .values_list("facilitator")
        .annotate(groups=Count("group", distinct=True), least=Min(score), most=Max(score))
        .filter(groups__gte=FACILITATOR_GROUPS, most__lte=F("least") + ALIKE_POINTS)
    )
    return [AlikeScores(*row) for row in rows.order_by("-groups", "facilitator")]


def _names(found: Iterable[SignalHit]) -> dict[int, str]:
    people = {int(one.records[0]) for one in found if all_signals()[one.signal].names_person}
    return people_named(people) if people else {}


def _person(one: SignalHit, names: dict[int, str]) -> str:
    return names[int(one.records[0])] if all_signals()[one.signal].names_person else ""
