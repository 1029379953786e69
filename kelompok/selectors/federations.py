"""The groups of a federation with what they add up to, from the snapshots of the app that assesses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from assessment.instruments import stages_in_use
from assessment.selectors.standings import Standing, StandingTotal, add_up, standings
from groups import selectors
from groups.models import Federation, FederationMembership, Group, User


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
