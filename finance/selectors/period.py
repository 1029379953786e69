"""Closed periods of a group."""

from __future__ import annotations

from django.db.models import QuerySet

from finance.models import PeriodClosing
from groups.models import Group


def closings(group: Group) -> QuerySet[PeriodClosing]:
    """Return the closed periods of `group`, the latest first, with who closed them."""
    return PeriodClosing.objects.filter(group=group).select_related("closed_by").order_by("-through")
