"""The administration answers what nobody can have typed there, quickly and never with an error of ours."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from assessment.models import Instrument
from assessment.services import instrument_copy
from groups.models import Role, User
from tests.factories import PASSWORD, make_group, make_member

pytestmark = pytest.mark.django_db
MILLION = "1000000"


@pytest.fixture
def root(client):
    root = User.objects.create_superuser("root", password=PASSWORD, role=Role.ADMIN)
    client.force_login(root)
    return root


@pytest.fixture
def member():
    return make_member(make_group())


@pytest.mark.parametrize("page", ["changelist", "add", "change", "delete"])
@pytest.mark.parametrize("to_field", ["", "no_such", "name", "members"])
def test_a_field_that_cannot_be_pointed_at_is_a_bad_request(client, root, member, page, to_field):
    group = member.group
    for model, row in {"organisation": group.organisation, "user": root, "group": group, "member": member}.items():
        address = reverse(f"admin:groups_{model}_{page}", args=[row.pk] if page in ("change", "delete") else [])
        for popup in ({}, {"_popup": "1"}):
            shown = client.get(address, {"_to_field": to_field, **popup}).status_code
            assert shown in (400, 403) or (to_field == "" and shown == 200), address
            assert client.post(address, {"_to_field": to_field, **popup}).status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        {"name__regex": "("}, {"founded_on__year": "x"}, {"no_such__exact": "1"}, {"organisation__no_such": "1"},
        {"organisation__id__exact": "9" * 30}, {"pk__in": "x"}, {"o": "x"}, {"p": "-1"}, {"e": "1"}, {"_popup": "x"},
        {"q": "\0"}, {"kind__exact": ""}, {"all": "x"}, {"_facets": "x"}, {"recorded_at__gt": "gestern"},
    ],
    ids=lambda query: next(iter(query)),
)  # fmt: skip
@pytest.mark.parametrize("model", ["group", "member", "user", "signintry"])
def test_a_list_asked_for_oddly_is_no_error(client, root, member, model, query):
    answer = client.get(reverse(f"admin:groups_{model}_changelist"), query)
    assert answer.status_code in (200, 302, 400)


def test_saving_as_new_what_cannot_be_is_no_error(client, root, member):
    assignment = member.group.assignments.get()
    address = reverse("admin:groups_facilitatorassignment_change", args=[assignment.pk])
    assert client.post(address, {"_saveasnew": "1"}).status_code in (200, 400)


@pytest.mark.parametrize("page", ["add", "change"])
@pytest.mark.parametrize("prefix", ["indicators", "rules"])
def test_a_million_rows_below_an_instrument_are_refused_at_once(client, root, page, prefix):
    draft = instrument_copy(actor=root, instrument=Instrument.objects.filter(organisation=None).first())
    address = reverse(f"admin:assessment_instrument_{page}", args=[draft.pk] if page == "change" else [])
    shown = client.get(address)
    prefixes = [inline.formset.prefix for inline in shown.context["inline_admin_formsets"]]
    assert prefix in prefixes
    rows = {f"{name}-{count}_FORMS": "0" for name in prefixes for count in ("TOTAL", "INITIAL")}
    sent = {"code": "baru", "version": "1", "name_id": "Baru", **rows, f"{prefix}-TOTAL_FORMS": MILLION}
    started = time.process_time()
    answer = client.post(address, sent)
    assert time.process_time() - started < 1
    assert answer.status_code == 200
    problems = {one.formset.prefix: one.formset.non_form_errors() for one in answer.context["inline_admin_formsets"]}
    assert problems[prefix]
    assert draft.indicators.exists()


@pytest.mark.parametrize("model", ["indicator", "stagerule"])
def test_a_million_rows_below_a_part_are_refused_at_once(client, root, model):
    draft = instrument_copy(actor=root, instrument=Instrument.objects.filter(organisation=None).first())
    part = draft.indicators.first() if model == "indicator" else draft.rules.first()
    address = reverse(f"admin:assessment_{model}_change", args=[part.pk])
    prefix = client.get(address).context["inline_admin_formsets"][0].formset.prefix
    started = time.process_time()
    answer = client.post(address, {f"{prefix}-TOTAL_FORMS": MILLION, f"{prefix}-INITIAL_FORMS": MILLION})
    assert time.process_time() - started < 1
    assert answer.status_code == 200
    assert answer.context["inline_admin_formsets"][0].formset.non_form_errors()


ROWS = ["agenda", "loans", "other", "debts"]


@pytest.mark.parametrize("total", [MILLION, "9" * 5000, "-1", "x", ""])
@pytest.mark.parametrize("action", ["close", "draft", "more-loans", "check"])
@pytest.mark.parametrize("page", ["meetings/new", "books/opening"])
def test_a_million_rows_on_a_page_are_answered_at_once(client, root, member, total, action, page):
    group = member.group
    client.force_login(group.recorded_by)
    rows = {f"{name}-{count}_FORMS": total for name in ROWS for count in ("TOTAL", "INITIAL")}
    started = time.process_time()
    answer = client.post(f"/g/{group.code}/{page}/", {"action": action, "another": "9" * 5000, **rows})
    assert time.process_time() - started < 1
    assert answer.status_code in (200, 302, 400, 409, 422)
    assert answer.status_code != 302 or action == "draft"


def test_more_fields_than_any_page_has_are_refused_at_once(client, root, member, settings):
    group = member.group
    client.force_login(group.recorded_by)
    fields = {f"loans-{number}-amount": "1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    started = time.process_time()
    assert client.post(f"/g/{group.code}/meetings/new/", fields).status_code == 400
    assert time.process_time() - started < 1
