"""The cash box counted by notes and coins, outside a meeting."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse as url
from django.utils import timezone

from finance import services
from finance.ledger.errors import AlreadyPosted
from finance.models import CashCount, Entry
from groups.models import Role
from tests.factories import FOUNDED, count_cash, facilitator_of, make_group, make_member, make_user, save
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    """Rp 185,500 in the box."""
    group = make_group()
    save(make_member(group), 185_500)
    return group


def send(group, action="count", **data):
    form = {"key": str(uuid.uuid4()), "on": "2025-02-04", "action": action, "p100000": "1", "p20000": "4", **data}
    return signed_in(facilitator_of(group)).post(url("cash-count", args=[group.code]), form)


def take(group, pieces, key=None, on=FOUNDED, explanation=""):
    return services.cash_count_take(
        actor=facilitator_of(group), group=group, pieces=pieces, explanation=explanation, on=on,
        key=key or uuid.uuid4(),
    )  # fmt: skip


def test_notes_and_coins_add_up(group):
    assert send(group, p5000="1", p500="1").status_code == 302
    count = CashCount.objects.get()
    assert (count.counted, count.expected, count.difference) == (185_500, 185_500, 0)
    assert count.by_pieces == [(100_000, 1), (20_000, 4), (5_000, 1), (500, 1)]
    assert "4 × Rp\xa020.000" in get(group, "cash-count").content.decode()


def test_adding_up_writes_nothing_and_shows_the_difference(group):
    response = send(group, action="check", p5000="1")
    assert response.context["difference"] == -500
    assert "−Rp\xa0500" in response.content.decode()
    assert not CashCount.objects.exists()


def test_a_difference_needs_a_word_and_stays_open(group):
    assert "explanation" in send(group).context["form"].errors
    assert send(group, explanation="kembalian").status_code == 302
    assert b"1 cash difference is not settled." in get(group, "books").content
    assert Entry.objects.count() == 1


def test_an_empty_box_is_a_count():
    group = make_group()
    assert take(group, {}).difference == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"p20000": "-1"}, "p20000"),
        ({"p20000": "empat"}, "p20000"),
        ({"p20000": "100001"}, "p20000"),
        ({"on": ""}, "on"),
        ({"on": "2024-01-01"}, "on"),
        ({"on": (timezone.localdate() + timedelta(1)).isoformat()}, "on"),
        ({"explanation": "x" * 201}, "explanation"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_field_gets_its_message(group, data, field):
    response = send(group, **data)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not CashCount.objects.exists()


def test_a_past_day_is_held_against_the_books_of_that_day(group):
    save(group.members.get(), 1_000, on=FOUNDED + timedelta(60))
    checked = send(group, action="check", p5000="1", p500="1").context
    assert (checked["expected"], checked["difference"]) == (185_500, 0)
    assert take(group, {}, explanation="kurang").expected == 185_500


def test_a_day_before_the_books_begin_is_refused():
    group = make_group()
    opening = services.Opening(on=FOUNDED + timedelta(60), cash=100_000, capital=100_000)
    services.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
    assert "on" in send(group, explanation="kurang").context["form"].errors


def test_an_open_difference_is_shown_as_expected(group):
    count_cash(group, 180_000)
    checked = send(group, action="check")
    assert (checked.context["expected"], checked.context["difference"]) == (180_000, 0)
    assert "−Rp\xa05.500" in checked.content.decode()


def test_the_same_form_twice_is_one_count(group):
    key = str(uuid.uuid4())
    assert send(group, key=key, explanation="kurang").status_code == 302
    assert send(group, key=key, explanation="kurang").status_code == 302
    assert CashCount.objects.count() == 1
    with pytest.raises(AlreadyPosted):
        take(group, {}, key=uuid.UUID(key))


def test_another_count_under_a_used_key_is_asked_about_and_gets_a_key(group):
    client, address = signed_in(facilitator_of(group)), url("cash-count", args=[group.code])
    form = {"key": str(uuid.uuid4()), "on": "2025-02-04", "action": "count", "p100000": "1", "explanation": "kurang"}
    client.post(address, form)
    asked = client.post(address, form | {"p100000": "2"})
    assert "send it once more" in asked.content.decode()
    assert client.post(address, form | {"p100000": "2", "key": asked.context["form"]["key"].value()}).status_code == 302
    assert [count.counted for count in CashCount.objects.order_by("pk")] == [100_000, 200_000]


def test_the_database_takes_a_key_once(group):
    first = take(group, {}, explanation="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        CashCount.objects.create(
            group=group, key=first.key, counted_on=FOUNDED, expected=0, counted=0, counted_by=group.recorded_by
        )


@pytest.mark.parametrize("change", [{"pieces": {"100": 1}}, {"pieces": None}, {"key": None}])
def test_the_database_keeps_what_was_counted(group, change):
    take(group, {100_000: 1}, explanation="kurang")
    with pytest.raises(IntegrityError, match="finance_cashcount_no_update"), transaction.atomic():
        CashCount.objects.update(**change)


def test_staff_do_not_count(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    assert get(group, "cash-count", user=staff).status_code == 403


def test_statements_do_not_grow_with_the_counts(group):
    count_cash(group, 1)
    few = statements(group, "cash-count")
    for _ in range(4):
        count_cash(group, 1)
    assert statements(group, "cash-count") == few <= 8
