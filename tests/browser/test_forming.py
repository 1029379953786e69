"""A group from nothing to its first meeting, as a facilitator does it on a phone, page after page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groups.models import Group
from tests.factories import make_user

pytestmark = pytest.mark.browser

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
