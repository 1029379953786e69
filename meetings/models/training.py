"""Trainings of a group: what was taught, by whom, for how long, and which members took part."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Member
from groups.models.withdrawable import RecordedOnce, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason
from meetings.models.visit import Visit

MOST_HOURS, MOST_GUESTS = 500, 1_000
"""What is above them is a slip of the finger."""


class Training(RecordedOnce, WithdrawableWithReason):
    """Members of a group were taught something, on a visit to it or elsewhere, by anybody."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="trainings", verbose_name=_("group"))
    held_on = models.DateField(_("first day"))
    subject = models.CharField(_("subject"), max_length=200)
    trainer = models.CharField(_("trainer"), max_length=120)
    trainer_office = models.CharField(_("office or organisation of the trainer"), max_length=120, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    hours = models.PositiveSmallIntegerField(
        _("hours"), validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)]
    )
    guests = models.PositiveSmallIntegerField(_("guests"), default=0, validators=[MaxValueValidator(MOST_GUESTS)])
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="trainings", verbose_name=_("visit")
    )

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="training_key_once", fields=["group", "key"]),
            models.CheckConstraint(
                name="training_numbers", condition=Q(hours__range=(1, MOST_HOURS), guests__lte=MOST_GUESTS)
            ),
            models.CheckConstraint(name="training_words", condition=~Q(subject="") & ~Q(trainer="")),
            withdrawn_with_reason("training_withdrawn"),
        ]
        indexes = [models.Index(fields=["group", "-held_on"], name="training_group_day")]

    def __str__(self) -> str:
        return f"{self.held_on}: {self.subject}"

    @property
    def taught_by(self) -> str:
        """The trainer, with the office if there is one."""
        return ", ".join(filter(None, (self.trainer, self.trainer_office)))


class TrainingParticipant(models.Model):
    """A member who took part in a training."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    training = models.ForeignKey(
        Training, on_delete=models.PROTECT, related_name="participants", verbose_name=_("training"), db_index=False
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="trainings", verbose_name=_("member"))

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["member__number"]
        constraints = [models.UniqueConstraint(name="training_participant_once", fields=["training", "member"])]

    def __str__(self) -> str:
        return str(self.member)
