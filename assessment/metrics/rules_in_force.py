"""0 without a constitution or with an empty one, 1 with one, 2 with one agreed in a meeting of the members.

The version in force on the day counts. Source: Kotaku indicator 5 (aturan main); the guide's fifth step of forming a
group.
"""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Evidence, Facts, Measured, Metric, Reads
from assessment.metrics.base.reading import read_rows
from assessment.metrics.base.tables import DATE, evidence_table
from finance.tables.table import Column, Row
from groups.models import Group
from groups.selectors.relations import RULES_IN_FORCE


def _measure(facts: Facts) -> Measured:
    return Measured(float(facts["level"]), facts)


def _sentence(facts: Facts) -> str:
    return [_("no written rules"), _("written rules"), _("rules agreed in a meeting")][facts["level"]]


def _evidence(group: Group, as_of: date) -> Evidence:
    url = reverse("constitution", args=[group.code])
    how = [_("written down"), _("agreed in a meeting of the members")]
    columns = [Column(_("Rules")), Column(_("Agreed on"), DATE), Column(_("How"))]
    versions = read_rows(RULES_IN_FORCE, group, as_of)
    rows = [Row([_("Version %d") % row.version, row.agreed_on, how[row.agreed_in_meeting]], url) for row in versions]
    if not rows:
        return Evidence([])
    table = evidence_table(group, as_of, _("Rules"), columns, rows)
    return Evidence([table], {"constitutions": [row.version for row in versions]})


METRIC = Metric(
    reads=(Reads(RULES_IN_FORCE, {"level": "MAX(1 + agreed_in_meeting)"}),),
    measure=_measure,
    formula=gettext_lazy("0 without written rules, 1 with rules, 2 with rules agreed in a meeting of the members."),
    sentence=_sentence,
    evidence=_evidence,
    page="constitution",
    page_name=gettext_lazy("Rules"),
    most=2,
    is_share=False,
)
