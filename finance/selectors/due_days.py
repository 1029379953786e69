"""How many instalments fall due on which day."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, F, QuerySet

from finance.models import Account, AccountKind, Instalment
from groups.models import Group


def instalments_due(groups: QuerySet[Group], start: date, end: date) -> dict[tuple[int, date], int]:
    """Return by group and day how many instalments of running loans fall due from `start` to `end`, both included."""
    running = Account.objects.filter(
        group__in=groups, kind=AccountKind.LOAN, debits_posted__gt=F("credits_posted")
    ).values("loan")
    due = Instalment.objects.filter(group__in=groups, loan__in=running, due_on__range=(start, end)).order_by()
    counts = due.values_list("group", "due_on").annotate(count=Count("pk"))
    return {(group_id, day): count for group_id, day, count in counts}
