"""Scoring groups in sets, and making a score final."""

from __future__ import annotations

import gc
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import engine, instruments
from assessment.metrics import Facts, Measured
from assessment.models import (
    Assessment,
    AssessmentStatus,
    Instrument,
    Need,
)
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
from assessment.selectors.current_score import points_seen
from assessment.selectors.stored import records_of
from groups.models import Group, User
from groups.permissions import Capability, lock_group, require

BATCH_GROUPS = 2500
"""Groups scored in one transaction: enough for PostgreSQL to read them quickly, few enough for flat memory."""

_Key = tuple[int, str]
"""A group's id and a scheme."""
_Instruments = list[tuple[Instrument, engine.Instrument]]
_InUse = dict[int, _Instruments]
"""By organisation, the instruments that score it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What scoring one group by one scheme gave; `stored` is False where a final assessment stood already."""

    group_id: int
    code: str
    as_of: date
    instrument: Instrument
    result: engine.Result
    measured_score: int
    facts: dict[str, Facts]
    need: Need
    stored: bool


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
    if as_of > timezone.localdate():
        raise ValidationError(_("The date lies in the future."))
    if actor is not None:
        require(actor, Capability.ASSESS)
        groups = groups.filter(pk__in=Group.objects.visible_to(actor).values("pk"))
    chosen = Group.objects.filter(pk__in=groups.order_by().values("pk"), founded_on__lte=as_of)
    in_use: _InUse = {}
    last, count = 0, 0
    while True:
        with transaction.atomic():
            batch = list(
                chosen.filter(pk__gt=last)
                .order_by("pk")
                .select_for_update(no_key=True)
                .values_list("pk", "code", "organisation_id")[:BATCH_GROUPS]
            )
            if not batch:
                return count
            with _without_collection():
                outcomes = _assess_batch(batch, as_of, actor, in_use)
        last = batch[-1][0]
        count += len(batch)
        if report is not None:
            report(outcomes)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let Python look for circles afterwards: a batch makes a million objects, none in one, and each look sees all."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def assess_chosen(
    *,
    actor: User | None = None,
    group_ids: Sequence[int],
    as_of: date,
    report: Callable[[Sequence[Outcome]], None] | None = None,
) -> int:
    """Score the groups of `group_ids` as `assess_groups` does, such as those `with_newer_records`."""
    return sum(
        assess_groups(
            actor=actor,
            groups=Group.objects.filter(pk__in=group_ids[start : start + BATCH_GROUPS]),
            as_of=as_of,
            report=report,
        )
        for start in range(0, len(group_ids), BATCH_GROUPS)
    )


@transaction.atomic
def assessment_finalise(*, actor: User, group: Group, as_of: date, scheme: str = "", seen: str = "") -> Assessment:
    """Score a group as of a day and keep that score by `scheme`, or the primary one, for good, with its evidence.

    `seen` are the points that were looked at, as `points_seen` writes them: others than these are refused. A final
    one is returned as it is. Raises `ValidationError` for a day to come or before the group, and for a scheme that
    is not in use.
    """
    group = lock_group(actor, Capability.ASSESS, group)
    schemes = instruments.schemes_of(group.organisation_id)
    scheme = scheme or schemes[0]
    if scheme not in schemes:
        raise ValidationError(_("The organisation does not use this scheme."))
    assess_groups(actor=actor, groups=Group.objects.filter(pk=group.pk), as_of=as_of)
    assessment = Assessment.objects.filter(group=group, scheme=scheme, as_of=as_of).first()
    if assessment is None:
        raise ValidationError(_("The group did not exist on that day."))
    if assessment.is_final:
        return assessment
    counted = {code: found.get("given", found)["points"] for code, found in assessment.indicators.items()}
    if seen and seen != points_seen(counted):
        raise ValidationError(_("The records changed meanwhile. Look at the score again, then keep it."))
    assessment.evidence = records_of(group, instruments.with_all_parts().get(pk=assessment.instrument_id), as_of)
    assessment.status = AssessmentStatus.FINAL
    assessment.finalised_at = timezone.now()
    assessment.finalised_by = actor
    assessment.save()
    return assessment


def _assess_batch(
    batch: Sequence[tuple[int, str, int]],
    as_of: date,
    actor: User | None,
    in_use: _InUse,
) -> list[Outcome]:
    group_ids = [group_id for group_id, _code, _organisation in batch]
    used: dict[int, _Instruments] = {}
    for _group, _code, organisation_id in batch:
        if organisation_id not in in_use:
            in_use[organisation_id] = _instruments_of(organisation_id)
        used[organisation_id] = in_use[organisation_id]
    metrics = {metric for found in used.values() for _instrument, compiled in found for metric in compiled.metrics}
    records = read_records(group_ids, as_of, metrics)
    judged = latest_judgements(group_ids, as_of)
    history = _History(group_ids, as_of)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    day, month = (connection.ops.adapt_datefield_value(value) for value in (as_of, as_of.replace(day=1)))
    outcomes: list[Outcome] = []
    rows: list[_Row] = []
    for group_id, code, organisation_id in batch:
        by_metric: dict[str, Measured] = {}
        for instrument, compiled in used[organisation_id]:
            key = (group_id, instrument.code)
            scored = score(instrument.code, compiled, records[group_id], judged.get(group_id, {}), by_metric)
            result, measured = scored.result, scored.measured_result
            need = need_of(records[group_id], as_of, result.rank, history.before[key])
            stored = key not in history.final
            facts = {indicator: found.facts for indicator, found in scored.measured.items()}
            outcomes.append(Outcome(group_id, code, as_of, instrument, result, measured.score, facts, need, stored))
            if stored:
                rows.append(
                    _Row(
                        group_id=group_id,
                        instrument_id=instrument.pk,
                        scheme=instrument.code,
                        as_of=day,
                        month=month,
                        latest=history.is_latest(key),
                        closes_month=key not in history.later_in_month,
                        status=AssessmentStatus.DRAFT.value,
                        score=result.score,
                        stage=result.stage,
                        rank=result.rank,
                        measured_score=measured.score,
                        measured_rank=measured.rank,
                        arrears=arrears_of(records[group_id]),
                        need=need.value,
                        indicators=orjson.dumps(_indicators(scored)).decode(),
                        computed_at=now,
                        computed_by_id=actor.pk if actor is not None else None,
                    )
                )
    history.make_way(rows)
    _store(rows)
    return outcomes


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


class _Row(NamedTuple):
    """One assessment as its table has it."""

    group_id: int
    instrument_id: int
    scheme: str
    as_of: Any
    month: Any
    latest: bool
    closes_month: bool
    status: str
    score: int
    stage: str
    rank: int
    measured_score: int
    measured_rank: int
    arrears: int
    need: int
    indicators: str
    computed_at: Any
    computed_by_id: int | None


def _store(rows: Sequence[_Row]) -> None:
    """Write the rows; PostgreSQL reads them as a file of text in half the time that an INSERT takes."""
    columns = ", ".join(_Row._fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = io.StringIO("".join(map(_copied, rows)))
            cursor.copy_expert(f"COPY assessment_assessment ({columns}) FROM STDIN", lines)
        else:
            places = ", ".join(["%s"] * len(_Row._fields))
            cursor.executemany(f"INSERT INTO assessment_assessment ({columns}) VALUES ({places})", rows)  # noqa: S608 - no input


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _copied(row: _Row) -> str:
    """Return a row as PostgreSQL's COPY reads it."""
    written = [
        value.translate(_ESCAPED) if isinstance(value, str) else r"\N" if value is None else str(value) for value in row
    ]
    return "\t".join(written) + "\n"


class _History:
    """The assessments a batch already has, as far as a new one as of a day must know them; two statements.

    Everything is by group and scheme.
    """

    def __init__(self, group_ids: Sequence[int], as_of: date) -> None:
        self.as_of = as_of
        month = as_of.replace(day=1)
        month_end = (month + timedelta(31)).replace(day=1) - timedelta(1)
        self.before: dict[_Key, list[EarlierScore]] = defaultdict(list)
        self.final: set[_Key] = set()
        self.later_in_month: set[_Key] = set()
        self._closing: dict[_Key, int] = {}
        self._drafts: dict[_Key, int] = {}
        near = Assessment.objects.filter(
            group_id__in=group_ids,
            as_of__gt=min(month - timedelta(1), as_of - timedelta(DROPPED_DAYS)),
            as_of__lte=month_end,
        ).order_by("as_of")
        for pk, group_id, scheme, day, rank, arrears, status, closes_month in near.values_list(
            "pk", "group_id", "scheme", "as_of", "rank", "arrears", "status", "closes_month"
        ):
            key = (group_id, scheme)
            if day < as_of:
                self.before[key].append(EarlierScore(day, rank, arrears))
                if closes_month and day >= month:
                    self._closing[key] = pk
            elif day > as_of:
                self.later_in_month.add(key)
            elif status == AssessmentStatus.FINAL:
                self.final.add(key)
            else:
                self._drafts[key] = pk
        latest = Assessment.objects.filter(group_id__in=group_ids, latest=True)
        self._latest = {
            (group_id, scheme): (pk, day)
            for pk, group_id, scheme, day in latest.values_list("pk", "group_id", "scheme", "as_of")
        }

    def is_latest(self, key: _Key) -> bool:
        """Whether an assessment of the day is the newest of the group by the scheme."""
        return key not in self._latest or self._latest[key][1] <= self.as_of

    def make_way(self, rows: Sequence[_Row]) -> None:
        """Take the marks from the assessments that `rows` supersede, and the drafts whose place they take away."""
        keys = [(row.group_id, row.scheme) for row in rows if row.latest]
        superseded = [self._latest[key][0] for key in keys if key in self._latest and self._latest[key][1] < self.as_of]
        Assessment.objects.filter(pk__in=superseded).update(latest=False)
        keys = [(row.group_id, row.scheme) for row in rows if row.closes_month]
        closing = [self._closing[key] for key in keys if key in self._closing]
        Assessment.objects.filter(pk__in=closing).update(closes_month=False)
        keys = [(row.group_id, row.scheme) for row in rows]
        Assessment.objects.filter(pk__in=[self._drafts[key] for key in keys if key in self._drafts]).delete()


def _instruments_of(organisation_id: int) -> _Instruments:
    used = [(found, instruments.engine_instrument(found)) for found in instruments.in_use(organisation_id)]
    if not used:
        raise ValidationError(_("No instrument is published."))
    return used
