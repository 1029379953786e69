"""Meetings held / meetings the agreed rhythm promises, in the last 182 days; a share, at most 1.

A younger group is measured over its age, one of less than 56 days not at all. Source: Panca Sutra 1, regular meetings;
the rhythm is the one on the group's profile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import WINDOW_DAYS, Evidence, Facts, Measured, Metric, Reads, share
from assessment.metrics.base.reading import read_rows
from assessment.metrics.base.tables import NUMBER, meetings_held, meetings_table, numbers_of
from assessment.metrics.base.words import MINUTES
from finance.tables.table import Column, Row
from groups.models import Group
from groups.selectors.relations import GROUP_PROFILES
from groups.shared.schedule import expected_meetings
from meetings.selectors.relations import MEETINGS_HELD

LEAST_AGE_DAYS = 56
"""A younger group has not had the time to show that it meets regularly."""


def _measure(read: Facts) -> Measured:
    facts = {"held": read["held"], **_agreed(read["age_days"], read["meeting_every"])}
    return share(facts["held"], facts["expected"], facts, is_enough=facts["days"] >= LEAST_AGE_DAYS)


def _sentence(facts: Facts) -> str:
    return _("%(held)d of %(expected)d agreed meetings held in %(days)d days") % facts


def _evidence(group: Group, as_of: date) -> Evidence:
    held = meetings_held(group, as_of)
    [profile] = read_rows(GROUP_PROFILES, group, as_of)
    agreed = _agreed(profile.age_days, profile.meeting_every)
    table = meetings_table(group, as_of, held, [Column(_("Held"), NUMBER)], lambda _meeting: [1])
    last = Row([_("Agreed for %(days)d days") % agreed, None, agreed["expected"]], is_total=True)
    return Evidence([replace(table, rows=[*table.rows, last])], numbers_of(held))


def _agreed(age_days: int, meeting_every: str) -> Facts:
    """Return the days that are looked at, and the meetings expected in them."""
    days = min(WINDOW_DAYS, max(age_days, 0))
    return {"expected": expected_meetings(meeting_every, max(days, 1)), "days": days}


METRIC = Metric(
    reads=(
        Reads(MEETINGS_HELD, {"held": "COUNT(*)"}),
        Reads(GROUP_PROFILES, {"age_days": "MAX(age_days)", "meeting_every": "MAX(meeting_every)"}),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "Meetings held ÷ meetings the agreed rhythm promises, in the last 182 days or the age of the group, at most 1. "
        "Not measured in a group younger than 56 days."
    ),
    sentence=_sentence,
    evidence=_evidence,
    page="meeting-list",
    page_name=MINUTES,
)
