"""Every write to groups, members, offices and rules.

Each service checks its actor and raises `PermissionDenied`; what a person can put right is a `ValidationError`
with its message at the field. Groups and members come in unsaved, as a form or a command made them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import (
    Constitution,
    FacilitatorAssignment,
    Group,
    GroupStatus,
    GroupStatusChange,
    Member,
    OfficerRole,
    OfficerTerm,
    Role,
    User,
)
from groups.permissions import Capability, lock_group, require
from groups.selectors import correction_id

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U: codes are read aloud and copied by hand."""
CODE_LENGTH = 6
GROUP_PROFILE = (
    "name", "kind", "status", "founded_on", "village", "place", "meeting_every", "meeting_weekday", "meeting_week",
    "bank_name", "bank_account_number", "bank_signatories",
)  # fmt: skip
MEMBER_PROFILE = ("name", "gender", "birth_year", "phone", "nik", "joined_on")
RULES = (
    "agreed_on", "agreed_in_meeting", "aims", "pokok", "wajib", "social", "fine_late", "fine_absent", "loan_rate",
    "loan_method", "loan_max_periods", "loan_ceiling", "loan_round_up_to", "loan_ladder", "loan_savings_times",
    "fine_late_instalment", "fine_first", "payoff_fee", "sukarela_minimum", "share_savings", "share_borrowing",
    "share_reserve", "share_officers", "share_social", "share_other", "savings_base", "borrowing_base",
)  # fmt: skip


@transaction.atomic
def group_register(*, actor: User, group: Group) -> Group:
    """Register an unsaved group in the actor's organisation, with a code and a first, empty set of rules.

    A facilitator is assigned to it. The same `group.key` sent twice returns the group it made, and raises `FormUsed`
    with another profile.
    """
    require(actor, Capability.RECORD)
    if actor.organisation is None:
        raise ValidationError(_("You belong to no organisation, so there is nowhere to register the group."))
    # One person's submits queue up here: there is no group yet to lock.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    earlier = Group.objects.filter(key=group.key, recorded_by=actor).first()
    if earlier is not None:
        _refuse_other(earlier, group, GROUP_PROFILE)
        return earlier
    group.organisation = actor.organisation
    group.recorded_by = actor
    group.code = _new_code()
    group.full_clean()
    group.save()
    group.rules = Constitution.objects.create(group=group, version=1, agreed_on=group.founded_on, recorded_by=actor)
    group.save(update_fields=["rules"])
    if actor.role == Role.FACILITATOR:
        FacilitatorAssignment.objects.create(group=group, facilitator=actor, started_on=timezone.localdate())
    return group


@transaction.atomic
def group_update(*, actor: User, group: Group, status_on: date | None = None, status_reason: str = "") -> Group:
    """Save the changed profile of a group; nothing else of it is touched.

    A changed status is written down with its day, by default today, and its reason: see `group_status_change`.
    """
    lock_group(actor, Capability.RECORD, group)
    group.full_clean(exclude=_except(Group, GROUP_PROFILE))
    group_status_change(
        actor=actor,
        group=group,
        status=GroupStatus(group.status),
        on=status_on or timezone.localdate(),
        reason=status_reason,
    )
    group.save(update_fields=GROUP_PROFILE)
    return group


@transaction.atomic
def group_status_change(
    *, actor: User, group: Group, status: GroupStatus, on: date, reason: str
) -> GroupStatusChange | None:
    """Let a group fall asleep, end or come back to life from the day `on`, and write down why.

    Returns None where the group has the status already. Raises `ValidationError` without a reason for an end or a
    sleep, and for a day to come or before the group.
    """
    stored = lock_group(actor, Capability.RECORD, group)
    if stored.status == status:
        return None
    if status != GroupStatus.ACTIVE and not reason.strip():
        raise ValidationError({"status_reason": _("Write why the group is no longer active.")})
    if on > timezone.localdate():
        raise ValidationError({"status_on": _("This date is in the future.")})
    if on < group.founded_on:
        raise ValidationError({"status_on": _("The group did not exist yet on this date.")})
    change = GroupStatusChange.objects.create(
        group=stored,
        from_status=stored.status,
        to_status=status,
        changed_on=on,
        reason=reason.strip(),
        recorded_by=actor,
    )
    stored.status = status
    stored.save(update_fields=["status"])
    return change


@transaction.atomic
def member_register(*, actor: User, group: Group, member: Member) -> Member:
    """Register an unsaved member under the group's next number; the same `member.key` twice is one member.

    Raises `FormUsed` if the key came with another profile before.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = Member.objects.filter(group=group, key=member.key).first()
    if earlier is not None:
        _refuse_other(earlier, member, MEMBER_PROFILE)
        return earlier
    last = Member.objects.filter(group=group).aggregate(last=Max("number"))["last"] or 0
    member.group = group
    member.number = last + 1
    member.recorded_by = actor
    _refuse_taken_nik(member)
    member.full_clean()
    member.save()
    return member


@transaction.atomic
def member_update(*, actor: User, member: Member) -> Member:
    """Save the changed profile of a member."""
    lock_group(actor, Capability.RECORD, member.group)
    _refuse_taken_nik(member)
    member.full_clean(exclude=_except(Member, MEMBER_PROFILE))
    first_office = OfficerTerm.objects.filter(member=member).order_by("started_on").first()
    if first_office is not None and first_office.started_on < member.joined_on:
        raise ValidationError({"joined_on": _("The member took an office before this date.")})
    if member.left_on is not None and member.left_on < member.joined_on:
        raise ValidationError({"joined_on": _("The member left before this date.")})
    member.save(update_fields=MEMBER_PROFILE)
    return member


@transaction.atomic
def member_leave(*, actor: User, member: Member, left_on: date) -> Member:
    """Let a member leave the group on a day not later than today; offices the member holds end with it.

    A second leaving changes nothing and returns the member as first left.
    """
    lock_group(actor, Capability.RECORD, member.group)
    member.refresh_from_db()
    if member.left_on is not None:
        return member
    if left_on > timezone.localdate():
        raise ValidationError({"left_on": _("This date is in the future.")})
    if left_on < member.joined_on:
        raise ValidationError({"left_on": _("The member joined after this date.")})
    running = OfficerTerm.objects.filter(member=member, ended_on__isnull=True)
    if running.filter(started_on__gt=left_on).exists():
        raise ValidationError({"left_on": _("The member took an office after this date.")})
    for term in running:
        term.ended_on = left_on
        term.save(update_fields=["ended_on"])
    member.left_on = left_on
    member.save(update_fields=["left_on"])
    return member


@transaction.atomic
def member_leave_undo(*, actor: User, member: Member) -> Member:
    """Take back a leaving recorded by mistake; the offices that ended with it stay ended."""
    lock_group(actor, Capability.RECORD, member.group)
    member.left_on = None
    _refuse_taken_nik(member)
    member.save(update_fields=["left_on"])
    return member


@transaction.atomic
def constitution_adopt(*, actor: User, group: Group, constitution: Constitution) -> Constitution:
    """Make an unsaved constitution the group's rules in force; earlier versions stay as they are.

    `constitution.version` is the number the writer saw as next: rules adopted by somebody else meanwhile are
    refused under the field `version`, and the same rules sent twice return the version they made.
    """
    group = lock_group(actor, Capability.RECORD, group)
    earlier = Constitution.objects.filter(group=group, version__gte=constitution.version).first()
    if earlier is not None:
        if earlier.recorded_by_id == actor.pk and all(
            getattr(earlier, rule) == getattr(constitution, rule) for rule in RULES
        ):
            return earlier
        raise ValidationError({"version": _("Somebody changed the rules meanwhile. Look at them, then save again.")})
    if constitution.agreed_on > timezone.localdate():
        raise ValidationError({"agreed_on": _("This date is in the future.")})
    if constitution.agreed_on < group.founded_on:
        raise ValidationError({"agreed_on": _("The group did not exist yet on this date.")})
    if group.rules is not None and constitution.agreed_on < group.rules.agreed_on:
        raise ValidationError({"agreed_on": _("The rules in force were agreed after this date.")})
    latest = Constitution.objects.filter(group=group).aggregate(last=Max("version"))["last"] or 0
    constitution.group = group
    constitution.version = latest + 1
    constitution.recorded_by = actor
    constitution.full_clean()
    constitution.save()
    group.rules = constitution
    group.save(update_fields=["rules"])
    return constitution


@transaction.atomic
def officers_elect(*, actor: User, group: Group, elected: Mapping[OfficerRole, Member], on: date) -> list[OfficerTerm]:
    """Put `elected` members into their offices from the day `on`; the earlier terms of these offices end then.

    Offices not in `elected` stay as they are. Returns the terms begun: none when the same election was recorded
    before. Errors name the office (`KETUA`, …) or `started_on`.
    """
    group = lock_group(actor, Capability.RECORD, group)
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
    return [
        OfficerTerm.objects.create(group=group, member=member, role=role, started_on=on, recorded_by=actor)
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
    before = [found for moved in chosen if (found := _term_before(moved, terms)) is not None]
    for moved in chosen:
        moved.started_on = started_on
    for ended in before:
        ended.ended_on = _held_until(ended, started_on, terms)
    _check_redated(chosen, before, terms)
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


@transaction.atomic
def facilitator_assign(*, actor: User, group: Group, facilitator: User, started_on: date) -> FacilitatorAssignment:
    """Give a facilitator of the group's organisation access to the group from `started_on`."""
    group = lock_group(actor, Capability.CONFIGURE, group)
    running = FacilitatorAssignment.objects.filter(group=group, facilitator=facilitator, ended_on__isnull=True)
    earlier = running.first()
    if earlier is not None:
        return earlier
    assignment = FacilitatorAssignment(group=group, facilitator=facilitator, started_on=started_on)
    assignment.full_clean()
    assignment.save()
    return assignment


@transaction.atomic
def assignment_end(*, actor: User, assignment: FacilitatorAssignment, ended_on: date) -> FacilitatorAssignment:
    """End an assignment: from the day `ended_on` the facilitator sees the group no more."""
    lock_group(actor, Capability.CONFIGURE, assignment.group)
    if ended_on < assignment.started_on:
        raise ValidationError({"ended_on": _("An assignment cannot end before it starts.")})
    assignment.ended_on = ended_on
    assignment.save(update_fields=["ended_on"])
    return assignment


def _check_election(
    group: Group, elected: Mapping[OfficerRole, Member], on: date, staying: Mapping[OfficerRole, OfficerTerm]
) -> None:
    problems: dict[str, Any] = {}
    if on > timezone.localdate():
        problems["started_on"] = _("This date is in the future.")
    holders = {term.member_id: role for role, term in staying.items()}
    current = set(Member.objects.filter(group=group, left_on__isnull=True).values_list("pk", flat=True))
    for role, member in elected.items():
        if member.pk not in current:
            problems[role.value] = _("Choose somebody who is a member of the group now.")
        elif member.joined_on > on:
            problems[role.value] = _("%(member)s joined after the election.") % {"member": member}
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


def _check_redated(chosen: list[OfficerTerm], before: list[OfficerTerm], terms: list[OfficerTerm]) -> None:
    on = chosen[0].started_on
    problems = [_("This date is in the future.")] if on > timezone.localdate() else []
    for term in chosen:
        names = {"member": term.member, "role": term.get_role_display()}
        if term.member.joined_on > on:
            problems.append(_("%(member)s joined after the election.") % names)
        if (term.member.left_on or date.max) < on or (term.ended_on or date.max) < on:
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
                "member": term.member.name,
                "role": term.role,
                "was": [day and day.isoformat() for day in was.values()],
                "now": None if is_removed else [day and day.isoformat() for day in now.values()],
            },
        )


def _refuse_taken_nik(member: Member) -> None:
    others = Member.objects.filter(group=member.group, left_on__isnull=True).exclude(pk=member.pk)
    if member.nik and member.left_on is None and others.filter(nik=member.nik).exists():
        raise ValidationError({"nik": _("Another member of this group has this NIK.")})


def _new_code() -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))
        if not Group.objects.filter(code=code).exists():
            return code


def _except(model: type[Group] | type[Member], fields: tuple[str, ...]) -> set[str]:
    return {field.name for field in model._meta.fields} - set(fields)


class FormUsed(ValidationError):
    """A form that was sent before comes again with other words in it; to be recorded it needs a new key."""


def _refuse_other(earlier: Group | Member, sent: Group | Member, profile: Sequence[str]) -> None:
    if any(getattr(earlier, name) != getattr(sent, name) for name in profile):
        recorded = _("%(name)s was recorded with this form already, and stays as it is.") % {"name": earlier}
        raise FormUsed([recorded, _("To record what stands here now as well, send it once more.")])
