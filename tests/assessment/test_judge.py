"""Judging what no record measures: the service and its page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from assessment.instruments import in_force
from assessment.instruments.shipped import SHIPPED
from assessment.models import Judgement, Level, SchemeUse
from assessment.selectors.current_score import current_score
from assessment.services import instrument_copy, instrument_publish, judge
from groups.models import Role
from groups.shared.clock import clock_set_to
from tests.assessment.groups import AS_OF, make_staff
from tests.factories import facilitator_of, make_group, make_user

pytestmark = pytest.mark.django_db
SCHEME, JUDGED = "bina-swadaya", "member-business"


@pytest.fixture
def group():
    """A group scored by a scheme that leaves something to people."""
    group = make_group()
    SchemeUse.objects.create(organisation=group.organisation, scheme=SCHEME, is_primary=True)
    return group


@pytest.fixture
def staff(group):
    return make_staff(group)


def level(number: int, code: str = JUDGED) -> Level:
    levels = Level.objects.filter(indicator__code=code, indicator__instrument=in_force(None, SCHEME))
    return levels.order_by("threshold")[number]


def points(group, as_of: date = AS_OF) -> int:
    scores = current_score(group, as_of).result.scores
    return next(score.points for score in scores if score.indicator.code == JUDGED)


def test_a_judgement_earns_its_points(group, staff):
    judge(actor=staff, group=group, level=level(2), note="Kontrak dengan koperasi", judged_on=AS_OF)
    assert points(group) == 6


def test_the_latest_judgement_up_to_the_day_counts(group, staff):
    judge(actor=staff, group=group, level=level(3), note="baik", judged_on=AS_OF - timedelta(9))
    judge(actor=staff, group=group, level=level(1), note="mundur", judged_on=AS_OF - timedelta(1))
    judge(actor=staff, group=group, level=level(2), note="nanti", judged_on=AS_OF + timedelta(1))
    assert points(group) == 3


def test_it_counts_on_in_a_new_version(group, staff):
    judge(actor=staff, group=group, level=level(2), note="ya", judged_on=AS_OF)
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    copy = instrument_copy(actor=admin, instrument=in_force(group.organisation_id, SCHEME))
    with clock_set_to(datetime.combine(AS_OF, time(3), UTC)):
        instrument_publish(actor=admin, instrument=copy)
    assert current_score(group, AS_OF).instrument == copy
    assert points(group) == 6


def test_another_groups_judgement_does_not_count(group, staff):
    other = make_group(facilitator_of(group))
    judge(actor=staff, group=other, level=level(2), note="ya", judged_on=AS_OF)
    assert points(group) == 0


def test_the_same_judgement_twice_is_one(group, staff):
    for _ in range(2):
        judge(actor=staff, group=group, level=level(2), note="ya", judged_on=AS_OF)
    assert Judgement.objects.count() == 1


@pytest.mark.parametrize("note", ["", "   "])
def test_a_note_is_required(group, staff, note):
    with pytest.raises(ValidationError, match="note"):
        judge(actor=staff, group=group, level=level(2), note=note, judged_on=AS_OF)


def test_what_records_measure_is_not_judged(group, staff):
    with pytest.raises(ValidationError, match="not judged"):
        judge(actor=staff, group=group, level=level(0, "attendance"), note="ya", judged_on=AS_OF)


def test_facilitators_do_not_judge(group):
    with pytest.raises(PermissionDenied):
        judge(actor=facilitator_of(group), group=group, level=level(2), note="ya", judged_on=AS_OF)


def test_staff_of_another_organisation_do_not_judge(group):
    with pytest.raises(PermissionDenied):
        judge(actor=make_staff(), group=group, level=level(2), note="ya", judged_on=AS_OF)


class TestPage:
    def post(self, client, group, **data):
        fields = {"level": level(2).pk, "note": "Kontrak dengan koperasi", "judged_on": "2025-07-01", **data}
        return client.post(f"/g/{group.code}/assessment/judge/", fields)

    def test_it_records_and_returns(self, client, group, staff):
        client.force_login(staff)
        response = self.post(client, group)
        assert response.url == f"/g/{group.code}/assessment/"
        made = Judgement.objects.get()
        assert (made.group, made.level, made.judged_on, made.judged_by) == (group, level(2), date(2025, 7, 1), staff)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("note", " "),
            ("judged_on", "kemarin"),
            ("judged_on", "2024-12-31"),
            ("judged_on", (timezone.localdate() + timedelta(1)).isoformat()),
            ("level", "0"),
            ("level", "x"),
            ("level", ""),
        ],
    )
    def test_bad_input_gets_a_message_and_keeps_the_rest(self, client, group, staff, field, value):
        client.force_login(staff)
        response = self.post(client, group, **{field: value})
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert Judgement.objects.count() == 0
        if field != "note":
            assert "Kontrak dengan koperasi" in response.content.decode()

    def test_facilitators_are_refused(self, client, group):
        client.force_login(facilitator_of(group))
        assert self.post(client, group).status_code == 403
        assert client.get(f"/g/{group.code}/assessment/judge/").status_code == 403

    def test_another_organisation_is_not_found(self, client, group):
        client.force_login(make_staff())
        assert self.post(client, group).status_code == 404


@pytest.mark.parametrize("scheme", [path.stem.rpartition("-")[0] for path in SHIPPED])
def test_the_page_offers_to_judge_exactly_what_the_instrument_leaves_to_people(client, scheme):
    """Over all shipped instruments and their indicators: no button leads to an empty page, none is missing."""
    group = make_group()
    SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=True)
    client.force_login(make_staff(group))
    client.cookies["django_language"] = "en"
    page = client.get(f"/g/{group.code}/assessment/").content.decode()
    judged = client.get(f"/g/{group.code}/assessment/judge/").context["indicators"]
    offered = {indicator.code for indicator in judged}
    indicators = in_force(None, scheme).indicators.all()
    assert offered == {indicator.code for indicator in indicators if not indicator.metric}
    assert (f"/g/{group.code}/assessment/judge/" in page) == bool(offered)
    for indicator in indicators:
        given = reverse("override-give", args=[group.code, indicator.code])
        assert (given in page) == bool(indicator.metric)
