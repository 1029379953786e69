"""0 to 3: how many of the offices ketua, sekretaris and bendahara somebody holds on the day.

A group whose officers nobody ever wrote down has not enough data. Source: the guide's three officers.
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
from groups.models import Group, OfficerRole
from groups.selectors.relations import OFFICER_TERMS


def _measure(read: Facts) -> Measured:
    return Measured(float(read["held"]) if read["terms"] else None, {"held": read["held"]})


def _sentence(facts: Facts) -> str:
    return _("%(held)d of 3 offices held") % facts


def _evidence(group: Group, as_of: date) -> Evidence:
    url = reverse("officers", args=[group.code])
    terms = [term for term in read_rows(OFFICER_TERMS, group, as_of) if term.is_held]
    terms.sort(key=lambda term: str(term.role))
    columns = [Column(_("Office")), Column(_("Member")), Column(_("Since"), DATE)]
    rows = [Row([str(OfficerRole(term.role).label), term.member_name, term.started_on], url) for term in terms]
    table = evidence_table(group, as_of, _("Officers"), columns, rows)
    return Evidence([table], {"officer_terms": [term.id for term in terms]})


METRIC = Metric(
    reads=(Reads(OFFICER_TERMS, {"held": "COUNT(DISTINCT CASE WHEN is_held = 1 THEN role END)", "terms": "COUNT(*)"}),),
    measure=_measure,
    formula=gettext_lazy(
        "How many of the offices ketua, sekretaris and bendahara are held, 0 to 3. Not measured before the first "
        "officer is written down."
    ),
    sentence=_sentence,
    evidence=_evidence,
    page="officers",
    page_name=gettext_lazy("Officers"),
    most=3,
    is_share=False,
)
