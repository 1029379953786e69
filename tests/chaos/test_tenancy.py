"""Ids of another organisation in addresses, queries and forms, by every role: nothing is shown, nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Count, Max
from django.test import Client
from django.urls import reverse

from tests.chaos.forms import Form, forms_of, send
from tests.kelompok.test_access import MAY, ROUTES, World

ROLES = [role for role in MAY if role != "superuser"]
QUERIES = ("organisation", "facilitator", "region", "group", "member", "person", "instrument", "other", "q")


def marks_of(world: World) -> list[str]:
    """What names the world on a page."""
    return [
        f"/g/{world.group.code}/",
        world.group.name,
        world.group.organisation.name,
        world.people["facilitator"].username,
    ]


def ids_of(world: World) -> list[str]:
    """Ids of what belongs to the group, as forms send them."""
    group = world.group
    rows: list[Any] = [group.organisation, group, *world.people.values(), *group.members.all(), *group.loans.all()]
    rows += [*group.bank_accounts.all(), *group.surplus_divisions.all(), *group.meetings.all(), *group.moves.all()]
    return [str(row.pk) for row in rows]


def fingerprint(world: World) -> list[Any]:
    """How many rows of each model the group has and which is the newest, and its own row."""
    counts = [
        model._default_manager.filter(group=world.group).order_by().aggregate(Count("pk"), Max("pk"))
        for label in ("groups", "finance", "meetings", "assessment")
        for model in apps.get_app_config(label).get_models()
        if any(field.name == "group" for field in model._meta.concrete_fields)
    ]
    return [*counts, list(type(world.group).objects.filter(pk=world.group.pk).values())]


@pytest.mark.parametrize("role", ROLES)
def test_forms_with_ids_of_another_organisation_change_nothing_there(role, own, other, attempts):
    client = Client(raise_request_exception=False)
    client.force_login(own.people[role])
    forms = forms_of(own, client, list if attempts.is_large else lambda pages: attempts.rng.sample(pages, 8))
    foreign, marks, before = ids_of(other), marks_of(other), fingerprint(other)
    for _ in range(attempts.many(10, 1_500)):
        form = attempts.rng.choice(forms)
        values = {name: list(sent) for name, sent in form.values.items()}
        offered = [name for name, choices in form.choices.items() if any(choice.isdigit() for choice in choices)]
        for name in offered or sorted(values):
            values[name] = [attempts.rng.choice(foreign)]
        swapped = Form(form.action, form.method)
        answer, after = send(client, swapped, values, then=lambda: fingerprint(other))
        what = f"{role} {form.method} {form.action} {str(values)[:300]}: {answer.status}"
        attempts.check(answer.status < 500, what)
        attempts.check(not any(mark in answer.text for mark in marks), f"{what} names it")
        attempts.check(after in (None, before), f"{what} wrote {sorted(answer.wrote)}")
    assert attempts.failures == []


@pytest.mark.parametrize("role", ROLES)
def test_addresses_with_ids_of_another_organisation_show_nothing_of_it(role, own, other, attempts):
    client = Client(raise_request_exception=False)
    client.force_login(own.people[role])
    marks, foreign = marks_of(other), ids_of(other)
    tried = list(ROUTES.items())
    for name, route in tried if attempts.is_large else attempts.rng.sample(tried, 6):
        mixed = [route.objects(other) | ({"code": own.group.code} if route.of_group else {})]
        if route.of_group:
            mixed.append(route.objects(own) | {"code": other.group.code})
        for kwargs in mixed:
            query = {key: attempts.rng.choice(foreign) for key in QUERIES[:-1]}
            for method in ("get", "post"):
                form = Form(reverse(name, kwargs=kwargs), method)
                answer, _seen = send(client, form, {key: [value] for key, value in query.items()})
                what = f"{role} {method} {form.action} {query}: {answer.status}"
                attempts.check(answer.status < 500, what)
                if other.group.code in form.action:
                    attempts.check(answer.status in {404, 405}, what)
                else:
                    attempts.check(not any(mark in answer.text for mark in marks), f"{what} names it")
    assert attempts.failures == []
