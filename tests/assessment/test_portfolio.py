"""The portfolio: savings and loans of all groups a person may see, by region and group by group."""

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from assessment.models import GroupSnapshot
from assessment.selectors.portfolio import listed
from assessment.services import snapshots
from groups.models import Group, Role
from tests.assessment.groups import bring_up_to_date, make_snapshot
from tests.factories import (
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_organisation,
    make_user,
    make_village,
    save,
)
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db

END = "2025-09"


@pytest.fixture
def staff():
    return make_user(Role.STAFF, organisation=make_organisation())


def group_of(user, *, lent=0, **fields):
    group = make_group(make_user(organisation=user.organisation), **fields)
    if lent:
        member = make_member(group)
        save(member, lent)
        lend(member, principal=lent, first_due=date(2025, 3, 4))
    return group


def portfolio(user, **query):
    if query.get("end", END) == END:
        bring_up_to_date(date(2025, 9, 30))
    return signed_in(user).get(reverse("portfolio"), {"end": END, **query})


def names(response):
    cells = [row.cells[0] for row in response.context["table"].rows[:-1]]
    return [f"{cell.value} {cell.note}" for cell in cells]


def test_groups_come_with_most_at_risk_first_and_a_total(staff):
    idle = group_of(staff, name="Anggrek", code="A1")
    small = group_of(staff, name="Bakung", code="B1", lent=100_000)
    large = group_of(staff, name="Cempaka", code="C1", lent=900_000)
    response = portfolio(staff)
    assert names(response) == [f"{group.name} {group.number_shown}" for group in (large, small, idle)]
    assert response.context["table"].rows[-1].cells[3] == 1_000_000
    assert response.context["figures"].lar == 1
    assert reverse("health", args=["C1"]) in response.content.decode()


def test_groups_with_as_much_at_risk_go_by_par_30_then_arrears_then_name(staff):
    by_name = ["Anggrek", "Bakung", "Cempaka", "Dahlia", "Edelweis"]
    groups = {name: group_of(staff, name=name) for name in by_name}
    for name, risk_30, late in [("Bakung", 0, 0), ("Cempaka", 0, 0), ("Dahlia", 0, 70), ("Edelweis", 300, 10)]:
        snapshot = make_snapshot(groups[name], balance=1000, risk_30=risk_30)
        snapshot.ageing.create(
            age=0, collectability=1, loans=1, borrowers=1, balance=1000, late_principal=late, late_fee=0
        )
    make_snapshot(groups["Anggrek"])
    found = [snapshot.group.name for snapshot in listed(GroupSnapshot.objects.all())]
    assert found == ["Edelweis", "Dahlia", "Bakung", "Cempaka", "Anggrek"]


def test_groups_of_other_organisations_count_nowhere(staff):
    group_of(make_user(Role.STAFF, organisation=make_organisation()), lent=500_000)
    response = portfolio(staff)
    assert names(response) == []
    assert response.context["figures"].balance == 0


def test_filters_narrow_rows_and_totals(staff):
    village = make_village()
    here = group_of(staff, name="Dahlia", code="D1", lent=100_000, village=village)
    group_of(staff, lent=900_000, kind="SOCIAL")
    for query in ({"region": "35.19"}, {"kind": "REVOLVING"}, {"facilitator": str(here.recorded_by_id)}):
        response = portfolio(staff, **query)
        assert names(response) == [f"Dahlia {here.number_shown}"]
        assert response.context["figures"].balance == 100_000


def test_savings_are_those_of_the_last_day_of_the_period(staff):
    group = group_of(staff)
    member = make_member(group)
    save(member, 30_000, on=date(2025, 9, 30))
    save(member, 50_000, on=date(2025, 10, 1))
    assert portfolio(staff).context["total"].savings == 30_000
    bring_up_to_date(date(2025, 10, 31))
    assert portfolio(staff, end="2025-10").context["total"].savings == 80_000


def test_the_day_is_today_in_the_current_month(staff):
    group_of(staff)
    assert portfolio(staff, end="").context["total"].as_of == timezone.localdate()


def test_groups_founded_after_the_last_day_were_not_there(staff):
    group = group_of(staff, name="Anggrek", founded_on=date(2025, 9, 30))
    group_of(staff, founded_on=date(2025, 10, 1))
    response = portfolio(staff)
    assert names(response) == [f"Anggrek {group.number_shown}"]
    assert response.context["total"].groups == 1


def test_groups_are_counted_by_class(staff):
    group_of(staff, lent=100_000)
    group_of(staff, lent=900_000)
    group_of(staff)
    response = portfolio(staff)
    classes = {name: tuple(count for _class, count, _url in of) for name, of in response.context["classes"]}
    assert (classes["LAR (UPK)"], classes["PAR (UPK)"]) == ((0, 0, 2), (0, 0, 2))
    assert "<title>LAR (UPK): Suspend (penundaan) 2</title>" in response.content.decode()


class TestClass:
    """The groups behind a number of the classes."""

    def listed(self, staff, **query):
        bring_up_to_date(date(2025, 9, 30))
        return signed_in(staff).get(reverse("portfolio-class"), {"end": END, "ratio": "par_class", **query})

    def test_a_number_leads_to_its_groups(self, staff):
        group_of(staff, name="Anggrek", code="A1", lent=100_000)
        group_of(staff, name="Bakung", code="B1")
        address = f"/portfolio/class/?end={END}&amp;ratio=par_class&amp;class=SUSPEND"
        assert f'<a href="{address}">1</a>' in portfolio(staff).content.decode()
        response = self.listed(staff, **{"class": "SUSPEND"})
        assert [figures.group.name for figures in response.context["page"]] == ["Anggrek"]
        assert reverse("health", args=["A1"]) in response.content.decode()
        assert "No group fits" in self.listed(staff, **{"class": "GOOD"}).content.decode()

    def test_groups_of_others_are_not_listed(self, staff):
        group_of(make_user(Role.STAFF, organisation=make_organisation()), lent=500_000)
        assert list(self.listed(staff, **{"class": "SUSPEND"}).context["page"]) == []

    def test_as_a_file(self, staff):
        group = group_of(staff, name="Anggrek", lent=100_000)
        text = self.listed(staff, **{"class": "SUSPEND", "format": "csv"}).content.decode("utf-8-sig")
        assert text.splitlines()[1] == f"Anggrek,{group.number_shown},1.0,,{facilitator_of(group)}"

    @pytest.mark.parametrize("query", [{}, {"class": "X"}, {"class": "GOOD", "ratio": "pk"}])
    def test_an_address_without_a_class_leads_back(self, staff, query):
        assert self.listed(staff, **query).url == f"/portfolio/?end={END}"


def test_regions_lead_deeper_and_name_those_without_a_village(staff):
    group_of(staff, lent=100_000, village=make_village())
    group_of(staff)
    rows = portfolio(staff).context["regions"].rows
    assert [list(row.cells[:4]) for row in rows] == [
        ["Jawa Timur", 1, 100_000, 100_000], ["Without a village", 1, 0, 0],
    ]  # fmt: skip
    assert [row.url for row in rows] == [f"/portfolio/?end={END}&region=35", ""]
    [district] = portfolio(staff, region="35.19").context["regions"].rows
    assert district.cells[0] == "Dolopo"


def test_regions_as_a_file(staff):
    group_of(staff, lent=100_000, village=make_village())
    group_of(make_user(Role.STAFF, organisation=make_organisation()), village=make_village("12.01.01.2001", "Sumatra"))
    text = portfolio(staff, format="csv", table="regions").content.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(StringIO(text))] == ["Region", "Jawa Timur"]


def test_without_groups_it_is_empty(staff):
    html = portfolio(staff).content.decode()
    assert "No group fits these filters." in html
    assert "by class" not in html


def test_a_wrong_filter_gets_a_message(staff):
    group_of(staff, name="Dahlia", code="D1")
    bring_up_to_date()
    response = portfolio(staff, kind="X", end="besok")
    assert response.status_code == 200
    assert "This choice does not exist any more" in response.content.decode()
    assert "Enter a valid month" in response.content.decode()
    assert "Dahlia" not in response.content.decode()


def test_the_file_has_every_group(staff):
    groups = [group_of(staff) for _ in range(30)]
    assert len(names(portfolio(staff))) == 25
    found = list(csv.reader(StringIO(portfolio(staff, format="csv").content.decode("utf-8-sig"))))
    assert len(found) == 1 + 30 + 1
    assert found[0][:2] == ["Group", "Group number"]
    assert {row[1] for row in found[1:-1]} == {group.number_shown for group in groups}


def test_statements_do_not_grow_with_the_groups(staff):
    def count():
        client = signed_in(staff)
        client.get(reverse("portfolio"))  # works the figures out
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("portfolio")).status_code == 200
        return len(queries)

    group_of(staff, lent=100_000)
    few = count()
    for _ in range(4):
        group_of(staff, lent=100_000)
    assert count() == few <= 12


def test_what_is_posted_shows_once_the_group_is_brought_up_to_date(staff):
    member = make_member(group_of(staff))
    save(member, 30_000, on=date(2025, 9, 1))
    assert portfolio(staff).context["total"].savings == 30_000
    save(member, 50_000, on=date(2025, 9, 2))
    response = signed_in(staff).get(reverse("portfolio"), {"end": END})
    assert (response.context["total"].savings, response.context["frame"].summary.changed) == (30_000, 1)
    assert portfolio(staff).context["total"].savings == 80_000


class TestMonths:
    @pytest.fixture(autouse=True)
    def three_months(self, monkeypatch):
        monkeypatch.setattr(snapshots, "MONTHS", 2)

    def months(self, staff, **query):
        table = portfolio(staff, start="2025-07", **query).context["months"]
        return [list(row.cells) for row in table.rows]

    def test_a_line_for_each_month(self, staff):
        group_of(staff, lent=100_000)
        july, august, september = self.months(staff)
        assert july == [date(2025, 7, 1), 1, 100_000, 100_000, 1]
        assert (august[0], september[0]) == (date(2025, 8, 1), date(2025, 9, 1))

    def test_a_group_counts_from_the_month_it_was_founded_in(self, staff):
        group_of(staff, lent=100_000)
        group_of(staff, founded_on=date(2025, 8, 2))
        assert [row[1] for row in self.months(staff)] == [1, 2, 2]

    def test_a_group_dissolved_later_still_counts_in_the_months_before(self, staff):
        group = group_of(staff, lent=100_000)
        recorded = {"from_status": "ACTIVE", "to_status": "DISSOLVED", "reason": "Selesai"}
        group.status_changes.create(changed_on=date(2025, 9, 3), recorded_by=group.recorded_by, **recorded)
        Group.objects.update(status="DISSOLVED")
        assert [row[:2] for row in self.months(staff)] == [[date(2025, 7, 1), 1], [date(2025, 8, 1), 1]]

    def test_they_are_drawn_and_come_as_a_file(self, staff):
        group_of(staff, lent=100_000)
        response = portfolio(staff, start="2025-08")
        assert response.context["month_chart"].title in response.content.decode()
        text = portfolio(staff, start="2025-08", format="csv", table="months").content.decode("utf-8-sig")
        assert [row[0] for row in csv.reader(StringIO(text))] == ["Month", "2025-08-01", "2025-09-01"]


def test_it_is_for_those_who_assess():
    assert portfolio(make_user(Role.FACILITATOR)).status_code == 403


class TestDay:
    """Balances are of a day, whatever the period; those of months are of the period."""

    @pytest.mark.parametrize(("table", "is_of_day"), [("regions", True), ("", True), ("months", False)])
    def test_the_file_says_of_when_its_figures_are(self, staff_client, facilitator, table, is_of_day):
        make_snapshot(make_group(facilitator))
        response = staff_client.get(f"/portfolio/?format=xlsx&table={table}")
        period = str(load_workbook(BytesIO(response.content)).worksheets[0]["A3"].value)
        assert period.startswith("as on ") == is_of_day
