"""A leaving recorded by mistake is taken back, with its settlement if no money really went."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse

from finance.ledger.verify import mismatches
from finance.models import Account, Entry
from groups.models import Group, Member, OfficerTerm
from tests.factories import facilitator_of, lend, make_group, make_member, make_officer, save
from tests.finance.pages import signed_in
from tests.kelompok.test_member_leave import balance, leave

pytestmark = pytest.mark.django_db

LEFT_ON = date(2025, 3, 4)


@pytest.fixture
def member():
    return make_member(make_group())


def take_back(member, method="post", **fields):
    address = reverse("member-leave-undo", args=[member.group.code, member.pk])
    fields = {"key": str(uuid.uuid4()), "reason": "salah orang", "reverse": "on", **fields}
    return getattr(signed_in(facilitator_of(member.group)), method)(address, fields if method == "post" else {})


def test_the_member_is_a_member_again_and_the_office_stays_ended(member):
    make_officer(member)
    leave(member)
    assert take_back(member).url == reverse("member", args=[member.group.code, member.pk])
    assert Member.objects.get().left_on is None
    assert OfficerTerm.objects.get().ended_on == LEFT_ON


def test_the_page_of_who_left_leads_there_and_that_of_a_member_does_not(member):
    def links():
        page = signed_in(facilitator_of(member.group)).get(reverse("member", args=[member.group.code, member.pk]))
        return reverse("member-leave-undo", args=[member.group.code, member.pk]) in page.content.decode()

    assert not links()
    leave(member)
    assert links()


def test_looking_changes_nothing_and_says_what_happens(member):
    leave(member)
    content = take_back(member, "get").content.decode()
    assert "stays ended" in content
    assert "No money moves" in content
    assert Member.objects.get().left_on == LEFT_ON


def test_savings_and_loan_are_as_before(member):
    save(member, 2_000_000)
    lend(member)
    leave(member)
    take_back(member)
    assert [balance(member, kind) for kind in ("SUKARELA", "LOAN", "CASH")] == [2_000_000, 1_200_000, 800_000]
    assert Entry.objects.get(kind="REVERSAL").memo == "salah orang"
    assert list(mismatches()) == []


def test_money_that_really_went_stays_away(member):
    save(member, 50_000)
    leave(member)
    take_back(member, reverse="")
    assert Member.objects.get().left_on is None
    assert Account.objects.get(member=member, kind="SUKARELA").balance == 0
    assert not Entry.objects.filter(kind="REVERSAL").exists()


def test_a_reversed_settlement_is_not_offered_again(member):
    save(member, 50_000)
    leave(member)
    take_back(member)
    Member.objects.update(left_on=LEFT_ON)
    assert take_back(member, "get").context["settlement"] is None


def test_sent_twice_it_counts_once(member):
    save(member, 50_000)
    leave(member)
    key = str(uuid.uuid4())
    assert take_back(member, key=key).status_code == take_back(member, key=key).status_code == 302
    assert Entry.objects.filter(kind="REVERSAL").count() == 1


@pytest.mark.parametrize(("field", "value"), [("reason", " "), ("reason", "x" * 201), ("key", "x")])
def test_bad_input_is_told_and_nothing_is_written(member, field, value):
    save(member, 50_000)
    leave(member)
    assert list(take_back(member, **{field: value}).context["form"].errors) == [field]
    assert Member.objects.get().left_on == LEFT_ON


def test_who_joined_again_since_is_told(member):
    Member.objects.update(nik="3519054107850001", left_on=LEFT_ON)
    make_member(member.group, nik="3519054107850001")
    response = take_back(member)
    assert "Another member of this group has this NIK." in response.content.decode()
    assert Member.objects.get(pk=member.pk).left_on == LEFT_ON


def test_where_the_books_are_closed_it_is_taken_back_on_the_first_open_day(member):
    save(member, 50_000)
    leave(member)
    Group.objects.update(books_closed_through=LEFT_ON + timedelta(30))
    assert take_back(member).status_code == 302
    assert Member.objects.get().left_on is None
    assert Entry.objects.get(kind="REVERSAL").effective_on == LEFT_ON + timedelta(31)
