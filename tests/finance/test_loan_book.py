"""The loan book page."""

import csv
from datetime import date
from io import StringIO

import pytest
from django.urls import reverse

from finance.models import Entry
from groups.models import Role
from tests.factories import lend, make_group, make_member, make_user, repay, save
from tests.factories import reverse as undo
from tests.finance.pages import get, statements
from tests.finance.test_loan_services import write_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def loans():
    """One running loan and one paid off."""
    member = make_member(make_group(), "Siti Aminah")
    save(member, 5_000_000)
    over = lend(member, principal=70_000, periods=1)
    repay(over, sum(line.total for line in over.instalments.all()))
    return lend(member, principal=1_200_000), over


def test_a_group_that_lent_nothing_says_so():
    group = make_group()
    assert b"No loan is running." in get(group, "loan-book").content
    assert b"The group has lent nothing yet." in get(group, "loan-book", show="all").content


def test_running_loans_with_what_is_late(loans):
    response = get(loans[0].group, "loan-book")
    assert [row.loan for row in response.context["rows"]] == [loans[0]]
    # Every instalment fell due long ago.
    assert "Rp\xa01.416.000" in response.content.decode()
    assert response.context["totals"].late == 1_416_000


def test_all_loans_with_their_status(loans):
    response = get(loans[0].group, "loan-book", show="all")
    assert [row.loan for row in response.context["rows"]] == [loans[1], loans[0]]
    assert b"paid off" in response.content


def test_as_at_a_past_day(loans):
    running, over = loans
    repay(running, 118_000, on=date(2025, 6, 4))
    response = get(running.group, "loan-book", on="2025-03-03")
    assert [(row.loan, row.outstanding) for row in response.context["rows"]] == [(over, 70_000), (running, 1_200_000)]
    assert response.context["totals"].late == 0
    assert get(running.group, "loan-book", on="2025-02-03", show="all").context["rows"] == []


def test_which_loans_is_one_of_two(loans):
    assert get(loans[0].group, "loan-book", show="x").context["form"].errors["show"]


@pytest.mark.parametrize("page", ["2", "0", "x"])
def test_a_page_that_is_not_there_shows_another(loans, page):
    assert get(loans[0].group, "loan-book", page=page).status_code == 200


def test_another_organisation_finds_nothing(loans):
    assert get(loans[0].group, "loan-book", user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_loans(loans):
    few = statements(loans[0].group, "loan-book")
    for _ in range(6):
        member = make_member(loans[0].group)
        repay(lend(member, principal=10_000), 1_000)
    assert statements(loans[0].group, "loan-book") == few <= 11


def test_the_file_sums_as_the_page_does_without_a_cancelled_loan(loans):
    running, over = loans
    cancelled = lend(running.member, principal=300_000)
    undo(Entry.objects.get(group=running.group, transfers__debit_account__loan=cancelled))
    page, file = (get(running.group, "loan-book", show="all", format=kind) for kind in ("", "csv"))
    total = list(csv.reader(StringIO(file.content.decode("utf-8-sig"))))[-1]
    assert page.context["totals"].principal == running.principal + over.principal
    assert total[3] == str(running.principal + over.principal)


@pytest.mark.parametrize("page", ["loan-book", "health"])
def test_the_loans_of_a_day_lead_to_their_cards_of_that_day(loans, page):
    running, _over = loans
    card = reverse("loan", args=[running.group.code, running.number])
    assert f'href="{card}?on=2025-05-10"' in get(running.group, page, on="2025-05-10").content.decode()


def test_all_loans_add_up_with_what_was_written_off(loans):
    running, over = loans
    repay(running, 118_000)
    write_off(running)
    for response, shows in (
        (get(running.group, "loan-book", show="all"), True),
        (get(running.group, "loan-book"), False),
    ):
        names = [column.label for column in response.context["table"].columns]
        assert ("Ended unpaid" in names) == shows
    rows = {
        row.cells[0].value: row.cells for row in get(running.group, "loan-book", show="all").context["table"].rows[:-1]
    }
    assert list(rows[running.number][3:8]) == [1_200_000, 100_000, 1_100_000, 18_000, 0]
    assert list(rows[over.number][3:8]) == [70_000, 70_000, 0, over.instalments.get().service_fee, 0]
    total = get(running.group, "loan-book", show="all").context["table"].rows[-1].cells
    assert total[3] == total[4] + total[5] + total[7] == 1_270_000


def test_what_was_written_off_later_is_not_in_the_book_of_a_day_before(loans):
    write_off(loans[0])
    total = get(loans[0].group, "loan-book", show="all", on="2025-05-05").context["table"].rows[-1].cells
    assert (total[5], total[7]) == (0, 1_200_000)
