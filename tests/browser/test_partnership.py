"""From a partner that somebody records to an agreement on paper and an activity."""

from __future__ import annotations

import pytest
from django.urls import reverse

from groups.models import PartnerActivity, PartnershipAgreement
from tests.factories import facilitator_of, make_group, make_member, make_officer

pytestmark = pytest.mark.browser


@pytest.fixture
def group(committed_db):
    group = make_group(name="Mawar")
    make_officer(make_member(group, "Bu Tutik"))
    return group


def test_a_group_comes_to_an_agreement_with_a_partner_on_a_phone(group, visit):
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("partner-create"))
    site.fill(name="UD Subur", kind="BUYER", phone="0812-3456-7890")
    site.press("Simpan")
    assert "UD Subur" in site.text
    site.open(reverse("partnership-create", args=[group.code]))
    site.fill(title="Menjual jagung", started_on="2025-02-01")
    site.press("Simpan")
    page = site.path
    partner = {"label": "UD Subur"}
    for number, fields in enumerate(
        ({"text": "tidak ada pembeli"}, {"priority_RESULTS": "1", "need_RESULTS": "pembeli tetap"}), start=1
    ):
        site.open(f"{page}steps/{number}/")
        site.fill(done_on="2025-03-01", **fields)
        site.press("Simpan")
    for number, field in ((3, "candidate_1"), (4, "partner")):
        site.open(f"{page}steps/{number}/")
        site.fill(done_on="2025-03-01")
        site.page.select_option(f"[name={field}]", **partner)
        site.press("Simpan")
    site.open(f"{page}agree/")
    site.fill(
        pattern="NUCLEUS", agreed_on="2025-03-01", starts_on="2025-03-01", group_rights="harga pasar",
        group_duties="panen bersih", partner_rights="membeli dulu", partner_duties="bayar tunai",
        partner_signer="Haji Mansur",
    )  # fmt: skip
    site.press("Simpan")
    assert PartnershipAgreement.objects.get().partner.name == "UD Subur"
    site.page.emulate_media(media="print")
    printed = site.page.inner_text("main")
    for words in ("Bu Tutik", "Haji Mansur", "harga pasar", "panen bersih", "membeli dulu", "bayar tunai"):
        assert words in printed
    site.page.emulate_media(media="screen")
    site.open(f"{reverse('activity-record', args=[group.code])}?partnership={page.split('/')[-2]}")
    site.fill(held_on="2025-04-01", kind="MARKETING", what="Jual jagung", result="laku", value="1,5 juta")
    site.press("Simpan")
    assert PartnerActivity.objects.get().value == 1_500_000
    site.open(reverse("group", args=[group.code]))
    assert "1 perjanjian berlaku" in site.text
