"""`manage.py statement`: what was true of a group on a day, as its pages say it."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from finance import selectors
from groups.models import Constitution, GroupStatus
from groups.services import group_status_change
from tests.factories import facilitator_of, lend, make_group, make_member, make_members, repay, save

pytestmark = pytest.mark.django_db
AS_OF = date(2025, 5, 6)


def statement(group, as_of=AS_OF, **options):
    out = StringIO()
    call_command("statement", group=group.code, as_of=as_of, stdout=out, **{"json": True, **options})
    return json.loads(out.getvalue())


@pytest.fixture
def group():
    group = make_group()
    first, second = make_members(group, 2)
    save(first, 2_000_000)
    save(second, 50_000, kind="WAJIB")
    repay(lend(first), 50_000)
    return group


def test_it_is_one_line_of_json_with_whole_rupiah(group):
    assert statement(group) == {
        "group": group.code,
        "as_of": "2025-05-06",
        "status": "ACTIVE",
        "rules_version": 1,
        "cash": 900_000,
        "bank": 0,
        "members": [
            {"number": 1, "name": "Siti 1", "pokok": 0, "wajib": 0, "sukarela": 2_000_000, "owed": 0},
            {"number": 2, "name": "Siti 2", "pokok": 0, "wajib": 50_000, "sukarela": 0, "owed": 0},
        ],
        "loans": [
            {
                "number": 1, "member": 1, "principal_left": 1_168_000, "fee_left": 198_000,
                "due": 304_000, "arrears": 304_000, "days_late": 63,
            }
        ],
    }  # fmt: skip


def test_without_json_it_is_laid_out_for_people(group):
    out = StringIO()
    call_command("statement", group=group.code, as_of=AS_OF, stdout=out)
    assert "\n" in out.getvalue().strip()
    assert json.loads(out.getvalue()) == statement(group)


def test_an_instalment_due_on_the_day_is_due_and_not_in_arrears(group):
    (loan,) = statement(group, date(2025, 4, 4))["loans"]
    assert (loan["due"], loan["arrears"], loan["days_late"]) == (186_000, 68_000, 31)


def test_a_past_day_knows_nothing_of_what_came_later(group):
    before = statement(group, date(2025, 3, 3))
    assert before["loans"][0]["principal_left"] == 1_200_000
    assert before["cash"] == 850_000


def test_a_future_day_knows_what_falls_due_until_then(group):
    (loan,) = statement(group, date(2099, 1, 1))["loans"]
    assert loan["due"] == loan["arrears"] == loan["principal_left"] + loan["fee_left"]


def test_the_status_is_that_of_the_day(group):
    group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DORMANT, on=date(2025, 6, 1), reason="panen"
    )
    group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.ACTIVE, on=date(2025, 9, 1), reason=""
    )
    days = (date(2025, 5, 31), date(2025, 6, 1), date(2025, 8, 31), date(2025, 9, 1))
    assert [statement(group, day)["status"] for day in days] == ["ACTIVE", "DORMANT", "DORMANT", "ACTIVE"]


def test_the_rules_are_those_of_the_day(group):
    Constitution.objects.create(
        group=group, version=2, agreed_on=date(2025, 6, 1), recorded_by=facilitator_of(group), wajib=10_000
    )
    assert [statement(group, day)["rules_version"] for day in (date(2025, 5, 31), date(2025, 6, 1))] == [1, 2]


def test_members_are_those_of_the_day(group):
    make_member(group, "Wayan", joined_on=date(2025, 5, 7))
    assert [len(statement(group, day)["members"]) for day in (AS_OF, date(2025, 5, 7))] == [2, 3]


def test_a_fine_for_a_late_instalment_is_owed_until_it_is_paid():
    group = make_group()
    (member,) = make_members(group, 1)
    save(member, 2_000_000)
    loan = lend(member, fine_late_instalment=5_000)
    repay(loan, 1_000, on=date(2025, 3, 20))
    repay(loan, 200_000, on=date(2025, 3, 21))
    days = (date(2025, 3, 19), date(2025, 3, 20), date(2025, 3, 21))
    assert [statement(group, day)["members"][0]["owed"] for day in days] == [0, 5_000, 0]


@pytest.mark.parametrize("as_of", [date(2025, 3, 4), AS_OF, date(2025, 12, 31)])
def test_it_says_what_the_pages_say(group, client, as_of):
    client.force_login(facilitator_of(group))
    said = statement(group, as_of)
    book = client.get(f"/g/{group.code}/books/loans/", {"on": as_of}).context["rows"]
    assert [(loan["principal_left"], loan["arrears"], loan["days_late"]) for loan in said["loans"]] == [
        (row.outstanding, row.arrears.late, row.arrears.days_late) for row in book
    ]
    savings = client.get(f"/g/{group.code}/books/savings/", {"end": as_of}).context["book"]
    assert [row["sukarela"] for row in said["members"]] == [row.sukarela for row in savings.rows]
    assert said["cash"] == selectors.cash_book(group, start=group.founded_on, end=as_of).closing


def test_a_day_before_the_group_was_founded_is_an_error(group):
    with pytest.raises(CommandError, match=str(group.founded_on)):
        statement(group, date(2000, 1, 1))


@pytest.mark.parametrize("change", [str.lower, lambda code: f"{code}X"])
def test_an_unknown_code_is_an_error(group, change):
    group.code = change(f"{group.code}A")
    with pytest.raises(CommandError, match=group.code):
        statement(group)
