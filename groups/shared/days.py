"""Days and months as people write them. What is not certain is refused with the reason, never guessed."""

from __future__ import annotations

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from groups.shared.numbers import one_line

EARLIEST_DAY, LATEST_DAY = date(1900, 1, 1), date(2200, 12, 31)
"""The calendar of this program: every other day is a slip of the finger, and breaks sums of days."""
YEARS_AHEAD = 10
"""A year of two digits is one of this century, up to so many years from now; any other could be two years."""


def years_later(day: date, years: int) -> date:
    """Return the same day of a later year; 1 March for 29 February in a year without one."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


_MONTHS = (
    ("jan", "januari", "january"),
    ("feb", "peb", "februari", "pebruari", "february"),
    ("mar", "mrt", "maret", "march"),
    ("apr", "april"),
    ("mei", "may"),
    ("jun", "juni", "june"),
    ("jul", "juli", "july"),
    ("agu", "agt", "ags", "agustus", "aug", "august"),
    ("sep", "sept", "september"),
    ("okt", "oktober", "oct", "october"),
    ("nov", "nop", "november", "nopember"),
    ("des", "desember", "dec", "december"),
)
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_NUMBERS = re.compile(
    r"(?P<day>[0-9]{1,2}) ?(?P<mark>[/.-]) ?(?P<month>[0-9]{1,2})(?: ?(?P=mark) ?(?P<year>[0-9]{4}|[0-9]{2}))?"
)
_WORDS = re.compile(r"(?P<day>[0-9]{1,2})[ -]?(?P<month>[a-z]+)\.?(?:[ -]?(?P<year>[0-9]{4}|[0-9]{2}))?", re.IGNORECASE)
_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})")
_MONTH_FIRST = re.compile(r"(?P<month>[0-9]{1,2}|[a-z]+)\.? ?[/. -] ?(?P<year>[0-9]{4})", re.IGNORECASE)

_INVALID = _("Enter a valid date. Write it like this: 4/6/2026 or 4 Juni 2026.")
_NO_SUCH_DAY = _("There is no such day. Look at the calendar again.")
_WHICH_YEAR = _("Write the year with four digits, for example 4/6/2026.")
_BEYOND = _("Write a day of our time.")
_INVALID_MONTH = _("Enter a valid month. Write it like this: 6/2026 or Juni 2026.")


def read_day(text: str, *, today: date, may_lack_year: bool = True) -> date:
    """Return the day that `text` certainly means: `4/6/2026`, `4-6-26`, `4.6.2026`, `4 Juni 2026`, `2026-06-04`.

    The day comes first. Without a year, `4/6` or `4 Juni`, it is the latest such day up to `today`, or refused where
    it may not lack one, as for days to come. Raises `ValidationError` for days there are not, for days outside the
    calendar of this program, and for years of two digits that could be of two centuries.
    """
    text = one_line(text)
    match = _ISO.fullmatch(text) or _NUMBERS.fullmatch(text) or _WORDS.fullmatch(text)
    month = _month_number(match["month"]) if match else None
    if match is None or month is None:
        raise ValidationError(_INVALID, code="invalid")
    day = int(match["day"])
    if match["year"]:
        return _in_calendar(_year(match["year"], today), month, day)
    if not may_lack_year:
        raise ValidationError(_WHICH_YEAR, code="year")
    in_this_year = (month, day) <= (today.month, today.day)
    return _in_calendar(today.year if in_this_year else today.year - 1, month, day)


def read_month(text: str) -> date:
    """Return the first day of the month that `text` means: `2026-06`, `6/2026`, `Juni 2026`."""
    text = one_line(text)
    match = _MONTH.fullmatch(text) or _MONTH_FIRST.fullmatch(text)
    month = _month_number(match["month"]) if match else None
    if match is None or month is None:
        raise ValidationError(_INVALID_MONTH, code="invalid")
    return _in_calendar(int(match["year"]), month, 1)


def _month_number(text: str) -> int | None:
    return int(text) if text.isdigit() else _MONTH_NUMBERS.get(text.lower())


def _year(text: str, today: date) -> int:
    if len(text) == 4:
        return int(text)
    year = today.year - today.year % 100 + int(text)
    if year > today.year + YEARS_AHEAD:
        raise ValidationError(_WHICH_YEAR, code="year")
    return year


def _in_calendar(year: int, month: int, day: int) -> date:
    try:
        read = date(year, month, day)
    except ValueError:
        raise ValidationError(_NO_SUCH_DAY, code="no_such_day") from None
    if not EARLIEST_DAY <= read <= LATEST_DAY:
        raise ValidationError(_BEYOND, code="beyond")
    return read
