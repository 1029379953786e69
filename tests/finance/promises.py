"""What must be true of a group's money after every step, worked out anew from the transfers in plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.db.models import F

from assessment.models import GroupSnapshot
from assessment.services import snapshots_write
from finance import selectors
from finance.ledger.chart import SAVINGS
from finance.models import (
    Account,
    CashCount,
    Cover,
    CoverRecovery,
    Entry,
    EntryKind,
    ExternalLoan,
    ExternalPayment,
    Loan,
    LoanEnd,
    Obligation,
    ObligationPayment,
    PeriodBalance,
    Side,
    SurplusDivision,
    Transfer,
)
from finance.performance import Performance
from finance.selectors.loan_performance import performance_by_group, savings_by_group
from groups.models import Group


class Picture:
    """Everything in a group's books, read once.

    `standing` are the entries that neither are reversed nor reverse, `just_moved` the kinds of account in the last,
    whose kind is `last_kind`.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.accounts = {account.pk: account for account in Account.objects.filter(group=group)}
        self.transfers = list(
            Transfer.objects.filter(group=group)
            .order_by("pk")
            .values_list(
                "entry_id", "debit_account_id", "credit_account_id", "amount", "debit_balance_after",
                "credit_balance_after", "member_id", named=True,
            )
        )  # fmt: skip
        self.entries = {entry.pk: entry for entry in Entry.objects.filter(group=group)}
        undone = {entry.reverses_id for entry in self.entries.values() if entry.reverses_id}
        self.standing = {pk for pk, entry in self.entries.items() if pk not in undone and not entry.reverses_id}
        last = max(self.entries, default=0)
        self.last_kind = self.entries[last].kind if last else ""
        self.just_moved = {
            self.accounts[pk].kind
            for line in self.transfers
            if line.entry_id == last
            for pk in (line.debit_account_id, line.credit_account_id)
        }

    def moved(self, side: str, through: date | None = None) -> Counter[int]:
        """Rupiah moved on one side of each account, by account, in entries dated up to a day."""
        sums: Counter[int] = Counter()
        for line in self.transfers:
            if through is None or self.entries[line.entry_id].effective_on <= through:
                sums[getattr(line, f"{side}_account_id")] += line.amount
        return sums

    def balance(self, *kinds: str) -> int:
        """The balance of all accounts of some kinds."""
        return sum(account.balance for account in self.accounts.values() if account.kind in kinds)


def check(group: Group, on: date) -> None:
    """Hold the books of `group` to every promise; `on` is the day of the step."""
    seen = Picture(group)
    balances_are_those_of_the_transfers(seen)
    the_books_balance(seen, on)
    savings_belong_to_members(seen, on)
    loans_owe_what_was_not_repaid(seen)
    fines_are_owed_until_they_are_paid_or_waived(seen)
    lenders_are_owed_what_was_not_repaid(seen)
    covers_are_paid_back_once(seen)
    divisions_give_away_what_they_divide(seen)
    differences_and_things_are_in_the_books(seen)
    closed_periods_stay_as_they_were(seen)
    snapshots_are_true_or_marked(group, on)


def balances_are_those_of_the_transfers(seen: Picture) -> None:
    debits, credits = seen.moved("debit"), seen.moved("credit")
    running: Counter[int] = Counter()
    for account in seen.accounts.values():
        assert (account.debits_posted, account.credits_posted) == (debits[account.pk], credits[account.pk])
        assert account.balance >= 0 or account.may_go_negative, account
    for line in seen.transfers:
        for pk, sign, said in (
            (line.debit_account_id, 1, line.debit_balance_after),
            (line.credit_account_id, -1, line.credit_balance_after),
        ):
            grows = sign if seen.accounts[pk].normal_side == Side.DEBIT else -sign
            running[pk] += grows * line.amount
            assert said == running[pk]


def the_books_balance(seen: Picture, on: date) -> None:
    sheet = selectors.trial_balance(seen.group, end=on, by_account=True)
    assert sheet.is_balanced
    debits, credits = seen.moved("debit"), seen.moved("credit")
    closing = {account.code: debits[pk] - credits[pk] for pk, account in seen.accounts.items()}
    assert {line.code: line.closing for line in sheet.lines if line.closing} == {
        code: amount for code, amount in closing.items() if amount
    }
    assert sorted(entry.number for entry in seen.entries.values()) == list(range(1, len(seen.entries) + 1))


def savings_belong_to_members(seen: Picture, on: date) -> None:
    if not seen.just_moved.intersection(SAVINGS):
        return
    of_member: Counter[int | None] = Counter()
    for line in seen.transfers:
        for pk, sign in ((line.credit_account_id, 1), (line.debit_account_id, -1)):
            if seen.accounts[pk].kind in SAVINGS:
                of_member[line.member_id] += sign * line.amount
    book = selectors.savings_book(seen.group, end=on)
    assert {row.member.pk: row.total for row in book.rows if row.total} == {pk: n for pk, n in of_member.items() if n}
    assert book.total == seen.balance(*SAVINGS)


def loans_owe_what_was_not_repaid(seen: Picture) -> None:
    by_loan: dict[int, dict[str, int]] = {}
    for account in seen.accounts.values():
        if account.loan_id is not None:
            by_loan.setdefault(account.loan_id, {})[account.kind] = account.balance
    repaid: Counter[int | None] = Counter()
    for line in seen.transfers:
        account = seen.accounts[line.credit_account_id]
        ends = seen.entries[line.entry_id].kind in (EntryKind.WRITE_OFF, EntryKind.RESCHEDULE)
        if seen.accounts[line.debit_account_id].kind == "SERVICE_FEE":
            ends = False  # fee paid ahead of a loan that is rescheduled pays principal
        if account.kind == "LOAN" and line.entry_id in seen.standing and not ends:
            repaid[account.loan_id] += line.amount
        debited = seen.accounts[line.debit_account_id]
        if debited.kind == "LOAN" and account.kind == "SERVICE_FEE" and line.entry_id in seen.standing:
            is_divided_anew = seen.entries[line.entry_id].kind == EntryKind.REALLOCATION
            repaid[debited.loan_id] -= line.amount if is_divided_anew else 0
    losses = 0
    for loan in Loan.objects.filter(group=seen.group).prefetch_related("instalments"):
        has = by_loan[loan.pk]
        assert has["LOAN"] == (0 if loan.cancelled_at else loan.principal - repaid[loan.pk] - loan.unpaid_principal)
        assert has.get("SERVICE_FEE", 0) <= sum(line.service_fee for line in loan.instalments.all())
        if loan.ended_as:
            assert has["LOAN"] == 0
            assert loan.unpaid_principal > 0
        written_off = loan.unpaid_principal if loan.ended_as == LoanEnd.WRITTEN_OFF else 0
        assert has.get("RECOVERY", 0) <= written_off
        losses += written_off
    assert seen.balance("LOAN_LOSS") == losses


def fines_are_owed_until_they_are_paid_or_waived(seen: Picture) -> None:
    paid: Counter[int] = Counter()
    of_entry: Counter[int] = Counter()
    for payment in ObligationPayment.objects.filter(group=seen.group, entry__in=seen.standing):
        paid[payment.obligation_id] += payment.amount
        of_entry[payment.entry_id] += payment.amount
    owing: Counter[int] = Counter()
    for fine in Obligation.objects.filter(group=seen.group):
        assert paid[fine.pk] <= (fine.amount if fine.cancelled_at is None else 0)
        if fine.cancelled_at is None:
            let_go = sum(waiver.amount for waiver in fine.waivers.filter(ended_on__isnull=True))
            owing[fine.member_id] += fine.amount - paid[fine.pk] - let_go
    said = selectors.owed(seen.group, as_of=date(2026, 1, 1))
    assert +owing == +Counter({pk: found.fine for pk, found in said.items()})
    brought: Counter[int] = Counter()
    for line in seen.transfers:
        if seen.accounts[line.credit_account_id].kind in ("FINE", "LOAN_FINE"):
            brought[line.entry_id] += line.amount
    assert all(amount <= brought[pk] for pk, amount in of_entry.items())


def lenders_are_owed_what_was_not_repaid(seen: Picture) -> None:
    owed = {account.external_loan_id: account.balance for account in seen.accounts.values() if account.external_loan_id}
    paid = [p for p in ExternalPayment.objects.filter(group=seen.group) if p.entry_id in seen.standing]
    for loan in ExternalLoan.objects.filter(group=seen.group):
        repaid = sum(payment.principal for payment in paid if payment.external_loan_id == loan.pk)
        assert owed[loan.pk] == (0 if loan.cancelled_at else loan.principal) - repaid
    # The fee paid before the cut-off is kept with the loan and not posted.
    fees = sum(p.service_fee for p in paid if seen.entries[p.entry_id].kind != EntryKind.OPENING)
    assert fees == seen.balance("EXTERNAL_FEE")


def covers_are_paid_back_once(seen: Picture) -> None:
    back: Counter[int] = Counter()
    for recovery in CoverRecovery.objects.filter(group=seen.group):
        back[recovery.cover_id] += recovery.amount if recovery.entry_id in seen.standing else 0
    between: Counter[tuple[int, int]] = Counter()
    for cover in Cover.objects.filter(group=seen.group).select_related("loan"):
        assert 0 <= back[cover.pk] <= cover.amount
        if cover.entry_id in seen.standing:
            between[cover.loan.member_id, cover.coverer_id] += cover.amount - back[cover.pk]
    if seen.last_kind not in (EntryKind.COVER, EntryKind.SETTLEMENT, EntryKind.REVERSAL):
        return
    for member in seen.group.members.filter(pk__in=list(between)[-1] if between else ()):
        claims = selectors.claims_of(member)
        assert claims.owes_total == sum(amount for (debtor, _), amount in between.items() if debtor == member.pk)
        assert claims.is_owed_total == sum(amount for (_, coverer), amount in between.items() if coverer == member.pk)


def divisions_give_away_what_they_divide(seen: Picture) -> None:
    posted: Counter[int] = Counter()
    for line in seen.transfers:
        posted[line.entry_id] += line.amount
    for division in SurplusDivision.objects.filter(group=seen.group).prefetch_related("shares", "parts"):
        given = sum(share.total for share in division.shares.all()) + sum(part.amount for part in division.parts.all())
        assert given + division.rounding == division.surplus
        if division.entry_id is not None:
            assert posted[division.entry_id] == division.surplus
            assert (division.entry_id in seen.standing) == (division.withdrawn_at is None)


def differences_and_things_are_in_the_books(seen: Picture) -> None:
    posted = {line.entry_id: line.amount for line in seen.transfers}
    for count in CashCount.objects.filter(group=seen.group, settlement__isnull=False).exclude(counted=F("expected")):
        assert posted[count.settlement_id] == abs(count.difference)
    if "INVENTORY" not in seen.just_moved:
        return
    worth = [thing.worth for thing in selectors.inventory_items(seen.group)]
    assert all(amount >= 0 for amount in worth)
    assert sum(worth) == seen.balance("INVENTORY")


def closed_periods_stay_as_they_were(seen: Picture) -> None:
    through = seen.group.books_closed_through
    if through is not None:
        debits, credits = seen.moved("debit", through), seen.moved("credit", through)
        for kept in PeriodBalance.objects.filter(group=seen.group, through=through):
            assert (kept.debits, kept.credits) == (debits[kept.account_id], credits[kept.account_id])


def snapshots_are_true_or_marked(group: Group, on: date) -> None:
    """What dashboards add up is what the ledger says now, unless the group is marked as changed; one for the next."""
    own = Group.objects.filter(pk=group.pk)
    for found in GroupSnapshot.objects.filter(group=group, month=None, group__changed=None):
        figures = performance_by_group(own, as_of=found.as_of).get(group.pk, Performance(months=found.as_of.month))
        assert found.performance == figures
        assert found.savings == savings_by_group(own, as_of=found.as_of).get(group.pk, 0)
    snapshots_write(groups=own, as_of=on)
