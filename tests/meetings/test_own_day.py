"""A day has come for a group when it has by the clock of its own place."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from finance.ledger.errors import NotAllowed
from finance.services import period_close
from groups.models import Group
from groups.services import member_leave
from meetings.models import Meeting
from tests.factories import facilitator_of, make_group, make_member, make_members, make_user, make_village
from tests.meetings.pages import errors, post_sheet, sign_in

pytestmark = pytest.mark.django_db
NEW_DAY, DAY_BEFORE = date(2026, 12, 1), date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _half_past_midnight_in_papua(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 30, 15, 30, tzinfo=UTC))


@pytest.fixture
def papua():
    return make_group(village=make_village("94.01.01.2001", "Papua Tengah", "Nabire", "Nabire", "Kalibobo"))


@pytest.fixture
def jakarta():
    return make_group(village=make_village("31.71.01.1001", "DKI Jakarta", "Jakarta Pusat", "Gambir", "Cideng"))


def test_papua_records_the_meeting_of_a_day_that_jakarta_has_not_reached(papua, jakarta):
    make_members(papua, 2)
    make_members(jakarta, 2)
    assert post_sheet(sign_in(papua), papua, held_on=NEW_DAY).status_code == 302
    assert Meeting.objects.get().held_on == NEW_DAY
    refused = post_sheet(sign_in(jakarta), jakarta, held_on=NEW_DAY)
    assert set(errors(refused)) == {"held_on"}
    assert not Meeting.objects.filter(group=jakarta).exists()


def test_the_meeting_is_stored_as_a_draft_of_that_day(papua):
    make_members(papua, 2)
    assert post_sheet(sign_in(papua), papua, "draft", held_on=NEW_DAY).status_code == 302
    assert Meeting.objects.get().held_on == NEW_DAY


@pytest.mark.parametrize(("place", "day"), [("papua", NEW_DAY), ("jakarta", DAY_BEFORE)])
def test_pages_of_a_group_show_its_own_today(request, place, day):
    group = request.getfixturevalue(place)
    make_members(group, 2)
    client = sign_in(group)
    sheet = client.get(f"/g/{group.code}/meetings/new/").context["sheet"]
    assert sheet.prefilled["held_on"] == day.isoformat()
    assert client.get(f"/g/{group.code}/").context["today"] == day
    assert f'max="{day}"' in client.get(f"/g/{group.code}/members/new/").content.decode()
    assert timezone.localdate() == DAY_BEFORE


def test_services_refuse_by_the_clock_of_the_group(papua, jakarta):
    leave, _other = make_member(papua), make_member(papua)
    assert member_leave(actor=facilitator_of(papua), member=leave, left_on=NEW_DAY).left_on == NEW_DAY
    with pytest.raises(ValidationError, match="future"):
        member_leave(actor=facilitator_of(jakarta), member=make_member(jakarta), left_on=NEW_DAY)


def test_a_month_is_over_where_its_last_day_is(papua, jakarta):
    period_close(actor=facilitator_of(papua), group=papua, through=DAY_BEFORE, key=uuid.uuid4())
    with pytest.raises(NotAllowed, match="over"):
        period_close(actor=facilitator_of(jakarta), group=jakarta, through=DAY_BEFORE, key=uuid.uuid4())


@pytest.mark.parametrize(("village", "is_registered"), [("94.01.01.2001", True), ("31.71.01.1001", False)])
def test_a_group_is_founded_by_the_clock_of_its_village(client, papua, jakarta, village, is_registered):
    client.force_login(make_user())
    typed = {
        "name": "Mawar",
        "kind": "REVOLVING",
        "founded_on": f"{NEW_DAY}",
        "village_text": village,
        "place": "Balai",
    }
    rhythm = {"every": "MONTH", "weekday": "1", "week": "1"}
    client.post("/groups/new/", {"key": uuid.uuid4(), **typed, **rhythm})
    assert Group.objects.filter(name="Mawar").exists() == is_registered


def test_a_score_is_of_a_day_of_the_organisation(client, papua):
    client.force_login(make_user("STAFF", organisation=papua.organisation))
    page = client.get(f"/g/{papua.code}/assessment/final/")
    assert page.context["form"].initial["as_of"] == DAY_BEFORE
    asked = client.get(f"/g/{papua.code}/assessment/final/", {"as_of": f"{NEW_DAY}"})
    assert set(asked.context["form"].errors) == {"as_of"}
