"""What happened to a group beside its scores: changes of stage with their cause, and events in its life."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.models import Assessment, Indicator, ScoreRevision, StageRule
from finance.models import ExternalLoan, Loan, LoanEnd
from groups.models import Constitution, Group, GroupStatusChange, OfficerTerm
from groups.shared.money import rupiah

MOST_TRANSITIONS = 12
"""Changes of stage that a page names, the newest; the line shows all."""
MOST_REVISIONS = 12
"""Days scored anew that a page names, the newest."""
LARGE_WRITE_OFF = 10
"""A write-off is large from a tenth of what was lent in the year before it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of stage between two stored assessments, with what gained or lost points between them."""

    before: Assessment
    after: Assessment
    from_label: str
    to_label: str
    causes: list[str]

    @property
    def is_fall(self) -> bool:
        """Whether the stage went down."""
        return self.after.rank < self.before.rank


class Event(NamedTuple):
    """Something in the life of a group: the day, what it was, in which words, and the page that shows it."""

    on: date
    kind: Promise
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Revised:
    """A past day that was scored anew, with the names of both stages."""

    revision: ScoreRevision
    was_label: str
    now_label: str


def revised(group: Group, scheme: str, since: date) -> list[Revised]:
    """Return which days since `since` were scored anew and why, the newest first, at most `MOST_REVISIONS`."""
    found = ScoreRevision.objects.filter(group=group, scheme=scheme, as_of__gte=since).defer("indicators")
    revisions = list(found.select_related("cause_recorded_by")[:MOST_REVISIONS])
    names = stage_names({revision.instrument_id for revision in revisions})
    return [
        Revised(
            revision,
            names.get((revision.instrument_id, revision.was_stage), revision.was_stage),
            names.get((revision.instrument_id, revision.now_stage), revision.now_stage),
        )
        for revision in revisions
    ]


def stage_names(instruments: Iterable[int]) -> dict[tuple[int, str], str]:
    """Return the names of the stages of versions of instruments, by version and stage, in one statement."""
    rules = StageRule.objects.filter(instrument__in=set(instruments))
    return {(rule.instrument_id, rule.stage): rule.name for rule in rules}


def transitions(scores: Sequence[Assessment], known: Iterable[StageRule] = ()) -> list[Transition]:
    """Return the changes of stage between the scores of a group, the newest first, at most `MOST_TRANSITIONS`.

    `scores` are by one scheme and oldest first; `known` are all stages of versions that are read already.
    """
    changes = [(was.pk, now.pk) for was, now in pairwise(scores) if was.rank != now.rank][-MOST_TRANSITIONS:]
    found = Assessment.objects.select_related("instrument").in_bulk([pk for pair in changes for pk in pair])
    used = {assessment.instrument_id for assessment in found.values()}
    stages = {(rule.instrument_id, rule.rank): rule.name for rule in known}
    others = used - {instrument for instrument, _rank in stages}
    stages |= {(rule.instrument_id, rule.rank): rule.name for rule in StageRule.objects.filter(instrument__in=others)}
    names = {indicator.code: indicator.name for indicator in Indicator.objects.filter(instrument__in=used)}
    return [
        Transition(
            found[before],
            found[after],
            stages[found[before].instrument_id, found[before].rank],
            stages[found[after].instrument_id, found[after].rank],
            list(_causes(found[before], found[after], names)),
        )
        for before, after in reversed(changes)
    ]


def _causes(before: Assessment, after: Assessment, names: dict[str, str]) -> Iterator[str]:
    """Why the two differ: another version of the instrument, overrides, and points, the largest difference first."""
    if before.instrument_id != after.instrument_id:
        yield _("Another version of the instrument: %(instrument)s") % {"instrument": after.instrument}
    changed: list[tuple[int, str]] = []
    for code in sorted(before.indicators.keys() | after.indicators.keys()):
        was, now = before.indicators.get(code, {}), after.indicators.get(code, {})
        given_before, given_now = was.get("given"), now.get("given")
        points = [(given or found).get("points", 0) for given, found in ((given_before, was), (given_now, now))]
        if points[0] == points[1]:
            continue
        words = _("%(indicator)s: %(before)d → %(after)d points") % {
            "indicator": names.get(code, code), "before": points[0], "after": points[1]
        }  # fmt: skip
        if given_now and given_now != given_before:
            words = _("%(change)s (given by a person)") % {"change": words}
        elif given_before and not given_now:
            words = _("%(change)s (what a person gave ended)") % {"change": words}
        changed.append((-abs(points[1] - points[0]), words))
    yield from (words for _size, words in sorted(changed))


def events(group: Group, since: date, until: date) -> list[Event]:
    """Return elections, changed rules, loans from outside, changes of status and large write-offs, oldest first."""
    days = (since, until)
    found = [
        *_elections(group, days), *_rules(group, days), *_external(group, days), *_status(group, days),
        *_write_offs(group, days),
    ]  # fmt: skip
    return sorted(found, key=lambda event: event.on)


def _elections(group: Group, days: tuple[date, date]) -> Iterator[Event]:
    terms = OfficerTerm.objects.filter(group=group, started_on__range=days).select_related("member")
    elected: dict[date, list[str]] = {}
    for term in terms.order_by("started_on", "role"):
        elected.setdefault(term.started_on, []).append(f"{term.get_role_display()} {term.member}")
    for day, names in elected.items():
        yield Event(day, gettext_lazy("Election"), ", ".join(names), reverse("officers", args=[group.code]))


def _rules(group: Group, days: tuple[date, date]) -> Iterator[Event]:
    versions = Constitution.objects.filter(group=group, agreed_on__range=days, version__gt=1)
    for number in versions.order_by("agreed_on", "version").values_list("version", "agreed_on"):
        text = _("Version %d") % number[0]
        yield Event(number[1], gettext_lazy("Changed rules"), text, reverse("constitution", args=[group.code]))


def _external(group: Group, days: tuple[date, date]) -> Iterator[Event]:
    for loan in ExternalLoan.objects.filter(group=group, received_on__range=days, cancelled_at__isnull=True):
        text = f"{loan.lender}, {rupiah(loan.principal)}"
        url = reverse("external-loan", args=[group.code, loan.number])
        yield Event(loan.received_on, gettext_lazy("Loan from outside"), text, url)


def _status(group: Group, days: tuple[date, date]) -> Iterator[Event]:
    for change in GroupStatusChange.objects.filter(group=group, changed_on__range=days):
        text = f"{change}: {change.reason}" if change.reason else str(change)
        yield Event(change.changed_on, gettext_lazy("Status"), text, reverse("group", args=[group.code]))


def _write_offs(group: Group, days: tuple[date, date]) -> Iterator[Event]:
    written_off = Q(ended_as=LoanEnd.WRITTEN_OFF, ended_on__range=days)
    recent = Q(disbursed_on__gt=days[0] - timedelta(365))
    found = Loan.objects.filter(written_off | recent, group=group, cancelled_at__isnull=True)
    loans = list(found.select_related("member").order_by("number"))
    for loan in loans:
        day = loan.ended_on
        if loan.ended_as != LoanEnd.WRITTEN_OFF or day is None or not days[0] <= day <= days[1]:
            continue
        year = sum(lent.principal for lent in loans if day - timedelta(365) < lent.disbursed_on <= day)
        if loan.unpaid_principal * LARGE_WRITE_OFF >= year:
            text = f"{loan.member}, {rupiah(loan.unpaid_principal)}"
            url = reverse("loan", args=[group.code, loan.number])
            yield Event(day, gettext_lazy("Large write-off"), text, url)
