"""The end of a group, as its berita acara has it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models.dated import effective_between
from groups.models.group import Group, GroupStatusChange
from groups.shared.clock import now


class DissolutionQuerySet(models.QuerySet["Dissolution"]):
    """Dissolutions, and those whose books could not be settled."""

    def effective(self) -> Self:
        """Return those that were not taken back."""
        return self.filter(taken_back_at__isnull=True)

    def open_cases(self) -> Self:
        """Return those whose books could not be settled and that nobody has closed yet."""
        return self.effective().filter(case_closed_at__isnull=True).exclude(unsettled_why="")

    def open_case_on(self, as_of: date, path: str = "") -> Q:
        """Return the condition that a dissolution, to which `path` leads, was an open case on a day."""
        taken_back, ended = f"{path}taken_back_at", f"{path}ended_on__lte"
        closed = effective_between(f"{path}ended_on", f"{path}case_closed_on", as_of)
        return closed & Q(**{taken_back: None, ended: as_of, f"{path}unsettled_why__gt": ""})


class Dissolution(models.Model):
    """A group ended on a day: where it was decided, who was there, how the money was divided, who recorded it.

    With `unsettled_why` savings, loans, cash or bank could not be settled ("bubar, belum selesai"): a case for staff
    until it is closed. A dissolution recorded by mistake is taken back; the row stays.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="dissolutions", verbose_name=_("group"))
    change = models.OneToOneField(
        GroupStatusChange, on_delete=models.PROTECT, related_name="dissolution", verbose_name=_("change of status")
    )
    ended_on = models.DateField(_("dissolved on"))
    place = models.CharField(_("place"), max_length=120)
    present = models.TextField(_("who was there"))
    reason = models.CharField(_("reason"), max_length=200)
    division = models.TextField(_("how money and goods were divided"), blank=True)
    unsettled_why = models.CharField(_("why the books are not settled"), max_length=200, blank=True)
    case_closed_on = models.DateField(_("case closed on"), null=True, blank=True)
    case_closed_how = models.CharField(_("how the case was closed"), max_length=200, blank=True)
    case_closed_at = models.DateTimeField(null=True, blank=True)
    case_closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    taken_back_why = models.CharField(_("why it was taken back"), max_length=200, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = DissolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("dissolution")
        verbose_name_plural = _("dissolutions")
        ordering = ["-ended_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="dissolution_key_once", fields=["group", "key"]),
            models.UniqueConstraint(name="dissolution_one", fields=["group"], condition=Q(taken_back_at__isnull=True)),
            models.CheckConstraint(
                name="dissolution_case",
                condition=Q(case_closed_at__isnull=True, case_closed_on__isnull=True, case_closed_by__isnull=True)
                | (Q(case_closed_on__isnull=False, case_closed_by__isnull=False) & ~Q(case_closed_how="")),
            ),
            models.CheckConstraint(
                name="dissolution_taken_back",
                condition=Q(taken_back_at__isnull=True, taken_back_by__isnull=True)
                | (Q(taken_back_by__isnull=False) & ~Q(taken_back_why="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["group"],
                name="dissolution_cases",
                condition=Q(taken_back_at__isnull=True, case_closed_at__isnull=True) & ~Q(unsettled_why=""),
            )
        ]

    def __str__(self) -> str:
        return date_format(self.ended_on)

    @property
    def is_open_case(self) -> bool:
        """Whether the books are not settled and nobody has closed the case."""
        return bool(self.unsettled_why) and self.case_closed_at is None and self.taken_back_at is None

    def is_over(self, on: date) -> bool:
        """Say whether the day lies after the end of the group."""
        return on > self.ended_on
