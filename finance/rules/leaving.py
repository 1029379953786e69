"""What is settled when a member leaves: savings against loans and fines, the rest paid out. Whole rupiah."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from finance.ledger.reading import Balances, Line
from finance.models import Account, AccountKind, Cover, Loan
from finance.rules.lines import cover_paid_back, deposit_to_savings, fee_to_principal, money, require_paid_out
from finance.rules.loan_position import loan_position
from groups.models import Member

TAKEN_FROM = (AccountKind.SUKARELA, AccountKind.WAJIB, AccountKind.POKOK)
"""Which savings pay a loan, first to last: the membership itself, the pokok, is the last to go."""


@dataclass(frozen=True, slots=True)
class Payoff:
    """What pays one loan off on the day of leaving, by the loan's own terms.

    `fee_ahead` of the principal is fee that was paid for instalments not due yet.
    """

    loan: Loan
    principal: int
    service_fee: int
    fine: int
    fee_ahead: int = 0

    @property
    def total(self) -> int:
        """What is still to be paid: principal, service fee and fines together, less what was paid ahead."""
        return self.principal + self.service_fee + self.fine - self.fee_ahead


@dataclass(frozen=True, slots=True)
class PaidBack:
    """What a coverer of the member's arrears gets of one cover, in rupiah."""

    cover: Cover
    amount: int
    on: date

    @property
    def to_savings(self) -> bool:
        """Whether it goes to the coverer's voluntary savings; who left gets it in hand."""
        return self.cover.coverer.is_member_on(self.on)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A member's savings, loans, fines and debts to coverers on the day `on`; `net` below zero is still owed.

    `fines` are those that no loan asks for. `covers` are those not paid back yet, oldest first. Loans and fines are
    paid first: what does not reach for the coverers stays recorded, and the member may leave with it.
    """

    member: Member
    on: date
    pokok: int
    wajib: int
    sukarela: int
    payoffs: tuple[Payoff, ...]
    fines: int = 0
    deposits: int = 0
    covers: tuple[Cover, ...] = ()

    @property
    def saved(self) -> int:
        """All savings, with the deposits of loans that are paid off now."""
        return self.pokok + self.wajib + self.sukarela + self.deposits

    @property
    def owed(self) -> int:
        """All that pays the loans off, and the other fines."""
        return sum(payoff.total for payoff in self.payoffs) + self.fines

    @property
    def net(self) -> int:
        """Savings less what the loans and the fines ask for."""
        return self.saved - self.owed

    @property
    def paid_back(self) -> list[PaidBack]:
        """What of the covers the rest of the savings pays back, oldest first."""
        left, paid = max(self.net, 0), []
        for cover in self.covers:
            amount = min(left, cover.open)
            if amount:
                paid.append(PaidBack(cover, amount, self.on))
            left -= amount
        return paid

    @property
    def missing(self) -> int:
        """What loans and fines ask for beyond the savings, 0 where those are enough."""
        return max(0, -self.net)

    @property
    def payout(self) -> int:
        """What the member gets in hand; below zero what is still owed on loans and fines."""
        return self.net - sum(paid.amount for paid in self.paid_back)

    @property
    def stays_owed(self) -> int:
        """What coverers do not get back from the savings."""
        return sum(cover.open for cover in self.covers) - sum(paid.amount for paid in self.paid_back)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to settle."""
        return not self.saved and not self.owed


def leaving_of(books: Balances, member: Member, on: date, covers: Iterable[Cover]) -> Leaving:
    """Return what is to be settled with `member` on the day `on`; `books` must hold everything.

    `covers` are what others paid for the member and did not get back (`selectors.open_covers`).
    """
    owing: dict[int, Loan] = {}
    for account in books.accounts.values():
        is_owed = account.kind == AccountKind.LOAN and account.balance > 0
        if is_owed and account.loan is not None and account.loan.member_id == member.pk:
            owing[account.loan.number] = account.loan
    payoffs = []
    for _number, loan in sorted(owing.items()):
        parts = loan_position(books, loan).payoff(on)
        payoffs.append(Payoff(loan, parts.principal, parts.service_fee, parts.fine, parts.fee_ahead))
    return Leaving(
        member=member,
        on=on,
        payoffs=tuple(payoffs),
        deposits=sum(books.balance(AccountKind.DEPOSIT, loan=loan) for loan in owing.values()),
        fines=sum(fine.left for fine in books.fines_on(on).of_member(member, {loan.pk for loan in owing.values()})),
        covers=tuple(covers),
        **{kind.lower(): books.balance(kind, member=member) for kind in TAKEN_FROM},
    )


def lines_of(books: Balances, leaving: Leaving, *, source: AccountKind = AccountKind.CASH) -> Iterator[Line]:
    """Yield what the settlement posts: savings pay loans, fines and those who covered arrears; the rest is paid out.

    The coverers' part passes through the cash box, so that it stands in both passbooks; the rest leaves `source`.
    """
    member = leaving.member
    left = [[books.account(kind, member=member), getattr(leaving, kind.lower())] for kind in TAKEN_FROM]
    for payoff in leaving.payoffs:
        yield from deposit_to_savings(books, payoff.loan)
    left[0][1] += leaving.deposits

    def take(target: Account, amount: int) -> Iterator[Line]:
        for source in left:
            step = min(amount, source[1])
            if step:
                yield Line(source[0], target, step, member)
                source[1] -= step
                amount -= step

    for payoff in leaving.payoffs:
        require_paid_out(payoff.loan, leaving.on)
        yield from take(books.account(AccountKind.SERVICE_FEE, loan=payoff.loan), payoff.service_fee)
        yield from take(books.account(AccountKind.LOAN, loan=payoff.loan), payoff.principal - payoff.fee_ahead)
        yield from fee_to_principal(books, payoff.loan, payoff.fee_ahead)
        if payoff.fine:
            yield from take(books.account(AccountKind.LOAN_FINE, loan=payoff.loan), payoff.fine)
    if leaving.fines:
        yield from take(books.account(AccountKind.FINE), leaving.fines)
    for paid in leaving.paid_back:
        yield from cover_paid_back(books, member, paid.cover.coverer, paid.amount, to_savings=paid.to_savings)
        yield from take(books.account(AccountKind.CASH), paid.amount)
    yield from take(money(books, source), leaving.payout)
