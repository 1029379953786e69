"""One stored assessment as it was: its inputs, what each indicator earned, and the records it counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assessment import instruments, wording
from assessment.models import Assessment, Indicator, Instrument, Judgement, Level
from assessment.scoring import latest_judgements
from assessment.selectors.evidence import evidence
from assessment.selectors.standing import level_of
from groups.models import Group

Kept = dict[str, dict[str, list[int]]]
"""Numbers of records, by indicator and kind of record."""


class Kind(NamedTuple):
    """A kind of record that is kept as evidence: its name, and the page of one of them or of all."""

    name: Promise
    page: str
    of_one: bool


KINDS = {
    "meetings": Kind(_("Meetings"), "meeting", True),
    "loans": Kind(_("Loans"), "loan", True),
    "entries": Kind(_("Entries"), "entry", True),
    "cash_counts": Kind(_("Cash counts"), "cash-differences", False),
    "constitutions": Kind(_("Versions of the rules"), "constitution", False),
    "decisions": Kind(_("Decisions"), "decision-list", False),
    "officer_terms": Kind(_("Terms of office"), "officers", False),
    "members": Kind(_("Members"), "group", False),
    "judgements": Kind(_("Judgements"), "assessment", False),
}


class KeptRecord(NamedTuple):
    """One record of the evidence: its number, and the page that shows it."""

    number: int
    url: str


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
            return wording.sentence(self.indicator.metric, self.value, self.facts)
        return str(self.level) if self.level is not None else str(wording.NO_DATA)


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
    if assessment is None:
        return None
    instrument = instruments.whole().get(pk=assessment.instrument_id)
    kept: Kept = assessment.evidence or {}
    judgements = _judgements(assessment, kept)
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
                kept=_kept(group, kept.get(indicator.code, {})),
            )
        )
    return Stored(assessment, instrument, rows)


def records_of(group: Group, instrument: Instrument, as_of: date) -> Kept:
    """Return the numbers of the very records that the group's score as of a day counts, by indicator and kind."""
    judged = latest_judgements([group.pk], as_of).get(group.pk, {})
    kept: Kept = {}
    for indicator in instrument.indicators.all():
        records = dict(evidence(indicator.metric, group, as_of).records) if indicator.metric else {}
        given = judged.get((instrument.code, indicator.code))
        if given is not None and given.is_override == bool(indicator.metric):
            records["judgements"] = [given.judgement_id]
        kept[indicator.code] = records
    return kept


def _judgements(assessment: Assessment, kept: Kept) -> dict[int, Judgement]:
    wanted = {found["given"]["judgement"] for found in assessment.indicators.values() if "given" in found}
    wanted.update(pk for records in kept.values() for pk in records.get("judgements", []))
    return (
        Judgement.objects.filter(group=assessment.group_id).select_related("level", "judged_by").in_bulk(list(wanted))
    )


def _kept(group: Group, records: Mapping[str, Iterable[int]]) -> list[tuple[Promise, list[KeptRecord]]]:
    return [
        (kind.name, [KeptRecord(number, _url(group, kind, number)) for number in records[name]])
        for name, kind in KINDS.items()
        if records.get(name)
    ]


def _url(group: Group, kind: Kind, number: int) -> str:
    arguments: list[Any] = [group.code, number] if kind.of_one else [group.code]
    return reverse(kind.page, args=arguments)
