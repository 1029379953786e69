"""Random histories of one group through every service: what a treasurer could do, in any order."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from finance import services
from finance.errors import LedgerError
from finance.lines import OtherMoney
from finance.models import Account, AccountKind, CashCount, Entry, Loan, Side, Transfer
from tests.factories import FOUNDED, count_cash, facilitator_of, make_group, make_members

amounts = st.integers(1, 200) | st.integers(1, 2_000_000)
days = st.dates(FOUNDED, date(2025, 12, 31))
who = st.integers(0, 3)
any_of_them = st.integers(0, 10**6)


class History(RuleBasedStateMachine):
    """Every rule is one service, with any arguments; the ledger may refuse, and then nothing has changed."""

    def __init__(self) -> None:
        super().__init__()
        self.group = make_group()
        self.members = make_members(self.group, 4)
        self.actor = facilitator_of(self.group)

    def attempt(self, service, **arguments):
        before = Entry.objects.filter(group=self.group).count()
        try:
            service(actor=self.actor, key=uuid.uuid4(), **arguments)
        except LedgerError:
            assert Entry.objects.filter(group=self.group).count() == before

    @rule(member=who, kind=st.sampled_from(["POKOK", "WAJIB", "SUKARELA"]), amount=amounts, on=days)
    def deposit(self, member, kind, amount, on):
        self.attempt(
            services.savings_deposit, group=self.group, member=self.members[member], kind=AccountKind(kind),
            amount=amount, on=on,
        )  # fmt: skip

    @rule(member=who, amount=amounts, on=days)
    def withdraw(self, member, amount, on):
        self.attempt(services.savings_withdraw, group=self.group, member=self.members[member], amount=amount, on=on)

    @rule(
        member=who,
        principal=amounts,
        periods=st.integers(1, 24),
        rate=st.decimals(0, Decimal("0.1"), places=4),
        method=st.sampled_from(["flat", "declining", "annuity"]),
        step=st.sampled_from([1, 500, 1000]),
        on=days,
    )
    def lend(self, member, principal, periods, rate, method, step, on):
        self.attempt(
            services.loan_disburse,
            group=self.group,
            terms=services.LoanTerms(
                member=self.members[member], principal=principal, periods=periods, rate=rate, method=method,
                round_up_to=step, disbursed_on=on, first_due=on + timedelta(days=28),
            ),
        )  # fmt: skip

    @rule(which=any_of_them, amount=amounts, on=days)
    def repay(self, which, amount, on):
        loans = list(Loan.objects.filter(group=self.group))
        if loans:
            self.attempt(services.loan_repay, group=self.group, loan=loans[which % len(loans)], amount=amount, on=on)

    @rule(which=any_of_them, on=days)
    def pay_off(self, which, on):
        loans = list(Loan.objects.filter(group=self.group))
        if loans:
            loan = loans[which % len(loans)]
            paid = Transfer.objects.filter(credit_account__loan=loan).aggregate(sum=Sum("amount"))["sum"] or 0
            left = sum(line.total for line in loan.instalments.all()) - paid
            if left > 0:
                self.attempt(services.loan_repay, group=self.group, loan=loan, amount=left, on=on)

    @rule(member=who, amount=amounts, on=days)
    def fine(self, member, amount, on):
        self.attempt(
            services.fine_pay, group=self.group, member=self.members[member], amount=amount, reason="terlambat", on=on
        )

    @rule(member=who, amount=amounts, on=days)
    def social(self, member, amount, on):
        self.attempt(services.social_contribute, group=self.group, member=self.members[member], amount=amount, on=on)

    @rule(kind=st.sampled_from(OtherMoney), amount=amounts, on=days, memo=st.text("ab=;:|\"', ", max_size=12))
    def other(self, kind, amount, on, memo):
        self.attempt(services.other_money_record, group=self.group, kind=kind, amount=amount, memo=memo, on=on)

    @rule(which=any_of_them)
    def reverse(self, which):
        entries = list(Entry.objects.filter(group=self.group))
        if entries:
            self.attempt(services.entry_reverse, entry=entries[which % len(entries)], reason="salah tulis")

    @rule(counted=amounts, post=st.booleans(), on=days)
    def count_and_settle(self, counted, post, on):
        count = count_cash(self.group, counted, on=on)
        with suppress(LedgerError):
            services.cash_count_settle(
                actor=self.actor, count=count, how="dihitung lagi", on=on, post_difference=post, key=uuid.uuid4()
            )

    @invariant()
    def stored_balances_are_those_of_the_transfers(self):
        sums = {
            side: dict(Transfer.objects.filter(group=self.group).values_list(f"{side}_account").annotate(Sum("amount")))
            for side in ("debit", "credit")
        }
        for account in Account.objects.filter(group=self.group):
            assert account.debits_posted == sums["debit"].get(account.pk, 0)
            assert account.credits_posted == sums["credit"].get(account.pk, 0)
            assert account.balance >= 0

    @invariant()
    def the_books_balance(self):
        debits = self.total(Side.DEBIT)
        assert debits == self.total(Side.CREDIT)

    def total(self, side):
        return sum(a.balance for a in Account.objects.filter(group=self.group, normal_side=side))

    @invariant()
    def loans_owe_principal_less_what_was_repaid(self):
        for loan in Loan.objects.filter(group=self.group):
            to_loan = Transfer.objects.filter(entry__kind="REPAYMENT", entry__reversed_by=None)
            repaid = to_loan.filter(credit_account__kind="LOAN", credit_account__loan=loan)
            owed = Account.objects.get(loan=loan, kind="LOAN").balance
            expected = 0 if loan.cancelled_at else loan.principal - sum(repaid.values_list("amount", flat=True))
            assert owed == expected
            if owed == 0 and not loan.cancelled_at:
                fee = Account.objects.get(loan=loan, kind="SERVICE_FEE").balance if self.has_fee(loan) else 0
                assert fee == sum(line.service_fee for line in loan.instalments.all())

    def has_fee(self, loan):
        return Account.objects.filter(loan=loan, kind="SERVICE_FEE").exists()

    @invariant()
    def posted_settlements_follow_the_money(self):
        for count in CashCount.objects.filter(group=self.group, settlement__isnull=False).exclude(
            counted=F("expected")
        ):
            assert count.settlement.transfers.get().amount == abs(count.difference)
