"""What a meeting recorded late does to the days between then and now: told, and not refused, for it has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.models import Account, AccountKind, Side
from finance.rules.lines import OTHER
from groups.shared.money import rupiah
from meetings.minutes import Minutes
from meetings.sheet.context import SheetContext


def short_between(context: SheetContext, minutes: Minutes) -> list[str]:
    """Say which accounts the meeting takes money from that were below zero on its day or on a later one.

    An account that would be below zero now is refused when the meeting is posted. Nothing to say, and nothing to work
    out, where nothing was recorded after the meeting.
    """
    if not context.later:
        return []
    moved: dict[str, int] = {}
    for account, amount in _moved(context, minutes):
        moved[account.code] = moved.get(account.code, 0) + amount
    sentences = []
    for code, amount in moved.items():
        account = context.before.accounts[code]
        short = next((found for found in _balances(context, account, amount) if found[1] < 0), None)
        if amount < 0 and short is not None and not account.may_go_negative:
            said = {"account": _name(account), "day": date_format(short[0]), "amount": rupiah(-short[1])}
            sentences.append(_("%(account)s: on %(day)s %(amount)s more was taken than was recorded as there.") % said)
    return sentences


def _moved(context: SheetContext, minutes: Minutes) -> Iterator[tuple[Account, int]]:
    """Yield accounts that a meeting may take money from, each with the rupiah by which it changes them."""
    books = context.before
    yield books.account(AccountKind.CASH), minutes.cash_moved()
    for row in minutes.members:
        if row.sukarela_out:
            yield books.account(AccountKind.SUKARELA, member=row.member), row.to_savings - row.sukarela_out
    for other in minutes.other:
        for kind, side in zip(OTHER[other.kind], (Side.DEBIT, Side.CREDIT), strict=True):
            account = books.account(kind)
            if kind != AccountKind.CASH:  # counted above
                yield account, other.amount if account.normal_side == side else -other.amount


def _balances(context: SheetContext, account: Account, moved: int) -> Iterator[tuple[date, int]]:
    """Yield the balance of `account` at the end of the day of the meeting and of each later day that moved it."""
    balance, day = account.balance + moved, context.held_on
    for movement in context.later:
        if account.pk not in (movement.debit, movement.credit):
            continue
        if movement.on != day:
            yield day, balance
            day = movement.on
        grows = account.normal_side == (Side.DEBIT if movement.debit == account.pk else Side.CREDIT)
        balance += movement.amount if grows else -movement.amount
    yield day, balance


def _name(account: Account) -> str:
    kind = str(account.get_kind_display())
    return f"{kind}, {account.member}" if account.member_id is not None else kind
