"""A group agrees new rules."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.ending import require_alive
from groups.models import Constitution, Group, Member, User
from groups.permissions import Capability, lock_group
from groups.selectors import rules_in_force
from groups.shared.clock import refuse_to_come, today_of

RULES = ("agreed_on", *(field.name for field in Constitution.rule_fields()))
"""The fields of a constitution that a group agrees."""


@transaction.atomic
def constitution_adopt(*, actor: User, group: Group, constitution: Constitution) -> Constitution:
    """Write down an unsaved constitution as the group's rules from the day it was agreed; other versions stay.

    That day may be past, also before that of a later version, which stands from its own day on. `Group.rules` is the
    version agreed last.

    `constitution.version` is the number the writer saw as next: rules adopted by somebody else meanwhile are
    refused under the field `version`, and the same rules sent twice return the version they made.
    """
    group = lock_group(actor, Capability.RECORD, group)
    since = list(Constitution.objects.filter(group=group, version__gte=constitution.version))
    if since:
        earlier = since[0]
        if earlier.recorded_by_id == actor.pk and all(
            getattr(earlier, rule) == getattr(constitution, rule) for rule in RULES
        ):
            return earlier
        raise ValidationError({"version": _changed_meanwhile({rules.recorded_by_id for rules in since} == {actor.pk})})
    refuse_to_come(constitution.agreed_on, today_of(group), at="agreed_on")
    if constitution.agreed_on < group.founded_on:
        raise ValidationError({"agreed_on": _("The group did not exist yet on this date.")})
    require_alive(group, constitution.agreed_on, field="agreed_on")
    _check_votes(group, constitution)
    latest = Constitution.objects.filter(group=group).aggregate(last=Max("version"))["last"] or 0
    constitution.group = group
    constitution.version = latest + 1
    constitution.recorded_by = actor
    constitution.full_clean()
    constitution.save()
    group.rules = rules_in_force(group, as_of=today_of(group))
    group.save(update_fields=["rules"])
    return constitution


def _check_votes(group: Group, constitution: Constitution) -> None:
    """Refuse votes that did not agree the rules, and more of them than there were members on the day."""
    votes = constitution.votes
    if votes is None:
        return
    if (constitution.votes_for or 0) <= (constitution.votes_against or 0):
        raise ValidationError({"votes_for": _("Rules are agreed when more vote for them than against.")})
    members = Member.objects.filter(group=group).effective(constitution.agreed_on).count()
    if votes > members:
        text = ngettext("On this day the group had %d member.", "On this day the group had %d members.", members)
        raise ValidationError({"votes_for": text % members})


def _changed_meanwhile(by_oneself: bool) -> str:
    if by_oneself:
        return _("You changed the rules yourself after opening this page. Look at them, then save again.")
    return _("Somebody changed the rules meanwhile. Look at them, then save again.")
