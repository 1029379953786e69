"""Another level for a measured indicator: the services, their page, and what stands beside what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from assessment.instruments import in_force
from assessment.models import Assessment, Judgement, Level
from assessment.selectors.standing import standing
from assessment.services import assess_groups, override_give, override_withdraw
from groups.models import Group
from tests.assessment.groups import make_kembang_minus_outside, make_override, make_staff
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


def level(threshold: str = "0.9", code: str = "repayment") -> Level:
    return Level.objects.get(
        indicator__code=code, indicator__instrument=in_force(None), threshold=threshold
    )  # fmt: skip


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
        now = standing(group)
        assert (now.result.score, now.scored.measured_result.score) == (87, 76)
        assert (now.row("repayment").given, now.row("repayment").score.points) == (11, 0)

    def test_it_is_stored_beside_the_measured_score(self, group, staff, today):
        given = give(group, staff)
        assess_groups(groups=Group.objects.all(), as_of=today)
        stored = Assessment.objects.get()
        assert (stored.score, stored.measured_score) == (87, 76)
        assert stored.indicators["repayment"]["given"] == {"value": 0.9, "points": 11, "judgement": given.pk}

    def test_it_ends_by_itself(self, group, staff, today):
        give(group, staff, judged_on=today - timedelta(10), until=today - timedelta(1))
        assert standing(group, today - timedelta(1)).row("repayment").given == 11
        assert standing(group, today).row("repayment").given is None

    def test_the_same_form_twice_is_one(self, group, staff):
        assert give(group, staff) == give(group, staff)
        assert Judgement.objects.count() == 1

    def test_given_again_after_a_withdrawal_is_a_new_one(self, group, staff):
        override_withdraw(actor=staff, override=give(group, staff))
        give(group, staff)
        assert Judgement.objects.count() == 2

    def test_a_judged_indicator_is_refused(self, group, staff):
        with pytest.raises(ValidationError, match="not measured"):
            give(group, staff, level=level("2", "outside"))

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


class TestWithdraw:
    def test_the_measured_value_counts_again(self, group, staff):
        override_withdraw(actor=staff, override=give(group, staff))
        assert standing(group).result.score == 76

    def test_an_older_one_does_not_come_back(self, group, staff):
        give(group, staff)
        override_withdraw(actor=staff, override=give(group, staff, level=level("0.98")))
        assert standing(group).row("repayment").given is None

    def test_it_still_counts_for_the_days_before(self, group, staff, today):
        override_withdraw(actor=staff, override=give(group, staff, judged_on=today - timedelta(3)))
        assert standing(group, today - timedelta(1)).row("repayment").given == 11

    def test_other_indicators_and_groups_keep_theirs(self, group, staff, today):
        other = make_override(make_group(facilitator_of(group)), "repayment", judged_on=today, until=today)
        same = give(group, staff, level=level("0.9", "attendance"))
        override_withdraw(actor=staff, override=give(group, staff))
        assert set(Judgement.objects.filter(withdrawn_on=None)) == {other, same}

    def test_twice_is_once(self, group, staff):
        given = give(group, staff)
        override_withdraw(actor=staff, override=given)
        first = Judgement.objects.get().withdrawn_at
        override_withdraw(actor=staff, override=given)
        assert Judgement.objects.get().withdrawn_at == first

    def test_facilitators_do_not_withdraw(self, group, staff):
        with pytest.raises(PermissionDenied):
            override_withdraw(actor=facilitator_of(group), override=give(group, staff))


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

    @pytest.mark.parametrize("indicator", ["outside", "nothing"])
    def test_there_is_no_page_for_what_is_not_measured(self, client, group, staff, indicator):
        client.force_login(staff)
        assert client.get(f"/g/{group.code}/assessment/override/{indicator}/").status_code == 404

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
        assess_groups(groups=Group.objects.all(), as_of=today)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        assert "measured 76" in client.get("/dashboard/").content.decode()

    def test_withdraw(self, client, group, staff, today):
        given = give(group, staff)
        client.force_login(staff)
        address = f"/g/{group.code}/assessment/override/{given.pk}/withdraw/"
        assert client.get(address).status_code == 405
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
