"""One office had three holders or more within two years.

Source: the guide counts a steady leadership among what a group needs; the number is ours.
"""

from __future__ import annotations

from assessment.signals.base.leadership import leadership_signal
from groups.models.member import LeadershipMatter

SIGNAL = leadership_signal(LeadershipMatter.CHANGES, place=11)
