"""Decisions still to be carried out, of one group and of all groups a person may see."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Role
from meetings.models import AgendaItem
from tests.factories import facilitator_of, make_group, make_meeting, make_user

pytestmark = pytest.mark.django_db
URL = reverse("decisions")


def decide(group, text="Beli pakan", due_on=date(2025, 4, 1), **fields):
    meeting = group.meetings.first() or make_meeting(group, date(2025, 3, 4))
    number = meeting.agenda.count() + 1
    return AgendaItem.objects.create(
        group=group, meeting=meeting, number=number, title="Pakan", decision=text, due_on=due_on, **fields
    )


def shown(client, user, query=""):
    client.force_login(user)
    return [item.decision for item in client.get(URL + query).context["page"]]


def test_those_of_all_groups_stand_together_the_earliest_due_first(client):
    group = make_group()
    decide(group, "Nanti", date(2030, 1, 1))
    decide(make_group(facilitator_of(group)), "Dulu")
    assert shown(client, facilitator_of(group)) == ["Dulu", "Nanti"]


def test_those_of_others_and_those_done_are_not_shown(client):
    group = make_group()
    decide(group, done_on=date(2025, 4, 1))
    decide(make_group())
    assert shown(client, facilitator_of(group)) == []


def test_it_is_paged(client):
    group = make_group()
    for number in range(21):
        decide(group, f"{number}")
    assert len(shown(client, facilitator_of(group))) == 20
    assert len(shown(client, facilitator_of(group), "?page=2")) == 1
    assert len(shown(client, facilitator_of(group), "?page=x")) == 20


def test_done_leads_back_to_the_page_it_was_pressed_on(client):
    first, second = decide(group := make_group()), decide(group)
    client.force_login(facilitator_of(group))
    address = reverse("decision-done", args=[group.code, first.pk])
    assert client.post(address, {"all": "1"}).url == URL
    assert client.post(reverse("decision-done", args=[group.code, second.pk])).url == reverse(
        "decision-list", args=[group.code]
    )
    assert shown(client, facilitator_of(group)) == []


def test_who_may_only_read_is_offered_no_button(client):
    group = make_group()
    item = decide(group)
    for page in (URL, reverse("decision-list", args=[group.code])):
        client.force_login(make_user(Role.STAFF, organisation=group.organisation))
        content = client.get(page).content.decode()
        assert item.decision in content
        assert reverse("decision-done", args=[group.code, item.pk]) not in content


def test_statements_do_not_grow(client):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        return len(queries)

    group = make_group()
    decide(group)
    client.force_login(facilitator_of(group))
    before = count()
    for _number in range(5):
        decide(make_group(facilitator_of(group)))
    assert count() == before
