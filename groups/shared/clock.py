"""The moment at which something is recorded, which is not the day on which it happened, and what day it is.

The moment is the computer's clock, except where `manage.py demo` makes records that are to look some months old.

Two days: whether a day is still to come for a group is told by the clock of its own place (`today_of`); on its pages
that is the current time zone, so `timezone.localdate()` of a form there gives the same day. Figures of many groups and
who may see what go by the day of the installation (`today`).

A write asks for the moment it records, and whether a day has come by then. What is read gets its day from the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from groups.models import Group

_PROVINCES_IN = {
    "Asia/Jakarta": "11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62",
    "Asia/Makassar": "51 52 53 63 64 65 71 72 73 74 75 76",
    "Asia/Jayapura": "81 82 91 92 93 94 95 96",
}
ZONE_OF_PROVINCE = MappingProxyType(
    {province: ZoneInfo(zone) for zone, provinces in _PROVINCES_IN.items() for province in provinces.split()}
)
"""WIB, WITA or WIT by the Kemendagri code of the province. Source: Keppres 41/1987, with provinces made since then in
the zone of the province they were part of."""

_set_to: ContextVar[datetime | None] = ContextVar("set_to", default=None)


def now() -> datetime:
    """Return the moment at which a service records, with its time zone."""
    return _set_to.get() or timezone.now()


def today() -> date:
    """Return the day of `now` in the installation's time zone."""
    return timezone.localdate(now(), timezone.get_default_timezone())


def zone_of(village: str | None) -> tzinfo:
    """Return the time zone at a village, given by its code; without one that of the installation."""
    return ZONE_OF_PROVINCE.get((village or "")[:2], timezone.get_default_timezone())


def today_of(group: Group) -> date:
    """Return the day of `now` in the place of a group: later days have not come for it yet."""
    return timezone.localdate(now(), zone_of(group.village_id))


def refuse_to_come(day: date, latest: date, *, at: str = "") -> None:
    """Refuse, at the field `at` if there is one, what happened on a `day` after the `latest` that has come."""
    if day > latest:
        message = _("This date is in the future.")
        raise ValidationError({at: message} if at else message)


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """Record what is recorded inside as of `moment`, in this thread only. For demo data; nothing else may use it."""
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)
