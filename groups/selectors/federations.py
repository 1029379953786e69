"""Federations of groups on a day: who belongs, who holds which office, what each group owes of its contributions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from groups.models import (
    ContributionEvery,
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Group,
    User,
)
from groups.records import RecordedDays, spanning
from groups.shared.folding import fold


def federations_find(actor: User, *, as_of: date, words: str = "") -> QuerySet[Federation]:
    """Return the federations `actor` may see, with their place and `group_count`, the groups that belong on a day."""
    federations = Federation.objects.visible_to(actor)
    if words:
        federations = federations.filter(name_key__contains=fold(words)) if fold(words) else federations.none()
    belonging = FederationMembership.objects.effective(as_of).filter(federation=OuterRef("pk")).order_by()
    counted = belonging.values("federation").annotate(count=Count("pk")).values("count")
    return federations.select_related("region__parent__parent__parent").annotate(
        group_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    )


def federation_of(group: Group, *, as_of: date) -> FederationMembership | None:
    """Return the membership of a group on a day, with the federation; None where it belongs to none."""
    return FederationMembership.objects.effective(as_of).filter(group=group).select_related("federation").first()


def memberships_of(federation: Federation) -> QuerySet[FederationMembership]:
    """Return all memberships of a federation, by the names of the groups, each with its group and the organisation."""
    return federation.memberships.select_related("group__organisation", "group__village").order_by(
        "group__name", "group", "started_on"
    )


def groups_that_may_join(federation: Federation, *, as_of: date) -> QuerySet[Group]:
    """Return the groups of the organisation that belong to no federation and were not dissolved."""
    belonging = FederationMembership.objects.filter(ended_on__isnull=True).values("group")
    return (
        Group.objects.filter(organisation=federation.organisation_id).exclude(pk__in=belonging).order_by("name", "pk")
    )


def federation_officers(federation: Federation) -> QuerySet[FederationOfficer]:
    """Return all terms of office in a federation, the running ones first, each with the member and the group."""
    officers = FederationOfficer.objects.filter(federation=federation).select_related("member", "group")
    return officers.order_by("-started_on", "-pk")


def federation_meetings(federation: Federation) -> QuerySet[FederationMeeting]:
    """Return the meetings of a federation, the latest first, with the groups that were there; two statements."""
    present = FederationAttendance.objects.select_related("group").order_by("group__name", "group")
    meetings = federation.meetings.select_related("recorded_by", "withdrawn_by")
    return meetings.prefetch_related(Prefetch("attendances", present)).order_by("-held_on", "-pk")


def federation_contacts(federation: Federation) -> QuerySet[FederationContact]:
    """Return what a federation did with partners, the latest first."""
    return federation.contacts.select_related("partner", "recorded_by", "withdrawn_by").order_by("-held_on", "-pk")


def federation_payments(federation: Federation) -> QuerySet[FederationPayment]:
    """Return what groups paid, the latest first, with the groups; withdrawn payments too."""
    payments = federation.payments.select_related("group__organisation", "recorded_by", "withdrawn_by")
    return payments.order_by("-paid_on", "-pk")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a group was to contribute to its federation up to a day, and what it paid, in rupiah."""

    due: int
    paid: int

    @property
    def left(self) -> int:
        """What is still owed; below zero what was paid ahead."""
        return self.due - self.paid


def contributions_due(
    agreed: Sequence[FederationContribution], memberships: Iterable[FederationMembership], *, as_of: date
) -> dict[int, int]:
    """Return by group what fell due up to a day: on the first day of each month or year in which it belonged.

    In the month or year in which something was agreed it falls due on the day it counts from, unless something fell due
    in that month or year before: then it begins with the next. `agreed` are all contributions of the federation; each
    counts until the next one's day.
    """
    days = list(_due_days(agreed, as_of))
    due: dict[int, int] = defaultdict(int)
    for membership in memberships:
        due[membership.group_id] += sum(
            amount
            for day, amount in days
            if membership.started_on <= day and (membership.ended_on is None or day < membership.ended_on)
        )
    return due


def _due_days(agreed: Sequence[FederationContribution], as_of: date) -> Iterator[tuple[date, int]]:
    ordered = sorted(agreed, key=lambda one: (one.agreed_from, one.pk))
    nothing_due_before = date.min
    for place, contribution in enumerate(ordered):
        following = ordered[place + 1].agreed_from if place + 1 < len(ordered) else date.max
        day = contribution.agreed_from
        while day <= as_of and day < following:
            next_day = _begin_of_next(day, contribution.every)
            if day >= nothing_due_before:
                yield day, contribution.amount
                nothing_due_before = next_day
            day = next_day


def _begin_of_next(day: date, every: str) -> date:
    """Return the first day of the month, or of the year, after that of a day."""
    if every == ContributionEvery.YEAR or day.month == 12:
        return date(day.year + 1, 1, 1)
    return date(day.year, day.month + 1, 1)


def contributions_of(
    federation: Federation, memberships: Sequence[FederationMembership], *, as_of: date
) -> dict[int, Contribution]:
    """Return by group what it was to contribute up to a day and what it paid by then, in two statements."""
    due = contributions_due(list(federation.contributions.all()), memberships, as_of=as_of)
    payments = FederationPayment.objects.valid().filter(federation=federation, paid_on__lte=as_of).order_by()
    paid = dict(payments.values_list("group").annotate(Sum("amount")))
    return {group: Contribution(due.get(group, 0), paid.get(group, 0)) for group in {*due, *paid}}


def federation_days(group: Group) -> RecordedDays:
    """Return the first and the last day on which a federation's records name the group."""
    days = []
    for rows, fields in (
        (FederationMembership.objects.filter(group=group), ("started_on", "ended_on")),
        (FederationPayment.objects.valid().filter(group=group), ("paid_on", "paid_on")),
    ):
        found = rows.order_by().values_list(*fields)
        known = [day for row in found for day in row if day is not None]
        days.append(RecordedDays(min(known, default=None), max(known, default=None)))
    return spanning(days)
