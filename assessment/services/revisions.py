"""A record that comes late changes the score of a past day: what was shown is kept, with the cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from assessment.models import Assessment, AssessmentStatus, Judgement, RevisionCause, ScoreRevision
from finance.models import Entry, EntryKind
from groups.models import BankMandate, Constitution, GroupStatusChange, Member, OfficerTerm
from groups.shared.clock import today
from meetings.models import Meeting, MeetingStatus


@dataclass(frozen=True, slots=True)
class Reading:
    """What a score of a day says: stage, rank and points; nothing of a group that was dissolved by then."""

    stage: str = ""
    rank: int | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A record that counts for a day and came after the score of it."""

    kind: RevisionCause
    number: int | None
    on: date
    recorded_at: datetime
    recorded_by: int | None


def drafts_of(group_ids: Collection[int], as_of: date) -> dict[tuple[int, str], Assessment]:
    """Return the drafts of a past day by group and scheme, in one statement; none of today, which is not over."""
    if as_of >= today():
        return {}
    drafts = Assessment.objects.filter(group__in=group_ids, as_of=as_of, status=AssessmentStatus.DRAFT)
    return {(draft.group_id, draft.scheme): draft for draft in drafts}


def keep_revisions(before: Mapping[tuple[int, str], Assessment], now: Mapping[tuple[int, str], Reading]) -> None:
    """Write down the drafts `before` that say something else than what is there `now`, each with its cause.

    The same number of statements however many differ.
    """
    changed = [
        draft
        for key, draft in before.items()
        if key in now and (draft.stage, draft.score) != (now[key].stage, now[key].score)
    ]
    if not changed:
        return
    causes = _causes(changed)
    ScoreRevision.objects.bulk_create(
        _revision(draft, now[draft.group_id, draft.scheme], causes[draft.group_id]) for draft in changed
    )


def _revision(draft: Assessment, now: Reading, causes: Iterable[Cause]) -> ScoreRevision:
    known = [cause for cause in causes if cause.on <= draft.as_of and cause.recorded_at > draft.computed_at]
    main = min(known, key=lambda cause: (_ORDER.index(cause.kind), -cause.recorded_at.timestamp()), default=None)
    return ScoreRevision(
        group_id=draft.group_id,
        scheme=draft.scheme,
        as_of=draft.as_of,
        instrument_id=draft.instrument_id,
        was_stage=draft.stage,
        was_rank=draft.rank,
        was_score=draft.score,
        was_measured_rank=draft.measured_rank,
        was_measured_score=draft.measured_score,
        was_computed_at=draft.computed_at,
        indicators=draft.indicators,
        now_stage=now.stage,
        now_rank=now.rank,
        now_score=now.score,
        cause=main.kind if main is not None else RevisionCause.OTHER,
        cause_number=main.number if main is not None else None,
        cause_on=main.on if main is not None else None,
        cause_recorded_at=main.recorded_at if main is not None else None,
        cause_recorded_by_id=main.recorded_by if main is not None else None,
        others=max(0, len(known) - 1),
    )


_ORDER = tuple(RevisionCause)
"""What people know best comes first: a meeting before the entry of a single payment."""


def _causes(drafts: Collection[Assessment]) -> dict[int, list[Cause]]:
    """Return by group what was recorded since the earliest of `drafts`, for their days; a statement for each kind."""
    since, until = min(draft.computed_at for draft in drafts), max(draft.as_of for draft in drafts)
    of_groups = Q(group__in={draft.group_id for draft in drafts})

    def rows(kind: RevisionCause, found: QuerySet[Any], number: str | None, on: str, at: str, by: str) -> None:
        chosen = found.filter(of_groups, **{f"{on}__lte": until, f"{at}__gt": since}).order_by()
        names = ("group", number, on, at, by) if number is not None else ("group", on, at, by)
        for group, *numbers, day, recorded_at, recorded_by in chosen.values_list(*names):
            causes[group].append(Cause(kind, numbers[0] if numbers else None, day, recorded_at, recorded_by))

    causes: dict[int, list[Cause]] = defaultdict(list)
    meetings = Meeting.objects.exclude(status=MeetingStatus.DRAFT)
    own_entries = Entry.objects.exclude(kind__in=(EntryKind.MEETING, EntryKind.REALLOCATION)).exclude(
        reverses__kind=EntryKind.REALLOCATION  # they follow from what was recorded
    )
    rows(RevisionCause.MEETING, meetings, "number", "held_on", "closed_at", "saved_by")
    rows(RevisionCause.ENTRY, own_entries, "number", "effective_on", "recorded_at", "recorded_by")
    rows(RevisionCause.STATUS, GroupStatusChange.objects.all(), None, "changed_on", "recorded_at", "recorded_by")
    rows(RevisionCause.RULES, Constitution.objects.all(), "version", "agreed_on", "recorded_at", "recorded_by")
    rows(RevisionCause.ELECTION, OfficerTerm.objects.all(), None, "started_on", "recorded_at", "recorded_by")
    rows(RevisionCause.MEMBER, Member.objects.all(), "number", "joined_on", "recorded_at", "recorded_by")
    rows(RevisionCause.BANK, BankMandate.objects.all(), None, "valid_from", "recorded_at", "recorded_by")
    rows(RevisionCause.JUDGEMENT, Judgement.objects.all(), None, "judged_on", "judged_at", "judged_by")
    return causes
