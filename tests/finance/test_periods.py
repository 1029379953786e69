"""Closing a period: the service, what the database keeps, and the page."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as url
from django.utils import timezone

from finance import services
from finance.ledger.errors import AlreadyPosted, NotAllowed, PeriodClosed
from finance.ledger.verify import mismatches
from finance.models import Entry, PeriodBalance, PeriodClosing
from groups.models import Group, Role
from tests.factories import (
    FOUNDED,
    count_cash,
    facilitator_of,
    make_entry,
    make_group,
    make_member,
    make_user,
    reverse,
    save,
)
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db

YEAR_END = date(2025, 12, 31)


@pytest.fixture
def member():
    """Rp 50,000 saved in January 2025 and Rp 7,000 in January 2026."""
    member = make_member(make_group())
    save(member, 50_000)
    save(member, 7_000, on=date(2026, 1, 6))
    return member


def close(group, through=YEAR_END, key=None):
    return services.period_close(actor=facilitator_of(group), group=group, through=through, key=key or uuid.uuid4())


def send(group, user=None, **data):
    form = {"key": str(uuid.uuid4()), "through": YEAR_END.isoformat(), "aware": "on", **data}
    return signed_in(user or facilitator_of(group)).post(url("period-close", args=[group.code]), form)


def test_the_balances_of_its_last_day_are_kept(member):
    close(member.group)
    kept = {row.account.kind: (row.debits, row.credits) for row in PeriodBalance.objects.select_related("account")}
    assert kept == {"CASH": (50_000, 0), "SUKARELA": (0, 50_000)}
    assert list(mismatches()) == []


def test_the_balances_are_written_in_one_statement_however_many(member):
    with CaptureQueriesContext(connection) as few:
        close(member.group, date(2025, 6, 30))
    for number in range(2, 12):
        save(make_member(member.group, number=number), 1_000, on=YEAR_END)
    with CaptureQueriesContext(connection) as many:
        close(member.group)
    assert len(many) == len(few) <= 11


def test_nothing_is_posted_in_it_any_more(member):
    close(member.group)
    with pytest.raises(PeriodClosed):
        save(member, 1_000, on=YEAR_END)
    save(member, 1_000, on=YEAR_END + timedelta(1))


def test_a_reversal_of_an_entry_in_it_is_dated_on_the_first_open_day(member):
    close(member.group)
    reversal = reverse(Entry.objects.earliest("pk"))
    assert reversal.effective_on == YEAR_END + timedelta(1)
    assert list(mismatches()) == []


def test_a_reversal_in_an_open_period_has_the_day_of_its_entry(member):
    close(member.group)
    assert reverse(Entry.objects.latest("pk")).effective_on == date(2026, 1, 6)


@pytest.mark.parametrize("through", [YEAR_END, YEAR_END - timedelta(1)])
def test_it_never_moves_back(member, through):
    close(member.group)
    with pytest.raises(PeriodClosed):
        close(member.group, through)
    assert PeriodClosing.objects.count() == 1


@pytest.mark.parametrize("through", [FOUNDED - timedelta(1), timezone.localdate(), timezone.localdate() + timedelta(1)])
def test_a_day_that_is_not_over_or_before_the_group_is_refused(member, through):
    with pytest.raises(NotAllowed):
        close(member.group, through)
    assert not PeriodClosing.objects.exists()


def test_the_same_key_closes_once(member):
    key = uuid.uuid4()
    close(member.group, key=key)
    with pytest.raises(AlreadyPosted):
        close(member.group, key=key)


@pytest.mark.parametrize("back_to", [YEAR_END - timedelta(1), None])
def test_the_database_lets_a_closed_period_never_open(member, back_to):
    close(member.group)
    with pytest.raises(IntegrityError, match="groups_group_stays_closed"), transaction.atomic():
        Group.objects.update(books_closed_through=back_to)


@pytest.mark.parametrize("table", ["periodclosing", "periodbalance"])
@pytest.mark.parametrize(
    ("statement", "rule"), [("UPDATE {} SET id = id", "no_update"), ("DELETE FROM {}", "no_delete")]
)
def test_the_database_keeps_what_was_closed(member, table, statement, rule):
    close(member.group)
    with pytest.raises(IntegrityError, match=f"finance_{table}_{rule}"), transaction.atomic():
        connection.cursor().execute(statement.format(f"finance_{table}"))


def test_a_balance_belongs_to_an_account_of_its_group(member):
    with pytest.raises(IntegrityError, match="finance_periodbalance_account_id_same_group"), transaction.atomic():
        PeriodBalance.objects.create(
            group=make_group(), through=YEAR_END, account=member.group.accounts.first(), debits=0, credits=0
        )


def test_verify_finds_a_wrong_snapshot(member):
    PeriodBalance.objects.create(
        group=member.group, through=YEAR_END, account=member.group.accounts.first(), debits=1, credits=0
    )
    assert [mismatch.rule for mismatch in mismatches()] == [
        "the balances of a closed period are those of the transfers by its last day"
    ]


def test_verify_finds_a_reversal_on_another_day_in_an_open_period(member):
    close(member.group)
    entry = Entry.objects.latest("pk")
    reversal = make_entry(member.group, "REVERSAL", reverses=entry, on=date(2026, 2, 1))
    assert any(str(reversal.number) in mismatch.what for mismatch in mismatches() if "mirrors" in mismatch.rule)


def test_the_page_closes_a_period_and_lists_it(member):
    assert send(member.group).status_code == 302
    assert "31 December 2025" in get(member.group, "periods").content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"through": ""}, "through"),
        ({"through": "kemarin"}, "through"),
        ({"through": "2024-01-01"}, "through"),
        ({"through": "9999-12-31"}, "through"),
        ({"aware": ""}, "aware"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_form_gets_a_message(member, wrong, field):
    response = send(member.group, **wrong)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not PeriodClosing.objects.exists()


def test_a_day_that_is_closed_is_refused_at_the_field(member):
    send(member.group)
    assert "through" in send(member.group, through="2025-06-30").context["form"].errors


def test_the_same_form_twice_is_harmless(member):
    key = str(uuid.uuid4())
    assert send(member.group, key=key).status_code == send(member.group, key=key).status_code == 302
    assert PeriodClosing.objects.count() == 1


def test_open_cash_differences_are_told(member):
    count_cash(member.group, 1)
    assert b"1 cash difference is not settled." in get(member.group, "periods").content


def test_a_difference_cannot_be_settled_by_posting_into_it(member):
    count = count_cash(member.group, 55_000)
    close(member.group)
    response = signed_in(facilitator_of(member.group)).post(
        url("cash-difference-settle", args=[member.group.code, count.pk]),
        {"key": str(uuid.uuid4()), "how": "hilang", "on": YEAR_END.isoformat(), "post_difference": "yes"},
    )
    assert "on" in response.context["form"].errors


def test_staff_read_but_do_not_close(member):
    staff = make_user(Role.STAFF, organisation=member.group.organisation)
    assert b"Close the period" not in get(member.group, "periods", user=staff).content
    assert send(member.group, user=staff).status_code == 403


def test_statements_do_not_grow_with_the_periods(member):
    close(member.group, date(2025, 1, 31))
    few = statements(member.group, "periods")
    for month in range(2, 9):
        close(member.group, date(2025, month, 28))
    assert statements(member.group, "periods") == few <= 9
