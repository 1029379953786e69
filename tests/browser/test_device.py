"""What is typed on a sheet outlives the tab, the signal and the session, and is nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from groups.models import Constitution, FacilitatorAssignment, Member
from meetings.models import Meeting, MeetingStatus
from tests.factories import (
    FOUNDED,
    PASSWORD,
    facilitator_of,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_user,
)

pytestmark = pytest.mark.browser

RECORDS = """async () => {
    const opened = indexedDB.open("kelompok");
    const database = await new Promise((resolve) => { opened.onsuccess = () => resolve(opened.result); });
    if (!database.objectStoreNames.contains("sheets")) return [];
    const all = (name) => new Promise((resolve) => {
        const request = database.transaction(name).objectStore(name).getAll();
        request.onsuccess = () => resolve(request.result);
    });
    const [sheets, secrets] = [await all("sheets"), await all("secrets")];
    database.close();
    return sheets.map((record) => ({
        ...record, data: new TextDecoder().decode(record.data), iv: record.iv.length, secrets: secrets.length,
        exportable: secrets.some((secret) => secret.extractable),
    }));
}"""


@pytest.fixture
def group(committed_db):
    group = make_group(name="Mawar")
    members = make_members(group, 3)
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=True):
        make_officer(member, role)
    return group


@pytest.fixture
def site(visit, group):
    site = visit()
    site.sign_in(facilitator_of(group).username)
    yield site
    forgive_lost_requests(site)


def forgive_lost_requests(site):
    """Chromium writes a line for each request that had no signal."""
    site.complaints[:] = [complaint for complaint in site.complaints if "net::ERR_" not in complaint]


def begin(site, group, title="Arisan"):
    """Open a new sheet and type; wait until the device keeps it."""
    site.open(reverse("meeting-new", args=[group.code]))
    fill(site, title)
    wait_until_kept(site)


def fill(site, title="Arisan"):
    site.page.click("button[value=present]")
    site.page.fill("[name=place]", "Balai desa")
    site.page.fill("[name=agenda-0-title]", title)


def wait_until_kept(site, number=1):
    for _ in range(50):
        site.page.wait_for_timeout(100)
        if len(kept(site)) == number:
            return
    raise AssertionError(f"the device keeps {kept(site)}")


def kept(site):
    return site.page.evaluate(RECORDS)


def press(site, action):
    site.page.locator(f"button[name=action][value={action}]:visible").last.click()


def notice(site, name):
    shown = site.page.locator(f"[data-notice={name}]")
    shown.wait_for()
    return shown


def check(site):
    press(site, "check")
    site.page.locator("button[name=action][value=close]:visible").wait_for()


def closed(group):
    return Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED)


def finish(site, group):
    """Check and close the sheet that is open, and see that it is recorded once and gone from the device."""
    check(site)
    press(site, "close")
    site.page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert closed(group).count() == 1
    assert kept(site) == []


def test_a_killed_tab_loses_nothing(site, group):
    begin(site, group)
    context = site.page.context
    site.page.close()
    site.page = context.new_page()
    site.__post_init__()
    site.open(reverse("meeting-new", args=[group.code]))
    notice(site, "offer").locator("[value=use]").click()
    site.page.locator("[name=agenda-0-title][value=Arisan]").wait_for()
    assert site.page.locator("[data-member] [value=PRESENT]:checked").count() == 3
    finish(site, group)
    assert closed(group).get().agenda.get().title == "Arisan"


def test_what_is_offered_back_follows_the_day_and_names_what_no_longer_fits(site, group):
    """Meanwhile the members agree more wajib, and one who had brought money turns out to have left."""
    first, second, _third = group.members.order_by("number")
    leaver = make_member(group, "Ratna")
    begin(site, group)
    site.page.fill(f"[name=m{second.pk}-wajib]", "7.000")
    site.page.fill(f"[name=m{leaver.pk}-wajib]", "3.000")
    site.page.wait_for_timeout(600)
    rules = {field.name: getattr(group.rules, field.name) for field in Constitution.rule_fields()} | {"wajib": 15_000}
    group.rules = Constitution.objects.create(
        group=group, version=2, agreed_on=FOUNDED + timedelta(1), recorded_by=facilitator_of(group), **rules
    )
    group.save()
    Member.objects.filter(pk=leaver.pk).update(left_on=FOUNDED + timedelta(1))
    site.open(reverse("meeting-new", args=[group.code]))
    notice(site, "offer").locator("[value=use]").click()
    site.page.locator("#unplaced").wait_for()
    assert str(leaver) in site.page.locator("section:has(#unplaced)").inner_text()
    assert "3.000" in site.page.locator("section:has(#unplaced)").inner_text()
    assert site.page.input_value(f"[name=m{first.pk}-wajib]") == "15.000"
    assert site.page.input_value(f"[name=m{second.pk}-wajib]") == "7.000"
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan"


def test_what_was_typed_can_be_thrown_away(site, group):
    begin(site, group)
    site.open(reverse("meeting-new", args=[group.code]))
    drop = notice(site, "offer").locator("[value=drop]")
    drop.click()
    assert drop.inner_text() == "Ya, buang"
    assert len(kept(site)) == 1
    drop.click()
    site.page.locator("[data-notice=offer]").wait_for(state="hidden")
    assert kept(site) == []
    assert site.page.input_value("[name=agenda-0-title]") == ""


def test_what_is_offered_says_of_which_meeting_it_is_and_leads_to_its_page(site, group):
    begin(site, group)
    press(site, "draft")
    draft = reverse("meeting-edit", args=[group.code, 1])
    site.page.wait_for_url(f"**{draft}")
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    wait_until_kept(site)
    site.open(reverse("meeting-new", args=[group.code]))
    day = Meeting.objects.get().held_on
    assert f"{day.day} " in notice(site, "offer").locator("[data-day]").inner_text()
    notice(site, "offer").locator("[value=use]").click()
    site.page.wait_for_url(f"**{draft}#kept-*")
    notice(site, "offer").locator("[value=use]").click()
    expect(site.page.locator("[name=agenda-0-title]")).to_have_value("Arisan bulan ini")


def others(site):
    return notice(site, "offer").locator("[data-others] a")


def test_every_sheet_that_is_kept_is_named_with_its_day_and_a_link(site, group):
    begin(site, group)
    press(site, "draft")
    draft = reverse("meeting-edit", args=[group.code, 1])
    site.page.wait_for_url(f"**{draft}")
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    wait_until_kept(site)
    assert not site.page.locator("[data-others]").is_visible()
    new = reverse("meeting-new", args=[group.code])
    for number, title in ((2, "Pakan"), (3, "Pupuk")):
        site.open("/")
        site.open(new)
        fill(site, title)
        wait_until_kept(site, number)
    site.open(new)
    links = others(site)
    expect(links).to_have_count(2)
    day = Meeting.objects.get().held_on
    for link in links.all():
        assert f"{day.day} " in link.inner_text()
    assert site.accessibility_violations() == []
    assert not site.scrolls_sideways()
    links.last.click()
    site.page.wait_for_url(f"**{draft}**")
    notice(site, "offer").locator("[value=use]").click()
    expect(site.page.locator("[name=agenda-0-title]")).to_have_value("Arisan bulan ini")


def test_of_two_sheets_of_one_page_the_other_can_be_used_too(site, group):
    new = reverse("meeting-new", args=[group.code])
    for number, title in ((1, "Pakan"), (2, "Pupuk")):
        site.open("/")  # another sheet has another place in the history
        site.open(new)
        fill(site, title)
        wait_until_kept(site, number)
    site.open(new)
    others(site).click()
    site.page.wait_for_timeout(300)
    expect(others(site)).to_have_count(1)
    notice(site, "offer").locator("[value=use]").click()
    expect(site.page.locator("[name=agenda-0-title]")).to_have_value("Pakan")


def test_another_date_without_a_session_says_to_sign_in_and_fits_the_sheet_then(site, group):
    begin(site, group)
    before = site.page.input_value("[name=prefilled]")
    site.page.context.clear_cookies()
    site.page.fill("[name=held_on]", FOUNDED.isoformat())
    site.page.locator("[name=held_on]").dispatch_event("change")
    assert "Masuk lagi di tab baru" in notice(site, "signed-out").inner_text()
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan"
    sign_in_elsewhere(site, group)
    notice(site, "signed-out").locator("[value=send]").click()
    site.page.locator("[data-notice=signed-out]").wait_for(state="hidden")
    expect(site.page.locator("[name=prefilled]")).not_to_have_value(before)
    assert FOUNDED.isoformat() in site.page.input_value("[name=prefilled]")
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan"
    assert not closed(group).exists()


def test_another_date_is_asked_for_with_the_token_of_the_moment(site, group):
    begin(site, group)
    site.page.context.clear_cookies()
    sign_in_elsewhere(site, group)
    site.page.fill("[name=held_on]", FOUNDED.isoformat())
    site.page.locator("[name=held_on]").dispatch_event("change")
    expect(site.page.locator("[name=prefilled]")).to_have_value(re.compile(FOUNDED.isoformat()))


def test_nothing_is_typed_while_an_answer_is_on_its_way(site, group):
    begin(site, group)
    held = []
    site.page.route(
        "**/meetings/new/", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    press(site, "draft")
    notice(site, "sending")
    expect(site.page.locator("form[data-send]")).to_have_js_property("inert", True)
    for _ in range(50):
        site.page.wait_for_timeout(100)
        if held:
            break
    held.pop().abort()
    notice(site, "offline")
    assert not site.page.evaluate("document.querySelector('form[data-send]').inert")
    site.page.unroute("**/meetings/new/")
    press(site, "draft")
    site.page.wait_for_url(f"**{reverse('meeting-edit', args=[group.code, 1])}")


def sign_in_elsewhere(site, group):
    """Sign in in another tab, which gives the browser a new token, and close that tab."""
    sign_in_in(site.page.context.new_page(), site, group).close()


def sign_in_in(other, site, group):
    other.goto(site.address + reverse("login"))
    other.fill("[name=username]", facilitator_of(group).username)
    other.fill("[name=password]", PASSWORD)
    other.click("main form button")
    other.wait_for_url(lambda url: "login" not in url)
    return other


def test_without_any_cookie_it_says_to_sign_in_again(site, group):
    begin(site, group)
    site.page.context.clear_cookies()
    press(site, "check")
    assert "Masuk lagi di tab baru" in notice(site, "signed-out").inner_text()
    sign_in_elsewhere(site, group)
    notice(site, "signed-out").locator("[value=send]").click()
    site.page.locator("button[name=action][value=close]:visible").wait_for()


def test_it_is_stored_unreadable_under_the_key_of_the_form(site, group):
    begin(site, group, title="Rahasia kelompok")
    (record,) = kept(site)
    assert record["key"] == site.page.input_value("[name=key]")
    assert (record["user"], record["group"]) == (str(facilitator_of(group).pk), group.code)
    assert (record["path"], record["state"]) == (reverse("meeting-new", args=[group.code]), "typing")
    assert "Rahasia" not in record["data"]
    assert (record["iv"], record["secrets"], record["exportable"]) == (12, 1, False)


def test_the_check_leads_back_to_the_sheet_as_it_was(site, group):
    begin(site, group)
    check(site)
    assert site.accessibility_violations() == []
    assert not site.scrolls_sideways()
    press(site, "open")
    site.page.locator("[name=agenda-0-title][value=Arisan]").wait_for()
    site.page.fill("[name=agenda-0-title]", "Pakan")
    finish(site, group)
    assert closed(group).get().agenda.get().title == "Pakan"


def test_without_a_signal_it_stays_and_is_sent_on_request(site, group):
    begin(site, group)
    check(site)
    site.page.context.set_offline(True)
    press(site, "close")
    assert "isian aman di HP ini" in notice(site, "offline").inner_text()
    assert kept(site)[0]["state"] == "waiting"
    assert not closed(group).exists()
    notice(site, "offline").locator("[value=send]").click()
    notice(site, "offline")
    site.page.context.set_offline(False)
    notice(site, "online").locator("[value=send]").click()
    site.page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert closed(group).count() == 1
    assert kept(site) == []


def test_a_session_that_ended_loses_nothing(site, group):
    begin(site, group)
    page = site.page
    page.context.clear_cookies(name="sessionid")
    press(site, "check")
    with page.context.expect_page() as opened:
        notice(site, "signed-out").locator("a").click()
    other = opened.value
    other.fill("[name=username]", facilitator_of(group).username)
    other.fill("[name=password]", PASSWORD)
    with other.expect_navigation():
        other.click("main form button")
    assert not closed(group).exists()
    notice(site, "signed-out").locator("[value=send]").click()
    press(site, "close")
    page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert closed(group).count() == 1


def test_an_answer_that_never_came_is_not_recorded_twice(site, group):
    begin(site, group)
    path = reverse("meeting-new", args=[group.code])

    def cut(route):
        if route.request.method == "POST":
            route.fetch()  # it reaches the server, and the answer is lost
            route.abort()
        else:
            route.continue_()

    check(site)
    site.page.route(f"**{path}", cut)
    press(site, "close")
    notice(site, "offline")
    site.page.unroute(f"**{path}")
    assert closed(group).count() == 1
    notice(site, "offline").locator("[value=send]").click()
    site.page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert "sudah dicatat" in site.text
    assert closed(group).count() == 1
    assert kept(site) == []


def test_going_back_and_closing_again_says_it_is_recorded(site, group):
    begin(site, group)
    key = site.page.input_value("[name=key]")
    finish(site, group)
    site.page.go_back()
    assert site.page.locator("[name=key]").input_value() == key
    fill(site)
    press(site, "check")
    site.page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert "sudah dicatat" in site.text
    assert closed(group).count() == 1


def test_the_next_person_on_the_device_sees_nothing(site, group):
    begin(site, group)
    second = make_user(organisation=group.organisation)
    FacilitatorAssignment.objects.create(group=group, facilitator=second, started_on=FOUNDED)
    site.page.context.clear_cookies(name="sessionid")
    site.sign_in(second.username)
    site.open(reverse("meeting-new", args=[group.code]))
    site.page.wait_for_timeout(500)
    assert not site.page.locator("[data-notice=offer]").is_visible()
    assert len(kept(site)) == 1


def agree(page):
    """Say yes to whatever the page asks."""
    page.on("dialog", lambda dialog: dialog.accept())


def test_other_pages_name_what_is_kept_and_lead_to_it(site, group):
    begin(site, group)
    for name, arguments in (("home", []), ("group", [group.code])):
        site.open(reverse(name, args=arguments))
        waiting = site.page.locator("[data-unsent-list]")
        waiting.wait_for()
        assert group.name in waiting.inner_text()
        assert site.accessibility_violations() == []
    waiting.get_by_role("link").click()
    notice(site, "offer").wait_for()


def test_where_nothing_is_kept_nothing_is_named(site, group):
    site.open(reverse("home"))
    site.page.wait_for_timeout(300)
    assert not site.page.locator("[data-unsent-list]").is_visible()


def test_signing_out_asks_before_it_deletes_what_is_kept(site, group):
    begin(site, group)
    asked = []
    site.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    site.open(reverse("home"))
    site.page.click("details.account summary")
    site.page.click(f"form[action='{reverse('logout')}'] button")
    site.page.wait_for_timeout(500)
    assert len(asked) == 1
    assert len(kept(site)) == 1
    site.open(reverse("home"))
    assert site.path == reverse("home")


def test_signing_out_takes_it_from_the_device(site, group):
    begin(site, group)
    agree(site.page)
    site.page.click("details.account summary")
    with site.page.expect_navigation():
        site.page.click(f"form[action='{reverse('logout')}'] button")
    site.page.wait_for_url(f"**{reverse('login')}")
    assert kept(site) == []


def test_signing_out_keeps_nothing_of_what_was_typed_last(site, group):
    begin(site, group)
    agree(site.page)
    site.page.click("details.account summary")
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    with site.page.expect_navigation():
        site.page.locator(f"form[action='{reverse('logout')}'] button").evaluate("button => button.click()")
    site.page.wait_for_url(f"**{reverse('login')}")
    site.page.wait_for_timeout(500)
    assert kept(site) == []


def sign_out_elsewhere(site):
    """Sign out in another tab."""
    other = site.page.context.new_page()
    agree(other)
    other.goto(site.address + reverse("group-list"))
    other.click("details.account summary")
    other.click(f"form[action='{reverse('logout')}'] button")
    other.wait_for_url(f"**{reverse('login')}**")
    return other


def everything_stored(site):
    """How many records and secrets of anybody the device keeps."""
    stored = """async () => {
        const opened = indexedDB.open("kelompok");
        const database = await new Promise((resolve) => { opened.onsuccess = () => resolve(opened.result); });
        const count = (name) => new Promise((resolve) => {
            const request = database.transaction(name).objectStore(name).count();
            request.onsuccess = () => resolve(request.result);
        });
        const counts = [await count("sheets"), await count("secrets")];
        database.close();
        return counts;
    }"""
    return site.page.evaluate(stored)


def test_signing_out_in_another_tab_is_told_and_nothing_is_kept_any_more(site, group):
    begin(site, group)
    sign_out_elsewhere(site)
    assert "Masuk lagi di tab baru" in notice(site, "signed-out").inner_text()
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    site.page.wait_for_timeout(800)
    assert everything_stored(site) == [0, 0]
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan bulan ini"
    assert site.page.input_value("[name=place]") == "Balai desa"
    assert site.accessibility_violations() == []
    assert not site.scrolls_sideways()


def test_a_tab_that_hears_nothing_keeps_nothing_either(site, group):
    """A frozen tab, or a browser without `BroadcastChannel`: the secret is gone, so nothing can be stored."""
    site.page.add_init_script("delete window.BroadcastChannel")
    begin(site, group)
    sign_out_elsewhere(site)
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    assert "Masuk lagi di tab baru" in notice(site, "signed-out").inner_text()
    assert everything_stored(site) == [0, 0]
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan bulan ini"


def test_after_signing_in_again_what_is_typed_is_kept_again_and_sent(site, group):
    begin(site, group)
    other = sign_out_elsewhere(site)
    notice(site, "signed-out")
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    sign_in_in(other, site, group)
    wait_until_kept(site)
    finish(site, group)
    assert closed(group).get().agenda.get().title == "Arisan bulan ini"


def test_somebody_else_signing_in_lets_nothing_be_kept_of_the_one_before(site, group):
    begin(site, group)
    second = make_user(organisation=group.organisation)
    FacilitatorAssignment.objects.create(group=group, facilitator=second, started_on=FOUNDED)
    other = sign_out_elsewhere(site)
    notice(site, "signed-out")
    other.fill("[name=username]", second.username)
    other.fill("[name=password]", PASSWORD)
    other.click("main form button")
    other.wait_for_url(lambda url: "login" not in url)
    site.page.fill("[name=agenda-0-title]", "Arisan bulan ini")
    site.page.wait_for_timeout(800)
    assert kept(site) == []
    assert "Masuk lagi di tab baru" in notice(site, "signed-out").inner_text()


def test_a_page_on_its_way_while_one_signs_out_leaves_nothing_behind(site, group):
    """Its secret is made after the others are gone; the page that comes after signing out takes it away too."""
    begin(site, group)
    other = site.page.context.new_page()
    agree(other)
    other.goto(site.address + reverse("group-list"))
    held = []
    other.route(f"**{reverse('logout')}", lambda route: held.append(route))
    other.click("details.account summary")
    other.click(f"form[action='{reverse('logout')}'] button")
    for _ in range(50):
        other.wait_for_timeout(100)
        if held:
            break
    site.open(reverse("meeting-new", args=[group.code]))
    fill(site)
    wait_until_kept(site)
    held.pop().continue_()
    other.wait_for_url(f"**{reverse('login')}**")
    notice(site, "signed-out")
    assert everything_stored(site) == [0, 0]


def test_saving_a_draft_takes_it_from_the_device(site, group):
    begin(site, group)
    press(site, "draft")
    site.page.wait_for_url(f"**{reverse('meeting-edit', args=[group.code, 1])}")
    assert kept(site) == []
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan"


def test_it_works_where_nothing_can_be_kept(visit, group):
    site = visit()
    site.page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('no'); } })")
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    site.page.click("button[value=present]")
    site.page.fill("[name=place]", "Balai desa")
    site.page.context.set_offline(True)
    press(site, "check")
    assert "Jangan tutup halaman ini" in notice(site, "offline-unkept").inner_text()
    site.page.context.set_offline(False)
    notice(site, "online").locator("[value=send]").click()
    press(site, "close")
    site.page.wait_for_url(f"**{reverse('meeting', args=[group.code, 1])}")
    assert closed(group).count() == 1
    forgive_lost_requests(site)


def test_what_is_wrong_is_shown_in_place_and_kept(site, group):
    begin(site, group)
    site.page.fill("[name=place]", "")
    press(site, "check")
    site.page.locator("#refused").wait_for()
    assert site.page.input_value("[name=agenda-0-title]") == "Arisan"
    assert site.page.evaluate("document.activeElement.id") == "refused"
    assert site.accessibility_violations() == []
    site.page.fill("[name=place]", "Balai desa")
    finish(site, group)


def test_any_form_without_a_signal_stays_on_its_page_and_is_sent_later(site, group):
    site.open(reverse("letter-record", args=[group.code]))
    site.fill(other="Kepala Desa", subject="Undangan")
    site.page.context.set_offline(True)
    site.page.get_by_role("button", name="Simpan", exact=True).click()
    site.page.locator("[data-no-signal]").wait_for()
    assert site.page.input_value("[name=subject]") == "Undangan"
    assert site.accessibility_violations() == []
    site.page.context.set_offline(False)
    expect(site.page.locator("[data-no-signal]")).to_be_hidden()
    site.press("Simpan")
    assert group.letters.get().subject == "Undangan"
