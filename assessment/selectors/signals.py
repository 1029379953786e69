"""Signals for pages: of one group with the records behind them, and of all groups of a dashboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from assessment.questions import QUESTIONS, Question
from assessment.signals import SIGNALS, AlikeScores, Found, alike_facilitators, found_in
from groups.models import Group, User


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of a group as a page shows it; `person` is who recorded everything, empty for other signals."""

    found: Found
    code: str
    person: str = ""

    @property
    def question(self) -> Question:
        """What it is called and what to ask."""
        return QUESTIONS[self.found.signal]

    @property
    def words(self) -> str:
        """What was seen."""
        said = self.question.sentence(self.found)
        return f"{said}: {self.person}" if self.person else said

    @property
    def records_url(self) -> str:
        """The page of the group with the records."""
        return reverse(self.question.records, args=[self.code])

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
    signals: list[Signal]


@dataclass(frozen=True, slots=True)
class Overview:
    """How many groups have each signal, in the order of `SIGNALS`, and the groups with the most signals first."""

    counts: dict[str, int]
    groups: list[GroupSignals]


def signals_of(group: Group) -> list[Signal]:
    """Return what to look into at a group today, in at most two statements."""
    found = found_in(Group.objects.filter(pk=group.pk), timezone.localdate())
    names = _names(found)
    return [Signal(one, group.code, _person(one, names)) for one in found]


def overview(groups: QuerySet[Group], as_of: date, signal: str = "") -> Overview:
    """Return the signals of `groups` as of a day, listing only groups with `signal` if one is named.

    At most three statements, whatever the number of groups.
    """
    found = found_in(groups, as_of)
    tally = Counter(one.signal for one in found)
    counts = {name: tally[name] for name in SIGNALS}
    listed = {one.group_id for one in found if not signal or one.signal == signal}
    if not listed:
        return Overview(counts, [])
    names = _names(found)
    rows = {
        pk: GroupSignals(code, name, village or "", [])
        for pk, code, name, village in groups.order_by().values_list("pk", "code", "name", "village__name")
        if pk in listed
    }
    for one in found:
        if one.group_id in rows:
            row = rows[one.group_id]
            row.signals.append(Signal(one, row.code, _person(one, names)))
    return Overview(counts, sorted(rows.values(), key=lambda row: (-len(row.signals), row.name, row.code)))


def facilitator_signals(groups: QuerySet[Group], as_of: date, scheme: str) -> list[tuple[User, AlikeScores]]:
    """Return the facilitators whose groups all score alike, in at most two statements."""
    alike = alike_facilitators(groups, as_of, scheme)
    people = User.objects.in_bulk([one.facilitator_id for one in alike]) if alike else {}
    return [(people[one.facilitator_id], one) for one in alike]


def _names(found: Iterable[Found]) -> dict[int, str]:
    people = {int(one.records[0]) for one in found if one.signal == "one_recorder"}
    return {pk: str(person) for pk, person in User.objects.in_bulk(people).items()} if people else {}


def _person(one: Found, names: dict[int, str]) -> str:
    return names[int(one.records[0])] if one.signal == "one_recorder" else ""
