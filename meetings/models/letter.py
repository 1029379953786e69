"""Letters that a group sends and gets: the book of letters (buku agenda surat)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from groups.models.withdrawable import (
    RecordedOnce,
    WithdrawableQuerySet,
    WithdrawableWithReason,
    withdrawn_with_reason,
)


class LetterDirection(models.TextChoices):
    """Which way a letter goes."""

    IN = "IN", _("Letter received")
    OUT = "OUT", _("Letter sent")


class Letter(RecordedOnce, WithdrawableWithReason):
    """A letter received or sent on a day; `place` is its number in the group's book, in the order of recording."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="letters", verbose_name=_("group"))
    place = models.PositiveIntegerField(_("number in the book"), editable=False)
    direction = models.CharField(_("direction"), max_length=3, choices=LetterDirection)
    dated_on = models.DateField(_("received or sent on"))
    number = models.CharField(_("number of the letter"), max_length=60, blank=True)
    other = models.CharField(_("from or to"), max_length=120)
    subject = models.CharField(_("what the letter is about"), max_length=200)
    note = models.CharField(_("what was done with it"), max_length=200, blank=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-dated_on", "-place"]
        constraints = [
            models.UniqueConstraint(name="letter_key_once", fields=["group", "key"]),
            models.UniqueConstraint(name="letter_place_once", fields=["group", "place"]),
            models.CheckConstraint(name="letter_direction", condition=Q(direction__in=LetterDirection.values)),
            models.CheckConstraint(name="letter_words", condition=~Q(other="") & ~Q(subject="")),
            withdrawn_with_reason("letter_withdrawn"),
        ]
        indexes = [models.Index(fields=["group", "-dated_on", "-place"], name="letter_group_day")]

    def __str__(self) -> str:
        return f"{self.place}: {self.subject}"
