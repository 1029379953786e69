"""Several schemes on the pages of one group, and the radar of an instrument with areas."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessment.charts.group import RADAR_HEIGHT, RADAR_WIDTH, radar
from assessment.models import Assessment, Instrument, Judgement, Level, SchemeUse
from assessment.selectors.current_score import Area, current_score
from assessment.services import assessment_finalise, judge
from tests.assessment.groups import make_kembang_minus_outside, make_staff
from tests.factories import facilitator_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    group = make_kembang_minus_outside(until=timezone.localdate())
    for scheme in ("kotaku", "bina-swadaya"):
        SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=scheme == "kotaku")
    return group


def get(client, group, path: str = "", scheme: str = "") -> str:
    client.force_login(make_staff(group))
    client.cookies["django_language"] = "en"
    response = client.get(f"/g/{group.code}/assessment/{path}", {"scheme": scheme} if scheme else {})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_each_scheme_has_a_tab_and_the_primary_one_opens(client, group):
    html = get(client, group)
    assert 'href="?scheme=kotaku" aria-current="page"' in html
    assert 'href="?scheme=bina-swadaya"' in html
    assert "76 of 100 points" in html


def test_another_scheme_shows_its_own_score(client, group):
    html = get(client, group, scheme="bina-swadaya")
    instrument = Instrument.objects.get(code="bina-swadaya")
    assert str(instrument) in html
    assert f"{current_score(group, timezone.localdate(), scheme='bina-swadaya').result.score} of 100 points" in html


@pytest.mark.parametrize("scheme", ["aset-pentagonal", "nothing"])
def test_a_scheme_not_in_use_shows_the_primary_one(client, group, scheme):
    assert "76 of 100 points" in get(client, group, scheme=scheme)


def test_with_one_scheme_there_are_no_tabs(client, group):
    SchemeUse.objects.exclude(scheme="kotaku").delete()
    assert "?scheme=kotaku" not in get(client, group)


def test_what_another_scheme_leaves_to_people_can_be_judged(client, group):
    level = Level.objects.filter(
        indicator__instrument__code="bina-swadaya", indicator__metric=""
    ).order_by("indicator__number", "-threshold")[0]  # fmt: skip
    judge(actor=make_staff(group), group=group, level=level, note="dilihat", judged_on=timezone.localdate())
    assert (
        current_score(group, timezone.localdate(), scheme="bina-swadaya").row(level.indicator.code).points
        == level.points
    )
    assert Judgement.objects.count() == 1


def test_each_scheme_is_made_final_by_itself(client, group):
    assessment_finalise(actor=make_staff(group), group=group, as_of=timezone.localdate(), scheme="bina-swadaya")
    assert list(Assessment.objects.filter(status="FINAL").values_list("scheme", flat=True)) == ["bina-swadaya"]
    html = get(client, group, f"{timezone.localdate()}/", "bina-swadaya")
    assert "Made final by" in html


class TestRadar:
    def test_points_by_area_with_their_table(self, client, group):
        areas = current_score(group, timezone.localdate(), scheme="bina-swadaya").areas
        assert sum(area.weight for area in areas) == 100
        html = get(client, group, scheme="bina-swadaya")
        assert html.count('class="ring"') or html.count("axis ring")
        for area in areas:
            assert f"<td class=\"number\">{area.points} / {area.weight}</td>" in html  # fmt: skip

    def test_no_radar_without_areas(self, client, group):
        assert 'aria-labelledby="radar-title' not in get(client, group)

    def test_fewer_than_three_areas_have_no_surface(self):
        assert radar([Area("a", 1, 2), Area("b", 1, 2)]) is None

    def test_none_is_the_middle_and_all_the_end_of_an_axis(self):
        drawn = radar([Area("a", 0, 10), Area("b", 10, 10), Area("c", 5, 10)])
        assert drawn.dots[0] == (drawn.x, drawn.y)
        assert drawn.dots[1] == (drawn.spokes[1].x, drawn.spokes[1].y)

    def test_labels_stay_within_the_chart(self):
        names = ["Pemasaran dan usaha produktif", "Organisasi", "Administrasi kelompok", "Permodalan", "Jaringan kerja"]
        drawn = radar([Area(name, 5, 10) for name in names])
        for spoke in drawn.spokes:
            assert all(0 < y < RADAR_HEIGHT for _line, y in spoke.lines)
            width = max(7 * len(line) for line, _y in spoke.lines)
            left = {"start": spoke.label_x, "middle": spoke.label_x - width // 2, "end": spoke.label_x - width}
            assert left[spoke.anchor] >= 0
            assert left[spoke.anchor] + width <= RADAR_WIDTH


def test_facilitators_read_every_scheme(client, group):
    client.force_login(facilitator_of(group))
    assert client.get(f"/g/{group.code}/assessment/?scheme=bina-swadaya").status_code == 200
