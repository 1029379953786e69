"""An office held for more than three years without a new election.

Source: the guide asks for an agreed change of leaders. No rules of a group say how long a term is yet, so it is
`TERM_YEARS`.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import Signal, SignalHit, listed
from groups.models import OfficerRole
from groups.selectors.relations import OFFICER_TERMS

TERM_YEARS = 3
"""The rules of a group have no length of a term; three years is what PNPM sets for the leaders of a BKM."""


def _sentence(hit: SignalHit) -> str:
    offices = ", ".join(str(OfficerRole(role).label) for role in hit.records)
    return gettext("in office for more than %(years)d years: %(offices)s") % {"years": TERM_YEARS, "offices": offices}


SIGNAL = Signal(
    place=6,
    relations=(OFFICER_TERMS,),
    sql=f"""
        SELECT group_id, COUNT(*) AS counted, 0 AS amount, {listed("role")} AS records
        FROM officer_terms
        WHERE is_held = 1 AND years_held >= {TERM_YEARS}
        GROUP BY group_id""",  # noqa: S608 - no input
    label=_("Term of office over"),
    ask=_("When will the group elect again? Was there an election that nobody recorded?"),
    sentence=_sentence,
    page="officers",
    page_name=_("Officers"),
    of_cases=True,
)
