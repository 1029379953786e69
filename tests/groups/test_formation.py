"""Forming a group: six steps, the founding meeting, the day it becomes active, and reviving one that fell asleep."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups import selectors, services
from groups.models import (
    Constitution,
    FormationNote,
    FormationStep,
    Founding,
    Group,
    GroupStatus,
    Role,
)
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_user,
    make_village,
)

pytestmark = pytest.mark.django_db
NO_RULES = {"wajib": 0, "fine_late": 0, "loan_max_periods": 12, "missed_wajib": "ASKED"}
MARCH = date(2025, 3, 4)
TODAY = date(2025, 6, 3)


@pytest.fixture
def group(client):
    group = make_group(status=GroupStatus.FORMING, village=make_village(), place="Balai desa", rules=NO_RULES)
    client.force_login(facilitator_of(group))
    return group


def write(group, step, on=MARCH, **fields):
    if step == "START":
        fields = {"people": 5, "first_saving": 10_000, **fields}
    note = FormationNote(step=step, done_on=on, **{"text": f"tentang {step}", **fields})
    return services.formation_note_record(actor=facilitator_of(group), group=group, note=note)


def agree_rules(group):
    rules = Constitution(wajib=10_000, agreed_on=MARCH, version=2)
    services.constitution_adopt(actor=facilitator_of(group), group=group, constitution=rules)


def found(group, on=MARCH, **fields):
    founding = Founding(
        **{
            "held_on": on,
            "place": "Balai",
            "present": "kades",
            "activity": "Simpan pinjam",
            "address": "RT 2",
            **fields,
        }
    )
    return services.founding_record(actor=facilitator_of(group), group=group, founding=founding)


def finish(group):
    make_members(group, 3)
    agree_rules(group)
    for step in ("NEARBY", "PARTNERS", "START", "NAME", "MEETING"):
        write(group, step)
    return found(group)


def states(group, as_of=TODAY):
    return {state.step: state for state in selectors.formation_of([group], as_of=as_of)[group.pk]}


def done(group, as_of=TODAY):
    return [step.value for step, state in states(group, as_of).items() if state.is_done]


class TestSteps:
    def test_a_new_group_has_all_six_to_do(self, group):
        assert list(states(group)) == list(FormationStep)
        assert done(group) == []

    def test_a_step_is_done_from_the_day_it_was(self, group):
        write(group, "NAME")
        assert done(group, MARCH - timedelta(1)) == []
        assert done(group, MARCH) == ["NAME"]
        assert states(group)["NAME"].evidence == [group.name, "tentang NAME"]

    def test_the_rules_follow_from_the_records(self, group):
        agree_rules(group)
        assert done(group) == ["RULES"]
        assert states(group)["RULES"].done_on == MARCH

    def test_place_and_time_need_the_place_in_the_profile(self, group):
        write(group, "MEETING")
        assert done(group) == ["MEETING"]
        group.place = ""
        assert done(group) == []
        assert states(group)["MEETING"].missing

    def test_the_last_note_counts_and_a_withdrawn_one_gives_way_to_that_before(self, group):
        write(group, "NEARBY", text="satu")
        second = write(group, "NEARBY", text="dua")
        assert states(group)["NEARBY"].evidence == ["dua"]
        services.formation_note_withdraw(actor=facilitator_of(group), note=second, reason="keliru")
        assert states(group)["NEARBY"].evidence == ["satu"]
        assert [note.text for note in states(group)["NEARBY"].history] == ["dua", "satu"]

    def test_the_same_form_twice_is_one_note_and_other_words_are_refused(self, group):
        key = uuid.uuid4()
        first = write(group, "NAME", key=key)
        assert write(group, "NAME", key=key) == first
        with pytest.raises(services.FormUsed):
            write(group, "NAME", key=key, text="lain")

    def test_a_day_to_come_is_refused_one_before_the_group_is_not(self, group):
        write(group, "NEARBY", on=FOUNDED - timedelta(60))
        with pytest.raises(ValidationError):
            write(group, "NAME", on=timezone.localdate() + timedelta(1))

    def test_the_database_takes_no_note_of_the_rules_and_people_only_at_the_start(self, group):
        for wrong in (
            {"step": "RULES"},
            {"step": "NAME", "people": 3},
            {"step": "START"},
            {"step": "NAME", "text": ""},
        ):
            row = {"group": group, "done_on": MARCH, "text": "x", "recorded_by": facilitator_of(group), **wrong}
            with pytest.raises(IntegrityError), transaction.atomic():
                FormationNote.objects.create(**row)

    def test_statements_do_not_grow_with_the_groups(self, group):
        def count(groups):
            with CaptureQueriesContext(connection) as queries:
                selectors.steps_left(groups, as_of=TODAY)
            return len(queries)

        more = [make_group(facilitator_of(group), status=GroupStatus.FORMING) for _each in range(5)]
        assert count([group]) == count([group, *more]) == 3

    def test_somebody_else_may_not_write(self, group):
        with pytest.raises(PermissionDenied):
            services.formation_note_record(
                actor=make_user(), group=group, note=FormationNote(step="NAME", done_on=MARCH, text="x")
            )


class TestFounding:
    def test_all_done_the_group_is_active_from_the_day_of_its_founding(self, group):
        finish(group)
        services.group_found(actor=facilitator_of(group), group=group)
        group.refresh_from_db()
        assert group.status == GroupStatus.ACTIVE
        assert selectors.status_of(group, as_of=MARCH - timedelta(1)) == GroupStatus.FORMING
        assert selectors.status_of(group, as_of=MARCH) == GroupStatus.ACTIVE

    def test_a_second_time_changes_nothing(self, group):
        finish(group)
        for _time in range(2):
            services.group_found(actor=facilitator_of(group), group=group)
        assert group.status_changes.count() == 1

    def test_with_a_step_left_it_is_refused_with_its_name(self, group):
        finish(group)
        services.formation_note_withdraw(
            actor=facilitator_of(group), note=group.formation_notes.get(step="NAME"), reason="keliru"
        )
        with pytest.raises(ValidationError, match=str(FormationStep.NAME.label)):
            services.group_found(actor=facilitator_of(group), group=group)
        assert not group.status_changes.exists()

    def test_without_a_founding_meeting_it_is_refused(self, group):
        founding = finish(group)
        services.founding_withdraw(actor=facilitator_of(group), founding=founding, reason="belum jadi")
        with pytest.raises(ValidationError):
            services.group_found(actor=facilitator_of(group), group=group)

    def test_a_founding_withdrawn_lets_the_group_be_formed_again(self, group):
        founding = finish(group)
        services.group_found(actor=facilitator_of(group), group=group)
        for _time in range(2):
            services.founding_withdraw(actor=facilitator_of(group), founding=founding, reason="keliru")
        group.refresh_from_db()
        assert group.status == GroupStatus.FORMING
        assert selectors.founding_of(group) is None
        assert Founding.objects.get().withdrawn_why == "keliru"

    def test_a_group_that_was_active_all_along_stays_so(self):
        group = make_group()
        make_member(group)
        founding = found(group, FOUNDED)
        services.founding_withdraw(actor=facilitator_of(group), founding=founding, reason="keliru")
        group.refresh_from_db()
        assert group.status == GroupStatus.ACTIVE

    @pytest.mark.parametrize("on", [FOUNDED - timedelta(1), date(2999, 1, 1)])
    def test_a_day_before_the_group_or_to_come_is_refused(self, group, on):
        make_member(group)
        with pytest.raises(ValidationError) as refusal:
            found(group, on)
        assert list(refusal.value.message_dict) == ["held_on"]

    def test_nobody_founds_a_group_without_members(self, group):
        make_member(group, joined_on=MARCH + timedelta(1))
        with pytest.raises(ValidationError):
            found(group)

    def test_there_is_one_founding_and_the_same_form_is_one(self, group):
        make_member(group)
        key = uuid.uuid4()
        assert found(group, key=key) == found(group, key=key)
        with pytest.raises(ValidationError):
            found(group)

    def test_the_group_cannot_begin_after_its_founding(self):
        group = make_group()
        make_member(group, joined_on=MARCH)
        found(group)
        group.founded_on = MARCH + timedelta(1)
        make_later = Group.objects.filter(pk=group.pk)
        group.members.update(joined_on=MARCH + timedelta(2))
        with pytest.raises(ValidationError) as refusal:
            services.group_update(actor=facilitator_of(group), group=group)
        assert list(refusal.value.message_dict) == ["founded_on"]
        with pytest.raises(IntegrityError, match="keeps_founding"), transaction.atomic():
            make_later.update(founded_on=MARCH + timedelta(1))


class TestPages:
    def url(self, group, name, *args):
        return reverse(name, args=[group.code, *args])

    def post_note(self, client, group, step, **fields):
        data = {"key": uuid.uuid4(), "done_on": MARCH.isoformat(), "text": "dibicarakan", **fields}
        return client.post(self.url(group, "formation-step", step), data)

    def test_a_new_group_that_is_being_formed_goes_to_its_steps(self, client):
        client.force_login(make_user())
        response = client.post(reverse("group-create"), {
            "key": uuid.uuid4(), "name": "Anggrek", "kind": "REVOLVING", "status": "FORMING",
            "founded_on": FOUNDED.isoformat(), "every": "MONTH", "weekday": 1, "week": 1,
        })  # fmt: skip
        assert response.url == self.url(Group.objects.get(), "formation")

    def test_the_page_of_a_group_leads_to_what_is_left(self, client, group):
        content = client.get(self.url(group, "group")).content.decode()
        assert "tinggal 6 langkah" in content
        assert self.url(group, "formation") in content
        assert "Mulai dibentuk" in content

    def test_each_step_is_written_on_its_page(self, client, group):
        for step in ("nearby", "partners", "name", "meeting"):
            assert self.post_note(client, group, step).url == self.url(group, "formation")
        self.post_note(client, group, "start", people="5", first_saving="10rb")
        assert set(done(group)) == {"NEARBY", "PARTNERS", "START", "NAME", "MEETING"}
        content = client.get(self.url(group, "formation")).content.decode()
        assert "5 orang, simpanan pertama Rp\xa010.000 tiap orang" in content
        assert "Tinggal 1 langkah" in content

    @pytest.mark.parametrize(
        ("step", "field", "value"),
        [
            ("name", "done_on", "2999-01-01"), ("name", "done_on", "kemarin"), ("name", "text", " "),
            ("name", "text", "x" * 2001), ("start", "people", "0"), ("start", "people", "9" * 20),
            ("start", "people", "abc"), ("start", "first_saving", "-1"), ("start", "first_saving", "9" * 20),
            ("name", "key", "abc"),
        ],
    )  # fmt: skip
    def test_bad_input_is_told_at_its_field(self, client, group, step, field, value):
        fields = {"people": "5", "first_saving": "1000"} if step == "start" else {}
        response = self.post_note(client, group, step, **(fields | {field: value}))
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert not FormationNote.objects.exists()

    @pytest.mark.parametrize("step", ["rules", "other", "NAMES"])
    def test_a_step_that_nobody_writes_is_not_found(self, client, group, step):
        assert client.get(self.url(group, "formation-step", step)).status_code == 404

    def test_a_note_of_another_group_is_not_found(self, client, group):
        other = make_group(facilitator_of(group))
        note = write(other, "NAME", on=FOUNDED)
        assert client.get(self.url(group, "formation-note-withdraw", note.pk)).status_code == 404

    def test_a_note_is_withdrawn_with_a_reason(self, client, group):
        note = write(group, "NAME")
        address = self.url(group, "formation-note-withdraw", note.pk)
        assert client.post(address, {"reason": ""}).status_code == 200
        assert done(group) == ["NAME"]
        client.post(address, {"reason": "keliru"})
        assert done(group) == []
        assert "keliru" in client.get(self.url(group, "formation")).content.decode()

    def test_groups_near_by_are_listed_those_of_the_village_and_kind_first(self, client, group):
        district = make_village("35.19.05.2004", "Jawa Timur", "Kabupaten Madiun", "Dolopo", "Candi")
        far = make_village("35.19.06.2001", "Jawa Timur", "Kabupaten Madiun", "Geger", "Uteran")
        own = facilitator_of(group)
        make_group(own, name="Jauh", village=far)
        make_group(own, name="Sekecamatan", village=district)
        make_group(own, name="Sedesa lain", village=group.village, kind="SOCIAL")
        make_group(own, name="Tidur", village=group.village, status=GroupStatus.DORMANT)
        make_group(own, name="Bubar", village=district, status=GroupStatus.DISSOLVED, kind="SOCIAL")
        make_group(make_user(organisation=group.organisation), name="Rahasia", village=group.village)
        make_group(name="Lembaga lain", village=group.village)
        response = client.get(self.url(group, "formation-step", "nearby"))
        near = response.context["near"]
        assert [other.name for other in near.groups] == ["Tidur", "Sedesa lain", "Sekecamatan", "Bubar"]
        assert near.hidden == 1
        content = response.content.decode()
        assert "Rahasia" not in content and "Lembaga lain" not in content
        assert reverse("group-revive", args=[near.groups[0].code]) in content

    def test_without_a_village_nothing_is_near(self, client):
        group = make_group(status=GroupStatus.FORMING)
        client.force_login(facilitator_of(group))
        assert not client.get(self.url(group, "formation-step", "nearby")).context["near"].is_known

    @pytest.mark.parametrize(
        ("name", "warns"), [("Sekar  Mawar", True), ("Sekar Mawar II", True), ("Sekar Mawur", True), ("Melati", False)]
    )
    def test_a_similar_name_near_by_is_warned_of(self, client, group, name, warns):
        Group.objects.filter(pk=group.pk).update(name="Sekar Mawar")
        make_group(facilitator_of(group), name=name, village=group.village)
        content = client.get(self.url(group, "formation-step", "name")).content.decode()
        assert ("namanya mirip" in content) is warns

    def test_the_founding_is_recorded_and_printed_with_members_and_officers_of_the_day(self, client, group):
        members = make_members(group, 3)
        make_officer(members[0], "KETUA", started_on=MARCH)
        make_member(group, "Datang kemudian", joined_on=MARCH + timedelta(1))
        data = {
            "key": uuid.uuid4(), "held_on": MARCH.isoformat(), "place": "Balai desa", "present": "Kepala desa",
            "activity": "Simpan pinjam", "address": "RT 2 RW 1",
        }  # fmt: skip
        assert client.post(self.url(group, "founding-record"), data).url == self.url(group, "founding")
        response = client.get(self.url(group, "founding"))
        content = response.content.decode()
        for text in ("Kepala desa", "Simpan pinjam", "RT 2 RW 1", members[2].name, group.name, "4 Maret 2025"):
            assert text in content
        assert "Datang kemudian" not in content
        assert [(term.role, term.member) for term in response.context["terms"]] == [("KETUA", members[0])]

    @pytest.mark.parametrize("field", ["held_on", "place", "present", "activity", "address"])
    def test_a_founding_lacks_nothing(self, client, group, field):
        make_member(group)
        data = {
            "key": uuid.uuid4(), "held_on": MARCH.isoformat(), "place": "Balai", "present": "x", "activity": "x",
            "address": "x", field: "",
        }  # fmt: skip
        response = client.post(self.url(group, "founding-record"), data)
        assert list(response.context["form"].errors) == [field]

    def test_without_a_founding_its_page_leads_to_the_steps(self, client, group):
        assert client.get(self.url(group, "founding")).url == self.url(group, "formation")

    def test_the_button_makes_the_group_active(self, client, group):
        finish(group)
        assert self.url(group, "group-found") in client.get(self.url(group, "formation")).content.decode()
        assert client.post(self.url(group, "group-found")).url == self.url(group, "group")
        group.refresh_from_db()
        assert group.status == GroupStatus.ACTIVE
        content = client.get(self.url(group, "group")).content.decode()
        assert "4 Maret 2025" in content and "Mulai dibentuk" not in content

    def test_before_all_is_done_there_is_no_button_and_a_post_says_why(self, client, group):
        make_member(group)
        found(group)
        assert self.url(group, "group-found") not in client.get(self.url(group, "formation")).content.decode()
        assert "Belum selesai" in client.post(self.url(group, "group-found"), follow=True).content.decode()

    def test_the_profile_makes_no_group_active_that_is_being_formed(self, client, group):
        form = client.get(self.url(group, "group-edit")).context["form"]
        assert [value for value, _label in form.fields["status"].choices] == ["FORMING", "DORMANT"]

    def test_staff_read_the_steps_and_write_none(self, client, group):
        client.force_login(make_user(Role.STAFF, organisation=group.organisation))
        content = client.get(self.url(group, "formation")).content.decode()
        assert self.url(group, "formation-step", "name") not in content


class TestList:
    def test_groups_being_formed_are_found_with_the_steps_left(self, client, group):
        write(group, "NAME")
        make_group(facilitator_of(group), name="Sudah jadi")
        response = client.get(reverse("group-list"), {"status": "FORMING"})
        assert [row.name for row in response.context["page"]] == [group.name]
        assert "5 langkah lagi" in response.content.decode()

    def test_the_file_has_the_steps_left(self, client, group):
        content = client.get(reverse("group-list-file"), {"format": "csv"}).content.decode()
        assert "Langkah pembentukan yang belum" in content

    def test_the_file_has_the_day_of_the_founding_meeting(self, client, group):
        finish(group)
        content = client.get(reverse("group-list-file"), {"format": "csv"}).content.decode()
        assert MARCH.isoformat() in content and FOUNDED.isoformat() not in content


class TestRevive:
    @pytest.fixture
    def sleeping(self, group):
        Group.objects.filter(pk=group.pk).update(status=GroupStatus.ACTIVE)
        group.refresh_from_db()
        services.group_status_change(
            actor=facilitator_of(group), group=group, status=GroupStatus.DORMANT, on=MARCH, reason="paceklik"
        )
        group.refresh_from_db()
        return group

    def test_it_is_active_again_from_the_day_with_the_reason(self, client, sleeping):
        assert (
            reverse("group-revive", args=[sleeping.code])
            in client.get(reverse("group", args=[sleeping.code])).content.decode()
        )
        data = {"status_on": "2025-05-01", "status_reason": "ketua baru"}
        assert client.post(reverse("group-revive", args=[sleeping.code]), data).status_code == 302
        sleeping.refresh_from_db()
        assert sleeping.status == GroupStatus.ACTIVE
        assert selectors.status_of(sleeping, as_of=date(2025, 4, 30)) == GroupStatus.DORMANT
        assert sleeping.status_changes.latest("pk").reason == "ketua baru"

    @pytest.mark.parametrize(
        ("field", "value"), [("status_on", "2024-12-31"), ("status_on", "2999-01-01"), ("status_reason", " ")]
    )
    def test_bad_input_is_told_at_its_field(self, client, sleeping, field, value):
        data = {"status_on": "2025-05-01", "status_reason": "ketua baru", field: value}
        response = client.post(reverse("group-revive", args=[sleeping.code]), data)
        assert list(response.context["form"].errors) == [field]

    def test_who_is_not_asleep_is_not_revived(self, client, group):
        assert client.get(reverse("group-revive", args=[group.code])).url == reverse("group", args=[group.code])

    def test_a_dissolved_group_is_not_revived(self, group):
        Group.objects.filter(pk=group.pk).update(status=GroupStatus.DISSOLVED)
        with pytest.raises(ValidationError):
            services.group_revive(actor=facilitator_of(group), group=group, on=MARCH, reason="x")
