"""The agreed rules of a group (aturan main, AD/ART), version by version."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group


class Method(models.TextChoices):
    """How a loan's service fee (jasa) is worked out."""

    FLAT = "flat", _("Flat: fee on the original principal")
    DECLINING = "declining", _("Declining: fee on the balance")
    ANNUITY = "annuity", _("Annuity: equal instalments")


class Constitution(models.Model):
    """One version of a group's rules; a change is a new version, the old ones stay readable.

    Amounts are whole rupiah. `loan_rate` is a fraction a month: 0.015 is 1.5 % a month.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="constitutions", verbose_name=_("group"))
    version = models.PositiveIntegerField(_("version"))
    agreed_on = models.DateField(_("agreed on"))
    agreed_in_meeting = models.BooleanField(_("agreed in a meeting of the members"), default=False)
    aims = models.TextField(_("aims and rules"), blank=True)
    pokok = models.PositiveBigIntegerField(_("initial savings (simpanan pokok), once"), default=0)
    wajib = models.PositiveBigIntegerField(_("compulsory savings (simpanan wajib), each meeting"), default=0)
    social = models.PositiveBigIntegerField(_("social fund (dana sosial), each meeting"), default=0)
    fine_late = models.PositiveBigIntegerField(_("fine for coming late"), default=0)
    fine_absent = models.PositiveBigIntegerField(_("fine for absence without notice"), default=0)
    loan_rate = models.DecimalField(
        _("service fee (jasa) a month"), max_digits=6, decimal_places=5, default=Decimal("0.015")
    )
    loan_method = models.CharField(_("fee method"), max_length=9, choices=Method, default=Method.FLAT)
    loan_max_periods = models.PositiveSmallIntegerField(_("longest loan, in months"), default=12)
    loan_ceiling = models.PositiveBigIntegerField(_("largest loan; 0 is no limit"), default=0)
    loan_round_up_to = models.PositiveIntegerField(_("round instalments up to"), default=1000)
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("constitution")
        verbose_name_plural = _("constitutions")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(name="constitution_version_once", fields=["group", "version"]),
            models.CheckConstraint(name="constitution_method", condition=Q(loan_method__in=Method.values)),
            models.CheckConstraint(name="constitution_rate", condition=Q(loan_rate__gte=0) & Q(loan_rate__lt=1)),
            models.CheckConstraint(
                name="constitution_periods", condition=Q(loan_max_periods__gte=1) & Q(loan_max_periods__lte=120)
            ),
            models.CheckConstraint(name="constitution_rounding", condition=Q(loan_round_up_to__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.version}"

    @property
    def loan_rate_percent(self) -> Decimal:
        """The service fee in percent a month: 1.5 for a rate of 0.015."""
        return Decimal(f"{(self.loan_rate * 100).normalize():f}")
