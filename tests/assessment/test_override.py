"""Another level for a measured indicator: the services, their page, and what stands beside what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessment.forms import OverrideForm
from assessment.instruments import in_force
from assessment.models import Assessment, Judgement, Level, SchemeUse
from assessment.selectors.current_score import current_score
from assessment.services import assess_groups, assessment_finalise, override_give, override_withdraw
from groups.models import Group
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, make_override, make_staff
from tests.factories import facilitator_of, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def group():
    """It has no loans, so repayment has not enough data: 76 points at Tumbuh."""
    return make_kembang_minus_outside(until=timezone.localdate())


@pytest.fixture
def staff(group):
    return make_staff(group)


def level(threshold: str = "0.9", code: str = "repayment", scheme: str = "kotaku") -> Level:
    return Level.objects.get(
        indicator__code=code, indicator__instrument=in_force(None, scheme), threshold=threshold
    )  # fmt: skip


def judged_level(group: Group, threshold: str = "2") -> Level:
    """A level of what a scheme in use leaves to people."""
    for scheme in ("kotaku", "bina-swadaya"):
        SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=scheme == "kotaku")
    return level(threshold, "member-business", "bina-swadaya")


def give(group: Group, staff, **fields) -> Judgement:
    today = timezone.localdate()
    return override_give(
        **{
            "actor": staff,
            "group": group,
            "level": level(),
            "note": "buku UPK dilihat",
            "judged_on": today,
            "until": today + timedelta(182),
            **fields,
        }
    )


class TestGive:
    def test_it_counts_beside_the_measured_value(self, group, staff):
        give(group, staff)
        now = current_score(group, timezone.localdate())
        assert (now.result.score, now.scored.measured_result.score) == (87, 76)
        assert (now.row("repayment").given, now.row("repayment").score.points) == (11, 0)

    def test_the_next_level_is_the_one_above_what_counts(self, group, staff, today):
        levels = level().indicator.levels.filter(points__gt=0).order_by("points")
        give(group, staff, level=levels[0])
        row = current_score(group, as_of=today).row("repayment")
        assert (row.points, row.at_stake) == (levels[0].points, levels[1].points - levels[0].points)
        assert row.gap == f"{levels[1].threshold:.0%}"

    def test_it_is_stored_beside_the_measured_score(self, group, staff, today):
        given = give(group, staff)
        assess_groups(groups=Group.objects.all(), as_of=today)
        stored = Assessment.objects.get()
        assert (stored.score, stored.measured_score) == (87, 76)
        assert stored.indicators["repayment"]["given"] == {"value": 0.9, "points": 11, "judgement": given.pk}

    def test_over_a_final_score_it_counts_from_the_next_day_on_every_page(self, group, staff, today):
        final = assessment_finalise(actor=staff, group=group, as_of=today)
        give(group, staff)
        bring_up_to_date()
        of_page, of_dashboards = current_score(group, today), group.snapshot_scores.get(month=None)
        assert (of_page.result.score, of_page.result.rank) == (of_dashboards.score, of_dashboards.rank) == (76, 1)
        assert (of_page.row("repayment").given, of_page.need, of_page.scored.measured_result.score) == (
            None, of_dashboards.need, final.measured_score,
        )  # fmt: skip
        assert current_score(group, today + timedelta(1)).row("repayment").given == 11

    def test_an_override_before_the_score_became_final_is_in_it(self, group, staff, today):
        given = give(group, staff)
        assessment_finalise(actor=staff, group=group, as_of=today)
        now = current_score(group, today)
        assert (now.result.score, now.scored.measured_result.score) == (87, 76)
        assert now.row("repayment").judgement == given

    def test_it_ends_by_itself(self, group, staff, today):
        give(group, staff, judged_on=today - timedelta(10), until=today - timedelta(1))
        assert current_score(group, today - timedelta(1)).row("repayment").given == 11
        assert current_score(group, timezone.localdate()).row("repayment").given is None

    def test_after_its_end_an_earlier_one_does_not_come_back(self, group, staff, today):
        give(group, staff, judged_on=today - timedelta(20))
        give(group, staff, level=level("0.8"), judged_on=today - timedelta(10), until=today - timedelta(1))
        assert current_score(group, today - timedelta(11)).row("repayment").given == 11
        assert current_score(group, today - timedelta(1)).row("repayment").given == 6
        assert current_score(group, timezone.localdate()).row("repayment").given is None

    def test_one_for_an_earlier_day_sent_twice_is_one(self, group, staff, today):
        give(group, staff)
        assert len({give(group, staff, judged_on=today - timedelta(3)).pk for _ in range(2)}) == 1

    def test_the_same_form_twice_is_one(self, group, staff):
        assert give(group, staff) == give(group, staff)
        assert Judgement.objects.count() == 1

    def test_given_again_after_a_withdrawal_is_a_new_one(self, group, staff):
        override_withdraw(on=timezone.localdate(), actor=staff, override=give(group, staff))
        give(group, staff)
        assert Judgement.objects.count() == 2

    def test_a_judged_indicator_is_refused(self, group, staff):
        with pytest.raises(ValidationError, match="not measured"):
            give(group, staff, level=judged_level(group))

    def test_a_level_of_an_instrument_not_in_force_is_refused(self, group, staff):
        other = level()
        other.indicator.instrument.pk += 1
        with pytest.raises(ValidationError, match="not measured"):
            give(group, staff, level=other)

    @pytest.mark.parametrize(
        ("field", "days"), [("judged_on", 1), ("until", -1), ("until", 366)]
    )  # fmt: skip
    def test_days_out_of_bounds_are_refused(self, group, staff, today, field, days):
        with pytest.raises(ValidationError) as error:
            give(group, staff, **{field: today + timedelta(days)})
        assert field in error.value.message_dict

    def test_a_year_is_the_longest(self, group, staff, today):
        assert give(group, staff, until=today + timedelta(365)).pk

    @pytest.mark.parametrize("note", ["", "  "])
    def test_a_reason_is_required(self, group, staff, note):
        with pytest.raises(ValidationError, match="why"):
            give(group, staff, note=note)

    def test_facilitators_do_not_override(self, group):
        with pytest.raises(PermissionDenied):
            give(group, facilitator_of(group))

    def test_staff_of_another_organisation_do_not_override(self, group):
        with pytest.raises(PermissionDenied):
            give(group, make_staff())


class TestNoneOfTheLevels:
    """A person may say that not even the lowest level is reached."""

    @pytest.fixture
    def none(self, group, staff):
        return give(group, staff, level=level("0.9", "attendance"), below_levels=True)

    def test_it_gives_no_points_beside_the_measured_ones(self, group, none):
        now = current_score(group, timezone.localdate())
        assert (now.result.score, now.scored.measured_result.score) == (66, 76)
        assert (now.row("attendance").given, now.row("attendance").score.points) == (0, 10)

    def test_it_points_at_the_lowest_level(self, none):
        assert none.level == level("0.6", "attendance")

    def test_it_is_stored_beside_the_measured_score(self, group, none, today):
        assess_groups(groups=Group.objects.all(), as_of=today)
        stored = Assessment.objects.get()
        assert (stored.score, stored.measured_score) == (66, 76)
        assert stored.indicators["attendance"]["given"] == {"value": None, "points": 0, "judgement": none.pk}

    def test_it_ends_and_is_withdrawn_like_any_other(self, group, staff, none, today):
        assert current_score(group, today + timedelta(183)).row("attendance").given is None
        override_withdraw(on=timezone.localdate(), actor=staff, override=none)
        assert current_score(group, timezone.localdate()).row("attendance").given is None

    def test_the_lowest_level_after_it_is_another_override(self, group, staff, none):
        give(group, staff, level=level("0.6", "attendance"))
        assert Judgement.objects.count() == 2
        assert current_score(group, timezone.localdate()).row("attendance").given == 3

    def test_the_same_form_twice_is_one(self, group, staff, none):
        assert give(group, staff, level=level("0.6", "attendance"), below_levels=True) == none

    def test_a_judged_indicator_is_refused(self, group, staff):
        with pytest.raises(ValidationError, match="not measured"):
            give(group, staff, level=judged_level(group), below_levels=True)

    def test_the_plan_does_not_call_it_missing_data(self, group, none):
        [step] = [
            step for step in current_score(group, timezone.localdate()).steps if step.indicator.code == "attendance"
        ]
        assert step.below_levels

    def test_the_database_refuses_it_of_a_higher_level(self, group, staff):
        higher = {"level": level("0.9", "attendance"), "below_levels": True}
        with pytest.raises(IntegrityError, match="below_levels"), transaction.atomic():
            make_override(group, **higher)

    def test_the_database_refuses_it_without_an_end(self, group, staff):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_override(group, level=judged_level(group, "0"), below_levels=True, until=None)

    def test_the_database_refuses_to_change_it(self, none):
        with pytest.raises(IntegrityError, match="no_update"), transaction.atomic():
            Judgement.objects.update(below_levels=False)


class TestWithdraw:
    def test_the_measured_value_counts_again(self, group, staff):
        override_withdraw(on=timezone.localdate(), actor=staff, override=give(group, staff))
        assert current_score(group, timezone.localdate()).result.score == 76

    def test_an_older_one_does_not_come_back(self, group, staff):
        give(group, staff)
        override_withdraw(on=timezone.localdate(), actor=staff, override=give(group, staff, level=level("0.98")))
        assert current_score(group, timezone.localdate()).row("repayment").given is None

    def test_it_still_counts_for_the_days_before(self, group, staff, today):
        override_withdraw(
            on=timezone.localdate(), actor=staff, override=give(group, staff, judged_on=today - timedelta(3))
        )
        assert current_score(group, today - timedelta(1)).row("repayment").given == 11

    def test_other_indicators_and_groups_keep_theirs(self, group, staff, today):
        other = make_override(make_group(facilitator_of(group)), "repayment", judged_on=today, until=today)
        same = give(group, staff, level=level("0.9", "attendance"))
        override_withdraw(on=timezone.localdate(), actor=staff, override=give(group, staff))
        assert set(Judgement.objects.filter(withdrawn_on=None)) == {other, same}

    def test_twice_is_once(self, group, staff):
        given = give(group, staff)
        override_withdraw(on=timezone.localdate(), actor=staff, override=given)
        first = Judgement.objects.get().withdrawn_at
        override_withdraw(on=timezone.localdate(), actor=staff, override=given)
        assert Judgement.objects.get().withdrawn_at == first

    def test_facilitators_do_not_withdraw(self, group, staff):
        with pytest.raises(PermissionDenied):
            override_withdraw(on=timezone.localdate(), actor=facilitator_of(group), override=give(group, staff))


class TestPages:
    def post(self, client, group, **fields):
        today = timezone.localdate()
        data = {
            "level": level().pk,
            "note": "buku UPK dilihat",
            "judged_on": today.isoformat(),
            "until": (today + timedelta(182)).isoformat(),
            **fields,
        }
        return client.post(f"/g/{group.code}/assessment/override/repayment/", data)

    def test_it_records_and_returns(self, client, group, staff, today):
        client.force_login(staff)
        assert self.post(client, group).url == f"/g/{group.code}/assessment/"
        made = Judgement.objects.get()
        assert (made.level, made.until, made.judged_by) == (level(), today + timedelta(182), staff)

    def test_none_of_the_levels_is_offered_and_recorded(self, client, group, staff):
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        page = client.get(f"/g/{group.code}/assessment/override/repayment/").content.decode()
        assert "none of the levels: 0 points" in page
        self.post(client, group, level="0")
        made = Judgement.objects.get()
        assert (made.level, made.below_levels) == (level("0.8"), True)

    def test_it_is_not_offered_where_the_lowest_level_says_so(self, group):
        words = [(Level(pk=7, points=0), "0 points"), (Level(pk=8, points=5), "5 points")]
        assert [key for key, _words in OverrideForm(levels=words, since=group.founded_on)["level"].field.choices] == [
            "7", "8"
        ]  # fmt: skip

    def test_no_points_stand_beside_the_measured_on_every_page(self, client, group, staff, today):
        give(group, staff, level=level("0.9", "attendance"), below_levels=True)
        assessment_finalise(actor=staff, group=group, as_of=today)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        base = f"/g/{group.code}/assessment/"
        for address in (base, f"{base}evidence/attendance/", f"{base}override/attendance/", f"{base}{today}/"):
            assert "0 points through" in client.get(address).content.decode(), address
        bring_up_to_date(today)
        assert "measured 76" in client.get("/dashboard/").content.decode()
        [row] = client.get("/dashboard/heatmap/").context["rows"]
        cell = next(cell for cell in row[0].cells if cell.indicator.code == "attendance")
        assert (cell.points, cell.measured) == (0, 10)

    def test_half_a_year_is_offered(self, client, group, staff, today):
        client.force_login(staff)
        html = client.get(f"/g/{group.code}/assessment/override/repayment/").content.decode()
        assert f'value="{(today + timedelta(182)).isoformat()}"' in html

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("level", ""),
            ("level", "x"),
            ("level", "9" * 20),
            ("note", " "),
            ("judged_on", "kemarin"),
            ("judged_on", "2024-12-31"),
            ("judged_on", (timezone.localdate() + timedelta(1)).isoformat()),
            ("until", "2024-12-31"),
            ("until", (timezone.localdate() + timedelta(366)).isoformat()),
            ("until", "99999999999999999999"),
        ],
    )
    def test_bad_input_gets_a_message_at_the_field(self, client, group, staff, field, value):
        client.force_login(staff)
        response = self.post(client, group, **{field: value})
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert Judgement.objects.count() == 0

    def test_a_level_of_another_indicator_is_refused(self, client, group, staff):
        client.force_login(staff)
        assert list(self.post(client, group, level=level("0.9", "attendance").pk).context["form"].errors) == ["level"]

    @pytest.mark.parametrize("indicator", ["member-business", "nothing"])
    def test_there_is_no_page_for_what_is_not_measured(self, client, group, staff, indicator):
        judged_level(group)
        client.force_login(staff)
        address = f"/g/{group.code}/assessment/override/{indicator}/?scheme=bina-swadaya"
        assert client.get(address).status_code == 404

    def test_the_stage_page_shows_measured_beside_given(self, client, group, staff, today):
        give(group, staff)
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"
        html = " ".join(client.get(f"/g/{group.code}/assessment/").content.decode().split())
        assert '<span class="stage stage-2">Kembang</span> 87 of 100 points' in html
        assert '<span class="stage stage-1">Tumbuh</span> 76 of 100 points' in html
        assert "11 points through" in html
        assert "buku UPK dilihat" in html
        assert "/withdraw/" not in html

    def test_the_dashboard_shows_measured_beside_given(self, client, group, staff, today):
        give(group, staff)
        bring_up_to_date(today)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        assert "measured 76" in client.get("/dashboard/").content.decode()

    def test_withdraw(self, client, group, staff, today):
        given = give(group, staff)
        client.force_login(staff)
        address = f"/g/{group.code}/assessment/override/{given.pk}/withdraw/"
        assert client.get(address).url == f"/g/{group.code}/assessment/"
        assert Judgement.objects.get().withdrawn_on is None
        assert client.post(address).url == f"/g/{group.code}/assessment/"
        assert Judgement.objects.get().withdrawn_on == today

    def test_another_groups_override_is_not_found(self, client, group, staff):
        other = make_override(make_group())
        client.force_login(staff)
        assert client.post(f"/g/{group.code}/assessment/override/{other.pk}/withdraw/").status_code == 404

    def test_facilitators_are_refused(self, client, group):
        client.force_login(facilitator_of(group))
        assert self.post(client, group).status_code == 403

    def test_another_organisation_is_not_found(self, client, group):
        client.force_login(make_staff())
        assert self.post(client, group).status_code == 404
