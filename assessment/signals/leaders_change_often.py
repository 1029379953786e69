"""One office had three holders or more within two years.

Source: the guide counts a steady leadership among what a group needs; the number is ours.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import Signal, SignalHit
from groups.models.member import LeadershipMatter
from groups.selectors.leadership import leadership_sentence
from groups.selectors.relations import LEADERSHIP, OFFICER_TERMS

MATTER = LeadershipMatter.CHANGES


def _sentence(hit: SignalHit) -> str:
    return leadership_sentence(MATTER, hit.counted, hit.records)


SIGNAL = Signal(
    place=11,
    relations=(OFFICER_TERMS, LEADERSHIP),
    sql=f"SELECT group_id, counted, 0 AS amount, records FROM leadership WHERE matter = '{MATTER.value}'",  # noqa: S608
    label=MATTER.label,
    ask=MATTER.ask,
    sentence=_sentence,
    page="officers",
    page_name=_("Officers"),
    of_cases=True,
)
