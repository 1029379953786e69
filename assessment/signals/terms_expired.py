"""An office held for longer than a term is by the rules of the group, without a new election.

Source: the guide asks for an agreed change of leaders. Where the rules say nothing, a term is three years.
"""

from __future__ import annotations

from assessment.signals.base.leadership import leadership_signal
from groups.models.member import LeadershipMatter

SIGNAL = leadership_signal(LeadershipMatter.TERM_OVER, place=6)
