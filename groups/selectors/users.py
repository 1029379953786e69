"""People who sign in, by what they are called."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from groups.models import PERSON_FIELDS, Group, Role, User, person_name


def people_named(ids: Iterable[int]) -> dict[int, str]:
    """Return what people are called, by id, in one statement."""
    return names_of(User.objects.filter(pk__in=set(ids)))


def names_of(people: QuerySet[User]) -> dict[int, str]:
    """Return what `people` are called, by id, without making an object of each: there may be hundreds."""
    rows = people.order_by(*PERSON_FIELDS).values_list("pk", *PERSON_FIELDS)
    return {pk: person_name(*parts) for pk, *parts in rows}


def colleagues(group: Group) -> QuerySet[User]:
    """Return who works for the organisation of a group: all who sign in but the officers of groups."""
    people = User.objects.filter(organisation_id=group.organisation_id, is_active=True).exclude(role=Role.OFFICER)
    return people.order_by(*PERSON_FIELDS)
