"""What staff looked into: who may say so, what is refused, and what it covers until when."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessment.models import Need, Review
from assessment.selectors.reviews import covers, running_reviews
from assessment.services import review_withdraw, reviews_record
from assessment.signals import SignalHit
from groups.models import Group, OfficerRole, Role
from groups.services import FormUsed
from tests.assessment.groups import bring_up_to_date, make_review, make_staff, stand
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_user,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
SOON = TODAY + timedelta(30)
LONG_AGO = date(2020, 1, 7)


def make_old_terms(facilitator=None, **fields) -> Group:
    """A group whose chair was elected too long ago."""
    group = make_group(facilitator, founded_on=LONG_AGO, **fields)
    make_officer(make_members(group, 1)[0])
    return group


@pytest.fixture
def group(facilitator) -> Group:
    return make_old_terms(facilitator, name="Anggrek")


def review(group: Group, *subjects: str, **said: Any) -> list[Review]:
    known = {"note": "pemilihan bulan depan", "looked_on": TODAY, "look_again_on": SOON, "key": uuid.uuid4()}
    actor = said.pop("actor", None) or make_staff(group)
    return reviews_record(actor=actor, group=group, subjects=subjects or ["terms_expired"], **known | said)


class TestRefused:
    @pytest.mark.parametrize("role", [Role.FACILITATOR, Role.OFFICER])
    def test_only_staff_and_administrators(self, group, role):
        member = group.members.get() if role == Role.OFFICER else None
        with pytest.raises(PermissionDenied):
            review(group, actor=make_user(role, organisation=group.organisation, member=member))
        with pytest.raises(PermissionDenied):
            review(group, actor=facilitator_of(group))
        assert not Review.objects.exists()

    def test_a_signal_of_another_organisation(self, group):
        with pytest.raises(PermissionDenied):
            review(group, actor=make_staff())

    def test_what_is_not_there_at_the_group(self, group):
        for subject in ("one_recorder", "LOW_ATTENDANCE", "x", ""):
            with pytest.raises(ValidationError, match="does not have this any more"):
                review(group, subject)

    @pytest.mark.parametrize("note", ["", "  \n"])
    def test_an_empty_text(self, group, note):
        with pytest.raises(ValidationError, match="Say what was found"):
            review(group, note=note)

    @pytest.mark.parametrize("days", [-1, 0, 367])
    def test_a_day_to_look_again_that_is_past_or_too_far(self, group, days):
        with pytest.raises(ValidationError, match="to come"):
            review(group, look_again_on=TODAY + timedelta(days))

    @pytest.mark.parametrize("day", [TODAY + timedelta(1), LONG_AGO - timedelta(1)])
    def test_a_day_of_looking_that_is_to_come_or_before_the_group(self, group, day):
        with pytest.raises(ValidationError, match="day of the group"):
            review(group, looked_on=day)

    def test_the_same_key_twice_is_once(self, group):
        key, staff = uuid.uuid4(), make_staff(group)
        [first] = review(group, key=key, actor=staff)
        assert review(group, key=key, actor=staff) == [first]
        assert Review.objects.count() == 1

    def test_the_same_key_with_other_words(self, group):
        key, staff = uuid.uuid4(), make_staff(group)
        review(group, key=key, actor=staff)
        with pytest.raises(FormUsed):
            review(group, key=key, actor=staff, note="lain")
        assert Review.objects.count() == 1

    @pytest.mark.parametrize(
        "change", [{"note": ""}, {"subject": ""}, {"look_again_on": TODAY}, {"withdrawn_at": timezone.now()}]
    )
    def test_the_database_refuses_it_too(self, group, change):
        known = {"subject": "x", "note": "x", "looked_on": TODAY, "look_again_on": SOON, "key": uuid.uuid4()}
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(group=group, recorded_by=facilitator_of(group), **known | change)


class TestCovers:
    """Whether the signal still counts as looked into, as the page of the group shows it."""

    @pytest.fixture
    def is_open(self, staff_client, group):
        def look() -> bool:
            shown = staff_client.get(f"/g/{group.code}/assessment/").context["signals"]
            return any(signal.review is None for signal in shown if signal.found.signal == "terms_expired")

        return look

    def test_until_the_day_to_look_again(self, group):
        review(group)
        groups = Group.objects.filter(pk=group.pk)
        assert set(running_reviews(groups, SOON - timedelta(1))[group.pk]) == {"terms_expired"}
        assert running_reviews(groups, SOON) == {}

    def test_not_before_it_was_looked_into(self, group):
        review(group)
        assert running_reviews([group.pk], TODAY - timedelta(1)) == {}

    def test_until_the_signal_has_new_records(self, group, is_open):
        assert is_open()
        review(group)
        assert not is_open()
        make_officer(make_member(group), OfficerRole.BENDAHARA)
        assert is_open()

    def test_with_fewer_records_it_stays_looked_into(self, group, is_open):
        make_officer(make_member(group), OfficerRole.BENDAHARA)
        review(group)
        group.officer_terms.filter(role=OfficerRole.BENDAHARA).update(ended_on=TODAY)
        assert not is_open()

    @pytest.mark.parametrize("signal", ["cash_always_agrees", "full_attendance", "one_recorder", "same_amounts"])
    def test_ordinary_records_that_go_on_do_not_open_it_again(self, group, signal):
        seen = {"counted": 12, "records": [str(number) for number in range(1, 13)]}
        [found] = running_reviews([make_review(group, signal, seen=seen).group_id], TODAY)[group.pk].values()
        records = tuple(str(number) for number in range(3, 15))
        assert covers(found, SignalHit(signal, group.pk, 12, 0, records), TODAY)
        assert covers(found, SignalHit(signal, group.pk, 23, 0, records), SOON - timedelta(1))
        assert not covers(found, SignalHit(signal, group.pk, 24, 0, records), TODAY)
        assert not covers(found, SignalHit(signal, group.pk, 12, 0, records), SOON)

    @pytest.mark.parametrize("signal", ["copied_meetings", "late_night_batches", "terms_expired"])
    def test_a_new_case_opens_it_again(self, group, signal):
        found = make_review(group, signal, seen={"counted": 3, "records": ["1", "2", "3"]})
        assert covers(found, SignalHit(signal, group.pk, 2, 0, ("1", "3")), TODAY)
        assert not covers(found, SignalHit(signal, group.pk, 3, 0, ("2", "3", "4")), TODAY)
        assert not covers(found, SignalHit(signal, group.pk, 4, 0, ("1", "2", "3")), TODAY)

    def test_after_the_next_meeting_it_is_still_looked_into(self, staff_client, facilitator):
        group = make_group(facilitator, founded_on=LONG_AGO)
        for number in range(1, 12):
            make_meeting(group, TODAY - timedelta(31 * number))
        review(group, "one_recorder", "full_attendance")
        make_meeting(group, TODAY)
        bring_up_to_date()
        shown = staff_client.get(f"/g/{group.code}/assessment/").context["signals"]
        assert {signal.found.signal: signal.review is not None for signal in shown} == {
            "full_attendance": True, "one_recorder": True
        }  # fmt: skip
        assert staff_client.get("/dashboard/signals/?open=1").context["rows"] == []

    def test_a_meeting_more_is_a_new_record_where_an_old_one_leaves_the_year(self, facilitator):
        group = make_group(facilitator)
        for number in range(12):
            make_meeting(group, TODAY - timedelta(31 * number + 3))
        staff = make_staff(group)
        review(group, "full_attendance", actor=staff)
        Group.objects.filter(pk=group.pk).update(founded_on=LONG_AGO)
        found = running_reviews([group.pk], TODAY)[group.pk]["full_attendance"]
        assert found.seen == {"counted": 12, "records": [str(number) for number in range(1, 13)]}

    def test_the_latest_review_counts(self, group):
        review(group, note="lama", look_again_on=SOON + timedelta(9))
        review(group, note="baru", look_again_on=TODAY + timedelta(1))
        assert running_reviews([group.pk], TODAY)[group.pk]["terms_expired"].note == "baru"
        assert running_reviews([group.pk], TODAY + timedelta(2)) == {}

    def test_withdrawn_it_is_open_again_and_stays_readable(self, group, is_open):
        staff = make_staff(group)
        review(group)
        [found] = review(group)
        review_withdraw(actor=staff, review=found)
        review_withdraw(actor=make_staff(group), review=found)
        assert is_open()
        assert {one.withdrawn_by for one in Review.objects.all()} == {staff}

    def test_withdrawing_it_once_more_leaves_what_was_found_since(self, group, is_open):
        staff = make_staff(group)
        [found] = review(group)
        review_withdraw(actor=staff, review=found)
        review(group, note="baru")
        review_withdraw(actor=staff, review=found)
        assert not is_open()

    def test_a_facilitator_does_not_withdraw(self, group):
        [found] = review(group)
        with pytest.raises(PermissionDenied):
            review_withdraw(actor=facilitator_of(group), review=found)


class TestForm:
    def post(self, client, group: Group, **fields: Any):
        data = {
            "subjects": ["terms_expired"], "note": "ditanyakan", "looked_on": TODAY, "look_again_on": SOON,
            "key": uuid.uuid4(),
        }  # fmt: skip
        return client.post(f"/g/{group.code}/assessment/review/", data | fields)

    def test_it_is_kept_and_leads_back_to_the_group(self, staff_client, group):
        response = self.post(staff_client, group)
        assert response.url == f"/g/{group.code}/assessment/#look-into"
        found = Review.objects.get()
        assert (found.subject, found.note, found.look_again_on) == ("terms_expired", "ditanyakan", SOON)

    def test_it_leads_back_to_the_list_it_came_from(self, staff_client, group):
        address = f"/g/{group.code}/assessment/review/?subject=terms_expired&next="
        response = staff_client.get(f"{address}/dashboard/signals/")
        assert response.context["form"].initial["subjects"] == ["terms_expired"]
        assert '<a class="btn btn-link" href="/dashboard/signals/">Cancel</a>' in response.content.decode()
        data = {"subjects": ["terms_expired"], "note": "x", "looked_on": TODAY, "look_again_on": SOON,
                "key": uuid.uuid4()}  # fmt: skip
        assert staff_client.post(f"{address}/dashboard/signals/", data).url == "/dashboard/signals/"
        other = staff_client.post(f"{address}https://example.org/", data | {"key": uuid.uuid4()})
        assert other.url == f"/g/{group.code}/assessment/#look-into"

    @pytest.mark.parametrize(
        ("field", "value"),
        [("note", " "), ("subjects", []), ("subjects", ["one_recorder"]), ("look_again_on", TODAY), ("key", "x"),
         ("looked_on", TODAY + timedelta(1)), ("look_again_on", "9" * 20)],
    )  # fmt: skip
    def test_what_is_refused_stands_at_its_field(self, staff_client, group, field, value):
        response = self.post(staff_client, group, **{field: value})
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert not Review.objects.exists()

    def test_sent_twice_it_is_kept_once(self, staff_client, group):
        key = uuid.uuid4()
        assert [self.post(staff_client, group, key=key).status_code for _ in range(2)] == [302, 302]
        assert Review.objects.count() == 1

    def test_a_facilitator_is_refused(self, client, group):
        client.force_login(facilitator_of(group))
        assert self.post(client, group).status_code == 403

    def test_another_organisation_does_not_find_it(self, staff_client):
        assert self.post(staff_client, make_old_terms()).status_code == 404

    def test_withdrawing_is_a_button_beside_it(self, staff_client, group):
        self.post(staff_client, group)
        address = f"/g/{group.code}/assessment/review/{Review.objects.get().pk}/withdraw/"
        assert f'action="{address}"' in staff_client.get(f"/g/{group.code}/assessment/").content.decode()
        assert staff_client.post(address).url == f"/g/{group.code}/assessment/#look-into"
        assert Review.objects.get().withdrawn_at is not None

    def test_withdrawing_says_what_it_did(self, staff_client, group):
        self.post(staff_client, group)
        address = f"/g/{group.code}/assessment/review/{Review.objects.get().pk}/withdraw/"
        assert "It is no longer recorded as looked into." in staff_client.post(address, follow=True).content.decode()
        assert "You withdrew this already." in staff_client.post(address, follow=True).content.decode()
        staff_client.force_login(make_staff(group))
        assert "Somebody withdrew this already." in staff_client.post(address, follow=True).content.decode()

    def test_the_page_of_the_group_says_who_when_what_and_until_when(self, staff_client, group):
        self.post(staff_client, group)
        html = " ".join(staff_client.get(f"/g/{group.code}/assessment/").content.decode().split())
        panel = html[html.index('id="look-into"') :].partition("</section>")[0]
        assert "Looked into" in panel
        assert str(Review.objects.get().recorded_by) in panel
        assert "ditanyakan" in panel
        assert f"{SOON.day} {SOON:%B %Y}" in panel

    def test_with_a_reason_for_help_alone_something_stands_out(self, staff_client, facilitator):
        group = make_group(facilitator)
        stand(group, need=Need.ARREARS)
        html = staff_client.get(f"/g/{group.code}/assessment/").content.decode()
        assert "?subject=ARREARS" in html
        assert "Nothing stands out" not in html

    def test_one_whose_day_came_stands_beside_the_open_signal(self, staff_client, group):
        Review.objects.create(
            group=group, subject="terms_expired", note="dulu", looked_on=TODAY - timedelta(9), look_again_on=TODAY,
            seen={"counted": 1, "records": ["KETUA"]}, key=uuid.uuid4(), recorded_by=facilitator_of(group),
        )  # fmt: skip
        [signal] = staff_client.get(f"/g/{group.code}/assessment/").context["signals"]
        assert (signal.review, signal.earlier.note) == (None, "dulu")


class TestSignalsPage:
    PAGE = "/dashboard/signals/"

    @pytest.fixture
    def both(self, facilitator, group) -> Group:
        """A second group with the signal; the first one's was looked into."""
        other = make_old_terms(facilitator, name="Bakung")
        review(group)
        bring_up_to_date()
        return other

    def names(self, response) -> list[str]:
        return [row.name for row in response.context["rows"]]

    def test_what_was_looked_into_is_shown_apart(self, staff_client, both):
        response = staff_client.get(self.PAGE)
        rows = {row.name: row for row in response.context["rows"]}
        assert [signal.review.note for signal in rows["Anggrek"].reviewed] == ["pemilihan bulan depan"]
        assert rows["Anggrek"].open == []
        assert [signal.found.signal for signal in rows["Bakung"].open] == ["terms_expired"]
        assert "pemilihan bulan depan" in response.content.decode()

    def test_both_are_counted(self, staff_client, both):
        response = staff_client.get(self.PAGE)
        [(count, reviewed)] = [(count, of) for _label, count, of, _url in response.context["counts"] if count]
        assert (count, reviewed) == (2, 1)

    def test_the_list_without_what_was_looked_into(self, staff_client, both):
        response = staff_client.get(f"{self.PAGE}?open=1")
        assert self.names(response) == ["Bakung"]
        assert response.context["total"] == 1
        [(count, address)] = [(count, url) for _label, count, _of, url in response.context["counts"] if count]
        assert (count, address) == (1, f"{self.PAGE}?signal=terms_expired&open=1")
        assert '<input type="hidden" name="open" value="1">' in response.content.decode()

    def test_a_group_with_another_open_signal_stays_in_it(self, staff_client, both, group):
        for number in range(10):
            make_meeting(group, TODAY - timedelta(20 * number))
        bring_up_to_date()
        assert self.names(staff_client.get(f"{self.PAGE}?open=1")) == ["Anggrek", "Bakung"]
        assert self.names(staff_client.get(f"{self.PAGE}?open=1&signal=terms_expired")) == ["Bakung"]

    def test_files_carry_it(self, staff_client, both):
        text = staff_client.get(f"{self.PAGE}?format=csv").content.decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text))
        found = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
        assert found["Anggrek"]["What was found"] == "pemilihan bulan depan"
        assert found["Anggrek"]["Look again on"] == SOON.isoformat()
        assert found["Anggrek"]["Looked into by"] != ""
        assert found["Bakung"]["Looked into by"] == ""

    def test_each_open_one_can_be_marked_from_here(self, staff_client, both):
        html = staff_client.get(self.PAGE).content.decode()
        assert f"/g/{both.code}/assessment/review/?subject=terms_expired" in html


class TestNeedsPage:
    PAGE = "/dashboard/needs/"

    @pytest.fixture
    def silent(self, facilitator) -> Group:
        """A group with two reasons, one of them looked into."""
        group = make_group(facilitator, name="Bakung")
        stand(group, need=Need.NO_MEETING | Need.ARREARS)
        review(group, "NO_MEETING", note="banjir")
        return group

    def test_what_was_looked_into_is_shown_apart(self, staff_client, silent):
        [row] = staff_client.get(self.PAGE).context["rows"]
        assert [str(label) for label in row.reasons] == ["Arrears: repayment under 80%"]
        assert [one.note for _label, one in row.reviewed] == ["banjir"]

    def test_the_list_without_what_was_looked_into(self, staff_client, facilitator, silent):
        other = make_group(facilitator, name="Cempaka")
        stand(other, need=Need.NO_MEETING)
        review(other, "NO_MEETING")
        response = staff_client.get(f"{self.PAGE}?open=1")
        assert [row.group.name for row in response.context["rows"]] == ["Bakung"]
        counts = {reason: count for reason, _label, count, _of, _url in response.context["reasons"] if count}
        assert counts == {Need.ARREARS: 1}
        assert [
            row.group.name for row in staff_client.get(f"{self.PAGE}?open=1&reason=NO_MEETING").context["rows"]
        ] == []

    def test_both_are_counted(self, staff_client, silent):
        response = staff_client.get(self.PAGE)
        counts = {reason: (count, of) for reason, _label, count, of, _url in response.context["reasons"] if count}
        assert counts == {Need.NO_MEETING: (1, 1), Need.ARREARS: (1, 0)}

    def test_files_carry_it(self, staff_client, silent):
        text = staff_client.get(f"{self.PAGE}?format=csv").content.decode("utf-8-sig")
        [head, row] = csv.reader(io.StringIO(text))
        assert "banjir" in dict(zip(head, row, strict=True))["Looked into"]

    def test_never_assessed_can_be_looked_into(self, staff_client, facilitator):
        group = make_group(facilitator)
        review(group, "NEVER_ASSESSED")
        assert staff_client.get(f"{self.PAGE}?open=1").context["in_need"] == 0

    def test_a_group_that_does_not_meet_is_told_to_meet_first(self, staff_client, facilitator, silent):
        stand(make_group(facilitator, name="Cempaka"), need=Need.ARREARS)
        rows = {row.group.name: row.meets_first for row in staff_client.get(self.PAGE).context["rows"]}
        assert rows == {"Bakung": True, "Cempaka": False}
        page = staff_client.get(f"/g/{silent.code}/assessment/").content.decode()
        assert page.index("First of all the group must meet again.") < page.index("cheapest first")
