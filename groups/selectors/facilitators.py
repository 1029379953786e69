"""Who accompanies a group, and who could."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from groups.models import FacilitatorAssignment, Group, Role, User
from groups.selectors.users import names_of


def facilitator_options(actor: User) -> list[tuple[str, str]]:
    """Return the id and the name of the facilitators of the actor's organisation, of all for a superuser.

    Those who ever accompanied a group belong to them also when they do not work any more: earlier months were theirs.
    Of those who accompanied none that the actor may see nothing is said.
    """
    assignments = FacilitatorAssignment.objects.filter(facilitator=OuterRef("pk"))
    accompanied = Exists(assignments.filter(group__in=Group.objects.visible_to(actor).values("pk")))
    free = Q(~Exists(assignments), role=Role.FACILITATOR, is_active=True)
    people = User.objects.filter(accompanied | free)
    if not actor.is_superuser:
        people = people.filter(organisation=actor.organisation_id)
    return [(str(pk), name) for pk, name in names_of(people).items()]


def effective_assignments(group: Group, *, as_of: date) -> QuerySet[FacilitatorAssignment]:
    """Return the assignments that give facilitators access on the day `as_of`."""
    return group.assignments.effective(as_of).select_related("facilitator").order_by("started_on", "pk")


def free_facilitators(group: Group) -> QuerySet[User]:
    """Return the facilitators of the group's organisation who are not assigned to it."""
    busy = group.assignments.filter(ended_on__isnull=True).values("facilitator_id")
    return User.objects.filter(organisation_id=group.organisation_id, role=Role.FACILITATOR, is_active=True).exclude(
        pk__in=busy
    )
