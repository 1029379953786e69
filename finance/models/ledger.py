"""The ledger: accounts, entries and transfers, in whole rupiah.

Balanced by construction: a transfer moves one amount from one account to another, so there is no way to
write something out of balance.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Member
from groups.shared.clock import now


class AccountKind(models.TextChoices):
    """What an account holds. Kinds of members and of loans have one account for each."""

    CASH = "CASH", _("Cash box (kas)")
    BANK = "BANK", _("Bank")
    LOAN = "LOAN", _("Loan to a member")
    INVENTORY = "INVENTORY", _("Inventory (inventaris)")
    EXTERNAL_LOAN = "EXTERNAL_LOAN", _("Loan from outside (utang)")
    DEPOSIT = "DEPOSIT", _("Deposit for joint liability (tabungan tanggung renteng)")
    POKOK = "POKOK", _("Initial savings (simpanan pokok)")
    WAJIB = "WAJIB", _("Compulsory savings (simpanan wajib)")
    SUKARELA = "SUKARELA", _("Voluntary savings (simpanan sukarela)")
    SOCIAL_FUND = "SOCIAL_FUND", _("Social fund (dana sosial)")
    OFFICERS_FUND = "OFFICERS_FUND", _("Officers' fund (dana pengurus)")
    EDUCATION_FUND = "EDUCATION_FUND", _("Education fund (dana pendidikan)")
    STAFF_FUND = "STAFF_FUND", _("Staff fund (dana karyawan)")
    DEVELOPMENT_FUND = "DEVELOPMENT_FUND", _("Development fund (dana pembangunan)")
    OTHER_FUND = "OTHER_FUND", _("Other funds")
    CAPITAL = "CAPITAL", _("Opening capital (modal awal)")
    GRANT = "GRANT", _("Grants received (hibah)")
    RESERVE = "RESERVE", _("Reserve (cadangan)")
    SURPLUS_DIVIDED = "SURPLUS_DIVIDED", _("Surplus divided (SHU dibagikan)")
    SERVICE_FEE = "SERVICE_FEE", _("Service fee (jasa) of a loan")
    PROVISION = "PROVISION", _("Provision (provisi) of a loan")
    OTHER_INCOME = "OTHER_INCOME", _("Other income")
    FINE = "FINE", _("Fines (denda)")
    LOAN_FINE = "LOAN_FINE", _("Fines for late instalments")
    ENTERPRISE = "ENTERPRISE", _("Income of the group's enterprise")
    RECOVERY = "RECOVERY", _("Recovered from loans written off")
    INCENTIVE = "INCENTIVE", _("Incentives (insentif)")
    REBATE = "REBATE", _("Given back for punctual payment (IPTW)")
    STATIONERY = "STATIONERY", _("Stationery (ATK)")
    TRANSPORT = "TRANSPORT", _("Transport")
    ENTERPRISE_COST = "ENTERPRISE_COST", _("Costs of the group's enterprise")
    EXTERNAL_FEE = "EXTERNAL_FEE", _("Fee on loans from outside")
    LOAN_LOSS = "LOAN_LOSS", _("Loans written off")
    EXPENSE = "EXPENSE", _("Other expenses")


class Side(models.TextChoices):
    """The side on which an account grows."""

    DEBIT = "D", _("Debit")
    CREDIT = "C", _("Credit")


class Account(models.Model):
    """One account of one group, with the running sums of everything posted to it."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("group"))
    kind = models.CharField(_("kind"), max_length=16, choices=AccountKind)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name=_("member")
    )
    loan = models.ForeignKey(
        "finance.Loan", on_delete=models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name=_("loan")
    )
    external_loan = models.ForeignKey(
        "finance.ExternalLoan",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("loan from outside"),
    )
    code = models.CharField(_("code"), max_length=20)
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    may_go_negative = models.BooleanField(_("may go negative"), default=False)
    debits_posted = models.BigIntegerField(_("debits posted"), default=0)
    credits_posted = models.BigIntegerField(_("credits posted"), default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="account_code_once", fields=["group", "code"]),
            models.CheckConstraint(name="account_kind", condition=Q(kind__in=AccountKind.values)),
            models.CheckConstraint(name="account_side", condition=Q(normal_side__in=Side.values)),
            models.CheckConstraint(name="account_sums", condition=Q(debits_posted__gte=0) & Q(credits_posted__gte=0)),
            models.CheckConstraint(
                name="account_funds",
                condition=Q(may_go_negative=True)
                | Q(normal_side=Side.DEBIT, debits_posted__gte=F("credits_posted"))
                | Q(normal_side=Side.CREDIT, credits_posted__gte=F("debits_posted")),
            ),
        ]
        indexes = [models.Index(fields=["group", "kind"], name="account_group_kind")]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"

    def get_kind_display(self) -> str:  # type: ignore[no-redef]
        """The kind in words. Django's own would translate every kind there is, for each line of a book."""
        return str(AccountKind(self.kind).label)

    @property
    def balance(self) -> int:
        """Rupiah on the account's normal side."""
        balance = self.debits_posted - self.credits_posted
        return balance if self.normal_side == Side.DEBIT else -balance


class EntryKind(models.TextChoices):
    """Which action of a person an entry records."""

    MEETING = "MEETING", _("Meeting")
    SAVINGS = "SAVINGS", _("Savings")
    LOAN = "LOAN", _("Loan paid out")
    REPAYMENT = "REPAYMENT", _("Instalment")
    REALLOCATION = "REALLOCATION", _("Payment divided anew")
    FINE = "FINE", _("Fine")
    SOCIAL = "SOCIAL", _("Social fund")
    OTHER = "OTHER", _("Other money")
    SETTLEMENT = "SETTLEMENT", _("Cash difference settled")
    OPENING = "OPENING", _("Opening balances")
    RESCHEDULE = "RESCHEDULE", _("Loan rescheduled")
    WRITE_OFF = "WRITE_OFF", _("Loan written off")
    RECOVERY = "RECOVERY", _("Recovered after writing off")
    COVER = "COVER", _("Joint liability (tanggung renteng)")
    EXTERNAL_LOAN = "EXTERNAL_LOAN", _("Loan from outside")
    LEAVING = "LEAVING", _("Member left")
    INVENTORY = "INVENTORY", _("Inventory")
    SURPLUS = "SURPLUS", _("Surplus divided (SHU)")
    SHARE_OUT = "SHARE_OUT", _("Share-out")
    REVERSAL = "REVERSAL", _("Reversal")


class Entry(models.Model):
    """One action of one person, posted whole or not at all; never changed and never deleted.

    `number` is its voucher number (nomor bukti): 1, 2, 3 … within the group, in the order of recording, without gaps.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="entries", verbose_name=_("group"))
    number = models.PositiveIntegerField(_("voucher number (nomor bukti)"))
    kind = models.CharField(_("kind"), max_length=13, choices=EntryKind)
    effective_on = models.DateField(_("date"))
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    key = models.UUIDField(_("idempotency key"))
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    # Its place among the entries of its day, where that is not its own number: what takes an entry back, and what was
    # posted instead of it, stand where the first one stood.
    place = models.PositiveIntegerField(_("in the place of voucher"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["effective_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="entry_key_once", fields=["group", "key"]),
            models.UniqueConstraint(name="entry_number_once", fields=["group", "number"]),
            models.CheckConstraint(name="entry_number", condition=Q(number__gt=0)),
            models.CheckConstraint(name="entry_place", condition=Q(place__gt=0, place__lt=F("number"))),
            models.CheckConstraint(name="entry_kind", condition=Q(kind__in=EntryKind.values)),
            models.CheckConstraint(
                name="entry_reversal",
                condition=Q(kind=EntryKind.REVERSAL, reverses__isnull=False)
                | (~Q(kind=EntryKind.REVERSAL) & Q(reverses__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["group", "effective_on", "id"], name="entry_group_date")]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def place_in_day(self) -> int:
        """The number by which the entry stands among those of its day."""
        return self.place if self.place is not None else self.number


class Transfer(models.Model):
    """One amount moved from one account to another: the account debited and the account credited.

    `member` is whose passbook the line belongs to, if it is anybody's. With `principal_alone` it pays the principal of
    a loan whatever fee was due, for so it was asked for.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("entry"))
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_index=False, verbose_name=_("debit account")
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_index=False, verbose_name=_("credit account")
    )
    amount = models.BigIntegerField(_("amount"))
    debit_balance_after = models.BigIntegerField(_("debit account's balance after"))
    credit_balance_after = models.BigIntegerField(_("credit account's balance after"))
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        db_index=False,
        verbose_name=_("member"),
    )
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    principal_alone = models.BooleanField(_("on the principal alone"), default=False, db_default=False)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="transfer_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_two_accounts", condition=~Q(debit_account=F("credit_account"))),
        ]
        indexes = [
            models.Index(fields=["debit_account", "id"], name="transfer_debit"),
            models.Index(fields=["credit_account", "id"], name="transfer_credit"),
            models.Index(fields=["member", "id"], name="transfer_member", condition=Q(member__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
