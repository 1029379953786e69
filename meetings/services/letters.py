"""Letters are written into the book of a group, and withdrawn."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.services.profiles import refuse_changed
from groups.shared.clock import refuse_to_come, today_of
from meetings.models import Letter

LETTER = ("direction", "dated_on", "number", "other", "subject", "note")
"""The fields of a letter that a form sends."""


@transaction.atomic
def letter_record(*, actor: User, group: Group, letter: Letter) -> Letter:
    """Write an unsaved letter into the book of a group, under the next number; the same key twice is one letter.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a day to come.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = Letter.objects.filter(group=group, key=letter.key).first()
    if earlier is not None:
        refuse_changed(earlier, letter, LETTER)
        return earlier
    refuse_to_come(letter.dated_on, today_of(group), at="dated_on")
    last = Letter.objects.filter(group=group).aggregate(last=Max("place"))["last"] or 0
    letter.group, letter.recorded_by, letter.place = group, actor, last + 1
    letter.full_clean()
    letter.save()
    return letter


@transaction.atomic
def letter_withdraw(*, actor: User, letter: Letter, reason: str) -> Letter:
    """Take back a letter recorded by mistake; it stays readable with the reason, and keeps its number."""
    lock_group(actor, Capability.RECORD, letter.group)
    letter = Letter.objects.get(pk=letter.pk)
    letter.withdraw(actor, reason)
    return letter
