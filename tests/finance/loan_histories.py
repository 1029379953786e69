"""Random histories with loans through their whole life, beside everything else a treasurer could do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from finance import services
from finance.models import Account, Loan, LoanEnd
from tests.factories import lend, save
from tests.finance.histories import History, amounts, any_of_them, days, who


class LoanHistory(History):
    """Loans with fines for lateness and early payoff, rescheduled, written off and recovered."""

    def __init__(self) -> None:
        super().__init__()
        for member, fine_first in zip(self.members[:2], (False, True), strict=True):
            save(member, 2_000_000)
            lend(member, 600_000, 3, fine_late_instalment=5_000, fine_first=fine_first, payoff_fee="WAIVED")

    def step(self, service, which, **arguments):
        loans = list(Loan.objects.filter(group=self.group))
        if loans:
            self.attempt(service, group=self.group, loan=loans[which % len(loans)], **arguments)

    @rule(
        member=who,
        principal=amounts,
        periods=st.integers(1, 12),
        method=st.sampled_from(["flat", "declining", "annuity"]),
        fine=st.sampled_from([0, 700, 5_000]),
        fine_first=st.booleans(),
        payoff_fee=st.sampled_from(["CHARGED", "WAIVED"]),
        on=days,
    )
    def lend(self, member, principal, periods, method, fine, fine_first, payoff_fee, on):
        self.attempt(
            services.loan_disburse,
            group=self.group,
            terms=services.LoanTerms(
                member=self.members[member], principal=principal, periods=periods, rate=Decimal("0.02"), method=method,
                round_up_to=500, disbursed_on=on, first_due=on + timedelta(days=28), payoff_fee=payoff_fee,
                fine_late_instalment=fine, fine_first=fine_first,
            ),
        )  # fmt: skip

    @rule(which=any_of_them, amount=amounts, on=days, why=st.sampled_from(["", "sakit"]), save=st.booleans())
    def repay(self, which, amount, on, why, save):
        self.step(services.loan_repay, which, amount=amount, on=on, waive_fine=why, rest_to_savings=save)

    @rule(which=any_of_them, on=days, why=st.sampled_from(["", "sakit"]))
    def pay_off(self, which, on, why):
        self.step(services.loan_pay_off, which, on=on, waive_fine=why)

    @rule(which=any_of_them, on=days, periods=st.integers(1, 12), add_fee=st.booleans())
    def reschedule(self, which, on, periods, add_fee):
        schedule = services.NewSchedule(periods=periods, rate=Decimal("0.01"), first_due=on + timedelta(days=28))
        self.step(services.loan_reschedule, which, schedule=schedule, add_fee=add_fee, reason="panen gagal", on=on)

    @rule(which=any_of_them, on=days)
    def write_off(self, which, on):
        self.step(services.loan_write_off, which, reason="pindah", on=on)

    @rule(which=any_of_them, amount=amounts, on=days)
    def recover(self, which, amount, on):
        self.step(services.loan_recover, which, amount=amount, on=on)

    @invariant()
    def loans_owe_principal_less_what_was_repaid(self):
        """What a loan owes, fines included, agrees with how it ended."""
        for loan in Loan.objects.filter(group=self.group):
            balances = {account.kind: account.balance for account in Account.objects.filter(loan=loan)}
            owed, fine = balances["LOAN"], balances.get("FINE_DUE", 0)
            assert 0 <= owed <= loan.principal
            assert fine <= balances.get("LOAN_FINE", 0)
            if owed == 0:
                assert fine == 0
            if loan.ended_as or loan.cancelled_at:
                assert owed == 0
            written_off = loan.unpaid_principal if loan.ended_as == LoanEnd.WRITTEN_OFF else 0
            assert balances.get("RECOVERY", 0) <= written_off
        losses = sum(account.balance for account in Account.objects.filter(group=self.group, kind="LOAN_LOSS"))
        ended = Loan.objects.filter(group=self.group, ended_as=LoanEnd.WRITTEN_OFF)
        assert losses == sum(ended.values_list("unpaid_principal", flat=True))
