"""No woman holds an office in a group with three women and three men at the least.

Source: the guide asks for place, time and say of women and men alike; the numbers are ours.
"""

from __future__ import annotations

from assessment.signals.base.leadership import leadership_signal
from groups.models.member import LeadershipMatter

SIGNAL = leadership_signal(LeadershipMatter.NO_WOMAN, place=12)
