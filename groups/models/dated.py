"""Rows that hold from one day to another, and which of them hold on a day."""

from __future__ import annotations

from datetime import date

from django.db.models import Q


def effective_between(started: str, ended: str, as_of: date) -> Q:
    """Return the condition that the day `as_of` lies in a time that begins on `started` and is over on `ended`.

    Both are names of date fields; without a day in `ended` the time goes on.
    """
    return Q(Q(**{f"{ended}__isnull": True}) | Q(**{f"{ended}__gt": as_of}), **{f"{started}__lte": as_of})
