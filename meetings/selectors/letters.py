"""The letters of a group."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, Q

from groups.models import Group
from groups.models.withdrawable import WithdrawableQuerySet
from meetings.models import Letter, LetterDirection


def letters_of(group: Group, *, direction: str = "", words: str = "") -> WithdrawableQuerySet[Letter]:
    """Return the letters of a group, the latest first, those withdrawn among them.

    `direction` keeps those received or sent alone, each of `words` must stand in the letter's number, in its subject,
    or in who sent or gets it.
    """
    letters = Letter.objects.filter(group=group).select_related("recorded_by", "withdrawn_by")
    if direction:
        letters = letters.filter(direction=direction)
    for word in words.split():
        letters = letters.filter(Q(number__icontains=word) | Q(other__icontains=word) | Q(subject__icontains=word))
    return letters.order_by("-dated_on", "-place")


def letters_counted(group: Group, *, start: date, end: date) -> tuple[int, int]:
    """Return how many letters a group received and how many it sent from a day to another, both included."""
    letters = letters_of(group).valid().filter(dated_on__range=(start, end)).order_by()
    counts = letters.aggregate(
        received=Count("pk", filter=Q(direction=LetterDirection.IN)),
        sent=Count("pk", filter=Q(direction=LetterDirection.OUT)),
    )
    return counts["received"], counts["sent"]
