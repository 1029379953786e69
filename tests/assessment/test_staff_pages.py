"""What all pages and files for staff have in common: refused filters, numbers of groups, names, months, prints."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from assessment.metrics import all_metrics
from assessment.models import SchemeUse
from assessment.views.frame import TABS
from finance.performance import UpkClass
from groups.models import FacilitatorAssignment, Group, GroupStatus, Role, User
from groups.selectors import facilitator_options
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, make_snapshot, months_ago, stand
from tests.factories import facilitator_of, make_group, make_user, make_village

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGES = [reverse(tab.route) for tab in TABS]
BEFORE = months_ago(3)


@pytest.fixture
def facilitator(organisation) -> User:
    return make_user(organisation=organisation, first_name="Rina", last_name="Wati")


@pytest.fixture
def group(facilitator) -> Group:
    group = make_kembang_minus_outside(
        facilitator, until=TODAY, name="Anggrek", code="QQ7XZ", village=make_village("35.19.05.2003")
    )
    bring_up_to_date()
    return group


def table(response) -> list[list[str]]:
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig"))))


def sheet(response):
    return load_workbook(BytesIO(response.content)).worksheets[0]


class TestWhatIsNoMore:
    """A filter that does not exist, or not any more, is refused; nothing else is shown in its place."""

    WRONG = (
        "facilitator=999999", "region=99", "kind=GAJAH", "stage=MEKAR", "scheme=gone", "organisation=999999",
        "end=9999-12", "end=0001-01", f"end={TODAY.year + 1}-01", "start=2026-13",
    )  # fmt: skip

    @pytest.mark.parametrize("query", WRONG)
    def test_on_pages_and_in_files(self, staff_client, group, query):
        for path in PAGES:
            response = staff_client.get(f"{path}?{query}")
            html = response.content.decode()
            assert response.status_code == 200
            assert response.context["form"].errors
            assert group.name not in html
            assert "Nothing is shown" in html
            file = staff_client.get(f"{path}?{query}&format={'xlsx' if path == PAGES[0] else 'csv'}")
            assert file.status_code == 400
            assert file["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize(
        "address",
        ["/dashboard/signals/?signal=gone", "/dashboard/needs/?reason=GONE", "/dashboard/heatmap/?sort=gone",
         "/dashboard/quality/?list=gone", "/dashboard/quality/?list=late&person=999999", "/dashboard/compare/?by=gone",
         "/portfolio/?table=gone", "/dashboard/?table=gone"],
    )  # fmt: skip
    def test_what_a_page_alone_asks_for(self, staff_client, group, address):
        response = staff_client.get(address)
        assert group.name not in response.content.decode()
        assert "does not exist any more" in response.content.decode()
        assert staff_client.get(f"{address}&format=csv").status_code == 400

    @pytest.mark.parametrize(
        ("query", "label"),
        [("scheme=gone", "Scheme"), ("organisation=987654", "Organisation"), ("signal=gone", "Signal")],
    )
    def test_it_says_which_choice_and_quotes_no_code(self, staff_client, group, query, label):
        html = staff_client.get(f"/dashboard/signals/?{query}").content.decode()
        assert f"{label}: this choice does not exist any more. Choose again." in html
        assert "“" not in html.partition("<main")[2].partition("</main>")[0]

    def test_a_facilitator_of_another_organisation(self, staff_client, group):
        other = make_user(first_name="Rahasia")
        make_group(other)
        assert staff_client.get(f"/dashboard/?facilitator={other.pk}&format=csv").status_code == 400

    def test_the_own_organisation_may_be_named(self, staff_client, group):
        assert not staff_client.get(f"/dashboard/?organisation={group.organisation_id}").context["form"].errors

    def test_a_scheme_that_is_used_no_more(self, staff_client, group):
        SchemeUse.objects.create(organisation=group.organisation, scheme="panca-sutra", is_primary=True)
        assert staff_client.get("/dashboard/?scheme=kotaku&format=csv").status_code == 400
        assert staff_client.get("/dashboard/?scheme=panca-sutra&format=csv").status_code == 200

    def test_in_the_list_of_groups(self, staff_client, group):
        assert group.name not in staff_client.get("/groups/?kind=GAJAH").content.decode()
        response = staff_client.get("/groups/file/?kind=GAJAH")
        assert response.headers["Location"] == "/groups/?kind=GAJAH"

    def test_in_a_book(self, staff_client, group):
        response = staff_client.get(f"/g/{group.code}/books/cash/?end=9999-12-31&format=csv")
        assert response.status_code in (400, 404)


class TestNumberOfGroups:
    """People know a group by its number and name; its code is for addresses."""

    def test_no_page_or_file_says_the_code(self, staff_client, group):
        stand_in_need(group)
        for path in (*PAGES, "/groups/", "/groups/file/?format=csv", "/dashboard/quality/?list=officers"):
            html = staff_client.get(path).content.decode()
            assert not [place for place in (f">{group.code}<", f"({group.code})", f"{group.code},") if place in html]
            if path in PAGES:
                assert group.code not in staff_client.get(f"{path}?format=csv").content.decode()

    @pytest.mark.parametrize(
        "tab", ["dashboard", "dashboard-needs", "dashboard-heatmap", "dashboard-signals", "portfolio"]
    )
    def test_pages_and_files_say_number_and_name(self, staff_client, group, tab):
        stand_in_need(group)
        html = staff_client.get(reverse(tab)).content.decode()
        assert group.number_shown in html
        assert group.name in html
        rows = table(staff_client.get(reverse(tab) + "?format=csv"))
        assert [row for row in rows if group.number_shown in row and group.name in row]


def stand_in_need(group: Group) -> None:
    """The newest figures of the group give a signal and a reason to help."""
    group.snapshots.filter(month=None).update(signals=1, signal_count=1, found=[["cash_always_agrees", 1, 0, [], 0]])
    group.snapshot_scores.filter(month=None).update(need=1)


class TestFilesOfGroups:
    """Every file with a group in each row says its number, its regency and its facilitator."""

    PATHS = (
        "/groups/file/", "/dashboard/", "/dashboard/needs/", "/dashboard/heatmap/", "/dashboard/signals/",
        "/dashboard/bank/", "/dashboard/moves/groups/?way=other", "/dashboard/final/", "/portfolio/",
        f"/portfolio/class/?ratio=lar_class&class={UpkClass.GOOD}", "/dashboard/quality/?list=officers",
    )  # fmt: skip

    @pytest.mark.parametrize("path", PATHS)
    def test_where_it_is_and_who_accompanies_it(self, staff_client, group, path):
        stand_in_need(group)
        group.snapshot_scores.filter(month=None).update(stage="KEMBANG", rank=2)
        group.snapshots.update(lar_class=UpkClass.GOOD)
        head, row, *_rest = table(staff_client.get(f"{path}{'&' if '?' in path else '?'}format=csv"))
        said = dict(zip(head, row, strict=True))
        assert said["Group number"] == group.number_shown
        assert (said["Group"], said["Regency or city"]) == ("Anggrek", str(group.village.parent.parent))
        assert said["Facilitator"] == "Rina Wati"
        assert group.code not in row

    def test_statements_do_not_grow(self, staff_client, facilitator, group):
        taken = []
        for _size in range(2):
            with CaptureQueriesContext(connection) as queries:
                staff_client.get("/dashboard/?format=csv")
            taken.append(len(queries))
            make_group(facilitator, name="Melati", village=make_village("35.19.05.2003"))
            bring_up_to_date()
        assert taken[0] == taken[1]

    def test_of_a_past_month_where_it_was_then(self, staff_client, group):
        then = make_village("12.01.01.2001", "Sumatera Utara", "Kabupaten Nias", "Idanogawo", "Bozihona")
        stand(group, 0, BEFORE, of_snapshot={"village": then})
        for path in ("/dashboard/", "/dashboard/final/"):
            head, row = table(staff_client.get(f"{path}?end={BEFORE:%Y-%m}&format=csv"))
            said = dict(zip(head, row, strict=True))
            assert (said["Village"], said["Regency or city"]) == ("Bozihona", "Kabupaten Nias")


class TestWhoWorksNoMore:
    """A facilitator who was deactivated is named as such wherever one is shown or chosen."""

    @pytest.fixture(autouse=True)
    def deactivated(self, group, facilitator):
        facilitator.is_active = False
        facilitator.save()

    def test_in_the_filters_as_long_as_groups_were_accompanied(self, staff_client, group, facilitator):
        make_user(organisation=group.organisation, first_name="Tanpa", is_active=False)
        staff = User.objects.get(role=Role.STAFF)
        assert facilitator_options(staff) == [(str(facilitator.pk), "Rina Wati (inactive)")]

    def test_on_the_pages(self, staff_client, group):
        stand_in_need(group)
        for path in ("/dashboard/needs/", "/dashboard/compare/?by=facilitator", f"/g/{group.code}/facilitators/",
                     f"/g/{group.code}/profile/"):  # fmt: skip
            assert "Rina Wati (inactive)" in staff_client.get(path).content.decode()

    def test_data_quality_lists_the_groups(self, staff_client, group):
        make_group(make_user(organisation=group.organisation), name="Terurus")
        bring_up_to_date()
        shown = staff_client.get("/dashboard/quality/?list=facilitators").context
        assert shown["left_open"].without_facilitator == 1
        assert [row.cells[0:3] for row in shown["table"].rows] == [
            ["Anggrek", group.number_shown, "Rina Wati (inactive)"]
        ]

    def test_nobody_at_all_is_no_working_facilitator(self, staff_client, group):
        FacilitatorAssignment.objects.update(ended_on=TODAY)
        rows = table(staff_client.get("/dashboard/quality/?list=facilitators&format=csv"))
        assert rows[1] == ["Anggrek", group.number_shown, "nobody", str(group.village.parent.parent)]

    def test_a_person_of_another_role_is_not(self, group):
        assert str(make_user(Role.STAFF, first_name="Sari", is_active=False)) == "Sari"


class TestMonths:
    @pytest.fixture(autouse=True)
    def months(self, group):
        for ago in (3, 2, 1):
            stand(group, 1, months_ago(ago))

    @pytest.mark.parametrize("path", ["/dashboard/", "/portfolio/"])
    def test_they_are_dates_in_files(self, staff_client, path):
        rows = list(sheet(staff_client.get(f"{path}?table=months&format=xlsx")).iter_rows(min_row=5, max_col=1))
        first = rows[0][0]
        assert (first.value.date(), first.number_format) == (BEFORE, "mmm yyyy")
        found = table(staff_client.get(f"{path}?table=months&format=csv"))
        assert [row[0] for row in found[1:4]] == [f"{months_ago(ago)}" for ago in (3, 2, 1)]

    def test_they_run_the_same_way_everywhere(self, staff_client, group):
        shown = [month.month for month in staff_client.get("/dashboard/").context["months"]]
        assert shown == sorted(shown)
        assert [row.cells[0] for row in staff_client.get("/portfolio/").context["months"].rows] == shown
        html = staff_client.get("/dashboard/").content.decode().partition("<tbody>")[2]
        first, last = (f"{months_ago(ago):%b %Y}" for ago in (3, 1))
        assert html.index(first) < html.index(last)


class TestFiles:
    def test_a_list_can_be_filtered_and_printed(self, staff_client, group):
        found = sheet(staff_client.get("/dashboard/compare/?format=xlsx"))
        assert found.page_setup.orientation == "landscape"
        assert found.freeze_panes == "A5"
        assert found.auto_filter.ref == f"A4:{found.cell(4, found.max_column).coordinate[:-1]}5"  # without the totals

    def test_counts_have_separators_and_numbers_of_things_none(self, staff_client, group):
        found = sheet(staff_client.get("/dashboard/compare/?format=xlsx"))
        assert found.cell(5, 2).number_format == "#,##0"

    def test_thousands_on_a_page(self, staff_client, group):
        make_snapshot(group, savings=12_345_678_901)
        html = staff_client.get("/dashboard/compare/").content.decode()
        assert "Rp\N{NO-BREAK SPACE}12.345.678.901" in html


class TestListOfGroups:
    def rows(self, client, query: str = ""):
        found = sheet(client.get(f"/groups/file/?{query}"))
        return found, [[cell.value for cell in row] for row in found.iter_rows(min_row=4)]

    def test_what_it_says_of_each(self, staff_client, group):
        found, (head, row) = self.rows(staff_client)
        said = dict(zip(head, row, strict=True))
        assert said["Group number"] == group.number_shown
        assert said["Group"] == "Anggrek"
        assert said["Regency or city"] == str(group.village.parent.parent)
        assert said["Facilitator"] == "Rina Wati"
        assert (said["Kind"], said["Status"], said["Stage"]) == ("Revolving loan", "Active", "Tumbuh")
        assert (said["Score"], said["Founded on"].date()) == (76, group.founded_on)
        assert found.page_setup.orientation == "landscape"
        assert found.freeze_panes == "A5"
        assert found.auto_filter.ref == "A4:O5"

    def test_it_is_of_the_same_search(self, staff_client, group):
        make_group(facilitator_of(group), name="Melati", status=GroupStatus.DORMANT)
        found, rows = self.rows(staff_client, "status=DORMANT")
        assert [row[1] for row in rows[1:]] == ["Melati"]
        assert found["A3"].value.endswith("Status: Dormant")

    def test_every_group_is_in_it_and_nobody_elses(self, staff_client, facilitator, group):
        make_group(name="Rahasia")
        for number in range(30):
            make_group(facilitator, name=f"K{number}")
        found = table(staff_client.get("/groups/file/?format=csv"))
        assert len(found) == 1 + 31
        assert "Rahasia" not in str(found)

    def test_a_facilitator_gets_the_own_groups(self, client, facilitator, group):
        make_group(make_user(organisation=group.organisation), name="Lain")
        client.force_login(facilitator)
        assert [row[1] for row in table(client.get("/groups/file/?format=csv"))[1:]] == ["Anggrek"]

    def test_statements_do_not_grow(self, staff_client, facilitator, group, django_assert_num_queries):
        with django_assert_num_queries(6):
            staff_client.get("/groups/file/")
        make_group(facilitator, name="Melati", village=make_village("35.19.05.2003"))
        with django_assert_num_queries(6):
            staff_client.get("/groups/file/")


def test_a_long_print_says_how_much_of_it_there_is(staff_client, facilitator):
    for number in range(27):
        make_group(facilitator, name=f"K{number:02}")
    for path in ("/dashboard/", "/groups/", "/portfolio/"):
        bring_up_to_date()
        assert "25 of 27 are printed here: page 1 of 2." in staff_client.get(path).content.decode()


def test_nobody_holds_more_meetings_than_were_agreed():
    said = all_metrics()["meeting_regularity"].sentence
    assert said({"held": 6, "expected": 5, "days": 182}) == (
        "5 of 5 agreed meetings held in 182 days · 1 more than agreed"
    )
    assert said({"held": 4, "expected": 5, "days": 182}) == "4 of 5 agreed meetings held in 182 days"


def test_ratios_name_their_standard(staff_client, group):
    for path in ("/portfolio/", "/dashboard/compare/", reverse("health", args=[group.code])):
        html = staff_client.get(path).content.decode()
        assert "PAR 30 (CGAP)" in html
        assert "UPK: the operating standard of PNPM Mandiri (2013)" in html
        assert not re.search(r">(PAR|LAR|RR|PAR 30)<", html)
