"""The books on paper: A4, nothing cut off, whose they are at the head, signature lines at the end."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse

from groups.models import Group
from tests.factories import facilitator_of, make_officer, save
from tests.finance.surplus import worked_year

pytestmark = pytest.mark.browser

PRINTABLE = 680
"""Pixels of CSS in the 180 mm between the margins of A4."""
YEAR = "start=2025-01-01&end=2025-12-31"
BOOKS = [
    ("cash-book", YEAR),
    ("savings-book", ""),
    ("savings-book", YEAR),
    ("loan-book", "show=all"),
    ("general-ledger", YEAR),
    ("trial-balance", ""),
    ("trial-balance", YEAR),
    ("balance-sheet", ""),
    ("income-statement", YEAR),
    ("health", ""),
    ("surplus", YEAR),
]


@pytest.fixture
def group(committed_db) -> Group:
    """A group with millions in every column, so that the columns are as wide as they get."""
    group, members = worked_year()
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=True):
        make_officer(member, role)
        save(member, 98_765_432, on=date(2025, 12, 1))
    return group


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.fixture
def paper(visit, group):
    """What a book is on paper: it is opened, then shown as it prints."""
    site = visit(viewport={"width": 1280, "height": 800}, is_mobile=False, has_touch=False)
    site.sign_in(facilitator_of(group).username)

    def opened(name: str, query: str, **numbers: int):
        site.open(f"{reverse(name, kwargs={'code': group.code, **numbers})}?{query}")
        site.page.emulate_media(media="print")
        site.page.set_viewport_size({"width": PRINTABLE, "height": 1000})
        return site

    return opened


@pytest.mark.parametrize(("name", "query"), BOOKS)
def test_a_book_fits_the_width_of_a_page(paper, name, query):
    assert not paper(name, query).scrolls_sideways()


@pytest.mark.parametrize(("name", "query"), BOOKS)
def test_a_printed_book_says_whose_it_is_and_is_signed(paper, group, name, query):
    page = paper(name, query).page
    text = page.inner_text("main")
    assert f"{group.name} ({group.code})" in text
    assert all(office in text for office in ("Ketua", "Sekretaris", "Bendahara"))
    assert page.locator("button:visible, nav:visible, main .btn:visible").count() == 0


@pytest.mark.parametrize("name", ["savings-book", "trial-balance", "balance-sheet", "loan-book"])
def test_a_book_of_a_small_group_is_one_page(paper, name):
    assert pages_of(paper(name, "").page.pdf(format="A4")) == 1


def test_a_loan_card_of_a_year_is_two_pages_with_all_its_columns(paper, group):
    page = paper("loan", "", number=1).page
    assert page.locator("thead th:visible").count() == 11
    assert pages_of(page.pdf(format="A4")) == 2
