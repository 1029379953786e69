"""The rules of a group on a day."""

from __future__ import annotations

from datetime import date

from groups.models import Constitution, Group


def rules_in_force(group: Group, *, as_of: date) -> Constitution | None:
    """Return the rules that were in force on the day `as_of`, None before the first were agreed."""
    return Constitution.objects.filter(group=group, agreed_on__lte=as_of).order_by("-version").first()
