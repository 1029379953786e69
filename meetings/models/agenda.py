"""What a meeting discussed and decided: the rows of the minute book (buku notulen)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Member
from meetings.models.meeting import Meeting


class AgendaItem(models.Model):
    """One row of the minute book: what was on the agenda, what was said and what was decided.

    Only the follow-up (`done_…`) changes after the meeting was closed.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="agenda", db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("agenda"), max_length=200)
    discussion = models.TextField(_("discussed"), blank=True)
    decision = models.TextField(_("decision"), blank=True)
    responsible = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who does it")
    )
    due_on = models.DateField(_("by when"), null=True, blank=True)
    is_critical = models.BooleanField(_("critical matter"), default=False)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="agenda_number_once", fields=["meeting", "number"]),
            models.CheckConstraint(name="agenda_due_decision", condition=Q(due_on__isnull=True) | ~Q(decision="")),
        ]
        indexes = [
            models.Index(
                fields=["group", "due_on"],
                name="agenda_open",
                condition=Q(due_on__isnull=False, done_on__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.title
