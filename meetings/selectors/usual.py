"""What is usual at a group's meetings: the one definition, by which a sheet asks before it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median_low

from django.db.models import Sum

from finance.models import AccountKind, Transfer
from groups.models import Group
from meetings.models import Meeting, MeetingStatus

MEETINGS = 6
"""How many of the last meetings say what is usual."""
LEAST = 3
"""With fewer meetings nothing is usual yet."""
FAR = 2
"""A sum of more than twice, or less than half, of what is usual is far from it."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What usually comes into the cash box at a meeting: the middle one of the last `meetings`, in rupiah."""

    money_in: int
    meetings: int

    def is_far_from(self, money_in: int) -> bool:
        """Say whether a sum is more than twice or less than half of what is usual."""
        return money_in > FAR * self.money_in or FAR * money_in < self.money_in


def usual(group: Group, *, before: date) -> Usual | None:
    """Return what was usual at the last meetings before a day, None where there were fewer than three."""
    held = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED, held_on__lt=before)
    entries = list(held.order_by("-held_on", "-number").values_list("entry", flat=True)[:MEETINGS])
    if len(entries) < LEAST:
        return None
    came = Transfer.objects.filter(entry__in=[pk for pk in entries if pk], debit_account__kind=AccountKind.CASH)
    sums = dict(came.order_by().values_list("entry").annotate(Sum("amount")))
    return Usual(median_low(sums.get(pk, 0) for pk in entries), len(entries))
