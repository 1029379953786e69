"""`manage.py export_ledger`: the whole journal, harmless to programs that read it."""

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from finance.models import Entry
from finance.rules.lines import OtherMoney
from tests.factories import lend, make_group, make_member, other, repay, reverse, save

pytestmark = pytest.mark.django_db


def export(group, kind):
    out = StringIO()
    with translation.override("en"):
        call_command("export_ledger", group=group.code, format=kind, stdout=out)
    return out.getvalue()


def rows(group):
    return list(csv.DictReader(StringIO(export(group, "csv"))))


def test_an_unknown_group_is_an_error():
    with pytest.raises(CommandError, match="NIRWANA"):
        call_command("export_ledger", group="NIRWANA", format="csv")


def test_a_group_without_entries_is_an_empty_journal():
    group = make_group()
    assert rows(group) == []
    assert export(group, "hledger").startswith(f"; {group.name} ({group.code})\n")


def test_every_transfer_is_a_row():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 500_000)
    repay(lend(member, principal=100_000), 20_000)
    (saved, lent, fee, principal) = rows(member.group)
    assert (saved["date"], saved["kind"], saved["amount"], saved["member"]) == (
        "2025-01-07", "SAVINGS", "500000", "Siti Aminah",
    )  # fmt: skip
    assert (saved["debit_code"], saved["credit_code"]) == ("11010", "21023.1")
    assert saved["credit_account"] == "Liabilities:21023.1 Voluntary savings (simpanan sukarela):Siti Aminah"
    assert (lent["debit_code"], fee["credit_code"], principal["credit_code"]) == ("11030.1", "41010.1", "11030.1")
    assert int(fee["amount"]) + int(principal["amount"]) == 20_000


def test_a_reversal_says_what_it_reverses():
    save(make_member(make_group()), 1_000)
    entry = Entry.objects.get()
    reverse(entry)
    assert [row["reverses"] for row in rows(entry.group)] == ["", str(entry.number)]
    assert f"; reverses:{entry.number}" in export(entry.group, "hledger")


def test_the_journal_says_day_number_kind_and_reason_of_an_entry():
    save(make_member(make_group()), 1_000)
    entry = Entry.objects.get()
    reverse(entry, "salah tulis")
    journal = export(entry.group, "hledger")
    assert "\n2025-01-07 (1) Savings\n" in journal
    assert "\n2025-01-07 (2) Reversal salah tulis\n" in journal


def test_what_money_was_for_stands_in_both_formats():
    group = make_group()
    other(group, OtherMoney.GRANT, 75_000, memo="hibah desa")
    assert [row["line_memo"] for row in rows(group)] == ["hibah desa"]
    assert export(group, "hledger").count("  ; hibah desa\n") == 2


def test_another_groups_entries_stay_out():
    save(make_member(make_group()), 1_000)
    assert rows(make_group()) == []


@pytest.mark.parametrize("name", ["=1+1", "+62", "-2", "@SUM(A1)", "\t=1", "  =1"])
def test_no_cell_is_read_as_a_formula(name):
    member = make_member(make_group(), name)
    save(member, 1_000)
    assert rows(member.group)[0]["member"] == f"'{name}"


def test_names_cannot_break_the_journal():
    member = make_member(make_group(), "Siti;  a:b\n2025-01-01 x")
    save(member, 1_000)
    assert ":Siti a b 2025-01-01 x  IDR -1000\n" in export(member.group, "hledger")
