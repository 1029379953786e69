"""The administration writes under the lock, only what was changed, and never over what others wrote meanwhile."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessment.models import Instrument
from assessment.services import instrument_copy
from finance.ledger.errors import NotAllowed, RuleBroken
from finance.services import period_close
from groups import services
from groups.locked_admin import LockedAdmin
from groups.models import Constitution, Group, Member, Organisation, Role, User
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_officer, make_user, make_village
from tests.meetings.test_races import at_once

CLOSED = date(2025, 12, 31)


def url(model, pk):
    app = "assessment" if model == "instrument" else "groups"
    return reverse(f"admin:{app}_{model}_change", args=[pk])


@pytest.fixture
def group():
    group = make_group(name="Mawar", place="Balai desa")
    make_member(group, "Siti")
    return group


@pytest.fixture
def boss(group):
    return make_user(Role.ADMIN, organisation=group.organisation)


@pytest.fixture
def browser(boss):
    client = Client()
    client.force_login(boss)
    return client


def sent(page: Any, **typed: Any) -> dict[str, Any]:
    """What a browser sends of a page of the administration, with the fields that were `typed`."""
    formsets = [inline.formset for inline in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form]
    forms += [form for formset in formsets for form in (formset.management_form, *formset.forms)]
    data = {field.html_name: field.value() for form in forms for field in form}
    data |= {"_seen": page.context["seen"], "_key": page.context["key"]}
    return {name: value for name, value in (data | typed).items() if value is not None and value is not False}


def adopt(group, **rules):
    old = {field.name: getattr(group.rules, field.name) for field in Constitution.rule_fields()}
    agreed = Constitution(**(old | rules), agreed_on=FOUNDED, version=group.rules.version + 1)
    services.constitution_adopt(actor=facilitator_of(group), group=group, constitution=agreed)


def close(group):
    return period_close(actor=facilitator_of(group), group=group, through=CLOSED, key=uuid.uuid4())


def leave(member):
    services.member_leave(actor=facilitator_of(member.group), member=member, left_on=date(2026, 1, 6))


def change_place(group):
    stored = Group.objects.get(pk=group.pk)
    stored.place = "Rumah Siti"
    services.group_update(actor=facilitator_of(group), group=stored)


def save_while(monkeypatch, post, meanwhile):
    """Save in the administration, and do something else between reading the row and writing it."""
    is_read, is_done = threading.Event(), threading.Event()
    save_form = LockedAdmin.save_form

    def slow(self, *args, **kwargs):
        is_read.set()
        is_done.wait(0.7)
        return save_form(self, *args, **kwargs)

    def other():
        assert is_read.wait(20)
        meanwhile()
        is_done.set()
        return True

    monkeypatch.setattr(LockedAdmin, "save_form", slow)
    answer, is_other_done = at_once(post, other)
    assert is_other_done
    return answer


# With real threads


@pytest.mark.usefixtures("committed_db")
class TestAtTheSameMoment:
    def test_rules_agreed_while_a_group_is_saved_stay_in_force(self, monkeypatch, browser, group):
        page = browser.get(url("group", group.pk))
        answer = save_while(
            monkeypatch,
            lambda: browser.post(url("group", group.pk), sent(page, name="Melati")),
            lambda: adopt(group, wajib=25_000),
        )
        assert answer.status_code == 302
        stored = Group.objects.get()
        assert (stored.name, stored.rules.wajib) == ("Melati", 25_000)

    def test_a_period_closed_while_a_group_is_saved_stays_closed(self, monkeypatch, browser, group):
        page = browser.get(url("group", group.pk))
        answer = save_while(
            monkeypatch, lambda: browser.post(url("group", group.pk), sent(page, name="Melati")), lambda: close(group)
        )
        assert answer.status_code == 302
        stored = Group.objects.get()
        assert (stored.name, stored.books_closed_through) == ("Melati", CLOSED)

    def test_a_member_who_leaves_while_saved_has_left(self, monkeypatch, browser, group):
        member = Member.objects.get()
        page = browser.get(url("member", member.pk))
        answer = save_while(
            monkeypatch,
            lambda: browser.post(url("member", member.pk), sent(page, name="Siti Aminah")),
            lambda: leave(member),
        )
        assert answer.status_code == 302
        stored = Member.objects.get()
        assert (stored.name, stored.left_on) == ("Siti Aminah", date(2026, 1, 6))

    def test_a_password_set_while_a_person_is_saved_counts(self, monkeypatch, browser, group):
        person = facilitator_of(group)
        page = browser.get(url("user", person.pk))

        def set_password():
            stored = User.objects.get(pk=person.pk)
            stored.set_password("kunci-baru-sekali")
            stored.save(update_fields=["password"])

        answer = save_while(
            monkeypatch, lambda: browser.post(url("user", person.pk), sent(page, first_name="Rina")), set_password
        )
        assert answer.status_code == 302
        stored = User.objects.get(pk=person.pk)
        assert stored.first_name == "Rina"
        assert check_password("kunci-baru-sekali", stored.password)


# What changed since the page was opened


@pytest.mark.django_db
class TestSinceThePageWasOpened:
    def test_new_rules_and_a_closed_period_stay(self, browser, group):
        page = browser.get(url("group", group.pk))
        adopt(group, wajib=25_000)
        close(group)
        assert browser.post(url("group", group.pk), sent(page, name="Melati")).status_code == 302
        stored = Group.objects.get()
        assert (stored.name, stored.rules.wajib, stored.books_closed_through) == ("Melati", 25_000, CLOSED)

    def test_a_field_of_the_form_changed_meanwhile_is_told_and_can_be_saved_over(self, browser, group):
        page = browser.get(url("group", group.pk))
        change_place(group)
        told = browser.post(url("group", group.pk), sent(page, name="Melati", place="Lumbung"))
        form = told.context["adminform"].form
        assert told.status_code == 200
        assert form.non_field_errors()
        assert form.errors["place"][0].endswith("Rumah Siti")
        assert (form["name"].value(), form["place"].value()) == ("Melati", "Lumbung")
        stored = Group.objects.get()
        assert (stored.name, stored.place) == ("Mawar", "Rumah Siti")
        assert browser.post(url("group", group.pk), sent(told)).status_code == 302
        stored = Group.objects.get()
        assert (stored.name, stored.place) == ("Melati", "Lumbung")

    def test_a_field_that_only_another_changed_stays(self, browser, group):
        page = browser.get(url("group", group.pk))
        change_place(group)
        assert browser.post(url("group", group.pk), sent(page, name="Melati")).status_code == 302
        stored = Group.objects.get()
        assert (stored.name, stored.place) == ("Melati", "Rumah Siti")

    @pytest.mark.parametrize("model", ["member", "organisation", "user", "facilitatorassignment", "instrument"])
    def test_every_page_keeps_it(self, group, model):
        root = User.objects.create_superuser("root", role=Role.ADMIN)
        client = Client()
        client.force_login(root)
        if model == "instrument":
            copied = Instrument.objects.filter(organisation=None).first()
            instrument_copy(actor=root, instrument=copied)
        row, change = {
            "member": (Member.objects.get(), {"name": "Ani"}),
            "organisation": (Organisation.objects.first(), {"name": "Lain"}),
            "user": (facilitator_of(group), {"first_name": "Lain"}),
            "facilitatorassignment": (group.assignments.get(), {"started_on": date(2025, 2, 1)}),
            "instrument": (Instrument.objects.order_by("-pk").first(), {"name_id": "Lain"}),
        }[model]
        page = client.get(url(model, row.pk))
        type(row).objects.filter(pk=row.pk).update(**change)
        assert client.post(url(model, row.pk), sent(page)).status_code == 302
        row.refresh_from_db()
        assert {name: getattr(row, name) for name in change} == change

    def test_rows_below_that_changed_stay_too(self, group):
        root = User.objects.create_superuser("root", role=Role.ADMIN)
        client = Client()
        client.force_login(root)
        draft = instrument_copy(actor=root, instrument=Instrument.objects.filter(organisation=None).first())
        page = client.get(url("instrument", draft.pk))
        draft.indicators.filter(number=1).update(weight=77)
        assert client.post(url("instrument", draft.pk), sent(page)).status_code == 302
        assert draft.indicators.get(number=1).weight == 77

    def test_an_unchanged_page_is_saved(self, browser, group):
        page = browser.get(url("group", group.pk))
        assert browser.post(url("group", group.pk), sent(page)).status_code == 302


# The same page again


def messages(client, response):
    """What the page after a response says."""
    return [str(message) for message in client.get(response.url).context["messages"]]


@pytest.mark.django_db
class TestSentAgain:
    def test_the_same_content_twice_is_saved_already(self, browser, group):
        data = sent(browser.get(url("group", group.pk)), name="Melati")
        first = browser.post(url("group", group.pk), data)
        messages(browser, first)
        again = browser.post(url("group", group.pk), data)
        assert (again.status_code, again.url) == (302, first.url)
        assert messages(browser, again) == ["Ini sudah disimpan."]
        assert Group.objects.get().name == "Melati"
        assert LogEntry.objects.count() == 1

    def test_other_content_of_the_same_page_is_no_second_time(self, browser, group):
        page = browser.get(url("group", group.pk))
        browser.post(url("group", group.pk), sent(page, name="Melati"))
        told = browser.post(url("group", group.pk), sent(page, name="Kenanga"))
        assert told.context["adminform"].form.non_field_errors()
        assert Group.objects.get().name == "Melati"

    def test_what_somebody_else_changed_since_stays(self, browser, group):
        data = sent(browser.get(url("group", group.pk)), name="Melati")
        messages(browser, browser.post(url("group", group.pk), data))
        change_place(group)
        again = browser.post(url("group", group.pk), data)
        assert messages(browser, again) != ["Ini sudah disimpan."]
        assert Group.objects.get().place == "Rumah Siti"

    def test_what_somebody_else_changed_since_at_the_same_field_is_told(self, browser, group):
        data = sent(browser.get(url("group", group.pk)), name="Melati")
        browser.post(url("group", group.pk), data)
        Group.objects.update(name="Kenanga")
        told = browser.post(url("group", group.pk), data)
        assert told.status_code == 200
        assert told.context["adminform"].form.errors["name"][0].endswith("Kenanga")

    def test_what_somebody_else_saved_with_the_same_content_is_no_second_time(self, browser, group):
        data = sent(browser.get(url("group", group.pk)), name="Melati")
        browser.post(url("group", group.pk), data)
        other = Client()
        other.force_login(make_user(Role.ADMIN, organisation=group.organisation))
        assert messages(other, other.post(url("group", group.pk), data)) != ["Ini sudah disimpan."]

    def test_what_was_refused_can_be_sent_again(self, browser, group):
        data = sent(browser.get(url("group", group.pk)), status="DORMANT")
        assert browser.post(url("group", group.pk), data).status_code == 200
        told = browser.post(url("group", group.pk), data)
        assert told.status_code == 200
        assert "status_reason" in told.context["adminform"].form.errors

    @pytest.mark.parametrize(
        ("button", "then"), [("_save", "user_changelist"), ("_addanother", "user_add"), ("_continue", "user_change")]
    )
    def test_somebody_added_twice_is_there_once(self, browser, group, button, then):
        page = browser.get(reverse("admin:groups_user_add"))
        password = {"usable_password": "true", "password1": "kunci-rumah-23", "password2": "kunci-rumah-23"}
        data = sent(page, username="rina", role="FACILITATOR", **password) | {button: "Simpan"}
        assert browser.post(page.request["PATH_INFO"], data).status_code == 302
        again = browser.post(page.request["PATH_INFO"], data)
        added = User.objects.get(username="rina")
        assert again.url.startswith(reverse(f"admin:groups_{then}", args=[added.pk] if then == "user_change" else []))
        assert "Ini sudah disimpan." in messages(browser, again)

    @pytest.mark.parametrize("page", ["user_add", "organisation_add", "facilitatorassignment_add"])
    def test_every_page_says_which_it_is(self, group, page):
        client = Client()
        client.force_login(User.objects.create_superuser("root", role=Role.ADMIN))
        keys = [client.get(reverse(f"admin:groups_{page}")) for _time in range(2)]
        assert [f'name="_key" value="{key.context["key"]}"' in key.content.decode() for key in keys] == [True, True]
        assert keys[0].context["key"] != keys[1].context["key"]

    def test_a_row_below_added_twice_is_there_once(self, group):
        client = Client()
        client.force_login(User.objects.create_superuser("root", role=Role.ADMIN))
        draft = instrument_copy(actor=User.objects.get(username="root"), instrument=Instrument.objects.first())
        before = draft.rules.count()
        data = sent(client.get(url("instrument", draft.pk)))
        row = {"stage": "mekar", "name_id": "Mekar", "rank": before, "minimum_points": 99}
        data |= {f"rules-{before}-{name}": value for name, value in row.items()}
        data["rules-TOTAL_FORMS"] = before + 1
        answers = [client.post(url("instrument", draft.pk), data) for _time in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert draft.rules.count() == before + 1

    def test_the_history_of_a_row_says_what_was_changed_and_nothing_of_the_page(self, browser, group):
        browser.post(url("group", group.pk), sent(browser.get(url("group", group.pk)), name="Melati"))
        history = browser.get(reverse("admin:groups_group_history", args=[group.pk])).content.decode()
        assert "Nama berubah." in history
        assert LogEntry.objects.get().change_message not in history


@pytest.mark.usefixtures("committed_db")
class TestTwoClicksAtOnce:
    def both(self, browser, page, data):
        other = Client()
        other.cookies = browser.cookies
        answers = at_once(lambda: browser.post(page, data), lambda: other.post(page, data))
        assert [answer.status_code for answer in answers] == [302, 302]

    def test_a_change_is_saved_once_and_not_told_as_a_conflict(self, browser, group):
        self.both(browser, url("group", group.pk), sent(browser.get(url("group", group.pk)), name="Melati"))
        assert Group.objects.get().name == "Melati"
        assert LogEntry.objects.count() == 1

    def test_somebody_is_added_once(self, browser, group):
        page = reverse("admin:groups_facilitatorassignment_add")
        new = make_user(Role.FACILITATOR, organisation=group.organisation)
        data = sent(browser.get(page), group=group.pk, facilitator=new.pk, started_on="2026-01-06")
        self.both(browser, page, data)
        assert group.assignments.filter(facilitator=new).count() == 1


# What is refused


@pytest.mark.django_db
class TestRefusals:
    def test_what_a_service_refuses_stands_at_its_field(self, browser, group):
        member = Member.objects.get()
        make_officer(member)
        page = browser.get(url("member", member.pk))
        told = browser.post(url("member", member.pk), sent(page, joined_on="2025-06-03"))
        assert told.status_code == 200
        assert set(told.context["adminform"].form.errors) == {"joined_on"}
        assert Member.objects.get().joined_on == FOUNDED

    @pytest.mark.parametrize(
        ("refusal", "field"),
        [
            (NotAllowed("Buku sudah ditutup."), "__all__"),
            (RuleBroken("name", "Nama ini tidak boleh."), "name"),
            (RuleBroken("nowhere", "Ini tidak boleh."), "__all__"),
        ],
    )
    def test_what_the_books_refuse_stands_at_the_form_and_what_was_typed_stays(
        self, monkeypatch, browser, group, refusal, field
    ):
        page = browser.get(url("group", group.pk))

        def refuse(**_kwargs):
            raise refusal

        monkeypatch.setattr("groups.services.group_update", refuse)
        told = browser.post(url("group", group.pk), sent(page, name="Melati"))
        form = told.context["adminform"].form
        assert (told.status_code, form["name"].value()) == (200, "Melati")
        assert form.errors == {field: [str(refusal)]}
        assert Group.objects.get().name == "Mawar"

    def test_what_the_database_refuses_is_said_and_not_written(self, monkeypatch, browser, group):
        page = browser.get(url("group", group.pk))

        def refuse(**_kwargs):
            raise IntegrityError("group_books_closed")

        monkeypatch.setattr("groups.services.group_update", refuse)
        told = browser.post(url("group", group.pk), sent(page, name="Melati"))
        assert told.status_code == 200
        assert told.context["adminform"].form.non_field_errors()
        assert told.context["adminform"].form["name"].value() == "Melati"
        assert Group.objects.get().name == "Mawar"

    def test_a_status_is_changed_on_its_day(self, browser, group):
        page = browser.get(url("group", group.pk))
        typed = sent(page, status="DORMANT", status_on="2026-02-03", status_reason="Panen gagal")
        assert browser.post(url("group", group.pk), typed).status_code == 302
        assert Group.objects.get().status == "DORMANT"
        assert group.status_changes.get().changed_on == date(2026, 2, 3)


@pytest.mark.django_db
class TestDaysOfAGroup:
    """The administration goes by the clock at the group's place: half past midnight in Papua, half past ten in Java."""

    TODAY, TOMORROW = date(2026, 12, 1), date(2026, 12, 2)

    @pytest.fixture(autouse=True)
    def half_past_midnight_in_papua(self, monkeypatch, browser, group):
        village = make_village("91.03.01.2001", "Papua", "Jayapura", "Sentani", "Yobeh")
        Group.objects.filter(pk=group.pk).update(village=village)
        now = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    def join(self, browser, day):
        page = browser.get(url("member", Member.objects.get().pk))
        return browser.post(url("member", Member.objects.get().pk), sent(page, joined_on=day.isoformat()))

    def test_a_day_that_has_come_there_is_taken(self, browser):
        assert self.join(browser, self.TODAY).status_code == 302
        assert Member.objects.get().joined_on == self.TODAY

    def test_a_day_to_come_there_is_refused(self, browser):
        assert "joined_on" in self.join(browser, self.TOMORROW).context["adminform"].form.errors

    def test_the_day_of_a_status_too(self, browser, group):
        page = browser.get(url("group", group.pk))
        typed = sent(page, status="DORMANT", status_on=self.TODAY.isoformat(), status_reason="panen")
        assert browser.post(url("group", group.pk), typed).status_code == 302
        assert group.status_changes.get().changed_on == self.TODAY

    def test_today_is_the_latest_day_that_is_offered(self, browser, group):
        assert f'max="{self.TODAY}"' in browser.get(url("group", group.pk)).content.decode()

    def test_afterwards_the_clock_is_that_of_the_installation(self, browser, group):
        browser.get(url("group", group.pk))
        assert timezone.localdate() == date(2026, 11, 30)
