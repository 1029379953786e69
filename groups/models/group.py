"""Groups (KSM) and the facilitators who accompany them."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models.dated import effective_between
from groups.models.organisation import Organisation, Role, User
from groups.models.region import Region, in_regions
from groups.records import recorded_days_of_group
from groups.shared.clock import now, refuse_to_come, today_of
from groups.shared.folding import FoldedField, FoldedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


EARLIEST_FOUNDING = date(1945, 8, 17)
"""Groups are as old as the republic at most; an earlier year is a slip of the finger."""


class GroupKind(models.TextChoices):
    """Kinds of KSM named by the Kotaku programme."""

    REVOLVING = "REVOLVING", _("Revolving loan")
    INFRASTRUCTURE = "INFRASTRUCTURE", _("Infrastructure")
    SOCIAL = "SOCIAL", _("Social")


class GroupStatus(models.TextChoices):
    """Where a group is in its life; it can fall asleep or end at any stage of maturity."""

    FORMING = "FORMING", _("Being formed")
    ACTIVE = "ACTIVE", _("Active")
    DORMANT = "DORMANT", _("Dormant")
    DISSOLVED = "DISSOLVED", _("Dissolved")


class GroupQuerySet(models.QuerySet["Group"]):
    """Groups, and above all: the groups somebody may see."""

    def visible_to(self, actor: User | AnonymousUser) -> Self:
        """Return the groups `actor` may see today; the one rule every page, service and command asks."""
        if not isinstance(actor, User) or not actor.is_active:
            return self.none()
        if actor.is_superuser:
            return self
        own = self.filter(organisation_id=actor.organisation_id)
        # Access is a matter of now, whatever day is read, recorded or set by the demo.
        as_of = timezone.localdate()
        if actor.role in (Role.ADMIN, Role.STAFF):
            return own.filter(in_regions(actor.regions)) if actor.regions else own
        if actor.role == Role.FACILITATOR:
            assigned = FacilitatorAssignment.objects.effective(as_of).filter(facilitator=actor)
            return own.filter(pk__in=assigned.values("group_id"))
        return own.filter(
            officer_terms__member__user=actor,
            officer_terms__member__left_on__isnull=True,
            officer_terms__started_on__lte=as_of,
            officer_terms__ended_on__isnull=True,
        )

    def recordable_by(self, actor: User | AnonymousUser) -> Self:
        """Return the groups `actor` may see whose meetings an officer may record today.

        Of an officer that is the own group while the person was let do it, the organisation allows it, and the group
        has come to the third phase of mentoring or to its end. Of others it is every group they may see.
        """
        from groups.models.mentoring import MentoringPhase, MentoringStage

        seen = self.visible_to(actor)
        if not isinstance(actor, User) or actor.is_superuser or actor.role != Role.OFFICER:
            return seen
        # From the database, not from the person who signed in: what was taken away counts at once.
        let = User.objects.filter(
            pk=actor.pk, is_active=True, records_meetings=True, organisation__officers_record=True
        )
        phases = MentoringPhase.objects.begun(timezone.localdate()).filter(group=OuterRef("pk"))
        come_so_far = Group.objects.alias(phase=Subquery(phases.values("phase")[:1])).filter(
            phase__in=[MentoringStage.ACCESS, MentoringStage.ENDED]
        )
        return self.filter(
            Exists(let), Q(pk__in=come_so_far.order_by().values("pk")), pk__in=seen.order_by().values("pk")
        )


class Group(FoldedModel):
    """A self-help group: a voluntary group that meets on a fixed day, saves and lends."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="groups", verbose_name=_("organisation")
    )
    # The code stands in addresses and says nothing; the number is for people, who read it in lists and on paper.
    code = models.CharField(_("code"), max_length=12, unique=True)
    number = models.PositiveIntegerField(_("number"), editable=False)
    name = models.CharField(_("name"), max_length=120)
    name_key = FoldedField(of=("name",))
    kind = models.CharField(_("kind"), max_length=14, choices=GroupKind, default=GroupKind.REVOLVING)
    status = models.CharField(_("status"), max_length=9, choices=GroupStatus, default=GroupStatus.ACTIVE)
    founded_on = models.DateField(_("founded on"))
    village = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="groups", verbose_name=_("village")
    )
    place = models.CharField(_("meeting place"), max_length=120, blank=True)
    # The rules in force; `Constitution` keeps every earlier version.
    rules = models.ForeignKey(
        "groups.Constitution",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rules in force"),
    )
    # Nothing is posted on or before this day any more; closing a period moves it, and it never moves back.
    books_closed_through = models.DateField(_("books closed through"), null=True, blank=True, editable=False)
    # The key of the form that registered the group: the same form sent twice is one group.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, unique=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(name="group_number_once", fields=["organisation", "number"]),
            models.CheckConstraint(name="group_number", condition=Q(number__gte=1)),
            models.CheckConstraint(name="group_kind", condition=Q(kind__in=GroupKind.values)),
            models.CheckConstraint(name="group_status", condition=Q(status__in=GroupStatus.values)),
        ]
        indexes = [
            models.Index(fields=["organisation", "name"], name="group_org_name"),
            models.Index(fields=["organisation", "name_key"], name="group_org_name_key"),
            models.Index(fields=["organisation", "village"], name="group_org_village"),
            models.Index(fields=["village"], name="group_village"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a founding in the future or after the first member joined."""
        if self.founded_on is None:
            return
        refuse_to_come(self.founded_on, today_of(self), at="founded_on")
        if self.founded_on < EARLIEST_FOUNDING:
            raise ValidationError({"founded_on": _("No group is that old.")})
        if self.pk and self.members.filter(joined_on__lt=self.founded_on).exists():
            raise ValidationError({"founded_on": _("A member joined before this date.")})
        if self.pk and self.foundings.filter(withdrawn_at=None, held_on__lt=self.founded_on).exists():
            raise ValidationError({"founded_on": _("The founding meeting was before this date.")})
        first = None if self._state.adding else recorded_days_of_group(self).first
        if first is not None and self.founded_on > first:
            raise ValidationError({"founded_on": _("This group is in the records from %s on.") % date_format(first)})

    @property
    def number_shown(self) -> str:
        """The number with the prefix of the organisation, which is selected along: `KSM-0042`."""
        return number_shown(self.organisation.group_prefix, self.number)

    @property
    def has_rules(self) -> bool:
        """Whether the members have agreed rules, beyond the empty ones a group is registered with."""
        return self.rules is not None and not self.rules.is_empty


def number_shown(prefix: str, number: int) -> str:
    """Return the number of a group with the prefix of its organisation, as people read it: `KSM-0042`."""
    return f"{prefix}-{number:04}"


class GroupStatusChange(models.Model):
    """A group fell asleep, ended, or became active again; written once, never changed."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="status_changes", verbose_name=_("group"))
    from_status = models.CharField(_("from"), max_length=9, choices=GroupStatus)
    to_status = models.CharField(_("to"), max_length=9, choices=GroupStatus)
    changed_on = models.DateField(_("since"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        ordering = ["-changed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="status_change_values",
                condition=Q(from_status__in=GroupStatus.values, to_status__in=GroupStatus.values)
                & ~Q(from_status=models.F("to_status")),
            ),
            models.CheckConstraint(
                name="status_change_reason", condition=Q(to_status=GroupStatus.ACTIVE) | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"


class EarlierPlace(models.Model):
    """Where a group was, and of what kind, until the day `until` on which it changed; written once, never changed."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="earlier_places", verbose_name=_("group"))
    village = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("village")
    )
    kind = models.CharField(_("kind"), max_length=14, choices=GroupKind)
    until = models.DateField(_("until"))
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("earlier place of a group")
        verbose_name_plural = _("earlier places of groups")
        ordering = ["-until", "-pk"]
        constraints = [models.CheckConstraint(name="earlier_place_kind", condition=Q(kind__in=GroupKind.values))]

    def __str__(self) -> str:
        return f"{self.village}"


class AssignmentQuerySet(models.QuerySet["FacilitatorAssignment"]):
    """Assignments by date."""

    def effective(self, as_of: date) -> Self:
        """Return the assignments that give access on the day `as_of`."""
        return self.filter(effective_between("started_on", "ended_on", as_of))


class FacilitatorAssignment(models.Model):
    """A facilitator accompanies a group for a time; access ends with the assignment."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("group"))
    facilitator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("facilitator")
    )
    started_on = models.DateField(_("started on"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("facilitator assignment")
        verbose_name_plural = _("facilitator assignments")
        ordering = ["-started_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="assignment_open_once",
                fields=["group", "facilitator"],
                condition=Q(ended_on__isnull=True),
                violation_error_message=_("This facilitator is already assigned to the group."),
            ),
            models.CheckConstraint(
                name="assignment_dates",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")),
                violation_error_message=_("An assignment cannot end before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.facilitator} → {self.group}"

    def clean(self) -> None:
        """Refuse to assign somebody who is no facilitator of the group's organisation."""
        if not (self._state.adding and self.group_id and self.facilitator_id):
            return
        if (self.facilitator.role, self.facilitator.organisation_id) != (
            Role.FACILITATOR,
            self.group.organisation_id,
        ):
            raise ValidationError({"facilitator": _("Choose a facilitator of the group's organisation.")})
