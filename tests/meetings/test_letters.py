"""The book of letters: received and sent, searched, withdrawn, printed and as files."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from groups.models import Role
from meetings import services
from meetings.models import Letter
from tests.factories import FOUNDED, facilitator_of, make_group, make_letter, make_user
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return make_group()


def send(group, **fields):
    data = {
        "key": str(uuid.uuid4()), "direction": "OUT", "dated_on": FOUNDED.isoformat(), "number": "003/2025",
        "other": "Dinas Koperasi", "subject": "Permohonan pelatihan", **fields,
    }  # fmt: skip
    return signed_in(facilitator_of(group)).post(reverse("letter-record", args=[group.code]), data)


def test_a_letter_is_recorded_under_the_next_number(group):
    make_letter(group)
    assert send(group).url == reverse("letters", args=[group.code])
    letter = group.letters.get(place=2)
    assert (letter.direction, letter.dated_on, letter.other) == ("OUT", FOUNDED, "Dinas Koperasi")
    assert letter.recorded_by == facilitator_of(group)


def test_the_same_form_twice_is_one_letter(group):
    key = str(uuid.uuid4())
    assert [send(group, key=key).status_code for _ in range(2)] == [302, 302]
    assert group.letters.count() == 1
    assert send(group, key=key, subject="Lain").context["form"].errors
    assert group.letters.get().subject == "Permohonan pelatihan"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dated_on", "2999-01-01"), ("dated_on", "x"), ("dated_on", ""), ("direction", "UP"), ("other", ""),
        ("subject", " "), ("subject", "x" * 201), ("number", "9" * 61),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_its_field_and_nothing_is_written(group, field, value):
    assert field in send(group, **{field: value}).context["form"].errors
    assert not Letter.objects.exists()


def test_the_book_shows_the_latest_first_and_finds_by_words_and_direction(group):
    make_letter(group)
    make_letter(group, FOUNDED + timedelta(3), direction="OUT", other="Bank BRI", subject="Pembukaan rekening")
    shown = [letter.place for letter in get(group, "letters").context["page"]]
    assert shown == [2, 1]
    for query, places in (
        ({"q": "rekening bri"}, [2]), ({"q": "UNDANGAN"}, [1]), ({"direction": "IN"}, [1]), ({"q": "bupati"}, []),
    ):  # fmt: skip
        assert [letter.place for letter in get(group, "letters", **query).context["page"]] == places, query
    assert "direction" in get(group, "letters", direction="UP").context["form"].errors
    assert "No letter matches." in get(group, "letters", q="bupati").content.decode()


def test_an_empty_book_says_so_and_files_carry_the_letters(group):
    assert "No letters are recorded here." in get(group, "letters").content.decode()
    make_letter(group, subject="=1+1")
    text = get(group, "letters", format="csv").content.decode()
    assert "Kepala Desa" in text and "\n=1+1" not in text
    assert get(group, "letters", format="xlsx").status_code == 200


def test_a_letter_recorded_by_mistake_is_withdrawn_once_and_stays_readable(group):
    letter, client = make_letter(group), signed_in(facilitator_of(group))
    url = reverse("letter-withdraw", args=[group.code, letter.pk])
    assert "reason" in client.post(url, {"reason": ""}).context["form"].errors
    for why in ("salah kelompok", "lagi"):
        assert client.post(url, {"reason": why}).status_code == 302
    letter.refresh_from_db()
    assert (letter.withdrawn_by, letter.withdrawn_why) == (facilitator_of(group), "salah kelompok")
    page = get(group, "letter", letter.pk).content.decode()
    assert "salah kelompok" in page and "Withdraw this letter" not in page
    assert "withdrawn" in get(group, "letters").content.decode()
    send(group)
    assert group.letters.get(withdrawn_at=None).place == 2


def test_who_may_not_record_cannot_write_or_withdraw(group):
    stranger, letter = make_user(Role.FACILITATOR), make_letter(group)
    with pytest.raises(PermissionDenied):
        services.letter_withdraw(actor=stranger, letter=letter, reason="x")
    new = Letter(direction="IN", dated_on=FOUNDED, other="a", subject="b")
    with pytest.raises(PermissionDenied):
        services.letter_record(actor=stranger, group=group, letter=new)


def test_a_day_to_come_is_refused(group):
    new = Letter(direction="IN", dated_on=timezone.localdate() + timedelta(1), other="a", subject="b")
    with pytest.raises(ValidationError, match="in the future"):
        services.letter_record(actor=facilitator_of(group), group=group, letter=new)


@pytest.mark.parametrize("wrong", [{"direction": "UP"}, {"other": ""}, {"subject": ""}, {"withdrawn_why": "x"}])
def test_the_database_refuses_what_must_not_be(group, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_letter(group, **wrong)


def test_one_place_holds_one_letter(group):
    make_letter(group)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_letter(group, place=1)


def test_no_more_statements_with_more_letters(group):
    make_letter(group)
    few = statements(group, "letters")
    for _ in range(60):
        make_letter(group)
    assert statements(group, "letters") == few
    assert len(get(group, "letters").context["page"]) == 50
