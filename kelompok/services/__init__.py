"""Use cases that span apps; each owns the transaction that keeps their records together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

import finance.selectors
import finance.services
import groups.services
import meetings.selectors
from finance.models import AccountKind
from groups.models import Constitution, Group, MeetingMove, MeetingRhythm, Member, User
from groups.permissions import Capability, lock_group
from groups.records import recorded_days_of_member
from groups.shared.clock import today_of


@transaction.atomic
def member_leave(
    *, actor: User, member: Member, left_on: date, key: uuid.UUID, source: AccountKind = AccountKind.CASH
) -> Member:
    """Let a member leave: loans are paid from the savings, the rest is paid out, offices and membership end.

    Whoever left before with money open is settled only. Raises `ValidationError` for a day that cannot be, and what
    `finance.services.member_settle` raises.
    """
    lock_group(actor, Capability.RECORD, member.group)
    check_leaving_day(member, left_on)
    member = groups.services.member_leave(actor=actor, member=member, left_on=left_on)
    if not finance.selectors.money_at_leaving(member, as_of=left_on).is_settled:
        finance.services.member_settle(
            actor=actor, group=member.group, member=member, on=left_on, key=key, source=source
        )
    return member


def check_leaving_day(member: Member, left_on: date) -> None:
    """Raise `ValidationError` at `left_on` where minutes or ledger know the member still after that day."""
    last = recorded_days_of_member(member).last
    if member.left_on is None and last is not None and left_on < last:
        raise ValidationError({"left_on": _("This member is in the records until %s.") % date_format(last)})


@transaction.atomic
def member_leave_undo(
    *, actor: User, member: Member, key: uuid.UUID, reverse: bool = False, reason: str = ""
) -> Member:
    """Take back a leaving recorded by mistake; with `reverse`, for no money was really paid out, its settlement too."""
    lock_group(actor, Capability.RECORD, member.group)
    settlement = finance.selectors.settlement_of(member)
    member = groups.services.member_leave_undo(actor=actor, member=member)
    if settlement is not None and reverse:
        finance.services.entry_reverse(actor=actor, entry=settlement, reason=reason, key=key)
    return member


@dataclass(frozen=True, slots=True)
class RulesAdopted:
    """New rules, and by member what they changed about the wajib missed by today: rupiah, below zero for less."""

    rules: Constitution
    missed_wajib: dict[int, int]


@transaction.atomic
def constitution_adopt(*, actor: User, group: Group, constitution: Constitution) -> RulesAdopted:
    """Write down an unsaved constitution, and see what its day makes of the wajib that members missed.

    Rules of a past day say anew what was asked for since. Raises what `groups.services.constitution_adopt` raises.
    """
    group = lock_group(actor, Capability.RECORD, group)
    before = _missed_wajib(group)
    rules = groups.services.constitution_adopt(actor=actor, group=group, constitution=constitution)
    after = _missed_wajib(group)
    changed = {pk: after.get(pk, 0) - before.get(pk, 0) for pk in {**before, **after}}
    return RulesAdopted(rules, {pk: amount for pk, amount in changed.items() if amount})


def _missed_wajib(group: Group) -> dict[int, int]:
    return {pk: owed.wajib for pk, owed in finance.selectors.owed(group, as_of=today_of(group)).items()}


@transaction.atomic
def rhythm_adopt(*, actor: User, group: Group, rhythm: MeetingRhythm) -> MeetingRhythm:
    """Let an unsaved rhythm count from its day on, and what is due at meetings follow it.

    Raises what `groups.services.rhythm_adopt` raises.
    """
    rhythm = groups.services.rhythm_adopt(actor=actor, group=group, rhythm=rhythm)
    finance.services.due_days_follow(actor=actor, group=group, since=rhythm.agreed_from)
    return rhythm


@transaction.atomic
def rhythm_withdraw(*, actor: User, rhythm: MeetingRhythm) -> MeetingRhythm:
    """Take back a rhythm recorded by mistake, and what followed it; see `groups.services.rhythm_withdraw`."""
    rhythm = groups.services.rhythm_withdraw(actor=actor, rhythm=rhythm)
    finance.services.due_days_follow(actor=actor, group=rhythm.group, since=rhythm.agreed_from)
    return rhythm


@transaction.atomic
def meeting_move(*, actor: User, group: Group, planned_on: date, moved_to: date | None, reason: str) -> MeetingMove:
    """Move the meeting agreed for `planned_on` to another day, None for "does not take place", with what is due at it.

    Raises `ValidationError` at `moved_to` for a day before the last closed meeting, and what
    `groups.services.move_record` raises.
    """
    group = lock_group(actor, Capability.RECORD, group)
    last = meetings.selectors.last_held_on(Group.objects.filter(pk=group.pk), as_of=date.max).get(group.pk)
    if moved_to is not None and last is not None and moved_to < last:
        raise ValidationError({"moved_to": _("The meeting of %s is recorded already.") % date_format(last)})
    move = groups.services.move_record(
        actor=actor, group=group, planned_on=planned_on, moved_to=moved_to, reason=reason
    )
    finance.services.due_days_move(actor=actor, group=group, planned_on=planned_on, moved_to=moved_to)
    return move


@transaction.atomic
def meeting_move_withdraw(*, actor: User, move: MeetingMove) -> MeetingMove:
    """Take a meeting that was moved or called off back to its agreed day, with what is due at it."""
    group = lock_group(actor, Capability.RECORD, move.group)
    was_valid = MeetingMove.objects.valid().filter(pk=move.pk).exists()
    move = groups.services.move_withdraw(actor=actor, move=move)
    if was_valid and move.moved_to is None:
        finance.services.due_days_return(actor=actor, group=group, planned_on=move.planned_on)
    elif was_valid and move.moved_to is not None:
        finance.services.due_days_move(actor=actor, group=group, planned_on=move.moved_to, moved_to=move.planned_on)
    return move


@dataclass(frozen=True, slots=True)
class MoveRefused:
    """A meeting that could not be moved, and why."""

    group: Group
    why: str


def meetings_move(
    *, actor: User, planned: Iterable[tuple[Group, date, date | None]], reason: str
) -> tuple[list[MeetingMove], list[MoveRefused]]:
    """Move meetings of several groups, each (group, agreed day, new day or None); of each group all or none.

    Returns what was moved, and the groups of which nothing was.
    """
    moved: list[MeetingMove] = []
    refused: list[MoveRefused] = []
    by_group: dict[int, list[tuple[Group, date, date | None]]] = {}
    for row in planned:
        by_group.setdefault(row[0].pk, []).append(row)
    for rows in by_group.values():
        # A day that one of the meetings leaves is free for the one that comes there.
        later = rows[0][2] is not None and rows[0][2] > rows[0][1]
        rows.sort(key=lambda row: row[1], reverse=later)
        try:
            with transaction.atomic():
                made = [
                    meeting_move(actor=actor, group=group, planned_on=planned_on, moved_to=moved_to, reason=reason)
                    for group, planned_on, moved_to in rows
                ]
        except ValidationError as error:
            refused.append(MoveRefused(rows[0][0], " ".join(error.messages)))
        else:
            moved += made
    return moved, refused
