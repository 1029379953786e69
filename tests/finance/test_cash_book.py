"""The cash book page."""

import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone

from finance import services
from finance.forms.books import month_of
from finance.models import Entry
from finance.rules.lines import OtherMoney
from groups.models import Role
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_officer, make_user, reverse, save
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db


def test_an_empty_book_says_so():
    assert b"Nothing has been written in this book yet." in get(make_group(), "cash-book").content


def test_it_opens_at_the_latest_month_with_movements():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 1_000, on=date(2025, 3, 4))
    save(member, 20_000, on=date(2025, 5, 6))
    response = get(member.group, "cash-book")
    assert (response.context["book"].start, response.context["book"].end) == (date(2025, 5, 1), date(2025, 5, 31))
    assert [line.running for line in response.context["page"]] == [21_000]
    assert b"Siti Aminah" in response.content
    assert "Rp\xa01.000" in response.content.decode()


def test_a_period_can_be_chosen():
    member = make_member(make_group())
    save(member, 1_000, on=date(2025, 3, 4))
    save(member, 20_000, on=date(2025, 5, 6))
    response = get(member.group, "cash-book", start="2025-03-01", end="2025-05-31")
    assert [line.running for line in response.context["page"]] == [1_000, 21_000]


def test_the_months_before_and_after_are_a_click_away():
    save(make_member(make_group(code="KECIL")), 1_000, on=date(2025, 3, 4))
    content = get(Entry.objects.get().group, "cash-book").content.decode()
    assert "start=2025-02-01&amp;end=2025-02-28" in content
    assert "start=2025-04-01&amp;end=2025-04-30" in content


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"start": "2025-05-01", "end": "2025-04-01"}, "The period ends before it starts."),
        ({"start": "besok"}, "Enter a valid date."),
        ({"book": "LOAN"}, "Select a valid choice."),
    ],
)
def test_a_wrong_period_gets_a_message_and_the_latest_month(query, message):
    save(make_member(make_group()), 1_000)
    response = get(Entry.objects.get().group, "cash-book", **query)
    assert response.status_code == 200
    assert message in response.content.decode()


def test_both_an_entry_and_its_reversal_are_marked():
    save(make_member(make_group()), 1_000)
    entry = Entry.objects.get()
    reversal = reverse(entry)
    content = get(entry.group, "cash-book").content.decode()
    assert f"Reversed by entry {reversal.number}" in content
    assert f"Reversal of entry {entry.number}" in content


def test_the_bank_book():
    group = make_group()
    save(make_member(group), 1_000)
    services.other_money_record(
        actor=facilitator_of(group), group=group, kind=OtherMoney.BANK_DEPOSIT, amount=400, memo="setor", on=FOUNDED,
        key=uuid.uuid4(),
    )  # fmt: skip
    response = get(group, "cash-book", book="BANK")
    assert b"Bank book (buku bank)" in response.content
    assert [(line.money_in, line.memo) for line in response.context["page"]] == [(400, "setor")]


def test_it_has_lines_to_sign():
    member = make_member(make_group(), "Bu Ketua")
    make_officer(member)
    content = get(member.group, "cash-book").content.decode()
    assert "Ketua (chair)<br>Bu Ketua" in content
    assert "Bendahara (treasurer)<br>" in content


def test_another_organisation_finds_nothing():
    assert get(make_group(), "cash-book", user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_lines():
    member = make_member(make_group())
    save(member, 1_000)
    few = statements(member.group, "cash-book")
    for _ in range(12):
        save(member, 1_000)
        reverse(Entry.objects.latest("pk"))
    assert statements(member.group, "cash-book") == few <= 12


@pytest.mark.parametrize(
    "period", ["start=0001-01-01&end=9999-12-31", "start=9999-12-31&end=0001-01-01", "start=abc&end=0001-01-01"]
)
def test_years_no_group_can_have_are_no_server_error(client, period):
    group = make_group()
    client.force_login(facilitator_of(group))
    assert client.get(f"/g/{group.code}/books/cash/?{period}").status_code == 200


def test_days_to_come_are_refused_and_the_running_month_goes_as_far_as_today(client):
    group, today = make_group(), timezone.localdate()
    client.force_login(facilitator_of(group))

    def asked(**query):
        return client.get(f"/g/{group.code}/books/cash/", query).context

    first, last = month_of(today)
    running = asked(start=first, end=last)
    assert (running["form"].errors, running["book"].end) == ({}, today)
    assert asked()["book"].end == today
    wrong = asked(start=first, end=last + timedelta(1))
    assert list(wrong["form"].errors) == ["end"]
    assert wrong["book"].end == today
    assert list(asked(start=today + timedelta(1))["form"].errors) == ["start"]
