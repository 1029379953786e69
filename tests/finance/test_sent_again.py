"""A form of money sent again: the same words change nothing, other words are told and kept, whoever sends them."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.urls import reverse

from finance.models import Entry, LoanRequest, SentForm
from finance.views import submit
from tests.factories import FOUNDED, ask, buy, facilitator_of, make_group, make_member, save
from tests.finance.pages import signed_in
from tests.finance.test_races import at_once

pytestmark = pytest.mark.django_db
LATER = date(2025, 6, 1)


@pytest.fixture
def member():
    member = make_member(make_group())
    save(member, 5_000_000)
    return member


def withdrawal(member, **fields):
    words = {"kind": "WITHDRAWAL", "member": str(member.pk), "amount": "20.000", "on": LATER.isoformat()}
    return {**words, "key": str(uuid.uuid4()), **fields}


def record(group, data, page="money-record", args=()):
    """Send a form in a session of its own, as after signing in anew."""
    return signed_in(facilitator_of(group)).post(reverse(page, args=[group.code, *args]), data)


def test_other_words_are_told_after_signing_in_anew(member):
    data, before = withdrawal(member), Entry.objects.count()
    assert record(member.group, data).status_code == 302
    told = record(member.group, {**data, "amount": "30.000"})
    assert "send it once more" in told.content.decode()
    assert told.context["form"]["amount"].value() == "30.000"
    assert told.context["form"]["key"].value() != data["key"]
    assert Entry.objects.count() == before + 1


@pytest.mark.parametrize("written", ["20000", "Rp 20.000", " 20.000 "])
def test_words_written_differently_are_the_same(member, written):
    data = withdrawal(member)
    assert [record(member.group, {**data, "amount": amount}).status_code for amount in ("20.000", written)] == [302] * 2


def test_the_same_words_about_something_else_are_other_words(member):
    first, second = buy(member.group), buy(member.group)
    data = {"amount": "10.000", "reason": "aus", "on": LATER.isoformat(), "key": str(uuid.uuid4())}
    assert record(member.group, data, "inventory-write-down", [first.pk]).status_code == 302
    told = record(member.group, data, "inventory-write-down", [second.pk])
    assert "send it once more" in told.content.decode()


def test_the_money_that_is_gone_is_no_reason_to_refuse_the_same_again(member):
    data = withdrawal(member, amount="5.000.000")
    assert [record(member.group, data).status_code for _ in range(2)] == [302, 302]


def test_a_step_without_money_is_told_too(member):
    data = {"member": str(member.pk), "amount": "100.000", "periods": "5", "on": LATER.isoformat(), "purpose": "ternak"}
    data |= {"key": str(uuid.uuid4())}
    assert [record(member.group, data, "loan-request-new").status_code for _ in range(2)] == [302, 302]
    told = record(member.group, {**data, "purpose": "warung"}, "loan-request-new")
    assert "send it once more" in told.content.decode()
    assert LoanRequest.objects.count() == 1


def test_what_is_refused_leaves_no_trace(member):
    data = withdrawal(member, amount="5.000.001")
    assert record(member.group, data).status_code == 422
    assert not SentForm.objects.exists()
    assert record(member.group, {**data, "amount": "5.000.000"}).status_code == 302


def test_a_step_sent_twice_at_once_is_taken_once(member, monkeypatch):
    """Somebody else's identical form is recorded between the look and the service."""
    request = ask(member)
    data = {"decision": "approve", "amount": "100.000", "periods": "5", "on": LATER.isoformat(), "note": "ya"}
    data |= {"key": str(uuid.uuid4())}
    sent = submit.was_sent
    raced = []

    def look(*args):
        found = sent(*args)
        if not raced:
            raced.append(True)
            assert record(member.group, data, "loan-request-decide", [request.pk]).status_code == 302
        return found

    monkeypatch.setattr(submit, "was_sent", look)
    assert record(member.group, data, "loan-request-decide", [request.pk]).status_code == 302


def test_one_form_from_two_people_at_once(committed_db):
    group = make_group()
    member = make_member(group)
    save(member, 30_000)
    form = withdrawal(member, on=FOUNDED.isoformat())
    answers = at_once(lambda data: record(group, data).status_code, [form, form, {**form, "amount": "10.000"}])
    assert sorted(answers)[0] == 302
    assert Entry.objects.filter(key=form["key"]).count() == SentForm.objects.count() == 1
    assert 422 in answers
