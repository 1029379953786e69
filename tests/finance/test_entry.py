"""The page of one ledger entry."""

import uuid

import pytest
from django.urls import reverse as url

from finance import services
from finance.ledger.verify import mismatches
from finance.models import Entry
from groups.models import Role
from tests.factories import (
    facilitator_of,
    lend,
    make_entry,
    make_group,
    make_member,
    make_officer,
    make_user,
    make_village,
    repay,
    reverse,
    save,
)
from tests.finance.pages import get, signed_in, statements

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


def test_a_voucher_on_paper_is_headed_and_signed_as_a_book(entry):
    entry.group.village = make_village("35.19.05.2003", "Jawa Timur", "Kabupaten Madiun", "Kare", "Sukamaju")
    entry.group.save()
    content = get(entry.group, "entry", entry.number).content.decode()
    assert "Desa Sukamaju, Kecamatan Kare" in content
    assert "Bendahara (treasurer)<br>(…" in content
    assert content.count("Printed on") == 1
    assert "Bendahara (treasurer)" not in get(entry.group, "entry-reverse", entry.number).content.decode()


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
    assert statements(entry.group, "entry", payment.number) == few <= 6


def ask(entry, user=None, **data):
    form = {"key": str(uuid.uuid4()), "reason": "salah orang", **data}
    address = url("entry-reverse", args=[entry.group.code, entry.number])
    return signed_in(user or facilitator_of(entry.group)).post(address, form)


def test_a_wrong_entry_is_reversed_on_its_page(entry):
    assert url("entry-reverse", args=[entry.group.code, 1]) in get(entry.group, "entry", 1).content.decode()
    assert "Rp\xa050.000" in get(entry.group, "entry-reverse", 1).content.decode()
    assert ask(entry).url == url("entry", args=[entry.group.code, 1])
    reversal = Entry.objects.get(reverses=entry)
    assert (reversal.number, reversal.memo) == (2, "salah orang")
    assert list(mismatches()) == []


def test_what_was_reversed_offers_no_second_time(entry):
    ask(entry)
    for number in (1, 2):
        assert "entries/1/reverse" not in get(entry.group, "entry", number).content.decode()
    assert ask(entry).status_code == 302
    assert Entry.objects.count() == 2


def test_the_same_form_twice_reverses_once(entry):
    key = str(uuid.uuid4())
    assert [ask(entry, key=key).status_code for _ in range(2)] == [302, 302]
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(("wrong", "field"), [({"reason": ""}, "reason"), ({"reason": "x" * 201}, "reason"),
                                              ({"key": "x"}, "key")])  # fmt: skip
def test_a_reversal_without_its_reason_is_asked_again(entry, wrong, field):
    response = ask(entry, **wrong)
    assert (response.status_code, field in response.context["form"].errors) == (422, True)
    assert Entry.objects.count() == 1


def test_money_that_was_spent_cannot_be_reversed_away(entry):
    lend(entry.group.members.get(), principal=40_000)
    response = ask(entry)
    assert "short of Rp\xa040.000" in str(response.context["form"].non_field_errors())
    assert Entry.objects.count() == 2


def test_a_reversal_and_what_has_its_own_page_are_refused(entry):
    ask(entry)
    shared = make_entry(entry.group, "SHARE_OUT")
    assert "cannot be reversed" in str(ask(Entry.objects.get(number=2)).context["form"].errors)
    assert "on its own page" in str(ask(shared).context["form"].errors)
    assert f"entries/{shared.number}/reverse" not in get(entry.group, "entry", shared.number).content.decode()


def test_an_officer_reads_and_does_not_reverse(entry):
    member = make_officer(entry.group.members.get()).member
    officer = make_user(Role.OFFICER, organisation=entry.group.organisation, member=member)
    assert "entries/1/reverse" not in get(entry.group, "entry", 1, user=officer).content.decode()
    assert ask(entry, user=officer).status_code == 403
    assert Entry.objects.count() == 1


def test_a_settlement_of_a_leaving_is_reversed(entry):
    member = entry.group.members.get()
    settlement = services.member_settle(
        actor=facilitator_of(entry.group), group=entry.group, member=member, on=entry.effective_on, key=uuid.uuid4()
    )
    assert "the member has still left" in get(entry.group, "entry-reverse", settlement.number).content.decode()
    assert ask(settlement).status_code == 302
    assert member.accounts.get(kind="SUKARELA").balance == 50_000
