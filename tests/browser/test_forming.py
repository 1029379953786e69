"""A group from nothing to its first meeting, as a facilitator does it on a phone, page after page."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from groups.models import Group, GroupStatus
from tests.factories import make_members, make_officer, make_user

pytestmark = pytest.mark.browser

STEPS = {
    "nearby": "Lihat kelompok yang sudah ada di sekitar",
    "partners": "Bekerja sama dan minta bantuan",
    "start": "Mulai dari yang kecil",
    "name": "Pilih nama",
    "meeting": "Sepakati tempat dan waktu pertemuan",
}
NAMES = ("Aminah", "Budi", "Citra", "Dewi", "Endang", "Fitri", "Gita", "Hasan", "Indah", "Joko")


def test_from_nothing_to_the_first_meeting_of_ten_members(visit):
    site = visit()
    site.sign_in(make_user().username)
    site.follow("Daftarkan kelompok")
    site.fill(name="Anggrek", founded_on="2025-01-07", week="1", weekday="1")
    site.press("Simpan")
    group = Group.objects.get(name="Anggrek")

    site.follow("Berikutnya: Anggota")
    assert not site.scrolls_sideways()
    for row, name in enumerate(NAMES):
        site.fill(**{f"members-{row}-name": name, f"members-{row}-gender": "L" if name in ("Budi", "Joko") else "P"})
    site.press("Simpan")
    assert [member.name for member in group.members.order_by("number")] == list(NAMES)
    assert {str(member.joined_on) for member in group.members.all()} == {"2025-01-07"}

    site.follow("Berikutnya: Pengurus")
    officers = {
        role: group.members.get(name=name).pk
        for role, name in zip(("KETUA", "SEKRETARIS", "BENDAHARA"), NAMES, strict=False)
    }
    site.fill(started_on="2025-01-07", **officers)
    site.press("Simpan")

    site.follow("Berikutnya: Aturan main")
    site.fill(wajib="10.000", agreed_on="2025-01-07")
    site.press("Tetapkan")

    assert "Berikutnya: Saldo awal" in site.text
    site.follow("Berikutnya: Pertemuan pertama")
    assert site.path == reverse("meeting-new", args=[group.code])
    assert site.page.locator("[data-member]").count() == len(NAMES)
    assert not site.scrolls_sideways()


def test_a_group_is_formed_in_six_steps_and_founded(visit):
    site = visit()
    site.sign_in(make_user().username)
    site.follow("Daftarkan kelompok")
    site.fill(name="Anggrek", status="FORMING", founded_on="2025-01-07", week="1", weekday="1", place="Rumah Ibu Sari")
    site.press("Simpan")
    group = Group.objects.get(name="Anggrek")
    assert site.path == reverse("formation", args=[group.code])
    assert "Tinggal 6 langkah" in site.text

    for step, words in STEPS.items():
        site.follow(f"Isi {words}")
        site.fill(done_on="2025-02-04", text="Dibicarakan bersama.")
        if step == "start":
            site.fill(people="7", first_saving="10 ribu")
        assert not site.scrolls_sideways()
        site.press("Simpan")
    site.follow("Isi Sepakati aturan main")
    site.fill(wajib="10.000", agreed_on="2025-02-04")
    site.press("Tetapkan")
    members = make_members(group, 3)
    make_officer(members[0], started_on=date(2025, 3, 4))

    site.open(reverse("formation", args=[group.code]))
    site.follow("Catat rapat pendirian")
    site.fill(held_on="2025-03-04", place="Balai desa", present="Kepala desa", activity="Simpan pinjam", address="RT 2")
    site.press("Simpan")
    assert "4 Maret 2025" in site.text and members[0].name in site.text
    assert not site.scrolls_sideways()
    site.page.emulate_media(media="print")
    for text in (members[2].name, "Kepala desa", "Simpan pinjam", "Sekretaris"):
        assert text in site.text
    site.page.emulate_media(media="screen")

    site.follow("Pembentukan kelompok")
    site.press("Kelompok berdiri: aktif sejak 4 Maret 2025")
    group.refresh_from_db()
    assert group.status == GroupStatus.ACTIVE
    assert site.fact("Tanggal berdiri") == "4 Maret 2025"
