"""A treasurer who does anything the services allow, in any order, and holds the books to their promises each time."""

from __future__ import annotations

import inspect
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from unittest import mock

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from finance import selectors, services
from finance.ledger.chart import CHART
from finance.ledger.errors import LedgerError
from finance.ledger.fines import open_fines
from finance.ledger.reading import read_books
from finance.models import (
    Account,
    AccountKind,
    CashCount,
    Entry,
    EntryKind,
    ExternalLoan,
    Instalment,
    Loan,
    LoanEnd,
    LoanRequest,
    Obligation,
    ObligationPayment,
    PaidTo,
    RequestStatus,
    Side,
    SurplusDivision,
    Transfer,
    Waiver,
)
from finance.rules.joint_liability import arrears
from finance.rules.lines import OTHER, OtherMoney
from finance.selectors.external_loans import external_fee_paid
from finance.sharing import equal_shares
from groups.models import LoanDue, MeetingRhythm
from groups.services import member_leave, member_leave_undo, rhythm_adopt
from meetings.errors import MeetingError
from meetings.minutes import CashCounted, MemberRow, Minutes, OtherRow, Repayment
from meetings.models import AttendanceStatus, Meeting, MeetingStatus
from meetings.services import meeting_close, meeting_correct
from meetings.sheet.context import LoanOnSheet, open_correction, open_sheet
from tests.factories import FOUNDED, facilitator_of, make_group, make_members
from tests.finance import promises

LAST_DAY = date(2025, 12, 31)
REFUSALS = (LedgerError, MeetingError, ValidationError)
ODD_TEXT = "ab=;:|\"', "
"""Letters that mean something to programs which read an export."""
T = TypeVar("T")


class Treasurer:
    """One group of five and its books. What to do is chosen by `chance`; `done` counts the services that went through.

    After every service the books are held to their promises, unless `looks_at_every_step` is False. Arguments are
    mostly sensible for the books of the day, so that steps get through, and sometimes anything at all.
    """

    def __init__(self, chance: Random, *, pace: Sequence[int] = (0, 1), looks_at_every_step: bool = True) -> None:
        self.chance = chance
        self.looks_at_every_step = looks_at_every_step
        self.pace = pace
        # Founded before its books begin, so that a loan brought along is one of a member.
        self.group = make_group(
            rules={
                "fine_late_instalment": 1_500,
                "sukarela_minimum": 500,
                "missed_wajib": "ASKED",
                "share_savings": 34,
                "share_education": 2,
                "share_staff": 2,
                "share_development": 2,
            },
            founded_on=FOUNDED - timedelta(days=100),
        )
        self.members = make_members(self.group, 5)
        self.actor = facilitator_of(self.group)
        self.today = FOUNDED + timedelta(days=1)
        self.done: Counter[str] = Counter()
        self.corrected: Counter[str] = Counter()
        self.counts = self._counts()
        self.log: list[str] = []

    def step(self, what: str) -> None:
        """Do one of `THINGS`, or of what happens `RARELY`, on the next day or so."""
        self.today = min(LAST_DAY, self.today + timedelta(self.chance.choice(self.pace)))
        getattr(self, what)()

    def attempt(self, service: Callable[..., T], /, as_: str = "", **arguments: Any) -> T | None:
        """Call `service`; refused, it must have changed nothing."""
        name = as_ or service.__name__
        self.log.append(f"{self.today} {name} {arguments}")
        try:
            with mock.patch.object(timezone, "localdate", return_value=self.today), transaction.atomic():
                answer = service(actor=self.actor, **arguments)
        except REFUSALS as refusal:
            self.log[-1] += f" refused: {refusal}"
            assert self._counts() == self.counts, self.log[-1]
            return None
        self.done[name] += 1
        self.counts = self._counts()
        self.group.refresh_from_db()
        self.members = list(self.group.members.order_by("number"))
        if self.looks_at_every_step:
            self.look()
        return answer

    def look(self) -> None:
        """Hold the books to every promise; a broken one comes with all that was done."""
        try:
            promises.check(self.group, self.today)
        except AssertionError as error:
            error.add_note("\n".join(self.log))
            raise

    @property
    def unreached(self) -> set[str]:
        """What of `EVERYTHING` did not get through yet."""
        return EVERYTHING - self.done.keys()

    def aim(self) -> str:
        """What to do next to reach something new."""
        services_left = sorted({name.split()[0] for name in self.unreached})
        return AIMS.get(self.one_of(services_left) or "", "") or self.chance.choice(THINGS)

    def _counts(self) -> list[int]:
        models = (Entry, Transfer, Loan, LoanRequest, Obligation, ObligationPayment, Waiver)
        return [model.objects.filter(group=self.group).count() for model in models]

    def post(self, service: Callable[..., T], /, **arguments: Any) -> T | None:
        """Attempt a service of the group that takes a key."""
        return self.attempt(service, group=self.group, key=uuid.uuid4(), **arguments)

    # What to choose

    def amount(self, most: int = 2_000_000) -> int:
        """An amount up to `most` rupiah, often round, sometimes tiny or all of it."""
        most = max(1, most)
        return self.chance.choice(
            (1, most, self.chance.randint(1, most), max(1, self.chance.randint(0, most) // 1000 * 1000))
        )

    def day(self) -> date:
        """Mostly today, else a day of the weeks before."""
        back = self.chance.choice((0, 0, 0, 0, 3, 30))
        return max(FOUNDED, self.today - timedelta(back))

    def member(self) -> Any:
        """Anybody, of those who left too."""
        return self.chance.choice(self.members)

    def one_of(self, things: Any) -> Any:
        """One of the things there are, None if there is none."""
        found = list(things)
        return self.chance.choice(found) if found else None

    def balance(self, kind: str) -> int:
        """The balance of the group's accounts of a kind."""
        return sum(account.balance for account in Account.objects.filter(group=self.group, kind=kind))

    def loan(self) -> Loan | None:
        """A running loan, or now and then any."""
        loans = Loan.objects.filter(group=self.group).select_related("member")
        running = Account.objects.filter(group=self.group, kind="LOAN").order_by("pk")
        ids = [account.loan_id for account in running if account.balance > 0]
        return self.one_of(loans.filter(pk__in=ids) if ids and self.chance.random() < 0.9 else loans)

    def terms(self, **fields: Any) -> services.LoanTerms:
        """A loan with any terms, up to half of the cash box."""
        on = self.day()
        terms = services.LoanTerms(
            **{
                "member": self.member(),
                "principal": self.amount(self.balance("CASH") // 2),
                "periods": self.chance.randint(1, 12),
                "rate": Decimal(self.chance.randint(0, 300)) / 10_000,
                "method": self.chance.choice(("flat", "declining", "annuity")),
                "round_up_to": self.chance.choice((1, 500, 1000)),
                "disbursed_on": on,
                "first_due": on + timedelta(self.chance.choice((7, 28, 31))),
                "every": self.chance.choice(("week", "fortnight", "selapan", "month")),
                "due_at": self.chance.choice(LoanDue.values),
                "principal_alone": self.chance.random() < 0.5,
                "payoff_fee": self.chance.choice(("CHARGED", "WAIVED")),
                "fine_late_instalment": self.chance.choice((0, 700, 5_000)),
                "fine_first": self.chance.random() < 0.5,
                **fields,
            }
        )
        if self.chance.random() < 0.3:
            withheld = {"provision": terms.principal // 50, "deposit": terms.principal // 20}
            terms = replace(terms, **withheld, rebate_rate=Decimal("0.1"))
        if self.chance.random() < 0.2 and terms.every == "month":
            repayment = self.chance.choice(("HARVEST_MONTHLY", "HARVEST_END"))
            terms = replace(terms, repayment=repayment, harvest_on=terms.disbursed_on + timedelta(150))
        return terms

    def text(self) -> str:
        """A memo of odd letters."""
        return "".join(self.chance.choice(ODD_TEXT) for _ in range(self.chance.randint(0, 12)))

    # Savings and other money

    def deposit(self) -> None:
        kind = AccountKind(self.chance.choice(("POKOK", "WAJIB", "SUKARELA", "SUKARELA")))
        self.post(services.savings_deposit, member=self.member(), kind=kind, amount=self.amount(), on=self.day())

    def withdraw(self) -> None:
        member = self.member()
        saved = Account.objects.filter(member=member, kind="SUKARELA").first()
        most = saved.balance if saved else 1
        self.post(services.savings_withdraw, member=member, amount=self.amount(most), on=self.day())

    def fine(self) -> None:
        self.post(services.fine_pay, member=self.member(), amount=self.amount(5_000), reason="terlambat", on=self.day())

    def set_fine(self) -> None:
        self.post(services.fine_charge, member=self.member(), amount=self.amount(5_000), reason="lalai", on=self.day())

    def waive_fine(self) -> None:
        fine = self.one_of(Obligation.objects.filter(group=self.group))
        if fine is not None:
            self.post(services.fine_waive, fine=fine.pk, reason="sakit", on=self.day())

    def waive_savings(self) -> None:
        kind = self.chance.choice(("POKOK", "WAJIB", "WAJIB"))
        self.post(services.savings_waive, member=self.member(), kind=kind, reason="sakit", on=self.day())

    def take_waiver_back(self) -> None:
        waiver = self.one_of(Waiver.objects.filter(group=self.group))
        if waiver is not None:
            self.attempt(services.waiver_take_back, group=self.group, waiver=waiver.pk, reason="keliru", on=self.day())

    def contribute(self) -> None:
        self.post(services.social_contribute, member=self.member(), amount=self.amount(50_000), on=self.day())

    def help(self) -> None:
        most = self.amount(self.balance("SOCIAL_FUND"))
        self.post(services.social_help, member=self.member(), amount=most, reason="sakit", on=self.day())

    def other(self) -> None:
        most = {kind: self._held(kind) for kind in OtherMoney}
        possible = [kind for kind in OtherMoney if most[kind]]
        kind = min(possible, key=lambda kind: (self.done[f"other_money_record {kind}"], self.chance.random()))
        amount = self.amount(min(300_000, most[kind]))
        service = services.other_money_record
        self.attempt(
            service, as_=f"{service.__name__} {kind}", group=self.group, key=uuid.uuid4(), kind=kind, amount=amount,
            memo=self.text(), on=self.day(),
        )  # fmt: skip

    def _held(self, kind: OtherMoney) -> int:
        """What the fund, the cash box or the bank that it takes from holds."""
        debit, credit = OTHER[kind]
        taken = [self.balance(debit)] if CHART[debit].side == Side.CREDIT else []
        taken += [self.balance(credit)] if CHART[credit].side == Side.DEBIT else []
        return min(taken, default=300_000)

    def open(self) -> None:
        """Opening balances: cash, bank, a thing, savings, a running loan and a debt, with the capital that is left."""
        saver, borrower = self.chance.sample(self.members, 2)
        terms = self.terms(
            member=borrower, principal=1_000_000, disbursed_on=FOUNDED - timedelta(60), first_due=FOUNDED
        )
        loan = services.OpeningLoan(terms, principal_paid=300_000, fee_paid=min(7_000, services.fee_in_all(terms)))
        debt = services.OpeningDebt(
            "UPK; a:b", 2_000_000, repaid=500_000, fee_paid=30_000, rate=Decimal("0.01"), method="flat", periods=10,
            received_on=FOUNDED - timedelta(90), first_due=FOUNDED - timedelta(60),
        )  # fmt: skip
        savings = services.OpeningSavings(saver, pokok=50_000, wajib=120_000, sukarela=self.amount(), fines_owed=3_000)
        opening = services.Opening(
            on=FOUNDED, cash=900_000, bank=400_000, inventory=150_000, inventory_name="Timbangan", social_fund=20_000,
            education_fund=60_000, staff_fund=60_000, development_fund=60_000, reserve=80_000,
            grants=1_000_000, savings=(savings,), loans=(loan,), debts=(debt,),
        )  # fmt: skip
        self.post(services.opening_record, opening=replace(opening, capital=opening.difference))

    # Loans

    def lend(self) -> None:
        self.post(services.loan_disburse, terms=self.terms())

    def ask(self) -> None:
        amount, periods = self.amount(self.balance("CASH") // 2), self.chance.choice((3, 10, 24, 25))
        self.post(
            services.loan_request, member=self.member(), amount=amount, periods=periods, purpose="bibit", on=self.day()
        )

    def request(self, *wanted: str) -> LoanRequest | None:
        """A request in one of the states `wanted`, or now and then any."""
        requests = LoanRequest.objects.filter(group=self.group).select_related("member")
        running = LoanRequest.objects.running().filter(group=self.group, status__in=wanted).select_related("member")
        return self.one_of(running if self.chance.random() < 0.9 else requests)

    def decide(self) -> None:
        request = self.request(RequestStatus.ASKED)
        if request is None:
            self.ask()
            return
        decision: dict[str, Any] = {
            "group": self.group, "request": request, "on": self.today, "in_meeting": self.chance.random() < 0.5,
        }  # fmt: skip
        if self.chance.random() < 0.7:
            amount = self.amount(request.amount)
            periods = self.chance.choice((request.periods, 10))
            self.attempt(services.loan_request_approve, amount=amount, periods=periods, **decision)
        else:
            self.attempt(services.loan_request_refuse, note="kas kurang", **decision)

    def cancel_request(self) -> None:
        request = self.request(RequestStatus.ASKED, RequestStatus.APPROVED)
        if request is not None:
            self.attempt(
                services.loan_request_cancel, group=self.group, request=request, on=self.today, reason="tidak jadi"
            )

    def pay_out(self) -> None:
        request = self.request(RequestStatus.APPROVED)
        if request is None:
            self.decide()
        else:
            first_due = self.today + timedelta(self.chance.choice((0, 7, 28)))
            self.post(services.loan_request_pay_out, request=request, on=self.today, first_due=first_due)

    def repay(self) -> None:
        loan = self.loan()
        if loan is not None:
            waive, save = self.chance.choice(("", "sakit")), self.chance.random() < 0.5
            amount, alone = self.amount(loan.principal * 6 // 5), self.chance.random() < 0.2
            self.post(
                services.loan_repay, loan=loan, amount=amount, on=self.day(), waive_fine=waive, rest_to_savings=save,
                principal_alone=alone,
            )  # fmt: skip

    def take_back_between(self) -> None:
        """Take back the first of two payments on a loan, so that the second is divided anew."""
        loan, paid = self.loan(), []
        for days_before in (1, 0) if loan is not None else ():
            on = max(FOUNDED, self.today - timedelta(days_before))
            paid.append(self.post(services.loan_repay, loan=loan, amount=self.amount(50_000), on=on))
        if paid and all(paid):
            self._reverse(paid[0])
        if Entry.objects.filter(group=self.group, kind=EntryKind.REALLOCATION).exists():
            self.done["reallocation"] += 1

    def move_meeting(self) -> None:
        """Let the meeting at which something falls due take place two days later, or not at all."""
        line = self.one_of(Instalment.objects.filter(group=self.group, late_after__gte=self.today))
        if line is not None:
            moved_to = self.chance.choice((None, line.late_after + timedelta(2)))
            self.attempt(services.due_days_move, group=self.group, planned_on=line.late_after, moved_to=moved_to)

    def bring_meeting_back(self) -> None:
        """Let the meeting of a day take place after all, so that what waits for a later one is due at it again."""
        self.attempt(services.due_days_return, group=self.group, planned_on=self.day())

    def change_rhythm(self) -> None:
        """Let the group meet on another day of the week from now on."""
        rhythm = MeetingRhythm(agreed_from=self.today, every="WEEK", weekday=self.chance.randrange(7))
        if rhythm_adopt(actor=self.actor, group=self.group, rhythm=rhythm):
            self.attempt(services.due_days_follow, group=self.group, since=self.today)

    def pay_off(self) -> None:
        loan = self.loan()
        if loan is not None:
            on, waive = self.day(), self.chance.choice(("", "sakit"))
            kept = loan.accounts.filter(kind=AccountKind.DEPOSIT, credits_posted__gt=F("debits_posted"))
            self.post(
                services.loan_pay_off, loan=loan, on=on, waive_fine=waive, deposit_pays=bool(waive) and kept.exists()
            )

    def reschedule(self) -> None:
        loan, on = self.loan(), self.today
        if loan is not None:
            schedule = services.NewSchedule(self.chance.randint(1, 12), Decimal("0.01"), on + timedelta(28))
            add_fee = self.chance.random() < 0.5
            self.post(
                services.loan_reschedule, loan=loan, schedule=schedule, add_fee=add_fee, reason="gagal panen", on=on
            )

    def write_off(self) -> None:
        """Give the smallest of a few loans up: a group that loses too much has no surplus to divide."""
        loan = min(filter(None, (self.loan() for _ in range(3))), key=lambda loan: loan.principal, default=None)
        if loan is not None:
            self.post(services.loan_write_off, loan=loan, reason="pindah", on=self.today)

    def recover(self) -> None:
        loan = self.one_of(Loan.objects.filter(group=self.group, ended_as=LoanEnd.WRITTEN_OFF).select_related("member"))
        if loan is not None:
            self.post(services.loan_recover, loan=loan, amount=self.amount(loan.unpaid_principal), on=self.today)

    # Answering for one another

    def cover(self) -> None:
        on = self.today
        books = read_books(self.group, self.today)
        late_loans = [loan for loan in books.running_loans() if arrears(books, loan, as_of=on)]
        loan = self.one_of(late_loans) if late_loans else self.loan()
        if loan is not None:
            late = arrears(books, loan, as_of=on)
            others = [member for member in self.members if member != loan.member or self.chance.random() < 0.05]
            sharers = self.chance.sample(others, self.chance.randint(1, len(others)))
            shares = equal_shares(min(self.amount(late), late), sharers)
            self.post(services.loan_cover, loan=loan, shares=shares, from_savings=self.chance.random() < 0.5, on=on)

    def pay_back(self) -> None:
        owing = [member for member in self.members if selectors.claims_of(member).owes]
        member = self.one_of(owing)
        if member is not None:
            amounts = {claim.coverer: self.amount(claim.open) for claim in selectors.claims_of(member).owes}
            to_savings = self.chance.random() < 0.5
            self.post(services.cover_recover, member=member, amounts=amounts, to_savings=to_savings, on=self.today)

    # Loans from outside

    def outside(self) -> ExternalLoan | None:
        """A loan from outside that is still owed, or now and then any."""
        owed = Account.objects.filter(group=self.group, kind="EXTERNAL_LOAN").order_by("pk")
        ids = [account.external_loan_id for account in owed if account.balance > 0]
        loans = ExternalLoan.objects.filter(group=self.group)
        return self.one_of(loans.filter(pk__in=ids) if ids and self.chance.random() < 0.9 else loans)

    def receive(self) -> None:
        on = self.day()
        terms = services.ExternalTerms(
            lender="UPK; a:b", principal=self.amount(2_000_000), periods=self.chance.randint(1, 12),
            rate=Decimal(self.chance.randint(0, 50)) / 10_000, method=self.chance.choice(("flat", "annuity")),
            round_up_to=1, received_on=on, first_due=on + timedelta(28),
        )  # fmt: skip
        into = self.chance.choice((AccountKind.CASH, AccountKind.BANK))
        self.post(services.external_loan_receive, terms=terms, into=into)

    def pass_on(self) -> None:
        source = self.outside()
        if source is not None:
            self.attempt(
                services.loan_disburse, as_="loan_disburse passed on", group=self.group, key=uuid.uuid4(),
                terms=self.terms(funded_by=source),
            )  # fmt: skip

    def pay_lender(self) -> None:
        loan = self.outside()
        if loan is not None:
            source = self.chance.choice((AccountKind.CASH, AccountKind.BANK))
            amount = self.amount(loan.principal // 2)
            self.post(services.external_loan_repay, loan=loan, amount=amount, source=source, on=self.day())

    # Things, counts, the bank's statement

    def buy(self) -> None:
        self.post(services.inventory_buy, name="Timbangan", price=self.amount(50_000), on=self.day())

    def write_down(self) -> None:
        things = list(selectors.inventory_items(self.group))
        thing = self.one_of([thing for thing in things if thing.worth] or things)
        if thing is not None:
            amount = self.amount(thing.worth)
            self.attempt(
                services.inventory_write_down, item=thing, amount=amount, reason="aus", on=self.today, key=uuid.uuid4()
            )

    def count(self) -> None:
        pieces = {worth: self.chance.randint(0, 3) for worth in services.PECAHAN}
        self.post(services.cash_count_take, pieces=pieces, explanation="kembalian", on=self.today)

    def settle_difference(self) -> None:
        count = self.one_of(CashCount.objects.filter(group=self.group, settled_on=None).select_related("group"))
        if count is not None:
            posts = self.chance.random() < 0.5
            self.attempt(
                services.cash_count_settle, as_=f"cash_count_settle {'posted' if posts else 'explained'}", count=count,
                how="dihitung lagi", on=self.today, post_difference=posts, key=uuid.uuid4(),
            )  # fmt: skip

    def tick(self) -> None:
        lines = Transfer.objects.filter(group=self.group, debit_account__kind="BANK", bank_tick=None)
        self.attempt(
            services.bank_tick, group=self.group, transfers=list(lines.values_list("pk", flat=True)[:3]),
            statement_on=self.today,
        )  # fmt: skip

    # Members who go

    def leave(self) -> None:
        member = self.member()
        if sum(other.left_on is None for other in self.members) > 3:
            self.attempt(member_leave, member=member, left_on=self.today)
        self.post(services.member_settle, member=member, on=self.today)

    def come_back(self) -> None:
        gone = self.one_of(member for member in self.members if member.left_on is not None)
        if gone is not None:
            self.attempt(member_leave_undo, member=gone)

    # Meetings

    def meet(self) -> None:
        self.attempt(self._meeting, as_="meeting_close", key=uuid.uuid4(), on=self.day())

    def _meeting(self, *, actor: Any, key: uuid.UUID, on: date) -> Meeting:
        context = open_sheet(actor=actor, group=self.group, held_on=on, key=key)
        loans: dict[int, list[LoanOnSheet]] = {}
        for open_loan in context.loans:
            loans.setdefault(open_loan.loan.member_id, []).append(open_loan)
        rows = tuple(
            MemberRow(
                member=member, attendance=self.chance.choice(AttendanceStatus.values), wajib=10_000,
                pokok=self.chance.choice((0, 50_000)), social=self.chance.choice((0, 1_000)),
                sukarela_in=self.amount(100_000), sukarela_out=self.chance.choice((0, 0, 500)),
                fine=self.chance.choice((0, 2_000)), fine_reason="terlambat", charged=self.chance.choice((0, 0, 3_000)),
                repayments=tuple(self._instalment(open_loan, on) for open_loan in loans.get(member.pk, ())),
            )
            for member in context.members
        )  # fmt: skip
        other = OtherRow(self.chance.choice((OtherMoney.INCOME, OtherMoney.STATIONERY)), 5_000, self.text())
        lent = [self.terms(member=context.members[-1], disbursed_on=on, first_due=on + timedelta(28), principal=20_000)]
        minutes = Minutes(
            held_on=on, place="Balai desa", leader=rows[0].member, note_taker=rows[-1].member, members=rows,
            other=(other,), new_loans=tuple(lent), cash=CashCounted(self.amount(), "kembalian"),
        )  # fmt: skip
        return meeting_close(context=context, minutes=minutes, key=key)

    def _instalment(self, open_loan: LoanOnSheet, on: date) -> Repayment:
        fine = open_loan.fine_at(on) if self.chance.random() < 0.8 else None
        most = open_loan.payoff(on, fine=fine.amount if fine else 0).total
        waived = "" if fine or open_loan.fine_at(on) is None else "sakit"
        amount = self.amount(most)
        return Repayment(open_loan.loan, open_loan.instalments, amount, fine=fine, waived=waived)

    def correct(self) -> None:
        meeting = self.one_of(Meeting.objects.filter(group=self.group, status=MeetingStatus.CLOSED))
        if meeting is not None:
            self.attempt(self._correction, as_="meeting_correct", key=uuid.uuid4(), number=meeting.number)

    def _correction(self, *, actor: Any, key: uuid.UUID, number: int) -> Meeting:
        context = open_correction(actor=actor, group=self.group, number=number)
        old = context.original
        assert old is not None
        asked = {open_loan.loan.pk: open_loan for open_loan in context.loans}
        for paid in (paid for row in old.members for paid in row.repayments):
            fine = paid.fine.amount if paid.fine else 0
            if paid.amount > asked[paid.loan.pk].payoff(old.held_on, fine=fine).total:
                raise MeetingError("The sheet would refuse this instalment: later payments took its place.")
        changed = self.chance.randrange(len(old.members))
        rows = tuple(
            replace(row, wajib=row.wajib + 5_000, sukarela_in=0) if number == changed else row
            for number, row in enumerate(old.members)
        )
        minutes = replace(old, members=rows, place="Rumah ketua")
        if self.chance.random() < 0.3:
            minutes = replace(minutes, kept_loans=(), cancelled_loans=old.kept_loans)
        return meeting_correct(context=context, minutes=minutes, reason="salah tulis", key=key)

    # Mistakes and closed books

    def reverse(self) -> None:
        """Undo an entry of any kind, mostly the latest of it, which nothing was built on yet."""
        standing = Entry.objects.filter(group=self.group, reversed_by=None).select_related("group").order_by("-pk")
        if self.chance.random() < 0.9:
            standing = standing.exclude(kind__in=NOT_ALONE)
        kinds = sorted(set(standing.values_list("kind", flat=True)))
        kind = min(kinds, key=lambda kind: (self.done[f"entry_reverse {kind}"], self.chance.random()), default="")
        found = list(standing.filter(kind=kind if self.chance.random() < 0.5 else self.one_of(kinds)))
        if found:
            self._reverse(found[0] if self.chance.random() < 0.8 else self.chance.choice(found))

    def _reverse(self, entry: Entry) -> None:
        name = f"entry_reverse {entry.kind}"
        self.attempt(services.entry_reverse, as_=name, entry=entry, reason="salah tulis", key=uuid.uuid4())

    def correct_at_once(self) -> None:
        """Do something else and undo it, which is how most mistakes are found."""
        last = Entry.objects.filter(group=self.group).count()
        what = min(MONEY, key=lambda what: (self.corrected[what], self.chance.random()))
        self.corrected[what] += 1
        getattr(self, what)()
        for entry in Entry.objects.filter(group=self.group, number__gt=last).select_related("group"):
            self._reverse(entry)

    def close_period(self) -> None:
        self.post(services.period_close, through=self.today - timedelta(self.chance.choice((0, 20, 40))))

    # The surplus and the end of a cycle

    def divide(self) -> None:
        """Decide about the surplus until today; mostly after a sale, where there was none."""
        last = selectors.divided_through(self.group)
        start = FOUNDED if last is None else last + timedelta(days=1)
        if start > self.today:
            return
        found = selectors.period_surplus(self.group, start=start, end=self.today)
        if not found.divisible and self.chance.random() < 0.8:
            earned = found.loss_before - found.surplus + self.amount(500_000)
            self.post(services.other_money_record, kind=OtherMoney.INCOME, amount=earned, memo="", on=self.today)
            found = selectors.period_surplus(self.group, start=start, end=self.today)
        self.post(
            services.surplus_decide, start=start, end=self.today, seen=found.divisible, decided_on=self.today,
            note="rapat",
        )  # fmt: skip

    def divisions(self) -> Any:
        """The divisions of the group, the latest last."""
        return SurplusDivision.objects.filter(group=self.group).select_related("group", "entry").order_by("pk")

    def post_division(self) -> None:
        """Divide, unless it is decided already, and post it at once, before the books move on."""
        self.divide()
        decided = self.divisions().filter(entry=None, withdrawn_at=None).first()
        if decided is not None:
            paid_to = self.chance.choice(PaidTo.values)
            self.attempt(
                services.surplus_post, as_=f"surplus_post {paid_to}", division=decided, on=self.today, paid_to=paid_to,
                key=uuid.uuid4(),
            )  # fmt: skip

    def take_division_back(self) -> None:
        division = self.divisions().filter(withdrawn_at=None).last()
        if division is None:
            self.divide()
        else:
            name = "surplus_withdraw posted" if division.entry_id else "surplus_withdraw decided"
            self.attempt(
                services.surplus_withdraw, as_=name, division=division, reason="salah hitung", key=uuid.uuid4()
            )

    def end_cycle(self) -> None:
        """Settle what hinders a share-out, as a treasurer would, and share out; half of the time take it back."""
        for account in Account.objects.filter(group=self.group, kind="LOAN").select_related("loan__member"):
            if account.balance:
                self.post(services.loan_pay_off, loan=account.loan, on=self.today)
        for fine in open_fines(self.group).fines:
            on = max(self.today, fine.owed_on)
            self.post(services.fine_waive, fine=fine.pk, reason="akhir siklus", on=on)
        for account in Account.objects.filter(group=self.group, kind="EXTERNAL_LOAN").select_related("external_loan"):
            loan = account.external_loan
            if account.balance and loan is not None:
                asked = sum(line.total for line in loan.schedule())
                left = asked - external_fee_paid(loan) - loan.principal + account.balance
                self.post(services.other_money_record, kind=OtherMoney.GRANT, amount=left, memo="", on=self.today)
                self.post(services.external_loan_repay, loan=loan, amount=left, source=AccountKind.CASH, on=self.today)
        for thing in selectors.inventory_items(self.group):
            if thing.worth:
                self.attempt(
                    services.inventory_write_down, item=thing, amount=thing.worth, reason="dijual", on=self.today,
                    key=uuid.uuid4(),
                )  # fmt: skip
        for count in CashCount.objects.differing().filter(group=self.group, settled_on=None):
            self.attempt(
                services.cash_count_settle, as_="cash_count_settle explained", count=count, how="dihitung lagi",
                on=self.today, post_difference=False, key=uuid.uuid4(),
            )  # fmt: skip
        decided = self.divisions().filter(entry=None, withdrawn_at=None).first()
        if decided is not None:
            self.take_division_back()
        self.share_out()

    def share_out(self) -> None:
        keep = frozenset(kind for kind in selectors.CAN_BE_KEPT if self.chance.random() < 0.5)
        seen = selectors.share_out_plan(self.group, as_of=self.today, keep=keep).payout
        entry = self.post(services.share_out_post, on=self.today, keep=keep, seen=seen, note="akhir siklus")
        if entry is not None and self.chance.random() < 0.5:
            self.attempt(services.share_out_reverse, entry=entry, reason="salah tulis", key=uuid.uuid4())


NOT_ALONE = (
    EntryKind.MEETING, EntryKind.SETTLEMENT, EntryKind.SURPLUS, EntryKind.SHARE_OUT, EntryKind.REVERSAL,
    EntryKind.REALLOCATION,
)  # fmt: skip
"""Entries that are not reversed by themselves."""
MONEY = (
    "deposit", "deposit", "withdraw", "fine", "contribute", "help", "other", "lend", "repay", "pay_off", "reschedule",
    "write_off", "recover", "cover", "pay_back", "receive", "pass_on", "pay_lender", "buy", "write_down",
)  # fmt: skip
"""What posts an entry of its own, which can be reversed by itself."""
THINGS = (
    *MONEY, *MONEY, "ask", "ask", "decide", "decide", "pay_out", "pay_out", "cancel_request", "count",
    "settle_difference", "tick", "set_fine", "waive_fine", "waive_savings", "take_waiver_back", "leave",
    "come_back", "meet", "meet",
    "correct", "reverse", "reverse", "correct_at_once", "move_meeting", "bring_meeting_back", "change_rhythm",
    "divide", "post_division",
    "post_division",
    "take_division_back",
)  # fmt: skip
"""What a treasurer does any day."""
RARELY = ("close_period", "share_out", "open", "end_cycle")
"""What happens once in a while: most of it would end what the other steps need."""
AIMS = {
    "entry_reverse": "correct_at_once", "other_money_record": "other", "surplus_post": "post_division",
    "surplus_withdraw": "take_division_back", "loan_request_pay_out": "pay_out",
    "loan_request_approve": "decide", "loan_cover": "cover", "due_days_move": "move_meeting",
    "due_days_follow": "change_rhythm", "due_days_return": "bring_meeting_back",
    "cover_recover": "pay_back", "meeting_correct": "correct", "member_settle": "leave",
    "cash_count_settle": "settle_difference", "fine_charge": "set_fine", "fine_waive": "waive_fine",
    "savings_waive": "waive_savings", "waiver_take_back": "take_waiver_back",
}  # fmt: skip
"""What to do to reach a service that chance comes to seldom."""
PARTS = {
    "entry_reverse": [kind for kind in EntryKind if kind not in NOT_ALONE],
    "surplus_post": PaidTo.values,
    "surplus_withdraw": ["decided", "posted"],
    "cash_count_settle": ["explained", "posted"],
    "other_money_record": OtherMoney.values,
}
"""Services of which every kind is to be reached, not only one."""
SERVICES = {
    name
    for name, found in vars(services).items()
    if inspect.isfunction(found) and "actor" in inspect.signature(found).parameters
}
EVERYTHING = {
    *(SERVICES - PARTS.keys()),
    *(f"{service} {part}" for service, parts in PARTS.items() for part in parts),
    "loan_disburse passed on", "meeting_close", "meeting_correct", "member_leave", "member_leave_undo",
}  # fmt: skip
"""What a long history must get through: every service of the ledger, whatever is added to it, and the meetings."""
