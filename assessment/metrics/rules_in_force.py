"""0 without a constitution or with an empty one, 1 with one, 2 with one agreed in a meeting of the members.

The version in force on the day counts. Source: Kotaku indicator 5 (aturan main); the guide's fifth step of forming a
group.
"""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import DATE, evidence_table
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.relations import GROUP_PROFILES


def _measure(facts: Facts) -> Measured:
    return Measured(float(facts["level"]), facts)


def _sentence(facts: Facts) -> str:
    return [_("no written rules"), _("written rules"), _("rules agreed in a meeting")][facts["level"]]


def _tables(group: Group, as_of: date) -> list[Table]:
    url = reverse("constitution", args=[group.code])
    how = [_("written down"), _("agreed in a meeting of the members")]
    columns = [Column(_("Rules")), Column(_("Agreed on"), DATE, on_phone=False, is_named=True), Column(_("How"))]
    [rules] = rows_of(group, as_of)(GROUP_PROFILES)
    if rules.rules_version is None:
        return []
    cells = [_("Version %d") % rules.rules_version, rules.rules_agreed_on, how[rules.rules_agreed_in_meeting]]
    return [evidence_table(group, as_of, _("Rules"), columns, [Row(cells, url)])]


def _records(rows: Rows) -> dict[str, list[int]]:
    [rules] = rows(GROUP_PROFILES)
    return {"constitutions": [rules.rules_version]} if rules.rules_version is not None else {}


METRIC = Metric(
    reads=(
        Reads(
            GROUP_PROFILES,
            {"level": "MAX(CASE WHEN rules_version IS NULL THEN 0 ELSE 1 + rules_agreed_in_meeting END)"},
        ),
    ),
    measure=_measure,
    formula=gettext_lazy("0 without written rules, 1 with rules, 2 with rules agreed in a meeting of the members."),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="constitution",
    page_name=gettext_lazy("Rules"),
    most=2,
    is_share=False,
)
