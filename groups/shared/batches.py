"""Working through thousands of groups, a batch in each transaction."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet

from groups.models import Group

BATCH_GROUPS = 1000
"""Groups of one transaction, whose meetings wait meanwhile."""


def work_through(
    groups: QuerySet[Group], work: Callable[[list[int]], None], report: Callable[[int], object] | None = None
) -> int:
    """Call `work` with the ids of `groups`, some at a time in a transaction each; return how many there were.

    Each batch locks its groups as a posting does, so that nothing is recorded between what `work` reads and writes.
    `report` gets the size of each batch.
    """
    last = count = 0
    while True:
        with transaction.atomic():
            batch = groups.filter(pk__gt=last).order_by("pk").select_for_update(no_key=True)
            ids = list(batch.values_list("pk", flat=True)[:BATCH_GROUPS])
            if ids:
                work(ids)
        count += len(ids)
        if report is not None:
            report(len(ids))
        if len(ids) < BATCH_GROUPS:
            return count
        last = ids[-1]
