"""Choosing another date for a meeting, with and without JavaScript: typed values stay, the rest follows the day."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from groups.models import Constitution
from meetings.models import Meeting
from tests.factories import facilitator_of, lend, make_group, make_member, make_members, make_officer, save

pytestmark = pytest.mark.browser
DAY = date(2025, 3, 4)


@pytest.fixture
def group(committed_db):
    """Rules that ask for 5.000 until September 2025 and 10.000 from then on; somebody joined after DAY."""
    group = make_group(name="Mawar", rules={"wajib": 5_000})
    members = make_members(group, 3)
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=True):
        make_officer(member, role)
    make_member(group, "Dewi", joined_on=date(2025, 5, 1))
    save(members[0], 2_000_000)
    lend(members[0], 1_200_000)
    group.rules = Constitution.objects.create(
        group=group,
        version=2,
        agreed_on=date(2025, 9, 1),
        wajib=10_000,
        missed_wajib="LET_GO",
        recorded_by=facilitator_of(group),
    )
    group.save()
    return group


def wajib(page, member):
    return page.input_value(f"[name=m{member.pk}-wajib]")


def open_sheet(site, group):
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    first, second, third = group.members.order_by("number")[:3]
    page = site.page
    assert (wajib(page, first), page.locator("[data-member]").count()) == ("10.000", 4)
    page.fill(f"[name=m{second.pk}-wajib]", "7.000")
    page.fill("[name=agenda-0-title]", "Arisan")
    page.locator("[data-member]").nth(2).locator("[value=LATE]").check()
    return page, first, second, third


def test_the_script_asks_for_the_sheet_of_the_day(visit, group):
    site = visit()
    page, first, second, third = open_sheet(site, group)
    expected = page.inner_text("[data-expected]")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.fill("[name=held_on]", DAY.isoformat())
        page.locator("[name=held_on]").dispatch_event("change")
    page.locator("[data-member]").nth(3).wait_for(state="detached")
    assert (wajib(page, first), wajib(page, second)) == ("5.000", "7.000")
    assert page.input_value("[name=agenda-0-title]") == "Arisan"
    assert page.locator(f"[name=m{third.pk}-attendance][value=LATE]").is_checked()
    assert page.inner_text("[data-expected]") != expected
    assert page.evaluate("document.activeElement.name") == "held_on"
    assert not site.scrolls_sideways()
    assert site.accessibility_violations() == []

    page.click("button[value=present]")
    page.fill("[name=place]", "Balai desa")
    page.locator("button[value=check]").click()
    with page.expect_navigation():
        page.locator("button[value=close]").click()
    meeting = Meeting.objects.get(group=group)
    assert (meeting.held_on, meeting.member_count) == (DAY, 3)


def hold_days(page):
    """Keep back the answers to another date; return them, each to be let through."""
    held = []

    def hold(route):
        if "action=day" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/meetings/new/", hold)
    return held


def test_what_is_typed_while_the_day_is_asked_for_stays_where_it_is(visit, group):
    page, first, _second, _third = open_sheet(visit(), group)
    held = hold_days(page)
    page.fill("[name=held_on]", DAY.isoformat())
    page.locator("[name=place]").press_sequentially("Balai ")
    (route,) = held
    route.continue_()
    page.locator("[data-member]").nth(3).wait_for(state="detached")
    page.keyboard.type("desa")
    assert page.input_value("[name=place]") == "Balai desa"
    assert (page.input_value("[name=held_on]"), wajib(page, first)) == (DAY.isoformat(), "5.000")


def test_a_sheet_sent_while_the_day_is_asked_for_comes_back_as_that_of_the_day(visit, group):
    page, first, _second, _third = open_sheet(visit(), group)
    held = hold_days(page)
    page.fill("[name=place]", "Balai desa")
    page.fill("[name=held_on]", DAY.isoformat())
    page.locator("button[value=check]").click()
    page.locator("#refused").wait_for()
    assert (page.input_value("[name=place]"), wajib(page, first)) == ("Balai desa", "5.000")
    page.fill("[name=agenda-0-title]", "Pupuk")
    for route in held:
        route.continue_()  # the late answer changes nothing any more
    page.wait_for_timeout(300)
    assert page.input_value("[name=agenda-0-title]") == "Pupuk"
    page.click("button[value=present]")
    page.locator("button[value=check]").click()
    with page.expect_navigation():
        page.locator("button[value=close]:visible").click()
    assert Meeting.objects.get(group=group).held_on == DAY


def test_without_a_signal_the_sheet_stays_as_it_is(visit, group):
    site = visit()
    page, first, second, _third = open_sheet(site, group)
    page.route("**/meetings/new/", lambda route: route.abort())
    page.fill("[name=held_on]", DAY.isoformat())
    page.locator("[name=held_on]").dispatch_event("change")
    page.wait_for_timeout(300)
    assert (wajib(page, first), wajib(page, second)) == ("10.000", "7.000")
    assert page.input_value("[name=held_on]") == DAY.isoformat()
    site.complaints = [text for text in site.complaints if "ERR_FAILED" not in text]


def test_without_javascript_a_button_fits_the_sheet_to_the_date(visit, group):
    site = visit(java_script_enabled=False)
    page, first, second, third = open_sheet(site, group)
    page.fill("[name=held_on]", DAY.isoformat())
    with page.expect_navigation():
        page.get_by_role("button", name="Sesuaikan dengan tanggal ini").click()
    assert page.locator("[data-member]").count() == 3
    assert (wajib(page, first), wajib(page, second)) == ("5.000", "7.000")
    assert page.locator(f"[name=m{third.pk}-attendance][value=LATE]").is_checked()
    assert page.input_value("[name=agenda-0-title]") == "Arisan"


def test_without_javascript_checking_says_what_the_date_changed(visit, group):
    site = visit(java_script_enabled=False)
    page, first, _second, _third = open_sheet(site, group)
    with page.expect_navigation():
        page.locator("button[value=present]").click()
    page.fill("[name=held_on]", DAY.isoformat())
    page.fill("[name=place]", "Balai desa")
    with page.expect_navigation():
        page.locator("button[value=check]").click()
    assert "menurut tanggal 4 Maret 2025" in site.text
    assert "Dewi: Kehadiran Hadir" in site.text
    assert wajib(page, first) == "5.000"
    assert not Meeting.objects.filter(group=group, closed_at__isnull=False).exists()
    for step in ("check", "close"):
        with page.expect_navigation():
            page.locator(f"button[value={step}]").click()
    assert Meeting.objects.get(group=group).held_on == DAY
