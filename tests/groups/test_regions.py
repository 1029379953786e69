"""Staff who see the groups of some provinces and regencies alone."""

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import Group, Role, User
from groups.permissions import Capability, require
from groups.selectors import facilitator_options, region_options
from tests.assessment.groups import stand
from tests.factories import facilitator_of, make_group, make_organisation, make_user, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation():
    return make_organisation()


@pytest.fixture
def groups(organisation):
    """Groups by the regency of their village; one has no village."""
    facilitator = make_user(organisation=organisation)
    places = {
        "35.19": make_village(),
        "35.1": make_village("35.1.05.2003", "Jawa Timur", "Kabupaten Lain", "Sana", "Sini"),
        "32.03": make_village("32.03.01.2001", "Jawa Barat", "Kabupaten Cianjur", "Cibeber", "Sukaraja"),
        "": None,
    }
    return {code: make_group(facilitator, name=f"KSM {code}", village=village) for code, village in places.items()}


@pytest.mark.parametrize(
    ("regions", "seen"),
    [
        ([], {"35.19", "35.1", "32.03", ""}),
        (["35.19"], {"35.19"}),
        (["35.1"], {"35.1"}),
        (["35"], {"35.19", "35.1"}),
        (["32", "35.19"], {"32.03", "35.19"}),
        (["35.19.05.2003"], {"35.19"}),
        (["11"], set()),
    ],
)
def test_staff_see_the_groups_whose_village_lies_in_their_regions(organisation, groups, regions, seen):
    staff = make_user(Role.STAFF, organisation=organisation, regions=regions)
    assert {f"KSM {code}" for code in seen} == {group.name for group in Group.objects.visible_to(staff)}


def test_a_region_shows_nothing_of_another_organisation(groups):
    assert not Group.objects.visible_to(make_user(Role.STAFF, regions=["35"])).exists()


def test_a_group_that_moves_is_seen_where_it_is_now(organisation, groups):
    staff = make_user(Role.STAFF, organisation=organisation, regions=["32"])
    Group.objects.filter(pk=groups["35.19"].pk).update(village="32.03.01.2001")
    Group.objects.filter(pk=groups["32.03"].pk).update(village=None)
    assert [group.name for group in Group.objects.visible_to(staff)] == ["KSM 35.19"]


def test_services_refuse_a_group_outside(organisation, groups):
    staff = make_user(Role.STAFF, organisation=organisation, regions=["32"])
    require(staff, Capability.ASSESS, group=groups["32.03"])
    with pytest.raises(PermissionDenied):
        require(staff, Capability.ASSESS, group=groups["35.19"])


def test_pickers_offer_the_regions_with_groups_inside(organisation, groups):
    staff = make_user(Role.STAFF, organisation=organisation, regions=["32"])
    assert [region.code for region in region_options(staff, "")] == ["32"]


def test_pickers_offer_the_facilitators_of_the_groups_inside(organisation, groups):
    elsewhere, free = (make_user(organisation=organisation) for _ in range(2))
    make_group(elsewhere, village=groups["35.19"].village)
    staff = make_user(Role.STAFF, organisation=organisation, regions=["32"])
    offered = {int(pk) for pk, _name in facilitator_options(staff)}
    assert offered == {facilitator_of(groups["32.03"]).pk, free.pk}
    everybody = {int(pk) for pk, _name in facilitator_options(make_user(Role.STAFF, organisation=organisation))}
    assert everybody == offered | {elsewhere.pk}


def test_what_may_be_seen_takes_no_statement_of_its_own(organisation, groups):
    staff = make_user(Role.STAFF, organisation=organisation, regions=["32", "35.19"])
    with CaptureQueriesContext(connection) as queries:
        assert Group.objects.visible_to(User.objects.get(pk=staff.pk)).count() == 2
    assert len(queries) == 2


def test_dashboards_add_up_the_groups_of_the_regions(client, organisation, groups):
    """Each region has a stage of its own, so that a figure of the organisation would be another one."""
    for rank, code in enumerate(["35.19", "35.1", "32.03"]):
        stand(groups[code], rank, score=50 + rank, of_snapshot={"members": 1000 + rank, "women": 900 + rank})
    client.force_login(make_user(Role.STAFF, organisation=organisation, regions=["35.1"]))
    page = client.get(reverse("dashboard")).content.decode()
    assert "1.001" in page
    for number in ("1.000", "1.002", "3.003", "KSM 35.19", "KSM 32.03"):
        assert number not in page


def test_only_staff_are_limited_whoever_writes_it(organisation):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user(Role.FACILITATOR, organisation=organisation, regions=["32"])


class TestAdmin:
    @pytest.fixture(autouse=True)
    def boss(self, client, organisation, groups):
        client.force_login(make_user(Role.ADMIN, organisation=organisation))
        client.cookies["django_language"] = "en"

    @pytest.fixture
    def staff(self, organisation):
        return make_user(Role.STAFF, organisation=organisation)

    def save(self, client, user, regions, **fields):
        data = {"username": user.username, "role": user.role, "is_active": "on", "regions": regions, **fields}
        return client.post(reverse("admin:groups_user_change", args=[user.pk]), data)

    def test_an_administrator_sets_the_regions_and_the_audit_log_has_it(self, client, staff):
        assert self.save(client, staff, ["35.19", "32"]).status_code == 302
        staff.refresh_from_db()
        assert staff.regions == ["32", "35.19"]
        assert "35.19" in LogEntry.objects.get_for_object(staff).latest("pk").changes["regions"][1]
        page = client.get(reverse("admin:groups_user_change", args=[staff.pk])).content.decode()
        assert '<option value="35.19" selected>Kabupaten Madiun, Jawa Timur</option>' in page

    def test_the_limit_is_lifted_by_choosing_none(self, client, staff):
        self.save(client, staff, ["32"])
        assert self.save(client, staff, []).status_code == 302
        staff.refresh_from_db()
        assert staff.regions == []

    @pytest.mark.parametrize("regions", [["99"], ["35.19.05"], ["x"], ["32", "%"]])
    def test_what_is_no_province_or_regency_is_refused(self, client, staff, regions):
        assert "regions" in self.save(client, staff, regions).context["adminform"].form.errors
        staff.refresh_from_db()
        assert staff.regions == []

    def test_nobody_but_staff_is_limited(self, client, staff):
        response = self.save(client, staff, ["32"], role="FACILITATOR")
        assert "Only NGO staff are limited to regions." in response.content.decode()

    def test_a_new_user_can_be_limited_at_once(self, client):
        data = {"username": "baru", "usable_password": "true", "role": "STAFF", "regions": ["32"]}
        client.post(reverse("admin:groups_user_add"), data | dict.fromkeys(("password1", "password2"), "sawah-luas-99"))
        assert User.objects.get(username="baru").regions == ["32"]
