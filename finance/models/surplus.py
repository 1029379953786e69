"""Divisions of the surplus (SHU) of a period, as the members decided them. Whole rupiah."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import Entry
from groups.models import Constitution, Group, Member
from groups.models.withdrawable import Recorded, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason


class PaidTo(models.TextChoices):
    """Where the members' parts go."""

    SAVINGS = "SAVINGS", _("Voluntary savings (simpanan sukarela) of each member")
    CASH = "CASH", _("Cash, paid out of the cash box")


class DivisionStatus(models.TextChoices):
    """How far a division has come; it follows from its columns."""

    DECIDED = "DECIDED", _("Decided, not posted yet")
    POSTED = "POSTED", _("Posted")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class Purpose(models.TextChoices):
    """What a part of the surplus is for, beside the members; values are those of the constitution's shares."""

    RESERVE = "reserve", _("Reserve (cadangan)")
    OFFICERS = "officers", _("Officers (pengurus)")
    SOCIAL = "social", _("Social fund (dana sosial)")
    EDUCATION = "education", _("Education fund (dana pendidikan)")
    STAFF = "staff", _("Staff fund (dana karyawan)")
    DEVELOPMENT = "development", _("Development fund (dana pembangunan)")
    OTHER = "other", _("Other purposes")


class SurplusDivision(Recorded, WithdrawableWithReason):
    """What the members decided to do with the surplus of a period.

    Its rows and amounts are those of the day of the decision. Posting adds `entry` and `paid_to`; withdrawing adds
    the reason and, where it was posted, reverses the entry. Parts of members and purposes and `rounding` add up to
    `surplus`; the rounding is posted to the reserve.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="surplus_divisions", verbose_name=_("group")
    )
    period_start = models.DateField(_("from"))
    period_end = models.DateField(_("to"))
    surplus = models.BigIntegerField(_("surplus divided"))
    rounding = models.BigIntegerField(_("left over by rounding"))
    rules = models.ForeignKey(Constitution, on_delete=models.PROTECT, related_name="+", verbose_name=_("rules"))
    decided_on = models.DateField(_("decided on"))
    note = models.CharField(_("note of the meeting"), max_length=200)
    key = models.UUIDField(_("idempotency key"))
    paid_to = models.CharField(_("members' parts go to"), max_length=7, choices=PaidTo, blank=True)
    entry = models.OneToOneField(
        Entry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="surplus_division",
        verbose_name=_("entry"),
    )

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("division of the surplus")
        verbose_name_plural = _("divisions of the surplus")
        ordering = ["-period_start", "-pk"]
        constraints = [
            models.UniqueConstraint(name="division_key_once", fields=["group", "key"]),
            # A trigger refuses every other overlap; see `finance.ledger.triggers`.
            models.UniqueConstraint(
                name="division_period_once", fields=["group", "period_start"], condition=Q(withdrawn_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="division_one_open",
                fields=["group"],
                condition=Q(withdrawn_at__isnull=True, entry__isnull=True),
            ),
            models.CheckConstraint(name="division_period", condition=Q(period_end__gte=F("period_start"))),
            models.CheckConstraint(name="division_decided", condition=Q(decided_on__gte=F("period_end"))),
            models.CheckConstraint(
                name="division_amounts", condition=Q(surplus__gt=0, rounding__gte=0, rounding__lte=F("surplus"))
            ),
            models.CheckConstraint(
                name="division_paid",
                condition=Q(entry__isnull=True, paid_to="") | Q(entry__isnull=False, paid_to__in=PaidTo.values),
            ),
            withdrawn_with_reason("division_withdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.period_start} – {self.period_end}"

    @property
    def status(self) -> DivisionStatus:
        """Decided, posted or withdrawn."""
        if self.withdrawn_at is not None:
            return DivisionStatus.WITHDRAWN
        return DivisionStatus.DECIDED if self.entry_id is None else DivisionStatus.POSTED


class SurplusShare(models.Model):
    """One member's part of a division, with the bases it was worked out from."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    division = models.ForeignKey(
        SurplusDivision,
        on_delete=models.PROTECT,
        related_name="shares",
        db_index=False,
        verbose_name=_("division of the surplus"),
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("member"))
    savings_base = models.BigIntegerField(_("savings counted"))
    borrowing_base = models.BigIntegerField(_("borrowing counted"))
    by_savings = models.BigIntegerField(_("by savings"))
    by_borrowing = models.BigIntegerField(_("by borrowing"))

    class Meta:
        verbose_name = _("member's part of the surplus")
        verbose_name_plural = _("members' parts of the surplus")
        ordering = ["member__number"]
        constraints = [
            models.UniqueConstraint(name="share_member_once", fields=["division", "member"]),
            models.CheckConstraint(
                name="share_amounts",
                condition=Q(savings_base__gte=0, borrowing_base__gte=0, by_savings__gte=0, by_borrowing__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total}"

    @property
    def total(self) -> int:
        """Both parts together, in rupiah."""
        return self.by_savings + self.by_borrowing


class SurplusPart(models.Model):
    """What a division gives to one purpose beside the members."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    division = models.ForeignKey(
        SurplusDivision,
        on_delete=models.PROTECT,
        related_name="parts",
        db_index=False,
        verbose_name=_("division of the surplus"),
    )
    purpose = models.CharField(_("purpose"), max_length=11, choices=Purpose)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("part of the surplus")
        verbose_name_plural = _("parts of the surplus")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="part_purpose_once", fields=["division", "purpose"]),
            models.CheckConstraint(name="part_purpose", condition=Q(purpose__in=Purpose.values)),
            models.CheckConstraint(name="part_amount", condition=Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
