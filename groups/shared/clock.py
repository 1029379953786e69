"""The moment at which something is recorded, which is not the day on which it happened.

It is the computer's clock, except where `manage.py demo` makes records that are to look some months old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.utils import timezone

_set_to: ContextVar[datetime | None] = ContextVar("set_to", default=None)


def now() -> datetime:
    """Return the moment at which a service records, with its time zone."""
    return _set_to.get() or timezone.now()


def today() -> date:
    """Return the day of `now` in the installation's time zone."""
    return timezone.localdate(now())


@contextmanager
def clock_set_to(moment: datetime) -> Iterator[None]:
    """Record what is recorded inside as of `moment`, in this thread only. For demo data; nothing else may use it."""
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)
