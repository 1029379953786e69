"""The general ledger: the lines of any accounts of a group over a period, as one book. Whole rupiah."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from finance.models import Account, PeriodBalance, Side
from finance.selectors.account_balances import NearestBalances, nearest_balances
from finance.selectors.book_lines import BookQuery, RunningLines, amount_if, book_sums
from groups.models import Group


@dataclass(frozen=True, slots=True)
class Ledger:
    """Some accounts of a group from `start` to `end`, both included, as one book.

    Amounts in (`total_in`) are those on the side where the accounts grow: debits of cash, credits of savings.
    """

    accounts: Sequence[Account]
    start: date
    end: date
    opening: int
    total_in: int
    total_out: int
    lines: RunningLines

    @property
    def closing(self) -> int:
        """The balance at the end of `end`."""
        return self.opening + self.total_in - self.total_out


def ledger(group: Group, accounts: Sequence[Account], *, start: date, end: date) -> Ledger:
    """Return the book of `accounts`, which are of `group` and of one side, and one statement more for each page.

    It takes one statement, of a group with closed periods up to three: the opening balance is counted from the nearest
    balances that are stored, so neither a recent period nor one of closed years costs much.
    """
    if not accounts:
        return Ledger((), start, end, 0, 0, 0, RunningLines(None, count=0, begin=0))
    places = {f"account{number}": account.pk for number, account in enumerate(accounts)}
    own = ", ".join(f"%({name})s" for name in places)
    came, went = f"t.debit_account_id IN ({own})", f"t.credit_account_id IN ({own})"
    if accounts[0].normal_side == Side.CREDIT:
        came, went = went, came
    (mark,) = nearest_balances(group, [start - timedelta(1)])
    values = {"group": group.pk, "start": start, "end": end, **places}
    moved_in, moved_out, total_in, total_out, count = book_sums(came, went, mark.span, values)
    opening = _stored_balance(group, accounts, mark) + mark.sign * (moved_in - moved_out)
    query = BookQuery(
        where=f"e.group_id = %(group)s AND e.effective_on BETWEEN %(start)s AND %(end)s AND ({came} OR {went})",
        money_in=amount_if(came),
        money_out=amount_if(went),
        change=f"{amount_if(came)} - {amount_if(went)}",
        values=values,
    )
    return Ledger(
        accounts=accounts,
        start=start,
        end=end,
        opening=opening,
        total_in=total_in,
        total_out=total_out,
        lines=RunningLines(query, count=count, begin=opening),
    )


def _stored_balance(group: Group, accounts: Sequence[Account], mark: NearestBalances) -> int:
    """Return the stored balance of `accounts` together at a mark, on the side where they grow."""
    if mark.stored is None:
        return sum(account.balance for account in accounts)
    kept = PeriodBalance.objects.filter(group=group, through=mark.stored, account__in=accounts)
    balance = int(kept.aggregate(balance=Coalesce(Sum(F("debits") - F("credits")), 0))["balance"])
    return balance if accounts[0].normal_side == Side.DEBIT else -balance
