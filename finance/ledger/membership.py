"""Whose money an entry may move on a day: that of members of the day, and what belongs to having been one.

Every posting is held to it (`finance.ledger.posting.Books`), so no service can forget it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from finance.ledger.errors import NotAMember
from finance.ledger.fines import Charge
from finance.ledger.reading import Line
from finance.models import AccountKind, EntryKind
from groups.membership import outside_membership
from groups.models import Member

SETTLES_A_MEMBERSHIP = frozenset(
    {
        EntryKind.LEAVING,
        EntryKind.SURPLUS,
        EntryKind.SHARE_OUT,
        EntryKind.RESCHEDULE,
        EntryKind.WRITE_OFF,
        EntryKind.RECOVERY,
    }
)
"""What may come after somebody left: the end of loans and savings, and a part in the surplus of the time before."""
_SAVINGS = (AccountKind.POKOK, AccountKind.WAJIB, AccountKind.SUKARELA)
_MONEY = (AccountKind.CASH, AccountKind.BANK)


def require_members(kind: EntryKind, on: date, lines: Sequence[Line], stored: Mapping[int, Member]) -> None:
    """Refuse with `NotAMember` the lines of somebody who did not belong to the group on the day `on`.

    `stored` are the members of the lines by id, as stored while the group is locked. The day of leaving is a day of the
    membership here. Afterwards a loan is repaid, and savings are taken out, not brought.
    """
    for pk in {line.member.pk for line in lines if line.member is not None}:
        member = stored[pk]
        if not outside_membership(member, on, leaving_day=True):
            continue
        own = [line for line in lines if line.member is not None and line.member.pk == pk]
        if on < member.joined_on or not _belongs_to_the_past(kind, member, own):
            raise NotAMember(member, on, leaving_day=True)


def _belongs_to_the_past(kind: EntryKind, member: Member, lines: Collection[Line]) -> bool:
    """Say whether what moves of somebody who left settles what there was, and brings nothing new."""
    if kind in SETTLES_A_MEMBERSHIP:
        return True
    brought = sum(line.amount for line in lines if line.credit.kind in _SAVINGS)
    taken = sum(line.amount for line in lines if line.debit.kind in _SAVINGS)
    pays_debts = (_repays(member, line) or _moves_savings(line) or _pays_fine(line) for line in lines)
    return brought <= taken and all(pays_debts)


def require_charged(on: date, charges: Sequence[Charge], stored: Mapping[int, Member]) -> None:
    """Refuse with `NotAMember` a fine for a day outside the membership; one on a loan comes with the loan."""
    for charge in charges:
        if charge.loan is None and outside_membership(stored[charge.member.pk], on, leaving_day=True):
            raise NotAMember(stored[charge.member.pk], on, leaving_day=True)


def _repays(member: Member, line: Line) -> bool:
    loan = line.credit.loan
    return loan is not None and loan.member_id == member.pk


def _pays_fine(line: Line) -> bool:
    """Whether it pays a fine: never more than was owed, and owed only for a day of the membership."""
    return line.credit.kind == AccountKind.FINE


def _moves_savings(line: Line) -> bool:
    """Whether savings go out in money, or money passes through them into the hands of who covered arrears."""
    return (line.debit.kind in (*_SAVINGS, AccountKind.DEPOSIT) and line.credit.kind in _MONEY) or (
        line.credit.kind in _SAVINGS and line.debit.kind in _MONEY
    )
