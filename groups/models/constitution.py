"""The agreed rules of a group (aturan main, AD/ART), version by version."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group
from groups.shared.clock import now


class Method(models.TextChoices):
    """How a loan's service fee (jasa) is worked out."""

    FLAT = "flat", _("Flat: fee on the original principal")
    DECLINING = "declining", _("Declining: fee on the balance")
    ANNUITY = "annuity", _("Annuity: equal instalments")


class PayoffFee(models.TextChoices):
    """What happens to the fee of the remaining periods when a loan is paid off early."""

    CHARGED = "CHARGED", _("The fee of the remaining months is paid as well")
    WAIVED = "WAIVED", _("The fee of the remaining months is waived")


class LoanDue(models.TextChoices):
    """When instalments fall due."""

    MEETING = "MEETING", _("At the meetings of the group")
    DAY = "DAY", _("On a fixed day, counted from paying out")


class WajibEvery(models.TextChoices):
    """How often compulsory savings (wajib) are due."""

    MEETING = "MEETING", _("Each agreed meeting, held or not")
    MONTH = "MONTH", _("Each month, with a meeting or without")


class MissedWajib(models.TextChoices):
    """What happens to compulsory savings that were not paid when they were due."""

    ASKED = "ASKED", _("They are asked for until they are paid")
    LET_GO = "LET_GO", _("They are let go")


class LateFineBy(models.TextChoices):
    """How the fine for a late instalment is worked out."""

    INSTALMENT = "INSTALMENT", _("An amount for each late instalment")
    DAY = "DAY", _("An amount for each day an instalment is late")
    PERCENT = "PERCENT", _("Per cent of each late instalment")


class LoanKind(models.TextChoices):
    """How a loan is repaid: in instalments, or once after the harvest (bayar panen, yarnen)."""

    MONTH = "month", _("In instalments every month")
    WEEK = "week", _("In instalments every week")
    FORTNIGHT = "fortnight", _("In instalments every two weeks")
    SELAPAN = "selapan", _("In instalments every selapan (35 days)")
    HARVEST_MONTHLY = "harvest_monthly", _("After the harvest, the fee every month")
    HARVEST_END = "harvest_end", _("After the harvest, the fee then too")

    @property
    def is_harvest(self) -> bool:
        """Whether the principal is repaid once, after the harvest."""
        return self in (LoanKind.HARVEST_MONTHLY, LoanKind.HARVEST_END)

    @property
    def every(self) -> str:
        """The time between instalments, or between fees."""
        return LoanKind.MONTH.value if self.is_harvest else self.value


class RatePer(models.TextChoices):
    """What time the service fee is said for."""

    MONTH = "month", _("a month")
    YEAR = "year", _("a year")


LONGEST_TERM = 10
"""Years; what is above them is a slip of the finger. Three, which a group begins with, is what PNPM sets for a BKM."""


class SavingsBase(models.TextChoices):
    """What a member's part of the surplus by savings is measured by."""

    END = "END", _("Savings at the end of the year")
    AVERAGE = "AVERAGE", _("Average savings over the months")


class SavingsCounted(models.TextChoices):
    """Which savings count for a member's part of the surplus by savings."""

    ALL = "ALL", _("All savings")
    POKOK_WAJIB = "POKOK_WAJIB", _("Simpanan pokok and wajib only")


class BorrowingBase(models.TextChoices):
    """What a member's part of the surplus by borrowing is measured by."""

    FEE = "FEE", _("Service fee (jasa) paid in the year")
    PRINCIPAL = "PRINCIPAL", _("Loans taken in the year")


SELDOM_PURPOSES = ("education", "staff", "development")
PURPOSES = ("savings", "borrowing", "reserve", "officers", "social", *SELDOM_PURPOSES, "other")
"""What the surplus is divided for, each with its `share_…` in the rules."""


def in_percent(fraction: Decimal) -> Decimal:
    """Return a fraction in percent without needless zeros: 1.5 for 0.0150."""
    return Decimal(f"{(fraction * 100).normalize():f}")


class Constitution(models.Model):
    """One version of a group's rules; a change is a new version, the old ones stay readable.

    Amounts are whole rupiah. `loan_rate` is a fraction a month or a year, as `loan_rate_per` says: 0.015 is 1.5 %. A
    selapan counts as a month. `loan_kinds` are values of `LoanKind` with a semicolon between them.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="constitutions", verbose_name=_("group"))
    version = models.PositiveIntegerField(_("version"))
    agreed_on = models.DateField(_("agreed on"))
    agreed_in_meeting = models.BooleanField(_("agreed in a meeting of the members"), default=False)
    votes_for = models.PositiveSmallIntegerField(_("votes for"), null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField(_("votes against"), null=True, blank=True)
    votes_abstained = models.PositiveSmallIntegerField(_("abstained"), null=True, blank=True)
    aims = models.TextField(_("aims and rules"), blank=True)
    expected = models.TextField(_("what is expected of members and officers"), blank=True)
    sanctions = models.TextField(_("sanctions"), blank=True)
    term_years = models.PositiveSmallIntegerField(_("term of the officers, in years"), default=3)
    pokok = models.PositiveBigIntegerField(_("initial savings (simpanan pokok), once"), default=0)
    wajib = models.PositiveBigIntegerField(_("compulsory savings (simpanan wajib)"), default=0)
    wajib_every = models.CharField(
        _("compulsory savings are due"), max_length=7, choices=WajibEvery, default=WajibEvery.MEETING
    )
    missed_wajib = models.CharField(
        _("compulsory savings that were missed"), max_length=6, choices=MissedWajib, default=MissedWajib.ASKED
    )
    social = models.PositiveBigIntegerField(_("social fund (dana sosial), each meeting"), default=0)
    fine_late = models.PositiveBigIntegerField(_("fine for coming late"), default=0)
    fine_absent = models.PositiveBigIntegerField(_("fine for absence without notice"), default=0)
    loan_rate = models.DecimalField(_("service fee (jasa)"), max_digits=7, decimal_places=6, default=Decimal("0.015"))
    loan_rate_per = models.CharField(_("service fee rate for"), max_length=5, choices=RatePer, default=RatePer.MONTH)
    loan_method = models.CharField(_("fee method"), max_length=9, choices=Method, default=Method.FLAT)
    loan_max_periods = models.PositiveSmallIntegerField(_("longest loan, in months"), default=12)
    loan_ceiling = models.PositiveBigIntegerField(_("largest loan; 0 is no limit"), default=0)
    loan_kinds = models.CharField(_("how loans are repaid"), max_length=80, default=LoanKind.MONTH.value)
    loan_due = models.CharField(_("instalments fall due"), max_length=7, choices=LoanDue, default=LoanDue.MEETING)
    loan_provision = models.DecimalField(
        _("provision (provisi) withheld when paying out, part of the loan"),
        max_digits=7,
        decimal_places=6,
        default=Decimal(0),
    )
    loan_deposit = models.DecimalField(
        _("deposit for joint liability withheld when paying out, part of the loan"),
        max_digits=7,
        decimal_places=6,
        default=Decimal(0),
    )
    loan_deposit_each = models.DecimalField(
        _("deposit for joint liability with each instalment, part of it"),
        max_digits=7,
        decimal_places=6,
        default=Decimal(0),
    )
    loan_rebate = models.DecimalField(
        _("given back for punctual payment (IPTW), part of the fee"), max_digits=7, decimal_places=6, default=Decimal(0)
    )
    loan_round_up_to = models.PositiveIntegerField(_("round instalments up to"), default=1000)
    loan_ladder = models.CharField(
        _("largest first, second, third … loan"),
        max_length=120,
        blank=True,
        help_text=_("Amounts with a semicolon between them, the last one for all later loans; empty is no limit."),
    )
    loan_savings_times = models.PositiveSmallIntegerField(
        _("largest loan as times of the member's savings; 0 is no limit"), default=0
    )
    fine_late_by = models.CharField(
        _("the fine for a late instalment is"), max_length=10, choices=LateFineBy, default=LateFineBy.INSTALMENT
    )
    fine_late_instalment = models.PositiveBigIntegerField(_("fine for a late instalment"), default=0)
    fine_late_percent = models.DecimalField(
        _("fine for a late instalment, % of it"), max_digits=5, decimal_places=2, default=0
    )
    fine_first = models.BooleanField(_("a payment goes to the fine before the fee and the principal"), default=False)
    payoff_fee = models.CharField(
        _("fee when a loan is paid off early"), max_length=7, choices=PayoffFee, default=PayoffFee.CHARGED
    )
    principal_alone = models.BooleanField(
        _("a payment may go to the principal alone, the fee stays due"), default=False
    )
    sukarela_minimum = models.PositiveBigIntegerField(_("voluntary savings that must stay"), default=0)
    share_savings = models.DecimalField(_("to members by savings, %"), max_digits=5, decimal_places=2, default=40)
    share_borrowing = models.DecimalField(_("to members by borrowing, %"), max_digits=5, decimal_places=2, default=20)
    share_reserve = models.DecimalField(_("to the reserve, %"), max_digits=5, decimal_places=2, default=20)
    share_officers = models.DecimalField(_("to the officers, %"), max_digits=5, decimal_places=2, default=10)
    share_social = models.DecimalField(_("to the social fund, %"), max_digits=5, decimal_places=2, default=5)
    share_other = models.DecimalField(_("to other purposes, %"), max_digits=5, decimal_places=2, default=5)
    share_education = models.DecimalField(
        _("to the education fund (dana pendidikan), %"), max_digits=5, decimal_places=2, default=0
    )
    share_staff = models.DecimalField(
        _("to the staff fund (dana karyawan), %"), max_digits=5, decimal_places=2, default=0
    )
    share_development = models.DecimalField(
        _("to the development fund (dana pembangunan), %"), max_digits=5, decimal_places=2, default=0
    )
    other_purpose = models.CharField(_("what the other purposes are"), max_length=60, blank=True)
    savings_counted = models.CharField(
        _("savings that count for the surplus"), max_length=11, choices=SavingsCounted, default=SavingsCounted.ALL
    )
    savings_base = models.CharField(
        _("savings counted for the surplus"), max_length=7, choices=SavingsBase, default=SavingsBase.END
    )
    borrowing_base = models.CharField(
        _("borrowing counted for the surplus"), max_length=9, choices=BorrowingBase, default=BorrowingBase.FEE
    )
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("constitution")
        verbose_name_plural = _("constitutions")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(name="constitution_version_once", fields=["group", "version"]),
            models.CheckConstraint(
                name="constitution_votes",
                condition=Q(votes_for__isnull=True, votes_against__isnull=True, votes_abstained__isnull=True)
                | Q(votes_for__gt=F("votes_against"), votes_for__isnull=False)
                & Q(votes_against__isnull=False, votes_abstained__isnull=False),
                violation_error_message=_("Rules are agreed when more vote for them than against."),
            ),
            models.CheckConstraint(name="constitution_term", condition=Q(term_years__range=(1, LONGEST_TERM))),
            models.CheckConstraint(name="constitution_method", condition=Q(loan_method__in=Method.values)),
            models.CheckConstraint(name="constitution_rate_per", condition=Q(loan_rate_per__in=RatePer.values)),
            models.CheckConstraint(name="constitution_kinds", condition=~Q(loan_kinds="")),
            models.CheckConstraint(name="constitution_rate", condition=Q(loan_rate__gte=0) & Q(loan_rate__lt=1)),
            models.CheckConstraint(
                name="constitution_periods", condition=Q(loan_max_periods__gte=1) & Q(loan_max_periods__lte=120)
            ),
            models.CheckConstraint(name="constitution_rounding", condition=Q(loan_round_up_to__gte=1)),
            models.CheckConstraint(name="constitution_wajib_every", condition=Q(wajib_every__in=WajibEvery.values)),
            models.CheckConstraint(name="constitution_missed_wajib", condition=Q(missed_wajib__in=MissedWajib.values)),
            models.CheckConstraint(name="constitution_late_fine", condition=Q(fine_late_by__in=LateFineBy.values)),
            models.CheckConstraint(
                name="constitution_late_percent", condition=Q(fine_late_percent__gte=0, fine_late_percent__lte=100)
            ),
            models.CheckConstraint(name="constitution_payoff", condition=Q(payoff_fee__in=PayoffFee.values)),
            models.CheckConstraint(
                name="constitution_withheld",
                condition=Q(loan_provision__gte=0, loan_deposit__gte=0, loan_rebate__gte=0, loan_rebate__lte=1)
                & Q(loan_provision__lt=1 - F("loan_deposit"), loan_deposit_each__gte=0, loan_deposit_each__lte=1),
                violation_error_message=_("Provision and deposit together must be less than the loan."),
            ),
            models.CheckConstraint(name="constitution_loan_due", condition=Q(loan_due__in=LoanDue.values)),
            models.CheckConstraint(name="constitution_savings_base", condition=Q(savings_base__in=SavingsBase.values)),
            models.CheckConstraint(
                name="constitution_savings_counted", condition=Q(savings_counted__in=SavingsCounted.values)
            ),
            models.CheckConstraint(
                name="constitution_borrowing_base", condition=Q(borrowing_base__in=BorrowingBase.values)
            ),
            models.CheckConstraint(
                name="constitution_shares",
                condition=Q(
                    share_savings__gte=0,
                    share_borrowing__gte=0,
                    share_reserve__gte=0,
                    share_officers__gte=0,
                    share_social__gte=0,
                    share_education__gte=0,
                    share_staff__gte=0,
                    share_development__gte=0,
                    share_other=100
                    - F("share_savings")
                    - F("share_borrowing")
                    - F("share_reserve")
                    - F("share_officers")
                    - F("share_social")
                    - F("share_education")
                    - F("share_staff")
                    - F("share_development"),
                    share_other__gte=0,
                ),
                violation_error_message=_("The parts of the surplus must sum to 100 %."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}"

    @property
    def votes(self) -> int | None:
        """How many voted or abstained, None where nobody counted."""
        counts = (self.votes_for, self.votes_against, self.votes_abstained)
        return None if self.votes_for is None else sum(count or 0 for count in counts)

    @property
    def is_empty(self) -> bool:
        """Whether these are the rules a group is registered with: nobody has agreed anything yet."""
        return self.version == 1 and all(getattr(self, rule.name) == rule.get_default() for rule in self.rule_fields())

    @classmethod
    def rule_fields(cls) -> "list[models.Field[Any, Any]]":
        """Return the fields that hold the rules themselves, not when and by whom they were agreed."""
        record = {"id", "group", "version", "agreed_on", "recorded_at", "recorded_by"}
        return [field for field in cls._meta.concrete_fields if field.name not in record]

    @property
    def loan_rate_percent(self) -> Decimal:
        """The service fee in percent: 1.5 for a rate of 0.015."""
        return in_percent(self.loan_rate)

    @property
    def loan_provision_percent(self) -> Decimal:
        """The provision in percent of the loan."""
        return in_percent(self.loan_provision)

    @property
    def loan_deposit_percent(self) -> Decimal:
        """The deposit for joint liability in percent of the loan."""
        return in_percent(self.loan_deposit)

    @property
    def loan_deposit_each_percent(self) -> Decimal:
        """The deposit with each instalment in percent of it."""
        return in_percent(self.loan_deposit_each)

    @property
    def loan_rebate_percent(self) -> Decimal:
        """What is given back for punctual payment, in percent of the fee."""
        return in_percent(self.loan_rebate)

    @property
    def kinds_of_loan(self) -> list[LoanKind]:
        """How loans may be repaid."""
        return [LoanKind(kind) for kind in self.loan_kinds.split(";")]

    @property
    def loan_ladder_steps(self) -> list[int]:
        """The largest first, second, third … loan in rupiah; empty for no limit."""
        return [int(step) for step in self.loan_ladder.split(";") if step]

    @property
    def surplus_shares(self) -> dict[str, Decimal]:
        """The parts of the surplus in percent by purpose, as `finance.surplus.divide_surplus` takes them.

        The funds that few groups have are left out where the rules give them nothing.
        """
        shares = {purpose: getattr(self, f"share_{purpose}") for purpose in PURPOSES}
        return {purpose: share for purpose, share in shares.items() if share or purpose not in SELDOM_PURPOSES}
