"""How a group is formed: what was done for each of six steps, and its founding meeting as the berita acara has it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group
from groups.models.withdrawable import RecordedOnce, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason


class FormationStep(models.TextChoices):
    """The six steps of the guide by which a group is formed, in their order."""

    NEARBY = "NEARBY", _("Look for groups near by")
    PARTNERS = "PARTNERS", _("Work with others and ask for help")
    START = "START", _("Start small")
    NAME = "NAME", _("Choose a name")
    RULES = "RULES", _("Agree the rules (aturan main)")
    MEETING = "MEETING", _("Agree place and time of the meetings")


WRITTEN_STEPS = tuple(step.value for step in FormationStep if step != FormationStep.RULES)
"""Steps of which a person writes what was done; the rules are in the records."""


class FormationNote(RecordedOnce, WithdrawableWithReason):
    """What was done for a step on a day; of a step the note recorded last counts, unless it was withdrawn.

    `people`, and `first_saving` in rupiah for each of them, are what a group starts with.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="formation_notes", verbose_name=_("group"))
    step = models.CharField(_("step"), max_length=8, choices=FormationStep)
    done_on = models.DateField(_("done on"))
    text = models.TextField(_("what was done"))
    people = models.PositiveSmallIntegerField(_("people at the start"), null=True, blank=True)
    first_saving = models.PositiveBigIntegerField(_("first saving of each"), null=True, blank=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of forming a group")
        verbose_name_plural = _("steps of forming groups")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(name="formation_note_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="formation_note_step", condition=Q(step__in=WRITTEN_STEPS)),
            models.CheckConstraint(name="formation_note_text", condition=~Q(text="")),
            models.CheckConstraint(
                name="formation_note_start",
                condition=Q(step="START", people__gte=1, people__isnull=False, first_saving__isnull=False)
                | (~Q(step="START") & Q(people__isnull=True, first_saving__isnull=True)),
            ),
            withdrawn_with_reason("formation_note_withdrawn"),
        ]

    def __str__(self) -> str:
        return self.get_step_display()


class Founding(RecordedOnce, WithdrawableWithReason):
    """The meeting that founded a group: where, who was there, what the group does and where it is to be found.

    Members and officers are those of the day.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="foundings", verbose_name=_("group"))
    held_on = models.DateField(_("founded on"))
    place = models.CharField(_("place"), max_length=120)
    present = models.TextField(_("who was there"))
    activity = models.CharField(_("what the group does"), max_length=200)
    address = models.CharField(_("address of the group"), max_length=200)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("founding of a group")
        verbose_name_plural = _("foundings of groups")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="founding_key_once", fields=["group", "key"]),
            models.UniqueConstraint(name="founding_one", fields=["group"], condition=Q(withdrawn_at__isnull=True)),
            withdrawn_with_reason("founding_withdrawn"),
        ]

    def __str__(self) -> str:
        return date_format(self.held_on)
