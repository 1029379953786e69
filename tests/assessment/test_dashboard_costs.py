"""What every dashboard costs, whoever reads it: at most twelve statements, session and user among them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessment.models import SchemeUse
from assessment.services import snapshots_write
from assessment.views.frame import TABS
from groups.models import Group, Role, User
from tests.assessment.groups import make_kembang_minus_outside, months_ago
from tests.factories import (
    count_cash,
    lend,
    make_meeting,
    make_member,
    make_officer,
    make_organisation,
    make_user,
    make_village,
    save,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
LISTS = [f"/dashboard/quality/?list={kind}" for kind in ("late", "cash", "drafts", "rules", "officers", "facilitators")]
PAGES = [
    *(reverse(tab.route) for tab in TABS),
    *LISTS,
    f"/dashboard/month/?month={TODAY:%Y-%m}&rank=1",
    "/portfolio/class/?ratio=par_class&class=GOOD",
    "/dashboard/moves/groups/?was=-1&became=1",
    "/dashboard/compare/?by=facilitator",
    "/dashboard/signals/?signal=one_recorder",
]


def make_busy_group(facilitator: User) -> Group:
    """A group with something for every dashboard."""
    group = make_kembang_minus_outside(facilitator, until=TODAY, village=make_village())
    member = make_member(group)
    make_officer(member)
    save(member, 2_000_000)
    lend(member)
    count_cash(group, 500)
    for days in range(4, 31, 9):
        make_meeting(group, TODAY - timedelta(days), agenda_count=1)
    make_meeting(group, TODAY - timedelta(100), closed_at=timezone.now())
    make_meeting(group, TODAY - timedelta(40), status="DRAFT", closed_at=None)
    snapshots_write(groups=Group.objects.filter(pk=group.pk), as_of=TODAY)
    return group


@pytest.mark.parametrize("who", ["admin", "superuser", "staff of a region"])
def test_twelve_statements_for_few_groups_and_for_more(client, who):
    organisation = make_organisation()
    facilitator = make_user(organisation=organisation)
    for scheme in ("kotaku", "panca-sutra", "bina-swadaya", "aset-pentagonal"):
        SchemeUse.objects.create(organisation=organisation, scheme=scheme, is_primary=scheme == "kotaku")
    people = {
        "admin": {},
        "superuser": {"is_superuser": True},
        "staff of a region": {"role": Role.STAFF, "regions": ["32", "35.19"]},
    }
    client.force_login(make_user(**{"role": Role.ADMIN, "organisation": organisation, **people[who]}))
    filters = [
        "",
        f"organisation={organisation.pk}&region=35.19&facilitator={facilitator.pk}&kind=REVOLVING&stage=TUMBUH",
        f"organisation={organisation.pk}&scheme=bina-swadaya",
        f"end={months_ago(3):%Y-%m}",
    ]
    addresses = [f"{page}{'&' if '?' in page else '?'}{query}" for page in PAGES for query in filters]
    taken: list[dict[str, int]] = []
    for more in (1, 2):
        for _ in range(more):
            make_busy_group(facilitator)
        client.get(addresses[0])  # the instruments are read once
        taken.append({})
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            taken[-1][address] = len(queries)
    # Whoever chooses among organisations asks for them too.
    most = 13 if who == "superuser" else 12
    assert {address: count for address, count in taken[1].items() if count > most} == {}
    assert taken[0] == taken[1]
