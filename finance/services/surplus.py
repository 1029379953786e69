"""Dividing the surplus (SHU) of a period: the members decide, then it is posted; a mistake is withdrawn.

All of them take whole rupiah and may raise `PermissionDenied`, and `finance.ledger.errors.LedgerError` with a message
for the person at the form.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyPosted, NotAllowed
from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Line
from finance.models import (
    AccountKind,
    DivisionStatus,
    Entry,
    EntryKind,
    PaidTo,
    Purpose,
    SurplusDivision,
    SurplusPart,
    SurplusShare,
)
from finance.selectors.surplus import divided_through, period_surplus
from finance.selectors.surplus_division import FUND, DivisionSheet, division_preview, division_sheet
from groups.models import Constitution, Group, User
from groups.permissions import Capability, lock_group
from groups.selectors import rules_in_force
from groups.shared.clock import today_of
from groups.shared.money import rupiah


@transaction.atomic
def surplus_decide(
    *, actor: User, group: Group, start: date, end: date, seen: int, decided_on: date, note: str, key: uuid.UUID
) -> SurplusDivision:
    """Write down what the members decided: the surplus of a period, divided by the rules of that day; posts nothing.

    `seen` is the surplus they had before them; if the books say something else by now it is `NotAllowed`, as are a
    period that is not over or reaches into one divided before, and a surplus of nothing.
    """
    group = lock_group(actor, Capability.RECORD, group)
    if SurplusDivision.objects.filter(group=group, key=key).exists():
        raise AlreadyPosted
    if not start <= end <= decided_on <= today_of(group):
        raise NotAllowed(_("The decision is on or after the last day of the period, and not in the future."))
    if SurplusDivision.objects.valid().filter(group=group, entry__isnull=True).exists():
        raise NotAllowed(_("Another division is decided and not posted yet; post or withdraw it first."))
    last = divided_through(group)
    if last is not None and start <= last:
        raise NotAllowed(_("The surplus is divided up to %(day)s already.") % {"day": date_format(last)})
    rules = rules_in_force(group, as_of=decided_on)
    if rules is None:
        raise NotAllowed(_("The group has not agreed its rules yet."))
    sheet = _sheet_now(group, rules, start, end)
    if sheet.surplus == 0:
        raise NotAllowed(_("There is no surplus to divide in this period."))
    if sheet.surplus != seen:
        raise NotAllowed(
            _("The books have changed: %(amount)s can be divided now. Look at the division again.")
            % {"amount": rupiah(sheet.surplus)}
        )
    return _write_down(
        sheet,
        SurplusDivision(
            group=group,
            period_start=start,
            period_end=end,
            surplus=sheet.surplus,
            rounding=sheet.rounding,
            rules=sheet.rules,
            decided_on=decided_on,
            note=note,
            key=key,
            recorded_by=actor,
        ),
    )


@transaction.atomic
def surplus_post(*, actor: User, division: SurplusDivision, on: date, paid_to: str, key: uuid.UUID) -> SurplusDivision:
    """Post a decided division: members' parts to their voluntary savings or in cash, the others to their funds.

    The rounding goes to the reserve. `NotAllowed` if the books no longer give the division that was decided,
    `InsufficientFunds` if the cash box does not hold the members' parts.
    """
    books = open_books(group=division.group, actor=actor, everything=True)
    division = SurplusDivision.objects.select_related("rules").get(pk=division.pk)
    if division.entry_id is not None or Entry.objects.filter(group=books.group, key=key).exists():
        raise AlreadyPosted
    if division.status == DivisionStatus.WITHDRAWN:
        raise NotAllowed(_("This division was withdrawn."))
    if on < division.decided_on:
        raise NotAllowed(_("A division is posted on or after the day of the decision."))
    sheet = division_sheet(division)
    if sheet != _sheet_now(books.group, division.rules, division.period_start, division.period_end):
        raise NotAllowed(
            _("The books of the period have changed since the decision; withdraw the division and decide again.")
        )
    (division.entry,) = books.post(
        [Posting(EntryKind.SURPLUS, on, _lines(books, sheet, PaidTo(paid_to)), key, memo=division.note)]
    )
    division.paid_to = paid_to
    division.save(update_fields=["entry", "paid_to"])
    return division


@transaction.atomic
def surplus_withdraw(*, actor: User, division: SurplusDivision, reason: str, key: uuid.UUID) -> SurplusDivision:
    """Take a division back, with a reason; one that was posted is reversed. The period can be divided anew.

    Only the latest period: a division after it counted on this one. `InsufficientFunds` if a member has taken out
    what the division brought.
    """
    books = open_books(group=division.group, actor=actor, everything=True)
    division = SurplusDivision.objects.select_related("entry").get(pk=division.pk)
    if division.status == DivisionStatus.WITHDRAWN:
        raise AlreadyPosted
    last = divided_through(books.group)
    if last is not None and last > division.period_end:
        raise NotAllowed(_("A later surplus was divided or shared out; take that back first."))
    if division.entry is not None:
        books.undo(division.entry)
        books.post_undone(key=key, memo=reason)
    division.withdraw(actor, reason)
    return division


def _sheet_now(group: Group, rules: Constitution, start: date, end: date) -> DivisionSheet:
    surplus = period_surplus(group, start=start, end=end).divisible
    return division_preview(group, rules, surplus=surplus, start=start, end=end)


def _write_down(sheet: DivisionSheet, division: SurplusDivision) -> SurplusDivision:
    division.save()
    SurplusShare.objects.bulk_create(
        SurplusShare(
            group=division.group,
            division=division,
            member=part.member,
            savings_base=part.savings_base,
            borrowing_base=part.borrowing_base,
            by_savings=part.by_savings,
            by_borrowing=part.by_borrowing,
        )
        for part in sheet.members
    )
    SurplusPart.objects.bulk_create(
        SurplusPart(group=division.group, division=division, purpose=purpose, amount=amount)
        for purpose, amount in sheet.purposes.items()
    )
    return division


def _lines(books: Books, sheet: DivisionSheet, paid_to: PaidTo) -> list[Line]:
    divided = books.account(AccountKind.SURPLUS_DIVIDED)
    lines = [
        Line(
            divided,
            books.account(AccountKind.SUKARELA, member=part.member)
            if paid_to == PaidTo.SAVINGS
            else books.account(AccountKind.CASH),
            part.total,
            part.member,
        )
        for part in sheet.members
        if part.total
    ]
    rounding = {Purpose.RESERVE: sheet.rounding}
    for purpose, kind in FUND.items():
        amount = sheet.purposes.get(purpose, 0) + rounding.get(purpose, 0)
        if amount:
            lines.append(Line(divided, books.account(kind), amount))
    return lines
