"""Registering many members on one page: a row for each, all or none."""

import uuid
from datetime import date, timedelta

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups import services
from groups.models import GroupStatus, Member
from groups.services import MOST_AT_ONCE, FormUsed, key_of_row
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_user, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(client):
    group = make_group(village=make_village())
    client.force_login(facilitator_of(group))
    return group


def sent(*rows, total=10, **fields):
    """A page as a browser sends it: `rows` are (name, fields), the rest is empty."""
    data = {
        "key": uuid.uuid4(), "action": "save", "members-TOTAL_FORMS": max(total, len(rows)),
        "members-INITIAL_FORMS": 0, "members-MIN_NUM_FORMS": 0, "members-MAX_NUM_FORMS": 40,
    }  # fmt: skip
    for number in range(int(data["members-TOTAL_FORMS"])):
        data |= {f"members-{number}-{name}": "" for name in ("name", "gender", "birth_year", "phone", "joined_on")}
    for number, (name, other) in enumerate(rows):
        row = {"name": name, "gender": "P", **other}
        data |= {f"members-{number}-{field}": value for field, value in row.items()}
    return data | fields


def first(name="Siti Aminah", **fields):
    return name, {"joined_on": FOUNDED.isoformat(), **fields}


def post(client, group, data):
    return client.post(reverse("members-create", args=[group.code]), data)


def errors(response):
    return {number: dict(row.errors) for number, row in enumerate(response.context["page"].rows) if row.errors}


def test_it_offers_ten_rows_and_the_founding_for_the_first_members(client, group):
    page = client.get(reverse("members-create", args=[group.code])).context["page"]
    assert len(page.rows.forms) == 10
    assert page.rows.forms[0]["joined_on"].value() == FOUNDED
    assert page.rows.forms[1]["joined_on"].value() is None


def test_a_later_member_joins_today_by_default(client, group):
    make_member(group)
    page = client.get(reverse("members-create", args=[group.code])).context["page"]
    assert page.rows.forms[0]["joined_on"].value() == timezone.localdate()


def test_it_registers_all_rows_under_the_next_numbers(client, group):
    make_member(group, "Ani")
    rows = [first(phone="0812-3456-7890", birth_year="1985"), ("Budi", {"gender": "L"}), ("Citra", {})]
    response = post(client, group, sent(*rows))
    assert response.url == reverse("group", args=[group.code])
    members = group.members.order_by("number")
    assert [(m.number, m.name, m.gender) for m in members[1:]] == [
        (2, "Siti Aminah", "P"), (3, "Budi", "L"), (4, "Citra", "P"),
    ]  # fmt: skip
    assert (members[1].phone, members[1].birth_year, members[1].name_key) == ("081234567890", 1985, "sitiaminah")


def test_the_day_of_joining_is_kept_from_row_to_row(client, group):
    later = FOUNDED + timedelta(30)
    post(client, group, sent(first("A"), ("B", {}), ("C", {"joined_on": later.isoformat()}), ("D", {})))
    assert [m.joined_on for m in group.members.order_by("number")] == [FOUNDED, FOUNDED, later, later]


def test_empty_rows_are_left_out_also_between_others_and_with_a_day_alone(client, group):
    post(
        client,
        group,
        sent(first("A"), ("", {"gender": ""}), ("", {"gender": "", "joined_on": "2025-02-01"}), ("B", {})),
    )
    assert [(m.name, m.joined_on) for m in group.members.order_by("number")] == [("A", FOUNDED), ("B", FOUNDED)]


def test_nothing_at_all_is_refused(client, group):
    response = post(client, group, sent())
    assert response.status_code == 200
    assert response.context["page"].form_problems
    assert not Member.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("name", "x" * 121), ("gender", ""), ("gender", "X"), ("birth_year", "3000"),
        ("birth_year", "abc"), ("birth_year", "9" * 20), ("phone", "9" * 20), ("phone", "telepon"),
        ("joined_on", "2024-01-01"), ("joined_on", "2999-01-01"), ("joined_on", "kemarin"), ("joined_on", "9" * 20),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_row_and_field_and_nobody_is_registered(client, group, field, value):
    wrong = {"name": "Budi", "birth_year": "1980", "joined_on": FOUNDED.isoformat(), field: value}
    response = post(client, group, sent(first("A"), (wrong.pop("name"), wrong), ("C", {})))
    assert {number: list(found) for number, found in errors(response).items()} == {1: [field]}
    content = response.content.decode()
    assert "Anggota 2" in content and 'value="C"' in content
    assert not Member.objects.exists()


def test_the_first_row_needs_its_day(client, group):
    assert list(errors(post(client, group, sent(("A", {}), ("B", {}))))) == [0, 1]


class TestNamesakes:
    def test_somebody_of_the_group_is_asked_about_and_may_be_confirmed(self, client, group):
        make_member(group, "SITI  AMINAH")
        data = sent(("Budi", {"joined_on": FOUNDED.isoformat()}), ("Siti Aminah", {}))
        response = post(client, group, data)
        assert {number: list(found) for number, found in errors(response).items()} == {1: ["is_other"]}
        assert [("is_other" in row.fields) for row in response.context["page"].rows.forms[:3]] == [False, True, False]
        assert post(client, group, data | {"members-1-is_other": "on"}).status_code == 302
        assert group.members.filter(has_namesake=True).count() == 2

    def test_two_rows_of_one_name_are_asked_about(self, client, group):
        data = sent(first("Siti"), ("Budi", {}), ("siti", {}))
        response = post(client, group, data)
        assert {number: list(found) for number, found in errors(response).items()} == {2: ["is_other"]}
        assert post(client, group, data | {"members-2-is_other": "on"}).status_code == 302
        assert group.members.count() == 3

    @pytest.mark.parametrize("near", ["village", "phone"])
    def test_somebody_of_another_group_of_the_village_or_the_phone_is_named(self, client, group, near):
        other = make_group(facilitator_of(group), name="Mawar", village=group.village if near == "village" else None)
        make_member(other, "Siti Aminah", phone="081234567890" if near == "phone" else "")
        response = post(client, group, sent(first("Ani"), ("Siti Aminah", {"phone": "081234567890"})))
        assert "Mawar" in str(errors(response)[1])

    def test_the_phone_of_another_row_does_not_count(self, client, group):
        make_member(make_group(facilitator_of(group)), "Siti Aminah", phone="081234567890")
        assert post(client, group, sent(first("Ani", phone="081234567890"), ("Siti Aminah", {}))).status_code == 302

    def test_of_a_group_one_may_not_see_nothing_is_told_but_that_there_is_somebody(self, client, group):
        hidden = make_group(make_user(organisation=group.organisation), name="Mawar", village=group.village)
        make_member(hidden, "Siti Aminah")
        response = post(client, group, sent(first()))
        assert "is_other" in errors(response)[0] and "Mawar" not in response.content.decode()


class TestSentAgain:
    def test_the_same_form_twice_is_the_same_members(self, client, group):
        data = sent(first("A"), ("B", {}))
        assert post(client, group, data).status_code == post(client, group, data).status_code == 302
        assert group.members.count() == 2

    @pytest.mark.parametrize("rows", [[first("A")], [first("A"), ("B", {}), ("C", {})], [first("A"), ("Budi", {})]])
    def test_the_same_form_with_other_rows_is_not_lost(self, client, group, rows):
        data = sent(first("A"), ("B", {}))
        post(client, group, data)
        response = post(client, group, sent(*rows, key=data["key"]))
        assert response.status_code == 200
        assert group.members.count() == 2
        fresh = response.context["page"].head["key"].value()
        assert fresh != str(data["key"])
        assert rows[-1][0] in response.content.decode()

    def test_the_service_says_that_the_form_was_used(self, group):
        key = uuid.uuid4()
        register = lambda *names: services.members_register(  # noqa: E731
            actor=facilitator_of(group), group=group, form_key=key,
            members=[
                Member(group=group, name=name, gender="P", joined_on=FOUNDED, key=key_of_row(key, row))
                for row, name in enumerate(names)
            ],
        )  # fmt: skip
        first_time = register("A", "B")
        assert register("A", "B") == first_time
        with pytest.raises(FormUsed):
            register("A", "C")


def test_more_rows_keep_what_was_typed_and_complain_of_nothing(client, group):
    data = sent(first("A"), ("", {"gender": "P"}), action="more")
    response = post(client, group, data)
    assert len(response.context["page"].rows.forms) == 15
    assert errors(response) == {} and 'value="A"' in response.content.decode()
    assert not Member.objects.exists()


def test_no_more_rows_than_there_may_be(client, group):
    response = post(client, group, sent(first("A"), total=MOST_AT_ONCE - 2, action="more"))
    assert len(response.context["page"].rows.forms) == MOST_AT_ONCE


@pytest.mark.parametrize("total", ["", "abc", "-1", "9" * 20, str(MOST_AT_ONCE + 1)])
def test_a_number_of_rows_that_cannot_be_is_refused(client, group, total):
    data = sent(first("A")) | {"members-TOTAL_FORMS": total}
    assert post(client, group, data).status_code == 200
    assert not Member.objects.exists()


def test_a_key_that_is_none_is_refused(client, group):
    assert post(client, group, sent(first("A"), key="abc")).status_code == 200
    assert not Member.objects.exists()


def test_a_group_that_ended_takes_nobody(client, group):
    services.group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=date(2025, 2, 1), reason="bubar"
    )
    rows = [Member(group=group, name="A", gender="P", joined_on=date(2024, 12, 1), key=uuid.uuid4())]
    with pytest.raises(ValidationError) as refusal:
        services.members_register(actor=facilitator_of(group), group=group, members=rows, form_key=uuid.uuid4())
    assert refusal.value.messages[0].startswith("A: ")


def test_two_rows_with_one_nik_are_refused_and_none_is_written(group):
    nik = "3519054107850001"
    rows = [Member(group=group, name=n, gender="P", joined_on=FOUNDED, nik=nik, key=uuid.uuid4()) for n in ("A", "B")]
    with pytest.raises(ValidationError):
        services.members_register(actor=facilitator_of(group), group=group, members=rows, form_key=uuid.uuid4())
    assert not Member.objects.exists()


def test_the_audit_log_has_each_of_them_with_its_author_and_a_masked_phone(client, group):
    post(client, group, sent(first("A", phone="081234567890"), ("B", {})))
    entries = [LogEntry.objects.get_for_object(member).get() for member in group.members.all()]
    assert {entry.actor for entry in entries} == {facilitator_of(group)}
    assert all(entry.remote_addr for entry in entries)
    assert "081234567890" not in str([entry.changes for entry in entries])
    assert "name" in entries[0].changes


def test_statements_do_not_grow_with_the_rows(client, group):
    def count(rows, prefix):
        names = [(f"{prefix}{number}", {}) for number in range(rows)]
        with CaptureQueriesContext(connection) as queries:
            assert post(client, group, sent(first(prefix), *names)).status_code == 302
        return len(queries)

    assert count(2, "A") == count(30, "B")
