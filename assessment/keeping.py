"""Keeping the signals of groups, so that a page over thousands of them adds up rows instead of their records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from assessment.models import KeptSignals
from assessment.signals import SIGNALS, Found, found_in
from groups.batches import BATCH_GROUPS, work_through
from groups.models import Group

BITS = {name: 1 << place for place, name in enumerate(SIGNALS)}
"""The bit of each signal in `KeptSignals.names`."""


def lacking_signals(groups: QuerySet[Group], as_of: date) -> QuerySet[Group]:
    """Return those of `groups` whose signals as of the day are not kept, or stale."""
    kept = KeptSignals.objects.filter(group=OuterRef("pk"), as_of=as_of, is_stale=False)
    return Group.objects.filter(~Exists(kept), pk__in=groups.order_by().values("pk"))


def signals_keep(groups: QuerySet[Group], *, as_of: date, report: Callable[[int], object] | None = None) -> int:
    """Look for the signals as of a day of those of `groups` that lack them; return how many did.

    They take the place of those of another day. A batch of groups takes the same number of statements whatever its
    size.
    """
    return work_through(lacking_signals(groups, as_of), lambda ids: _keep(ids, as_of), report)


def _keep(ids: list[int], as_of: date) -> None:
    by_group: dict[int, list[Found]] = {pk: [] for pk in ids}
    for one in found_in(Group.objects.filter(pk__in=ids), as_of):
        by_group[one.group_id].append(one)
    KeptSignals.objects.filter(group__in=ids).delete()
    KeptSignals.objects.bulk_create(
        [
            KeptSignals(
                group_id=pk,
                as_of=as_of,
                names=sum({BITS[one.signal] for one in found}),
                count=len(found),
                found=[[one.signal, one.counted, one.amount, one.records] for one in found],
            )
            for pk, found in by_group.items()
        ],
        batch_size=BATCH_GROUPS,
    )
