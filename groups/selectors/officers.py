"""Terms of office, and what was corrected in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from auditlog.models import LogEntry
from django.db.models import (
    Case,
    Count,
    F,
    QuerySet,
    When,
)

from groups.models import Group, Member, OfficerRole, OfficerTerm
from groups.models.member import OfficerTermQuerySet


def offices_held(groups: QuerySet[Group], as_of: date) -> dict[int, int]:
    """Return by group how many of the offices somebody held on a day, in one statement."""
    held = OfficerTerm.objects.effective(as_of).filter(group__in=groups.order_by())
    return dict(held.order_by().values_list("group").annotate(Count("role", distinct=True)))


def officer_terms(group: Group) -> OfficerTermQuerySet:
    """Return all terms of all offices, running ones first, then the latest, each day's in order of office."""
    office = Case(*(When(role=role, then=number) for number, role in enumerate(OfficerRole)))
    return group.officer_terms.select_related("member").order_by(
        F("ended_on").desc(nulls_first=True), F("started_on").desc(), office
    )


def terms_in_order(people: Iterable[Member]) -> list[OfficerTerm]:
    """Return the `offices` of `people`, of `members_of`, as `officer_terms` orders them, each with its member."""
    terms: list[OfficerTerm] = []
    for member in people:
        for term in vars(member)["offices"]:
            term.member = member
            terms.append(term)
    return sorted(terms, key=_order)


def _order(term: OfficerTerm) -> tuple[int, int, int]:
    ended = 0 if term.ended_on is None else date.max.toordinal() - term.ended_on.toordinal() + 1
    return ended, -term.started_on.toordinal(), [role.value for role in OfficerRole].index(term.role)


@dataclass(frozen=True, slots=True)
class Term:
    """The first and the last day of a term; no last day while it runs."""

    started_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class TermCorrection:
    """A term put right after its election; with its days before and after, `now` None for a removed term."""

    term_id: int
    member: str
    role: str
    was: Term
    now: Term | None
    reason: str
    by: str
    at: datetime


def correction_id(group_id: int) -> str:
    """Return the correlation id under which the audit log keeps the corrected terms of a group."""
    return f"officer-terms-{group_id}"


def term_corrections(group: Group) -> list[TermCorrection]:
    """Return what was corrected in the terms of office, the latest first."""
    entries = LogEntry.objects.filter(cid=correction_id(group.pk)).select_related("actor").order_by("-pk")
    return [
        TermCorrection(
            term_id=entry.object_id,
            member=entry.additional_data["member"],
            role=str(OfficerRole(entry.additional_data["role"]).label),
            was=_days(entry.additional_data["was"]),
            now=_days(entry.additional_data["now"]) if entry.additional_data["now"] else None,
            reason=entry.additional_data["reason"],
            by=str(entry.actor or entry.actor_email or ""),
            at=entry.timestamp,
        )
        for entry in entries
    ]


def _days(written: list[str | None]) -> Term:
    started_on, ended_on = (day and date.fromisoformat(day) for day in written)
    assert started_on
    return Term(started_on, ended_on or None)
