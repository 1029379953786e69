"""Certificates of final scores: what they say, until when they are valid, and who may print them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from assessment.models import Assessment, Instrument
from assessment.selectors.certificates import certificate
from assessment.services import assess_groups, assessment_finalise, instrument_copy
from groups.models import Group, Role
from groups.shared.clock import clock_set_to
from tests.assessment.groups import AS_OF, make_kembang_minus_outside, make_staff
from tests.factories import facilitator_of, make_user
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    group = make_kembang_minus_outside()
    assessment_finalise(actor=make_staff(group), group=group, as_of=AS_OF)
    return group


@pytest.fixture
def client(group):
    return signed_in(facilitator_of(group))


def page(client, group, day=AS_OF):
    return client.get(reverse("assessment-certificate", args=[group.code, day]))


def test_it_says_the_stage_the_score_the_issuer_and_the_last_day(client, group):
    content = page(client, group).content.decode()
    final = Assessment.objects.get()
    assert group.name in content
    assert f"{final.score} of 100 points" in content
    assert group.organisation.name in content
    assert str(final.finalised_by) in content
    assert certificate(group, "kotaku", AS_OF).valid_until == AS_OF.replace(year=AS_OF.year + 1)


def test_the_instrument_says_for_how_many_months_and_who_issues_it(group):
    found = certificate(group, "kotaku", AS_OF)
    found.assessment.instrument.valid_months = 6
    found.assessment.instrument.issuer = "Dinas Koperasi"
    assert found.issuer == "Dinas Koperasi"
    assert (found.valid_until.year * 12 + found.valid_until.month) - (AS_OF.year * 12 + AS_OF.month) == 6


def test_it_is_valid_through_its_last_day(group):
    found = certificate(group, "kotaku", AS_OF)
    assert found.is_valid(found.valid_until)
    assert not found.is_valid(found.valid_until + date.resolution)


def test_a_provisional_score_has_none(client, group):
    other = make_kembang_minus_outside()
    assess_groups(groups=Group.objects.filter(pk=other.pk), as_of=AS_OF)
    client.force_login(facilitator_of(other))
    assert page(client, other).status_code == 404
    assert "ertificate" not in client.get(reverse("assessment-stored", args=[other.code, AS_OF])).content.decode()


def test_the_page_of_the_stage_says_until_when_it_is_valid_or_that_it_expired(client, group):
    address, said = reverse("assessment", args=[group.code]), []
    for days in (1, 400):
        with clock_set_to(datetime.combine(AS_OF + days * date.resolution, time(9), tzinfo=UTC)):
            content = client.get(address).content.decode()
        said.append(("is final and valid until" in content, "make a new one final" in content))
        assert reverse("assessment-certificate", args=[group.code, AS_OF]) in content
    assert said == [(True, False), (False, True)]


def test_a_copy_of_an_instrument_keeps_source_issuer_and_validity(group):
    shipped = Instrument.objects.get(code="kotaku", organisation=None)
    assert (shipped.is_official, shipped.valid_months, bool(shipped.source)) == (False, 12, True)
    copy = instrument_copy(actor=make_user(Role.ADMIN, organisation=group.organisation), instrument=shipped)
    assert (copy.source, copy.is_official, copy.issuer, copy.valid_months) == (
        shipped.source, shipped.is_official, shipped.issuer, shipped.valid_months,
    )  # fmt: skip


@pytest.mark.parametrize("months", [0, 25])
def test_the_database_refuses_a_validity_of_no_month_or_of_more_than_two_years(months):
    with pytest.raises(IntegrityError, match="instrument_valid_months"), transaction.atomic():
        Instrument.objects.create(code="x", name_id="x", valid_months=months)
