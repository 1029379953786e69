"""An office held for longer than a term is by the rules of the group, without a new election.

Source: the guide asks for an agreed change of leaders. Where the rules say nothing, a term is three years.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import Signal, SignalHit
from groups.models.member import LeadershipMatter
from groups.selectors.leadership import leadership_sentence
from groups.selectors.relations import LEADERSHIP, OFFICER_TERMS

MATTER = LeadershipMatter.TERM_OVER


def _sentence(hit: SignalHit) -> str:
    return leadership_sentence(MATTER, hit.counted, hit.records)


SIGNAL = Signal(
    place=6,
    relations=(OFFICER_TERMS, LEADERSHIP),
    sql=f"SELECT group_id, counted, 0 AS amount, records FROM leadership WHERE matter = '{MATTER.value}'",  # noqa: S608
    label=MATTER.label,
    ask=MATTER.ask,
    sentence=_sentence,
    page="officers",
    page_name=_("Officers"),
    of_cases=True,
)
