"""Data quality: late entry, open cash differences, forgotten drafts, groups without rules or officers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from openpyxl import load_workbook

from assessment.services import snapshots
from groups.models import Group, GroupKind, GroupStatus, OfficerRole, User
from groups.services import group_status_change
from meetings.models import Meeting
from tests.assessment.groups import bring_up_to_date
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_members,
    make_officer,
    make_user,
    make_village,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGE = "/dashboard/quality/"


@pytest.fixture
def facilitator(organisation) -> User:
    return make_user(organisation=organisation, first_name="Rina")


@pytest.fixture
def group(facilitator) -> Group:
    return make_group(facilitator, name="Anggrek")


@pytest.fixture(autouse=True)
def five_months(monkeypatch) -> None:
    monkeypatch.setattr(snapshots, "MONTHS", 5)


def hold(group: Group, days: int, *, ago: int = 60, **fields) -> Meeting:
    """A meeting some days ago, closed `days` later by the clock of Jakarta."""
    held_on = TODAY - timedelta(ago)
    closed_at = datetime.combine(held_on + timedelta(days), time(5), UTC)
    return make_meeting(group, held_on, closed_at=closed_at, **fields)


def make_draft(group: Group, ago: int, **fields) -> Meeting:
    held_on = TODAY - timedelta(ago)
    return make_meeting(group, held_on, status="DRAFT", closed_at=None, **fields)


def miss_cash(group: Group, expected: int, counted: int, ago: int = 5, **fields) -> None:
    group.cash_counts.create(
        counted_on=TODAY - timedelta(ago), expected=expected, counted=counted, explanation="kembalian",
        counted_by=facilitator_of(group), **fields,
    )  # fmt: skip


def show(client, query: str = ""):
    bring_up_to_date()
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response


def numbers(response) -> dict[str, int]:
    return {address.split("list=")[1].split("#")[0]: count for _title, count, address in response.context["numbers"]}


def listed(client, query: str) -> list[list[object]]:
    table = show(client, query).context["table"]
    return [list(row.cells) for row in table.rows] if table else []


class TestLateEntry:
    def test_classes_by_days(self, staff_client, group):
        for number, days in enumerate((0, 7, 8, 30, 31)):
            hold(group, days, ago=60 + number)
        total = show(staff_client).context["lateness"].total
        assert (total.counts, total.share) == ((2, 2, 1), Fraction(2, 5))

    def test_the_day_begins_at_midnight_in_jakarta(self, staff_client, group):
        held_on = TODAY - timedelta(60)
        make_meeting(group, held_on, closed_at=datetime.combine(held_on + timedelta(7), time(17), UTC))
        assert show(staff_client).context["lateness"].total.counts == (0, 1, 0)

    def test_by_month_of_the_meeting(self, staff_client, group):
        first = TODAY.replace(day=1) - timedelta(1)
        hold(group, 1, ago=(TODAY - first).days)
        hold(group, 20, ago=(TODAY - first.replace(day=1)).days + 1)
        months = show(staff_client).context["lateness"].by_month
        assert [lateness.counts for lateness in months.values()] == [(0, 1, 0), (1, 0, 0)]
        assert list(months)[1] == first.replace(day=1)

    def test_by_who_closed_them_the_latest_first(self, staff_client, organisation, group):
        hold(group, 1)
        hold(group, 20, ago=61, saved_by=make_user(organisation=organisation, first_name="Budi"))
        people = show(staff_client).context["lateness"].by_person
        assert [(name, lateness.counts) for _pk, name, lateness in people] == [("Budi", (0, 1, 0)), ("Rina", (1, 0, 0))]

    def test_a_correction_is_no_late_entry(self, staff_client, group):
        first = hold(group, 1, status="CORRECTED")
        hold(group, 50, number=first.number, version=2, corrects=first, reason="salah")
        assert show(staff_client).context["lateness"].total.counts == (1, 0, 0)

    def test_only_the_months_asked_for(self, staff_client, group, monkeypatch):
        monkeypatch.setattr(snapshots, "MONTHS", 14)
        hold(group, 20, ago=400)
        assert show(staff_client).context["lateness"].total.total == 0
        year = (TODAY - timedelta(400)).strftime("%Y-%m")
        assert show(staff_client, f"?start={year}&end={year}").context["lateness"].total.total == 1

    def test_the_list_names_the_meetings_the_latest_first(self, staff_client, group):
        hold(group, 8)
        hold(group, 40, ago=61)
        hold(group, 2, ago=62)
        rows = listed(staff_client, "?list=late")
        assert [(row[0], row[2], row[5]) for row in rows] == [("Anggrek", 2, 40), ("Anggrek", 3, 8)]
        assert f'href="/g/{group.code}/meetings/2/"' in show(staff_client, "?list=late").content.decode()

    def test_the_list_of_one_person(self, staff_client, organisation, group):
        budi = make_user(organisation=organisation, first_name="Budi")
        hold(group, 20)
        hold(group, 20, ago=61, saved_by=budi)
        assert [row[6] for row in listed(staff_client, f"?list=late&person={budi.pk}")] == ["Budi"]
        assert len(listed(staff_client, "?list=late&person=999999")) == 2

    def test_chart_and_table_say_the_same(self, staff_client, group):
        hold(group, 20)
        html = show(staff_client).content.decode()
        assert "0 of 1 in time" in html
        assert "<title>Rina: 8 to 30 days 1</title>" in html


class TestLeftToDo:
    def test_open_cash_differences(self, staff_client, group):
        miss_cash(group, 10_000, 9_000)
        miss_cash(group, 10_000, 10_500, ago=9)
        miss_cash(group, 10_000, 10_000)
        settled = {"settled_on": TODAY, "settled_by": facilitator_of(group), "settled_at": timezone.now()}
        miss_cash(group, 10_000, 1, settled_how="ketemu", **settled)
        found = show(staff_client).context["left_open"]
        assert (found.differences, found.missing, found.too_much) == (2, 1_000, 500)
        assert found.oldest == TODAY - timedelta(9)
        assert [row[3] for row in listed(staff_client, "?list=cash")] == [500, -1_000]

    def test_a_list_says_that_it_is_of_now_and_the_numbers_of_their_day(self, staff_client, group):
        bring_up_to_date(TODAY - timedelta(1))
        miss_cash(group, 10_000, 9_000)
        response = staff_client.get(f"{PAGE}?list=cash")
        assert (response.context["left_open"].differences, len(response.context["table"].rows)) == (0, 1)
        day = date_format(TODAY - timedelta(1))
        says = f"the records as they are now; the numbers above are as on {day}."
        assert says in response.content.decode()
        assert "as they are now" not in staff_client.get(PAGE).content.decode()

    def test_drafts_older_than_a_week(self, staff_client, group):
        make_draft(group, 8)
        make_draft(group, 7)
        assert numbers(show(staff_client))["drafts"] == 1
        assert [row[2] for row in listed(staff_client, "?list=drafts")] == [timezone.localdate() - timedelta(8)]

    def test_a_draft_without_a_date_is_as_old_as_its_first_saving(self, staff_client, group):
        draft = make_draft(group, 0)
        Meeting.objects.filter(pk=draft.pk).update(held_on=None)
        assert numbers(show(staff_client))["drafts"] == 0
        Meeting.objects.filter(pk=draft.pk).update(recorded_at=timezone.now() - timedelta(9))
        assert numbers(show(staff_client))["drafts"] == 1

    def test_groups_without_rules(self, staff_client, facilitator, group):
        make_group(
            facilitator,
            name="Bakung",
            rules={"wajib": 0, "missed_wajib": "ASKED", "fine_late": 0, "loan_max_periods": 12},
        )
        assert not Group.objects.get(name="Bakung").has_rules
        assert numbers(show(staff_client))["rules"] == 1
        assert [row[0] for row in listed(staff_client, "?list=rules")] == ["Bakung"]

    def test_a_term_that_ended_leaves_the_office_empty(self, staff_client, group):
        for member, role in zip(make_members(group, 3), OfficerRole, strict=True):
            make_officer(member, role)
        assert numbers(show(staff_client))["officers"] == 0
        group.officer_terms.filter(role=OfficerRole.KETUA).update(ended_on=TODAY)
        [row] = listed(staff_client, "?list=officers")
        assert row[2] == "Ketua (chair)"

    def test_groups_with_an_office_nobody_holds(self, staff_client, facilitator, group):
        full = make_group(facilitator, name="Bakung")
        for member, role in zip(make_members(full, 3), OfficerRole, strict=True):
            make_officer(member, role)
        make_officer(make_members(group, 1)[0], OfficerRole.KETUA)
        assert numbers(show(staff_client))["officers"] == 1
        [row] = listed(staff_client, "?list=officers")
        assert row[2] == "Sekretaris (secretary), Bendahara (treasurer)"

    def test_groups_being_formed_for_more_than_half_a_year(self, staff_client, facilitator, group):
        forming = {"status": GroupStatus.FORMING}
        make_group(facilitator, name="Bakung", founded_on=TODAY - timedelta(184), **forming)
        make_group(facilitator, name="Cempaka", founded_on=TODAY - timedelta(183), **forming)
        assert numbers(show(staff_client))["forming"] == 1
        [row] = listed(staff_client, "?list=forming")
        assert (row[0], row[2]) == ("Bakung", TODAY - timedelta(184))
        assert "Choose a name" in row[3] and "rules" not in row[3]

    def test_a_group_that_is_founded_since_is_not_among_them(self, staff_client, facilitator, group):
        began = TODAY - timedelta(300)
        made = make_group(facilitator, name="Bakung", founded_on=began, status=GroupStatus.FORMING)
        group_status_change(actor=facilitator, group=made, status=GroupStatus.ACTIVE, on=TODAY, reason="")
        assert numbers(show(staff_client))["forming"] == 0

    def test_pages_of_25(self, staff_client, facilitator):
        for _ in range(26):
            make_group(facilitator)
        assert len(listed(staff_client, "?list=officers")) == 25
        assert len(listed(staff_client, "?list=officers&page=2")) == 1


class TestPage:
    def test_nothing_to_show(self, staff_client):
        html = show(staff_client).content.decode()
        assert "No meeting of these months is closed." in html

    @pytest.mark.parametrize("kind", ["late", "cash", "drafts", "rules", "officers"])
    def test_an_empty_list(self, staff_client, kind):
        assert "None." in show(staff_client, f"?list={kind}").content.decode()

    @pytest.mark.parametrize(
        "query", ["?list=x", "?list=late&person=x", "?list=late&page=z", "?person=9999999999999999"]
    )
    def test_nonsense(self, staff_client, group, query):
        hold(group, 20)
        assert show(staff_client, query).context["lateness"].total.total == 1

    def test_filters(self, staff_client, facilitator, group):
        social = make_group(facilitator, name="Sosial", kind=GroupKind.SOCIAL, village=make_village("35.19.05.2003"))
        hold(group, 20)
        hold(social, 20)
        for query in ("?kind=SOCIAL", "?region=35.19", "?stage=TUNAS&kind=SOCIAL"):
            assert [row[0] for row in listed(staff_client, f"{query}&list=late")] == ["Sosial"]
        assert listed(staff_client, "?stage=NONE&list=late") == []

    def test_a_group_without_a_score_is_of_no_stage(self, staff_client, group):
        hold(group, 20)
        bring_up_to_date()
        group.snapshot_scores.all().delete()
        for stage, names in (("NONE", ["Anggrek"]), ("TUNAS", [])):
            context = staff_client.get(f"{PAGE}?stage={stage}&list=late").context
            assert [meeting.group.name for meeting in context["listed"].records()] == names
            assert context["listed"].count == len(names)

    def test_facilitators_are_refused(self, client, facilitator):
        client.force_login(facilitator)
        assert client.get(PAGE).status_code == 403

    def test_a_file_of_the_list_or_of_the_recorders(self, staff_client, group):
        hold(group, 20)
        bring_up_to_date()
        late = csv.reader(io.StringIO(staff_client.get(f"{PAGE}?list=late&format=csv").content.decode("utf-8-sig")))
        assert list(late)[1][:3] == ["Anggrek", group.number_shown, "1"]
        people = csv.reader(io.StringIO(staff_client.get(f"{PAGE}?format=csv").content.decode("utf-8-sig")))
        assert list(people)[1] == ["Rina", "0", "1", "0", "0.0"]
        assert staff_client.get(f"{PAGE}?list=late&format=xlsx").headers["Content-Type"].endswith("sheet")

    @pytest.mark.parametrize("key", ["cash", "drafts", "rules", "officers"])
    def test_a_file_of_what_is_open_is_of_the_end_of_the_months(self, staff_client, group, key):
        bring_up_to_date()
        file = staff_client.get(f"{PAGE}?list={key}&start=2025-01&end=2025-02&format=xlsx")
        assert "-2025-02-28." in file.headers["Content-Disposition"]
        sheet = load_workbook(io.BytesIO(file.content)).active
        said = [cell.value for row in sheet.iter_rows(max_row=6) for cell in row if isinstance(cell.value, str)]
        assert any(date_format(date(2025, 2, 28)) in text for text in said)


class TestOtherOrganisations:
    @pytest.fixture(autouse=True)
    def stranger(self) -> Group:
        stranger = make_group(
            name="Rahasia", rules={"wajib": 0, "missed_wajib": "ASKED", "fine_late": 0, "loan_max_periods": 12}
        )
        hold(stranger, 20)
        make_draft(stranger, 9)
        miss_cash(stranger, 10_000, 1)
        return stranger

    def test_in_no_number_or_chart(self, staff_client):
        response = show(staff_client)
        assert set(numbers(response).values()) == {0}
        assert response.context["month_chart"] is response.context["people_chart"] is None

    @pytest.mark.parametrize("kind", ["late", "cash", "drafts", "rules", "officers"])
    def test_in_no_list_or_file(self, staff_client, stranger, kind):
        query = f"?list={kind}&person={facilitator_of(stranger).pk}"
        assert listed(staff_client, query) == []
        assert "Rahasia" not in staff_client.get(f"{PAGE}{query}&format=csv").content.decode()


@pytest.mark.parametrize("kind", ["late", "cash", "drafts", "rules", "officers"])
def test_at_most_twelve_statements_at_any_size(staff_client, facilitator, kind):
    taken = []
    for size in (2, 30):
        while Group.objects.count() < size:
            group = make_group(
                facilitator, rules={"wajib": 0, "missed_wajib": "ASKED", "fine_late": 0, "loan_max_periods": 12}
            )
            hold(group, 20)
            make_draft(group, 9)
            miss_cash(group, 10_000, 1)
        bring_up_to_date()
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(f"{PAGE}?list={kind}&kind=REVOLVING&facilitator={facilitator.pk}")
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 12
