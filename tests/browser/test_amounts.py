"""The running sum of the sheet reads amounts as the server does."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from groups.shared.money import read_rupiah, rupiah
from tests.factories import facilitator_of, make_group, make_members

pytestmark = pytest.mark.browser

TEXTS = (
    "1500000", "1.500.000", "Rp. 1.500.000,-", "1.500.000,00", "10 000", "1,500,000", "1,5 juta", "0.75 jt", "15rb",
    "1,25 miliar", "0", "1.5", "1.500,000", "1,500", "1500,5", "0815", "x", "1 juta 500", "٥٠٠", "-5",
)  # fmt: skip


def read(text):
    try:
        return read_rupiah(text)
    except ValidationError:
        return 0


def test_the_running_sum_reads_amounts_as_the_server_does(visit, committed_db):
    group = make_group()
    (member,) = make_members(group, 1)
    site = visit()
    site.sign_in(facilitator_of(group).username)
    site.open(reverse("meeting-new", args=[group.code]))
    shown = {}
    for text in TEXTS:
        site.page.fill(f"[name=m{member.pk}-wajib]", text)
        shown[text] = site.page.locator("[data-expected]").inner_text()
    assert shown == {text: rupiah(read(text)) for text in TEXTS}
