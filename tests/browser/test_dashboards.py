"""The dashboards on a wide screen, on a phone and on paper."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assessment.views.frame import GROUPS_ON_A_PAGE, TABS
from groups.models import Group, Role
from tests.assessment.groups import AS_OF, bring_up_to_date, make_kembang_minus_outside, months_ago, stand
from tests.browser.test_print import PRINTABLE, pages_of
from tests.factories import PASSWORD, make_group, make_user

pytestmark = pytest.mark.browser

WIDE = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "has_touch": False}
LEVELS = "nodes => new Set(nodes.map(node => Math.round(node.getBoundingClientRect().top))).size"


@pytest.fixture
def staff(committed_db):
    """Staff of an organisation with one group that is scored."""
    group = make_kembang_minus_outside()
    bring_up_to_date(AS_OF)
    return make_user(Role.STAFF, organisation=group.organisation)


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/dashboard/?start=2026-03&end=2026-02", "main form select:visible, main form input:visible"),
        ("/groups/", "main form select:visible, main form input:visible, main form button:visible"),
    ],
)
def test_the_fields_of_a_filter_stand_level_whatever_is_wrong_with_one(visit, staff, address, fields):
    site = visit(**WIDE)
    site.sign_in(staff.username, PASSWORD)
    site.open(address)
    assert site.page.eval_on_selector_all(fields, LEVELS) == 1


@pytest.fixture
def many(staff):
    """A full page of groups whose stages of a year ago and of today are known."""
    owner = Group.objects.get()
    for number in range(GROUPS_ON_A_PAGE - 1):
        group = make_group(organisation=owner.organisation, recorded_by=owner.recorded_by)
        stand(group, number % 3, months_ago(11))
        stand(group, number % 2, indicators={})
    return staff


@pytest.fixture
def paper(visit, many):
    """A dashboard as it prints."""

    def opened(route: str):
        site = visit(**WIDE)
        site.sign_in(many.username, PASSWORD)
        site.open(reverse(route))
        site.page.emulate_media(media="print")
        site.page.set_viewport_size({"width": PRINTABLE, "height": 1000})
        return site

    return opened


def test_dashboards_fit_the_width_of_a_page_and_no_heading_is_printed_over(paper):
    site = paper("dashboard")
    for tab in TABS:
        site.open(reverse(tab.route))
        assert not site.scrolls_sideways(), tab.route
        covered = site.page.eval_on_selector_all(
            "main h2",
            """heads => heads.filter(head => {
                const table = head.closest("section").querySelector("table");
                return table && table.getBoundingClientRect().top < head.getBoundingClientRect().bottom;
            }).map(head => head.textContent)""",
        )
        assert covered == [], tab.route


@pytest.mark.parametrize("route", ["dashboard-moves", "dashboard-heatmap", "dashboard-compare"])
def test_chart_and_table_share_one_page(paper, route):
    assert pages_of(paper(route).page.pdf(prefer_css_page_size=True)) == 1


def test_on_a_phone_no_dashboard_but_the_heat_map_scrolls_sideways(visit, many):
    site = visit()
    site.sign_in(many.username, PASSWORD)
    for tab in TABS:
        site.open(reverse(tab.route))
        wide = site.page.eval_on_selector_all(
            ".table-responsive", "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).length"
        )
        assert wide == (1 if tab.route == "dashboard-heatmap" else 0), tab.route
