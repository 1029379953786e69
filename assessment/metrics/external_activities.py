"""0 without any activity with others in the last 365 days, 1 with talks, 2 with one joint activity, 3 with two or more,
or with one under a written agreement that is in force.

Joint activities are about capital, raw material, marketing or other cooperation; talks and visits alone are none. What
was withdrawn does not count. Of a group of which none was ever recorded nothing is known: not enough data.
Source: Kotaku indicator 9; Bina Swadaya's key result area of the network.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import DATE, NUMBER, evidence_table, total_row
from finance.tables.table import Column, Row, Table
from groups.models import ActivityKind, Group
from groups.selectors.relations import OUTSIDE_ACTIVITIES

SEVERAL = 2


def _measure(facts: Facts) -> Measured:
    if not facts["known"]:
        return Measured(None, facts)
    if facts["agreed"] or facts["joint"] >= SEVERAL:
        return Measured(3.0, facts)
    return Measured(2.0 if facts["joint"] else float(min(1, facts["talks"])), facts)


def _sentence(facts: Facts) -> str:
    if not facts["joint"]:
        return _("talks only in 365 days") if facts["talks"] else _("nothing with others in 365 days")
    joint = ngettext("%(count)d joint activity in 365 days", "%(count)d joint activities in 365 days", facts["joint"])
    sentence = joint % {"count": facts["joint"]}
    if not facts["agreed"]:
        return sentence
    return _("%(activities)s, %(agreed)d under an agreement") % {"activities": sentence, "agreed": facts["agreed"]}


def _rows(rows: Rows) -> list[Any]:
    return sorted(rows(OUTSIDE_ACTIVITIES), key=lambda activity: (activity.held_on, activity.id), reverse=True)


def _tables(group: Group, as_of: date) -> list[Table]:
    url = reverse("partnerships", args=[group.code])
    columns = [
        Column(_("Activity")), Column(_("Date"), DATE, on_phone=False), Column(_("Partner"), on_phone=False),
        Column(_("About"), on_phone=False), Column(_("Talks"), NUMBER, on_phone=False, is_named=True),
        Column(_("Joint"), NUMBER, on_phone=False, is_named=True),
        Column(_("Under an agreement"), NUMBER),
    ]  # fmt: skip
    rows = [
        Row(
            [
                activity.what, activity.held_on, activity.partner_name, str(ActivityKind(activity.kind).label),
                activity.is_talk, activity.is_joint, activity.is_agreed,
            ],
            url,
        )
        for activity in _rows(rows_of(group, as_of))
    ]  # fmt: skip
    rows.append(total_row(_("Total"), columns, rows))
    return [evidence_table(group, as_of, _("Activities with others"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"activities": sorted(activity.id for activity in rows(OUTSIDE_ACTIVITIES))}


METRIC = Metric(
    reads=(
        Reads(
            OUTSIDE_ACTIVITIES,
            {
                "talks": "SUM(is_talk)",
                "joint": "SUM(is_joint)",
                "agreed": "SUM(is_agreed)",
                "known": "COUNT(*)",
            },
        ),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "0 without any activity with others in 365 days, 1 with talks, 2 with one joint activity, 3 with two or more, "
        "or with one under a written agreement in force. Not measured where no activity was ever recorded."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="partnerships",
    page_name=gettext_lazy("Partnerships"),
    most=3,
    is_share=False,
)
