"""What is settled when a member leaves: savings against loans, the rest paid out. Whole rupiah."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from finance.ledger import Books, Line
from finance.models import Account, AccountKind, Loan
from finance.running import running_loan
from groups.models import Member

TAKEN_FROM = (AccountKind.SUKARELA, AccountKind.WAJIB, AccountKind.POKOK)
"""Which savings pay a loan, first to last: the membership itself, the pokok, is the last to go."""


@dataclass(frozen=True, slots=True)
class Payoff:
    """What pays one loan off on the day of leaving, by the loan's own terms."""

    loan: Loan
    principal: int
    service_fee: int
    fine: int

    @property
    def total(self) -> int:
        """Principal, service fee and fines together."""
        return self.principal + self.service_fee + self.fine


@dataclass(frozen=True, slots=True)
class Leaving:
    """A member's savings and loans on the day `on`; `net` is what is paid out in cash, or below zero still owed."""

    member: Member
    on: date
    pokok: int
    wajib: int
    sukarela: int
    payoffs: tuple[Payoff, ...]

    @property
    def saved(self) -> int:
        """All savings."""
        return self.pokok + self.wajib + self.sukarela

    @property
    def owed(self) -> int:
        """All that pays the loans off."""
        return sum(payoff.total for payoff in self.payoffs)

    @property
    def net(self) -> int:
        """Savings less what is owed."""
        return self.saved - self.owed

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to settle."""
        return not self.saved and not self.owed


def leaving_of(books: Books, member: Member, on: date) -> Leaving:
    """Return what is to be settled with `member` on the day `on`; `books` must hold everything."""
    owing: dict[int, Loan] = {}
    for account in books.accounts.values():
        is_owed = account.kind in (AccountKind.LOAN, AccountKind.FINE_DUE) and account.balance > 0
        if is_owed and account.loan is not None and account.loan.member_id == member.pk:
            owing[account.loan.number] = account.loan
    payoffs = []
    for _number, loan in sorted(owing.items()):
        parts = running_loan(books, loan).payoff(on)
        payoffs.append(Payoff(loan, parts.principal, parts.service_fee, parts.fine))
    return Leaving(
        member=member,
        on=on,
        payoffs=tuple(payoffs),
        **{kind.lower(): books.balance(kind, member=member) for kind in TAKEN_FROM},
    )


def lines_of(books: Books, leaving: Leaving) -> Iterator[Line]:
    """Yield what the settlement posts: from savings to the loans, then the savings that are left to the cash box."""
    member = leaving.member
    left = [[books.account(kind, member=member), getattr(leaving, kind.lower())] for kind in TAKEN_FROM]

    def take(target: Account, amount: int) -> Iterator[Line]:
        for source in left:
            step = min(amount, source[1])
            if step:
                yield Line(source[0], target, step, member)
                source[1] -= step
                amount -= step

    for payoff in leaving.payoffs:
        yield from take(books.account(AccountKind.SERVICE_FEE, loan=payoff.loan), payoff.service_fee)
        yield from take(books.account(AccountKind.LOAN, loan=payoff.loan), payoff.principal)
        if payoff.fine:
            yield from take(books.account(AccountKind.FINE_DUE, loan=payoff.loan), payoff.fine)
    yield from take(books.account(AccountKind.CASH), leaving.net)
