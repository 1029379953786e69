"""The books on paper: A4, nothing cut off, whose they are at the head, signature lines at the end."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse

from groups.models import Group
from tests.factories import facilitator_of, make_officer, save
from tests.finance.surplus import worked_year

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

PRINTABLE = 680
"""Pixels of CSS in the 180 mm between the margins of A4."""
YEAR = "start=2025-01-01&end=2025-12-31"
BOOKS = [
    ("cash-book", YEAR),
    ("savings-book", ""),
    ("savings-book", YEAR),
    ("loan-book", "show=all"),
    ("general-ledger", YEAR),
    ("general-ledger", f"{YEAR}&print=all"),
    ("trial-balance", ""),
    ("trial-balance", YEAR),
    ("balance-sheet", ""),
    ("income-statement", YEAR),
    ("health", ""),
    ("surplus", YEAR),
    ("annual-meeting", "year=2025"),
]


def group_of_millions() -> Group:
    """A group with millions in every column, so that the columns are as wide as they get."""
    group, members = worked_year()
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=True):
        make_officer(member, role)
        save(member, 98_765_432, on=date(2025, 12, 1))
    return group


@pytest.fixture(scope="module")
def group(committed_module) -> Group:
    return group_of_millions()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def paper_of(group: Group, visit):
    """What a book of the group is on paper: it is opened on a screen, then shown as it prints."""
    screen = {"width": 1280, "height": 800}
    site = visit(viewport=screen, is_mobile=False, has_touch=False)
    site.sign_in(facilitator_of(group).username)

    def opened(name: str, query: str, **numbers: int):
        site.page.emulate_media(media="screen")
        site.page.set_viewport_size(screen)
        site.open(f"{reverse(name, kwargs={'code': group.code, **numbers})}?{query}")
        site.page.emulate_media(media="print")
        site.page.set_viewport_size({"width": PRINTABLE, "height": 1000})
        return site

    return opened


@pytest.fixture(scope="module")
def paper(group, visit_of_module):
    return paper_of(group, visit_of_module)


@pytest.mark.parametrize(("name", "query"), BOOKS)
def test_a_book_fits_the_width_of_a_page(paper, name, query):
    assert not paper(name, query).scrolls_sideways()


@pytest.mark.parametrize(("name", "query"), BOOKS)
def test_a_printed_book_says_whose_it_is_and_is_signed(paper, group, name, query):
    page = paper(name, query).page
    text = page.inner_text("main")
    assert f"{group.name} ({group.number_shown})" in text
    assert all(office in text for office in ("Ketua", "Sekretaris", "Bendahara"))
    assert page.locator("button:visible, nav:visible, main .btn:visible").count() == 0


@pytest.mark.parametrize("name", ["savings-book", "trial-balance", "balance-sheet", "loan-book"])
def test_a_book_of_a_small_group_is_one_page(paper, name):
    assert pages_of(paper(name, "").page.pdf(format="A4")) == 1


def test_a_loan_card_of_a_year_is_two_pages_with_all_its_columns(paper, group):
    page = paper("loan", "", number=1).page
    assert page.locator("thead th:visible").count() == 7
    assert pages_of(page.pdf(format="A4")) == 2


@pytest.fixture(scope="module")
def long_paper(visit_of_module):
    """The paper of a group with more lines of the cash box than pages on a screen show."""
    long = group_of_millions()
    member = long.members.first()
    for number in range(160):
        save(member, 1_000 + number, on=date(2025, 11, 1))
    return paper_of(long, visit_of_module)


@pytest.mark.parametrize("name", ["general-ledger", "cash-book"])
def test_all_lines_of_a_period_print_at_once(long_paper, name):
    whole = long_paper(name, f"{YEAR}&print=all").page
    rows = "document.querySelectorAll('tbody tr:not(.folded)').length"
    assert whole.evaluate(rows) > 160
    assert "baris lainnya" not in whole.inner_text("main") and "other lines" not in whole.inner_text("main")
    part = long_paper(name, YEAR).page
    assert part.evaluate(rows) <= 50 + 2


@pytest.mark.parametrize(("name", "query"), BOOKS)
def test_the_last_row_keeps_room_for_the_signatures(paper, name, query):
    """So they are never alone on a page, however full the page before is."""
    page = paper(name, query).page
    if name == "surplus":  # ends with a projection, not with a table
        return
    spare = """() => {
        const end = document.querySelector(".signed + .paper-end");
        const rows = document.querySelectorAll(".signed tr:not(.folded)");
        return rows[rows.length - 1].getBoundingClientRect().bottom - end.getBoundingClientRect().bottom;
    }"""
    inside = """() => {
        const end = document.querySelector(".signed + .paper-end");
        return end.getBoundingClientRect().bottom - end.lastElementChild.getBoundingClientRect().bottom;
    }"""
    assert page.evaluate(spare) >= -1
    assert page.evaluate(inside) >= 0


def test_the_head_of_columns_is_repeated_on_every_page(long_paper):
    page = long_paper("general-ledger", YEAR).page
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"


PHONE_BOOKS = [
    ("general-ledger", YEAR),
    ("trial-balance", YEAR),
    ("health", ""),
    ("loan-book", "show=all"),
    ("loan", ""),
]


@pytest.fixture(scope="module")
def phone(group, visit_of_module):
    site = visit_of_module()
    site.sign_in(facilitator_of(group).username)
    return site


@pytest.mark.parametrize(("name", "query"), PHONE_BOOKS)
def test_no_table_of_a_book_scrolls_sideways_on_a_phone(phone, group, name, query):
    numbers = {"number": 1} if name == "loan" else {}
    phone.open(f"{reverse(name, kwargs={'code': group.code, **numbers})}?{query}")
    wide = "[...document.querySelectorAll('.table-responsive')].filter((box) => box.scrollWidth > box.clientWidth)"
    assert phone.page.evaluate(f"{wide}.length") == 0


def test_the_annual_meeting_is_found_among_the_books(phone, group):
    phone.open(reverse("books", args=[group.code]))
    phone.page.get_by_role("link", name="Rapat anggota tahunan").click()
    phone.page.get_by_label("Tahun", exact=True).select_option("2025")
    phone.page.get_by_role("button", name="Tampilkan").click()
    text = phone.page.inner_text("main")
    assert "1 Januari 2025 sampai 31 Desember 2025" in text
    assert all(member.name in text for member in group.members.all())
    assert not phone.scrolls_sideways()
