"""What a federation needs of several apps: contributions that the group's books have too, and figures of its groups."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

import finance.services
import groups.services
from assessment.instruments import stages_in_use
from assessment.selectors.standings import Standing, StandingTotal, add_up, standings
from finance.ledger.errors import LedgerError
from finance.models import Entry
from finance.rules.lines import OtherMoney
from groups import selectors
from groups.models import Federation, FederationMembership, FederationPayment, Group, User


@transaction.atomic
def contribution_pay(
    *,
    actor: User,
    federation: Federation,
    group: Group,
    payment: FederationPayment,
    in_books: bool,
    entry_number: int | None = None,
) -> FederationPayment:
    """Record an unsaved payment; with `in_books` the group's ledger gets the expense, from the cash box.

    Else `entry_number` names the entry that has it already, None for none. Raises `ValidationError` for a number that
    the group does not have, and what the ledger refuses.
    """
    if in_books and not FederationPayment.objects.filter(group=group, key=payment.key).exists():
        try:
            entry = finance.services.other_money_record(
                actor=actor, group=group, kind=OtherMoney.EXPENSE, amount=payment.amount,
                memo=_("Contribution to %s") % federation, on=payment.paid_on, key=payment.key,
            )  # fmt: skip
        except LedgerError as error:
            raise ValidationError({"amount": str(error)}) from error
        entry_number = entry.number
    elif entry_number is not None and not Entry.objects.filter(group=group, number=entry_number).exists():
        raise ValidationError({"entry_number": _("The group has no entry with this number.")})
    payment.entry_number = entry_number
    return groups.services.federation_payment_record(actor=actor, federation=federation, group=group, payment=payment)


@transaction.atomic
def contribution_take_back(*, actor: User, payment: FederationPayment, why: str) -> None:
    """Withdraw a payment, and reverse its entry where it was made with it; the number of another entry stays alone."""
    entry = Entry.objects.filter(group=payment.group, key=payment.key, reversed_by=None).first()
    groups.services.federation_record_withdraw(actor=actor, record=payment, why=why)
    if entry is not None:
        try:
            finance.services.entry_reverse(actor=actor, entry=entry, reason=why, key=uuid.uuid4())
        except LedgerError as error:
            raise ValidationError({"why": str(error)}) from error


@dataclass(frozen=True, slots=True)
class MemberGroup:
    """A group of a federation with its figures; of one that the person may not see there is the name alone."""

    membership: FederationMembership
    is_visible: bool
    standing: Standing | None
    stage: str

    @property
    def group(self) -> Group:
        """The group."""
        group: Group = self.membership.group
        return group


@dataclass(frozen=True, slots=True)
class FederationFigures:
    """The groups that belong to a federation, those that left, and what the visible ones add up to.

    `stages` are the names of the stages with how many of these groups stand there.
    """

    belonging: list[MemberGroup]
    left: list[FederationMembership]
    total: StandingTotal
    stages: list[tuple[int | None, str, int]]

    @property
    def hidden(self) -> int:
        """How many groups belong of which the person sees the names alone."""
        return sum(not row.is_visible for row in self.belonging)


def federation_figures(actor: User, federation: Federation, *, as_of: date) -> FederationFigures:
    """Return the groups of a federation on a day with figures of their latest snapshots; five statements."""
    memberships = list(selectors.memberships_of(federation))
    visible = set(
        Group.objects.visible_to(actor)
        .filter(federation_memberships__federation=federation)
        .values_list("pk", flat=True)
    )
    scheme, rules = next(iter(stages_in_use(federation.organisation_id).items()))
    names = {rule.rank: rule.name for rule in rules}
    is_on_day = {m.pk: m.started_on <= as_of and (m.ended_on is None or m.ended_on > as_of) for m in memberships}
    belonging = [membership for membership in memberships if is_on_day[membership.pk]]
    found = standings([m.group_id for m in belonging if m.group_id in visible], scheme=scheme)
    total = add_up(found.values())
    rows = [
        MemberGroup(m, m.group_id in visible, found.get(m.group_id), _stage_name(names, found.get(m.group_id)))
        for m in belonging
    ]
    stages = [(rank, _rank_name(names, rank), count) for rank, count in sorted(total.ranks.items(), key=_by_rank)]
    return FederationFigures(rows, [m for m in memberships if not is_on_day[m.pk]], total, stages)


def _by_rank(item: tuple[int | None, int]) -> int:
    return -1 if item[0] is None else item[0]


def _stage_name(names: dict[int, str], standing: Standing | None) -> str:
    return _rank_name(names, standing.rank if standing is not None else None)


def _rank_name(names: dict[int, str], rank: int | None) -> str:
    return _("Never assessed") if rank is None else names.get(rank, str(rank))
