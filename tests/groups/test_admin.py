"""The admin: an organisation's administrator sees, picks and makes only what belongs to it."""

from datetime import date

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from groups.models import FacilitatorAssignment, Group, Member, OfficerTerm, Organisation, Role, User
from tests.factories import (
    FOUNDED,
    PASSWORD,
    facilitator_of,
    make_group,
    make_member,
    make_officer,
    make_organisation,
    make_user,
)

pytestmark = pytest.mark.django_db
NIK = "3519054107850001"


def url(page, *args):
    return reverse(f"admin:groups_{page}", args=args)


@pytest.fixture
def own():
    """A member with everything of the administrator's organisation."""
    member = make_member(make_group(name="Mawar"), "Siti", phone="081234567890", nik=NIK)
    make_officer(member)
    return member


@pytest.fixture
def other():
    """The same of another organisation."""
    member = make_member(make_group(name="Anggrek"), "Ani")
    make_officer(member)
    return member


@pytest.fixture
def boss(client, own):
    boss = make_user(Role.ADMIN, organisation=own.group.organisation)
    client.force_login(boss)
    return boss


@pytest.fixture
def root(client):
    root = User.objects.create_superuser("root", password=PASSWORD, role=Role.ADMIN)
    client.force_login(root)
    return root


def rows(response):
    return set(response.context["cl"].result_list)


def tenant_objects(member):
    group = member.group
    return {
        "organisation": group.organisation,
        "user": facilitator_of(group),
        "group": group,
        "member": member,
        "facilitatorassignment": group.assignments.get(),
        "officerterm": group.officer_terms.get(),
        "constitution": group.rules,
    }


MODELS = ["organisation", "user", "group", "member", "facilitatorassignment", "officerterm", "constitution"]


@pytest.mark.parametrize("model", MODELS)
def test_lists_show_own_rows_only(client, boss, own, other, model):
    found = rows(client.get(url(f"{model}_changelist")))
    assert tenant_objects(own)[model] in found
    assert tenant_objects(other)[model] not in found


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["change", "history"])
def test_pages_of_other_organisations_do_not_open(client, boss, own, other, model, page):
    assert client.get(url(f"{model}_{page}", tenant_objects(own)[model].pk)).status_code == 200
    assert client.get(url(f"{model}_{page}", tenant_objects(other)[model].pk)).status_code == 302


@pytest.mark.parametrize("model", MODELS)
def test_posts_to_other_organisations_change_nothing(client, boss, own, other, model):
    stranger = tenant_objects(other)[model]
    before = type(stranger).objects.values().get(pk=stranger.pk)
    client.post(url(f"{model}_change", stranger.pk), {"name": "Taken", "username": "taken", "organisation": 1})
    assert type(stranger).objects.values().get(pk=stranger.pk) == before


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_deleted(client, root, own, model):
    assert client.get(url(f"{model}_delete", tenant_objects(own)[model].pk)).status_code == 403


@pytest.mark.parametrize("model", ["officerterm", "constitution"])
def test_history_is_read_only(client, root, own, model):
    assert client.get(url(f"{model}_add")).status_code == 403
    assert client.post(url(f"{model}_change", tenant_objects(own)[model].pk)).status_code == 403


def test_a_superuser_sees_all(client, root, own, other):
    assert rows(client.get(url("group_changelist"))) == {own.group, other.group}


@pytest.mark.parametrize("role", [Role.STAFF, Role.FACILITATOR])
def test_others_may_not_enter_even_if_marked_as_staff(client, own, role):
    user = make_user(role, organisation=own.group.organisation)
    client.force_login(user)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert client.get(url("group_changelist")).status_code == 403


def test_lists_show_neither_nik_nor_phone(client, boss, own):
    content = client.get(url("member_changelist")).content.decode()
    assert NIK not in content
    assert "081234567890" not in content


def test_list_filters_offer_own_people_only(client, boss, own, other):
    make_user(organisation=own.group.organisation, username="colleague")
    content = client.get(url("facilitatorassignment_changelist")).content.decode()
    assert "colleague" in content
    assert facilitator_of(other.group).username not in content


@pytest.mark.parametrize(
    ("model", "field"),
    [("facilitatorassignment", "group"), ("facilitatorassignment", "facilitator"), ("user", "member")],
)
def test_autocomplete_offers_own_rows_only(client, boss, own, other, model, field):
    response = client.get(
        reverse("admin:autocomplete"), {"app_label": "groups", "model_name": model, "field_name": field}
    )
    found = {result["id"] for result in response.json()["results"]}
    picks = {"group": "group", "facilitator": "user", "member": "member"}
    assert str(tenant_objects(own)[picks[field]].pk) in found
    assert str(tenant_objects(other)[picks[field]].pk) not in found


HUGE = "9" * 40
"""PostgreSQL compares it with an id, and SQLite cannot."""


@pytest.mark.parametrize("pk", ["abc", "1.5", ""])
def test_a_forged_selection_is_a_bad_request(client, boss, own, pk):
    form = {"action": "take_back", "_selected_action": pk}
    assert client.post(url("member_changelist"), form).status_code == 400


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("facilitatorassignment_add", {"group": "abc"}),
        ("group_changelist", {"founded_on__year": "-1"}),
    ],
)
def test_a_forged_address_is_a_bad_request(client, boss, own, page, query):
    assert client.get(url(page), query).status_code == 400


def test_a_forged_choice_is_a_bad_request(client, boss, own):
    form = {"group": "abc", "facilitator": facilitator_of(own.group).pk, "started_on": "2025-03-04", "ended_on": ""}
    assert client.post(url("facilitatorassignment_add"), form).status_code == 400


def test_a_number_too_large_for_an_id_is_none_of_ours(client, boss, own):
    assert client.get(url("group_changelist"), {"id__in": HUGE}).status_code in (200, 400)
    form = {"action": "take_back", "_selected_action": HUGE}
    assert client.post(url("member_changelist"), form).status_code in (302, 400)


def test_autocomplete_does_not_go_back_along_a_field(client, root, own):
    query = {"app_label": "groups", "model_name": "organisation", "field_name": "users"}
    assert client.get(reverse("admin:autocomplete"), query).status_code == 403


class TestAssignments:
    def test_an_assignment_is_called_by_its_people(self, client, boss, own):
        assignment = own.group.assignments.get()
        page = client.get(url("facilitatorassignment_change", assignment.pk)).content.decode()
        assert f"{assignment.facilitator} → {assignment.group}" in page

    def test_statements_do_not_grow_with_assignments(self, client, boss, own):
        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(url("facilitatorassignment_changelist"))
            return len(queries)

        before = count()
        for _number in range(5):
            make_group(make_user(organisation=own.group.organisation))
        assert count() == before

    def add(self, client, group, facilitator):
        form = {"group": group.pk, "facilitator": facilitator.pk, "started_on": "2025-03-04", "ended_on": ""}
        return client.post(url("facilitatorassignment_add"), form)

    def test_it_assigns(self, client, boss, own):
        assert self.add(client, own.group, make_user(organisation=boss.organisation)).status_code == 302

    def test_rows_of_other_organisations_are_no_valid_choice(self, client, boss, own, other):
        response = self.add(client, other.group, facilitator_of(other.group))
        assert set(response.context["adminform"].form.errors) == {"group", "facilitator"}

    def test_a_superuser_cannot_mix_organisations_either(self, client, root, own, other):
        response = self.add(client, own.group, facilitator_of(other.group))
        assert set(response.context["adminform"].form.errors) == {"facilitator"}

    def test_an_assignment_can_end_but_not_move(self, client, boss, own):
        assignment = FacilitatorAssignment.objects.get()
        colleague = make_user(organisation=boss.organisation)
        client.post(
            url("facilitatorassignment_change", assignment.pk),
            {"facilitator": colleague.pk, "started_on": FOUNDED, "ended_on": "2025-06-03"},
        )
        assignment.refresh_from_db()
        assert assignment.ended_on == date(2025, 6, 3)
        assert assignment.facilitator == facilitator_of(own.group)


class TestUsers:
    def add(self, client, **fields):
        form = {
            "username": "baru",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "role": "FACILITATOR",
            "member": "",
            **fields,
        }
        return client.post(url("user_add"), form)

    def change(self, client, user, **fields):
        form = {"username": user.username, "role": user.role, "member": user.member_id or "", "is_active": "on"}
        return client.post(url("user_change", user.pk), {**form, **fields})

    def test_a_new_user_is_of_the_own_organisation(self, client, boss, other):
        self.add(client, organisation=other.group.organisation.pk, is_superuser="on", is_staff="on")
        user = User.objects.get(username="baru")
        assert user.organisation == boss.organisation
        assert not user.is_superuser
        assert not user.is_staff

    def test_a_superuser_says_which_organisation(self, client, root):
        assert set(self.add(client).context["adminform"].form.errors) == {"organisation"}
        organisation = make_organisation()
        self.add(client, organisation=organisation.pk, role="ADMIN")
        user = User.objects.get(username="baru")
        assert (user.organisation, user.is_staff) == (organisation, True)

    def test_an_officer_needs_a_member_of_the_own_organisation(self, client, boss, own, other):
        assert self.add(client, role="OFFICER").context["adminform"].form.errors
        assert self.add(client, role="OFFICER", member=other.pk).context["adminform"].form.errors
        self.add(client, role="OFFICER", member=own.pk)
        assert User.objects.get(username="baru").member == own

    def test_a_superuser_cannot_give_an_officer_another_organisation(self, client, root, own, other):
        response = self.add(client, role="OFFICER", member=own.pk, organisation=other.group.organisation.pk)
        assert set(response.context["adminform"].form.errors) == {"member"}

    def test_changing_neither_moves_nor_lifts_a_user(self, client, boss, own, other):
        user = facilitator_of(own.group)
        response = self.change(
            client, user, organisation=other.group.organisation.pk, is_superuser="on", first_name="B"
        )
        assert response.status_code == 302
        user.refresh_from_db()
        assert (user.first_name, user.organisation, user.is_superuser) == ("B", boss.organisation, False)

    def test_nobody_takes_the_own_role_or_account_away(self, client, boss):
        url = reverse("admin:groups_user_change", args=[boss.pk])
        fields = client.get(url).context["adminform"].form.fields
        assert not {"role", "is_active"} & set(fields)
        client.post(url, {"username": boss.username, "first_name": "Sri", "role": Role.STAFF, "records_meetings": ""})
        boss.refresh_from_db()
        assert (boss.first_name, boss.role, boss.is_active) == ("Sri", Role.ADMIN, True)

    def test_the_role_decides_who_enters_the_admin(self, client, boss, own):
        user = facilitator_of(own.group)
        self.change(client, user, role="ADMIN")
        user.refresh_from_db()
        assert user.is_staff
        self.change(client, user, role="FACILITATOR")
        user.refresh_from_db()
        assert not user.is_staff

    @pytest.mark.parametrize("page", ["user_change", "auth_user_password_change"])
    def test_a_superuser_of_the_organisation_is_out_of_reach(self, client, boss, page):
        lord = make_user(Role.ADMIN, organisation=boss.organisation, is_superuser=True)
        name = f"admin:groups_{page}" if page == "user_change" else f"admin:{page}"
        assert client.get(reverse(name, args=[lord.pk])).status_code in (302, 404)
        client.post(reverse(name, args=[lord.pk]), {"password1": "other-pass-99", "password2": "other-pass-99"})
        lord.refresh_from_db()
        assert lord.check_password(PASSWORD)

    def test_passwords_of_other_organisations_are_out_of_reach(self, client, boss, other):
        user = facilitator_of(other.group)
        page = reverse("admin:auth_user_password_change", args=[user.pk])
        client.post(page, {"password1": "other-pass-99", "password2": "other-pass-99", "usable_password": "true"})
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


class TestCorrections:
    def test_a_group_keeps_its_organisation_and_code(self, client, boss, own, other):
        group = own.group
        form = {
            "name": "Kenanga", "kind": "SOCIAL", "status": "ACTIVE", "founded_on": FOUNDED,
            "organisation": other.group.organisation.pk, "code": "TAKEN",
        }  # fmt: skip
        assert client.post(url("group_change", group.pk), form).status_code == 302
        changed = Group.objects.get(pk=group.pk)
        assert (changed.name, changed.organisation, changed.code) == ("Kenanga", boss.organisation, group.code)

    def test_a_member_is_corrected_under_the_rules_of_the_site(self, client, boss, own):
        form = {"name": "Aminah", "gender": "P", "birth_year": "1800", "joined_on": FOUNDED, "phone": "1", "nik": "2"}
        response = client.post(url("member_change", own.pk), form)
        assert set(response.context["adminform"].form.errors) == {"birth_year", "phone", "nik"}
        client.post(url("member_change", own.pk), {**form, "birth_year": "", "phone": "0812 3456 7890", "nik": ""})
        assert Member.objects.values_list("name", "phone").get(pk=own.pk) == ("Aminah", "081234567890")

    def test_a_leaving_is_undone(self, client, boss, own, other):
        OfficerTerm.objects.update(ended_on=FOUNDED)
        Member.objects.update(left_on=FOUNDED)
        form = {"action": "take_back", "_selected_action": [own.pk, other.pk]}
        client.post(url("member_changelist"), form)
        assert list(Member.objects.filter(left_on=None)) == [own]

    def test_only_a_superuser_adds_organisations(self, client, boss):
        assert client.get(url("organisation_add")).status_code == 403
        client.force_login(User.objects.create_superuser("root", password=PASSWORD, role=Role.ADMIN))
        client.post(url("organisation_add"), {"name": "Yayasan Baru"})
        assert Organisation.objects.filter(name="Yayasan Baru").exists()


def test_the_audit_log_is_for_superusers(client, boss, own):
    page = reverse("admin:auditlog_logentry_changelist")
    assert client.get(page).status_code == 403
    client.force_login(User.objects.create_superuser("root", password=PASSWORD, role=Role.ADMIN))
    assert client.get(page).status_code == 200


def test_every_admin_of_a_tenant_keeps_to_its_organisation():
    """Whatever an app registers is bound to an organisation, shared on purpose, or for superusers alone."""
    from groups.admin import TenantAdmin

    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label in {"groups", "finance", "meetings", "assessment"}:
            assert isinstance(model_admin, TenantAdmin), model
            assert hasattr(model_admin, "organisation_path"), model


def test_taking_a_leaving_back_says_so(client, boss, own):
    left = make_member(own.group, "Tuti", left_on=FOUNDED)
    form = {"action": "take_back", "_selected_action": [left.pk]}
    client.cookies["django_language"] = "en"
    assert "Tuti is a member again." in client.post(url("member_changelist"), form, follow=True).content.decode()


def test_the_number_of_a_group_has_a_name_in_the_reader_s_language(client, own, boss):
    client.cookies["django_language"] = "id"
    for page in (url("group_changelist"), url("group_change", own.group.pk)):
        content = client.get(page).content.decode()
        assert "Nomor kelompok" in content
        assert "Number shown" not in content
