"""Joint liability (tanggung renteng): members cover arrears, and get back what they paid. Whole rupiah."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from finance.ledger.errors import CoverRefused, NotAllowed
from finance.ledger.posting import Books
from finance.ledger.reading import Line
from finance.models import Cover, CoverRecovery, Entry, EntryKind, Loan
from finance.rules.joint_liability import plan_cover
from finance.rules.lines import cover_paid_back
from finance.selectors.covers import open_covers
from finance.services.posting import open_for_entry, post_entry
from groups.models import Group, Member, User
from groups.shared.money import rupiah


@transaction.atomic
def loan_cover(
    *,
    actor: User,
    group: Group,
    loan: Loan,
    shares: Mapping[Member, int],
    from_savings: bool,
    on: date,
    key: uuid.UUID,
) -> Entry:
    """Let members pay what is late on another member's loan, from voluntary savings or in cash, as one entry.

    `shares` is rupiah by member. What each paid is then owed to them by the borrower. Raises `CoverRefused` as
    `finance.rules.joint_liability.plan_cover` does.
    """
    books = open_for_entry(actor, group, key, of=loan)
    plan = plan_cover(books, loan, shares, from_savings=from_savings, on=on)
    entry = post_entry(books, EntryKind.COVER, on, plan.lines, key)
    Cover.objects.bulk_create(
        Cover(
            group=group,
            loan=loan,
            coverer=share.coverer,
            amount=share.amount,
            from_savings=from_savings,
            entry=entry,
        )
        for share in plan.shares
    )
    return entry


@transaction.atomic
def cover_recover(
    *,
    actor: User,
    group: Group,
    member: Member,
    amounts: Mapping[Member, int],
    to_savings: bool,
    on: date,
    key: uuid.UUID,
) -> Entry:
    """Take from `member` in cash what others paid for them, and give it to those others, as one entry.

    `amounts` is rupiah by coverer; the oldest cover is paid back first. It goes to their voluntary savings or,
    without `to_savings`, through the cash box into their hands. Raises `CoverRefused` for more than is owed on the
    day `on`, and for savings of somebody who left.
    """
    books = open_for_entry(actor, group, key, of=member, everything=True)
    owed = open_covers(group, debtor=member, as_of=on)
    lines: list[Line] = []
    paid: list[tuple[Cover, int]] = []
    for coverer, amount in amounts.items():
        if amount:
            paid += _oldest_first([cover for cover in owed if cover.coverer_id == coverer.pk], coverer, amount)
            lines += _back(books, member, coverer, amount, to_savings=to_savings, on=on)
    entry = post_entry(books, EntryKind.COVER, on, lines, key)
    CoverRecovery.objects.bulk_create(
        CoverRecovery(group=group, cover=cover, amount=amount, to_savings=to_savings, entry=entry)
        for cover, amount in paid
    )
    return entry


def _oldest_first(owed: list[Cover], coverer: Member, amount: int) -> list[tuple[Cover, int]]:
    total = sum(cover.open for cover in owed)
    if amount < 0:
        raise CoverRefused(_("An amount cannot be negative."), coverer)
    if amount > total:
        raise CoverRefused(
            _("%(member)s has only %(amount)s to get back.") % {"member": coverer, "amount": rupiah(total)}, coverer
        )
    paid = []
    for cover in owed:
        part = min(amount, cover.open)
        if part:
            paid.append((cover, part))
        amount -= part
    return paid


def _back(books: Books, debtor: Member, coverer: Member, amount: int, *, to_savings: bool, on: date) -> list[Line]:
    if coverer.group_id != books.group.pk:
        raise NotAllowed(_("This belongs to another group."))
    if to_savings and not books.stored_members([coverer])[coverer.pk].is_member_on(on):
        raise CoverRefused(_("%(member)s has left the group; pay it back in cash.") % {"member": coverer}, coverer)
    return cover_paid_back(books, debtor, coverer, amount, to_savings=to_savings)
