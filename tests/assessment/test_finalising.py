"""Many scores made final together: what is refused, what is left out and why, once under its key, in sets."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.metrics import evidence
from assessment.models import Assessment, FinalOutcome, FinalRun, FinalRunScore, SchemeUse
from assessment.selectors.current_score import points_kept
from assessment.services import (
    SeenScore,
    assessment_finalise,
    final_run_continue,
    final_run_start,
)
from assessment.views import finalising
from groups.models import Group, GroupStatus, GroupStatusChange, Role, User
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, make_staff
from tests.factories import make_group, make_meeting, make_member, make_user, save

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGE = "/dashboard/final/"


@pytest.fixture
def staff(organisation) -> User:
    return make_user(Role.STAFF, organisation=organisation)


@pytest.fixture
def staff_client(client, staff):
    client.force_login(staff)
    client.cookies["django_language"] = "en"
    return client


def scored(facilitator, *names: str) -> list[Group]:
    """Groups whose score of today is 76 points, at Tumbuh."""
    groups = [make_kembang_minus_outside(facilitator, until=TODAY, name=name) for name in names]
    bring_up_to_date()
    return groups


def seen(*groups: Group, score: int = 76) -> list[SeenScore]:
    return [SeenScore(group.pk, TODAY, "TUMBUH", 1, score) for group in groups]


def start(actor: User, *scores: SeenScore, key: uuid.UUID | None = None) -> FinalRun:
    return final_run_start(actor=actor, scheme="kotaku", scores=scores, key=key or uuid.uuid4())


def finals() -> set[str]:
    return set(Assessment.objects.filter(status="FINAL").values_list("group__name", flat=True))


class TestRefused:
    def test_a_facilitator(self, facilitator):
        [group] = scored(facilitator, "Anggrek")
        with pytest.raises(PermissionDenied):
            start(facilitator, *seen(group))

    def test_a_group_of_another_organisation(self, facilitator, staff):
        scored(facilitator, "Anggrek")
        stranger = make_kembang_minus_outside(until=TODAY)
        with pytest.raises(PermissionDenied):
            start(staff, *seen(*Group.objects.all()))
        assert not FinalRunScore.objects.filter(group=stranger).exists()

    def test_a_run_of_somebody_else(self, facilitator, staff):
        [group] = scored(facilitator, "Anggrek")
        run = start(staff, *seen(group))
        other = make_staff(group)
        with pytest.raises(PermissionDenied):
            start(other, *seen(group), key=run.key)
        with pytest.raises(FinalRun.DoesNotExist):
            final_run_continue(actor=other, run=run)
        assert finals() == set()

    def test_nothing_to_make_final(self, staff):
        with pytest.raises(ValidationError):
            start(staff)

    def test_a_day_to_come(self, facilitator, staff):
        [group] = scored(facilitator, "Anggrek")
        tomorrow = SeenScore(group.pk, TODAY + timedelta(1), "TUMBUH", 1, 76)
        with pytest.raises(ValidationError, match="in the future"):
            start(staff, *seen(group), tomorrow)
        assert not FinalRun.objects.exists()

    def test_a_scheme_that_an_organisation_of_the_groups_does_not_use(self, facilitator, staff):
        [group] = scored(facilitator, "Anggrek")
        SchemeUse.objects.create(organisation=group.organisation, scheme="panca-sutra", is_primary=True)
        with pytest.raises(ValidationError, match="does not use"):
            start(staff, *seen(group))
        assert not FinalRun.objects.exists()

    def test_the_same_key_twice_is_one_run(self, facilitator, staff):
        groups = scored(facilitator, "Anggrek", "Bakung")
        run = start(staff, *seen(groups[0]))
        assert start(staff, *seen(*groups), key=run.key) == run
        final_run_continue(actor=staff, run=run)
        final_run_continue(actor=staff, run=run)
        assert finals() == {"Anggrek"}


class TestKept:
    def test_with_the_evidence_of_each_group_and_by_whom(self, facilitator, staff):
        groups = scored(facilitator, "Anggrek", "Bakung")
        save(make_member(groups[1]), 10_000, "WAJIB")
        final_run_continue(actor=staff, run=start(staff, *seen(*groups)))
        finals = Assessment.objects.filter(status="FINAL", as_of=TODAY).select_related("group", "instrument")
        assert {final.finalised_by for final in finals} == {staff}
        assert {final.group.name for final in finals} == {"Anggrek", "Bakung"}
        for final in finals:
            for indicator in final.instrument.indicators.exclude(metric=""):
                found = evidence(indicator.metric, final.group, TODAY)
                assert final.evidence[indicator.code] == found.records

    def test_another_score_than_was_seen_stays_a_draft(self, facilitator, staff):
        same, other = scored(facilitator, "Anggrek", "Bakung")
        run = start(staff, *seen(same), *seen(other, score=99))
        final_run_continue(actor=staff, run=run)
        assert finals() == {"Anggrek"}
        assert dict(run.scores.values_list("group__name", "outcome")) == {"Anggrek": "DONE", "Bakung": "CHANGED"}

    def test_other_points_that_add_up_to_the_same_are_another_score(self, facilitator, staff):
        [first, second] = scored(facilitator, "Anggrek", "Bakung")
        known = points_kept(first.assessments.get(as_of=TODAY).indicators)
        [one, another] = seen(first, second)
        run = start(staff, one._replace(points=known), another._replace(points=known[::-1]))
        final_run_continue(actor=staff, run=run)
        assert finals() == {"Anggrek"}
        assert run.scores.get(group=second).outcome == FinalOutcome.CHANGED

    def test_one_that_is_final_meanwhile_and_one_that_is_gone(self, facilitator, staff):
        final, gone = scored(facilitator, "Anggrek", "Bakung")
        run = start(staff, *seen(final, gone))
        first = assessment_finalise(actor=make_staff(final), group=final, as_of=TODAY)
        Group.objects.filter(pk=gone.pk).update(organisation=make_group().organisation)
        final_run_continue(actor=staff, run=run)
        assert dict(run.scores.values_list("group__name", "outcome")) == {"Anggrek": "ALREADY", "Bakung": "GONE"}
        assert Assessment.objects.get(group=final, status="FINAL").finalised_by == first.finalised_by

    def test_in_parts(self, facilitator, staff):
        run = start(staff, *seen(*scored(facilitator, "Anggrek", "Bakung", "Cempaka")))
        assert final_run_continue(actor=staff, run=run, most=2) == 2
        assert len(finals()) == 2
        assert final_run_continue(actor=staff, run=run, most=2) == 1
        assert len(finals()) == 3

    def test_the_number_of_statements_does_not_grow_with_the_groups(self, facilitator, staff):
        taken = []
        for names in (["A", "B"], ["C", "D", "E", "F", "G"]):
            groups = scored(facilitator, *names)
            with CaptureQueriesContext(connection) as queries:
                run = start(staff, *seen(*groups))
                final_run_continue(actor=staff, run=run)
            taken.append(len(queries))
        assert len(finals()) == 7
        assert taken[0] == taken[1]


class TestPages:
    def confirm(self, client, query: str = "all=1", **posted: str):
        page = client.get(f"{PAGE}confirm/?{query}")
        data = {"key": str(page.context["key"]), "seen": page.context["seen"]}
        return page, client.post(f"{PAGE}confirm/?{query}", data | posted, follow=True)

    def test_the_list_offers_what_is_not_final_and_names_who_made_final_what_is(self, staff_client, facilitator, staff):
        first, second = scored(facilitator, "Anggrek", "Bakung")
        assessment_finalise(actor=staff, group=second, as_of=TODAY)
        html = " ".join(staff_client.get(PAGE).content.decode().split())
        assert f'name="group" value="{first.pk}"' in html
        assert f'name="group" value="{second.pk}"' not in html
        assert f"made final by {staff}" in html

    def test_points_that_a_person_gave_stand_beside_those_measured(self, staff_client, facilitator):
        [group] = scored(facilitator, "Anggrek")
        group.snapshot_scores.update(score=84, rank=2, stage="KEMBANG")
        for page in ("", "confirm/?all=1"):
            html = " ".join(staff_client.get(PAGE + page).content.decode().split())
            assert '84<br><span class="small">measured 76</span>' in html
            assert group.number_shown in html

    def test_all_of_a_filter(self, staff_client, facilitator, staff):
        scored(facilitator, "Anggrek", "Bakung")
        page, after = self.confirm(staff_client)
        assert page.context["number"] == 2
        assert finals() == {"Anggrek", "Bakung"}
        assert "2 of 2 scores done" in after.content.decode()

    def test_those_ticked(self, staff_client, facilitator):
        first, _second = scored(facilitator, "Anggrek", "Bakung")
        self.confirm(staff_client, f"group={first.pk}&group=x&group={'9' * 30}")
        assert finals() == {"Anggrek"}

    def test_a_filter_holds_for_all(self, staff_client, facilitator):
        scored(facilitator, "Anggrek")
        make_kembang_minus_outside(facilitator, until=TODAY, name="Bakung", kind="SOCIAL")
        bring_up_to_date()
        self.confirm(staff_client, "all=1&kind=SOCIAL")
        assert finals() == {"Bakung"}

    def test_what_is_left_out_is_said_with_the_reason(self, staff_client, facilitator, staff):
        final, newer, _ready = scored(facilitator, "Anggrek", "Bakung", "Cempaka")
        assessment_finalise(actor=staff, group=final, as_of=TODAY)
        make_meeting(newer, TODAY - timedelta(1))
        make_group(facilitator, name="Dahlia")
        page, _after = self.confirm(staff_client)
        left_out = {str(left.why): [row.name for row, _final in left.shown] for left in page.context["left_out"]}
        assert left_out == {
            "Final already": ["Anggrek"],
            "There are newer records. Check the scores that need to be updated": ["Bakung"],
            "Not scored in this month": ["Dahlia"],
        }
        assert f"made final by {staff}" in " ".join(page.content.decode().split())
        assert finals() == {"Anggrek", "Cempaka"}

    def test_a_group_of_another_organisation_is_not_chosen(self, staff_client, facilitator):
        stranger = make_kembang_minus_outside(until=TODAY, name="Rahasia")
        bring_up_to_date()
        page = staff_client.get(f"{PAGE}confirm/?group={stranger.pk}")
        assert page.context["number"] == 0
        assert "Rahasia" not in page.content.decode() + staff_client.get(PAGE).content.decode()

    @pytest.mark.parametrize("posted", [{"seen": ""}, {"seen": "x"}, {"key": ""}, {"key": "x"}])
    def test_without_what_was_seen_or_a_key_nothing_is_made_final(self, staff_client, facilitator, posted):
        scored(facilitator, "Anggrek")
        _page, after = self.confirm(staff_client, **posted)
        assert after.status_code == 200
        assert finals() == set()

    def test_what_the_service_refuses_is_said_on_the_page(self, staff_client, facilitator, monkeypatch):
        scored(facilitator, "Anggrek")
        monkeypatch.setattr("assessment.services.finalising.instruments.schemes_of", lambda _organisation: ["other"])
        _page, after = self.confirm(staff_client)
        assert after.status_code == 200
        assert "The organisation does not use this scheme." in after.content.decode()
        assert not FinalRun.objects.exists()

    def test_points_that_changed_since_they_were_seen_are_looked_at_again(self, staff_client, facilitator):
        [group] = scored(facilitator, "Anggrek")
        page = staff_client.get(f"{PAGE}confirm/?all=1")
        draft = group.assessments.get(as_of=TODAY)
        indicators = draft.indicators
        indicators["agenda"]["points"] -= 2
        indicators["critical"]["points"] += 2
        group.assessments.filter(pk=draft.pk).update(indicators=indicators)
        data = {"key": str(page.context["key"]), "seen": page.context["seen"]}
        after = staff_client.post(f"{PAGE}confirm/?all=1", data)
        assert "The scores changed meanwhile." in after.content.decode()
        assert not FinalRun.objects.exists()

    def test_what_was_seen_is_written_down_point_by_point(self, staff_client, facilitator):
        [group] = scored(facilitator, "Anggrek")
        self.confirm(staff_client)
        [score] = FinalRunScore.objects.all()
        assert score.points == points_kept(group.assessments.get().indicators)

    def test_it_says_how_many_were_done(self, staff_client, facilitator, monkeypatch):
        monkeypatch.setattr(finalising, "MOST_FINAL_AT_ONCE", 2)
        scored(facilitator, "Anggrek", "Bakung", "Cempaka")
        _page, after = self.confirm(staff_client)
        assert "2 scores done: see below." in after.content.decode()
        again = staff_client.post(after.redirect_chain[-1][0], follow=True)
        assert "1 score done: see below." in again.content.decode()

    def test_sent_twice_it_leads_to_the_same_run(self, staff_client, facilitator):
        scored(facilitator, "Anggrek")
        page, _after = self.confirm(staff_client)
        data = {"key": str(page.context["key"]), "seen": page.context["seen"]}
        again = staff_client.post(f"{PAGE}confirm/?all=1", data)
        assert again.url == f"{PAGE}run/?key={data['key']}"
        assert FinalRun.objects.count() == 1

    def test_long_work_goes_on_in_parts(self, staff_client, facilitator, monkeypatch):
        monkeypatch.setattr(finalising, "MOST_FINAL_AT_ONCE", 2)
        scored(facilitator, "Anggrek", "Bakung", "Cempaka")
        _page, after = self.confirm(staff_client)
        assert "2 of 3 scores done" in after.content.decode()
        address = after.redirect_chain[-1][0]
        assert f'href="{address}"' in staff_client.get(PAGE).content.decode()
        assert "All are done." in staff_client.post(address, follow=True).content.decode()
        assert len(finals()) == 3

    def test_a_run_names_the_stages_of_its_scheme(self, staff_client, facilitator):
        for scheme in ("kotaku", "panca-sutra"):
            SchemeUse.objects.create(
                organisation=facilitator.organisation, scheme=scheme, is_primary=scheme == "kotaku"
            )
        scored(facilitator, "Anggrek")
        _page, after = self.confirm(staff_client, "all=1&scheme=panca-sutra")
        [(score, name)] = after.context["rows"]
        assert (score.stage, name) == ("SEBAGIAN", "In part")

    def test_a_group_dissolved_meanwhile_is_named_without_its_score(self, staff_client, facilitator, staff):
        group, other = scored(facilitator, "Anggrek", "Bakung")
        run = start(staff, *seen(group, other))
        GroupStatusChange.objects.create(
            group=group, from_status=GroupStatus.ACTIVE, to_status=GroupStatus.DISSOLVED, changed_on=TODAY,
            reason="x", recorded_by=staff,
        )  # fmt: skip
        final_run_continue(actor=staff, run=run)
        html = staff_client.get(f"{PAGE}run/?key={run.key}").content.decode()
        assert "left out: the group is no longer there" in html
        assert f"/g/{group.code}/" not in html
        assert f"/g/{other.code}/assessment/{TODAY}/" in html

    def test_a_run_is_shown_to_who_started_it(self, staff_client, client, facilitator):
        [group] = scored(facilitator, "Anggrek")
        _page, after = self.confirm(staff_client)
        client.force_login(make_staff(group))
        assert client.get(after.redirect_chain[-1][0]).url == PAGE

    def test_facilitators_are_refused(self, client, facilitator):
        client.force_login(facilitator)
        for page in ("", "confirm/", "run/"):
            assert client.get(PAGE + page).status_code == 403
            assert client.post(PAGE + page).status_code == 403

    def test_a_past_month(self, staff_client, facilitator, monkeypatch):
        monkeypatch.setattr("assessment.services.snapshots.MONTHS", 2)
        [group] = scored(facilitator, "Anggrek")
        last = TODAY.replace(day=1) - timedelta(1)
        page, _after = self.confirm(staff_client, f"all=1&end={last:%Y-%m}")
        address = f"/g/{group.code}/assessment/{last}/?scheme=kotaku"
        assert f'href="{address}"' in page.content.decode()
        assert staff_client.get(address).status_code == 200
        assert Assessment.objects.get(status="FINAL").as_of == last

    @pytest.fixture
    def three_pages(self, facilitator, monkeypatch) -> list[Group]:
        """Three groups, each on a page of its own."""
        monkeypatch.setattr("assessment.views.frame.GROUPS_ON_A_PAGE", 1)
        return scored(facilitator, "Anggrek", "Bakung", "Cempaka")

    def test_ticks_go_along_to_another_page_and_stay(self, staff_client, three_pages):
        first, second, third = (group.pk for group in three_pages)
        page = staff_client.get(f"{PAGE}?group={first}&page=2")
        assert page.context["elsewhere"] == str(first)
        assert f'<input type="hidden" name="ticked" value="{first}">' in page.content.decode()
        assert "1 group on another page is ticked as well." in page.content.decode()
        back = staff_client.get(f"{PAGE}?ticked={first}-{second}&page=1")
        assert f'value="{first}" id="group-{first}" checked' in back.content.decode()
        assert back.context["elsewhere"] == str(second)
        self.confirm(staff_client, f"ticked={first}&group={third}")
        assert finals() == {"Anggrek", "Cempaka"}

    def test_one_leaves_a_page_by_a_button_that_sends_its_ticks(self, staff_client, three_pages):
        html = " ".join(staff_client.get(f"{PAGE}?page=2").content.decode().split())
        form = html.partition('<form method="get" action="/dashboard/final/confirm/">')[2].partition("</form>")[0]
        assert f'name="page" value="1" formaction="{PAGE}"' in form
        assert f'name="page" value="3" formaction="{PAGE}"' in form
        assert form.index("Look at those ticked") < form.index("formaction")

    def test_without_a_tick_it_says_so(self, staff_client, three_pages):
        html = staff_client.get(f"{PAGE}confirm/").content.decode()
        assert "Nothing is ticked yet" in html
        assert "Nothing is left to make final." not in html

    def test_what_is_ticked_and_final_already_leaves_nothing(self, staff_client, three_pages):
        first, *_others = (group.pk for group in three_pages)
        self.confirm(staff_client, f"group={first}")
        html = staff_client.get(f"{PAGE}confirm/?group={first}").content.decode()
        assert "Nothing is left to make final." in html
        assert "Nothing is ticked yet" not in html

    def test_all_are_those_that_can_still_be_made_final(self, staff_client, three_pages):
        first, *_others = (group.pk for group in three_pages)
        assert "Look at all 3" in staff_client.get(PAGE).content.decode()
        self.confirm(staff_client, f"group={first}")
        assert "Look at all 2" in staff_client.get(PAGE).content.decode()

    def test_a_tick_that_was_taken_off_is_gone(self, staff_client, three_pages):
        _first, second, _third = (group.pk for group in three_pages)
        shown = staff_client.get(f"{PAGE}?ticked={second}&page=1")
        assert "checked" not in shown.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
        assert shown.context["elsewhere"] == str(second)

    def test_cancelling_keeps_the_ticks(self, staff_client, three_pages):
        first, *_others = (group.pk for group in three_pages)
        page = staff_client.get(f"{PAGE}confirm/?group={first}")
        assert page.context["back"] == f"{PAGE}?ticked={first}"

    def test_there_are_only_so_many_ticks(self, staff_client, three_pages, monkeypatch):
        monkeypatch.setattr(finalising, "MOST_TICKED", 1)
        first, second, _third = (group.pk for group in three_pages)
        page = staff_client.get(f"{PAGE}?ticked={first}-{second}-x-{'9' * 40}&page=3")
        assert page.context["elsewhere"] == str(first)
        assert "At most 1 ticks are kept." in page.content.decode()

    def test_statements_do_not_grow_with_the_groups(self, staff_client, facilitator):
        taken = []
        for names in (["A"], ["B", "C", "D"]):
            scored(facilitator, *names)
            counts = []
            for page in ("", "confirm/?all=1"):
                staff_client.get(PAGE + page)
                with CaptureQueriesContext(connection) as queries:
                    staff_client.get(PAGE + page)
                counts.append(len(queries))
            taken.append(counts)
        assert taken[0] == taken[1]
        assert max(taken[0]) <= 12
