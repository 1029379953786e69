"""Months kept of whole organisations, so that years of thousands of groups need not be counted for every reader.

`manage.py nightly` keeps them, and the portfolio the month it shows; other pages only read, and count the months that
are not kept. A kept month cannot be stale: whoever writes a record that counts in one takes it away in the same
transaction (`assessment.triggers`), and a month is counted and kept while no such writer of the organisation is under
way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from assessment.models import KeptMonth
from assessment.triggers import KEEPING
from groups.models import Group, GroupStatus

LATENESS = "lateness"
PORTFOLIO = "portfolio"
Counts = dict[str, Any]
"""What is counted of a month, as JSON keeps it."""
Count = Callable[[QuerySet[Group], list[date]], Mapping[date, Counts]]
"""Counts months of groups, each by its first day; months without records are left out."""


def stages_of(scheme: str) -> str:
    """Return the subject of the stages of a scheme."""
    return f"stages {scheme}"


def months_between(start: date, end: date) -> list[date]:
    """Return the first days of the months from that of `start` to that of `end`."""
    months = [start.replace(day=1)]
    while months[-1] < end.replace(day=1):
        months.append((months[-1] + timedelta(31)).replace(day=1))
    return months


def month_end(month: date) -> date:
    """Return the last day of a month."""
    return (month.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1)


def counted(
    subject: str, months: Iterable[date], groups: QuerySet[Group], count: Count, *, organisation: int | None
) -> dict[date, Counts]:
    """Return what `count` says of each of `months` over `groups`, in two statements or one, the oldest month first.

    `organisation` is the one of which they are all the groups there are, None for any others; its kept months are read.
    """
    wanted = sorted(months)
    kept = KeptMonth.objects.filter(organisation=organisation, subject=subject, month__in=wanted)
    found = dict(kept.values_list("month", "counts")) if organisation is not None else {}
    lacking = [month for month in wanted if month not in found]
    if lacking:
        found |= count(groups, lacking)
    return {month: found[month] for month in wanted if found.get(month)}


def groups_counted(organisation: int) -> QuerySet[Group]:
    """Return the groups that count in the kept months of an organisation."""
    return Group.objects.filter(organisation=organisation).exclude(status=GroupStatus.DISSOLVED)


def is_kept(organisation: int, subject: str, as_of: date) -> bool:
    """Return whether the month of the day is kept, as of that very day."""
    return KeptMonth.objects.filter(
        organisation=organisation, subject=subject, month=as_of.replace(day=1), counts__as_of=as_of.isoformat()
    ).exists()


def months_keep(organisation: int, subject: str, months: Iterable[date], count: Count, *, waits: bool = True) -> int:
    """Count and keep those of `months` that are not kept; return how many they were.

    Writers of the organisation's records wait meanwhile: for two years of 10,000 groups some tenths of a second. It
    waits for those under way, or, unless it `waits`, keeps nothing while there are any.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql" and not _writers_kept_out(organisation, waits=waits):
            return 0
        kept = KeptMonth.objects.filter(organisation=organisation, subject=subject)
        lacking = sorted(set(months) - set(kept.values_list("month", flat=True)))
        found = count(groups_counted(organisation), lacking) if lacking else {}
        KeptMonth.objects.bulk_create(
            KeptMonth(organisation_id=organisation, subject=subject, month=month, counts=found.get(month, {}))
            for month in lacking
        )
    return len(lacking)


def _writers_kept_out(organisation: int, *, waits: bool) -> bool:
    """Keep writers of the organisation's records out until the transaction ends; return whether that is so."""
    with connection.cursor() as cursor:
        if waits:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [KEEPING, organisation])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [KEEPING, organisation])
        return bool(cursor.fetchone()[0])
