"""Tables as files: numbers as numbers, days as days, and no text that is read as a formula."""

import csv
from datetime import date
from fractions import Fraction
from io import BytesIO, StringIO

import pytest
from django.template.loader import render_to_string
from openpyxl import load_workbook

from finance.tables.files import respond, to_csv, to_xlsx
from finance.tables.table import Column, ColumnKind, DetailedCell, Only, Person, Row, Table, Tag, shown

ON = date(2026, 11, 21)


def table(*cells, number="KSM-0042"):
    columns = [
        Column("Nama"),
        Column("Tanggal", ColumnKind.DATE),
        Column("Jumlah", ColumnKind.MONEY),
        Column("Bagian", ColumnKind.PERCENT),
    ]
    return Table(
        title="Neraca [1/2]: uji",
        name="neraca",
        number=number,
        owner="Melati (MELATI)",
        period="2026",
        until=ON,
        columns=columns,
        rows=[Row(cells)],
    )


def sheet(found):
    return load_workbook(BytesIO(to_xlsx(found).content)).active


def rows(found):
    return list(csv.reader(StringIO(to_csv(found).content.decode("utf-8-sig"))))


def test_a_spreadsheet_holds_typed_cells():
    name, day, amount, share = sheet(table("Siti", ON, -1_500_000, Fraction(1, 8)))[5]
    assert (name.value, day.value.date(), amount.value, share.value) == ("Siti", ON, -1_500_000, 0.125)
    assert (name.data_type, day.is_date, amount.data_type) == ("s", True, "n")
    assert (day.number_format, share.number_format) == ("dd/mm/yyyy", "0.0%")
    assert amount.number_format == "[$Rp-421] #,##0;-[$Rp-421] #,##0"


def test_a_spreadsheet_says_whose_it_is_above_the_columns():
    found = sheet(table("Siti", ON, 1, None))
    assert [found.cell(row, 1).value for row in range(1, 5)] == ["Neraca [1/2]: uji", "Melati (MELATI)", "2026", "Nama"]
    assert found.freeze_panes == "A5"
    assert found.title == "Neraca  1 2   uji"


@pytest.mark.parametrize("name", ["=1+1", "+62", "-2", "@SUM(A1)", "\t=1", "  =1", '=HYPERLINK("http://x")'])
def test_no_cell_is_read_as_a_formula(name):
    assert rows(table(name, ON, 1, None))[1][0] == f"'{name}"
    cell = sheet(table(name, ON, 1, None))["A5"]
    assert (cell.data_type, cell.value) == ("s", name)


def test_a_control_character_does_not_break_the_spreadsheet():
    assert sheet(table("Siti\x07 A", ON, 1, None))["A5"].value == "Siti A"


def test_csv_has_plain_amounts_and_iso_days():
    assert rows(table("Siti, Bu", ON, -1_500_000, Fraction(1, 3))) == [
        ["Nama", "Tanggal", "Jumlah", "Bagian"],
        ["Siti, Bu", "2026-11-21", "-1500000", "0.3333"],
    ]
    assert rows(table(None, None, None, None))[1] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("share", "written"), [(Fraction(2, 3), "66,7\xa0%"), (Fraction(1), "100,0\xa0%"), (None, "–")]
)
def test_a_share_is_written_with_one_decimal_rounded(share, written):
    assert shown(share, ColumnKind.PERCENT) == written


def test_files_are_named_by_group_report_and_day():
    assert (
        to_csv(table("", ON, 1, None))["Content-Disposition"] == 'attachment; filename="KSM-0042-neraca-2026-11-21.csv"'
    )
    assert to_xlsx(table("", ON, 1, None, number=""))["Content-Disposition"].endswith('"neraca-2026-11-21.xlsx"')


@pytest.mark.parametrize(
    ("query", "written"), [("", "Nama,Tanggal"), ("semicolon", "Nama;Tanggal"), ("x", "Nama,Tanggal")]
)
def test_the_reader_chooses_what_stands_between_the_values(rf, query, written):
    request = rf.get("/", {"format": "csv", "separator": query})
    content = respond(request, "", {}, lambda: table("Siti; Bu", ON, 1, None)).content.decode()
    assert content.startswith("\ufeff" + written)
    assert ('"Siti; Bu"' in content) == (query == "semicolon")


def page_of(columns, *cells):
    """The texts of a table's only row by the classes of its cells."""
    table = Table("", "", "", "", "", ON, columns, [Row(cells)])
    (row,) = table.page_rows()
    return row


def test_a_column_for_files_alone_is_on_no_page():
    columns = [Column("Nama"), Column("Nomor", ColumnKind.NUMBER, only=Only.FILES)]
    assert [cell.text for cell in page_of(columns, "Siti", 7).cells] == ["Siti"]
    assert rows(Table("", "", "", "", "", ON, columns, [Row(["Siti", 7])])) == [["Nama", "Nomor"], ["Siti", "7"]]


@pytest.mark.parametrize("only", [Only.PHONE, Only.PAPER])
def test_a_column_of_a_phone_or_of_paper_is_in_no_file(only):
    columns = [Column("Nama"), Column("Paraf", only=only)]
    assert len(page_of(columns, "Siti", "x").cells) == 2
    assert rows(Table("", "", "", "", "", ON, columns, [Row(["Siti", "x"])])) == [["Nama"], ["Siti"]]


def test_one_folded_cell_stands_below_the_header_and_more_in_a_row_of_their_own():
    day, amount = Column("Tanggal", ColumnKind.DATE, on_phone=False), Column("Pokok", ColumnKind.MONEY, on_phone=False)
    one = page_of([Column("Nama"), day], "Siti", ON)
    assert one.below.text == "21/11/2026" and one.folded == []
    more = page_of([Column("Nama"), day, amount], "Siti", ON, 1)
    assert more.below is None and [cell.label for cell in more.folded] == ["", "Pokok"]


def test_what_is_empty_or_nought_is_not_folded():
    columns = [Column("Nama"), Column("Pokok", ColumnKind.MONEY, on_phone=False), Column("Catatan", on_phone=False)]
    row = page_of(columns, "Siti", 0, "")
    assert row.below is None and row.folded == []


def test_a_file_has_the_value_of_a_cell_with_details():
    columns = [Column("Nama"), Column("Jumlah", ColumnKind.MONEY)]
    cell = DetailedCell(5_000, url="/", note="lunas", tags=[Tag("terlambat")])
    assert rows(Table("", "", "", "", "", ON, columns, [Row(["Siti", cell])]))[1] == ["Siti", "5000"]


def test_a_page_escapes_every_text_and_address():
    evil = "<script>'\""
    cell = DetailedCell(evil, url=evil, person=Person(evil, evil), note=evil, tags=[Tag(evil, url=evil)], below=evil)
    columns = [Column(evil), Column(evil, on_phone=False), Column(evil, on_phone=False)]
    found = Table(evil, "", "", "", evil, ON, columns, [Row([cell, evil, cell])])
    content = render_to_string("finance/_table.html", {"table": found})
    assert evil not in content and "<script>" not in content


def test_an_amount_below_the_header_has_its_name():
    columns = [Column("Nama"), Column("Pokok", ColumnKind.MONEY, on_phone=False)]
    found = Table("", "", "", "", "", ON, columns, [Row(["Siti", 5_000])])
    assert '<div class="folded">Pokok <span class="text-nowrap">Rp\xa05.000</span></div>' in found.body()
