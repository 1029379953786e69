"""What a set of changes would give, tried out and stored nowhere."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessment.instruments import in_force
from assessment.models import Assessment, Judgement, Level
from assessment.selectors.current_score import current_score
from assessment.selectors.what_if import what_if
from groups.models import Group
from tests.assessment.groups import make_kembang_minus_outside, make_override, make_staff
from tests.factories import facilitator_of, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    """76 points at Tumbuh; repayment is missing for Kembang."""
    return make_kembang_minus_outside(until=timezone.localdate())


def level(code: str, threshold: str) -> int:
    return Level.objects.get(
        indicator__code=code, indicator__instrument=in_force(None), threshold=threshold
    ).pk  # fmt: skip


def ask(client, group: Group, **levels):
    client.force_login(facilitator_of(group))
    client.cookies["django_language"] = "en"
    response = client.get(f"/g/{group.code}/assessment/what-if/", levels)
    assert response.status_code == 200
    return response


def test_the_steps_of_the_plan_reach_the_next_stage():
    now = current_score(make_group(), timezone.localdate())
    tried = what_if(now, {step.step.code: step.step.target for step in now.steps})
    assert tried.result.rank == now.result.rank + 1


def test_no_change_gives_what_is():
    group = make_kembang_minus_outside(until=timezone.localdate())
    make_override(group, "repayment", judged_on=timezone.localdate(), until=timezone.localdate())
    now = current_score(group, timezone.localdate())
    assert what_if(now, {}).result == now.result


def test_a_level_that_a_person_denied_is_not_said_to_lack_data(group):
    today = timezone.localdate()
    lowest = Level.objects.get(pk=level("attendance", "0.6"))
    make_override(group, level=lowest, below_levels=True, judged_on=today, until=today)
    [step] = [
        row
        for row in what_if(current_score(group, timezone.localdate()), {"repayment": 0.9}).steps
        if row.step.code == "attendance"
    ]
    assert step.now == "none of the levels"


def test_a_level_gives_its_points_and_stage(client, group):
    response = ask(client, group, repayment=level("repayment", "0.9"))
    html = " ".join(response.content.decode().split())
    assert '<span class="stage stage-2">Kembang</span> 87 / 100' in html
    assert "it is the highest stage" in html


def test_what_would_still_be_missing(client, group):
    html = ask(client, group, meetings="0", repayment=level("repayment", "0.9")).content.decode()
    assert "What would still be missing for Tumbuh" in html


def test_it_opens_with_everything_as_now(client, group):
    response = ask(client, group)
    assert response.context["what_if"] is None
    assert "Now: present 100%, last 4 meetings, 10 of 10 points" in response.content.decode()


def test_nothing_is_stored(client, group):
    ask(client, group, repayment=level("repayment", "0.9"))
    assert (Assessment.objects.count(), Judgement.objects.count()) == (0, 0)


@pytest.mark.parametrize("value", ["x", "9" * 20, "-1"])
def test_what_is_not_on_offer_is_refused_at_the_field(client, group, value):
    response = ask(client, group, repayment=value)
    assert list(response.context["form"].errors) == ["repayment"]
    assert response.context["what_if"] is None


def test_another_organisation_is_not_found(client, group):
    client.force_login(make_staff())
    assert client.get(f"/g/{group.code}/assessment/what-if/").status_code == 404
