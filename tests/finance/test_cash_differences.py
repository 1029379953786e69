"""The pages of cash differences: the list, and the form that settles one."""

import uuid

import pytest
from django.urls import reverse as url
from django.utils import timezone

from finance.models import Account, CashCount, Entry
from groups.models import Role
from tests.factories import FOUNDED, count_cash, facilitator_of, make_group, make_member, make_user, save
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def count():
    """Rp 2,000 missing from Rp 50,000."""
    group = make_group()
    save(make_member(group), 50_000)
    return count_cash(group, 48_000)


def send(count, user=None, **data):
    return signed_in(user or facilitator_of(count.group)).post(
        url("cash-difference-settle", args=[count.group.code, count.pk]),
        {"key": str(uuid.uuid4()), "how": "uang ketemu", "on": "2025-02-04", "post_difference": "no", **data},
    )


def test_no_differences():
    assert b"No difference is open." in get(make_group(), "cash-differences").content


def test_an_open_difference_is_shown_with_its_explanation(count):
    content = get(count.group, "cash-differences").content.decode()
    assert "−Rp\xa02.000" in content
    assert "kembalian kurang" in content
    assert "Settle" in content


def test_who_may_only_read_is_not_offered_the_form(count):
    staff = make_user(Role.STAFF, organisation=count.group.organisation)
    assert "/settle/" not in get(count.group, "cash-differences", user=staff).content.decode()
    assert get(count.group, "cash-difference-settle", count.pk, user=staff).status_code == 403
    assert send(count, user=staff).status_code == 403


def test_settling_without_posting(count):
    assert send(count).status_code == 302
    count.refresh_from_db()
    assert (count.settled_on.isoformat(), count.settled_how, count.settlement) == ("2025-02-04", "uang ketemu", None)
    assert b"uang ketemu" in get(count.group, "cash-differences").content


def test_settling_with_posting(count):
    send(count, post_difference="yes")
    assert Account.objects.get(group=count.group, kind="EXPENSE").balance == 2_000
    assert Account.objects.get(group=count.group, kind="CASH").balance == 48_000


def test_a_settled_difference_leads_to_its_entry_by_number(count):
    save(make_member(make_group()), 1_000)  # an entry of another group, so that numbers and keys differ
    send(count, post_difference="yes")
    entry = Entry.objects.get(kind="SETTLEMENT")
    assert entry.pk != entry.number
    content = get(count.group, "cash-differences").content.decode()
    assert f'href="{url("entry", args=[count.group.code, entry.number])}">Entry {entry.number}</a>' in content
    assert get(count.group, "entry", entry.number).status_code == 200


def test_the_same_form_sent_twice_settles_once(count):
    key = str(uuid.uuid4())
    first = send(count, key=key, post_difference="yes")
    second = send(count, key=key, post_difference="yes")
    assert first.status_code == second.status_code == 302
    assert Entry.objects.filter(kind="SETTLEMENT").count() == 1


def test_a_settled_difference_opens_no_form(count):
    send(count)
    response = get(count.group, "cash-difference-settle", count.pk)
    assert response.url == url("cash-differences", args=[count.group.code])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"how": ""}, "how"),
        ({"how": "x" * 201}, "how"),
        ({"on": "besok"}, "on"),
        ({"on": "2025-01-06"}, "on"),
        ({"on": "9999-12-31"}, "on"),
        ({"post_difference": ""}, "post_difference"),
        ({"post_difference": "maybe"}, "post_difference"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_form_gets_a_message_and_keeps_what_was_typed(count, wrong, field):
    response = send(count, **{"how": "uang ketemu", **wrong})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    if field != "how":
        assert b"uang ketemu" in response.content
    assert CashCount.objects.get().settled_on is None


def test_a_day_to_come_is_refused(count):
    tomorrow = timezone.localdate() + timezone.timedelta(days=1)
    assert "on" in send(count, on=tomorrow.isoformat()).context["form"].errors


def test_money_that_is_not_in_the_box_cannot_be_written_off(count):
    group = count.group
    from finance import services

    services.savings_withdraw(
        actor=facilitator_of(group), group=group, member=group.members.get(), amount=49_000, on=FOUNDED,
        key=uuid.uuid4(),
    )  # fmt: skip
    response = send(count, post_difference="yes")
    assert "short of Rp\xa01.000" in response.context["form"].errors["post_difference"][0]
    assert CashCount.objects.get().settled_on is None


def test_a_count_that_agrees_is_no_difference():
    count = count_cash(make_group(), 0)
    assert get(count.group, "cash-difference-settle", count.pk).status_code == 404


def test_a_difference_of_another_group(count):
    group = make_group()
    assert get(group, "cash-difference-settle", count.pk).status_code == 404


def test_another_organisation_finds_nothing(count):
    assert get(count.group, "cash-differences", user=make_user(Role.ADMIN)).status_code == 404
    assert send(count, user=make_user(Role.FACILITATOR)).status_code == 404


def test_statements_do_not_grow_with_the_differences(count):
    few = statements(count.group, "cash-differences")
    for amount in range(1, 8):
        count_cash(count.group, amount)
    assert statements(count.group, "cash-differences") == few <= 8
