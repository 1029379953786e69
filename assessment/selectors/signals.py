"""Signals for pages: of one group with the records behind them, and of all groups of a dashboard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

import meetings.selectors
from assessment.models import GroupSnapshot, Need, Review
from assessment.selectors.dashboard import NAMED, Filters, with_names
from assessment.selectors.reviews import Reviews, covers, latest_reviews, shown_needs
from assessment.selectors.snapshots import shown_at, with_snapshot
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

    `person` is who recorded everything, empty for other signals; `review` is what was found when somebody looked into
    it, None while it is open, and `earlier` what was found before it became open again. `meetings` are the numbers and
    days of the meetings that gave rise to it, where it names them and the page leads to them.
    """

    found: SignalHit
    code: str
    person: str = ""
    review: Review | None = None
    earlier: Review | None = None
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

    pk: int
    code: str
    number: int
    group_prefix: str
    name: str
    village_name: str | None
    regency: str | None
    status_then: str
    signals: list[ShownSignal]

    @property
    def open(self) -> list[ShownSignal]:
        """Those that nobody looked into."""
        return [signal for signal in self.signals if signal.review is None]

    @property
    def reviewed(self) -> list[ShownSignal]:
        """Those that were looked into."""
        return [signal for signal in self.signals if signal.review is not None]


@dataclass(frozen=True, slots=True)
class Overview:
    """How many groups have each signal, in the order of `all_signals`, and the groups with the most signals first.

    `reviewed` says of how many of them it was looked into. `of_all` are all groups looked at, `number` those listed,
    whose rows are for `shown`.
    """

    counts: dict[str, int]
    reviewed: dict[str, int]
    of_all: int
    number: int
    groups: QuerySet[Group, Any]


@dataclass(frozen=True, slots=True)
class AlikeScores:
    """A facilitator whose groups all score alike, with the least and the highest score."""

    facilitator: User
    groups: int
    least: int
    most: int


def look_into(group: Group, need: Need, as_of: date) -> dict[str, Any]:
    """Return what to look into at a group on a day: `needs` and `signals`, and of both what was `reviewed`.

    `need` are the reasons for help by its score of the day.
    """
    reviews = latest_reviews(group, as_of)
    needs, signals = shown_needs(group, need, reviews, as_of), signals_of(group, as_of, reviews)
    of_needs = [(reason.label, reason.review) for reason in needs if reason.review is not None]
    of_signals = [(signal.question.label, signal.review) for signal in signals if signal.review is not None]
    return {"needs": needs, "signals": signals, "reviewed": of_needs + of_signals}


def signals_of(group: Group, as_of: date, reviews: Mapping[str, Review]) -> list[ShownSignal]:
    """Return the signals of a group on a day, with its latest reviews, in at most three statements."""
    found = read_hits([group.pk], as_of)[group.pk]
    names = _names(found)
    numbers = {one.signal: [int(number) for number in one.records] for one in found if _names_meetings(one)}
    days = meetings.selectors.days_held(group, {number for of_one in numbers.values() for number in of_one})
    return [
        replace(
            _shown(one, group.code, names, reviews, as_of),
            meetings=tuple((number, days[number]) for number in numbers.get(one.signal, ()) if number in days),
        )
        for one in found
    ]


def _names_meetings(found: SignalHit) -> bool:
    return all_signals()[found.signal].of_meetings


def overview(
    groups: QuerySet[Group],
    reviews: Reviews,
    month: date | None,
    as_of: date,
    signal: str = "",
    *,
    only_open: bool = False,
) -> Overview:
    """Return the signals of `groups` in a month, or the latest, listing only groups with `signal` if one is named.

    With `only_open` only those are listed that nobody looked into. `reviews` are those of these groups that count on
    the day `as_of`. One statement whatever the number of groups, and one more where there are reviews.
    """
    joined = with_snapshot(groups, month)
    signals = Coalesce("shown__signals", 0)
    tally = dict(joined.order_by().values_list(signals).annotate(count=Count("pk")))
    wanted = BITS[signal] if signal else sum(BITS.values())
    looked = _looked_into(joined, reviews, as_of)
    closed = [pk for pk, (bits, of_reviewed) in looked.items() if bits & wanted and not bits & wanted & ~of_reviewed]
    listed = (
        with_names(joined.filter(shown__signals__gt=0), month)
        .alias(wanted=F("shown__signals").bitand(wanted))
        .filter(wanted__gt=0)
        .annotate(found=F("shown__found"))
        .order_by(F("shown__signal_count").desc(), "name", "code")
        .values_list(*NAMED, "found", named=True)
    )
    number = sum(count for names, count in tally.items() if names & wanted)
    return Overview(
        counts={name: sum(count for names, count in tally.items() if names & bit) for name, bit in BITS.items()},
        reviewed={name: sum(bool(of_reviewed & bit) for _bits, of_reviewed in looked.values())
                  for name, bit in BITS.items()},
        of_all=sum(tally.values()),
        number=number - len(closed) if only_open else number,
        groups=listed.exclude(pk__in=closed) if only_open else listed,
    )  # fmt: skip


def _looked_into(joined: Any, reviews: Reviews, as_of: date) -> dict[int, tuple[int, int]]:
    """Return of each group with reviews the bits of its signals, and of those that the reviews cover."""
    if not reviews:
        return {}
    joined = joined.filter(pk__in=list(reviews), shown__isnull=False)
    rows = joined.order_by().values_list("pk", "shown__signals", "shown__found")
    return {
        pk: (bits, sum(BITS[hit.signal] for hit in _hits(pk, found) if covers(reviews[pk].get(hit.signal), hit, as_of)))
        for pk, bits, found in rows
    }


def shown(listed: Iterable[Any], reviews: Reviews, as_of: date, *, only_open: bool = False) -> list[GroupSignals]:
    """Return rows of an overview with their signals, in at most one statement for the names of people.

    With `only_open` without the signals that `reviews` cover on the day `as_of`.
    """
    rows = [(row, _hits(row.pk, row.found)) for row in listed]
    names = _names(one for _row, found in rows for one in found)
    return [
        GroupSignals(
            **{name: getattr(row, name) for name in NAMED},
            signals=[
                signal
                for one in found
                for signal in [_shown(one, row.code, names, reviews.get(row.pk, {}), as_of)]
                if signal.review is None or not only_open
            ],
        )
        for row, found in rows
    ]


def open_signals(
    groups: Collection[int] | QuerySet[Any, Any], reviews: Reviews, month: date | None, as_of: date
) -> dict[int, list[Signal]]:
    """Return by group the signals of its snapshot of a month, or the latest, that nobody looked into by `as_of`.

    One statement.
    """
    snapshots = GroupSnapshot.objects.filter(shown_at(month), group__in=groups, signals__gt=0)
    return {
        pk: [
            all_signals()[hit.signal]
            for hit in _hits(pk, found)
            if not covers(reviews.get(pk, {}).get(hit.signal), hit, as_of)
        ]
        for pk, found in snapshots.values_list("group", "found")
    }


def open_signals_of(group: Group, as_of: date) -> list[ShownSignal]:
    """Return the signals of a group on a day that nobody looked into."""
    signals = signals_of(group, as_of, latest_reviews(group, as_of))
    return [signal for signal in signals if signal.review is None]


def _hits(group: int, found: Iterable[Any]) -> list[SignalHit]:
    return [
        SignalHit(name, group, counted, amount, tuple(records), person)
        for name, counted, amount, records, person in found
    ]


def _shown(one: SignalHit, code: str, names: dict[int, str], reviews: Mapping[str, Review], as_of: date) -> ShownSignal:
    """Return a signal as a page shows it, with what was found when somebody looked into it."""
    review = reviews.get(one.signal)
    is_covered = covers(review, one, as_of)
    person = names[one.person] if one.person else ""
    return ShownSignal(one, code, person, review if is_covered else None, None if is_covered else review)


def alike_facilitators(groups: QuerySet[Group], as_of: date, filters: Filters) -> list[AlikeScores]:
    """Return who accompanies five or more of `groups` on a day that all score within two points of each other.

    Of each group its score at the end of the period counts. Source: groups of different age and place differ; alike
    scores may be alike records. At most two statements.
    """
    score = "group__snapshot_scores__score"
    scored = FacilitatorAssignment.objects.effective(as_of).filter(
        shown_at(filters.month, "group__snapshot_scores__"),
        group__in=groups.order_by(),
        group__snapshot_scores__scheme=filters.scheme,
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
    people = {one.person for one in found if one.person}
    return people_named(people) if people else {}
