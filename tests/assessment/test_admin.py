"""Instruments in the admin: drafts are edited, published versions are looked at, organisations stay apart."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from assessment.models import Instrument
from assessment.services import assess_groups, instrument_copy, instrument_publish
from groups.models import Group, Role, User
from tests.assessment.groups import AS_OF
from tests.factories import make_group, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


@pytest.fixture
def admin_client(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def shipped() -> Instrument:
    return Instrument.objects.get(code="kotaku")


def act(client, action: str, instrument: Instrument):
    data = {"action": action, "_selected_action": [instrument.pk]}
    return client.post("/admin/assessment/instrument/", data, follow=True)


def test_copy_and_publish(admin_client, admin, shipped):
    act(admin_client, "copy", shipped)
    copy = Instrument.objects.get(organisation=admin.organisation)
    assert copy.is_draft
    act(admin_client, "publish", copy)
    copy.refresh_from_db()
    assert copy.status == "PUBLISHED"


def test_copying_twice_makes_one_draft(admin_client, admin, shipped):
    answers = [act(admin_client, "copy", shipped) for _press in range(2)]
    draft = Instrument.objects.get(organisation=admin.organisation)
    for answer in answers:
        assert f"{draft.name_id} v{draft.version}" in answer.content.decode()


CHANGES = {
    "name": lambda draft: Instrument.objects.filter(pk=draft.pk).update(name_en="Other"),
    "indicator": lambda draft: draft.indicators.filter(number=1).update(weight=5),
    "level": lambda draft: draft.indicators.get(number=1).levels.first().delete(),
    "rule": lambda draft: draft.rules.filter(rank=1).update(minimum_points=33),
    "gate": lambda draft: draft.rules.filter(gates__isnull=False).first().gates.update(minimum_points=1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_draft_that_was_changed_is_not_the_copy(admin, shipped, change):
    draft = instrument_copy(actor=admin, instrument=shipped)
    change(draft)
    copy = instrument_copy(actor=admin, instrument=shipped)
    assert copy.version == draft.version + 1
    assert instrument_copy(actor=admin, instrument=shipped) == copy


def test_a_draft_can_be_copied_too(admin, shipped):
    draft = instrument_copy(actor=admin, instrument=shipped)
    copy = instrument_copy(actor=admin, instrument=draft)
    assert copy != draft
    assert instrument_copy(actor=admin, instrument=draft) == copy


def test_the_draft_of_another_organisation_is_not_the_copy(admin, shipped):
    instrument_copy(actor=make_user(Role.ADMIN), instrument=shipped)
    assert instrument_copy(actor=admin, instrument=shipped).organisation == admin.organisation


def test_publishing_a_wrong_draft_says_why(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    copy.indicators.filter(number=1).update(weight=50)
    content = act(admin_client, "publish", copy).content.decode()
    assert "The weights add up to 140, not to 100." in content or "140" in content
    copy.refresh_from_db()
    assert copy.is_draft


def test_a_published_instrument_is_read_only(admin_client, shipped):
    response = admin_client.get(f"/admin/assessment/instrument/{shipped.pk}/change/")
    assert response.status_code == 200
    assert 'name="_save"' not in response.content.decode()
    assert admin_client.post(f"/admin/assessment/instrument/{shipped.pk}/change/", {"code": "x"}).status_code == 403


def test_a_draft_is_edited_with_its_indicators(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    content = admin_client.get(f"/admin/assessment/instrument/{copy.pk}/change/").content.decode()
    assert 'name="_save"' in content
    assert 'name="indicators-0-weight"' in content
    assert 'name="rules-0-minimum_points"' in content


def change(client, instrument: Instrument, **changes: object):
    parts = {f"{part}-{form}_FORMS": 0 for part in ("indicators", "rules") for form in ("TOTAL", "INITIAL")}
    kept = {"code": instrument.code, "version": instrument.version, "name_id": instrument.name_id, "valid_months": 12}
    return client.post(f"/admin/assessment/instrument/{instrument.pk}/change/", kept | changes | parts)


def test_the_code_of_a_draft_is_changed(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    assert change(admin_client, copy, code="sendiri").status_code == 302
    copy.refresh_from_db()
    assert copy.code == "sendiri"


def test_a_code_that_has_this_version_is_refused_at_the_field(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    Instrument.objects.create(organisation=admin.organisation, code="sendiri", version=copy.version, name_id="Sendiri")
    response = change(admin_client, copy, code="sendiri")
    assert response.context["adminform"].form.errors == {"version": ["This scheme has such a version already."]}
    copy.refresh_from_db()
    assert copy.code == "kotaku"


def test_levels_of_a_draft_are_edited_on_the_indicators_page(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    indicator = copy.indicators.get(number=1)
    url = f"/admin/assessment/indicator/{indicator.pk}/change/"
    form = admin_client.get(url).context["adminform"].form.initial
    levels = list(indicator.levels.all())
    data = {
        **{name: form[name] for name in ("number", "code", "name_id", "name_en", "weight", "metric")},
        "levels-TOTAL_FORMS": 3,
        "levels-INITIAL_FORMS": 3,
        **{f"levels-{n}-id": level.pk for n, level in enumerate(levels)},
        **{f"levels-{n}-indicator": indicator.pk for n in range(3)},
        **{f"levels-{n}-threshold": level.threshold for n, level in enumerate(levels)},
        **{f"levels-{n}-points": level.points for n, level in enumerate(levels)},
        "levels-0-points": 3,
    }
    assert admin_client.post(url, data).status_code == 302
    levels[0].refresh_from_db()
    assert levels[0].points == 3


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_version_that_is_there_already_is_refused(client, is_superuser):
    admin = make_user(Role.ADMIN, is_superuser=is_superuser)
    if is_superuser:
        User.objects.filter(pk=admin.pk).update(organisation=None)
    client.force_login(admin)
    parts = {f"{part}-{form}_FORMS": 0 for part in ("indicators", "rules") for form in ("TOTAL", "INITIAL")}
    for status in (302, 200):
        response = client.post(
            "/admin/assessment/instrument/add/",
            {"code": "sendiri", "version": 1, "name_id": "x", "valid_months": 12, **parts},
        )
        assert response.status_code == status
    assert response.context["errors"]
    assert Instrument.objects.get(code="sendiri").organisation_id == (None if is_superuser else admin.organisation_id)


@pytest.mark.parametrize(
    ("part", "prefix", "change"),
    [("indicator", "levels", {"number": 2}), ("indicator", "levels", {"code": "attendance"}),
     ("stagerule", "gates", {"rank": 2}), ("stagerule", "gates", {"stage": "KEMBANG"})],
)  # fmt: skip
def test_a_part_that_is_there_already_is_refused(admin_client, admin, shipped, part, prefix, change):
    copy = instrument_copy(actor=admin, instrument=shipped)
    first = copy.indicators.get(number=1) if part == "indicator" else copy.rules.get(rank=1)
    url = f"/admin/assessment/{part}/{first.pk}/change/"
    form = admin_client.get(url).context["adminform"].form.initial
    data = {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0} | form | change
    response = admin_client.post(url, data)
    assert response.status_code == 200
    assert response.context["errors"]


@pytest.mark.parametrize(
    ("part", "prefix", "change"),
    [("indicator", "levels", {"weight": 0}), ("indicator", "levels", {"weight": 101}),
     ("stagerule", "gates", {"rank": 99}), ("stagerule", "gates", {"minimum_points": 101})],
)  # fmt: skip
def test_a_number_out_of_bounds_is_refused_at_its_field(admin_client, admin, shipped, part, prefix, change):
    copy = instrument_copy(actor=admin, instrument=shipped)
    first = copy.indicators.get(number=1) if part == "indicator" else copy.rules.get(rank=1)
    url = f"/admin/assessment/{part}/{first.pk}/change/"
    form = admin_client.get(url).context["adminform"].form.initial
    response = admin_client.post(url, {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0} | form | change)
    errors = response.context["adminform"].form.errors
    assert errors.keys() == change.keys()
    assert "constraint" not in str(errors).lower()


def test_a_second_primary_scheme_is_refused_in_words(admin_client, admin):
    for scheme in ("kotaku", "panca-sutra"):
        data = {"organisation": admin.organisation_id, "scheme": scheme, "is_primary": "on"}
        response = admin_client.post("/admin/assessment/schemeuse/add/", data)
    assert "Cara penilaian lain sudah menjadi cara penilaian utama" in response.content.decode()


def test_only_schemes_the_organisation_may_use_are_offered(admin_client):
    there = {"status": "PUBLISHED", "published_at": timezone.now()}
    Instrument.objects.create(code="rahasia", name_id="x", organisation=make_user().organisation, **there)
    html = admin_client.get("/admin/assessment/schemeuse/add/").content.decode()
    assert "rahasia" not in html
    assert "kotaku" in html


def test_a_scheme_of_another_organisation_is_refused_to_superusers_too(client):
    there = {"status": "PUBLISHED", "published_at": timezone.now()}
    own, other = make_user().organisation, make_user().organisation
    Instrument.objects.create(code="rahasia", name_id="x", organisation=own, **there)
    client.force_login(make_user(Role.ADMIN, is_superuser=True))
    answers = [
        client.post("/admin/assessment/schemeuse/add/", {"organisation": whose.pk, "scheme": "rahasia"})
        for whose in (other, own)
    ]
    assert [answer.status_code for answer in answers] == [200, 302]
    assert "scheme" in answers[0].context["adminform"].form.errors


def test_gates_are_offered_on_the_indicators_of_their_instrument(admin_client, admin, shipped):
    copy = instrument_copy(actor=admin, instrument=shipped)
    rule = copy.rules.get(stage="KEMBANG")
    response = admin_client.get(f"/admin/assessment/stagerule/{rule.pk}/change/")
    formset = response.context["inline_admin_formsets"][0].formset
    offered = set(formset.forms[0].fields["indicator"].queryset)
    assert offered == set(copy.indicators.all())


def test_parts_of_a_published_instrument_are_read_only(admin_client, shipped):
    for path in (f"indicator/{shipped.indicators.first().pk}", f"stagerule/{shipped.rules.first().pk}"):
        content = admin_client.get(f"/admin/assessment/{path}/change/").content.decode()
        assert 'name="_save"' not in content


def test_another_organisations_draft_is_not_there(admin_client, shipped):
    stranger = make_user(Role.ADMIN)
    copy = instrument_copy(actor=stranger, instrument=shipped)
    url = f"/admin/assessment/instrument/{copy.pk}/change/"
    assert admin_client.get(url).status_code == 302
    assert f"/{copy.pk}/change/" not in admin_client.get("/admin/assessment/instrument/").content.decode()
    act(admin_client, "publish", copy)
    copy.refresh_from_db()
    assert copy.is_draft


def test_an_instrument_leads_to_the_page_that_explains_it(admin_client, shipped):
    content = admin_client.get(f"/admin/assessment/instrument/{shipped.pk}/change/").content.decode()
    [address] = re.findall(r'href="([^"]+)" class="viewsitelink"', content)
    assert admin_client.get(address).url.endswith(f"/instruments/{shipped.pk}/")


def test_schemes_are_offered_by_name_and_none_of_others(admin_client, shipped):
    stranger = make_user(Role.ADMIN)
    copy = instrument_copy(actor=stranger, instrument=shipped)
    Instrument.objects.filter(pk=copy.pk).update(code="rahasia")
    copy.refresh_from_db()
    instrument_publish(actor=stranger, instrument=copy)
    content = admin_client.get("/admin/assessment/schemeuse/add/").content.decode()
    assert re.findall(r'<option value="(kotaku|rahasia)"[^>]*>([^<]+)<', content) == [("kotaku", shipped.name_id)]


def test_assessments_are_read_only_and_of_the_own_organisation(admin_client, admin):
    own = make_group(make_user(organisation=admin.organisation))
    other = make_group()
    assess_groups(groups=Group.objects.all(), as_of=AS_OF)
    content = admin_client.get("/admin/assessment/assessment/").content.decode()
    assert own.name in content
    assert other.name not in content
    assert admin_client.get("/admin/assessment/assessment/add/").status_code == 403
    page = admin_client.get(f"/admin/assessment/assessment/{own.assessments.get().pk}/change/").content.decode()
    assert 'name="_save"' not in page
