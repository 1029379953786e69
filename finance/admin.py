"""The ledger in Django admin: to look at, never to change; money moves through the services alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from finance.models import (
    Account,
    BankTick,
    CashCount,
    Cover,
    CoverRecovery,
    Entry,
    ExternalLoan,
    ExternalPayment,
    Instalment,
    InventoryItem,
    InventoryWriteDown,
    Loan,
    LoanRequest,
    Obligation,
    ObligationPayment,
    PeriodBalance,
    PeriodClosing,
    SurplusDivision,
    SurplusPart,
    SurplusShare,
    Transfer,
    Waiver,
)
from groups.admin import RecordAdmin
from groups.shared.money import rupiah


class LedgerAdmin(RecordAdmin):
    """What the tables of the ledger share: no count of millions of rows."""

    show_full_result_count = False
    list_per_page = 50
    list_select_related: ClassVar[Any] = ["group"]


@admin.register(Account)
class AccountAdmin(LedgerAdmin):
    """Accounts with their balances."""

    list_display = ["code", "group", "kind", "member", "loan", "balance_shown"]
    list_filter = ["kind"]
    list_select_related: ClassVar[Any] = ["group", "member", "loan"]
    search_fields = ["group__code", "code", "member__name"]

    @admin.display(description=_("balance"))
    def balance_shown(self, account: Account) -> str:
        """Show the balance as people write it."""
        return rupiah(account.balance)


class LinesInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Lines below what they belong to: whoever may see that sees them, nobody writes them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Let everybody look who sees the page."""
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Let nobody change."""
        return False


class TransferInline(LinesInline):
    """The lines of an entry."""

    model = Transfer
    fields: ClassVar[Any] = ["debit_account", "credit_account", "amount", "member", "memo"]

    def get_queryset(self, request: Any) -> Any:
        """Bring accounts and members along."""
        return super().get_queryset(request).select_related("debit_account", "credit_account", "member")


@admin.register(Entry)
class EntryAdmin(LedgerAdmin):
    """Entries with their lines."""

    list_display = ["number", "group", "kind", "effective_on", "recorded_at", "recorded_by", "memo", "reverses"]
    list_filter = ["kind"]
    list_select_related: ClassVar[Any] = ["group", "recorded_by", "reverses"]
    search_fields = ["group__code", "memo"]
    inlines = [TransferInline]


@admin.register(Transfer)
class TransferAdmin(LedgerAdmin):
    """Transfers of all entries."""

    list_display = ["pk", "group", "entry", "debit_account", "credit_account", "amount", "member", "memo"]
    list_select_related: ClassVar[Any] = ["group", "entry", "debit_account", "credit_account", "member"]
    search_fields = ["group__code", "member__name", "memo"]


class InstalmentInline(LinesInline):
    """The schedule of a loan."""

    model = Instalment
    fields: ClassVar[Any] = ["number", "due_on", "late_after", "principal", "service_fee"]


@admin.register(Loan)
class LoanAdmin(LedgerAdmin):
    """Loans with their schedules."""

    list_display = ["number", "group", "member", "principal", "method", "periods", "disbursed_on", "cancelled_at"]
    list_filter = ["method"]
    list_select_related: ClassVar[Any] = ["group", "member"]
    search_fields = ["group__code", "member__name"]
    inlines = [InstalmentInline]


@admin.register(LoanRequest)
class LoanRequestAdmin(LedgerAdmin):
    """Requests for loans; they are decided on the group's pages."""

    list_display = ["asked_on", "group", "member", "amount", "status", "decided_on"]
    list_filter = ["status"]
    list_select_related: ClassVar[Any] = ["group", "member"]
    search_fields = ["group__code", "member__name"]


@admin.register(Instalment)
class InstalmentAdmin(LedgerAdmin):
    """Instalments of all loans."""

    list_display = ["group", "loan", "number", "due_on", "late_after", "principal", "service_fee"]
    list_select_related: ClassVar[Any] = ["group", "loan"]
    search_fields = ["group__code"]


@admin.register(ExternalLoan)
class ExternalLoanAdmin(LedgerAdmin):
    """Loans from outside."""

    list_display = ["number", "group", "lender", "principal", "method", "periods", "received_on", "cancelled_at"]
    search_fields = ["group__code", "lender"]


@admin.register(ExternalPayment)
class ExternalPaymentAdmin(LedgerAdmin):
    """What was paid to lenders."""

    list_display = ["pk", "group", "external_loan", "service_fee", "principal", "entry"]
    list_select_related: ClassVar[Any] = ["group", "external_loan", "entry"]
    search_fields = ["group__code", "external_loan__lender"]


@admin.register(Cover)
class CoverAdmin(LedgerAdmin):
    """What members paid on the loans of others."""

    list_display = ["pk", "group", "loan", "coverer", "amount", "from_savings", "entry"]
    list_select_related: ClassVar[Any] = ["group", "loan", "coverer", "entry"]
    search_fields = ["group__code", "coverer__name"]


@admin.register(CoverRecovery)
class CoverRecoveryAdmin(LedgerAdmin):
    """What members got back."""

    list_display = ["pk", "group", "cover", "amount", "to_savings", "entry"]
    list_select_related: ClassVar[Any] = ["group", "cover", "entry"]
    search_fields = ["group__code", "cover__coverer__name"]


class ObligationPaymentInline(LinesInline):
    """What was paid of a fine."""

    model = ObligationPayment
    fields: ClassVar[Any] = ["amount", "entry"]


@admin.register(Obligation)
class ObligationAdmin(LedgerAdmin):
    """Fines that members owe or owed."""

    list_display = ["owed_on", "group", "member", "kind", "amount", "memo", "cancelled_at"]
    list_filter = ["kind"]
    list_select_related: ClassVar[Any] = ["group", "member"]
    search_fields = ["group__code", "member__name"]
    inlines = [ObligationPaymentInline]


@admin.register(Waiver)
class WaiverAdmin(LedgerAdmin):
    """What members were let off, savings that the rules ask for and fines."""

    list_display = ["waived_on", "group", "member", "kind", "amount", "why", "ended_on"]
    list_filter = ["kind"]
    list_select_related: ClassVar[Any] = ["group", "member"]
    search_fields = ["group__code", "member__name"]


@admin.register(CashCount)
class CashCountAdmin(LedgerAdmin):
    """Counts of the cash box; differences are settled on the group's pages."""

    list_display = ["counted_on", "group", "expected_now", "counted", "explanation", "settled_on", "corrected_at"]
    search_fields = ["group__code", "explanation"]


@admin.register(PeriodClosing)
class PeriodClosingAdmin(LedgerAdmin):
    """Closed periods of all groups."""

    list_display = ["through", "group", "closed_at", "closed_by"]
    list_select_related: ClassVar[Any] = ["group", "closed_by"]
    search_fields = ["group__code"]


@admin.register(PeriodBalance)
class PeriodBalanceAdmin(LedgerAdmin):
    """What the accounts held at the ends of closed periods."""

    list_display = ["through", "group", "account", "debits", "credits"]
    list_select_related: ClassVar[Any] = ["group", "account"]
    search_fields = ["group__code", "account__code"]


class WriteDownInline(LinesInline):
    """The write-downs of a thing."""

    model = InventoryWriteDown
    fields: ClassVar[Any] = ["amount", "entry"]


@admin.register(InventoryItem)
class InventoryItemAdmin(LedgerAdmin):
    """Things the groups own."""

    list_display = ["name", "group", "acquired_on", "price", "entry"]
    list_select_related: ClassVar[Any] = ["group", "entry"]
    search_fields = ["group__code", "name"]
    inlines = [WriteDownInline]


@admin.register(BankTick)
class BankTickAdmin(LedgerAdmin):
    """Lines of bank books seen on statements."""

    list_display = ["transfer", "group", "statement_on", "ticked_at", "ticked_by"]
    list_select_related: ClassVar[Any] = ["group", "transfer", "ticked_by"]
    search_fields = ["group__code"]


class SurplusShareInline(LinesInline):
    """The members' parts of a division."""

    model = SurplusShare
    fields: ClassVar[Any] = ["member", "savings_base", "borrowing_base", "by_savings", "by_borrowing"]


class SurplusPartInline(LinesInline):
    """The other parts of a division."""

    model = SurplusPart
    fields: ClassVar[Any] = ["purpose", "amount"]


@admin.register(SurplusDivision)
class SurplusDivisionAdmin(LedgerAdmin):
    """Divisions of the surplus; they are decided and posted on the group's pages."""

    list_display = ["group", "period_start", "period_end", "surplus", "decided_on", "paid_to", "entry", "withdrawn_at"]
    list_select_related: ClassVar[Any] = ["group", "entry"]
    search_fields = ["group__code"]
    inlines = [SurplusShareInline, SurplusPartInline]
