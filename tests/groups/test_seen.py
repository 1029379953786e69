"""A page of a profile that was opened long ago writes over nothing that somebody else changed meanwhile."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from groups.models import Federation, Group, GroupStatusChange, Member, Partner, Role
from groups.services import group_status_change, group_update
from tests.factories import facilitator_of, make_group, make_member, make_user, make_village

pytestmark = pytest.mark.django_db
DAY = date(2025, 6, 3)


@pytest.fixture
def group():
    return make_group(name="Mawar", place="Balai desa", village=make_village())


@pytest.fixture
def browser(client, group):
    client.force_login(facilitator_of(group))
    return client


def edit_group(group):
    return reverse("group-edit", args=[group.code])


def edit_member(member):
    return reverse("member-edit", args=[member.group.code, member.pk])


def sent(page, **typed):
    """What a browser sends of the form on a page, with the fields that were `typed`."""
    values = {field.html_name: field.value() for field in page.context["form"]}
    return {name: value for name, value in (values | typed).items() if value is not None}


def fall_asleep(group):
    stored = Group.objects.get(pk=group.pk)
    group_status_change(actor=facilitator_of(group), group=stored, status="DORMANT", on=DAY, reason="ketua pindah")


def test_a_group_changed_meanwhile_is_told_at_its_fields_and_can_be_saved_over(browser, group):
    page = browser.get(edit_group(group))
    moved = make_village("32.04.05.2001", "Jawa Barat", "Kabupaten Bandung", "Cibeber", "Mekarsari")
    Group.objects.filter(pk=group.pk).update(place="Rumah Siti", village=moved)
    told = browser.post(edit_group(group), sent(page, name="Melati"))
    form = told.context["form"]
    assert told.status_code == 200
    assert form.non_field_errors()
    assert form.errors["place"][0].endswith("Rumah Siti")
    assert form.errors["village_text"][0].endswith(moved.path)
    assert form.errors["name"][0].endswith("Mawar")
    assert form["name"].value() == "Melati"
    assert Group.objects.get().place == "Rumah Siti"
    assert browser.post(edit_group(group), sent(told)).status_code == 302
    stored = Group.objects.get()
    assert (stored.name, stored.place, stored.village) == ("Melati", "Balai desa", group.village)


def test_a_status_changed_meanwhile_is_not_taken_back(browser, group):
    page = browser.get(edit_group(group))
    fall_asleep(group)
    told = browser.post(edit_group(group), sent(page, name="Melati"))
    assert "status" in told.context["form"].errors
    assert Group.objects.get().status == "DORMANT"


def test_a_member_changed_meanwhile_is_told_and_can_be_saved_over(browser, group):
    member = make_member(group, name="Siti", phone="081234567890")
    page = browser.get(edit_member(member))
    Member.objects.filter(pk=member.pk).update(phone="089876543210")
    told = browser.post(edit_member(member), sent(page, name="Siti Aminah"))
    assert told.status_code == 200
    assert told.context["form"].errors["phone"][0].endswith("089876543210")
    assert Member.objects.get().phone == "089876543210"
    assert browser.post(edit_member(member), sent(told)).status_code == 302
    stored = Member.objects.get()
    assert (stored.name, stored.phone) == ("Siti Aminah", "081234567890")


def test_the_same_page_sent_twice_is_saved(browser, group):
    data = sent(browser.get(edit_group(group)), name="Melati")
    assert [browser.post(edit_group(group), data).status_code for _ in range(2)] == [302, 302]
    member = make_member(group, name="Siti")
    data = sent(browser.get(edit_member(member)), name="Ani")
    assert [browser.post(edit_member(member), data).status_code for _ in range(2)] == [302, 302]


def test_what_is_not_of_the_profile_may_change_meanwhile(browser, group):
    page = browser.get(edit_group(group))
    Group.objects.filter(pk=group.pk).update(books_closed_through=DAY)
    assert browser.post(edit_group(group), sent(page, name="Melati")).status_code == 302


def test_a_group_read_before_another_wrote_keeps_the_status_stored_since(group):
    read_before = Group.objects.get()
    fall_asleep(group)
    read_before.place = "Rumah Siti"
    group_update(actor=facilitator_of(group), group=read_before)
    stored = Group.objects.get()
    assert (stored.place, stored.status) == ("Rumah Siti", "DORMANT")
    assert GroupStatusChange.objects.count() == 1


def test_a_year_that_somebody_changed_is_told_without_separators(browser, group):
    member = make_member(group, birth_year=1970)
    page = browser.get(edit_member(member))
    Member.objects.filter(pk=member.pk).update(birth_year=1973)
    answer = browser.post(edit_member(member), sent(page, birth_year="1971"))
    assert "1973" in str(answer.context["form"].errors["birth_year"])


class TestWhoChangedIt:
    """Each page of a profile says whether somebody else changed it, or the same person in another tab."""

    @pytest.fixture(params=["group", "member", "partner", "federation"])
    def page_of(self, request, group):
        """The address of the page, and the person at it, who administers what the page is about."""
        administrator = make_user(Role.ADMIN, organisation=group.organisation)
        owned = {"organisation": group.organisation, "recorded_by": administrator}
        partner = Partner.objects.create(name="Bank Mawar", kind="LENDER", **owned)
        federation = Federation.objects.create(name="Gabungan", founded_on=DAY, **owned)
        return {
            "group": lambda: edit_group(group),
            "member": lambda: edit_member(make_member(group, name="Siti")),
            "partner": lambda: reverse("partner-edit", args=[partner.pk]),
            "federation": lambda: reverse("federation-edit", args=[federation.pk]),
        }[request.param]()

    @pytest.fixture
    def ani(self, group):
        return self.browser_of(group)

    @pytest.fixture
    def budi(self, group):
        return self.browser_of(group)

    def browser_of(self, group):
        browser = Client()
        browser.force_login(make_user(Role.ADMIN, organisation=group.organisation))
        return browser

    def told(self, browser, page_of, *others):
        """What is told on a page that was opened before the others saved theirs."""
        page = browser.get(page_of)
        for name, other in zip(("Anggrek", "Bakung"), others, strict=False):
            assert other.post(page_of, sent(other.get(page_of), name=name)).status_code == 302
        answer = browser.post(page_of, sent(page, name="Cempaka"))
        assert answer.status_code in {200, 422}
        return answer.context["form"].non_field_errors()[0], answer

    def test_the_same_person_in_another_tab(self, ani, page_of):
        assert self.told(ani, page_of, ani)[0].startswith("Anda sendiri")

    def test_somebody_else(self, ani, budi, page_of):
        assert self.told(ani, page_of, budi)[0].startswith("Orang lain")

    def test_both(self, ani, budi, page_of):
        assert self.told(ani, page_of, ani, budi)[0].startswith("Orang lain")

    def test_what_was_told_once_counts_no_more(self, ani, budi, page_of):
        answer = self.told(ani, page_of, budi)[1]
        assert ani.post(page_of, sent(ani.get(page_of), name="Dahlia")).status_code == 302
        again = ani.post(page_of, sent(answer, name="Cempaka"))
        assert again.context["form"].non_field_errors()[0].startswith("Anda sendiri")

    def test_a_page_that_does_not_say_when_it_was_opened(self, ani, page_of):
        page = ani.get(page_of)
        assert ani.post(page_of, sent(page, name="Anggrek")).status_code == 302
        for opened in ("", "0000 ", "2026 "):
            seen = opened + page.context["form"]["seen"].value().rpartition(" ")[2]
            answer = ani.post(page_of, sent(page, name="Cempaka", seen=seen))
            assert answer.context["form"].non_field_errors()[0].startswith("Orang lain")
