"""What somebody who accompanies a group does about it, on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from groups.models import FacilitatorAssignment, Role
from groups.services import EXIT_REVIEW
from tests.factories import facilitator_of, make_group, make_members, make_plan, make_user, make_visit

pytestmark = pytest.mark.browser


def test_a_planned_visit_is_recorded_and_what_follows_is_done(committed_db, visit):
    group = make_group(name="Mawar")
    make_members(group, 2)
    make_plan(group, timezone.localdate(), purpose="Ukur lahan")
    site = visit()
    site.sign_in(facilitator_of(group).username)
    assert "Ukur lahan" in site.text
    site.page.click(f"a[href^='{reverse('visit-record', args=[group.code])}']")
    due_on = timezone.localdate() + timedelta(7)
    site.fill(met="Ketua", found_capital="Kas kurang", advice="Hitung kas", what_1="Beli buku", due_on_1=due_on)
    site.press("Simpan")
    made = group.visits.get()
    assert site.path == reverse("visit", args=[group.code, made.pk])
    assert (made.purpose, made.advice) == ("Ukur lahan", "Hitung kas")
    site.page.get_by_role("button", name="Selesai").click()
    assert "Beli buku" in site.text
    assert made.follow_ups.get().done_on == timezone.localdate()
    site.open(reverse("guest-book", args=[group.code]))
    assert "Ukur lahan" in site.text


def test_who_took_part_in_a_training_is_recorded_from_its_visit_and_counted(committed_db, visit):
    group = make_group(name="Mawar")
    make_members(group, 3)
    made = make_visit(group, timezone.localdate(), task="TRAINING", purpose="Ternak ayam")
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("visit", args=[group.code, made.pk]))
    site.follow("Catat pelatihan ini")
    site.fill(trainer="Pak Darma", trainer_office="BRI Unit", hours=6, guests=2)
    first, second, _third = group.members.order_by("number")
    site.page.get_by_label(first.name, exact=True).check()
    site.press("Simpan")
    assert "Pak Darma" in site.text
    assert first.name in site.text
    assert second.name not in site.text
    site.open(reverse("visits", args=[group.code]))
    assert "Ternak ayam" in site.text
    site.open(reverse("member", args=[group.code, first.pk]))
    assert "Ternak ayam" in site.text
    by_staff = visit()
    by_staff.sign_in(make_user(Role.STAFF, organisation=group.organisation).username)
    by_staff.open(reverse("trainings"))
    assert "1 anggota" in by_staff.text


def test_a_phase_is_agreed_and_mentoring_ends_with_a_review(committed_db, visit):
    group, today = make_group(name="Mawar"), timezone.localdate()
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("mentoring-phase", args=[group.code]))
    site.fill(
        phase="STRENGTHENING", started_on=today - timedelta(60), planned_until=today - timedelta(10),
        mentoring_until=today - timedelta(1), criteria="Buku rapi", visit_every_days=14,
    )  # fmt: skip
    site.press("Simpan")
    assert "Kelompok masih bergantung" in site.text
    site.follow("Akhiri pendampingan")
    site.fill(started_on=today, **dict.fromkeys(EXIT_REVIEW, "baik"))
    site.press("Akhiri pendampingan")
    assert "Berita acara pengakhiran pendampingan" in site.text
    assert group.mentoring_phases.begun(today).first().exit_review.voice == "baik"


def test_staff_hand_all_groups_of_somebody_over(committed_db, visit):
    group = make_group(name="Mawar")
    former = facilitator_of(group)
    successor = make_user(organisation=former.organisation)
    site = visit()
    site.sign_in(make_user(Role.STAFF, organisation=former.organisation).username)
    site.open(reverse("handover"))
    site.fill(former=former.pk, successor=successor.pk)
    site.press("Lihat dulu")
    assert "Mawar" in site.text
    site.press("Serahkan 1 kelompok")
    running = FacilitatorAssignment.objects.effective(timezone.localdate())
    assert [assignment.facilitator for assignment in running] == [successor]


def test_the_report_of_a_month_is_changed_and_printed(committed_db, visit):
    group = make_group(name="Mawar")
    make_visit(group, timezone.localdate(), advice="Hitung kas")
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.follow("Laporan bulanan")
    text = site.page.input_value("main [name=text]")
    assert "Hitung kas" in text
    site.fill(text=text + "\nDitambah sendiri")
    site.press("Simpan")
    assert "Hitung kas" in site.text
    assert "Ditambah sendiri" in site.text


def test_a_letter_is_written_into_the_book_found_and_counted(committed_db, visit):
    group = make_group(name="Mawar")
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("books", args=[group.code]))
    site.page.click(f"a[href='{reverse('letters', args=[group.code])}']")
    site.follow("Catat surat")
    site.page.get_by_label("Surat keluar").check()
    site.fill(number="007/2026", other="Dinas Koperasi", subject="Permohonan pelatihan", note="Menunggu jawaban")
    site.press("Simpan")
    assert "Surat sudah dicatat." in site.text
    site.fill(q="koperasi permohonan")
    site.press("Tampilkan")
    assert "Permohonan pelatihan" in site.text
    site.open(f"{reverse('annual-meeting', args=[group.code])}?year={timezone.localdate().year}")
    assert "0 masuk, 1 keluar" in site.text
