"""Judging what no record measures, and overriding for a time what the records say."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessment import instruments
from assessment.models import Judgement, Level
from groups.models import Group, User
from groups.permissions import Capability, lock_group
from groups.shared.clock import now, refuse_to_come, today_of

LONGEST_OVERRIDE_DAYS = 365
"""After a year at most an override ends: what the records say is looked at anew."""


@transaction.atomic
def judge(*, actor: User, group: Group, level: Level, note: str, judged_on: date) -> Judgement:
    """Write down what a person says about an indicator no record measures, with a note.

    The same judgement sent twice is one. Raises `ValidationError` for a level that is of no instrument in
    force or is measured from records, for a day to come, and without a note.
    """
    lock_group(actor, Capability.ASSESS, group)
    if not _scores(group, level) or level.indicator.metric:
        raise ValidationError(_("This indicator is not judged by a person."))
    if not note.strip():
        raise ValidationError(_("A judgement needs a note."))
    return _judgement_create(actor, group, level, note.strip(), judged_on, None)


@transaction.atomic
def override_give(
    *,
    actor: User,
    group: Group,
    level: Level,
    note: str,
    judged_on: date,
    until: date,
    below_levels: bool = False,
) -> Judgement:
    """Give a measured indicator another level from `judged_on` through `until`, with the reason.

    With `below_levels` none of the indicator's levels, whichever `level` is: no points. The measured value stands
    beside it; the latest override counts. The same one sent twice is one. Raises
    `ValidationError` for a level that is of no instrument in force or is judged anyway, for a first day to come, an
    end before it or more than `LONGEST_OVERRIDE_DAYS` later, and without a reason.
    """
    lock_group(actor, Capability.ASSESS, group)
    if not _scores(group, level) or not level.indicator.metric:
        raise ValidationError(_("This indicator is not measured from the records."))
    if not note.strip():
        raise ValidationError({"note": _("Say why another level is given.")})
    if not timedelta(0) <= until - judged_on <= timedelta(LONGEST_OVERRIDE_DAYS):
        raise ValidationError({"until": _("Choose a day not before the first, and at most a year after it.")})
    if below_levels:
        level = level.indicator.levels.order_by("threshold")[0]
    return _judgement_create(actor, group, level, note.strip(), judged_on, until, below_levels=below_levels)


@transaction.atomic
def override_withdraw(*, actor: User, override: Judgement, on: date) -> None:
    """Let the measured value count again from the day `on`: every running override of the indicator is withdrawn.

    Withdrawn twice is withdrawn once. Raises `ValidationError` for a judgement of what no record measures.
    """
    group = lock_group(actor, Capability.ASSESS, override.group)
    indicator = override.level.indicator
    if override.until is None:
        raise ValidationError(_("This indicator is not measured from the records."))
    Judgement.objects.filter(
        group=group,
        level__indicator__code=indicator.code,
        level__indicator__instrument__code=indicator.instrument.code,
        until__gte=on,
        withdrawn_on__isnull=True,
    ).update(withdrawn_on=on, withdrawn_at=now(), withdrawn_by=actor)


def _scores(group: Group, level: Level) -> bool:
    """Say whether the level belongs to an instrument that scores the group now."""
    instrument = level.indicator.instrument
    return (
        instrument.code in instruments.schemes_of(group.organisation_id)
        and instruments.in_force(group.organisation_id, instrument.code) == instrument
    )


def _judgement_create(
    actor: User,
    group: Group,
    level: Level,
    note: str,
    judged_on: date,
    until: date | None,
    *,
    below_levels: bool = False,
) -> Judgement:
    refuse_to_come(judged_on, today_of(group), at="judged_on")
    standing = Judgement.objects.filter(group=group, level__indicator=level.indicator, withdrawn_on__isnull=True)
    last = standing.order_by("-pk").first()
    said = {"level": level, "below_levels": below_levels, "note": note, "judged_on": judged_on, "until": until}
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    return Judgement.objects.create(group=group, judged_by=actor, **said)
