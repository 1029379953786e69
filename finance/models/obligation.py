"""What members owe besides loans, outside the ledger until it is paid: fines, and what was let go. Whole rupiah."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from finance.models.ledger import AccountKind, Entry
from finance.models.loan import Loan
from groups.models import Group, Member
from groups.shared.clock import now

WAIVED = [(kind.value, kind.label) for kind in (AccountKind.POKOK, AccountKind.WAJIB, AccountKind.FINE)]
"""What can be let go: savings that the rules ask for, and fines."""


class ObligationKind(models.TextChoices):
    """What a fine is for."""

    ATTENDANCE = "ATTENDANCE", _("attendance")
    LATE_INSTALMENT = "LATE_INSTALMENT", _("late instalment")
    OTHER = "OTHER", _("another reason")


class ObligationQuerySet(models.QuerySet["Obligation"]):
    """Fines, and those of them that are asked for."""

    def asked_for(self) -> Self:
        """Return the fines that neither were taken back nor are waived now, paid or not."""
        waived = Waiver.objects.filter(obligation=OuterRef("pk"), ended_on__isnull=True)
        return self.filter(~Exists(waived), cancelled_at__isnull=True)


class Obligation(models.Model):
    """A fine (denda) that a member owes since `owed_on`; it becomes income when it is paid, and only then.

    One charged at a meeting names the `meeting` by its number; one charged with a payment outside meetings names the
    `entry` of the payment. What was not paid of it can be waived (`Waiver`). One that was charged by mistake is
    cancelled and never was.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="obligations", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="obligations", verbose_name=_("member"))
    kind = models.CharField(_("kind"), max_length=15, choices=ObligationKind)
    amount = models.BigIntegerField(_("amount"))
    owed_on = models.DateField(_("owed since"))
    memo = models.CharField(_("what for"), max_length=200)
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations", verbose_name=_("loan")
    )
    meeting = models.PositiveIntegerField(_("number of the meeting"), null=True, blank=True)
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations", verbose_name=_("entry")
    )
    # A fine recorded on a page of its own comes with its key.
    key = models.UUIDField(_("idempotency key"), null=True, blank=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    # Set when what charged it was undone or corrected and the fine turned out never to have been.
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = _("fine owed")
        verbose_name_plural = _("fines owed")
        ordering = ["owed_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="obligation_key_once", fields=["group", "key"]),
            models.CheckConstraint(name="obligation_kind", condition=Q(kind__in=ObligationKind.values)),
            models.CheckConstraint(name="obligation_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="obligation_loan",
                condition=Q(kind=ObligationKind.LATE_INSTALMENT, loan__isnull=False)
                | (~Q(kind=ObligationKind.LATE_INSTALMENT) & Q(loan__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["group", "owed_on"],
                name="obligation_not_cancelled",
                condition=Q(cancelled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.memo}"


class Waiver(models.Model):
    """What a member does not have to pay any more from the day `waived_on`; no money moved.

    That is pokok, wajib, or what was left of the fine `obligation`. Where the waiver was taken back, it is owed again
    from the day `ended_on`.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="waivers", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="waivers", verbose_name=_("member"))
    kind = models.CharField(_("kind"), max_length=15, choices=WAIVED)
    obligation = models.ForeignKey(
        Obligation, on_delete=models.PROTECT, null=True, blank=True, related_name="waivers", verbose_name=_("fine owed")
    )
    amount = models.BigIntegerField(_("amount"))
    waived_on = models.DateField(_("waived on"))
    why = models.CharField(_("why it was waived"), max_length=200)
    key = models.UUIDField(_("idempotency key"))
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    ended_on = models.DateField(_("owed again from"), null=True, blank=True)
    ended_why = models.CharField(_("why it was taken back"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["waived_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="waiver_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="waiver_of_fine_once", fields=["group", "obligation"], condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                name="waiver_kind",
                condition=Q(kind=AccountKind.FINE, obligation__isnull=False)
                | Q(kind__in=(AccountKind.POKOK, AccountKind.WAJIB), obligation__isnull=True),
            ),
            models.CheckConstraint(
                name="waiver_ended",
                condition=Q(ended_on__isnull=True, ended_at__isnull=True, ended_by__isnull=True, ended_why="")
                | (Q(ended_on__gte=F("waived_on"), ended_at__isnull=False, ended_by__isnull=False) & ~Q(ended_why="")),
            ),
            models.CheckConstraint(name="waiver_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="waiver_why", condition=~Q(why="")),
        ]
        indexes = [models.Index(fields=["group", "member"], name="waiver_group_member")]

    def __str__(self) -> str:
        return f"{self.why}"


class ObligationPayment(models.Model):
    """What one entry paid of a fine; never more than the fine. It stops to count when its entry is reversed."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    obligation = models.ForeignKey(
        Obligation, on_delete=models.PROTECT, related_name="payments", verbose_name=_("fine owed")
    )
    amount = models.BigIntegerField(_("amount"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="fines_paid", verbose_name=_("entry"))

    class Meta:
        verbose_name = _("payment of a fine")
        verbose_name_plural = _("payments of fines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="obligation_payment_once", fields=["group", "entry", "obligation"]),
            models.CheckConstraint(name="obligation_payment_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class OpeningDue(models.Model):
    """Compulsory savings (wajib) that a member had missed before the cut-off, as the opening balances brought them.

    It stops to count when the entry of the opening balances is reversed.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name=_("member"))
    amount = models.BigIntegerField(_("amount"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="opening_dues", verbose_name=_("entry"))

    class Meta:
        verbose_name = _("wajib missed before the cut-off")
        verbose_name_plural = _("wajib missed before the cut-off")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="opening_due_once", fields=["group", "entry", "member"]),
            models.CheckConstraint(name="opening_due_amount", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
