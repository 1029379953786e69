"""The pages that explain an instrument, and compare two versions before one is published."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import Assessment, Instrument, InstrumentStatus, SchemeUse
from assessment.services import instrument_copy, instrument_publish, instrument_retire
from groups.models import Role
from tests.assessment.groups import make_kembang_minus_outside
from tests.factories import make_group, make_organisation, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


@pytest.fixture
def shipped() -> Instrument:
    return Instrument.objects.get(code="kotaku", version=1, organisation=None)


@pytest.fixture
def draft(shipped, admin) -> Instrument:
    """A copy in which Tumbuh asks for 77 points, one more than the good group has."""
    copy = instrument_copy(actor=admin, instrument=shipped)
    copy.rules.filter(stage="TUMBUH").update(minimum_points=77)
    return copy


@pytest.fixture
def facilitator(admin):
    return make_user(organisation=admin.organisation)


def show(client, user, path: str):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client.get(path)


class TestReading:
    def test_the_list_has_shared_and_own_versions(self, client, admin, shipped, draft):
        html = show(client, admin, "/instruments/").content.decode()
        assert f"/instruments/{shipped.pk}/" in html
        assert f"/instruments/{draft.pk}/" in html

    def test_it_has_no_versions_of_others(self, client, draft):
        html = show(client, make_user(Role.ADMIN, organisation=make_organisation()), "/instruments/").content.decode()
        assert f"/instruments/{draft.pk}/" not in html

    def test_stages_levels_and_gates_in_words(self, client, facilitator, shipped):
        html = show(client, facilitator, f"/instruments/{shipped.pk}/").content.decode()
        assert "≥ 90% → 10" in html
        assert "from 80 points" in html
        assert "Loan repayment: at least 11" in html

    def test_formulas_are_told_in_words(self, client, facilitator, shipped):
        html = show(client, facilitator, f"/instruments/{shipped.pk}/").content.decode()
        assert "0 without written rules, 1 with rules, 2 with rules agreed in a meeting of the members." in html
        assert "rules_in_force" not in html

    @pytest.mark.parametrize(("role", "is_read"), [(Role.STAFF, True), (Role.ADMIN, True), (Role.FACILITATOR, False)])
    def test_drafts_are_for_those_who_configure_or_assess(self, client, admin, shipped, draft, role, is_read):
        reader = make_user(role, organisation=admin.organisation)
        assert show(client, reader, f"/instruments/{draft.pk}/").status_code == (200 if is_read else 404)
        listed = f"/instruments/{draft.pk}/" in show(client, reader, "/instruments/").content.decode()
        assert listed == is_read
        assert show(client, reader, f"/instruments/{shipped.pk}/").status_code == 200

    @pytest.mark.parametrize("page", ["", "compare/"])
    def test_a_version_of_another_organisation_is_not_found(self, client, draft, page):
        stranger = make_user(Role.ADMIN, organisation=make_organisation())
        assert show(client, stranger, f"/instruments/{draft.pk}/{page}").status_code == 404


class TestComparing:
    def test_who_would_change_stage(self, client, admin, facilitator, draft):
        good = make_kembang_minus_outside(facilitator, until=TODAY - timedelta(1), name="Anggrek")
        make_group(facilitator, name="Bakung")
        response = show(client, admin, f"/instruments/{draft.pk}/compare/")
        assert [change.code for change in response.context["page"]] == [good.code]
        assert response.context["comparison"].counts == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
        assert "1 group would change stage" in response.content.decode()

    def test_nothing_is_stored(self, client, admin, facilitator, draft):
        make_kembang_minus_outside(facilitator, until=TODAY - timedelta(1))
        show(client, admin, f"/instruments/{draft.pk}/compare/")
        assert not Assessment.objects.exists()

    def test_groups_of_others_are_not_counted(self, client, admin, draft):
        make_kembang_minus_outside(until=TODAY - timedelta(1))
        assert show(client, admin, f"/instruments/{draft.pk}/compare/").context["comparison"].total == 0

    def test_facilitators_are_refused(self, client, facilitator, draft):
        assert show(client, facilitator, f"/instruments/{draft.pk}/compare/").status_code == 403

    @pytest.mark.parametrize("other", ["0", "x", "99999999999999999999", ""])
    def test_a_version_that_is_not_on_offer_gets_a_message(self, client, admin, draft, other):
        response = show(client, admin, f"/instruments/{draft.pk}/compare/?other={other}")
        assert response.context["comparison"] is None
        assert response.context["form"].errors["other"]

    @pytest.mark.parametrize("flaw", ["no rules", "points at the first", "no such metric"])
    def test_a_half_made_draft_is_told_what_it_lacks(self, client, admin, facilitator, shipped, draft, flaw):
        make_group(facilitator)
        if flaw == "no rules":
            draft.rules.all().delete()
        elif flaw == "points at the first":
            draft.rules.filter(rank=0).update(minimum_points=5)
        else:
            draft.indicators.filter(number=1).update(metric="kehadiran")
        for address in (f"{draft.pk}/compare/", f"{shipped.pk}/compare/?other={draft.pk}", f"{draft.pk}/"):
            response = show(client, admin, f"/instruments/{address}")
            assert response.status_code == 200
            assert "comparison" not in response.context or len(response.context["problems"]) == 1

    def test_without_another_version_it_says_so(self, client, admin, shipped):
        assert "no other version" in show(client, admin, f"/instruments/{shipped.pk}/compare/").content.decode()

    def test_the_number_of_statements_does_not_grow_with_the_groups(self, client, admin, facilitator, draft):
        taken = []
        show(client, admin, "/instruments/")  # signs in
        for _more in range(2):
            make_kembang_minus_outside(facilitator, until=TODAY - timedelta(1))
            with CaptureQueriesContext(connection) as captured:
                client.get(f"/instruments/{draft.pk}/compare/")
            taken.append(len(captured))
        assert taken[0] == taken[1]


class TestRetiring:
    def test_a_version_that_another_can_follow(self, admin, draft):
        draft.rules.filter(stage="TUMBUH").update(minimum_points=60)
        instrument_publish(actor=admin, instrument=draft)
        instrument_retire(actor=admin, instrument=draft)
        draft.refresh_from_db()
        assert draft.status == InstrumentStatus.RETIRED

    def test_the_last_one_of_a_scheme_in_use_is_refused(self, shipped):
        root = make_user(Role.ADMIN, is_superuser=True)
        with pytest.raises(ValidationError):
            instrument_retire(actor=root, instrument=shipped)

    def test_also_of_a_scheme_an_organisation_chose(self, admin, shipped):
        Instrument.objects.create(code="own", name_id="Sendiri", organisation=admin.organisation,
            status=InstrumentStatus.PUBLISHED, published_at=timezone.now())  # fmt: skip
        SchemeUse.objects.create(organisation=admin.organisation, scheme="own", is_primary=True)
        with pytest.raises(ValidationError):
            instrument_retire(actor=admin, instrument=Instrument.objects.get(code="own"))

    def test_a_draft_is_refused(self, admin, draft):
        with pytest.raises(ValidationError):
            instrument_retire(actor=admin, instrument=draft)

    def test_of_others_it_is_refused(self, admin, shipped):
        with pytest.raises(ValidationError):
            instrument_retire(actor=admin, instrument=shipped)

    def test_facilitators_are_refused(self, facilitator, draft):
        with pytest.raises(PermissionDenied):
            instrument_retire(actor=facilitator, instrument=draft)
