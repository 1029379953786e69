"""Numbers of one page that speak of the same groups: the stage chosen, and groups that were dissolved."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from assessment.models import AssessmentStatus
from groups.models import Group, GroupStatus, GroupStatusChange, User
from tests.assessment.groups import bring_up_to_date, make_assessment, make_snapshot, months_ago, stand
from tests.factories import make_group

pytestmark = pytest.mark.django_db

THIS_MONTH = months_ago(0)
THEN = months_ago(3)
MONTH = f"/dashboard/month/?month={THEN:%Y-%m}&rank=2"


@pytest.fixture
def two(facilitator: User) -> list[Group]:
    """Anggrek at Tunas and Bakung at Kembang, three months ago and now."""
    groups = [make_group(facilitator, name=name) for name in ("Anggrek", "Bakung")]
    for group, rank in zip(groups, (0, 2), strict=True):
        for month in (THEN, THIS_MONTH):
            stand(group, rank, month)
    return groups


def sheet(client: Client, path: str) -> list[list[object]]:
    response = client.get(f"{path}{'&' if '?' in path else '?'}format=xlsx")
    return [list(row) for row in load_workbook(BytesIO(response.content)).worksheets[0].values]


class TestStage:
    """A page names the stage chosen only where all that it shows is of that stage."""

    @pytest.mark.parametrize("path", ["/dashboard/moves/?", "/dashboard/moves/groups/?way=same&", f"{MONTH}&"])
    def test_a_page_of_all_stages_neither_names_nor_links_it(self, staff_client, two, path):
        page = staff_client.get(f"{path}stage=TUNAS")
        assert "Stage:" not in page.context["frame"].period
        assert "stage" not in page.context["form"].fields
        assert "Stage:" not in str(sheet(staff_client, f"{path}stage=TUNAS")[2][0])
        rows = page.content.decode().partition("<h1>")[2].partition("?format=")[0].partition("<tbody>")[2]
        assert "stage=TUNAS" not in rows.partition("</section>")[0]

    def test_the_stages_by_month_do_not_name_it(self, staff_client, two):
        page = staff_client.get("/dashboard/?stage=KEMBANG")
        assert page.context["total"] == 2
        assert "Stage:" not in page.context["frame"].period
        assert "Stage:" not in str(sheet(staff_client, "/dashboard/?stage=KEMBANG&table=months")[2][0])

    def test_its_list_names_it_and_so_does_the_file_of_it(self, staff_client, two):
        html = staff_client.get("/dashboard/?stage=KEMBANG").content.decode()
        assert "Stage: Kembang, groups that need help first" in html
        rows = sheet(staff_client, "/dashboard/?stage=KEMBANG")
        assert "Stage: Kembang" in str(rows[2][0])
        assert "Bakung" in str(rows)
        assert "Anggrek" not in str(rows)

    def test_without_a_stage_the_list_is_of_all(self, staff_client, two):
        html = staff_client.get("/dashboard/").content.decode()
        assert "All groups, those that need help first" in html
        assert "Stage:" not in str(sheet(staff_client, "/dashboard/")[2][0])

    @pytest.mark.parametrize("path", ["/dashboard/needs/", "/dashboard/final/"])
    def test_a_page_that_is_narrowed_to_it_names_it(self, staff_client, two, path):
        page = staff_client.get(f"{path}?stage=KEMBANG")
        assert "Stage: Kembang" in page.context["frame"].period


class TestDissolvedSinceItsSnapshot:
    @pytest.fixture
    def dissolved(self, two) -> Group:
        """Bakung, dissolved after its snapshot of today was written."""
        bring_up_to_date()
        GroupStatusChange.objects.create(
            group=two[1], from_status=two[1].status, to_status=GroupStatus.DISSOLVED, changed_on=two[1].founded_on,
            reason="Selesai", recorded_by=two[1].recorded_by,
        )  # fmt: skip
        Group.objects.filter(pk=two[1].pk).update(status=GroupStatus.DISSOLVED)
        return two[1]

    @pytest.mark.parametrize("path", ["/dashboard/", "/portfolio/", "/dashboard/needs/", "/dashboard/moves/"])
    def test_every_dashboard_says_that_it_has_newer_records(self, staff_client, dissolved, path):
        page = staff_client.get(path)
        assert page.context["frame"].summary.changed == 1
        assert "1 group has newer records." in page.content.decode()

    def test_its_members_are_not_counted(self, staff_client, dissolved):
        make_snapshot(dissolved, members=5, women=3)
        before = staff_client.get("/dashboard/").context["frame"].summary
        make_snapshot(dissolved, members=50, women=30)
        assert staff_client.get("/dashboard/").context["frame"].summary == before

    def test_the_button_brings_it_up_to_date(self, staff_client, dissolved):
        staff_client.post("/dashboard/score/", {"tab": "dashboard"})
        page = staff_client.get("/dashboard/")
        assert page.context["frame"].summary.changed == 0
        assert page.context["months"][-1].total == page.context["total"] == 1

    def test_nothing_is_said_without_newer_records(self, staff_client, two):
        bring_up_to_date()
        assert staff_client.get("/dashboard/").context["frame"].summary.changed == 0


class TestDissolvedBeforeAFinalMonth:
    @pytest.fixture
    def dissolved(self, two) -> Group:
        """Bakung, whose final score of a month stayed when it turned out that it was dissolved before its end."""
        by = {"finalised_by": two[1].recorded_by, "finalised_at": timezone.now()}
        make_assessment(two[1], THEN, status=AssessmentStatus.FINAL, **by)
        make_snapshot(two[1], THEN, status=GroupStatus.DISSOLVED)
        return two[1]

    def counted(self, client: Client) -> int:
        months = client.get(f"/dashboard/?end={THEN:%Y-%m}").context["months"]
        return next(month.total for month in months if month.month == THEN)

    def test_the_trend_counts_it_no_more(self, staff_client, dissolved):
        assert self.counted(staff_client) == 1

    def test_while_it_was_running_it_counts(self, staff_client, two):
        assert self.counted(staff_client) == 2

    def test_the_list_of_the_month_has_it_no_more(self, staff_client, dissolved):
        assert "Bakung" not in str(sheet(staff_client, MONTH))

    def test_the_list_of_the_month_has_a_running_group(self, staff_client, two):
        assert "Bakung" in str(sheet(staff_client, MONTH))

    @pytest.mark.parametrize("page", ["", "confirm/"])
    def test_it_is_not_among_the_scores_to_make_final(self, staff_client, dissolved, page):
        html = staff_client.get(f"/dashboard/final/{page}?end={THEN:%Y-%m}&all=1").content.decode()
        assert "Anggrek" in html
        assert "Bakung" not in html

    def test_its_final_score_stays_on_its_own_page(self, staff_client, dissolved):
        html = staff_client.get(f"/g/{dissolved.code}/assessment/").content.decode()
        assert f"/g/{dissolved.code}/assessment/{THEN}/" in html
        assert "Final, by " in html
