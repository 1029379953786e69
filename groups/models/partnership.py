"""How a group comes to work with a partner: five steps, the written agreement, and what they did together."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group
from groups.models.partner import Partner
from groups.models.withdrawable import RecordedOnce, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason

RENEWAL_WARNING = timedelta(days=60)
"""So long before its last day an agreement is to be renewed or let go."""
DOCUMENT_NUMBER_LENGTH = 60


class PartnershipPattern(models.TextChoices):
    """Patterns of working together. Source: the partnership guide."""

    FOSTER = "FOSTER", _("Pola asuh: a large partner raises a small one")
    NUCLEUS = "NUCLEUS", _("Inti-plasma: a company provides and buys, the group produces")
    SUBCONTRACT = "SUBCONTRACT", _("Sub-kontrak: the group makes a part of the product")
    FUTURISTIC = "FUTURISTIC", _("Futuristik: equals with divided work and one goal")
    EQUAL = "EQUAL", _("Sejajar: trade, agency, joint operation")
    AS_NEEDED = "AS_NEEDED", _("Sesuai kebutuhan: as needed")


class Aspect(models.TextChoices):
    """What partners can share. Source: the partnership guide."""

    PROGRAMME = "PROGRAMME", _("Programme of activities")
    FACILITIES = "FACILITIES", _("Buildings and equipment")
    FUNDS = "FUNDS", _("Funds")
    PEOPLE = "PEOPLE", _("People")
    RESULTS = "RESULTS", _("Use of results")
    ORGANISATIONS = "ORGANISATIONS", _("Organisations that could be partners")


class ActivityKind(models.TextChoices):
    """What an activity with somebody outside was about. Source: Kotaku indicator 9; talks are no joint activity."""

    TALKS = "TALKS", _("Talks or a visit")
    CAPITAL = "CAPITAL", _("Capital")
    RAW_MATERIAL = "RAW_MATERIAL", _("Raw material")
    MARKETING = "MARKETING", _("Marketing")
    COOPERATION = "COOPERATION", _("Other cooperation")


class StepNumber(models.IntegerChoices):
    """The five steps towards a partnership. Source: the partnership guide."""

    LACKS = 1, _("What the group lacks")
    ASPECTS = 2, _("What to partner on, by priority")
    CANDIDATES = 3, _("Which partners could fit")
    CONSENT = 4, _("Agreement with one of them")
    WRITTEN = 5, _("Rights, duties and rules in writing")


class OfGroup(RecordedOnce):
    """A record of one group."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))

    class Meta:
        abstract = True


class Partnership(OfGroup):
    """Something for which a group looks for a partner, or has one; closed once, with the reason."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="partnerships", verbose_name=_("group"))
    title = models.CharField(
        _("what it is for"), max_length=120, help_text=_("For example: selling the maize harvest together.")
    )
    started_on = models.DateField(_("begun on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    closed_why = models.CharField(_("why it was closed"), max_length=200, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("closed by"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("partnership")
        verbose_name_plural = _("partnerships")
        ordering = [F("closed_on").desc(nulls_first=True), "-started_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="partnership_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="partnership_titled", condition=~Q(title="")),
            models.CheckConstraint(
                name="partnership_closed",
                condition=Q(closed_on__isnull=True, closed_by__isnull=True, closed_why="")
                | (Q(closed_on__gte=F("started_on"), closed_by__isnull=False) & ~Q(closed_why="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class PartnershipStep(OfGroup):
    """One of the five steps planned for a day, or done; of several records of a step the last counts.

    `text` is what the group lacks at the first step, and a note at the others. The fourth names the `partner`. The
    fifth is only planned here: what is agreed in writing is a `PartnershipAgreement`.
    """

    partnership = models.ForeignKey(Partnership, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField(_("step"), choices=StepNumber)
    due_on = models.DateField(_("planned for"), null=True, blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    text = models.TextField(_("note"), blank=True, max_length=2000)
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )

    class Meta:
        verbose_name = _("step of a partnership")
        verbose_name_plural = _("steps of partnerships")
        ordering = ["number", "pk"]
        constraints = [
            models.UniqueConstraint(name="partnership_step_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="partnership_step_number", condition=Q(number__in=StepNumber.values)),
            models.CheckConstraint(
                name="partnership_step_day",
                condition=Q(due_on__isnull=True, done_on__isnull=False) | Q(due_on__isnull=False, done_on__isnull=True),
            ),
            models.CheckConstraint(
                name="partnership_step_partner",
                condition=Q(partner__isnull=True) | Q(number=StepNumber.CONSENT, done_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(StepNumber(self.number).label)


class PartnershipAspect(models.Model):
    """An aspect chosen at the second step, 1 the most urgent, and what is needed of it."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    step = models.ForeignKey(PartnershipStep, on_delete=models.PROTECT, related_name="aspects")
    aspect = models.CharField(_("aspect"), max_length=13, choices=Aspect)
    priority = models.PositiveSmallIntegerField(_("priority"))
    need = models.CharField(_("what is needed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("aspect of a partnership")
        verbose_name_plural = _("aspects of partnerships")
        ordering = ["priority"]
        constraints = [
            models.UniqueConstraint(name="partnership_aspect_once", fields=["step", "aspect"]),
            models.UniqueConstraint(name="partnership_priority_once", fields=["step", "priority"]),
            models.CheckConstraint(
                name="partnership_aspect",
                condition=Q(aspect__in=Aspect.values, priority__gte=1, priority__lte=len(Aspect)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.priority}. {self.get_aspect_display()}"


class PartnershipCandidate(models.Model):
    """A partner thought of at the third step, and how it fits what is looked for."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    step = models.ForeignKey(PartnershipStep, on_delete=models.PROTECT, related_name="candidates")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("partner"))
    fits = models.CharField(_("how it fits"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("candidate for a partnership")
        verbose_name_plural = _("candidates for partnerships")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="partnership_candidate_once", fields=["step", "partner"])]

    def __str__(self) -> str:
        return str(self.partner)


class AgreementQuerySet(WithdrawableQuerySet["PartnershipAgreement"]):
    """Agreements by date."""

    def effective(self, as_of: date) -> Self:
        """Return those in force on the day `as_of`; on the day of an early end one is not any more."""
        return self.valid().filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=as_of),
            Q(ended_on__isnull=True) | Q(ended_on__gt=as_of),
            starts_on__lte=as_of,
        )


class PartnershipAgreement(OfGroup, WithdrawableWithReason):
    """What a group and a partner agreed in writing (naskah perjanjian kemitraan), the fifth step.

    It counts from `starts_on` through `ends_on`, without which it has no end; `ended_on` ends it earlier. Going on
    afterwards is another agreement.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="partnership_agreements", verbose_name=_("group")
    )
    partnership = models.ForeignKey(Partnership, on_delete=models.PROTECT, related_name="agreements")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("partner"))
    pattern = models.CharField(_("pattern"), max_length=11, choices=PartnershipPattern)
    number = models.CharField(_("number of the agreement"), max_length=DOCUMENT_NUMBER_LENGTH, blank=True)
    agreed_on = models.DateField(_("agreed on"))
    place = models.CharField(_("place"), max_length=120, blank=True)
    starts_on = models.DateField(_("counts from"))
    ends_on = models.DateField(_("counts through"), null=True, blank=True)
    group_rights = models.TextField(_("rights of the group"), max_length=2000)
    group_duties = models.TextField(_("duties of the group"), max_length=2000)
    partner_rights = models.TextField(_("rights of the partner"), max_length=2000)
    partner_duties = models.TextField(_("duties of the partner"), max_length=2000)
    rules = models.TextField(
        _("rules of both sides"),
        max_length=2000,
        blank=True,
        help_text=_("For example: how quality is checked, when is paid, how a quarrel is settled."),
    )
    partner_signer = models.CharField(_("who signs for the partner"), max_length=120)
    partner_office = models.CharField(_("office of the signer"), max_length=120, blank=True)
    kept_at = models.CharField(_("where the paper is kept"), max_length=120, blank=True)
    ended_on = models.DateField(_("ended early on"), null=True, blank=True)
    ended_why = models.CharField(_("why it ended early"), max_length=200, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("ended by"),
    )  # fmt: skip

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement with a partner")
        verbose_name_plural = _("agreements with partners")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="partnership_agreement_key_once", fields=["group", "key"]),
            models.CheckConstraint(
                name="partnership_agreement_pattern", condition=Q(pattern__in=PartnershipPattern.values)
            ),
            models.CheckConstraint(
                name="partnership_agreement_days",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("An agreement cannot end before it begins."),
            ),
            models.CheckConstraint(
                name="partnership_agreement_ended",
                condition=Q(ended_on__isnull=True, ended_by__isnull=True, ended_why="")
                | (Q(ended_on__gte=F("starts_on"), ended_by__isnull=False) & ~Q(ended_why="")),
            ),
            withdrawn_with_reason("partnership_agreement_withdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.partner}, {self.number}" if self.number else str(self.partner)

    @property
    def last_day(self) -> date | None:
        """The last day on which it counts, None where no end is known."""
        if self.ended_on is not None:
            return self.ended_on - timedelta(days=1)
        return self.ends_on

    def is_in_force(self, as_of: date) -> bool:
        """Say whether the agreement counts on a day."""
        last = self.last_day
        return self.withdrawn_at is None and self.starts_on <= as_of and (last is None or as_of <= last)

    def ends_soon(self, as_of: date) -> bool:
        """Say whether it is time to think of renewing it."""
        return (
            self.ended_on is None
            and self.ends_on is not None
            and self.is_in_force(as_of)
            and (self.ends_on - as_of <= RENEWAL_WARNING)
        )


class PartnershipDocument(OfGroup, WithdrawableWithReason):
    """A paper that belongs to a partnership: a letter, a list, a receipt; its number, its day and where it is kept."""

    partnership = models.ForeignKey(Partnership, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(_("what paper it is"), max_length=120)
    number = models.CharField(_("number"), max_length=DOCUMENT_NUMBER_LENGTH, blank=True)
    dated_on = models.DateField(_("day of the paper"))
    kept_at = models.CharField(_("where it is kept"), max_length=120)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of a partnership")
        verbose_name_plural = _("documents of partnerships")
        ordering = ["-dated_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="partnership_document_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="partnership_document_titled", condition=~Q(title="") & ~Q(kept_at="")),
            withdrawn_with_reason("partnership_document_withdrawn"),
        ]

    def __str__(self) -> str:
        return self.title


class PartnerActivity(OfGroup, WithdrawableWithReason):
    """What a group did with somebody outside on a day, with the result; within a partnership or without one.

    `value` is what it brought in rupiah, 0 where it brought no money or nobody knows how much.
    """

    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="partner_activities", verbose_name=_("group")
    )
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="activities", verbose_name=_("partner"))
    partnership = models.ForeignKey(
        Partnership, on_delete=models.PROTECT, null=True, blank=True, related_name="activities",
        verbose_name=_("partnership"),
    )  # fmt: skip
    held_on = models.DateField(_("day"))
    kind = models.CharField(_("about"), max_length=12, choices=ActivityKind)
    aspect = models.CharField(_("aspect"), max_length=13, choices=Aspect, blank=True)
    what = models.CharField(_("what was done"), max_length=200)
    result = models.TextField(_("result"), max_length=1000)
    value = models.BigIntegerField(_("value"), default=0, validators=[MinValueValidator(0)])

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity with a partner")
        verbose_name_plural = _("activities with partners")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="partner_activity_key_once", fields=["group", "key"]),
            models.CheckConstraint(
                name="partner_activity_values",
                condition=Q(kind__in=ActivityKind.values, aspect__in=["", *Aspect.values], value__gte=0) & ~Q(what=""),
            ),
            withdrawn_with_reason("partner_activity_withdrawn"),
        ]
        indexes = [models.Index(fields=["group", "-held_on"], name="partner_activity_day")]

    def __str__(self) -> str:
        return self.what
