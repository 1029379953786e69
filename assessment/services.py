"""Every write of assessments: scoring groups in sets, judging what no record measures, making a score final."""

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
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment import engine, instruments
from assessment.metrics import Facts, Measured, read_records
from assessment.models import (
    Assessment,
    AssessmentStatus,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Judgement,
    Level,
    Need,
    SchemeUse,
    StageRule,
)
from assessment.scoring import DROPPED_DAYS, Before, Scored, latest_judgements, need_of, score
from assessment.selectors.current_score import points_seen
from assessment.selectors.stored import records_of
from groups.models import Group, User
from groups.permissions import Capability, lock_group, require

LONGEST_OVERRIDE_DAYS = 365
"""After a year at most an override ends: what the records say is looked at anew."""
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
def judge(*, actor: User, group: Group, level: Level, note: str, judged_on: date) -> Judgement:
    """Write down what a person says about an indicator no record measures, with a note.

    The same judgement sent twice is one. Raises `ValidationError` for a level that is of no instrument in
    force or is measured from records, for a day to come, and without a note.
    """
    lock_group(actor, Capability.ASSESS, group)
    if not _scores(group, level) or level.indicator.metric:
        raise ValidationError(_("This indicator is not judged by a person."))
    if not note.strip():
        raise ValidationError(_("A judgement needs a note."))
    return _judgement_create(actor, group, level, note.strip(), judged_on, None)


@transaction.atomic
def override_give(
    *,
    actor: User,
    group: Group,
    level: Level,
    note: str,
    judged_on: date,
    until: date,
    below_levels: bool = False,
) -> Judgement:
    """Give a measured indicator another level from `judged_on` through `until`, with the reason.

    With `below_levels` none of the indicator's levels, whichever `level` is: no points. The measured value stands
    beside it; the latest override counts. The same one sent twice is one. Raises
    `ValidationError` for a level that is of no instrument in force or is judged anyway, for a first day to come, an
    end before it or more than `LONGEST_OVERRIDE_DAYS` later, and without a reason.
    """
    lock_group(actor, Capability.ASSESS, group)
    if not _scores(group, level) or not level.indicator.metric:
        raise ValidationError(_("This indicator is not measured from the records."))
    if not note.strip():
        raise ValidationError({"note": _("Say why another level is given.")})
    if not timedelta(0) <= until - judged_on <= timedelta(LONGEST_OVERRIDE_DAYS):
        raise ValidationError({"until": _("Choose a day not before the first, and at most a year after it.")})
    if below_levels:
        level = level.indicator.levels.order_by("threshold")[0]
    return _judgement_create(actor, group, level, note.strip(), judged_on, until, below_levels=below_levels)


@transaction.atomic
def override_withdraw(*, actor: User, override: Judgement) -> None:
    """Let the measured value count again from today: every running override of the indicator is withdrawn.

    Withdrawn twice is withdrawn once. Raises `ValidationError` for a judgement of what no record measures.
    """
    group = lock_group(actor, Capability.ASSESS, override.group)
    indicator = override.level.indicator
    if override.until is None:
        raise ValidationError(_("This indicator is not measured from the records."))
    Judgement.objects.filter(
        group=group,
        level__indicator__code=indicator.code,
        level__indicator__instrument__code=indicator.instrument.code,
        until__gte=timezone.localdate(),
        withdrawn_on__isnull=True,
    ).update(withdrawn_on=timezone.localdate(), withdrawn_at=timezone.now(), withdrawn_by=actor)


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
    assessment.evidence = records_of(group, instruments.whole().get(pk=assessment.instrument_id), as_of)
    assessment.status = AssessmentStatus.FINAL
    assessment.finalised_at = timezone.now()
    assessment.finalised_by = actor
    assessment.save()
    return assessment


@transaction.atomic
def instrument_publish(*, actor: User, instrument: Instrument) -> None:
    """Freeze a draft and let it score; see `instruments.publish`."""
    _require_owner(actor, instrument)
    instruments.publish(instrument)


def instrument_edit(*, actor: User, instrument: Instrument) -> None:
    """Let a draft be edited in this transaction: it is not published meanwhile. Raises `ValidationError`."""
    _require_owner(actor, instrument)
    if not instruments.lock_versions(instrument).is_draft:
        raise ValidationError(_("A published version stays as it is."))


@transaction.atomic
def instrument_retire(*, actor: User, instrument: Instrument) -> None:
    """Let a published instrument score nobody any more; old assessments keep pointing at it.

    Raises `ValidationError` while groups are scored by its scheme and no other published version could take over.
    """
    _require_owner(actor, instrument)
    instrument = instruments.lock_versions(instrument)
    if instrument.status != InstrumentStatus.PUBLISHED:
        raise ValidationError(_("Only a published instrument can be retired."))
    of_scheme = Instrument.objects.filter(code=instrument.code, status=InstrumentStatus.PUBLISHED)
    others = of_scheme.filter(Q(organisation=instrument.organisation_id) | Q(organisation__isnull=True))
    used = SchemeUse.objects.filter(scheme=instrument.code)
    if instrument.organisation_id is not None:
        used = used.filter(organisation=instrument.organisation_id)
    is_used = instrument.code == instruments.DEFAULT_SCHEME or used.exists()
    if is_used and not others.exclude(pk=instrument.pk).exists():
        raise ValidationError(_("Groups are scored by it, and no other version is published."))
    Instrument.objects.filter(pk=instrument.pk).update(status=InstrumentStatus.RETIRED)


@transaction.atomic
def instrument_copy(*, actor: User, instrument: Instrument) -> Instrument:
    """Copy an instrument to a new draft version of the actor's organisation, or a shared one for a superuser."""
    require(actor, Capability.CONFIGURE)
    instrument = instruments.lock_versions(instrument)
    organisation = None if actor.is_superuser and instrument.organisation is None else actor.organisation
    if instrument.organisation is not None:
        _require_owner(actor, instrument)
        organisation = instrument.organisation
    versions = Instrument.objects.filter(organisation=organisation, code=instrument.code)
    copy = Instrument.objects.create(
        organisation=organisation,
        code=instrument.code,
        version=max(versions.aggregate(last=Max("version"))["last"] or 0, instrument.version) + 1,
        name_id=instrument.name_id,
        name_en=instrument.name_en,
    )
    copied: dict[int, Indicator] = {}
    for indicator in instrument.indicators.prefetch_related("levels"):
        old, levels = indicator.pk, list(indicator.levels.all())
        copied[old] = _clone(indicator, instrument=copy)
        for level in levels:
            _clone(level, indicator=copied[old])
    for rule in instrument.rules.prefetch_related("gates"):
        gates: list[Gate] = list(rule.gates.all())
        new_rule: StageRule = _clone(rule, instrument=copy)
        for gate in gates:
            _clone(gate, rule=new_rule, indicator=copied[gate.indicator_id])
    return copy


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
                        arrears=records[group_id].arrears,
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
        self.before: dict[_Key, list[Before]] = defaultdict(list)
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
                self.before[key].append(Before(day, rank, arrears))
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


def _scores(group: Group, level: Level) -> bool:
    """Say whether the level belongs to an instrument that scores the group now."""
    instrument = level.indicator.instrument
    return (
        instrument.code in instruments.schemes_of(group.organisation_id)
        and instruments.in_force(group.organisation_id, instrument.code) == instrument
    )


def _judgement_create(
    actor: User,
    group: Group,
    level: Level,
    note: str,
    judged_on: date,
    until: date | None,
    *,
    below_levels: bool = False,
) -> Judgement:
    if judged_on > timezone.localdate():
        raise ValidationError({"judged_on": _("The date lies in the future.")})
    standing = Judgement.objects.filter(group=group, level__indicator=level.indicator, withdrawn_on__isnull=True)
    last = standing.order_by("-pk").first()
    said = {"level": level, "below_levels": below_levels, "note": note, "judged_on": judged_on, "until": until}
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    return Judgement.objects.create(group=group, judged_by=actor, **said)


def _instruments_of(organisation_id: int) -> _Instruments:
    used = [(found, instruments.engine_instrument(found)) for found in instruments.in_use(organisation_id)]
    if not used:
        raise ValidationError(_("No instrument is published."))
    return used


def _require_owner(actor: User, instrument: Instrument) -> None:
    require(actor, Capability.CONFIGURE)
    if not actor.is_superuser and instrument.organisation_id != actor.organisation_id:
        raise ValidationError(_("This instrument belongs to somebody else."))


def _clone(row: Any, **changes: Any) -> Any:
    row.pk = None
    row._state.adding = True
    row._prefetched_objects_cache = {}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row
