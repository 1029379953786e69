"""Somebody who leads now was elected again, and has led for as long as two terms together.

Source: the guide asks for an agreed change of leaders, and that the work of an office is learnt by others.
"""

from __future__ import annotations

from assessment.signals.base.leadership import leadership_signal
from groups.models.member import LeadershipMatter

SIGNAL = leadership_signal(LeadershipMatter.SAME_PERSON, place=10)
