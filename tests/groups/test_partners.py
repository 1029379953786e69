"""Partners of an organisation: who records, sees and changes them."""

import uuid

import pytest
from auditlog.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from groups import selectors, services
from groups.models import Partner, Role
from tests.factories import (
    facilitator_of,
    make_activity,
    make_group,
    make_member,
    make_officer,
    make_organisation,
    make_partner,
    make_user,
    make_village,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return make_group(village=make_village())


def unsaved(**fields):
    return Partner(**{"name": "UD Subur", "kind": "BUYER", **fields})


class TestPartnerCreate:
    def test_it_belongs_to_the_organisation_of_who_records_it(self, group):
        partner = services.partner_create(actor=facilitator_of(group), partner=unsaved())
        assert partner.organisation == group.organisation

    def test_the_same_form_twice_is_one_partner(self, group):
        key = uuid.uuid4()
        first = services.partner_create(actor=facilitator_of(group), partner=unsaved(key=key))
        assert services.partner_create(actor=facilitator_of(group), partner=unsaved(key=key)) == first

    def test_the_same_form_with_other_words_is_refused(self, group):
        key = uuid.uuid4()
        services.partner_create(actor=facilitator_of(group), partner=unsaved(key=key))
        with pytest.raises(services.FormUsed):
            services.partner_create(actor=facilitator_of(group), partner=unsaved(key=key, name="UD Lain"))

    def test_staff_do_not_record(self, group):
        with pytest.raises(PermissionDenied):
            services.partner_create(actor=make_user(Role.STAFF, organisation=group.organisation), partner=unsaved())


class TestPartnerUpdate:
    def test_the_audit_log_keeps_what_changed_with_the_phone_masked(self, group):
        partner = make_partner(group.organisation, phone="081234567890")
        partner.name, partner.phone = "UD Makmur", "081299998888"
        services.partner_update(actor=facilitator_of(group), partner=partner)
        changes = LogEntry.objects.get_for_object(partner).first().changes
        assert changes["name"][1] == "UD Makmur"
        assert "081299998888" not in str(changes)

    def test_one_of_another_organisation_is_refused(self, group):
        partner = make_partner(make_organisation())
        with pytest.raises(PermissionDenied):
            services.partner_update(actor=facilitator_of(group), partner=partner)

    def test_what_somebody_else_changed_meanwhile_is_not_written_over(self, group):
        partner = make_partner(group.organisation)
        Partner.objects.filter(pk=partner.pk).update(name="UD Makmur")
        partner.name = "UD Lain"
        with pytest.raises(ValidationError):
            services.partner_update(actor=facilitator_of(group), partner=partner, seen="an older state")

    def test_the_organisation_never_changes(self, group):
        partner = make_partner(group.organisation)
        with pytest.raises(IntegrityError, match="no_update"), transaction.atomic():
            Partner.objects.filter(pk=partner.pk).update(organisation=make_organisation())


class TestWhoSees:
    def test_nobody_sees_those_of_another_organisation(self, group):
        make_partner(make_organisation())
        for role in (Role.ADMIN, Role.STAFF, Role.FACILITATOR):
            actor = make_user(role, organisation=group.organisation)
            assert not Partner.objects.visible_to(actor).exists()

    def test_an_officer_sees_those_the_own_group_works_with(self, group):
        chair = make_member(group)
        make_officer(chair)
        officer = make_user(Role.OFFICER, organisation=group.organisation, member=chair)
        known, _unknown = make_partner(group.organisation), make_partner(group.organisation)
        make_activity(group, known)
        assert list(Partner.objects.visible_to(officer)) == [known]

    def test_staff_of_a_region_see_partners_there_and_those_without_a_place(self, group):
        staff = make_user(Role.STAFF, organisation=group.organisation, regions=["32"])
        make_partner(group.organisation, region=group.village)
        placeless = make_partner(group.organisation)
        assert list(Partner.objects.visible_to(staff)) == [placeless]

    def test_staff_of_a_region_see_partners_of_their_groups(self, group):
        staff = make_user(Role.STAFF, organisation=group.organisation, regions=["35.19"])
        elsewhere = make_partner(group.organisation, region=make_village("32.03.01.2001", "JB", "Cianjur", "C", "D"))
        make_activity(group, elsewhere)
        assert list(Partner.objects.visible_to(staff)) == [elsewhere]

    def test_a_deactivated_person_sees_none(self, group):
        make_partner(group.organisation)
        assert not Partner.objects.visible_to(make_user(organisation=group.organisation, is_active=False)).exists()


class TestPages:
    def sign_in(self, client, group):
        client.force_login(facilitator_of(group))

    def test_a_partner_is_recorded_with_its_regency(self, client, group):
        self.sign_in(client, group)
        form = client.get("/partners/new/").context["form"]
        data = {"key": form["key"].value(), "name": "UD Subur", "kind": "BUYER", "village_text": "Kabupaten Madiun",
                "phone": "0812-3456-7890"}  # fmt: skip
        response = client.post("/partners/new/", data)
        partner = Partner.objects.get()
        assert response.url == f"/partners/{partner.pk}/"
        assert (partner.region.name, partner.phone) == ("Kabupaten Madiun", "081234567890")

    def test_a_place_that_does_not_exist_is_refused_at_its_field(self, client, group):
        self.sign_in(client, group)
        data = {"key": uuid.uuid4(), "name": "UD Subur", "kind": "BUYER", "village_text": "Atlantis"}
        assert "village_text" in client.post("/partners/new/", data).context["form"].errors

    def test_the_list_masks_the_phone_number(self, client, group):
        self.sign_in(client, group)
        partner = make_partner(group.organisation, phone="081234567890")
        page = client.get("/partners/").content.decode()
        assert partner.name in page
        assert "081234567890" not in page

    def test_who_records_reads_the_phone_number_on_the_page_and_staff_do_not(self, client, group):
        partner = make_partner(group.organisation, phone="081234567890")
        self.sign_in(client, group)
        assert "081234567890" in client.get(f"/partners/{partner.pk}/").content.decode()
        client.force_login(make_user(Role.STAFF, organisation=group.organisation))
        assert "081234567890" not in client.get(f"/partners/{partner.pk}/").content.decode()

    def test_the_page_tells_of_groups_one_may_see_alone(self, client, group):
        self.sign_in(client, group)
        partner, hidden = make_partner(group.organisation), make_group(organisation=group.organisation)
        make_activity(group, partner, what="jual jagung")
        make_activity(hidden, partner, what="jual ketela")
        page = client.get(f"/partners/{partner.pk}/").content.decode()
        assert "jual jagung" in page
        assert "jual ketela" not in page
        assert client.get("/partners/").context["page"].object_list[0].group_count == 1

    def test_the_list_is_searched_by_name_place_and_kind(self, client, group):
        self.sign_in(client, group)
        near = make_partner(group.organisation, "UD Subur", region=group.village)
        make_partner(group.organisation, "Bank", kind="LENDER")

        def found(query):
            return list(client.get(f"/partners/?{query}").context["page"])

        assert found("q=ud subur") == found("q=Sukamaju") == found("kind=BUYER") == [near]

    def test_statements_do_not_grow_with_the_partners(self, client, group):
        self.sign_in(client, group)
        counts = []
        for _round in range(2):
            for _number in range(5):
                make_activity(group, make_partner(group.organisation, region=group.village))
            with CaptureQueriesContext(connection) as queries:
                client.get("/partners/")
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_profile_changes(self, client, group):
        self.sign_in(client, group)
        partner = make_partner(group.organisation, region=group.village)
        form = client.get(f"/partners/{partner.pk}/edit/").context["form"]
        data = {name: form[name].value() or "" for name in form.fields} | {"name": "UD Makmur"}
        assert client.post(f"/partners/{partner.pk}/edit/", data).status_code == 302
        partner.refresh_from_db()
        assert (partner.name, partner.region) == ("UD Makmur", group.village)


def test_a_facilitator_chooses_from_the_partners_of_the_organisation_alone(group):
    own, _other = make_partner(group.organisation), make_partner(make_organisation())
    assert list(selectors.partners_to_choose(group)) == [own]
