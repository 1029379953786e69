"""Scoring groups in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from assessment import engine, instruments
from assessment.metrics import Facts, Measured
from assessment.models import Assessment, AssessmentStatus, Instrument, Need
from assessment.scoring import (
    DROPPED_DAYS,
    EarlierScore,
    Scored,
    arrears_of,
    latest_judgements,
    need_of,
    read_records,
    score,
)
from assessment.services.revisions import Reading, drafts_of, keep_revisions
from groups.models import Group, User
from groups.permissions import Capability, require
from groups.shared import clock
from groups.shared.batches import BATCH_GROUPS
from groups.shared.sql import insert_rows

_Instruments = list[tuple[Instrument, engine.Instrument]]


class GroupToScore(NamedTuple):
    """What scoring needs of a group besides its records."""

    pk: int
    code: str
    organisation_id: int


class InstrumentsInUse:
    """The instruments that score organisations on days, read once for a run."""

    def __init__(self) -> None:
        self._versions: dict[int, list[Instrument]] = {}
        self._compiled: dict[int, engine.Instrument] = {}
        self._used: dict[tuple[int, date], _Instruments] = {}

    def on(self, day: date, organisation_id: int) -> _Instruments:
        """Return the instruments of an organisation on a day, the primary one first.

        Raises `ValidationError` where there is none.
        """
        if (organisation_id, day) not in self._used:
            if organisation_id not in self._versions:
                self._versions[organisation_id] = instruments.versions_in_use(organisation_id)
            found = instruments.in_use_on(day, self._versions[organisation_id]).values()
            if not found:
                raise ValidationError(_("No instrument is published."))
            self._used[organisation_id, day] = [(one, self._compile(one)) for one in found]
        return self._used[organisation_id, day]

    def _compile(self, instrument: Instrument) -> engine.Instrument:
        if instrument.pk not in self._compiled:
            self._compiled[instrument.pk] = instruments.engine_instrument(instrument)
        return self._compiled[instrument.pk]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What scoring one group by one scheme gave; `stored` is False where a final assessment stood already."""

    group_id: int
    code: str
    as_of: date
    instrument: Instrument
    scored: Scored
    arrears: int
    need: Need
    stored: bool

    @property
    def result(self) -> engine.Result:
        """The score that counts, overrides included."""
        return self.scored.result

    @property
    def facts(self) -> dict[str, Facts]:
        """The counts behind each measured value, by indicator."""
        return {indicator: found.facts for indicator, found in self.scored.measured.items()}


def assess_groups(
    *,
    actor: User | None = None,
    groups: QuerySet[Group],
    as_of: date,
    report: Callable[[Sequence[Outcome]], None] | None = None,
) -> int:
    """Score `groups` as of a day, store the scores as drafts, and return how many groups were scored.

    A group is scored by every scheme its organisation uses. Final assessments stay as they are; groups founded later
    than the day are left out. Works in batches of `BATCH_GROUPS`, each one transaction with the same number of
    statements whatever its size; `report` gets the outcomes of each batch. `actor` None is the command; a person needs
    ASSESS and reaches visible groups only. Raises `ValidationError` for a day to come.
    """
    clock.refuse_to_come(as_of, clock.today())
    if actor is not None:
        require(actor, Capability.ASSESS)
        groups = groups.filter(pk__in=Group.objects.visible_to(actor).values("pk"))
    chosen = Group.objects.filter(pk__in=groups.order_by().values("pk"), founded_on__lte=as_of)
    in_use = InstrumentsInUse()
    last, count = 0, 0
    while True:
        with transaction.atomic():
            waiting = chosen.filter(pk__gt=last).order_by("pk").select_for_update(no_key=True)
            batch = [GroupToScore(*row) for row in waiting.values_list(*GroupToScore._fields)[:BATCH_GROUPS]]
            if not batch:
                return count
            outcomes = score_batch(batch, as_of, in_use, actor=actor)
        last = batch[-1].pk
        count += len(batch)
        if report is not None:
            report(outcomes)


def score_batch(
    batch: Sequence[GroupToScore], as_of: date, in_use: InstrumentsInUse, *, actor: User | None = None
) -> list[Outcome]:
    """Score locked groups as of a day by every scheme in use, in the transaction under way, and store the drafts.

    The same number of statements whatever the size of the batch.
    """
    group_ids = [group.pk for group in batch]
    used = {group.organisation_id: in_use.on(as_of, group.organisation_id) for group in batch}
    metrics = {metric for found in used.values() for _instrument, compiled in found for metric in compiled.metrics}
    records = read_records(group_ids, as_of, metrics)
    judged = latest_judgements(group_ids, as_of)
    earlier, final = _stored_before(group_ids, as_of)
    outcomes: list[Outcome] = []
    for group in batch:
        of_group, by_metric = records[group.pk], dict[str, Measured]()
        for instrument, compiled in used[group.organisation_id]:
            key = (group.pk, instrument.code)
            scored = score(instrument.code, compiled, of_group, judged.get(group.pk, {}), by_metric)
            need = need_of(of_group, as_of, scored.result.rank, earlier[key])
            outcomes.append(
                Outcome(group.pk, group.code, as_of, instrument, scored, arrears_of(of_group), need, key not in final)
            )
    _store(group_ids, as_of, [outcome for outcome in outcomes if outcome.stored], actor)
    return outcomes


def scores_withdraw(group_ids: Sequence[int], as_of: date) -> None:
    """Take the drafts of a day away from groups that had been dissolved by then; what was shown of them is kept."""
    if not group_ids:
        return
    before = drafts_of(group_ids, as_of)
    keep_revisions(before, dict.fromkeys(before, Reading()))
    Assessment.objects.filter(group__in=group_ids, as_of=as_of, status=AssessmentStatus.DRAFT).delete()


def _stored_before(
    group_ids: Sequence[int], as_of: date
) -> tuple[dict[tuple[int, str], list[EarlierScore]], set[tuple[int, str]]]:
    """Return by group and scheme the scores of the last `DROPPED_DAYS`, oldest first, and those final on the day."""
    near = Assessment.objects.filter(
        group_id__in=group_ids, as_of__gt=as_of - timedelta(DROPPED_DAYS), as_of__lte=as_of
    ).order_by("as_of")
    earlier: dict[tuple[int, str], list[EarlierScore]] = defaultdict(list)
    final = set()
    for group_id, scheme, day, rank, arrears, status in near.values_list(
        "group_id", "scheme", "as_of", "rank", "arrears", "status"
    ):
        if day < as_of:
            earlier[group_id, scheme].append(EarlierScore(day, rank, arrears))
        elif status == AssessmentStatus.FINAL:
            final.add((group_id, scheme))
    return earlier, final


DRAFT_COLUMNS = (
    "group_id", "instrument_id", "scheme", "as_of", "status", "score", "stage", "rank", "measured_score",
    "measured_rank", "arrears", "need", "indicators", "computed_at", "computed_by_id",
)  # fmt: skip


def _store(group_ids: Sequence[int], as_of: date, outcomes: Sequence[Outcome], actor: User | None) -> None:
    """Write the drafts of a day in the place of those there are."""
    schemes = {outcome.instrument.code for outcome in outcomes}
    drafts = Assessment.objects.filter(group_id__in=group_ids, as_of=as_of, status=AssessmentStatus.DRAFT)
    before = drafts_of(group_ids, as_of)
    drafts.filter(scheme__in=schemes).delete()
    day = connection.ops.adapt_datefield_value(as_of)
    now = connection.ops.adapt_datetimefield_value(clock.now())
    author = actor.pk if actor is not None else None
    insert_rows(
        Assessment,
        DRAFT_COLUMNS,
        (
            (
                outcome.group_id,
                outcome.instrument.pk,
                outcome.instrument.code,
                day,
                AssessmentStatus.DRAFT.value,
                outcome.result.score,
                outcome.result.stage,
                outcome.result.rank,
                outcome.scored.measured_result.score,
                outcome.scored.measured_result.rank,
                outcome.arrears,
                outcome.need.value,
                orjson.dumps(_indicators(outcome.scored)).decode(),
                now,
                author,
            )
            for outcome in outcomes
        ),
    )
    keep_revisions(
        before,
        {
            (outcome.group_id, outcome.instrument.code): Reading(
                outcome.result.stage, outcome.result.rank, outcome.result.score
            )
            for outcome in outcomes
        },
    )


def _indicators(scored: Scored) -> dict[str, dict[str, Any]]:
    """Return what `Assessment.indicators` keeps."""
    kept: dict[str, dict[str, Any]] = {}
    for found in scored.measured_result.scores:
        code = found.indicator.code
        kept[code] = {"value": found.value, "points": found.points, "facts": scored.measured[code].facts}
        if code in scored.overrides:
            value, judgement, _is_override = scored.overrides[code]
            kept[code]["given"] = {
                "value": value, "points": found.indicator.points(value), "judgement": judgement
            }  # fmt: skip
    return kept
