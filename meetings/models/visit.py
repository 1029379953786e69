"""Visits to a group: planned, made, and what is to follow from them. With the guests they are its guest book."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from groups.models.withdrawable import (
    RecordedOnce,
    Withdrawable,
    WithdrawableQuerySet,
    WithdrawableWithReason,
    withdrawn_by_somebody,
    withdrawn_with_reason,
)


class VisitorRole(models.TextChoices):
    """As what somebody came."""

    FACILITATOR = "FACILITATOR", _("Facilitator")
    MOTIVATOR = "MOTIVATOR", _("Motivator")
    CATALYST = "CATALYST", _("Catalyst")
    GUEST = "GUEST", _("Guest")


class VisitTask(models.TextChoices):
    """What a visit was for: the tasks of who accompanies a group, and what else people come for."""

    IDENTIFY = "IDENTIFY", _("Identify needs and verify data")
    SURVEY = "SURVEY", _("Survey")
    TRAINING = "TRAINING", _("Training")
    ENTERPRISE = "ENTERPRISE", _("Enterprise")
    PLANNING = "PLANNING", _("Planning and evaluation")
    REPORT = "REPORT", _("Report")
    OTHER = "OTHER", _("Something else")


class PlannedVisitQuerySet(WithdrawableQuerySet["PlannedVisit"]):
    """Planned visits by what became of them."""

    def open(self) -> Self:
        """Return those that were not called off and that no visit came of."""
        made = Visit.objects.valid().filter(planned=OuterRef("pk"))
        return self.valid().filter(~Exists(made))


class PlannedVisit(RecordedOnce, Withdrawable):
    """Somebody wants to visit a group on a day; a plan that changes is called off and made anew."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="planned_visits", verbose_name=_("group"))
    planned_on = models.DateField(_("planned for"))
    visitor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="planned_visits", verbose_name=_("who visits")
    )
    task = models.CharField(_("task"), max_length=10, choices=VisitTask)
    purpose = models.CharField(_("what for"), max_length=200, blank=True)

    objects = PlannedVisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned visit")
        verbose_name_plural = _("planned visits")
        ordering = ["planned_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="planned_visit_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="planned_visit_task", condition=Q(task__in=VisitTask.values)),
            withdrawn_by_somebody("planned_visit_withdrawn"),
        ]
        indexes = [
            models.Index(fields=["group", "planned_on"], name="planned_visit_day", condition=Q(withdrawn_at=None))
        ]

    def __str__(self) -> str:
        return date_format(self.planned_on)


class Visit(RecordedOnce, WithdrawableWithReason):
    """Somebody came to a group: who, as what, what for, whom they met, what they found and what they advised.

    `visitor` is somebody who signs in; a guest has a name and an office instead.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="visits", verbose_name=_("group"))
    visited_on = models.DateField(_("visited on"))
    visitor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="visits",
        verbose_name=_("who visited"),
    )  # fmt: skip
    visitor_name = models.CharField(_("name of the guest"), max_length=120, blank=True)
    visitor_office = models.CharField(_("office of the guest"), max_length=120, blank=True)
    role = models.CharField(_("as"), max_length=11, choices=VisitorRole)
    task = models.CharField(_("task"), max_length=10, choices=VisitTask)
    purpose = models.CharField(_("what for"), max_length=200, blank=True)
    met = models.CharField(_("who was met"), max_length=200)
    # The five key result areas (lima bidang hasil pokok), and who in office helps.
    found_organisation = models.TextField(_("organisation of the group"), blank=True)
    found_administration = models.TextField(_("administration"), blank=True)
    found_capital = models.TextField(_("capital"), blank=True)
    found_business = models.TextField(_("productive business"), blank=True)
    found_network = models.TextField(_("network"), blank=True)
    found_support = models.TextField(_("support by officials"), blank=True)
    advice = models.TextField(_("advice"), blank=True)
    planned = models.ForeignKey(
        PlannedVisit, on_delete=models.PROTECT, null=True, blank=True, related_name="visits",
        verbose_name=_("planned visit"),
    )  # fmt: skip

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-visited_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="visit_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="visit_planned_once",
                fields=["planned"],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=_("A visit is recorded for this plan already."),
            ),
            models.CheckConstraint(name="visit_role", condition=Q(role__in=VisitorRole.values)),
            models.CheckConstraint(name="visit_task", condition=Q(task__in=VisitTask.values)),
            models.CheckConstraint(
                name="visit_visitor",
                condition=(Q(visitor__isnull=False, visitor_name="") | Q(visitor__isnull=True) & ~Q(visitor_name="")),
                violation_error_message=_("Choose who visited, or write the name of the guest."),
            ),
            withdrawn_with_reason("visit_withdrawn"),
        ]
        indexes = [
            models.Index(fields=["group", "-visited_on"], name="visit_group_day"),
            models.Index(fields=["visitor", "-visited_on"], name="visit_visitor_day"),
        ]

    FINDINGS = (
        "found_organisation", "found_administration", "found_capital", "found_business", "found_network",
        "found_support",
    )  # fmt: skip
    """The fields of what was found: the five key result areas, and who in office helps."""

    def __str__(self) -> str:
        return f"{date_format(self.visited_on)}: {self.who}"

    @property
    def who(self) -> str:
        """Who visited; the visitor must be selected along."""
        return str(self.visitor) if self.visitor is not None else self.visitor_name

    @property
    def findings(self) -> list[tuple[str, str]]:
        """What was found, as pairs of the area and the words, without areas of which nothing was said."""
        fields = ((self._meta.get_field(name), getattr(self, name)) for name in self.FINDINGS)
        return [(str(field.verbose_name), words) for field, words in fields if words]  # type: ignore[union-attr]  # columns


class FollowUp(models.Model):
    """What is to follow from a visit, by whom and when. Only whether it is done changes afterwards."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="follow_ups", verbose_name=_("visit"))
    number = models.PositiveSmallIntegerField(_("number"))
    what = models.CharField(_("what is to be done"), max_length=200)
    who = models.CharField(_("who does it"), max_length=120, blank=True)
    due_on = models.DateField(_("by when"))
    done_on = models.DateField(_("done on"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("marked by"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="follow_up_number_once", fields=["visit", "number"]),
            models.CheckConstraint(name="follow_up_what", condition=~Q(what="")),
            models.CheckConstraint(
                name="follow_up_done",
                condition=Q(done_on__isnull=True, done_by__isnull=True)
                | Q(done_on__isnull=False, done_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["group", "due_on"], name="follow_up_open", condition=Q(done_on=None))]

    def __str__(self) -> str:
        return self.what
