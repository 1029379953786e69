"""Stored assessments: the page of one, and the step that makes the draft of a day final."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.instruments import in_force
from assessment.metrics import evidence
from assessment.models import Assessment, Instrument, Level, SchemeUse
from assessment.selectors.current_score import current_score
from assessment.services import assess_groups, assessment_finalise, instrument_copy, instrument_publish, judge
from groups.models import Group, Role
from tests.assessment.groups import AS_OF, make_kembang_minus_outside, make_override, make_staff, measure
from tests.factories import facilitator_of, lend, make_group, make_meeting, make_member, make_officer, make_user, save

pytestmark = pytest.mark.django_db

DAY = f"{AS_OF:%Y-%m-%d}"


@pytest.fixture
def group():
    return make_kembang_minus_outside()


@pytest.fixture
def staff(group):
    return make_staff(group)


def highest(indicator: str) -> Level:
    """The highest level of an indicator of Bina Swadaya."""
    levels = Level.objects.filter(indicator__code=indicator, indicator__instrument=in_force(None, "bina-swadaya"))
    return levels.order_by("-threshold")[0]


class TestFinal:
    def test_it_keeps_the_numbers_of_the_very_records(self, group, staff):
        member = make_member(group)
        save(member, 2_000_000)
        lend(member)
        kept = assessment_finalise(actor=staff, group=group, as_of=AS_OF).evidence
        assert kept["attendance"] == {"meetings": [3, 4, 5, 6]}
        assert kept["meetings"] == {"meetings": [1, 2, 3, 4, 5, 6]}
        assert kept["repayment"] == {"loans": [1]}
        assert kept["books"]["meetings"] == [3, 4, 5, 6]
        assert sorted(kept["books"]["cash_counts"]) == list(
            group.cash_counts.order_by("pk").values_list("pk", flat=True)[2:]
        )

    def test_what_it_keeps_adds_up_to_what_it_measured(self, group, staff):
        final = assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        for indicator in final.instrument.indicators.exclude(metric=""):
            found = evidence(indicator.metric, group, AS_OF)
            assert found.records == final.evidence[indicator.code]
            assert measure(indicator.metric, group, AS_OF).facts == final.indicators[indicator.code]["facts"]

    def test_it_keeps_judgements_and_overrides(self, group, staff):
        SchemeUse.objects.create(organisation=group.organisation, scheme="bina-swadaya", is_primary=True)
        level = highest("member-business")
        judged = judge(actor=staff, group=group, level=level, note="kontrak", judged_on=AS_OF)
        attended = Level.objects.filter(indicator__code="attendance", indicator__instrument__code="bina-swadaya")
        given = make_override(group, level=attended[0])
        kept = assessment_finalise(actor=staff, group=group, as_of=AS_OF).evidence
        assert kept["member-business"] == {"judgements": [judged.pk]}
        assert kept["attendance"]["judgements"] == [given.pk]

    def test_an_override_of_what_a_later_version_leaves_to_people(self, group, staff):
        """It still counts until its end, as what a person said."""
        admin, today = make_user(Role.ADMIN, organisation=group.organisation), timezone.localdate()
        override = make_override(group, judged_on=today, until=today)
        copy = instrument_copy(actor=admin, instrument=Instrument.objects.get(code="kotaku"))
        copy.indicators.filter(code="attendance").update(metric="")
        instrument_publish(actor=admin, instrument=copy)
        final = assessment_finalise(actor=staff, group=group, as_of=today)
        assert final.indicators["attendance"]["points"] == 10
        assert final.evidence["attendance"] == {"judgements": [override.pk]}

    def test_the_database_lets_nobody_change_the_evidence(self, group, staff):
        final = assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        with pytest.raises(IntegrityError), transaction.atomic():
            Assessment.objects.filter(pk=final.pk).update(evidence={})

    def test_other_points_than_those_seen_are_refused(self, group, staff):
        seen = current_score(group, AS_OF).seen
        make_meeting(group, AS_OF - timedelta(1), present_count=0)
        with pytest.raises(ValidationError, match="changed meanwhile"):
            assessment_finalise(actor=staff, group=group, as_of=AS_OF, seen=seen)
        assert not Assessment.objects.filter(status="FINAL").exists()

    def test_the_points_seen_are_those_kept(self, group, staff):
        make_override(group, "repayment")
        assert assessment_finalise(
            actor=staff, group=group, as_of=AS_OF, seen=current_score(group, AS_OF).seen
        ).is_final

    def test_a_scheme_not_in_use_is_refused(self, group, staff):
        with pytest.raises(ValidationError, match="does not use"):
            assessment_finalise(actor=staff, group=group, as_of=AS_OF, scheme="panca")


class TestFinalPage:
    def test_it_shows_the_draft_of_the_day_and_stores_nothing(self, client, group, staff):
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        html = client.get(f"/g/{group.code}/assessment/final/?as_of={DAY}").content.decode()
        assert "76 of 100 points" in html
        assert f'name="as_of" value="{DAY}"' in html
        assert Assessment.objects.count() == 0

    def test_any_day_can_be_made_final(self, client, group, staff):
        client.force_login(staff)
        seen = current_score(group, AS_OF).seen
        response = client.post(f"/g/{group.code}/assessment/final/", {"as_of": DAY, "seen": seen})
        assert response.url == f"/g/{group.code}/assessment/{DAY}/"
        final = Assessment.objects.get()
        assert (final.as_of, final.status, final.finalised_by) == (AS_OF, "FINAL", staff)

    @pytest.mark.parametrize("seen", [{}, {"seen": ""}, {"seen": "0.0"}, {"seen": ["0.0", "\0"]}])
    def test_a_score_other_than_the_one_seen_is_shown_again(self, client, group, staff, seen):
        client.force_login(staff)
        response = client.post(f"/g/{group.code}/assessment/final/", {"as_of": DAY} | seen)
        assert response.status_code == 200
        assert response.context["form"].non_field_errors()
        assert Assessment.objects.count() == 0

    def test_a_day_that_is_final_leads_to_its_score_and_has_no_button(self, client, group, staff):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        html = client.get(f"/g/{group.code}/assessment/final/?as_of={DAY}").content.decode()
        assert "is final already" in html
        assert f'href="/g/{group.code}/assessment/{DAY}/' in html
        assert 'name="seen"' not in html
        assert 'name="seen"' in client.get(f"/g/{group.code}/assessment/final/").content.decode()

    def test_a_day_that_is_final_is_refused_at_the_form(self, client, group, staff):
        seen = current_score(group, AS_OF).seen
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        response = client.post(f"/g/{group.code}/assessment/final/", {"as_of": DAY, "seen": seen})
        assert response.context["form"].non_field_errors() == ["The score of this day is final already."]

    @pytest.mark.parametrize("day", ["kemarin", "2024-12-31", "2999-01-01", "9" * 20])
    def test_a_wrong_day_is_refused_at_the_field(self, client, group, staff, day):
        client.force_login(staff)
        for response in (
            client.get(f"/g/{group.code}/assessment/final/", {"as_of": day}),
            client.post(f"/g/{group.code}/assessment/final/", {"as_of": day}),
        ):
            assert response.status_code == 200
            assert list(response.context["form"].errors) == ["as_of"]
        assert Assessment.objects.count() == 0


class TestStoredPage:
    @pytest.fixture
    def page(self, client, group):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"

        def get() -> str:
            response = client.get(f"/g/{group.code}/assessment/{DAY}/")
            assert response.status_code == 200
            return " ".join(response.content.decode().split())

        return get

    def test_it_shows_what_was_whatever_is_recorded_later(self, page, group, staff):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        make_meeting(group, AS_OF - timedelta(1), present_count=0)
        html = page()
        assert "76 of 100 points" in html
        assert "present 100%, last 4 meetings" in html
        assert "v1" in html

    def test_it_says_who_signed_and_leads_to_the_records(self, page, group, staff):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        html = page()
        assert f"Made final by {staff}" in html
        assert f'href="/g/{group.code}/meetings/3/"' in html
        assert 'class="sign' in html

    def test_records_go_by_what_people_call_them(self, page, group, staff):
        SchemeUse.objects.create(organisation=group.organisation, scheme="bina-swadaya", is_primary=True)
        make_officer(make_member(group, name="Siti Aminah"))
        meeting = group.meetings.get(number=5)
        for number, title in enumerate(("Beli pakan", "Jual ayam"), start=8):
            meeting.agenda.create(group=group, number=number, title=title, decision="setuju", due_on=AS_OF)
        judge(actor=staff, group=group, level=highest("member-business"), note="kontrak", judged_on=AS_OF)
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        html = page()
        for kind, names in {
            "Cash counts": [f"{meeting.held_on.day} {meeting.held_on:%B %Y}"],
            "Decisions": ["meeting of 8 June 2025: Beli pakan", "meeting of 8 June 2025: Jual ayam"],
            "Terms of office": ["Ketua (chair) Siti Aminah"],
            "Judgements": ["8 July 2025"],
        }.items():
            listed = html[html.index(f">{kind}: ") :].split("</span>")[0]
            for name in names:
                assert f">{name}</a>" in listed, kind

    def test_measured_beside_given(self, page, group, staff):
        make_override(group, "repayment", note="kartu UPK")
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        html = page()
        assert "92 of 100 points" in html
        assert "76 of 100 points" in html
        assert "kartu UPK" in html

    def test_a_draft_says_so(self, page, group):
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        assert "Provisional, computed" in page()

    def test_the_history_leads_here(self, client, group, staff):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        client.force_login(staff)
        assert (
            f'href="/g/{group.code}/assessment/{DAY}/"' in client.get(f"/g/{group.code}/assessment/").content.decode()
        )

    @pytest.mark.parametrize("day", ["2025-07-09", "2025-02-30", "9999-99-99"])
    def test_a_day_without_one_is_not_found(self, client, group, staff, day):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
        client.force_login(staff)
        assert client.get(f"/g/{group.code}/assessment/{day}/").status_code == 404

    def test_another_groups_is_not_found(self, client, group, staff):
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        client.force_login(make_staff(make_group()))
        assert client.get(f"/g/{group.code}/assessment/{DAY}/").status_code == 404

    def test_the_number_of_statements_does_not_grow_with_the_evidence(self, client, group, staff):
        client.force_login(staff)
        counts = []
        for day in (date(2025, 4, 1), AS_OF):
            assessment_finalise(actor=staff, group=group, as_of=day)
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/g/{group.code}/assessment/{day}/")
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 20


def test_facilitators_do_not_make_final(client, group):
    client.force_login(facilitator_of(group))
    assert client.get(f"/g/{group.code}/assessment/final/").status_code == 403
    assert client.post(f"/g/{group.code}/assessment/final/", {"as_of": timezone.localdate()}).status_code == 403
