"""Comparison of regions and facilitators: the figures, the levels of regions, and where a click leads."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import Assessment
from assessment.selectors.comparison import Compared
from groups.models import FacilitatorAssignment, Group, GroupKind, Role, User
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside
from tests.factories import (
    FOUNDED,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_organisation,
    make_user,
    make_village,
    save,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGE = "/dashboard/compare/"
MADIUN = ("Jawa Timur", "Kabupaten Madiun", "Dolopo")
NIAS = ("Sumatera Utara", "Kabupaten Nias", "Idanogawo", "Hiliduho")


@pytest.fixture
def organisation():
    return make_organisation()


@pytest.fixture
def rina(organisation) -> User:
    return make_user(organisation=organisation, first_name="Rina")


@pytest.fixture
def staff_client(client, organisation):
    client.force_login(make_user(Role.STAFF, organisation=organisation))
    client.cookies["django_language"] = "en"
    return client


def score() -> None:
    bring_up_to_date()


def show(client, query: str = ""):
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response


def rows(response) -> dict[str, list[object]]:
    return {row.cells[0]: list(row.cells[1:]) for row in response.context["table"].rows}


def addresses(response) -> dict[str, str]:
    return {row.cells[0]: row.url for row in response.context["table"].rows if row.url}


class TestFigures:
    def test_stages_scores_and_needs(self, staff_client, rina):
        village = make_village()
        make_kembang_minus_outside(rina, until=TODAY, village=village)
        make_group(rina, village=village)
        score()
        make_group(rina, village=village)
        tunas = Assessment.objects.get(rank=0).score
        groups, _dormant, *stages, never, mean, needing, savings, balance, par = rows(show(staff_client))["Jawa Timur"]
        assert (groups, stages, never) == (3, [1, 1, 0], 1)
        assert mean == round(Fraction(76 + tunas, 2))
        assert (needing, savings, balance, par) == (1, 0, 0, None)

    def test_savings_and_loans(self, staff_client, rina):
        group = make_group(rina, village=make_village())
        member = make_member(group)
        save(member, 900_000)
        lend(member, 600_000)
        score()
        assert rows(show(staff_client))["Jawa Timur"][-3:] == [900_000, 600_000, Fraction(1)]

    def test_members_and_women_stand_above_them(self, staff_client, rina):
        for region, gender in ((make_village(), "P"), (None, "L")):
            make_member(make_group(rina, village=region), gender=gender)
        score()
        assert "2 groups: 2 members, 1 of them women" in show(staff_client).content.decode()
        assert "1 group: 1 member, 1 of them women" in show(staff_client, "?region=35").content.decode()

    def test_the_total_is_of_all_rows(self, staff_client, rina):
        make_group(rina, village=make_village())
        make_group(rina)
        found = rows(show(staff_client))
        assert [found[name][0] for name in ("Jawa Timur", "Without a village", "All")] == [1, 1, 2]

    def test_chart_and_table_say_the_same(self, staff_client, rina):
        make_group(rina, village=make_village())
        score()
        html = show(staff_client).content.decode()
        assert "Jawa Timur: 1 group." in html
        assert "<title>Jawa Timur: Tunas 1</title>" in html

    def test_the_mean_of_none_is_none(self):
        nothing = Compared("", "", 2, 0, (0, 0, 0), 2, 0, 0, 0, 0, 0, 0, 0)
        assert (nothing.mean_score, nothing.par_30) == (None, None)


class TestRegions:
    @pytest.fixture(autouse=True)
    def groups(self, rina):
        make_group(rina, village=make_village("35.19.05.2003", *MADIUN, "Sukamaju"))
        make_group(rina, village=make_village("35.19.05.2004", *MADIUN, "Mekar"))
        make_group(rina, village=make_village("12.01.01.2001", *NIAS))

    @pytest.mark.parametrize(
        ("region", "names"),
        [
            ("", ["Jawa Timur", "Sumatera Utara"]),
            ("35", ["Kabupaten Madiun"]),
            ("35.19", ["Dolopo"]),
            ("35.19.05", ["Mekar", "Sukamaju"]),
            ("35.19.05.2003", ["Sukamaju"]),
        ],
    )
    def test_the_level_follows_the_filter(self, staff_client, region, names):
        assert [*rows(show(staff_client, f"?region={region}"))] == [*names, "All"]

    def test_a_click_goes_deeper_and_keeps_the_filters(self, staff_client):
        assert addresses(show(staff_client, "?kind=REVOLVING"))["Jawa Timur"] == f"{PAGE}?kind=REVOLVING&region=35"
        assert addresses(show(staff_client, "?region=35.19"))["Dolopo"] == f"{PAGE}?region=35.19.05"

    def test_a_village_leads_to_its_groups(self, staff_client):
        assert addresses(show(staff_client, "?region=35.19.05"))["Mekar"] == "/dashboard/?region=35.19.05.2004"

    def test_without_a_village_there_is_nowhere_to_go(self, staff_client, rina):
        make_group(rina)
        assert "Without a village" not in addresses(show(staff_client))


class TestFacilitators:
    def test_each_with_the_groups_of_today(self, staff_client, organisation, rina):
        budi = make_user(organisation=organisation, first_name="Budi")
        make_group(rina)
        both = make_group(rina)
        FacilitatorAssignment.objects.create(group=both, facilitator=budi, started_on=FOUNDED)
        finished = make_group(budi)
        finished.assignments.update(ended_on=TODAY)
        found = rows(show(staff_client, "?by=facilitator"))
        assert {name: cells[0] for name, cells in found.items()} == {
            "Budi": 1, "Rina": 2, "Without a facilitator": 1, "All": 3,
        }  # fmt: skip

    def test_a_click_narrows_to_the_facilitator(self, staff_client, rina):
        make_group(rina)
        assert addresses(show(staff_client, "?by=facilitator")) == {"Rina": f"{PAGE}?facilitator={rina.pk}"}

    def test_pages_of_25(self, staff_client, organisation):
        for _ in range(26):
            make_group(make_user(organisation=organisation))
        assert len(rows(show(staff_client, "?by=facilitator"))) == 25 + 1
        assert len(rows(show(staff_client, "?by=facilitator&page=2"))) == 1 + 1


class TestPage:
    def test_no_groups(self, staff_client):
        assert "No group fits these filters." in show(staff_client).content.decode()

    @pytest.mark.parametrize("query", ["?by=x", "?region=99.99", "?page=x", "?kind=X", "?facilitator=a"])
    def test_nonsense(self, staff_client, rina, query):
        make_group(rina, village=make_village())
        assert "Jawa Timur" in rows(show(staff_client, query))

    def test_filters(self, staff_client, rina):
        make_group(rina, village=make_village(), kind=GroupKind.SOCIAL)
        make_group(rina)
        assert rows(show(staff_client, "?kind=SOCIAL"))["All"][0] == 1
        score()
        make_group(rina, village=make_village())
        assert rows(show(staff_client, "?stage=NONE"))["All"][0] == 1

    def test_the_file_has_every_row(self, staff_client, organisation):
        for _ in range(26):
            make_group(make_user(organisation=organisation))
        text = staff_client.get(f"{PAGE}?by=facilitator&format=csv").content.decode("utf-8-sig")
        assert len(list(csv.reader(io.StringIO(text)))) == 1 + 26 + 1
        assert staff_client.get(f"{PAGE}?format=xlsx").headers["Content-Type"].endswith("sheet")

    def test_facilitators_are_refused(self, client, rina):
        client.force_login(rina)
        assert client.get(PAGE).status_code == 403


@pytest.mark.parametrize("by", ["region", "facilitator"])
class TestOtherOrganisations:
    def test_count_nowhere(self, staff_client, rina, by):
        stranger = make_kembang_minus_outside(until=TODAY, village=make_village("12.01.01.2001", *NIAS))
        member = make_member(stranger)
        save(member, 500_000)
        lend(member, 400_000)
        make_group(rina, village=make_village())
        score()
        found = rows(show(staff_client, f"?by={by}"))
        assert found["All"][0] == 1
        assert found["All"][-3:] == [0, 0, None]
        assert len(found) == 2
        text = staff_client.get(f"{PAGE}?by={by}&format=csv").content.decode()
        assert "Sumatera" not in text
        assert str(facilitator_of(stranger)) not in text

    def test_at_most_twelve_statements_at_any_size(self, staff_client, organisation, by):
        taken = []
        for size in (2, 20):
            while Group.objects.count() < size:
                number = Group.objects.count()
                village = make_village(f"35.19.05.{2000 + number}", *MADIUN, f"Desa {number}")
                make_kembang_minus_outside(
                    make_user(organisation=organisation), until=TODAY - timedelta(1), village=village
                )
            score()
            show(staff_client, f"?by={by}")  # works the figures out
            with CaptureQueriesContext(connection) as queries:
                show(staff_client, f"?by={by}&region=35.19.05&kind=REVOLVING&stage=TUMBUH")
            taken.append(len(queries))
        assert taken[0] == taken[1] <= 12


class TestNumbersLeadToTheirGroups:
    def test_of_a_region_and_of_all(self, staff_client, rina):
        make_group(rina, village=make_village("35.19.05.2003", *MADIUN))
        score()
        html = staff_client.get(f"{PAGE}?kind=REVOLVING").content.decode()
        asked = "/dashboard/?kind=REVOLVING"
        assert f'<a href="{asked}&amp;region=35&amp;stage=TUNAS">1</a>' in html
        assert f'<a href="{asked}&amp;stage=TUNAS">1</a>' in html
        assert f'<a href="{asked}&amp;region=35">1</a>' in html
        assert "stage=KEMBANG" not in html[html.index("<tbody>") :]

    def test_of_a_facilitator(self, staff_client, rina):
        make_group(rina)
        html = staff_client.get(f"{PAGE}?by=facilitator").content.decode()
        assert f'<a href="/dashboard/?facilitator={rina.pk}&amp;stage=NONE">1</a>' in html
        score()
        html = staff_client.get(f"{PAGE}?by=facilitator").content.decode()
        assert f'<a href="/dashboard/needs/?facilitator={rina.pk}">1</a>' in html

    def test_of_groups_without_a_village_no_filter_tells_them_apart(self, staff_client, rina):
        make_group(rina)
        html = staff_client.get(PAGE).content.decode()
        assert html.count('<a href="/dashboard/?stage=NONE">1</a>') == 2  # of all, on a wide screen and on a phone
