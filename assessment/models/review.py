"""What staff found when they looked into a signal, or into a reason why a group needs help."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from groups.models.withdrawable import Recorded, Withdrawable, WithdrawableQuerySet, withdrawn_by_somebody


class Review(Recorded, Withdrawable):
    """Somebody looked into one thing at a group: it counts from `looked_on` until the day `look_again_on`.

    `subject` is the name of a signal (`terms_expired`) or of a `Need` (`NO_MEETING`), whatever the scheme. `seen` is
    what gave rise to a signal then, `{"counted", "records"}`: where it is clearly worse (`Signal.is_worse`) it is to be
    looked into again before. The latest review of a subject counts. None ever changes; it can be withdrawn.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("group"), db_index=False
    )
    subject = models.CharField(_("looked into"), max_length=30)
    note = models.TextField(_("what was found"))
    looked_on = models.DateField(_("looked into on"))
    look_again_on = models.DateField(_("look again on"))
    seen = models.JSONField(_("seen"), default=dict, blank=True)
    key = models.UUIDField(_("key"), editable=False)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="review_subject", condition=~Q(subject="")),
            models.CheckConstraint(name="review_note", condition=~Q(note="")),
            models.CheckConstraint(name="review_look_again", condition=Q(look_again_on__gt=F("looked_on"))),
            withdrawn_by_somebody("review_withdrawn"),
            models.UniqueConstraint(name="review_key_once", fields=["group", "key", "subject"]),
        ]
        indexes = [models.Index(fields=["group", "subject"], name="review_of_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {date_format(self.looked_on)}"
