"""The one writer of snapshots: what dashboards add up, worked out for groups in sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from datetime import date
from typing import NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assessment.models import (
    CLASS_COLUMNS,
    Assessment,
    GroupSnapshot,
    SnapshotAgeing,
    SnapshotLateness,
    SnapshotScore,
)
from assessment.selectors import quality
from assessment.selectors.signals import BITS
from assessment.services.scoring import GroupToScore, InstrumentsInUse, Outcome, score_batch, scores_withdraw
from assessment.signals import read_hits
from finance.performance import Performance, months_before, months_so_far
from finance.selectors.loan_performance import performance_by_group, savings_by_group
from finance.surplus import month_ends
from finance.wording import UPK_STANDARD
from groups.models import ChangedGroup, Group, GroupStatus, User
from groups.permissions import Capability, require
from groups.selectors import member_counts, offices_held, places_on, statuses_on
from groups.shared import clock
from groups.shared.batches import BATCH_GROUPS
from groups.shared.sql import insert_rows

MONTHS = 60
"""Months before the latest day that have a snapshot: the longest period a dashboard shows."""


class _Waiting(NamedTuple):
    """A group whose snapshot is to be written, as it is now."""

    pk: int
    code: str
    organisation_id: int
    founded_on: date
    status: str
    kind: str
    village_id: str | None


def snapshots_write(
    *,
    actor: User | None = None,
    groups: QuerySet[Group],
    as_of: date,
    most: int | None = None,
    report: Callable[[Sequence[Outcome]], object] | None = None,
) -> int:
    """Bring the snapshots of `groups`, or of the first `most`, up to the day `as_of`; return how many were written.

    Of each group the latest, and every month that ended since its last snapshot or since the day its records changed
    from, the oldest first; the scores of those days are stored as drafts. Works in batches, each one transaction with
    the same number of statements whatever its size; `report` gets what scoring each batch on `as_of` gave. `actor` None
    is a command; a person needs ASSESS and reaches visible groups only. Raises `ValidationError` for a day to come.
    """
    clock.refuse_to_come(as_of, clock.today())
    if actor is not None:
        require(actor, Capability.ASSESS)
        groups = groups.filter(pk__in=Group.objects.visible_to(actor).values("pk"))
    chosen = Group.objects.filter(pk__in=groups.order_by().values("pk"), founded_on__lte=as_of)
    in_use = InstrumentsInUse()
    last = count = 0
    while most is None or count < most:
        size = BATCH_GROUPS if most is None else min(BATCH_GROUPS, most - count)
        with transaction.atomic():
            waiting = chosen.filter(pk__gt=last).order_by("pk").select_for_update(no_key=True)
            batch = [_Waiting(*row) for row in waiting.values_list(*_Waiting._fields)[:size]]
            outcomes = _write_batch(batch, as_of, in_use) if batch else []
        count += len(batch)
        if report is not None:
            report(outcomes)
        if len(batch) < size:
            break
        last = batch[-1].pk
    return count


def outdated(groups: QuerySet[Group], as_of: date) -> QuerySet[Group]:
    """Return those of `groups` without a snapshot of the day, and those with records that it does not know."""
    current = GroupSnapshot.objects.filter(group=OuterRef("pk"), month=None, as_of__gte=as_of)
    return groups.filter(~Exists(current) | Q(changed__isnull=False), founded_on__lte=as_of)


def _write_batch(batch: Sequence[_Waiting], as_of: date, in_use: InstrumentsInUse) -> list[Outcome]:
    """Write the months that are lacking or changed, then the latest; return what scoring the latest gave."""
    ids = [group.pk for group in batch]
    latest = dict(GroupSnapshot.objects.filter(group__in=ids, month=None).values_list("group", "as_of"))
    # Asked only now that the groups are locked: somebody may have written a later day meanwhile, which stays.
    batch = [group for group in batch if latest.get(group.pk, as_of) <= as_of]
    if not batch:
        return []
    ids = [group.pk for group in batch]
    # The marks go first: a record that is written meanwhile waits for this transaction, or leaves a new mark.
    marks = ChangedGroup.objects.filter(group__in=ids).order_by("group")
    changed_from = dict(marks.select_for_update().values_list("group", "changed_from"))
    ChangedGroup.objects.filter(group__in=list(changed_from)).delete()
    since = {
        group.pk: min(latest.get(group.pk, group.founded_on), changed_from.get(group.pk, as_of)) for group in batch
    }
    first = max(min(since.values()), months_before(as_of.replace(day=1), MONTHS))
    for end in month_ends(first, as_of)[:-1]:
        lacking = [group for group in batch if since[group.pk] <= end and group.founded_on <= end]
        if lacking:
            _write_day(lacking, end, end.replace(day=1), in_use)
    return _write_day(batch, as_of, None, in_use)


def _write_day(batch: Sequence[_Waiting], as_of: date, month: date | None, in_use: InstrumentsInUse) -> list[Outcome]:
    """Write the snapshot of each group at the end of a day, in the place of the one there is."""
    ids = [group.pk for group in batch]
    is_now = as_of >= clock.today()
    statuses = {group.pk: group.status for group in batch} if is_now else statuses_on(ids, as_of)
    running = [
        GroupToScore(group.pk, group.code, group.organisation_id)
        for group in batch
        if statuses[group.pk] != GroupStatus.DISSOLVED
    ]
    outcomes = score_batch(running, as_of, in_use) if running else []
    scores_withdraw([pk for pk in ids if statuses[pk] == GroupStatus.DISSOLVED], as_of)
    groups = Group.objects.filter(pk__in=ids)
    figures, savings = performance_by_group(groups, as_of=as_of), savings_by_group(groups, as_of=as_of)
    members, nothing = member_counts(ids, as_of), Performance(months=months_so_far(as_of))
    checked = _checked(ids, as_of, is_past=month is not None)
    # A month keeps where the group was and of what kind: the group may have moved since.
    places = places_on(ids, as_of) | _places(ids, month) if month is not None else {}
    _remove(ids, month)
    day, first = _days(as_of, month)
    now = connection.ops.adapt_datetimefield_value(clock.now())
    insert_rows(
        GroupSnapshot,
        (*_COLUMNS, *_CHECKED_COLUMNS),
        (
            (
                group.pk, first, day, now, statuses[group.pk],
                *places.get(group.pk, (group.kind, group.village_id)),
                *members.get(group.pk, (0, 0)), savings.get(group.pk, 0), *_money(figures.get(group.pk, nothing)),
                *checked[group.pk],
            )
            for group in batch
        ),
    )  # fmt: skip
    _write_parts(ids, month, as_of, figures)
    return outcomes


_COLUMNS = (
    "group_id", "month", "as_of", "computed_at", "status", "kind", "village_id", "members", "women", "savings",
    "balance", "risk_30", "at_risk", "due", "paid", "income", "costs", "capital", *CLASS_COLUMNS,
)  # fmt: skip
_CHECKED_COLUMNS = (
    "has_rules", "differences", "missing", "too_much", "oldest_difference_on", "drafts", "offices_held", "signals",
    "signal_count", "found",
)  # fmt: skip


def _money(figures: Performance) -> tuple[int | str, ...]:
    classes = (standard.classed(standard.of(figures)) or "" for standard in UPK_STANDARD)
    return (
        figures.balance, figures.balance_later_than(30), figures.at_risk_balance, figures.due, figures.paid,
        figures.income, figures.costs, figures.capital, *classes,
    )  # fmt: skip


def _checked(ids: Sequence[int], as_of: date, *, is_past: bool) -> dict[int, tuple[str | int | None, ...]]:
    """Return by group the quality of its data and its signals, in the order of `_CHECKED_COLUMNS`."""
    groups, by_group = Group.objects.filter(pk__in=ids), read_hits(ids, as_of)
    differences = quality.differences_by_group(groups, as_of)
    drafts = quality.old_drafts_by_group(groups, as_of, closed_since=is_past)
    without_rules = set(quality.without_rules(groups, as_of).order_by().values_list("pk", flat=True))
    offices = offices_held(groups, as_of)
    rows: dict[int, tuple[str | int | None, ...]] = {}
    for pk in ids:
        found = by_group[pk]
        count, missing, too_much, oldest = differences.get(pk, (0, 0, 0, None))
        rows[pk] = (
            int(pk not in without_rules), count, missing, too_much, None if oldest is None else oldest.isoformat(),
            drafts.get(pk, 0), offices.get(pk, 0), sum({BITS[one.signal] for one in found}), len(found),
            orjson.dumps([[one.signal, one.counted, one.amount, one.records, one.person] for one in found]).decode(),
        )  # fmt: skip
    return rows


def _write_parts(ids: Sequence[int], month: date | None, as_of: date, figures: dict[int, Performance]) -> None:
    """Write the rows below the snapshots: loans by age, lateness by person, and scores by scheme."""
    numbers = dict(GroupSnapshot.objects.filter(group__in=ids, month=month).values_list("group", "pk"))
    insert_rows(
        SnapshotAgeing,
        ("snapshot_id", "age", "collectability", "loans", "borrowers", "balance", "late_principal", "late_fee"),
        ((numbers[pk], *astuple(part)) for pk, found in figures.items() for part in found.slices),
    )
    late = quality.lateness_by_group(ids, as_of.replace(day=1), as_of)
    insert_rows(
        SnapshotLateness,
        ("snapshot_id", "person_id", "in_time", "late", "very_late"),
        ((numbers[pk], person, *counts) for pk, person, *counts in late),
    )
    # Final scores are as they were kept; all others were stored in this transaction.
    scores = Assessment.objects.filter(group__in=ids, as_of=as_of).values_list("group", *_SCORE_COLUMNS)
    day, first = _days(as_of, month)
    insert_rows(
        SnapshotScore,
        ("snapshot_id", "group_id", "month", "as_of", *_SCORE_COLUMNS),
        ((numbers[pk], pk, first, day, *rest) for pk, *rest in scores),
    )


_SCORE_COLUMNS = ("scheme", "stage", "rank", "score", "measured_rank", "measured_score", "need", "arrears")


def _places(ids: Sequence[int], month: date) -> dict[int, tuple[str, str | None]]:
    """Return by group the kind and the village that the snapshot of a month has, where there is one."""
    written = GroupSnapshot.objects.filter(group__in=ids, month=month)
    return {group: (kind, village) for group, kind, village in written.values_list("group", "kind", "village")}


def _remove(ids: Sequence[int], month: date | None) -> None:
    """Take the rows of a month, or the latest, away; the rows below them first, a statement each."""
    of_day = GroupSnapshot.objects.filter(group__in=ids, month=month)
    for part in (SnapshotScore, SnapshotAgeing, SnapshotLateness):
        part.objects.filter(snapshot__in=of_day).delete()
    of_day._raw_delete(of_day.db)


def _days(as_of: date, month: date | None) -> tuple[str, str | None]:
    """Return both days as a database reads them."""
    return as_of.isoformat(), None if month is None else month.isoformat()
