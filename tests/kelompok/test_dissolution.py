"""A group is dissolved: its books are settled first or a case stays open, and nothing is recorded afterwards."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from finance.ledger.errors import GroupDissolved, RuleBroken
from finance.models import Entry, EntryKind
from finance.selectors import left_to_settle
from groups import services
from groups.models import BankAccount, Constitution, Dissolution, Member, OfficerRole
from groups.selectors import status_of
from kelompok.services import dissolving
from meetings.models import Meeting
from tests.assessment.groups import make_staff
from tests.factories import (
    FOUNDED,
    ask,
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_user,
    repay,
    save,
    withdraw,
)
from tests.meetings.pages import errors, post_sheet, sign_in

pytestmark = pytest.mark.django_db
END = date(2025, 9, 2)
DAY = timedelta(1)


@pytest.fixture
def group():
    return make_group()


def dissolve(group, on=END, actor=None, **fields):
    record = {
        "place": "Balai desa", "present": "10 anggota", "reason": "anggota pindah", "division": "dibagi rata",
        "key": uuid.uuid4(), **fields,
    }  # fmt: skip
    return dissolving.group_dissolve(actor=actor or facilitator_of(group), group=group, on=on, **record)


def take_back(dissolution):
    return dissolving.dissolution_take_back(
        actor=facilitator_of(dissolution.group), dissolution=dissolution, reason="salah catat"
    )


def test_it_is_written_down_with_its_status(group):
    ended = dissolve(group)
    group.refresh_from_db()
    assert (group.status, ended.ended_on, ended.change.to_status) == ("DISSOLVED", END, "DISSOLVED")
    assert [status_of(group, as_of=day) for day in (END - DAY, END)] == ["ACTIVE", "DISSOLVED"]


def test_the_same_form_twice_is_one(group):
    key = uuid.uuid4()
    assert dissolve(group, key=key) == dissolve(group, key=key)
    with pytest.raises(ValidationError, match="already"):
        dissolve(group)


def test_books_that_are_not_settled_ask_why(group):
    save(make_member(group), 50_000)
    with pytest.raises(ValidationError) as refused:
        dissolve(group)
    assert list(refused.value.message_dict) == ["unsettled_why"]
    assert "50.000" in refused.value.messages[0]
    ended = dissolve(group, unsettled_why="bendahara pergi")
    assert ended.is_open_case
    assert left_to_settle([group.pk])[group.pk].savings == 50_000


def test_settled_books_are_no_case(group):
    member = make_member(group)
    save(member, 50_000)
    withdraw(member, 50_000)
    assert not dissolve(group, unsettled_why="tidak perlu").is_open_case


def test_not_before_what_books_and_minutes_hold(group):
    make_meeting(group, END + DAY)
    with pytest.raises(ValidationError) as refused:
        dissolve(group)
    assert list(refused.value.message_dict) == ["on"]
    dissolve(group, on=END + DAY)


def test_a_stranger_dissolves_nothing(group):
    with pytest.raises(PermissionDenied):
        dissolve(group, actor=make_user())


class TestAfterwards:
    @pytest.fixture
    def member(self, group):
        member = make_member(group, "Siti")
        save(member, 2_000_000)
        return member

    def test_no_money_is_recorded_but_what_was_before(self, group, member):
        withdraw(member, 2_000_000)
        dissolve(group)
        with pytest.raises(GroupDissolved, match="dissolved on 2 September 2025"):
            save(member, 1_000, on=END + DAY)
        save(member, 1_000, on=END - DAY)

    def test_an_open_case_is_settled_and_lends_nothing_new(self, group, member):
        loan = lend(member)
        ended = dissolve(group, unsettled_why="pinjaman macet")
        repay(loan, 118_000, on=END + DAY)
        withdraw(member, 10_000, on=END + DAY)
        with pytest.raises(GroupDissolved):
            lend(member, disbursed_on=END + DAY, first_due=END + timedelta(40))
        with pytest.raises(RuleBroken, match="dissolved"):
            ask(member, on=END + DAY)
        dissolving.dissolution_close_case(actor=make_staff(group), dissolution=ended, how="dihapus")
        with pytest.raises(GroupDissolved):
            repay(loan, 1_000, on=END + DAY)

    def test_staff_close_a_case(self, group, member):
        ended = dissolve(group, unsettled_why="macet")
        with pytest.raises(PermissionDenied):
            dissolving.dissolution_close_case(actor=facilitator_of(group), dissolution=ended, how="x")
        closed = dissolving.dissolution_close_case(actor=make_staff(group), dissolution=ended, how="dihapus")
        assert (closed.is_open_case, closed.case_closed_how) == (False, "dihapus")

    def test_nobody_joins_is_elected_or_agrees_rules(self, group):
        member, actor = make_member(group), facilitator_of(group)
        dissolve(group)
        group.refresh_from_db()
        late = END + DAY
        new = Member(name="Ani", gender="P", joined_on=late)
        account = BankAccount(group=group, bank="BRI", number="1", opened_on=late)
        rules = Constitution(version=2, agreed_on=late)
        for field, do in {
            "joined_on": lambda: services.member_register(actor=actor, group=group, member=new),
            "started_on": lambda: services.officers_elect(
                actor=actor, group=group, elected={OfficerRole.KETUA: member}, on=late
            ),
            "agreed_on": lambda: services.constitution_adopt(actor=actor, group=group, constitution=rules),
            "opened_on": lambda: services.bank_account_open(actor=actor, group=group, account=account, signatures=1),
        }.items():
            with pytest.raises(ValidationError) as refused:
                do()
            assert list(refused.value.message_dict) == [field]

    def test_no_meeting_is_recorded(self, group, member):
        dissolve(group, unsettled_why="macet")
        group.refresh_from_db()
        client = sign_in(group)
        refused = errors(post_sheet(client, group, held_on=END + DAY))
        assert "2 September 2025" in refused["held_on"][0]
        assert post_sheet(client, group, held_on=END - DAY).status_code == 302

    def test_the_database_refuses_it_too(self, group, member):
        dissolve(group, unsettled_why="macet")
        with pytest.raises(IntegrityError, match="meetings_meeting_after_end"), transaction.atomic():
            make_meeting(group, END + DAY)
        draft = make_meeting(group, END + DAY, status="DRAFT", closed_at=None)
        with pytest.raises(IntegrityError, match="meetings_meeting_after_end"), transaction.atomic():
            Meeting.objects.filter(pk=draft.pk).update(status="CLOSED", closed_at="2025-09-03T00:00:00Z", minutes={})
        entry = {"group": group, "number": 99, "kind": EntryKind.OTHER, "effective_on": END + DAY}
        Entry.objects.create(**entry, recorded_by=facilitator_of(group), key=uuid.uuid4())
        Dissolution.objects.update(
            case_closed_on=END, case_closed_how="x", case_closed_at="2025-09-03T00:00:00Z",
            case_closed_by=facilitator_of(group),
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="finance_entry_after_end"), transaction.atomic():
            Entry.objects.create(**entry | {"number": 100}, recorded_by=facilitator_of(group), key=uuid.uuid4())


class TestTakingBack:
    def test_the_group_is_as_it_was_from_that_day_on(self, group):
        member = make_member(group)
        take_back(dissolve(group))
        group.refresh_from_db()
        assert (group.status, status_of(group, as_of=END)) == ("ACTIVE", "ACTIVE")
        save(member, 1_000, on=END + DAY)

    def test_it_can_be_dissolved_again_and_the_first_stays(self, group):
        take_back(dissolve(group))
        dissolve(group, on=END + DAY)
        assert [row.taken_back_why for row in Dissolution.objects.order_by("pk")] == ["salah catat", ""]

    def test_twice_changes_nothing(self, group):
        ended = dissolve(group)
        take_back(ended)
        at = take_back(ended).taken_back_at
        assert Dissolution.objects.get().taken_back_at == at


class TestPages:
    def page(self, client, group, path, user=None, **data):
        client.force_login(user or facilitator_of(group))
        client.cookies["django_language"] = "en"
        address = f"/g/{group.code}/{path}"
        return client.post(address, data) if data else client.get(address)

    def test_a_group_is_dissolved_on_its_page(self, client, group):
        form = self.page(client, group, "dissolve/").context["form"]
        data = {
            "key": form["key"].value(), "on": "2025-09-02", "place": "Balai desa", "present": "Ani, Budi",
            "reason": "anggota pindah", "division": "dibagi rata",
        }  # fmt: skip
        assert "unsettled_why" not in form.fields
        assert "reason" in self.page(client, group, "dissolve/", **data | {"reason": ""}).context["form"].errors
        assert self.page(client, group, "dissolve/", **data).status_code == 302
        record = self.page(client, group, "dissolution/").content.decode()
        assert all(word in record for word in ("Balai desa", "Ani, Budi", "anggota pindah", "dibagi rata"))
        page = self.page(client, group, "").content.decode()
        assert "dissolved on 2 September 2025" in page
        assert "meetings/new/" not in page

    @pytest.mark.parametrize(
        ("asked", "day"), [("", END), (f"?held_on={END + DAY}", END), (f"?held_on={END - DAY}", END - DAY)]
    )
    def test_a_new_sheet_says_so_and_proposes_no_day_after_the_end(self, client, group, asked, day):
        make_member(group)
        dissolve(group)
        page = self.page(client, group, f"meetings/new/{asked}")
        assert "dissolved on 2 September 2025. A meeting held by then" in page.content.decode()
        assert page.context["sheet"].context.held_on == day

    def test_a_new_sheet_of_a_group_that_is_alive_says_nothing(self, client, group):
        make_member(group)
        assert "dissolved on" not in self.page(client, group, "meetings/new/").content.decode()

    def test_open_books_are_shown_and_ask_why(self, client, group):
        save(make_member(group), 50_000)
        response = self.page(client, group, "dissolve/")
        assert "50.000" in response.content.decode()
        data = {
            "key": response.context["form"]["key"].value(), "on": "2025-09-02", "place": "x", "present": "x",
            "reason": "x",
        }  # fmt: skip
        assert "unsettled_why" in self.page(client, group, "dissolve/", **data).context["form"].errors

    def test_a_case_stands_in_the_list_for_staff_until_it_is_closed(self, client, group):
        save(make_member(group), 50_000)
        dissolve(group, unsettled_why="bendahara pergi")
        staff = make_staff(group)
        client.force_login(staff)
        client.cookies["django_language"] = "en"
        page = client.get("/dashboard/quality/?list=cases")
        assert "Dissolved, not settled: 1" in page.content.decode()
        assert "50.000" in page.content.decode()
        assert self.page(client, group, "dissolution/close-case/", user=staff, how="dihapus").status_code == 302
        assert "Dissolved, not settled: 0" in client.get("/dashboard/quality/?list=cases").content.decode()

    def test_it_is_taken_back(self, client, group):
        dissolve(group)
        assert self.page(client, group, "dissolution/take-back/", reason="salah").status_code == 302
        assert "salah" in self.page(client, group, "dissolution/").content.decode()

    def test_of_a_group_that_is_alive_there_is_none(self, client, group):
        assert self.page(client, group, "dissolution/").status_code == 404
        boss = make_user("ADMIN", organisation=group.organisation)
        for path in ("dissolution/take-back/", "dissolution/close-case/"):
            assert self.page(client, group, path, user=boss).url == f"/g/{group.code}/"

    def test_the_profile_form_neither_dissolves_nor_revives(self, client, group):
        data = {"name": group.name, "kind": group.kind, "founded_on": FOUNDED.isoformat(), "status_reason": "x"}
        response = self.page(client, group, "edit/", **data, status="DISSOLVED")
        assert "status" in response.context["form"].errors
        dissolve(group)
        response = self.page(client, group, "edit/", **data, status="ACTIVE")
        assert "status" in response.context["form"].errors

    def test_statements_do_not_grow_with_the_cases(self, client, group):
        staff, counts = make_staff(group), []
        client.force_login(staff)
        for _round in range(2):
            for _number in range(3):
                other = make_group(facilitator_of(group))
                save(make_member(other), 1_000)
                dissolve(other, unsettled_why="x")
            with CaptureQueriesContext(connection) as queries:
                client.get("/dashboard/quality/?list=cases")
            counts.append(len(queries))
        assert counts[0] == counts[1]
