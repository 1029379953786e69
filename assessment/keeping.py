"""What is kept of groups and months, so that a page over thousands of groups adds up rows instead of their records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Protocol, TypeVar

from django.db.models import Exists, OuterRef, QuerySet

from assessment.instruments import schemes_of
from assessment.models import KeptSignals
from assessment.months import LATENESS, PORTFOLIO, groups_counted, is_kept, months_between, months_keep, stages_of
from assessment.selectors.dashboard import count_stages
from assessment.selectors.portfolio import count_portfolio
from assessment.selectors.quality import count_lateness
from assessment.selectors.signals import BITS
from assessment.signals import read_hits
from finance.services.figures import figures_keep
from groups.models import Group, Organisation
from groups.shared.batches import BATCH_GROUPS, work_through


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
            for pk, found in read_hits(ids, as_of).items()
        ],
        batch_size=BATCH_GROUPS,
    )


KEPT_YEARS = 2
"""Dashboards show one year unless they are asked for more."""


def organisation_months_keep(organisation: Organisation, *, today: date) -> int:
    """Keep the months of an organisation's dashboards up to the one of `today`; return how many were counted."""
    months = months_between(today - timedelta(KEPT_YEARS * 365), today)
    kept = months_keep(organisation.pk, LATENESS, months, count_lateness)
    for month in months:  # writers wait for one at a time
        kept += months_keep(organisation.pk, PORTFOLIO, [month], count_portfolio)
    for scheme in schemes_of(organisation.pk):
        kept += months_keep(organisation.pk, stages_of(scheme), months, partial(count_stages, scheme=scheme))
    return kept


def portfolio_keep(organisation: int, on: date) -> None:
    """Keep the month of `on` for the portfolio of an organisation as of that day, where it is not kept.

    Not while somebody writes what counts in it: then the next reader keeps it.
    """
    if not is_kept(organisation, PORTFOLIO, on):
        figures_keep(groups_counted(organisation).filter(founded_on__lte=on), on=on)
        months_keep(organisation, PORTFOLIO, [on.replace(day=1)], count_portfolio, waits=False)


class _Whole(Protocol):
    """What a selector found: `is_whole` says whether what is kept of every group is in it."""

    @property
    def is_whole(self) -> bool: ...


_Read = TypeVar("_Read", bound=_Whole)


def read_whole(read: Callable[[], _Read], keep: Callable[[], object]) -> _Read:
    """Return what `read` finds; where something is not kept yet, or stale, `keep` goes first and it reads again."""
    found = read()
    if not found.is_whole:
        keep()
        found = read()
    return found
