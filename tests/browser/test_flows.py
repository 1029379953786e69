"""What a facilitator does on a phone, from registering a group to correcting a meeting, and what staff do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessment.models import Assessment, Judgement, Review, SchemeUse
from finance.models import AccountKind, Entry
from groups.models import Group, OfficerTerm, Organisation, Role
from meetings.models import Meeting, MeetingStatus
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside
from tests.factories import (
    PASSWORD,
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_phase,
    make_user,
    save,
)
from tests.finance.test_obligations import charge

pytestmark = pytest.mark.browser


@pytest.fixture
def group(committed_db):
    """Five members, the first with a loan, officers elected, cash in the box."""
    group = make_group(name="Mawar")
    members = make_members(group, 5)
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=False):
        make_officer(member, role)
    save(members[0], 2_000_000)
    lend(members[0], 1_200_000)
    return group


def balance(group, kind):
    return group.accounts.get(kind=kind).balance


def test_a_form_whose_session_ended_is_sent_with_one_press_after_signing_in_elsewhere(group, visit):
    site, facilitator = visit(), facilitator_of(group)
    page = site.page
    site.sign_in(facilitator.username)
    site.open(reverse("member-create", args=[group.code]))
    site.fill(name="Ani", gender="P", joined_on="2025-01-07")
    page.context.clear_cookies(name="sessionid")
    page.click("main form .btn-primary")
    with page.context.expect_page() as opened:
        page.click("main a[target=_blank]")
    other = opened.value
    other.fill("[name=username]", facilitator.username)
    other.fill("[name=password]", PASSWORD)
    other.click("main form button")
    assert not group.members.filter(name="Ani").exists()
    with page.expect_navigation():
        page.click("form.resend button")
    assert group.members.filter(name="Ani").exists()


def submit(site, action):
    """Press a button of the sheet; to close it, look at the check first."""
    if action == "close":
        press(site, "check")
        site.page.locator("button[name=action][value=close]:visible").wait_for()
    with site.page.expect_navigation():
        press(site, action)


def press(site, action):
    site.page.locator(f"button[name=action][value={action}]:visible").last.click()


def test_a_facilitator_registers_a_group_its_members_and_its_officers(visit):
    facilitator = make_user()
    site = visit()
    page = site.page
    site.sign_in(facilitator.username)
    page.click(f"a[href='{reverse('group-create')}']")
    page.fill("[name=name]", "Anggrek")
    page.fill("[name=founded_on]", "2025-01-07")
    page.select_option("[name=week]", "1")
    page.select_option("[name=weekday]", "1")
    page.click("main form .btn-primary")
    group = Group.objects.get(name="Anggrek")
    assert reverse("group", args=[group.code]) in page.url

    site.open(reverse("constitution-adopt", args=[group.code]))
    page.fill("[name=wajib]", "10.000")
    page.fill("[name=agreed_on]", "2025-01-07")
    page.click("main form .btn-primary")
    group.refresh_from_db()
    assert group.rules.wajib == 10_000

    site.open(reverse("member-create", args=[group.code]))
    for name in ("Aminah", "Budi", "Citra"):
        page.fill("[name=name]", name)
        page.select_option("[name=gender]", "L" if name == "Budi" else "P")
        page.fill("[name=joined_on]", "2025-01-07")
        with page.expect_navigation():
            page.click("button[name=another]")
    assert [member.name for member in group.members.order_by("number")] == ["Aminah", "Budi", "Citra"]

    site.open(reverse("election", args=[group.code]))
    for role, name in (("KETUA", "Aminah"), ("SEKRETARIS", "Budi"), ("BENDAHARA", "Citra")):
        member = group.members.get(name=name)
        page.select_option(f"[name={role}]", str(member.pk))
    page.click("main form .btn-primary")
    assert {term.role: term.member.name for term in OfficerTerm.objects.filter(group=group)} == {
        "KETUA": "Aminah",
        "SEKRETARIS": "Budi",
        "BENDAHARA": "Citra",
    }

    site.open(reverse("constitution-adopt", args=[group.code]))
    page.fill("[name=wajib]", "12.000")
    page.fill("[name=agreed_on]", "2025-02-04")
    page.check("[name=agreed_in_meeting]")
    page.fill("[name=votes_for]", "1")
    page.fill("[name=votes_against]", "2")
    page.click("main form .btn-primary")
    assert page.locator("#id_votes_for.is-invalid").count() == 1
    page.fill("[name=votes_for]", "2")
    page.fill("[name=votes_against]", "1")
    page.click("main form .btn-primary")
    latest = group.constitutions.latest("version")
    assert (latest.votes_for, latest.votes_against) == (2, 1)
    page.click(f"a[href='{reverse('constitution-version', args=[group.code, latest.version])}']")
    statutes = page.inner_text("main")
    assert "Rp\N{NO-BREAK SPACE}12.000" in statutes
    assert "Hadir di setiap pertemuan" in statutes


def test_a_facilitator_records_a_meeting_and_the_books_follow(visit, group):
    site = visit()
    page = site.page
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    page.click("button[value=present]")
    assert page.locator("[data-member] [value=PRESENT]:checked").count() == 5
    page.fill("[name=place]", "Balai desa")
    page.fill("[name=agenda-0-title]", "Workshop")
    page.fill("[name=agenda-0-decision]", "3 anggota berangkat")
    before = page.inner_text("[data-expected]")
    member = group.members.get(number=2)
    page.fill(f"[name=m{member.pk}-sukarela_in]", "25.000")
    assert page.inner_text("[data-expected]") != before
    submit(site, "draft")
    meeting = Meeting.objects.get(group=group)
    assert meeting.status == MeetingStatus.DRAFT
    cash = balance(group, AccountKind.CASH)

    site.open(reverse("home"))
    page.click(f"a[href='{reverse('meeting-edit', args=[group.code, meeting.number])}']")
    assert page.input_value(f"[name=m{member.pk}-sukarela_in]").replace(".", "") == "25000"
    assert page.input_value("[name=agenda-0-title]") == "Workshop"
    paid = sum(int(value.replace(".", "")) for value in map(page.input_value, repayments(page)))
    submit(site, "close")
    assert page.url.endswith(reverse("meeting", args=[group.code, meeting.number]))
    assert "3 anggota berangkat" in page.inner_text("main")
    assert paid > 0
    assert balance(group, AccountKind.CASH) == cash + 5 * 10_000 + 25_000 + paid

    for address, expected in (
        (reverse("member", args=[group.code, member.pk]), "25.000"),
        (reverse("cash-book", args=[group.code]), f"{cash + 5 * 10_000 + 25_000 + paid:,}".replace(",", ".")),
    ):
        site.open(address)
        assert expected in page.inner_text("main")


def repayments(page):
    names = page.locator("[name$='-paid']").evaluate_all("inputs => inputs.map(input => input.name)")
    return [f"[name={name}]" for name in names]


def test_a_fine_by_the_rules_follows_the_attendance(visit, group):
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    row = site.page.locator("[data-member]").nth(1)
    fine, expected = row.locator("[name$=-fine]"), site.page.locator("[data-expected]")
    before = expected.inner_text()
    row.locator("[value=LATE]").check()
    assert fine.input_value() == "2.000"
    assert fine.is_visible()
    row.locator("[value=PRESENT]").check()
    assert fine.input_value() == ""
    assert expected.inner_text() == before
    fine.fill("500")
    row.locator("[value=LATE]").check()
    assert fine.input_value() == "500"


def test_a_trained_officer_records_the_meeting_of_the_own_group(visit, group):
    make_phase(group, phase="ACCESS")
    Organisation.objects.filter(pk=group.organisation_id).update(officers_record=True)
    member = group.officer_terms.get(role="SEKRETARIS").member
    officer = make_user(Role.OFFICER, organisation=group.organisation, member=member, records_meetings=True)
    site = visit()
    site.sign_in(officer.username)
    site.follow("Catat pertemuan")
    site.page.click("button[value=present]")
    site.page.fill("[name=place]", "Balai desa")
    submit(site, "close")
    meeting = Meeting.objects.get(group=group)
    assert (meeting.status, meeting.saved_by) == (MeetingStatus.CLOSED, officer)
    assert "pengurus kelompok" in site.text
    assert "Koreksi" not in site.text


def test_fines_owed_are_proposed_with_the_new_one_to_whoever_is_there(visit, group):
    member = group.members.get(number=2)
    charge(member, 5_000)
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    row = site.page.locator("[data-member]").nth(1)
    fine = row.locator("[name$=-fine]")
    shown = {}
    for status in ("PRESENT", "LATE", "ABSENT", "PRESENT"):
        row.locator(f"[value={status}]").check()
        shown[status] = fine.input_value()
    assert shown == {"PRESENT": "5.000", "LATE": "7.000", "ABSENT": ""}
    assert "denda Rp 5.000" in row.inner_text().replace("\xa0", " ")


def test_a_sheet_works_without_javascript(visit, group):
    site = visit(java_script_enabled=False)
    page = site.page
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    rows = page.locator("[name^='agenda-'][name$='-title']").count()
    submit(site, "present")
    assert page.locator("[data-member] [value=PRESENT]:checked").count() == 5
    submit(site, "more-agenda")
    assert page.locator("[name^='agenda-'][name$='-title']").count() > rows
    page.fill("[name=agenda-0-title]", "Arisan")
    page.fill("[name=place]", "Rumah ketua")
    submit(site, "close")
    meeting = Meeting.objects.get(group=group)
    assert meeting.status == MeetingStatus.CLOSED
    assert meeting.entry.transfers.count() >= 5


def test_a_refused_sheet_keeps_what_was_typed(visit, group):
    site = visit()
    page = site.page
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    member = group.members.get(number=2)
    page.fill("[name=agenda-0-title]", "Arisan")
    page.locator("[data-member]").nth(1).locator("summary").click()
    page.fill(f"[name=m{member.pk}-sukarela_out]", "999.999")
    press(site, "check")
    page.locator("#refused").wait_for()
    assert page.input_value("[name=agenda-0-title]") == "Arisan"
    assert page.input_value(f"[name=m{member.pk}-sukarela_out]") == "999.999"
    message = page.locator(f"[name=m{member.pk}-sukarela_out] ~ .errorlist")
    assert message.is_visible()
    assert page.evaluate("document.activeElement.id") == "refused"
    assert site.accessibility_violations() == []
    assert not site.scrolls_sideways()
    assert not Meeting.objects.filter(group=group).exists()


def test_a_closed_meeting_is_corrected_and_both_versions_stay(visit, group):
    site = visit()
    page = site.page
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    page.click("button[value=present]")
    page.fill("[name=place]", "Balai desa")
    submit(site, "close")
    number = Meeting.objects.get(group=group).number
    cash = balance(group, AccountKind.CASH)

    site.open(reverse("meeting-correct", args=[group.code, number]))
    member = group.members.get(number=3)
    page.fill(f"[name=m{member.pk}-wajib]", "12.000")
    page.fill("[name=reason]", "salah hitung")
    press(site, "preview")
    page.locator("#changes").wait_for()
    assert "12.000" in page.inner_text("main")
    assert Meeting.objects.filter(group=group).count() == 1
    submit(site, "correct")

    assert page.url.endswith(reverse("meeting", args=[group.code, number]))
    assert balance(group, AccountKind.CASH) == cash + 2_000
    assert list(Meeting.objects.filter(group=group).order_by("version").values_list("status", flat=True)) == [
        MeetingStatus.CORRECTED,
        MeetingStatus.CLOSED,
    ]
    assert Entry.objects.filter(group=group, reverses__isnull=False).count() == 1
    page.click(f"a[href='{reverse('meeting-version', args=[group.code, number, 1])}']")
    assert "salah hitung" in page.inner_text("main")


def test_staff_go_from_the_dashboard_to_a_group_and_judge_it(visit):
    staff = make_user(Role.STAFF)
    facilitator = make_user(organisation=staff.organisation)
    group = make_group(facilitator, name="Kenanga")
    make_member(group)
    SchemeUse.objects.create(organisation=group.organisation, scheme="bina-swadaya", is_primary=True)
    site = visit()
    page = site.page
    site.sign_in(staff.username)
    assert page.url.endswith(reverse("dashboard"))
    page.click(f"main a[href*='/g/{group.code}/']")
    site.open(reverse("judge", args=[group.code]))
    page.locator("[name=level]").first.check()
    page.fill("[name=note]", "Aturan dibacakan di setiap pertemuan.")
    with page.expect_navigation():
        page.click("main form .btn-primary")
    assert page.url.endswith(reverse("assessment", args=[group.code]))
    assert Judgement.objects.get(group=group).note == "Aturan dibacakan di setiap pertemuan."


def test_the_stage_of_a_group_is_explained(visit, group):
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("assessment", args=[group.code]))
    assert site.page.locator("main h1").count() == 1


def test_the_session_ends_with_signing_out(visit, group):
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.page.click("details.account summary")
    with site.page.expect_navigation():
        site.page.click(f"form[action='{reverse('logout')}'] button")
    site.open(reverse("group", args=[group.code]))
    assert reverse("login") in site.page.url


def test_staff_mark_a_signal_as_looked_into_and_make_several_scores_final(visit, committed_db):
    today = timezone.localdate()
    first = make_kembang_minus_outside(name="Anggrek", until=today)
    make_kembang_minus_outside(facilitator_of(first), name="Bakung", until=today)
    for number in range(4):
        make_meeting(first, today - timedelta(15 + 30 * number))
    bring_up_to_date()
    staff = make_user(Role.STAFF, organisation=first.organisation)
    site = visit()
    site.sign_in(staff.username)

    site.open(reverse("dashboard-signals"))
    site.page.get_by_role("link", name="Tandai sudah ditinjau").first.click()
    site.fill(note="Pemilihan bulan depan, kata ketua.")
    site.press("Simpan")
    assert site.path == reverse("dashboard-signals")
    assert "Pemilihan bulan depan, kata ketua." in site.text
    assert not site.scrolls_sideways(), site.widest()
    site.follow("Hanya yang belum ditinjau")
    assert "Pemilihan bulan depan" not in site.text
    assert Review.objects.get().recorded_by == staff

    site.open(reverse("dashboard"))
    site.follow("Finalkan nilai")
    site.page.check("main input[name=group] >> nth=0")
    site.page.check("main input[name=group] >> nth=1")
    assert not site.scrolls_sideways(), site.widest()
    site.press("Lihat yang dicentang")
    assert site.accessibility_violations() == []
    site.press("Finalkan 2 nilai")
    assert "2 dari 2 nilai selesai" in site.text
    assert not site.scrolls_sideways(), site.widest()
    finals = Assessment.objects.filter(status="FINAL", finalised_by=staff)
    assert {final.group.name for final in finals} == {"Anggrek", "Bakung"}
    site.open(reverse("assessment", args=[first.code]))
    assert f"difinalkan oleh {staff}" in site.text


def test_ticks_stay_from_page_to_page(visit, committed_db, monkeypatch):
    monkeypatch.setattr("assessment.views.frame.GROUPS_ON_A_PAGE", 1)
    today = timezone.localdate()
    first = make_kembang_minus_outside(name="Anggrek", until=today)
    for name in ("Bakung", "Cempaka"):
        make_kembang_minus_outside(facilitator_of(first), name=name, until=today)
    bring_up_to_date()
    site = visit()
    site.sign_in(make_user(Role.STAFF, organisation=first.organisation).username)
    site.open(reverse("dashboard-final"))
    site.page.check("main input[name=group]")
    site.press("Berikutnya")
    site.press("Berikutnya")
    assert "1 kelompok di halaman lain juga dicentang." in site.text
    assert not site.scrolls_sideways(), site.widest()
    assert site.accessibility_violations() == []
    site.page.check("main input[name=group]")
    site.press("Lihat yang dicentang")
    site.press("Finalkan 2 nilai")
    finals = Assessment.objects.filter(status="FINAL")
    assert {final.group.name for final in finals} == {"Anggrek", "Cempaka"}
