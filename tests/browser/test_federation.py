"""A federation from its founding by staff to a meeting and a contribution that the group's books have."""

from __future__ import annotations

import pytest
from django.urls import reverse

from finance.models import AccountKind
from groups.models import Role
from tests.factories import facilitator_of, make_group, make_member, make_user, save

pytestmark = pytest.mark.browser


@pytest.fixture
def group(committed_db):
    group = make_group(name="Mawar")
    save(make_member(group, "Bu Tutik"), 100_000)
    return group


def test_a_group_joins_a_federation_meets_and_contributes(group, visit):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    by_staff, by_facilitator = visit(), visit()
    by_staff.sign_in(staff.username)
    by_staff.open(reverse("federation-create"))
    by_staff.fill(name="Gapoktan Maju", founded_on="2025-02-01", purpose="beli pupuk bersama")
    by_staff.press("Simpan")
    page = by_staff.path
    for address, fields in (
        ("join/", {"started_on": "2025-02-01"}),
        ("elect/", {"role": "KETUA", "started_on": "2025-02-01"}),
        ("contributions/agree/", {"agreed_from": "2025-03-01", "amount": "10.000", "every": "MONTH"}),
    ):
        by_staff.open(page + address)
        for select in by_staff.page.locator("main select:not([name=role]):not([name=every])").all():
            select.select_option(index=1)
        by_staff.fill(**fields)
        by_staff.press("Simpan")
    by_facilitator.sign_in(facilitator_of(group).username)
    by_facilitator.open(f"{page}meetings/new/")
    by_facilitator.fill(
        held_on="2025-03-01", place="Balai desa", agenda="pupuk", decisions="beli bersama", present=True
    )
    by_facilitator.press("Simpan")
    assert "beli" in by_facilitator.text
    by_facilitator.open(f"{page}contributions/pay/")
    by_facilitator.page.select_option("[name=group]", index=1)
    by_facilitator.fill(paid_on="2025-03-02", amount="10 ribu")
    by_facilitator.press("Simpan")
    assert "Nomor bukti" in by_facilitator.text
    assert group.accounts.get(kind=AccountKind.CASH).balance == 90_000
    by_facilitator.open(reverse("group", args=[group.code]))
    assert "Gapoktan Maju" in by_facilitator.text
    by_facilitator.open(page)
    by_facilitator.page.emulate_media(media="print")
    printed = by_facilitator.text
    for words in ("Gapoktan Maju", "beli pupuk bersama", "Mawar", "Bu Tutik", "1 kelompok hadir"):
        assert words in printed
