"""A second registration of the same person or group is warned of, and can be confirmed."""

import re
import uuid

import pytest
from django.urls import reverse

from groups.models import Group, Member, Role
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_user, make_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(client):
    group = make_group(name="Melati", village=make_village())
    client.force_login(facilitator_of(group))
    return group


def register(client, group, name="Siti Aminah", **fields):
    data = {"key": uuid.uuid4(), "name": name, "gender": "P", "joined_on": FOUNDED.isoformat(), **fields}
    return client.post(reverse("member-create", args=[group.code]), data)


def warning(response):
    return response.context["form"].errors.get("is_other") if response.status_code == 200 else None


class TestMembers:
    def test_a_new_name_is_registered_without_a_question(self, client, group):
        make_member(group, "Siti")
        assert "is_other" not in client.get(reverse("member-create", args=[group.code])).context["form"].fields
        assert register(client, group).status_code == 302

    def test_the_same_name_in_the_group_is_asked_about_and_may_be_confirmed(self, client, group):
        make_member(group, "SITI  AMINAH")
        assert warning(register(client, group))
        assert group.members.count() == 1
        assert register(client, group, is_other="on").status_code == 302
        assert group.members.count() == 2

    def test_who_left_is_not_asked_about(self, client, group):
        make_member(group, "Siti Aminah", left_on=FOUNDED)
        assert register(client, group).status_code == 302

    @pytest.mark.parametrize("near", ["village", "phone"])
    def test_the_same_name_and_village_or_phone_in_another_group_is_asked_about(self, client, group, near):
        village = group.village if near == "village" else None
        other = make_group(facilitator_of(group), name="Mawar", village=village)
        make_member(other, "Siti Aminah", phone="081234567890" if near == "phone" else "")
        (text,) = warning(register(client, group, phone="0812-3456-7890"))
        assert "Mawar" in text

    def test_neither_village_nor_phone_is_no_question(self, client, group):
        make_member(make_group(facilitator_of(group)), "Siti Aminah", phone="081111111111")
        assert register(client, group, phone="0812-3456-7890").status_code == 302

    def test_groups_of_another_organisation_are_not_looked_at(self, client, group):
        make_member(make_group(village=group.village), "Siti Aminah")
        assert register(client, group).status_code == 302

    @pytest.mark.parametrize("near", ["village", "phone"])
    def test_of_a_group_one_may_not_see_it_is_told_that_there_is_somebody(self, client, group, near):
        village = group.village if near == "village" else None
        hidden = make_group(make_user(organisation=group.organisation), name="Mawar", village=village)
        make_member(hidden, "SITI AMINAH", phone="081234567890" if near == "phone" else "")
        answer = register(client, group, phone="0812-3456-7890")
        (text,) = warning(answer)
        assert "kelompok lain lembaga ini" in text
        assert not {"Mawar", hidden.number_shown, "SITI"} & set(re.findall(r"\w+", answer.content.decode()))
        assert register(client, group, phone="0812-3456-7890", is_other="on").status_code == 302

    def test_a_group_one_may_see_is_named_first(self, client, group):
        hidden = make_group(make_user(organisation=group.organisation), name="Mawar", village=group.village)
        seen = make_group(facilitator_of(group), name="Kenanga", village=group.village)
        for other in (hidden, seen):
            make_member(other, "Siti Aminah")
        (text,) = warning(register(client, group))
        assert "Kenanga" in text

    def test_who_sees_all_groups_is_told_which(self, client, group):
        hidden = make_group(make_user(organisation=group.organisation), name="Mawar", village=group.village)
        make_member(hidden, "Siti Aminah")
        client.force_login(make_user(Role.ADMIN, organisation=group.organisation))
        (text,) = warning(register(client, group))
        assert "Mawar" in text

    def test_somebody_of_that_name_elsewhere_in_the_organisation_is_no_question(self, client, group):
        make_member(make_group(make_user(organisation=group.organisation)), "Siti Aminah")
        assert register(client, group).status_code == 302

    def test_the_same_form_sent_twice_is_one_member(self, client, group):
        key = uuid.uuid4()
        assert register(client, group, key=key).status_code == register(client, group, key=key).status_code == 302
        assert Member.objects.count() == 1


class TestGroups:
    def register(self, client, village, name="melati", **fields):
        data = {
            "key": uuid.uuid4(), "name": name, "kind": "REVOLVING", "founded_on": FOUNDED.isoformat(),
            "every": "MONTH", "weekday": 1, "week": 1, "bank_signatories": 0,
            "village_text": village.code if village else "", **fields,
        }  # fmt: skip
        return client.post(reverse("group-create"), data)

    def test_the_same_name_and_village_is_asked_about_and_may_be_confirmed(self, client, group):
        (text,) = warning(self.register(client, group.village))
        assert group.number_shown in text
        assert Group.objects.count() == 1
        assert self.register(client, group.village, is_other="on").status_code == 302
        assert Group.objects.count() == 2

    def test_a_colleague_s_group_is_asked_about_too(self, client, group):
        client.force_login(make_user(Role.FACILITATOR, organisation=group.organisation))
        assert warning(self.register(client, group.village))

    def test_of_a_group_one_may_not_see_the_number_is_not_told(self, client, group):
        client.force_login(make_user(Role.FACILITATOR, organisation=group.organisation))
        answer = self.register(client, group.village)
        assert warning(answer) == [
            "Rekan Anda sudah mendaftarkan kelompok dengan nama dan desa ini. Centang jika ini kelompok lain."
        ]
        assert group.number_shown not in answer.content.decode()

    def test_one_that_may_be_seen_is_named_first(self, client, group):
        own = make_user(Role.FACILITATOR, organisation=group.organisation)
        client.force_login(own)
        seen = make_group(own, name="Melati", village=group.village)
        (text,) = warning(self.register(client, group.village))
        assert seen.number_shown in text

    def test_another_village_another_name_or_another_organisation_is_not(self, client, group):
        assert self.register(client, make_village("35.19.05.2004", "Jawa Timur", "Kabupaten Madiun", "Dolopo", "Candi")
                             ).status_code == 302  # fmt: skip
        assert self.register(client, group.village, name="Mawar").status_code == 302
        client.force_login(make_user())
        assert self.register(client, group.village).status_code == 302

    def test_the_same_form_sent_twice_is_one_group(self, client, group):
        key = uuid.uuid4()
        for _time in range(2):
            assert self.register(client, group.village, name="Mawar", key=key).status_code == 302
        assert Group.objects.count() == 2
