"""The portfolio: the loans of all groups a person may see."""

import csv
from datetime import date
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Role
from tests.factories import lend, make_group, make_member, make_organisation, make_user, make_village, save
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db

ON = "2025-09-01"


@pytest.fixture
def staff():
    return make_user(Role.STAFF, organisation=make_organisation())


def group_of(user, *, lent=0, **fields):
    group = make_group(make_user(organisation=user.organisation), **fields)
    if lent:
        member = make_member(group)
        save(member, lent)
        lend(member, principal=lent, first_due=date(2025, 3, 4))
    return group


def portfolio(user, **query):
    return signed_in(user).get(reverse("portfolio"), {"on": ON, **query})


def names(response):
    return [row.cells[0] for row in response.context["table"].rows[:-1]]


def test_groups_come_with_most_at_risk_first_and_a_total(staff):
    idle = group_of(staff, name="Anggrek", code="A1")
    small = group_of(staff, name="Bakung", code="B1", lent=100_000)
    large = group_of(staff, name="Cempaka", code="C1", lent=900_000)
    response = portfolio(staff)
    assert names(response) == [f"{group.name} ({group.code})" for group in (large, small, idle)]
    assert response.context["table"].rows[-1].cells[2] == 1_000_000
    assert response.context["figures"].lar == 1
    assert reverse("health", args=["C1"]) in response.content.decode()


def test_groups_of_other_organisations_count_nowhere(staff):
    group_of(make_user(Role.STAFF, organisation=make_organisation()), lent=500_000)
    response = portfolio(staff)
    assert names(response) == []
    assert response.context["figures"].balance == 0


def test_filters_narrow_rows_and_totals(staff):
    village = make_village()
    here = group_of(staff, name="Dahlia", code="D1", lent=100_000, village=village)
    group_of(staff, lent=900_000, kind="SOCIAL")
    for query in ({"region": "35.19"}, {"kind": "REVOLVING"}, {"facilitator": str(here.recorded_by_id)}):
        response = portfolio(staff, **query)
        assert names(response) == ["Dahlia (D1)"]
        assert response.context["figures"].balance == 100_000


def test_a_wrong_filter_gets_a_message(staff):
    group_of(staff, name="Dahlia", code="D1")
    response = portfolio(staff, kind="X", on="besok")
    assert response.status_code == 200
    assert "Select a valid choice" in response.content.decode()
    assert "Enter a valid date" in response.content.decode()
    assert names(response) == ["Dahlia (D1)"]


def test_the_file_has_every_group(staff):
    for number in range(30):
        group_of(staff, code=f"N{number}")
    assert len(names(portfolio(staff))) == 25
    found = list(csv.reader(StringIO(portfolio(staff, format="csv").content.decode("utf-8-sig"))))
    assert len(found) == 1 + 30 + 1


def test_statements_do_not_grow_with_the_groups(staff):
    def count():
        client = signed_in(staff)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("portfolio")).status_code == 200
        return len(queries)

    group_of(staff, lent=100_000)
    few = count()
    for _ in range(4):
        group_of(staff, lent=100_000)
    assert count() == few <= 10


def test_it_is_for_those_who_assess():
    assert portfolio(make_user(Role.FACILITATOR)).status_code == 403
