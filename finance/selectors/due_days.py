"""How many instalments are to be paid at which meeting."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, F, QuerySet

from finance.models import Account, AccountKind, Instalment
from groups.models import Group


def instalments_due(groups: QuerySet[Group], start: date, end: date) -> dict[tuple[int, date], int]:
    """Return by group and day how many instalments of running loans are paid in time up to that day at the latest.

    Days from `start` to `end`, both included.
    """
    running = Account.objects.filter(
        group__in=groups, kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted")
    ).values("loan")
    due = Instalment.objects.filter(group__in=groups, loan__in=running, late_after__range=(start, end)).order_by()
    counts = due.values_list("group", "late_after").annotate(count=Count("pk"))
    return {(group_id, day): count for group_id, day, count in counts}
