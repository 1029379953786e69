"""Random histories of one group through every service: what a treasurer could do, in any order."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from finance import selectors, services
from finance.covering import arrears
from finance.errors import LedgerError
from finance.ledger import books_of
from finance.lines import OtherMoney
from finance.models import (
    Account,
    AccountKind,
    CashCount,
    Cover,
    Entry,
    Loan,
    OutsideLoan,
    OutsidePayment,
    PaidTo,
    Side,
    SurplusDivision,
    Transfer,
)
from finance.sharing import equal_shares
from tests.factories import FOUNDED, count_cash, facilitator_of, make_group, make_members

amounts = st.integers(1, 200) | st.integers(1, 2_000_000)
days = st.dates(FOUNDED, date(2025, 12, 31))
who = st.integers(0, 3)
any_of_them = st.integers(0, 10**6)
money = st.sampled_from([AccountKind.CASH, AccountKind.BANK])


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

    @rule(which=any_of_them, sharers=st.sets(who, min_size=1), amount=amounts, from_savings=st.booleans(), on=days)
    def cover(self, which, sharers, amount, from_savings, on):
        loans = list(Loan.objects.filter(group=self.group))
        if loans:
            loan = loans[which % len(loans)]
            late = arrears(books_of(self.group, self.actor), loan, on=on)
            shares = equal_shares(min(amount, late), [self.members[number] for number in sorted(sharers)])
            self.attempt(
                services.loan_cover, group=self.group, loan=loan, shares=shares, from_savings=from_savings, on=on
            )

    @rule(member=who, amount=amounts, to_savings=st.booleans(), on=days)
    def pay_back(self, member, amount, to_savings, on):
        claims = selectors.claims_of(self.members[member]).owes
        amounts = {claim.coverer: min(amount, claim.open) for claim in claims}
        self.attempt(
            services.cover_recover, group=self.group, member=self.members[member], amounts=amounts,
            to_savings=to_savings, on=on,
        )  # fmt: skip

    @rule(
        principal=amounts,
        periods=st.integers(1, 24),
        rate=st.decimals(0, Decimal("0.1"), places=4),
        method=st.sampled_from(["flat", "declining", "annuity"]),
        into=money,
        on=days,
    )
    def receive(self, principal, periods, rate, method, into, on):
        terms = services.OutsideTerms(
            lender="UPK; a:b", principal=principal, periods=periods, rate=rate, method=method, round_up_to=1,
            received_on=on, first_due=on + timedelta(days=28),
        )  # fmt: skip
        self.attempt(services.outside_loan_receive, group=self.group, terms=terms, into=into)

    @rule(which=any_of_them, amount=amounts, source=money, on=days)
    def pay_lender(self, which, amount, source, on):
        loans = list(OutsideLoan.objects.filter(group=self.group))
        if loans:
            loan = loans[which % len(loans)]
            self.attempt(services.outside_loan_repay, group=self.group, loan=loan, amount=amount, source=source, on=on)

    @rule(member=who, amount=amounts, on=days)
    def help(self, member, amount, on):
        self.attempt(
            services.social_help, group=self.group, member=self.members[member], amount=amount, reason="sakit", on=on
        )

    @rule(member=who, on=days)
    def settle(self, member, on):
        self.attempt(services.member_settle, group=self.group, member=self.members[member], on=on)

    @rule(price=amounts, on=days)
    def buy(self, price, on):
        self.attempt(services.inventory_buy, group=self.group, name="Timbangan", price=price, on=on)

    @rule(which=any_of_them, amount=amounts, on=days)
    def write_down(self, which, amount, on):
        things = list(selectors.inventory_items(self.group))
        if things:
            thing = things[which % len(things)]
            self.attempt(
                services.inventory_write_down, item=thing, amount=min(amount, thing.worth or 1), reason="aus", on=on
            )

    @rule(through=st.dates(FOUNDED, FOUNDED + timedelta(days=20)))
    def close_period(self, through):
        self.attempt(services.period_close, group=self.group, through=through)

    @invariant()
    def things_are_worth_what_the_books_say(self):
        worth = sum(thing.worth for thing in selectors.inventory_items(self.group))
        account = Account.objects.filter(group=self.group, kind="INVENTORY").first()
        assert worth == (account.balance if account else 0)

    @rule(which=any_of_them)
    def reverse(self, which):
        entries = list(Entry.objects.filter(group=self.group))
        if entries:
            self.attempt(services.entry_reverse, entry=entries[which % len(entries)], reason="salah tulis")

    @rule(through=days, paid_to=st.sampled_from(PaidTo), post=st.booleans())
    def divide_surplus(self, through, paid_to, post):
        last = selectors.divided_through(self.group)
        start = FOUNDED if last is None else last + timedelta(days=1)
        if start <= through:
            seen = selectors.period_surplus(self.group, start=start, end=through).divisible
            self.attempt(
                services.surplus_decide, group=self.group, start=start, end=through, seen=seen, decided_on=through,
                note="rapat",
            )  # fmt: skip
        decided = SurplusDivision.objects.standing().filter(group=self.group, entry=None).first()
        if decided is not None and post:
            self.attempt(services.surplus_post, division=decided, on=decided.decided_on, paid_to=paid_to)

    @rule(which=any_of_them)
    def take_division_back(self, which):
        divisions = list(SurplusDivision.objects.filter(group=self.group))
        if divisions:
            division = divisions[which % len(divisions)]
            self.attempt(services.surplus_withdraw, division=division, reason="salah hitung")

    @rule(keep=st.frozensets(st.sampled_from(selectors.CAN_BE_KEPT)))
    def share_out(self, keep):
        on = date(2025, 12, 31)
        seen = selectors.share_out_plan(self.group, on=on, keep=keep).payout
        self.attempt(services.share_out_post, group=self.group, on=on, keep=keep, seen=seen, note="akhir siklus")

    @invariant()
    def a_division_gives_away_what_it_divides(self):
        for division in SurplusDivision.objects.filter(group=self.group).prefetch_related("shares", "parts"):
            given = sum(share.total for share in division.shares.all()) + sum(p.amount for p in division.parts.all())
            assert given + division.rounding == division.surplus
            if division.entry is not None:
                posted = division.entry.transfers.aggregate(sum=Sum("amount"))["sum"]
                assert posted == division.surplus

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
            assert account.balance >= 0 or account.may_go_negative

    @invariant()
    def the_books_balance(self):
        debits = self.total(Side.DEBIT)
        assert debits == self.total(Side.CREDIT)

    def total(self, side):
        return sum(a.balance for a in Account.objects.filter(group=self.group, normal_side=side))

    @invariant()
    def loans_owe_principal_less_what_was_repaid(self):
        for loan in Loan.objects.filter(group=self.group):
            to_loan = Transfer.objects.filter(
                entry__kind__in=["REPAYMENT", "COVER", "LEAVING"], entry__reversed_by=None
            )
            repaid = to_loan.filter(credit_account__kind="LOAN", credit_account__loan=loan)
            owed = Account.objects.get(loan=loan, kind="LOAN").balance
            expected = 0 if loan.cancelled_at else loan.principal - sum(repaid.values_list("amount", flat=True))
            assert owed == expected
            if owed == 0 and not loan.cancelled_at:
                fee = Account.objects.get(loan=loan, kind="SERVICE_FEE").balance if self.has_fee(loan) else 0
                assert fee == sum(line.service_fee for line in loan.instalments.all())

    @invariant()
    def nobody_gets_back_more_than_was_covered(self):
        for cover in Cover.objects.filter(group=self.group).with_recovered():
            assert 0 <= cover.open <= cover.amount
        owed = sum(cover.open for cover in Cover.objects.filter(group=self.group).standing().with_recovered())
        assert owed == sum(selectors.claims_of(member).owes_total for member in self.members)
        assert owed == sum(selectors.claims_of(member).is_owed_total for member in self.members)

    @invariant()
    def lenders_are_owed_principal_less_what_was_repaid(self):
        paid = OutsidePayment.objects.filter(group=self.group, entry__reversed_by=None)
        for loan in OutsideLoan.objects.filter(group=self.group):
            repaid = sum(paid.filter(outside_loan=loan).values_list("principal", flat=True))
            owed = Account.objects.get(outside_loan=loan).balance
            assert owed == (0 if loan.cancelled_at else loan.principal) - repaid
        fees = Account.objects.filter(group=self.group, kind="OUTSIDE_FEE").first()
        assert sum(paid.values_list("service_fee", flat=True)) == (fees.balance if fees else 0)

    def has_fee(self, loan):
        return Account.objects.filter(loan=loan, kind="SERVICE_FEE").exists()

    @invariant()
    def posted_settlements_follow_the_money(self):
        for count in CashCount.objects.filter(group=self.group, settlement__isnull=False).exclude(
            counted=F("expected")
        ):
            assert count.settlement.transfers.get().amount == abs(count.difference)
