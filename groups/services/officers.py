"""Officers are elected; an election recorded wrongly is put right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from groups.ending import require_alive
from groups.membership import outside_membership
from groups.models import (
    Group,
    Member,
    OfficerRole,
    OfficerTerm,
    User,
)
from groups.permissions import Capability, lock_group
from groups.selectors import correction_id
from groups.shared.clock import refuse_to_come, today_of


@transaction.atomic
def officers_elect(*, actor: User, group: Group, elected: Mapping[OfficerRole, Member], on: date) -> list[OfficerTerm]:
    """Put `elected` members into their offices from the day `on`; the earlier terms of these offices end then.

    Offices not in `elected` stay as they are. Returns the terms begun: none when the same election was recorded
    before. Errors name the office (`KETUA`, …) or `started_on`.
    """
    group = lock_group(actor, Capability.RECORD, group)
    require_alive(group, on, field="started_on")
    stored = group.members.in_bulk([member.pk for member in elected.values()])
    if len(stored) < len({member.pk for member in elected.values()}):
        raise ValidationError(_("This belongs to another group."))
    elected = {role: stored[member.pk] for role, member in elected.items()}
    terms = OfficerTerm.objects.filter(group=group)
    running = {OfficerRole(term.role): term for term in terms.filter(ended_on__isnull=True)}
    elected = {
        role: member
        for role, member in elected.items()
        if role not in running or (running[role].member_id, running[role].started_on) != (member.pk, on)
    }
    _check_election(group, elected, on, {r: term for r, term in running.items() if r not in elected})
    for role in elected:
        if role in running:
            running[role].ended_on = on
            running[role].save(update_fields=["ended_on"])
    # Of somebody who left since, the office ended with the membership.
    return [
        OfficerTerm.objects.create(
            group=group, member=member, role=role, started_on=on, ended_on=member.left_on, recorded_by=actor
        )
        for role, member in elected.items()
    ]


@transaction.atomic
def term_redate(
    *, actor: User, term: OfficerTerm, started_on: date, whole_election: bool, reason: str
) -> list[OfficerTerm]:
    """Correct the day on which an office began; whoever held it before holds it until then.

    With `whole_election` all terms of the group that began on the same day move together. Returns the terms moved,
    none when they begin on that day already. Errors name `started_on`.
    """
    group = lock_group(actor, Capability.RECORD, term.group)
    terms = _terms(group)
    chosen = [moved for moved in _of_election(term, terms, whole_election) if moved.started_on != started_on]
    if not chosen:
        return []
    is_earlier = started_on < chosen[0].started_on
    before = [earlier for moved in chosen if (earlier := _term_before(moved, terms)) is not None]
    for moved in chosen:
        moved.started_on = started_on
    for ended in before:
        ended.ended_on = _held_until(ended, started_on, terms)
    _check_redated(group, chosen, before, terms)
    # What gets shorter goes first: the database lets no two terms overlap, not even for a moment.
    with disable_auditlog():
        for changed in [*before, *chosen] if is_earlier else [*chosen, *before]:
            _log_term(actor, changed, LogEntry.Action.UPDATE, reason)
            changed.save(update_fields=["started_on", "ended_on"])
    return chosen


@transaction.atomic
def term_remove(*, actor: User, term: OfficerTerm, whole_election: bool, reason: str) -> None:
    """Remove a term that never was, with `whole_election` all that began on the same day; the audit log keeps it.

    Whoever held the office before holds it on, until leaving the group or taking another office.
    """
    group = lock_group(actor, Capability.RECORD, term.group)
    terms = _terms(group)
    chosen = _of_election(term, terms, whole_election)
    staying = [other for other in terms if other not in chosen]
    before = []
    for removed in reversed(chosen):
        held = _term_before(removed, terms)
        if held is not None:
            held.ended_on = _held_until(held, removed.ended_on, staying)
            before.append(held)
    with disable_auditlog():
        for removed in chosen:
            _log_term(actor, removed, LogEntry.Action.DELETE, reason)
            removed.delete()
        for held in before:
            if held in staying:
                _log_term(actor, held, LogEntry.Action.UPDATE, reason)
                held.save(update_fields=["ended_on"])


def _check_election(
    group: Group, elected: Mapping[OfficerRole, Member], on: date, staying: Mapping[OfficerRole, OfficerTerm]
) -> None:
    refuse_to_come(on, today_of(group), at="started_on")
    problems: dict[str, Any] = {}
    holders = {term.member_id: role for role, term in staying.items()}
    for role, member in elected.items():
        if message := outside_membership(member, on):
            problems[role.value] = message
        elif member.pk in holders:
            problems[role.value] = _("%(member)s holds the office of %(role)s; one person holds one office.") % {
                "member": member,
                "role": holders[member.pk].label,
            }
        holders[member.pk] = role
    touched = OfficerTerm.objects.filter(Q(role__in=elected) | Q(member__in=elected.values()), group=group)
    latest = touched.aggregate(latest=Max(Coalesce(F("ended_on"), F("started_on"))))["latest"]
    if latest is not None and on < latest:
        problems["started_on"] = _("A term of these offices or members began or ended after this date.")
    if problems:
        raise ValidationError(problems)


def _terms(group: Group) -> list[OfficerTerm]:
    return list(OfficerTerm.objects.filter(group=group).select_related("member").order_by("started_on", "pk"))


def _of_election(term: OfficerTerm, terms: list[OfficerTerm], whole_election: bool) -> list[OfficerTerm]:
    stored = next((other for other in terms if other == term), None)
    if stored is None:
        raise ValidationError(_("This term was removed meanwhile."))
    return [other for other in terms if other == stored or (whole_election and other.started_on == stored.started_on)]


def _term_before(term: OfficerTerm, terms: list[OfficerTerm]) -> OfficerTerm | None:
    """The term of the same office that ended with the election of `term`; `terms` go by their first day."""
    earlier = [other for other in terms[: terms.index(term)] if other.role == term.role]
    return earlier[-1] if earlier and earlier[-1].ended_on == term.started_on else None


def _held_until(term: OfficerTerm, successor_on: date | None, terms: list[OfficerTerm]) -> date | None:
    """The day `term` ends when its office is taken over on `successor_on`; None while it runs on."""
    later = [other.started_on for other in terms if other.member_id == term.member_id and other != term]
    ends = [successor_on, term.member.left_on, *(day for day in later if day >= (term.ended_on or term.started_on))]
    return min((day for day in ends if day is not None), default=None)


def _check_redated(
    group: Group, chosen: list[OfficerTerm], before: list[OfficerTerm], terms: list[OfficerTerm]
) -> None:
    on = chosen[0].started_on
    refuse_to_come(on, today_of(group), at="started_on")
    problems: list[str] = []
    for term in chosen:
        names = {"member": term.member, "role": term.get_role_display()}
        if term.member.joined_on > on:
            problems.append(outside_membership(term.member, on))
        elif not term.member.is_member_on(on) or (term.ended_on or date.max) < on:
            problems.append(_("%(member)s had left the office of %(role)s by this date.") % names)
    for term in terms:
        is_touched = any(
            other != term
            and (other.role == term.role or other.member_id == term.member_id)
            and other.started_on < (term.ended_on or date.max)
            and term.started_on < (other.ended_on or date.max)
            for other in chosen
        )
        if is_touched or (term in before and term.started_on > on):
            names = {"member": term.member, "role": term.get_role_display()}
            problems.append(_("%(member)s held the office of %(role)s on this date or took it later.") % names)
    if problems:
        raise ValidationError({"started_on": problems})


def _log_term(actor: User, term: OfficerTerm, action: int, reason: str) -> None:
    """Keep what a correction is about to change on `term`, and why; the audit log shows it beside the terms."""
    stored = OfficerTerm.objects.get(pk=term.pk)
    was = {"started_on": stored.started_on, "ended_on": stored.ended_on}
    is_removed = action == LogEntry.Action.DELETE
    now = dict.fromkeys(was) if is_removed else {"started_on": term.started_on, "ended_on": term.ended_on}
    changes = {name: [str(was[name]), str(now[name])] for name in was if was[name] != now[name]}
    if changes:
        LogEntry.objects.log_create(
            term,
            action=action,
            changes=changes,
            actor=actor,
            cid=correction_id(term.group_id),
            additional_data={
                "reason": reason,
                "member": str(term.member),
                "role": term.role,
                "was": [day and day.isoformat() for day in was.values()],
                "now": None if is_removed else [day and day.isoformat() for day in now.values()],
            },
        )
