"""Groups that join into a federation, to deal together with offices, lenders, suppliers and markets."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models.dated import effective_between
from groups.models.group import Group
from groups.models.member import Member, OfficerRole
from groups.models.organisation import Organisation, Role, User
from groups.models.partner import Partner
from groups.models.partnership import OfGroup
from groups.models.region import Region, in_regions
from groups.models.withdrawable import RecordedOnce, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason
from groups.shared.clock import now
from groups.shared.folding import FoldedField, FoldedModel

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class FederationQuerySet(models.QuerySet["Federation"]):
    """Federations, and those somebody may see."""

    def visible_to(self, actor: User | AnonymousUser) -> Self:
        """Return the federations of the actor's organisation that concern the actor.

        Administrators and staff see all of them, staff limited to regions those of their groups or in their regions,
        facilitators and officers those that their groups belong to or did.
        """
        if not isinstance(actor, User) or not actor.is_active:
            return self.none()
        if actor.is_superuser:
            return self
        own = self.filter(organisation_id=actor.organisation_id)
        if actor.role in (Role.ADMIN, Role.STAFF) and not actor.regions:
            return own
        groups = Group.objects.visible_to(actor).order_by().values("pk")
        concerned = Q(pk__in=own.filter(memberships__group__in=groups).values("pk"))
        return own.filter(concerned | in_regions(actor.regions, "region"))


class Federation(FoldedModel):
    """A federation of groups of one organisation."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="federations", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120)
    name_key = FoldedField(of=("name",))
    founded_on = models.DateField(_("founded on"))
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("village or regency")
    )
    purpose = models.TextField(
        _("what it is for"),
        max_length=1000,
        blank=True,
        help_text=_("For example: buying fertiliser together, talking with the village government and banks."),
    )
    # The key of the form that recorded the federation: the same form sent twice is one federation.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, unique=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = FederationQuerySet.as_manager()

    class Meta:
        verbose_name = _("federation")
        verbose_name_plural = _("federations")
        ordering = ["name", "pk"]
        constraints = [models.CheckConstraint(name="federation_named", condition=~Q(name=""))]
        indexes = [models.Index(fields=["organisation", "name_key"], name="federation_org_name_key")]

    def __str__(self) -> str:
        return self.name


class FederationMembershipQuerySet(models.QuerySet["FederationMembership"]):
    """Memberships by date."""

    def effective(self, as_of: date) -> Self:
        """Return those of the groups that belong on the day `as_of`; on the day of leaving a group does not."""
        return self.filter(effective_between("started_on", "ended_on", as_of))


class FederationMembership(OfGroup):
    """A group belongs to a federation from the day it joined to the day it left; to one at a time."""

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="federation_memberships", verbose_name=_("group")
    )
    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("federation")
    )
    started_on = models.DateField(_("joined on"))
    ended_on = models.DateField(_("left on"), null=True, blank=True)
    ended_why = models.CharField(_("why it left"), max_length=200, blank=True)

    objects = FederationMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership of a federation")
        verbose_name_plural = _("memberships of federations")
        ordering = ["group__name", "group", "-started_on"]
        constraints = [
            models.UniqueConstraint(name="federation_membership_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="federation_membership_one", fields=["group"], condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="federation_membership_days",
                condition=Q(ended_on__isnull=True, ended_why="")
                | (Q(ended_on__gte=F("started_on")) & ~Q(ended_why="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.federation}"


class FederationOfficer(OfGroup):
    """A member of a group holds an office of the federation from one day to another."""

    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="officers", verbose_name=_("federation")
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("member"))
    role = models.CharField(_("office"), max_length=10, choices=OfficerRole)
    started_on = models.DateField(_("since"))
    ended_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("officer of a federation")
        verbose_name_plural = _("officers of federations")
        ordering = ["-started_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="federation_officer_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="federation_officer_one", fields=["federation", "role"], condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="federation_officer_days",
                condition=Q(role__in=OfficerRole.values)
                & (Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.member}"


class OfFederation(RecordedOnce):
    """A record of a federation."""

    federation = models.ForeignKey(Federation, on_delete=models.PROTECT, related_name="+", verbose_name=_("federation"))

    class Meta:
        abstract = True


class FederationMeeting(OfFederation, WithdrawableWithReason):
    """A meeting of a federation: what was on the agenda, what was decided, and which groups were there."""

    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("federation")
    )
    held_on = models.DateField(_("held on"))
    place = models.CharField(_("place"), max_length=120)
    agenda = models.TextField(_("agenda"), max_length=2000)
    decisions = models.TextField(_("decisions"), max_length=2000, blank=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting of a federation")
        verbose_name_plural = _("meetings of federations")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="federation_meeting_key_once", fields=["federation", "key"]),
            withdrawn_with_reason("federation_meeting_withdrawn"),
        ]

    def __str__(self) -> str:
        return date_format(self.held_on)


class FederationAttendance(models.Model):
    """A group was at a meeting of its federation."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    meeting = models.ForeignKey(FederationMeeting, on_delete=models.PROTECT, related_name="attendances")

    class Meta:
        verbose_name = _("attendance at a federation")
        verbose_name_plural = _("attendances at federations")
        ordering = ["group__name", "group"]
        constraints = [models.UniqueConstraint(name="federation_attendance_once", fields=["meeting", "group"])]

    def __str__(self) -> str:
        return str(self.group)


class FederationContact(OfFederation, WithdrawableWithReason):
    """What a federation spoke about or did with a partner on a day, and what came of it."""

    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("federation")
    )
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("partner"))
    held_on = models.DateField(_("day"))
    what = models.CharField(_("what was done"), max_length=200)
    result = models.TextField(_("result"), max_length=1000)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact of a federation")
        verbose_name_plural = _("contacts of federations")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="federation_contact_key_once", fields=["federation", "key"]),
            withdrawn_with_reason("federation_contact_withdrawn"),
        ]

    def __str__(self) -> str:
        return self.what


class ContributionEvery(models.TextChoices):
    """How often a group contributes."""

    MONTH = "MONTH", _("every month")
    YEAR = "YEAR", _("every year")


class FederationContribution(OfFederation):
    """What each group is to contribute (iuran) from a day on; a later row takes its place. 0 ends it."""

    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="contributions", verbose_name=_("federation")
    )
    agreed_from = models.DateField(_("from"))
    amount = models.BigIntegerField(_("amount"), validators=[MinValueValidator(0)])
    every = models.CharField(_("how often"), max_length=5, choices=ContributionEvery, default=ContributionEvery.MONTH)

    class Meta:
        verbose_name = _("contribution agreed")
        verbose_name_plural = _("contributions agreed")
        ordering = ["-agreed_from", "-pk"]
        constraints = [
            models.UniqueConstraint(name="federation_contribution_key_once", fields=["federation", "key"]),
            models.CheckConstraint(
                name="federation_contribution_values",
                condition=Q(amount__gte=0, every__in=ContributionEvery.values),
            ),
        ]

    def __str__(self) -> str:
        return date_format(self.agreed_from)


class FederationPayment(OfGroup, WithdrawableWithReason):
    """What a group paid to its federation; `entry_number` is the voucher number of the expense in the group's books.

    Without one the payment is known and the books do not have it.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="federation_payments", verbose_name=_("group")
    )
    federation = models.ForeignKey(
        Federation, on_delete=models.PROTECT, related_name="payments", verbose_name=_("federation")
    )
    paid_on = models.DateField(_("paid on"))
    amount = models.BigIntegerField(_("amount"), validators=[MinValueValidator(1)])
    entry_number = models.PositiveIntegerField(_("voucher number"), null=True, blank=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("contribution paid")
        verbose_name_plural = _("contributions paid")
        ordering = ["-paid_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="federation_payment_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="federation_payment_amount", condition=Q(amount__gt=0)),
            withdrawn_with_reason("federation_payment_withdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.group} {date_format(self.paid_on)}"
