"""The dashboards on a wide screen, on a phone and on paper."""

from __future__ import annotations

import pytest

from assessment.services import assess_groups
from groups.models import Group, Role
from tests.assessment.groups import AS_OF, make_kembang_minus_outside
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.browser

WIDE = {"viewport": {"width": 1280, "height": 800}, "is_mobile": False, "has_touch": False}
LEVELS = "nodes => new Set(nodes.map(node => Math.round(node.getBoundingClientRect().top))).size"


@pytest.fixture
def staff(committed_db):
    """Staff of an organisation with one group that is scored."""
    group = make_kembang_minus_outside()
    assess_groups(groups=Group.objects.all(), as_of=AS_OF)
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
