"""Every dashboard shows the month that its filters end with: cards, lists, charts and files, not the latest figures."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from assessment.models import Instrument, Need
from assessment.selectors.signals import BITS
from assessment.selectors.snapshots import month_end
from assessment.services import instrument_copy, instrument_publish, snapshots
from finance.services import cash_count_settle
from groups.models import (
    ChangedGroup,
    Constitution,
    FacilitatorAssignment,
    Group,
    GroupStatus,
    Organisation,
    Role,
    User,
)
from groups.services import constitution_adopt
from tests.assessment.groups import bring_up_to_date, make_snapshot, make_staff, months_ago, stand
from tests.factories import count_cash, facilitator_of, make_group, make_member, make_user, make_village, save

pytestmark = pytest.mark.django_db

MONTH = months_ago(3)
END = month_end(MONTH)
THEN = f"end={MONTH:%Y-%m}"
TUNAS, KEMBANG = 0, 2


@pytest.fixture
def group(organisation) -> Group:
    """A group at Kembang three months ago, in another village, with another kind and more money than now."""
    facilitator = make_user(organisation=organisation, first_name="Rina")
    village = make_village("35.19.05.2003", "Jawa Timur", "Kabupaten Madiun", "Dolopo", "Suluk")
    group = make_group(facilitator, name="Anggrek", village=village, founded_on=date(2020, 1, 1))
    then = {
        "savings": 7_000_000, "balance": 900_000, "members": 9, "women": 4, "differences": 3,
        "village": make_village("12.01.01.2001", "Sumatera Utara", "Kabupaten Nias", "Idanogawo", "Bozihona"),
        "signals": BITS["terms_expired"], "signal_count": 1, "found": [["terms_expired", 1, 0, [], 0]],
    }  # fmt: skip
    stand(
        group, KEMBANG, MONTH, score=91, need=Need.LOW_ATTENDANCE.value, of_snapshot=then,
        indicators={"books": {"value": 1, "points": 14}},
    )  # fmt: skip
    group.snapshots.filter(month=MONTH).update(as_of=END)
    group.snapshot_scores.filter(month=MONTH).update(as_of=END)
    group.assessments.filter(as_of=MONTH).update(as_of=END)
    stand(group, TUNAS, score=12)
    return group


def page(client, route: str, query: str = ""):
    return client.get(f"/{route}/?{THEN}&{query}")


def file_of(client, route: str, query: str = "") -> str:
    return page(client, route, f"format=csv&{query}").content.decode("utf-8-sig")


class TestEveryPage:
    def test_stages(self, staff_client, group):
        shown = page(staff_client, "dashboard").context
        assert [count for _rule, count, _measured in shown["counts"]] == [0, 0, 1]
        assert [(row.score, row.as_of, row.village_name) for row, *_rest in shown["rows"]] == [(91, END, "Bozihona")]
        assert shown["frame"].summary.members == 9
        assert f",91,91,{END}," in file_of(staff_client, "dashboard")

    def test_needs(self, staff_client, group):
        shown = page(staff_client, "dashboard/needs").context
        assert [row.need for row, *_rest in shown["rows"]] == [Need.LOW_ATTENDANCE]
        assert "Attendance under 60%" in file_of(staff_client, "dashboard/needs")
        assert staff_client.get("/dashboard/needs/").context["rows"] == []

    def test_heat_map(self, staff_client, group):
        [(row, _cells)] = page(staff_client, "dashboard/heatmap").context["rows"]
        assert (row.score, row.as_of) == (91, END)
        assert [cell.points for cell in row.cells if cell.indicator.code == "books"] == [14]

    def test_ready_for_a_bank(self, staff_client, group):
        [(row, _stage, _reasons, _signals, health)] = page(staff_client, "dashboard/bank").context["rows"]
        assert (row.stage, health.balance) == ("KEMBANG", 900_000)
        assert staff_client.get("/dashboard/bank/").context["rows"] == []

    def test_comparison(self, staff_client, group):
        total = page(staff_client, "dashboard/compare").context["total"]
        assert (total.stages, total.savings, total.members) == ((0, 0, 1), 7_000_000, 9)
        assert "Sumatera Utara" in file_of(staff_client, "dashboard/compare")

    def test_comparison_of_those_who_accompanied_then(self, staff_client, group):
        FacilitatorAssignment.objects.update(started_on=date(2020, 1, 1), ended_on=END + timedelta(9))
        new = make_user(organisation=group.organisation, first_name="Dewi")
        FacilitatorAssignment.objects.create(group=group, facilitator=new, started_on=END + timedelta(9))
        assert file_of(staff_client, "dashboard/compare", "by=facilitator").splitlines()[1].startswith("Rina")

    def test_signals(self, staff_client, group):
        assert [row.name for row in page(staff_client, "dashboard/signals").context["rows"]] == ["Anggrek"]
        assert "KSM-" in file_of(staff_client, "dashboard/signals")
        assert staff_client.get("/dashboard/signals/").context["rows"] == []

    def test_quality(self, staff_client, group):
        assert page(staff_client, "dashboard/quality").context["left_open"].differences == 3
        assert staff_client.get("/dashboard/quality/").context["left_open"].differences == 0

    def test_portfolio(self, staff_client, group):
        assert page(staff_client, "portfolio").context["total"].savings == 7_000_000
        assert f"?on={END}" in page(staff_client, "portfolio").content.decode()

    def test_moves(self, staff_client, group):
        [row] = page(staff_client, "dashboard/moves/groups", "way=other").context["rows"]
        assert (row[0].score, row[0].as_of) == (91, END)

    def test_each_says_the_day(self, staff_client, group):
        for route in ("dashboard/needs", "dashboard/heatmap", "dashboard/bank", "dashboard/signals"):
            assert page(staff_client, route).context["frame"].as_of == END


def test_a_group_leads_to_its_score_of_that_day(staff_client, group):
    html = page(staff_client, "dashboard").content.decode()
    assert f'href="/g/{group.code}/assessment/{END}/"' in html
    assert f'href="/g/{group.code}/assessment/"' in staff_client.get("/dashboard/").content.decode()


def test_only_what_is_there_now_can_be_marked_as_looked_into(staff_client, group):
    now = {"signals": BITS["terms_expired"], "signal_count": 1, "found": [["terms_expired", 1, 0, [], 0]]}
    group.snapshots.filter(month=None).update(**now)
    group.snapshot_scores.filter(month=None).update(need=Need.LOW_ATTENDANCE.value)
    for route in ("dashboard/signals", "dashboard/needs"):
        assert "/assessment/review/" in staff_client.get(f"/{route}/").content.decode()
        assert "/assessment/review/" not in page(staff_client, route).content.decode()


def test_a_stage_is_that_of_the_month(staff_client, group):
    assert page(staff_client, "dashboard", "stage=KEMBANG").context["rows"]
    assert not page(staff_client, "dashboard", "stage=TUNAS").context["rows"]


def test_a_group_dissolved_since_belongs_to_the_month(staff_client, group):
    Group.objects.update(status=GroupStatus.DISSOLVED)
    assert page(staff_client, "dashboard").context["total"] == 1
    assert staff_client.get("/dashboard/").context["total"] == 0


def test_a_group_founded_since_does_not(staff_client, group):
    make_group(facilitator_of(group), name="Baru", founded_on=timezone.localdate())
    assert page(staff_client, "dashboard").context["total"] == 1


def test_groups_dormant_then_are_said_apart(staff_client, group):
    make_snapshot(group, MONTH, as_of=END, status=GroupStatus.DORMANT)
    response = page(staff_client, "dashboard")
    assert "1 group is dormant." in response.content.decode()
    assert [row.status_then for row, *_rest in response.context["rows"]] == ["DORMANT"]
    assert "Dormant" in file_of(staff_client, "dashboard")
    assert "dormant" not in staff_client.get("/dashboard/").content.decode()


def test_groups_being_formed_then_are_said_apart_and_lead_to_their_list(staff_client, group):
    make_snapshot(group, MONTH, as_of=END, status=GroupStatus.FORMING)
    content = page(staff_client, "dashboard").content.decode()
    assert "1 group is being formed." in content and "/groups/?status=FORMING" in content
    assert "being formed" not in staff_client.get("/dashboard/").content.decode()


class TestStagesOfAnEarlierVersion:
    """A stage that the scheme has no more keeps its name, and its groups are counted."""

    @pytest.fixture(autouse=True)
    def renamed(self, organisation, group):
        """The version that scores now has another highest stage."""
        admin = make_user(Role.ADMIN, organisation=organisation)
        copy = instrument_copy(actor=admin, instrument=Instrument.objects.get(code="kotaku", organisation=None))
        copy.rules.filter(stage="KEMBANG").update(stage="MEKAR", name_id="Mekar", name_en="In bloom")
        instrument_publish(actor=admin, instrument=copy)

    def test_on_the_cards_and_in_the_list(self, staff_client):
        shown = page(staff_client, "dashboard").context
        assert (shown["earlier"], shown["total"]) == ([("Kembang", 1)], 1)
        assert [label for _row, label, _reasons in shown["rows"]] == ["Kembang"]
        assert ",Kembang," in file_of(staff_client, "dashboard")

    def test_in_the_history_of_the_group(self, staff_client, group):
        group.assessments.filter(as_of=END).update(stage="KEMBANG", rank=KEMBANG)
        history = staff_client.get(f"/g/{group.code}/assessment/").context["history"]
        assert [(row.stage, name) for row, name in history] == [("KEMBANG", "Kembang")]

    def test_today_has_none(self, staff_client):
        assert staff_client.get("/dashboard/").context["earlier"] == []


class TestRecordsThatCameLater:
    """Of a past month a reader is told of records that count for it and are not in its figures, of no others."""

    TOLD = "1 group has records of this time that came later and are not counted yet."

    @pytest.mark.parametrize("changed_from", [END, END - timedelta(400)])
    def test_those_that_count_for_the_month(self, staff_client, group, changed_from):
        ChangedGroup.objects.update_or_create(group=group, defaults={"changed_from": changed_from})
        html = page(staff_client, "dashboard").content.decode()
        assert self.TOLD in html
        assert "Bring up to date" in html
        assert "newer records" not in html

    def test_those_of_later_days_change_nothing_of_it(self, staff_client, group):
        ChangedGroup.objects.update_or_create(group=group, defaults={"changed_from": END + timedelta(1)})
        html = page(staff_client, "dashboard").content.decode()
        assert self.TOLD not in html
        assert "Bring up to date" not in html
        assert "1 group has newer records." in staff_client.get("/dashboard/").content.decode()

    def test_bringing_the_month_up_to_date_takes_those_alone(self, staff_client, group):
        other = make_group(facilitator_of(group), founded_on=date(2020, 1, 1))
        make_snapshot(other, MONTH, as_of=END)
        for of, day in ((group, END), (other, END + timedelta(1))):
            ChangedGroup.objects.update_or_create(group=of, defaults={"changed_from": day})
        told = staff_client.post(f"/dashboard/score/?{THEN}", {"tab": "dashboard"}, follow=True)
        assert "1 group brought up to date." in told.content.decode()
        assert [changed.group for changed in ChangedGroup.objects.all()] == [other]


class TestMonthsWithoutFigures:
    """What was never written is not shown as nothing."""

    OLD = months_ago(61)

    @pytest.mark.parametrize("field", ["start", "end"])
    @pytest.mark.parametrize("route", ["dashboard", "portfolio", "dashboard/moves", "dashboard/quality"])
    def test_a_month_before_the_first_is_refused(self, staff_client, group, route, field):
        query = f"start={self.OLD:%Y-%m}&end={months_ago(58):%Y-%m}" if field == "start" else f"end={self.OLD:%Y-%m}"
        response = staff_client.get(f"/{route}/?{query}")
        html = response.content.decode()
        assert list(response.context["form"].errors) == [field]
        assert f"There are no figures of this month: they reach back to {months_ago(60):%B %Y}." in html
        assert "Nothing is shown" in html
        assert staff_client.get(f"/{route}/?{query}&format=csv").status_code == 400

    def test_a_list_of_such_a_month_leads_back(self, staff_client, group):
        address = f"/dashboard/month/?month={self.OLD:%Y-%m}&rank=1"
        assert staff_client.get(address).url == "/dashboard/"
        make_snapshot(group, self.OLD)
        assert staff_client.get(address).status_code == 200

    def test_the_first_month_is_shown(self, staff_client, group):
        shown = staff_client.get(f"/dashboard/?end={months_ago(60):%Y-%m}").context
        assert not shown["form"].errors
        assert shown["frame"].filters.start == months_ago(60)

    def test_an_older_month_of_which_there_are_figures_is_shown(self, staff_client, group):
        Group.objects.update(founded_on=date(2015, 1, 1))
        make_snapshot(group, self.OLD, as_of=month_end(self.OLD), members=7)
        shown = staff_client.get(f"/dashboard/?end={self.OLD:%Y-%m}").context
        assert shown["frame"].summary.members == 7

    def test_figures_of_groups_one_may_not_see_are_none(self, staff_client, group):
        make_snapshot(make_group(founded_on=date(2015, 1, 1)), self.OLD)
        assert staff_client.get(f"/dashboard/?end={self.OLD:%Y-%m}").context["form"].errors


@pytest.fixture
def written(organisation: Organisation, monkeypatch) -> Group:
    """A group whose last five months are written from its records."""
    monkeypatch.setattr(snapshots, "MONTHS", 5)
    group = make_group(make_user(organisation=organisation), name="Melati", founded_on=date(2020, 1, 1))
    save(make_member(group), 10_000, on=MONTH)
    return group


def test_what_was_open_in_a_month_is_written_for_it(written, client):
    count = count_cash(written, 500, on=MONTH)
    cash_count_settle(
        actor=facilitator_of(written),
        count=count,
        how="ketemu",
        on=END + timedelta(5),
        post_difference=False,
        key=uuid4(),
    )
    bring_up_to_date()
    client.force_login(make_staff(written))
    assert page(client, "dashboard/quality").context["left_open"].differences == 1
    assert [row.group for row in page(client, "dashboard/quality", "list=cash").context["page"]] == [written]
    assert client.get("/dashboard/quality/").context["left_open"].differences == 0


def test_rules_agreed_since_were_lacking_in_the_month(client, organisation, monkeypatch):
    monkeypatch.setattr(snapshots, "MONTHS", 5)
    empty = {rule.name: rule.get_default() for rule in Constitution.rule_fields()}
    group = make_group(make_user(organisation=organisation), founded_on=date(2020, 1, 1), rules=empty)
    agreed = Constitution(group=group, version=2, agreed_on=END + timedelta(3), wajib=5_000)
    constitution_adopt(actor=facilitator_of(group), group=group, constitution=agreed)
    bring_up_to_date()
    client.force_login(make_staff(group))
    assert page(client, "dashboard/quality").context["left_open"].without_rules == 1
    assert [row.pk for row in page(client, "dashboard/quality", "list=rules").context["page"]] == [group.pk]
    assert client.get("/dashboard/quality/").context["left_open"].without_rules == 0


def test_who_stopped_working_since_accompanied_the_group_in_the_month(written, client):
    bring_up_to_date()
    client.force_login(make_staff(written))
    client.cookies["django_language"] = "en"
    User.objects.filter(pk=facilitator_of(written).pk).update(is_active=False)
    FacilitatorAssignment.objects.update(started_on=date(2020, 1, 1))
    then = page(client, "dashboard/quality", "list=facilitators")
    assert then.context["left_open"].without_facilitator == 0
    assert not then.context["page"].object_list
    assert "as they are now" not in then.content.decode()
    now = client.get("/dashboard/quality/?list=facilitators")
    assert now.context["left_open"].without_facilitator == 1
    assert [row.pk for row in now.context["page"]] == [written.pk]
    assert "as they are now" in now.content.decode()
