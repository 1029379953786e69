"""What a group lacks by its latest stored score: one statement, where computing the score of today takes many more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.utils.functional import Promise

from assessment import wording
from assessment.models import Assessment, GroupSnapshot, Indicator, Need, SchemeUse, StageRule
from assessment.models.instrument import in_language
from assessment.signals import SignalHit, all_signals
from groups.models import Group


@dataclass(frozen=True, slots=True)
class Lacking:
    """Where a group stood on the day `as_of`: its stage and points, and why it needs help, the most urgent first.

    `indicators` are those that earned less than they can, with points and weight, the furthest from it first;
    `signals` what the latest snapshot found, as pairs of the name and what was seen.
    """

    as_of: date
    stage: str
    score: int
    reasons: list[Promise]
    indicators: list[tuple[Indicator, int]]
    signals: list[tuple[Promise, str]]


def lacking(group: Group, *, as_of: date) -> Lacking | None:
    """Return what a group lacks by its latest score up to a day by the primary scheme, None before there is one."""
    rows = _latest(group, as_of)
    if not rows:
        return None
    score = rows[0]
    kept: dict[str, dict[str, Any]] = score.indicators
    points = {code: found.get("given", found)["points"] for code, found in kept.items()}
    indicators = [Indicator(**{name: getattr(row, f"of_{name}") for name in _OF_INDICATOR}) for row in rows]
    short = [(one, points.get(one.code, 0)) for one in indicators if points.get(one.code, 0) < one.weight]
    return Lacking(
        as_of=score.as_of,
        stage=in_language(score.stage_id, score.stage_en),
        score=score.score,
        reasons=wording.reasons(Need(score.need)),
        indicators=sorted(short, key=lambda pair: pair[1] - pair[0].weight),
        signals=[_signal(group, *found) for found in score.found or ()],
    )


_OF_INDICATOR = ("code", "number", "weight", "name_id", "name_en")


def _latest(group: Group, as_of: date) -> list[Any]:
    """Return the latest score with one indicator of its instrument in each row, by their numbers."""
    rule = StageRule.objects.filter(instrument=OuterRef("instrument"), stage=OuterRef("stage"))
    use = SchemeUse.objects.filter(organisation=group.organisation_id, scheme=OuterRef("scheme"))
    snapshot = GroupSnapshot.objects.filter(group=OuterRef("group"), month__isnull=True)
    scores = Assessment.objects.filter(group=group, as_of__lte=as_of).annotate(
        is_primary=Subquery(use.values("is_primary"))
    )
    latest = scores.order_by(F("is_primary").desc(nulls_last=True), "-as_of").values("pk")[:1]
    rows = Assessment.objects.filter(pk=Subquery(latest)).annotate(
        stage_id=Subquery(rule.values("name_id")),
        stage_en=Subquery(rule.values("name_en")),
        found=Subquery(snapshot.values("found")),
        **{f"of_{name}": F(f"instrument__indicators__{name}") for name in _OF_INDICATOR},
    )
    return list(rows.defer("evidence").order_by("instrument__indicators__number"))


def _signal(group: Group, name: str, counted: int, amount: int, records: list[str], person: int) -> tuple[Promise, str]:
    signal = all_signals()[name]
    return signal.label, signal.sentence(SignalHit(name, group.pk, counted, amount, tuple(records), person))
