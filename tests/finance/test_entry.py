"""The page of one ledger entry."""

import pytest

from finance.models import Entry
from groups.models import Role
from tests.factories import lend, make_entry, make_group, make_member, make_user, repay, reverse, save
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    save(make_member(make_group(), "Siti Aminah"), 50_000)
    return Entry.objects.get()


def test_who_when_and_the_lines(entry):
    content = get(entry.group, "entry", entry.number).content.decode()
    assert str(entry.recorded_by) in content
    assert "11010 Cash box (kas)" in content
    assert "21023.1 Voluntary savings (simpanan sukarela)" in content
    assert "Rp\xa050.000" in content


def test_a_reversal_and_what_it_reverses_lead_to_each_other(entry):
    reversal = reverse(entry, reason="salah orang")
    assert f"Reversed by entry {reversal.number}" in get(entry.group, "entry", entry.number).content.decode()
    content = get(entry.group, "entry", reversal.number).content.decode()
    assert f"Reversal of entry {entry.number}" in content
    assert "salah orang" in content


def test_the_number_of_an_entry_is_a_name_and_not_an_amount(entry):
    later = make_entry(entry.group, "REVERSAL", reverses=entry, number=1_234_567)
    assert "Entry 1234567" in get(entry.group, "entry", later.number).content.decode()
    assert "Reversed by entry 1234567" in get(entry.group, "entry", entry.number).content.decode()


def test_an_entry_that_is_not_there(entry):
    assert get(entry.group, "entry", entry.number + 1).status_code == 404


def test_an_entry_of_another_group(entry):
    assert get(make_group(), "entry", entry.number).status_code == 404


def test_another_organisation_finds_nothing(entry):
    assert get(entry.group, "entry", entry.number, user=make_user(Role.ADMIN)).status_code == 404


def test_statements_do_not_grow_with_the_lines(entry):
    few = statements(entry.group, "entry", entry.number)
    payment = repay(lend(entry.group.members.get(), principal=40_000), 5_000)
    assert payment.transfers.count() == 2
    assert statements(entry.group, "entry", payment.pk) == few <= 6
