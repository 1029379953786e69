"""One stored assessment as it was: its inputs, what each indicator earned, and the records it counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment import instruments
from assessment.metrics import NO_DATA, Rows, all_metrics, rows_of_groups, sentence
from assessment.models import Assessment, AssessmentStatus, Indicator, Instrument, Judgement, Level, ScoreRevision
from assessment.scoring import Judged, latest_judgements
from assessment.selectors.current_score import level_of
from finance.models import CashCount
from groups.models import Group, Member, OfficerTerm, PartnerActivity
from meetings.models import AgendaItem, Meeting, MeetingStatus

Kept = dict[str, dict[str, list[int]]]
"""Numbers of records, by indicator and kind of record."""


class Kind(NamedTuple):
    """A kind of record that is kept as evidence: its name, and the page of one of them or of all."""

    name: Promise
    page: str
    of_one: bool


KINDS = {
    "meetings": Kind(gettext_lazy("Meetings"), "meeting", True),
    "loans": Kind(gettext_lazy("Loans"), "loan", True),
    "entries": Kind(gettext_lazy("Entries"), "entry", True),
    "cash_counts": Kind(gettext_lazy("Cash counts"), "cash-differences", False),
    "constitutions": Kind(gettext_lazy("Versions of the rules"), "constitution", False),
    "decisions": Kind(gettext_lazy("Decisions"), "decision-list", False),
    "officer_terms": Kind(gettext_lazy("Terms of office"), "officers", False),
    "members": Kind(gettext_lazy("Members"), "group", False),
    "activities": Kind(gettext_lazy("Activities"), "partnerships", False),
    "judgements": Kind(gettext_lazy("Judgements"), "assessment", False),
}


class KeptRecord(NamedTuple):
    """One record of the evidence: what people call it, and the page that shows it."""

    name: str
    url: str


Names = dict[str, dict[int, str]]
"""What people call the records of a kind whose kept number means nothing to them, by kind and number."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One indicator of a stored assessment; `given` is what a person gave over the measured points."""

    indicator: Indicator
    value: float | None
    measured_points: int
    facts: dict[str, int]
    given: int | None
    judgement: Judgement | None
    level: Level | None
    kept: list[tuple[Promise, list[KeptRecord]]]

    @property
    def points(self) -> int:
        """The points that counted."""
        return self.measured_points if self.given is None else self.given

    @property
    def words(self) -> str:
        """The measured value in words, or the label of the level a person chose."""
        if self.indicator.metric:
            return sentence(self.indicator.metric, self.value, self.facts)
        return str(self.level) if self.level is not None else str(NO_DATA)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored assessment with the version of the instrument it was computed by."""

    assessment: Assessment
    instrument: Instrument
    rows: list[StoredRow]

    @property
    def stage_label(self) -> str:
        """The name of the stage that counted."""
        return self._label(self.assessment.rank)

    @property
    def measured_stage_label(self) -> str:
        """The name of the stage without overrides."""
        return self._label(self.assessment.measured_rank)

    def _label(self, rank: int) -> str:
        return next(rule.name for rule in self.instrument.rules.all() if rule.rank == rank)


def stored(group: Group, scheme: str, day: date) -> Stored | None:
    """Return the assessment of the group by `scheme` as of `day` as it was stored, None if there is none."""
    people = Assessment.objects.select_related("finalised_by", "computed_by")
    assessment = people.filter(group=group, scheme=scheme, as_of=day).first()
    return None if assessment is None else _stored(group, assessment)


def shown_before(group: Group, pk: int) -> tuple[ScoreRevision, Stored] | None:
    """Return what was shown of a past day before it was scored anew, None if there is no such revision of the group."""
    people = ScoreRevision.objects.select_related("group", "cause_recorded_by")
    revision = people.filter(group=group, pk=pk).first()
    return None if revision is None else (revision, _stored(group, revision.shown))


def _stored(group: Group, assessment: Assessment) -> Stored:
    instrument = instruments.with_all_parts().get(pk=assessment.instrument_id)
    kept: Kept = assessment.evidence or {}
    judgements = _judgements(assessment, kept)
    names = _names(group, kept, judgements)
    rows = []
    for indicator in instrument.indicators.all():
        found = assessment.indicators[indicator.code]
        given = found.get("given")
        judged = kept.get(indicator.code, {}).get("judgements", [])
        chosen = given["judgement"] if given else judged[-1] if judged else None
        rows.append(
            StoredRow(
                indicator=indicator,
                value=found["value"],
                measured_points=found["points"],
                facts=found["facts"],
                given=given["points"] if given else None,
                judgement=judgements.get(chosen) if chosen is not None else None,
                level=level_of(indicator, found["value"]),
                kept=_kept(group, kept.get(indicator.code, {}), names),
            )
        )
    return Stored(assessment, instrument, rows)


def is_final(group: Group, scheme: str, day: date) -> bool:
    """Say whether the assessment of the group by `scheme` as of `day` can no longer change."""
    final = Assessment.objects.filter(group=group, scheme=scheme, as_of=day, status=AssessmentStatus.FINAL)
    return final.exists()


def records_of(group_ids: Sequence[int], instrument: Instrument, as_of: date) -> dict[int, Kept]:
    """Return by group the numbers of the very records that its score as of a day counts, by indicator and kind.

    One statement for each relation, however many groups.
    """
    judged, rows = latest_judgements(group_ids, as_of), rows_of_groups(group_ids, as_of)
    return {pk: _records_of(instrument, rows(pk), judged.get(pk, {})) for pk in group_ids}


def _records_of(instrument: Instrument, rows: Rows, judged: Judged) -> Kept:
    kept: Kept = {}
    for indicator in instrument.indicators.all():
        records: dict[str, list[int]] = {}
        if indicator.metric:
            records |= all_metrics()[indicator.metric].records(rows)
        given = judged.get((instrument.code, indicator.code))
        if given is not None and (given.is_override or not indicator.metric):
            records["judgements"] = [given.judgement_id]
        kept[indicator.code] = records
    return kept


def _judgements(assessment: Assessment, kept: Kept) -> dict[int, Judgement]:
    wanted = {found["given"]["judgement"] for found in assessment.indicators.values() if "given" in found}
    wanted.update(pk for records in kept.values() for pk in records.get("judgements", []))
    return (
        Judgement.objects.filter(group=assessment.group_id).select_related("level", "judged_by").in_bulk(list(wanted))
    )


def _names(group: Group, kept: Kept, judgements: Mapping[int, Judgement]) -> Names:
    """Return the names of the records kept for any indicator, one statement a kind."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for records in kept.values():
        for kind, found in records.items():
            numbers[kind].update(found)
    counts = CashCount.objects.filter(group=group, pk__in=numbers["cash_counts"])
    decisions = AgendaItem.objects.filter(group=group, pk__in=numbers["decisions"]).select_related("meeting")
    terms = OfficerTerm.objects.filter(group=group, pk__in=numbers["officer_terms"]).select_related("member")
    members = Member.objects.filter(group=group, number__in=numbers["members"])
    activities = PartnerActivity.objects.filter(group=group, pk__in=numbers["activities"])
    meetings = Meeting.objects.filter(group=group, number__in=numbers["meetings"], status=MeetingStatus.CLOSED)
    return {
        "meetings": {meeting.number: _held_on(meeting) for meeting in meetings},
        "cash_counts": {count.pk: date_format(count.counted_on) for count in counts},
        "decisions": {
            item.pk: _("meeting of %(day)s: %(title)s") % {"day": _held_on(item.meeting), "title": item.title}
            for item in decisions
        },
        "officer_terms": {term.pk: f"{term.get_role_display()} {term.member}" for term in terms},
        "members": {member.number: member.name for member in members},
        "activities": {one.pk: f"{date_format(one.held_on)}: {one.what}" for one in activities},
        "judgements": {pk: date_format(judgement.judged_on) for pk, judgement in judgements.items()},
    }


def _held_on(meeting: Meeting) -> str:
    assert meeting.held_on is not None, "a closed meeting has a date"
    return date_format(meeting.held_on)


def _kept(group: Group, records: Mapping[str, Iterable[int]], names: Names) -> list[tuple[Promise, list[KeptRecord]]]:
    """Return the records by kind; one without a name goes by its number."""
    return [
        (
            kind.name,
            [
                KeptRecord(names.get(code, {}).get(number, str(number)), _url(group, kind, number))
                for number in records[code]
            ],
        )
        for code, kind in KINDS.items()
        if records.get(code)
    ]


def _url(group: Group, kind: Kind, number: int) -> str:
    arguments: list[Any] = [group.code, number] if kind.of_one else [group.code]
    return reverse(kind.page, args=arguments)
