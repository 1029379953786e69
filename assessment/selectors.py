"""Reads of assessments: the standing of one group, and the dashboard over the groups somebody may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise

from assessment import engine, instruments, wording
from assessment.metrics import RECENT_MEETINGS, WINDOW_DAYS, Facts, read_records
from assessment.models import STAGE_ORDER, Assessment, Indicator, Instrument, Judgement, Level, Need, Stage
from assessment.scoring import DROPPED_DAYS, latest_judgements, measure, need_of
from finance.models import Entry
from groups.models import Group, User
from groups.selectors import groups_within
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator of a group as a page shows it."""

    indicator: Indicator
    score: engine.Score
    facts: Facts
    judgement: Judgement | None
    level: Level | None
    code: str

    @property
    def words(self) -> str:
        """The measured value in words, or the label of the level a person chose."""
        if self.indicator.metric:
            return wording.sentence(self.indicator.metric, self.score.value, self.facts)
        return str(self.level) if self.level is not None else str(wording.NO_DATA)

    @property
    def records_url(self) -> str:
        """The page with the records that were counted, empty for a judged indicator."""
        return wording.records_url(self.indicator.metric, self.code) if self.indicator.metric else ""

    @property
    def records_name(self) -> Promise:
        """What that page is called."""
        return wording.WORDINGS[self.indicator.metric].records_name

    @property
    def counts_last_meetings(self) -> bool:
        """Whether it counts the last meetings, which the page then names."""
        return self.indicator.metric in wording.OF_LAST_MEETINGS

    @property
    def gap(self) -> str:
        """What the next level asks for, empty at the top."""
        following = self.score.next_level
        if following is None:
            return ""
        return _threshold_text(self.indicator, following.threshold)

    @property
    def at_stake(self) -> int:
        """Points that the next level adds."""
        following = self.score.next_level
        return following.points - self.score.points if following is not None else 0


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the plan towards the next stage as a page shows it."""

    step: engine.Step
    indicator: Indicator

    @property
    def now(self) -> str:
        """Where the indicator stands."""
        return _threshold_text(self.indicator, self.step.value)

    @property
    def target(self) -> str:
        """Where it must get to."""
        return _threshold_text(self.indicator, self.step.target)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands on a day, computed from the records and stored nowhere."""

    as_of: date
    instrument: Instrument
    result: engine.Result
    rows: list[IndicatorRow]
    need: Need
    steps: list[StepRow] = field(default_factory=list)

    @property
    def stage_label(self) -> Promise | str:
        """The stage's name."""
        return Stage(self.result.stage).label

    @property
    def next_stage_label(self) -> Promise | str:
        """The next stage's name, empty at the highest."""
        return Stage(self.result.plan.stage).label if self.result.plan is not None else ""

    @property
    def reasons(self) -> list[Promise]:
        """Why the group needs help, most urgent first."""
        return wording.reasons(self.need)


def standing(group: Group, as_of: date | None = None) -> Standing | None:
    """Return where the group stands, None while no instrument is published; the same ten statements for any group."""
    as_of = as_of or timezone.localdate()
    instrument = instruments.in_force(group.organisation_id)
    if instrument is None:
        return None
    compiled = instruments.engine_instrument(instrument)
    records = read_records([group.pk], as_of)[group.pk]
    judged = latest_judgements([group.pk], as_of).get(group.pk, {})
    measured = measure(instrument, compiled.indicators, records, judged)
    result = engine.assess(compiled, {code: m.value for code, m in measured.items()})
    judgements = _judgements(group, instrument, as_of)
    earlier = Assessment.objects.filter(
        group=group, as_of__lt=as_of, as_of__gt=as_of - timedelta(DROPPED_DAYS)
    ).values_list("stage", flat=True)
    indicators = {indicator.code: indicator for indicator in instrument.indicators.all()}
    rows = [
        IndicatorRow(
            indicator=indicator,
            score=score,
            facts=measured[indicator.code].facts,
            judgement=judgements.get(indicator.code),
            level=_level_of(indicator, score.value),
            code=group.code,
        )
        for indicator, score in zip(indicators.values(), result.scores, strict=True)
    ]
    steps = [StepRow(step, indicators[step.code]) for step in result.plan.steps] if result.plan is not None else []
    return Standing(as_of, instrument, result, rows, need_of(records, as_of, result.stage, earlier), steps)


def history(group: Group, months: int = 24) -> list[Assessment]:
    """Return the last stored assessment of each of the last months, oldest first."""
    closing = Assessment.objects.filter(group=group, closes_month=True).defer("indicators").order_by("-month")
    return list(reversed(closing[:months]))


def counted_meetings(group: Group, as_of: date) -> list[Meeting]:
    """Return the meetings that the indicators of the last four meetings counted, newest first."""
    held = Meeting.objects.filter(
        group=group,
        status=MeetingStatus.CLOSED,
        held_on__gt=as_of - timedelta(WINDOW_DAYS),
        held_on__lte=as_of,
    )
    return list(held.only("number", "held_on").order_by("-held_on", "-number")[:RECENT_MEETINGS])


def judgeable(instrument: Instrument | None) -> list[Indicator]:
    """Return the indicators of an instrument that a person judges."""
    if instrument is None:
        return []
    return [indicator for indicator in instrument.indicators.all() if not indicator.metric]


def latest_of(group_ids: Iterable[int]) -> dict[int, Assessment]:
    """Return the newest stored assessment of each group that has one, in one statement."""
    newest = Assessment.objects.filter(group_id__in=list(group_ids), latest=True).defer("indicators")
    return {assessment.group_id: assessment for assessment in newest}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a dashboard is narrowed to; an empty value narrows nothing. `stage` may be NONE: never assessed."""

    region: str = ""
    facilitator: int | None = None
    kind: str = ""
    stage: str = ""


def dashboard_groups(actor: User, filters: Filters) -> QuerySet[Group]:
    """Return the groups `actor` may see within the filters, all stages; dissolved groups are left out."""
    return groups_within(actor, region=filters.region, facilitator=filters.facilitator, kind=filters.kind)


def stage_counts(groups: QuerySet[Group]) -> dict[str, int]:
    """Return how many groups stand at each stage, and at NONE those never assessed, in one statement."""
    rows = _with_latest(groups).order_by().values_list(F("now__stage")).annotate(count=Count("pk"))
    counts = dict.fromkeys([*STAGE_ORDER, "NONE"], 0)
    counts.update({stage or "NONE": count for stage, count in rows})
    return counts


@dataclass(frozen=True, slots=True)
class TrendMonth:
    """How many groups stood at each stage at the end of a month, in stage order."""

    month: date
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All groups assessed in the month."""
        return sum(self.counts)


def trend(groups: QuerySet[Group], since: date) -> list[TrendMonth]:
    """Return the stages month by month from the month of `since`, in one statement."""
    rows = (
        Assessment.objects.filter(closes_month=True, month__gte=since.replace(day=1), group__in=groups.order_by())
        .order_by("month")
        .values_list("month", "stage")
        .annotate(count=Count("*"))
    )
    months: dict[date, dict[str, int]] = {}
    for month, stage, count in rows:
        months.setdefault(month, {})[stage] = count
    return [TrendMonth(month, tuple(counts.get(stage, 0) for stage in STAGE_ORDER)) for month, counts in months.items()]


def by_need(groups: QuerySet[Group], stage: str = "") -> QuerySet[Group, Any]:
    """Return groups, those that need help most first, as rows of code, name, village_name and their newest score.

    The score's columns are `stage`, `score` and `as_of`, None before the first, and `need`.
    """
    rows = _with_latest(groups).annotate(
        stage=F("now__stage"),
        score=F("now__score"),
        as_of=F("now__as_of"),
        need=Coalesce("now__need", Need.NEVER_ASSESSED.value),
        village_name=F("village__name"),
    )
    if stage:
        rows = rows.filter(stage__isnull=True) if stage == "NONE" else rows.filter(stage=stage)
    return rows.order_by("-need", F("score").asc(nulls_first=True), "name", "pk").values_list(
        "code", "name", "village_name", "stage", "score", "as_of", "need", named=True
    )


def with_newer_records(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Return the groups with records their newest score does not know, or without a score."""
    known, day = OuterRef("now__computed_at"), OuterRef("now__as_of")
    own = {"group": OuterRef("pk")}
    meetings = Meeting.objects.filter(Q(closed_at__gt=known) | Q(held_on__gt=day), status=MeetingStatus.CLOSED, **own)
    entries = Entry.objects.filter(Q(recorded_at__gt=known) | Q(effective_on__gt=day), **own)
    judgements = Judgement.objects.filter(Q(judged_at__gt=known) | Q(judged_on__gt=day), **own)
    return _with_latest(groups).filter(
        Q(now__pk__isnull=True) | Exists(meetings) | Exists(entries) | Exists(judgements)
    )


def _with_latest(groups: QuerySet[Group]) -> QuerySet[Group]:
    return groups.annotate(now=FilteredRelation("assessments", condition=Q(assessments__latest=True)))


def _judgements(group: Group, instrument: Instrument, as_of: date) -> dict[str, Judgement]:
    made = (
        Judgement.objects.filter(group=group, judged_on__lte=as_of, level__indicator__instrument__code=instrument.code)
        .select_related("level__indicator", "judged_by")
        .order_by("judged_on", "pk")
    )
    return {judgement.level.indicator.code: judgement for judgement in made}


def _level_of(indicator: Indicator, value: float | None) -> Level | None:
    """The highest level reached, for indicators whose levels are described in words."""
    if value is None:
        return None
    reached = [level for level in indicator.levels.all() if level.threshold <= value]
    return reached[-1] if reached else None


def _threshold_text(indicator: Indicator, value: float | None) -> str:
    level = next((level for level in indicator.levels.all() if value is not None and level.threshold == value), None)
    return level.label if level is not None and level.label else wording.value_text(indicator.metric, value)
