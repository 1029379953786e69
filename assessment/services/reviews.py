"""Staff write down that they looked into signals and needs of a group, what they found, and when to look again."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessment.models import Review
from assessment.selectors.reviews import subjects_of
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.services import FormUsed
from groups.shared.clock import now, today, today_of

LONGEST_REVIEW_DAYS = 366
"""After a year at most somebody looks again."""


@transaction.atomic
def reviews_record(
    *,
    actor: User,
    group: Group,
    subjects: Collection[str],
    note: str,
    looked_on: date,
    look_again_on: date,
    key: uuid.UUID,
) -> list[Review]:
    """Write down that `subjects`, names of signals and needs, were looked into, and what was found.

    The same key with the same words gives the reviews there are; with other words it raises `FormUsed`. Raises
    `ValidationError` for what is not there at the group, without a note, for a day to come or before the group, and
    for a day to look again that is not to come or over a year away.
    """
    group = lock_group(actor, Capability.ASSESS, group)
    said = {"note": note.strip(), "looked_on": looked_on, "look_again_on": look_again_on}
    earlier = list(Review.objects.filter(group=group, key=key))
    if earlier:
        return _same(earlier, subjects, said)
    there = {subject.name: subject for subject in subjects_of(group, today())}
    if not subjects or not set(subjects) <= there.keys():
        raise ValidationError({"subjects": _("The group does not have this any more.")})
    if not note.strip():
        raise ValidationError({"note": _("Say what was found.")})
    own_today = today_of(group)
    if not group.founded_on <= looked_on <= own_today:
        raise ValidationError({"looked_on": _("Choose a day of the group, up to today.")})
    if not own_today < look_again_on <= own_today + timedelta(LONGEST_REVIEW_DAYS):
        raise ValidationError({"look_again_on": _("Choose a day to come, at most a year ahead.")})
    return Review.objects.bulk_create(
        Review(group=group, subject=name, seen=there[name].seen, key=key, recorded_by=actor, **said)
        for name in dict.fromkeys(subjects)
    )


def _same(earlier: list[Review], subjects: Collection[str], said: dict[str, object]) -> list[Review]:
    is_same = {review.subject for review in earlier} == set(subjects) and all(
        getattr(review, name) == value for review in earlier for name, value in said.items()
    )
    if not is_same:
        words = _("What this form held before is recorded already, and stays as it is.")
        raise FormUsed([words, _("To record what stands here now as well, send it once more.")])
    return earlier


@transaction.atomic
def review_withdraw(*, actor: User, review: Review) -> int:
    """Take back that a signal or a need was looked into: this review and those of that subject before it.

    Returns how many reviews that were. Withdrawn twice is withdrawn once, and what somebody found since stays.
    """
    group = lock_group(actor, Capability.ASSESS, review.group)
    valid = Review.objects.valid().filter(group=group, subject=review.subject, pk__lte=review.pk)
    return valid.update(withdrawn_at=now(), withdrawn_by=actor)
