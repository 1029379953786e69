"""Meetings held / meetings the agreed rhythm promises, in the last 182 days; a share, at most 1.

A younger group is measured over its age, one of less than 56 days not at all. Promised are the agreed days before the
day itself, by the rhythms that were in force then, moved meetings on their new days. Source: Panca Sutra 1, regular
meetings.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import WINDOW_DAYS, Facts, Measured, Metric, Reads, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, meetings_held, meetings_table, records_of_meetings
from assessment.metrics.base.words import MINUTES
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.calendars import calendar_of
from groups.selectors.relations import AGREED_CALENDARS, GROUP_PROFILES
from groups.shared.sql import joined
from meetings.selectors.relations import MEETINGS_HELD

_BETWEEN = ";"
LEAST_AGE_DAYS = 56
"""A younger group has not had the time to show that it meets regularly."""


def _measure(read: Facts) -> Measured:
    agreed = read["agreed"].split(_BETWEEN) if read["agreed"] else []
    facts = {"held": read["held"], **_agreed(read["age_days"], read["as_of"], agreed)}
    return share(facts["held"], facts["expected"], facts, is_enough=facts["days"] >= LEAST_AGE_DAYS)


def _sentence(facts: Facts) -> str:
    # Who meets more often than agreed has held all that was agreed.
    more = max(facts["held"] - facts["expected"], 0)
    words = _("%(held)d of %(expected)d agreed meetings held in %(days)d days") % {
        **facts,
        "held": facts["held"] - more,
    }
    return f"{words} · " + _("%(count)d more than agreed") % {"count": more} if more else words


def _tables(group: Group, as_of: date) -> list[Table]:
    rows = rows_of(group, as_of)
    held = meetings_held(rows)
    [profile] = rows(GROUP_PROFILES)
    agreed = _agreed(profile.age_days, profile.as_of, [row.agreed for row in rows(AGREED_CALENDARS)])
    table = meetings_table(group, as_of, held, [Column(_("Held"), NUMBER)], lambda _meeting: [1])
    last = Row([_("Agreed for %(days)d days") % agreed, None, agreed["expected"]], is_total=True)
    return [replace(table, rows=[*table.rows, last])]


def _agreed(age_days: int, as_of: str, agreed: list[str]) -> Facts:
    """Return the days that are looked at, and the meetings expected in them; one of the day itself is yet to come."""
    days = min(WINDOW_DAYS, max(age_days, 0))
    end = date.fromisoformat(as_of)
    return {"expected": calendar_of(agreed).expected(end - timedelta(days - 1), end - timedelta(1)), "days": days}


METRIC = Metric(
    reads=(
        Reads(MEETINGS_HELD, {"held": "COUNT(*)"}),
        Reads(GROUP_PROFILES, {"age_days": "MAX(age_days)", "as_of": "MAX(as_of)"}),
        Reads(AGREED_CALENDARS, {"agreed": joined("agreed", _BETWEEN)}),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "Meetings held ÷ meetings the agreed rhythm promises, in the last 182 days or the age of the group, at most 1. "
        "Not measured in a group younger than 56 days."
    ),
    sentence=_sentence,
    tables=_tables,
    records=records_of_meetings,
    page="meeting-list",
    page_name=MINUTES,
)
