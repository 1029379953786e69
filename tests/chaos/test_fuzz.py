"""Malformed values in every field of every form: refused in words, never an error, and nothing half-written."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from finance.ledger.verify import mismatches
from tests.chaos.forms import MALFORMED, Form, forms_of, send

FINE = {200, 302, 400, 403, 404, 405, 409, 413, 422}


def spoil(form: Form, foreign: list[str], rng) -> dict[str, list[str]]:
    """What a browser would send, with one to three fields malformed, of other people, repeated or left out."""
    values = {name: list(sent) for name, sent in form.values.items()}
    names = sorted(form.values | form.choices) or ["x"]
    for name in rng.sample(names, min(len(names), rng.randint(1, 3))):
        match rng.randrange(6):
            case 0:
                values.pop(name, None)
            case 1:
                values[name] = [rng.choice(MALFORMED), *values.get(name, []), rng.choice(MALFORMED)]
            case 2:
                values[name] = [rng.choice(foreign)]
            case 3 if form.choices.get(name):
                values[name] = [rng.choice(form.choices[name])]
            case _:
                values[name] = [rng.choice(MALFORMED)]
    return values


def foreign_ids(world) -> list[str]:
    group = world.group
    rows = (group, world.member, world.people["facilitator"], group.loans.first(), group.organisation, world.closed)
    return [str(row.pk) for row in rows if row is not None]


def test_no_form_stumbles_over_what_it_is_sent(own, other, attempts):
    client = Client(raise_request_exception=False)
    client.force_login(own.people["admin"])
    # The share-out of this world was made by hand and moved nothing.
    forms = [form for form in forms_of(own, client) if not re.search("/share-out/.*/reverse/", form.action)]
    foreign = foreign_ids(other)
    assert len(forms) > 100, forms
    known = list(mismatches())  # rows that the world has by hand
    for number in range(attempts.many(150, 15_000)):
        form = forms[number % len(forms)] if attempts.is_large else attempts.rng.choice(forms)
        values = spoil(form, foreign, attempts.rng)
        answer, wrong = send(client, form, values, then=lambda: list(mismatches()))
        what = f"{form.method} {form.action} {str(values)[:400]}: {answer.status}"
        attempts.check(answer.status in FINE, what)
        if answer.status != 302:
            attempts.check(not answer.wrote, f"{what} wrote {sorted(answer.wrote)}")
        elif answer.wrote:
            # A count of a period that is closed is held against nothing any more: what is wrong by hand may go.
            attempts.check(not [one for one in wrong if one not in known], f"{what}: {wrong}")
    assert attempts.failures == []


def test_no_page_of_the_admin_stumbles_over_its_address(own, attempts):
    client = Client(raise_request_exception=False)
    client.force_login(own.people["admin"])
    pages = [reverse(f"admin:groups_{model}_changelist") for model in ("group", "member", "user", "officerterm")]
    names = [
        "q",
        "p",
        "o",
        "e",
        "all",
        "kind",
        "kind__exact",
        "group__organisation__id__exact",
        "_to_field",
        "_popup",
        "x",
    ]
    for _ in range(attempts.many(40, 2_000)):
        query = {name: attempts.rng.choice(MALFORMED[:-8]) for name in attempts.rng.sample(names, 2)}
        status = client.get(attempts.rng.choice(pages), query).status_code
        attempts.check(status in FINE, f"{query}: {status}")
    assert attempts.failures == []
