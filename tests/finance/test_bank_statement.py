"""Lines of the bank book ticked off against the bank's statement."""

import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as url
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import NotAllowed
from finance.models import BankTick, Transfer
from finance.rules.lines import OtherMoney
from groups.models import Role
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_user, other, save
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db

STATEMENT = date(2025, 1, 31)


@pytest.fixture
def group():
    """Rp 300,000 and Rp 200,000 brought to the bank in January, Rp 50,000 taken out in February."""
    group = make_group()
    save(make_member(group), 500_000)
    other(group, OtherMoney.BANK_DEPOSIT, 300_000)
    other(group, OtherMoney.BANK_DEPOSIT, 200_000)
    other(group, OtherMoney.BANK_WITHDRAWAL, 50_000, on=date(2025, 2, 4))
    return group


def lines(group):
    return [line.pk for line in selectors.bank_check(group).lines]


def tick(group, *transfers, on=STATEMENT):
    return services.bank_tick(actor=facilitator_of(group), group=group, transfers=transfers, statement_on=on)


def send(group, *transfers, user=None, on="2025-01-31"):
    return signed_in(user or facilitator_of(group)).post(
        url("bank-tick", args=[group.code]), {"lines": transfers, "statement_on": on}
    )


def test_what_is_not_on_a_statement_yet_is_shown(group):
    check = selectors.bank_check(group)
    assert (check.balance, check.money_in, check.money_out, check.on_statement) == (450_000, 500_000, 50_000, 0)
    content = get(group, "bank-statement").content.decode()
    assert "Rp\xa0500.000" in content
    assert "−Rp\xa050.000" in content


def test_ticked_lines_leave_the_list(group):
    first, second, third = lines(group)
    assert send(group, first, second).status_code == 302
    assert lines(group) == [third]
    assert selectors.bank_check(group).on_statement == 500_000
    assert {mark.statement_on for mark in BankTick.objects.all()} == {STATEMENT}


def test_the_bank_book_shows_the_tick(group):
    tick(group, lines(group)[0])
    content = get(group, "cash-book", book="BANK", start="2025-01-01", end="2025-01-31").content.decode()
    assert content.count("✓ statement") == 1


def test_the_same_form_twice_ticks_once(group):
    chosen = lines(group)[:2]
    assert send(group, *chosen).status_code == send(group, *chosen).status_code == 302
    assert BankTick.objects.count() == 2
    assert tick(group, *chosen) == 0


def test_a_line_later_than_the_statement_is_refused(group):
    response = send(group, lines(group)[2])
    assert response.status_code == 422
    assert "statement_on" in response.context["form"].errors
    assert "checked" in response.content.decode()
    with pytest.raises(NotAllowed):
        tick(group, lines(group)[2])
    assert not BankTick.objects.exists()


@pytest.mark.parametrize("chosen", [[], ["x"], ["-1"], ["9" * 30]])
def test_lines_that_cannot_be_are_told(group, chosen):
    response = send(group, *chosen)
    assert response.status_code == 422
    assert "lines" in response.context["form"].errors


@pytest.mark.parametrize("day", ["", "kemarin", (timezone.localdate() + timedelta(1)).isoformat()])
def test_a_wrong_day_is_told_and_the_choice_kept(group, day):
    response = send(group, lines(group)[0], on=day)
    assert "statement_on" in response.context["form"].errors
    assert response.content.decode().count(" checked") == 1


def test_lines_of_cash_or_of_another_group_are_left_alone(group):
    stranger = make_group()
    save(make_member(stranger), 1_000)
    other(stranger, OtherMoney.BANK_DEPOSIT, 1_000)
    of_cash = Transfer.objects.get(group=group, credit_account__kind="SUKARELA")
    assert tick(group, of_cash.pk, *lines(stranger)) == 0


def test_a_group_without_a_bank_account():
    assert b"Nothing has been written in this book yet." in get(make_group(), "bank-statement").content


def test_a_bank_book_that_is_ticked_off_says_so(group):
    tick(group, *lines(group), on=date(2025, 2, 28))
    assert b"Every line of the bank book was seen on a statement." in get(group, "bank-statement").content


def test_staff_look_but_do_not_tick(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    content = get(group, "bank-statement", user=staff).content.decode()
    assert 'type="checkbox"' not in content
    assert send(group, lines(group)[0], user=staff).status_code == 403


@pytest.mark.parametrize(
    ("statement", "rule"), [("UPDATE {} SET id = id", "no_update"), ("DELETE FROM {}", "no_delete")]
)
def test_the_database_keeps_a_tick(group, statement, rule):
    tick(group, lines(group)[0])
    with pytest.raises(IntegrityError, match=f"finance_banktick_{rule}"), transaction.atomic():
        connection.cursor().execute(statement.format("finance_banktick"))


def test_a_tick_stays_in_its_group_and_is_made_once(group):
    line = lines(group)[0]
    with pytest.raises(IntegrityError, match="finance_banktick_transfer_id_same_group"), transaction.atomic():
        BankTick.objects.create(
            group=make_group(), transfer_id=line, statement_on=STATEMENT, ticked_by=group.recorded_by
        )
    tick(group, line)
    with pytest.raises(IntegrityError), transaction.atomic():
        BankTick.objects.create(group=group, transfer_id=line, statement_on=FOUNDED, ticked_by=group.recorded_by)


def test_statements_do_not_grow_with_the_lines(group):
    few = statements(group, "bank-statement")
    for _ in range(5):
        other(group, OtherMoney.BANK_WITHDRAWAL, 1_000)
    assert statements(group, "bank-statement") == few <= 9


class TestPages:
    @pytest.fixture(autouse=True)
    def one_line_on_a_page(self, monkeypatch):
        monkeypatch.setattr("finance.views.cash.LINES_ON_A_PAGE", 1)

    @pytest.fixture
    def client(self, group):
        return signed_in(facilitator_of(group))

    def turn(self, client, group, page, *ticked, on="2025-01-31"):
        """Press the button to another page, and return what it shows."""
        data = {"lines": ticked, "statement_on": on, "page": page}
        return client.post(url("bank-tick", args=[group.code]), data, follow=True)

    def sent_lines(self, page):
        """What the lines that are ticked, shown or not, send."""
        html = page.content.decode()
        boxes = re.findall(r'type="checkbox" name="lines" value="(\d+)" id="line-\d+" checked', html)
        return {int(pk) for pk in boxes + re.findall(r'type="hidden" name="lines" value="(\d+)"', html)}

    def test_ticks_and_the_day_are_kept_from_page_to_page(self, client, group):
        first, second, _third = lines(group)
        page = self.turn(client, group, 2, first)
        assert page.request["PATH_INFO"] == url("bank-statement", args=[group.code])
        assert page.context["page"].number == 2
        assert self.sent_lines(page) == {first}
        assert "1 line on another page is ticked as well." in page.content.decode()
        assert 'value="2025-01-31"' in page.content.decode()
        page = self.turn(client, group, 1, *self.sent_lines(page), second)
        assert self.sent_lines(page) == {first, second}
        assert not BankTick.objects.exists()
        assert send(group, *self.sent_lines(page)).status_code == 302
        assert {mark.transfer_id for mark in BankTick.objects.all()} == {first, second}

    def test_a_tick_taken_away_is_gone(self, client, group):
        first, second, _third = lines(group)
        page = self.turn(client, group, 1, first, second)
        assert self.sent_lines(page) == {first, second}
        assert self.sent_lines(self.turn(client, group, 2, second)) == {second}

    def test_what_is_refused_keeps_the_page_and_the_ticks_of_others(self, client, group):
        first, _second, third = lines(group)
        address = url("bank-tick", args=[group.code]) + "?page=3"
        told = client.post(address, {"lines": [first, third], "statement_on": "2025-01-31"})
        assert told.status_code == 422
        assert told.context["page"].number == 3
        assert self.sent_lines(told) == {first, third}

    def test_the_button_that_ticks_off_comes_before_those_to_other_pages(self, client, group):
        html = client.get(url("bank-statement", args=[group.code])).content.decode()
        form = html[html.index("/bank-statement/") :]
        assert form.index("Tick off what stands on it") < form.index('name="page"')

    def test_there_are_no_more_ticks_than_an_address_holds(self, client, group, monkeypatch):
        monkeypatch.setattr("finance.views.cash.MOST_TICKED", 1)
        first, second, _third = lines(group)
        page = self.turn(client, group, 3, first, second, "x", "9" * 40)
        assert self.sent_lines(page) == {first}
        assert "At most 1 ticks are kept from page to page." in page.content.decode()

    def test_staff_who_look_have_plain_links(self, group):
        staff = make_user(Role.STAFF, organisation=group.organisation)
        html = get(group, "bank-statement", user=staff, ticked=str(lines(group)[2])).content.decode()
        assert 'href="?ticked=' in html or 'rel="next"' in html
        assert 'name="lines"' not in html

    def test_statements_do_not_grow_with_the_ticks(self, client, group):
        counts = []
        for ticked in ([], lines(group)):
            address = url("bank-statement", args=[group.code])
            with CaptureQueriesContext(connection) as queries:
                client.get(address, {"ticked": "-".join(map(str, ticked))})
            counts.append(len(queries))
        assert counts[0] == counts[1]
