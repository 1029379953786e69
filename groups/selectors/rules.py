"""The rules of a group on a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from groups.models import Constitution, Group


def rules_by_day(group: Group) -> Callable[[date], Constitution | None]:
    """Return what says which rules were in force on a day, as `rules_in_force` does, in one statement for all days."""
    versions = list(Constitution.objects.filter(group=group).order_by("-agreed_on", "-version"))
    return lambda day: next((rules for rules in versions if rules.agreed_on <= day), None)


def rules_in_force(group: Group, *, as_of: date) -> Constitution | None:
    """Return the rules that were in force on the day `as_of`, None before the first were agreed.

    A version counts from the day it was agreed, whenever it was written down; of one day's the last written counts.
    """
    return Constitution.objects.filter(group=group, agreed_on__lte=as_of).order_by("-agreed_on", "-version").first()
