"""The pages of the reports, and that each book and report also leaves as a file with the same numbers."""

import csv
import re
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from finance import selectors
from finance.rules.lines import OtherMoney
from groups.models import Role
from tests.factories import (
    FOUNDED,
    borrow_external,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_officer,
    make_user,
    other,
    repay,
    save,
)
from tests.factories import reverse as undo
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_obligations import charge

pytestmark = pytest.mark.django_db

REPORTS = ["general-ledger", "trial-balance", "balance-sheet", "income-statement", "owed", "health"]
BOOKS = ["cash-book", "savings-book", "loan-book", "loan", "member", "external-loans", "external-loan", *REPORTS]
PERIOD = {"start": "2025-01-01", "end": "2025-12-31"}


@pytest.fixture
def group():
    group = make_group(code="MELATI")
    member = make_member(group, "=Siti")
    make_officer(member)
    save(member, 2_000_000)
    repay(lend(member), 118_000)
    other(group, OtherMoney.STATIONERY, 25_000, on=date(2025, 4, 1), memo="buku")
    charge(member, 5_000)
    return group


@pytest.fixture
def books(group):
    """The same group with a loan from outside."""
    borrow_external(group)
    return group


def arguments(group, name):
    return {"loan": [1], "external-loan": [1], "member": [group.members.get().pk]}.get(name, [])


def text(response):
    """The page as people read it on a wide screen, amounts with plain spaces."""
    wide = re.sub(r'(?s)<div class="folded">.*?</div>', "", response.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", wide)).replace("\xa0", " ")


@pytest.mark.parametrize("name", BOOKS)
def test_every_book_is_a_page_to_print_and_sign(books, name):
    response = get(books, name, *arguments(books, name))
    content = response.content.decode()
    assert response.status_code == 200
    assert "Ketua (chair)<br>=Siti" in content
    assert "format=xlsx" in content
    assert "format=csv" in content


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("query", [{}, {"start": "2025-01-01", "end": "2025-12-31", "on": "2025-12-31"}])
def test_every_book_leaves_as_two_files_with_the_same_cells(books, group, name, query):
    answers = [get(books, name, *arguments(books, name), format=kind, **query) for kind in ("xlsx", "csv")]
    for answer, ending in zip(answers, ("xlsx", "csv"), strict=True):
        assert re.search(
            rf'filename="{group.number_shown}-[a-z0-9-]+-\d{{4}}-\d\d-\d\d\.{ending}"', answer["Content-Disposition"]
        )
    sheet = load_workbook(BytesIO(answers[0].content)).active
    in_sheet = [[as_csv(cell) for cell in row] for row in sheet.iter_rows(min_row=4)]
    in_csv = list(csv.reader(StringIO(answers[1].content.decode("utf-8-sig"))))
    assert in_csv == in_sheet
    assert len(in_csv) > 2


@pytest.mark.parametrize("name", BOOKS)
def test_every_book_has_a_form_for_its_days(books, name):
    names = set(get(books, name, *arguments(books, name)).context["form"].fields)
    assert "on" in names or {"start", "end"} <= names


def as_csv(cell):
    if cell.value is None:
        return ""
    if cell.is_date:
        return cell.value.date().isoformat()
    return f"'{cell.value}" if str(cell.value).startswith("=") else str(cell.value)


def test_an_unknown_format_is_the_page(group):
    assert get(group, "balance-sheet", format="pdf")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", REPORTS)
def test_a_group_without_money_has_every_report(name):
    assert get(make_group(), name).status_code == 200


@pytest.mark.parametrize("name", REPORTS)
def test_another_organisation_finds_nothing(group, name):
    assert get(group, name, user=make_user(Role.ADMIN)).status_code == 404


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("day", ["besok", "0001-01-01", "99999-01-01", "2025-13-01", "9" * 20])
def test_a_wrong_day_gets_a_message_at_the_field_and_the_report(books, name, day):
    response = get(books, name, *arguments(books, name), on=day, end=day)
    assert response.status_code == 200
    form = response.context["form"]
    (message,) = form.errors["on" if "on" in form.fields else "end"]
    assert re.search("Enter a valid date|no such day|too long ago|a day of our time", message)


@pytest.mark.parametrize("name", ["balance-sheet", "health", "loan-book", "external-loans"])
def test_a_day_to_come_is_told_at_the_field_and_today_is_shown(group, name):
    today = timezone.localdate()
    form = get(group, name, on=(today + timedelta(days=1)).isoformat()).context["form"]
    assert form.errors == {"on": ["This date is in the future."]}
    form = get(group, name, on=today.isoformat()).context["form"]
    assert (form.errors, form["on"].value()) == ({}, today)


@pytest.mark.parametrize(
    "name", ["general-ledger", "trial-balance", "income-statement", "savings-book", "member", "cash-book"]
)
def test_a_period_that_is_not_over_ends_today(group, name):
    far = (timezone.localdate() + timedelta(days=40)).isoformat()
    context = get(group, name, *arguments(group, name), end=far).context
    assert context["form"].errors == {"end": ["This date is in the future."]}


@pytest.mark.parametrize(
    ("amount", "beside"), [(999_999_999, ["Account", "Debit", "Credit"]), (1_000_000_000, ["Account"])]
)
def test_a_trial_balance_of_billions_has_its_amounts_below_the_accounts_on_a_phone(amount, beside):
    member = make_member(make_group())
    save(member, amount)
    table = get(member.group, "trial-balance").context["table"]
    assert [column.label for column in table.phone_columns] == beside


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("day", ["1900-01-02", "9999-12-31"])
def test_the_farthest_days_are_no_server_error(books, name, day):
    assert get(books, name, *arguments(books, name), on=day, start=day, end=day).status_code == 200


def test_a_period_that_ends_before_it_starts_is_told_so(group):
    for name in ("general-ledger", "trial-balance", "income-statement", "savings-book", "member"):
        page = get(group, name, *arguments(group, name), start="2025-05-01", end="2025-04-01")
        assert page.context["form"].errors == {"end": ["The period ends before it starts."]}


@pytest.mark.parametrize("name", BOOKS)
def test_few_statements_and_never_more_with_the_lines(books, name):
    member = books.members.get()
    lend(member, principal=1_000, funded_by=books.external_loans.get())
    few = statements(books, name, *arguments(books, name))
    for _ in range(6):
        save(member, 1_000)
        lend(member, principal=1_000, funded_by=books.external_loans.get())
    assert (
        statements(books, name, *arguments(books, name)) == few <= {"loan": 11, "owed": 11, "member": 16}.get(name, 10)
    )


class TestGeneralLedger:
    def test_it_opens_with_the_cash_box_in_the_year_so_far(self, group):
        today = timezone.localdate()
        save(group.members.get(), 5_000, on=today)
        table = get(group, "general-ledger").context["table"]
        assert "Cash box (kas)" in table.title
        assert table.period.endswith(str(today.year))

    def test_lines_name_the_other_account_and_lead_to_their_entries(self, group):
        response = get(group, "general-ledger", account="SUKARELA", **PERIOD)
        assert "11010 Cash box (kas)" in text(response)
        assert reverse("entry", args=["MELATI", group.entries.first().number]) in response.content.decode()

    def test_an_account_of_one_member(self, group):
        save(make_member(group, "Tuti"), 700)
        assert "Closing" in text(get(group, "trial-balance", start="2025-01-01"))
        shown = text(get(group, "general-ledger", account="21023.2", **PERIOD))
        assert "Rp 700" in shown
        assert "Rp 2.000.000" not in shown

    def test_an_account_nobody_has_is_a_message(self, group):
        assert "Select a valid choice" in text(get(group, "general-ledger", account="41050", **PERIOD))

    def test_only_the_ends_of_the_book_carry_its_balances(self, group):
        member = group.members.get()
        for _ in range(60):
            save(member, 1)
        first = text(get(group, "general-ledger", account="SUKARELA", **PERIOD))
        last = text(get(group, "general-ledger", account="SUKARELA", page="2", **PERIOD))
        assert ("Opening balance" in first, "closing balance" in first) == (True, False)
        assert ("Opening balance" in last, "closing balance" in last) == (False, True)
        assert "Rp 2.000.060" in last


class TestTrialBalance:
    def test_each_row_leads_to_its_ledger(self, group):
        content = get(group, "trial-balance", end="2025-12-31").content.decode()
        assert "?account=SUKARELA&amp;end=2025-12-31" in content

    def test_a_line_for_each_member_on_demand(self, group):
        assert "21023.1" not in text(get(group, "trial-balance"))
        assert "21023.1" in text(get(group, "trial-balance", accounts="on"))


def test_a_balance_sheet_shows_both_sides_equal(group):
    shown = text(get(group, "balance-sheet", on="2025-12-31"))
    assert shown.count("Rp 1.993.000") == 2
    assert "Surplus of this year (SHU tahun berjalan) −Rp 7.000" in shown


def test_an_income_statement_shows_the_loss(group):
    shown = text(get(group, "income-statement", **PERIOD))
    assert "41010 Service fee (jasa) of a loan Rp 18.000" in shown
    assert "Surplus (sisa hasil usaha) −Rp 7.000" in shown


class TestHealth:
    def test_figures_and_classes_as_on_a_day(self, group):
        shown = text(get(group, "health", on="2025-07-10"))
        assert (
            "LAR (UPK) Borrowers at least three months late, of the borrowers with a balance 100,0 % Suspend" in shown
        )
        assert "61–90 days 0 Rp 0 Rp 0" in shown
        assert "3 Substandard (kurang lancar) 1 Rp 1.100.000" in shown

    def test_on_time_it_is_good(self, group):
        shown = text(get(group, "health", on="2025-03-05"))
        assert "balance 0,0 % Good" in shown
        assert "Repayment rate (paid of due) 100,0 %" in shown

    def test_nothing_to_count_is_a_dash(self):
        assert "Repayment rate (paid of due) –" in text(get(make_group(), "health"))


def test_a_reversed_line_counts_nowhere(group):
    undo(group.entries.get(kind="OTHER"))
    sheet = selectors.balance_sheet(group, as_of=date(2025, 12, 31))
    assert sheet.surplus == 18_000
    assert sheet.as_of > FOUNDED


def test_the_ledger_of_a_kind_nobody_used_is_empty():
    group = make_group()
    client = signed_in(facilitator_of(group))
    response = client.get(reverse("general-ledger", args=[group.code]), {"account": "SERVICE_FEE"})
    assert response.status_code == 200
    assert not response.context["form"].errors
    assert list(response.context["page"]) == []


def test_reports_without_lines_say_so(group):
    empty = make_group()
    assert b"No money has moved so far." in get(empty, "trial-balance").content
    assert b"No money moved in this period." in get(empty, "general-ledger").content
    assert b"No money has moved so far." not in get(group, "trial-balance").content
    assert b"No money moved in this period." not in get(group, "general-ledger", **PERIOD).content


def test_what_a_phone_has_no_column_for_stands_below_the_text(group):
    content = get(group, "general-ledger", account="STATIONERY", **PERIOD).content.decode()
    number = group.entries.get(kind="OTHER").number
    expected = f'01/04/2025 · Voucher <span class="text-nowrap">{number}</span> · buku · '
    assert expected + 'Debit <span class="text-nowrap">Rp\xa025.000</span></td></tr>' in content
