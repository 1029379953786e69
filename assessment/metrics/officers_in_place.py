"""0 to 3: how many of the offices ketua, sekretaris and bendahara somebody holds on the day.

A group whose officers nobody ever wrote down has not enough data. Source: the guide's three officers.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import DATE, evidence_table
from finance.tables.table import Column, Row, Table
from groups.models import Group, OfficerRole
from groups.selectors.relations import OFFICER_TERMS


def _measure(read: Facts) -> Measured:
    return Measured(float(read["held"]) if read["terms"] else None, {"held": read["held"]})


def _sentence(facts: Facts) -> str:
    return _("%(held)d of 3 offices held") % facts


def _tables(group: Group, as_of: date) -> list[Table]:
    url = reverse("officers", args=[group.code])
    terms = _held(rows_of(group, as_of))
    columns = [Column(_("Office")), Column(_("Member")), Column(_("Since"), DATE)]
    rows = [Row([str(OfficerRole(term.role).label), term.member_name, term.started_on], url) for term in terms]
    return [evidence_table(group, as_of, _("Officers"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"officer_terms": [term.id for term in _held(rows)]}


def _held(rows: Rows) -> list[Any]:
    return sorted((term for term in rows(OFFICER_TERMS) if term.is_held), key=lambda term: str(term.role))


METRIC = Metric(
    reads=(Reads(OFFICER_TERMS, {"held": "COUNT(DISTINCT CASE WHEN is_held = 1 THEN role END)", "terms": "COUNT(*)"}),),
    measure=_measure,
    formula=gettext_lazy(
        "How many of the offices ketua, sekretaris and bendahara are held, 0 to 3. Not measured before the first "
        "officer is written down."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="officers",
    page_name=gettext_lazy("Officers"),
    most=3,
    is_share=False,
)
