"""Signals about who leads a group: each is a matter of `groups.selectors.leadership`, as the officers' page asks it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from assessment.signals.base.signal import Signal
from groups.models.member import LeadershipMatter
from groups.selectors.leadership import leadership_sentence
from groups.selectors.relations import LEADERSHIP, OFFICER_TERMS


def leadership_signal(matter: LeadershipMatter, *, place: int) -> Signal:
    """Return the signal of one matter, listed at `place`; its page is that of the officers."""
    return Signal(
        place=place,
        relations=(OFFICER_TERMS, LEADERSHIP),
        sql=f"SELECT group_id, counted, 0 AS amount, records FROM leadership WHERE matter = '{matter.value}'",  # noqa: S608
        label=matter.label,
        ask=matter.ask,
        sentence=lambda hit: leadership_sentence(matter, hit.counted, hit.records),
        page="officers",
        page_name=_("Officers"),
        of_cases=True,
    )
