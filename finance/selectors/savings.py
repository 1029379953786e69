"""Members' savings: the savings book and the passbook, in a fixed number of statements. Whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import (
    Count,
    Q,
    Sum,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from finance.ledger.chart import SAVINGS
from finance.models import AccountKind, Transfer
from finance.selectors.account_balances import AccountBalances, account_balances
from finance.selectors.book_lines import BookQuery, RunningLines, amount_if
from finance.selectors.loans import LoanRow, loan_rows, loans_on
from groups.models import Group, Member


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """One member's savings by kind."""

    member: Member
    pokok: int = 0
    wajib: int = 0
    sukarela: int = 0

    @property
    def total(self) -> int:
        """All savings of the member."""
        return self.pokok + self.wajib + self.sukarela


class SavingsMovement(NamedTuple):
    """One member's savings of a kind in a period: what they opened with, and what came and went."""

    member: Member
    kind: str
    opening: int
    money_in: int
    money_out: int

    @property
    def closing(self) -> int:
        """The savings at the end of the period."""
        return self.opening + self.money_in - self.money_out

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(AccountKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class SavingsBook:
    """The savings at the end of `end`: of the members of that day, and of those who had left and still had some.

    `movements` are those since `start`, of every member's kinds with a balance or a movement; none without a start.
    """

    start: date | None
    end: date
    rows: list[SavingsRow]
    movements: list[SavingsMovement]

    @property
    def pokok(self) -> int:
        """Initial savings of all members."""
        return sum(row.pokok for row in self.rows)

    @property
    def wajib(self) -> int:
        """Compulsory savings of all members."""
        return sum(row.wajib for row in self.rows)

    @property
    def sukarela(self) -> int:
        """Voluntary savings of all members."""
        return sum(row.sukarela for row in self.rows)

    @property
    def total(self) -> int:
        """All savings."""
        return sum(row.total for row in self.rows)

    def moved(self, column: str) -> int:
        """Return the sum of a column of the movements."""
        return sum(getattr(movement, column) for movement in self.movements)


def savings_book(group: Group, *, end: date, start: date | None = None) -> SavingsBook:
    """Return members × kinds as at `end`, with what moved from `start` on, in four statements.

    Of a group with closed periods they are six at most.
    """
    days = (end,) if start is None else (start - timedelta(1), end)
    balances = {
        (position.account.member_id, position.account.kind): position
        for position in account_balances(group, *days, kinds=SAVINGS)
    }
    rows: list[SavingsRow] = []
    movements: list[SavingsMovement] = []
    for member in Member.objects.filter(group=group):
        own = {kind: balances[member.pk, kind] for kind in SAVINGS if (member.pk, kind) in balances}
        row = SavingsRow(member, **{kind.lower(): -position.balance(-1) for kind, position in own.items()})
        if row.total or (member.joined_on <= end and (member.left_on is None or member.left_on > end)):
            rows.append(row)
        if start is not None:
            movements += [_movement(member, kind, position) for kind, position in own.items()]
    used = [movement for movement in movements if movement.opening or movement.money_in or movement.money_out]
    return SavingsBook(start, end, rows, used)


def _movement(member: Member, kind: str, position: AccountBalances) -> SavingsMovement:
    debits, credits = position.debits, position.credits
    return SavingsMovement(member, kind, -position.balance(0), credits[1] - credits[0], debits[1] - debits[0])


@dataclass(frozen=True, slots=True)
class Passbook:
    """A member's savings from `start`, or from the beginning, to the end of `end`, with all lines that are theirs.

    `opening` and `savings` are those before and after them, `fines` and `social` what was paid in between, `loans`
    those paid out by the end. The lines come newest first, with the money paid as in, the money received as out, and
    the savings after each.
    """

    start: date | None
    end: date
    opening: SavingsRow
    savings: SavingsRow
    fines: int
    social: int
    loans: list[LoanRow]
    lines: RunningLines


_SAVINGS = ", ".join(f"'{kind.value}'" for kind in SAVINGS)


def passbook(member: Member, *, end: date, start: date | None = None) -> Passbook:
    """Return the passbook of `member` in three statements, and one for each page of its lines."""
    own = Transfer.objects.filter(member=member)
    by_end = Q(entry__effective_on__lte=end)
    inside = by_end if start is None else by_end & Q(entry__effective_on__gte=start)
    undoes = Q(entry__reverses__isnull=False)  # help from the fund is no contribution taken back

    def sides(kind: str, when: Q, back: Q = inside) -> Combinable:
        came = Sum("amount", filter=Q(credit_account__kind=kind) & when)
        went = Sum("amount", filter=Q(debit_account__kind=kind) & back)
        return Coalesce(came, 0) - Coalesce(went, 0)

    sums: dict[str, Combinable] = {kind: sides(kind, by_end, by_end) for kind in SAVINGS}
    sums |= {f"{kind}_in": sides(kind, inside) for kind in SAVINGS}
    found = own.aggregate(
        **sums,
        fines=sides(AccountKind.FINE, inside),
        social=sides(AccountKind.SOCIAL_FUND, inside & ~undoes, inside & undoes),
        lines=Count("pk", filter=inside),
    )
    closing = SavingsRow(member, **{kind.lower(): found[kind] for kind in SAVINGS})
    came, went = (f"{side}.kind IN ({_SAVINGS})" for side in ("c", "d"))
    query = BookQuery(
        where="t.member_id = %(member)s AND e.effective_on BETWEEN %(start)s AND %(end)s",
        money_in=amount_if(f"d.kind = '{AccountKind.CASH.value}'"),
        money_out=amount_if(f"c.kind = '{AccountKind.CASH.value}'"),
        change=f"{amount_if(came)} - {amount_if(went)}",
        values={"group": member.group_id, "member": member.pk, "start": start or date.min, "end": end},
    )
    return Passbook(
        start=start,
        end=end,
        opening=SavingsRow(member, **{kind.lower(): found[kind] - found[f"{kind}_in"] for kind in SAVINGS}),
        savings=closing,
        fines=found["fines"],
        social=found["social"],
        loans=loan_rows(loans_on(member.group, as_of=end).filter(member=member).order_by("-number"), as_of=end),
        lines=RunningLines(query, count=found["lines"], begin=closing.total, newest_first=True),
    )
