"""Books on paper: all lines at once, where the group is, who signs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from finance import selectors
from finance.views import paging
from groups.models import Group
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_member, make_officer, make_village, save
from tests.finance.pages import get, signed_in

pytestmark = pytest.mark.django_db

LINES = 60
"""More than a page of any book here shows."""


@pytest.fixture(scope="module")
def made(module_db: None) -> int:
    """A group with more lines in the cash box, for one member, and more loans than a page shows."""
    member = make_member(make_group())
    for _number in range(LINES):
        save(member, 100_000)
        lend(member, principal=50_000, periods=1)
    return member.group_id


@pytest.fixture
def group(made: int) -> Group:
    return Group.objects.get(pk=made)


def opened(group: Group, name: str, **query: str):
    """Return the page of a book, the passbook that of the only member."""
    numbers = [group.members.get().pk] if name == "member" else []
    return get(group, name, *numbers, **query)


YEAR = {"start": "2025-01-01", "end": "2025-12-31"}
BOOKS = [("general-ledger", 50), ("loan-book", 50), ("member", 50)]


@pytest.mark.parametrize(("name", "at_a_time"), BOOKS)
def test_a_page_shows_some_lines_and_the_way_to_all(group, name, at_a_time):
    response = opened(group, name, **YEAR)
    assert len(response.context["page"]) == at_a_time
    assert "start=2025-01-01&amp;end=2025-12-31&amp;print=all" in response.content.decode()
    assert b"the other lines are not printed here" in response.content


@pytest.mark.parametrize(("name", "at_a_time"), BOOKS)
def test_print_all_is_every_line_on_one_page(group, name, at_a_time):
    response = opened(group, name, print="all", page="2", **YEAR)
    page = response.context["page"]
    assert len(page) == page.paginator.count > at_a_time
    assert b"the other lines are not printed here" not in response.content
    assert b"Show some lines at a time" in response.content


def test_print_all_begins_and_ends_with_the_balances(group):
    content = opened(group, "general-ledger", print="all", **YEAR).content.decode()
    assert "Opening balance" in content
    assert "Total, and closing balance" in content


def test_the_cash_book_prints_whole_too(group):
    assert len(opened(group, "cash-book", print="all", **YEAR).context["page"]) == 2 * LINES


def test_a_book_too_long_for_one_page_prints_page_by_page(group, monkeypatch):
    monkeypatch.setattr(paging, "LINES_TO_PRINT", LINES - 1)
    response = opened(group, "general-ledger", print="all", page="2", **YEAR)
    assert response.context["page"].number == 2
    content = response.content.decode()
    assert "too many for one page to print" in content
    assert "on one page, to print" not in content


@pytest.mark.parametrize("word", ["", "x", "ALL"])
def test_any_other_word_shows_some_lines(group, word):
    assert len(opened(group, "general-ledger", print=word, **YEAR).context["page"]) == 50


@pytest.mark.parametrize("name", ["cash-book", "general-ledger", "loan-book", "inventory", "external-loans"])
def test_print_all_of_an_empty_book_is_a_page(name):
    assert get(make_group(), name, print="all").status_code == 200


def test_a_short_book_offers_no_other_page():
    assert b"print=all" not in get(make_group(), "general-ledger").content


class TestPaper:
    def test_it_names_desa_district_and_regency(self):
        village = make_village("35.19.05.2003", "Jawa Timur", "Kabupaten Madiun", "Kare", "Sukamaju")
        paper = selectors.print_frame(make_group(village=village), as_of=FOUNDED)
        assert paper.village == "Sukamaju"
        assert paper.place == "Desa Sukamaju, Kecamatan Kare, Kabupaten Madiun"

    def test_an_urban_village_is_a_kelurahan(self):
        village = make_village("35.77.01.1003", "Jawa Timur", "Kota Madiun", "Taman", "Taman")
        assert selectors.print_frame(make_group(village=village), as_of=FOUNDED).place.startswith("Kelurahan Taman, ")

    def test_a_group_without_a_village_has_no_place(self):
        assert selectors.print_frame(make_group(), as_of=FOUNDED)[:2] == ("", "")

    def test_who_holds_an_office_on_the_day_signs(self):
        group = make_group()
        elected = FOUNDED + timedelta(30)
        make_officer(make_member(group, "Bu Lama"), started_on=FOUNDED, ended_on=elected)
        make_officer(make_member(group, "Bu Baru"), started_on=elected)
        for day, ketua in ((elected, "Bu Baru"), (elected - timedelta(1), "Bu Lama")):
            for signing in (selectors.print_frame(group, as_of=day).signers, selectors.signers(group, as_of=day)):
                assert [signer.name for signer in signing] == [ketua, "", ""]

    def test_an_office_nobody_holds_leaves_room_for_a_name(self):
        assert "Bendahara (treasurer)<br>(…" in get(make_group(), "cash-book").content.decode()

    def test_the_head_of_a_book_says_where_the_group_is(self):
        group = make_group(village=make_village("35.19.05.2003", "Jawa Timur", "Kabupaten Madiun", "Kare", "Sukamaju"))
        assert "Desa Sukamaju, Kecamatan Kare" in get(group, "balance-sheet").content.decode()

    def test_it_takes_one_statement(self, django_assert_num_queries):
        group = make_group(village=make_village())
        with django_assert_num_queries(1):
            selectors.print_frame(group, as_of=FOUNDED)

    def test_a_page_says_once_when_it_was_printed(self):
        for name in ("cash-book", "general-ledger", "loan-book", "savings-book", "surplus", "books"):
            assert get(make_group(), name).content.decode().count("Printed on") == 1


def test_all_lines_are_read_in_as_many_statements_as_some(group):
    client = signed_in(facilitator_of(group))

    def taken(**query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("general-ledger", args=[group.code]), YEAR | query)
        return len(queries)

    assert taken(print="all") == taken()
