"""Requests for loans: asked, approved or refused, cancelled, paid out. Every step is dated and by somebody."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.ledger.chart import SAVINGS
from finance.ledger.errors import NotAllowed, NotAMember, RuleBroken
from finance.ledger.posting import Books, open_books
from finance.models import EntryKind, ExternalLoan, Loan, LoanRequest, RequestStatus
from finance.rules import lines
from finance.rules.limits import loan_refusals
from finance.services.payouts import loans_open, terms_by_rules
from finance.services.posting import open_for_entry, post_entry
from groups.ending import after_the_end
from groups.models import Constitution, Group, LoanKind, Member, User
from groups.permissions import Capability, lock_group
from groups.selectors import rules_in_force
from groups.shared.clock import now


@transaction.atomic
def loan_request(
    *,
    actor: User,
    group: Group,
    member: Member,
    amount: int,
    periods: int,
    purpose: str,
    on: date,
    key: uuid.UUID,
    kind: LoanKind = LoanKind.MONTH,
    harvest_on: date | None = None,
) -> LoanRequest:
    """Write down that a member asks for a loan of `amount` rupiah; the same `key` twice is one request.

    `harvest_on` is when a harvest loan is repaid; its `periods` are the months in the fee.

    A member has one running request at a time; another is `RuleBroken` at `member`.
    """
    group = lock_group(actor, Capability.RECORD, group)
    sent = LoanRequest.objects.filter(group=group, key=key).first()
    if sent is not None:
        return sent
    if member.group_id != group.pk:
        raise NotAllowed(_("This belongs to another group."))
    if message := after_the_end(group, on):
        raise RuleBroken("on", message)
    stored = group.members.get(pk=member.pk)  # the caller's may have been read before somebody else's leaving
    if not stored.is_member_on(on):
        raise NotAMember(stored, on)
    if LoanRequest.objects.running().filter(group=group, member=member).exists():
        raise RuleBroken("member", _("%(member)s has a request already that is not paid out.") % {"member": member})
    return LoanRequest.objects.create(
        group=group,
        member=member,
        amount=amount,
        periods=periods,
        purpose=purpose,
        kind=kind,
        harvest_on=harvest_on,
        asked_on=on,
        key=key,
        recorded_by=actor,
    )


@transaction.atomic
def loan_request_approve(
    *,
    actor: User,
    group: Group,
    request: LoanRequest,
    amount: int,
    periods: int,
    on: date,
    in_meeting: bool,
    note: str = "",
) -> LoanRequest:
    """Approve a request for `amount` rupiah over `periods`, within the rules, else `RuleBroken` at the field."""
    books = open_books(group=group, actor=actor)
    request = _waiting(books.group, request, RequestStatus.ASKED)
    if not books.stored_members([request.member])[request.member_id].is_member_on(on):
        raise NotAMember(books.stored_members([request.member])[request.member_id], on)
    rules = rules_in_force(books.group, as_of=on) or Constitution()
    every = LoanKind(request.kind).every
    _require_rules(
        books, rules, request.member, principal=amount, periods=periods, every=every, names=("amount", "periods")
    )
    request.approved_amount, request.approved_periods = amount, periods
    return _decide(request, RequestStatus.APPROVED, actor=actor, on=on, in_meeting=in_meeting, note=note)


@transaction.atomic
def loan_request_refuse(
    *, actor: User, group: Group, request: LoanRequest, on: date, in_meeting: bool, note: str
) -> LoanRequest:
    """Refuse a request, with a word on why."""
    group = lock_group(actor, Capability.RECORD, group)
    request = _waiting(group, request, RequestStatus.ASKED)
    return _decide(request, RequestStatus.REFUSED, actor=actor, on=on, in_meeting=in_meeting, note=note)


@transaction.atomic
def loan_request_cancel(*, actor: User, group: Group, request: LoanRequest, on: date, reason: str) -> LoanRequest:
    """Take a running request back: the member does not want the loan any more."""
    group = lock_group(actor, Capability.RECORD, group)
    request = _waiting(group, request, RequestStatus.ASKED, RequestStatus.APPROVED)
    _require_after(request, on)
    request.status = RequestStatus.CANCELLED
    request.cancelled_on, request.cancelled_by, request.cancelled_why = on, actor, reason
    request.save()
    return request


@transaction.atomic
def loan_request_pay_out(
    *,
    actor: User,
    group: Group,
    request: LoanRequest,
    on: date,
    first_due: date | None,
    key: uuid.UUID,
    funded_by: ExternalLoan | None = None,
) -> Loan:
    """Pay an approved request out of the cash box, outside a meeting, on the terms of the group's rules.

    `funded_by` is the running loan from outside whose money is passed on, if it is.
    """
    books = open_for_entry(actor, group, key, of=request.member)
    request = _waiting(books.group, request, RequestStatus.APPROVED)
    member, amount, periods = request.member, request.granted, request.granted_periods
    _require_after(request, on)
    if first_due is not None and first_due <= on:
        raise RuleBroken("first_due", _("The first instalment is due after the day the loan is paid out."))
    # Rules or savings may have changed since it was approved.
    rules, kind = rules_in_force(books.group, as_of=on) or Constitution(), LoanKind(request.kind)
    _require_rules(books, rules, member, principal=amount, periods=periods, every=kind.every, names=("on", "on"))
    if kind not in rules.kinds_of_loan:
        raise RuleBroken("on", _("By the rules of that day no loan is repaid like this: %s.") % kind.label)
    terms = terms_by_rules(
        rules,
        member=member,
        principal=amount,
        periods=periods,
        disbursed_on=on,
        first_due=first_due,
        purpose=request.purpose,
        request=request,
        funded_by=funded_by,
        kind=kind,
        harvest_on=request.harvest_on,
    )
    (loan,) = loans_open(books, [terms])
    post_entry(books, EntryKind.LOAN, on, lines.disbursement(books, loan), key)
    return loan


def _waiting(group: Group, request: LoanRequest, *wanted: RequestStatus) -> LoanRequest:
    """Read the request of the locked group again; `NotAllowed` if it is not in a state `wanted` any more."""
    found = (
        LoanRequest.objects.running()
        .filter(group=group, pk=request.pk, status__in=wanted)
        .select_related("member")
        .first()
    )
    if found is None:
        raise NotAllowed(_("This request was dealt with already."))
    return found


def _decide(
    request: LoanRequest, status: RequestStatus, *, actor: User, on: date, in_meeting: bool, note: str
) -> LoanRequest:
    _require_after(request, on)
    request.status = status
    request.decided_on, request.decided_by, request.decided_at = on, actor, now()
    request.decided_in_meeting, request.note = in_meeting, note
    request.save()
    return request


def _require_after(request: LoanRequest, on: date) -> None:
    last = request.decided_on or request.asked_on
    if on < last:
        raise RuleBroken("on", _("The request was asked or decided on %s.") % date_format(last))


def _require_rules(
    books: Books,
    rules: Constitution,
    member: Member,
    *,
    principal: int,
    periods: int,
    every: str,
    names: tuple[str, str],
) -> None:
    """Hold a loan against the group's rules; `names` are the form's fields of principal and periods."""
    earlier = Loan.objects.lent().filter(member=member).count()
    for name, message in loan_refusals(
        rules,
        principal=principal,
        periods=periods,
        every=every,
        earlier_loans=earlier,
        savings=sum(books.balance(kind, member=member) for kind in SAVINGS),
    ):
        raise RuleBroken(names[0] if name == "principal" else names[1], message)
