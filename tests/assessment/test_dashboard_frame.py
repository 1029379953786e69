"""What all dashboards share: the tabs, the filters kept in the address, who sees whose groups, and the files."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from openpyxl import load_workbook

from assessment.models import SchemeUse
from assessment.services import snapshots_write
from assessment.views.frame import TABS
from groups.models import Group, Role, User
from tests.assessment.groups import make_kembang_minus_outside, make_staff, months_ago
from tests.factories import facilitator_of, make_group, make_user, make_village

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
PAGES = [*(reverse(tab.route) for tab in TABS), "/dashboard/moves/groups/?was=-1&became=1"]


@pytest.fixture
def own() -> Group:
    return make_kembang_minus_outside(until=TODAY, name="Anggrek", village=make_village("35.19.05.2003"))


@pytest.fixture
def other() -> Group:
    """A group of another organisation, in another province."""
    village = make_village("12.01.01.2001", "Sumatra", "Nias", "Idano", "Hiliduho")
    return make_kembang_minus_outside(until=TODAY, name="Rahasia", village=village)


@pytest.fixture
def staff_client(client, own):
    return sign_in(client, make_staff(own))


def sign_in(client, person: User):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def score() -> None:
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)


def month(count: int) -> str:
    return f"{months_ago(count):%Y-%m}"


def joined(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


def cells(response) -> list[list[object]]:
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    return [list(row) for row in sheet.values]


@pytest.mark.parametrize("path", PAGES)
class TestEveryDashboard:
    def test_another_organisation_is_nowhere(self, staff_client, other, path):
        score()
        strange_words = (other.name, other.code, "Hiliduho", "Sumatra", facilitator_of(other).username)
        html = staff_client.get(path).content.decode()
        assert staff_client.get(path).status_code == 200
        assert not [word for word in strange_words if word in html]

    @pytest.mark.parametrize("file", ["format=csv", "format=csv&table=months"])
    def test_another_organisation_changes_no_file(self, staff_client, own, request, path, file):
        score()
        alone = staff_client.get(joined(path, file)).content
        request.getfixturevalue("other")
        score()
        assert staff_client.get(joined(path, file)).content == alone

    def test_asking_for_another_organisation_changes_nothing(self, staff_client, other, path):
        score()
        query = f"organisation={other.organisation_id}&facilitator={facilitator_of(other).pk}&region=12"
        html = staff_client.get(joined(path, query)).content.decode()
        assert other.name not in html
        assert other.code not in html

    def test_facilitators_of_both_organisations_are_refused(self, client, own, other, path):
        for group in (own, other):
            client.force_login(facilitator_of(group))
            assert client.get(path).status_code == 403

    def test_it_is_empty_without_groups(self, client, path):
        assert sign_in(client, make_staff()).get(path).status_code == 200

    @pytest.mark.parametrize(
        "query",
        ["organisation=1", "region=%27", "facilitator=99999999999999999999", "kind=GAJAH", "stage=1", "scheme=abc",
         "start=abc", "start=0001-01", "end=9999-12", "start=2026-10&end=2026-01", "start=99999999999999999999",
         "start=2026-13", "page=x", "page=-1", "format=pdf", "reason=LAPAR", "sort=%00", "was=9&became=x"],
    )  # fmt: skip
    def test_nonsense_is_no_error(self, staff_client, path, query):
        score()
        assert staff_client.get(joined(path, query)).status_code in (200, 302)

    def test_a_spreadsheet_says_whose_and_when(self, staff_client, own, path):
        score()
        rows = cells(staff_client.get(joined(path, f"kind={own.kind}&format=xlsx")))
        assert rows[1][0] == str(own.organisation)
        assert "Revolving loan" in str(rows[2][0])

    def test_the_superuser_chooses_an_organisation(self, client, own, other, path):
        score()
        admin = make_user(Role.ADMIN, is_superuser=True)
        html = sign_in(client, admin).get(joined(path, f"organisation={own.organisation_id}")).content.decode()
        assert other.code not in html

    def test_the_tabs_keep_the_filters(self, staff_client, own, path):
        html = staff_client.get(joined(path, f"kind=SOCIAL&start={month(3)}")).content.decode()
        for tab in TABS:
            assert f'{reverse(tab.route)}?kind=SOCIAL&amp;start={month(3)}"' in html


class TestFilters:
    def ask(self, client, query: str):
        return client.get(f"/dashboard/?{query}").context["frame"]

    def test_the_usual_period_is_twelve_months(self, staff_client):
        filters = self.ask(staff_client, "").filters
        assert (f"{filters.start:%Y-%m}", f"{filters.end:%Y-%m}") == (month(11), month(0))

    def test_an_end_alone_stands_for_the_twelve_months_up_to_it(self, staff_client):
        filters = self.ask(staff_client, f"end={month(4)}").filters
        assert (f"{filters.start:%Y-%m}", f"{filters.end:%Y-%m}") == (month(15), month(4))

    def test_a_start_alone_goes_up_to_this_month(self, staff_client):
        filters = self.ask(staff_client, f"start={month(2)}").filters
        assert (f"{filters.start:%Y-%m}", f"{filters.end:%Y-%m}") == (month(2), month(0))

    @pytest.mark.parametrize(
        ("query", "field", "problem"),
        [
            (f"start={month(1)}&end={month(2)}", "end", "The period ends before it starts."),
            (f"end={TODAY.year + 1}-01", "end", "This month is in the future."),
            ("start=1900-01", "start", "This month is too long ago."),
            (f"start={month(60)}", "start", "At most 60 months."),
            ("start=kemarin", "start", "Enter a valid month. Write it like this: 6/2026 or Juni 2026."),
        ],
    )
    def test_a_wrong_period_is_told_at_its_field(self, staff_client, query, field, problem):
        frame = self.ask(staff_client, query)
        assert frame.form.errors == {field: [problem]}
        assert f"{frame.filters.start:%Y-%m}" == month(11)

    @pytest.mark.parametrize("query", [f"start={month(1)}&end={month(2)}", "start=kemarin", "end=2999-01"])
    def test_a_wrong_period_is_not_said(self, staff_client, query):
        html = staff_client.get(f"/dashboard/?{query}&kind=SOCIAL").content.decode()
        assert "<summary>Filters: Kind: Social</summary>" in html
        assert "one of the filters cannot be used" in html

    def test_a_period_that_is_shown_is_said(self, staff_client):
        html = staff_client.get(f"/dashboard/?start={month(2)}").content.decode()
        assert f"<summary>Filters: {date_format(months_ago(2), 'F Y')} to " in html

    def test_sixty_months_are_shown(self, staff_client):
        assert not self.ask(staff_client, f"start={month(59)}").form.errors

    def test_what_narrows_is_said_in_words(self, staff_client, own):
        words = self.ask(staff_client, f"kind={own.kind}&region=35&stage=NONE").form.words()
        assert words == ["Region: Jawa Timur", "Kind: Revolving loan", "Stage: Never assessed"]

    def test_only_a_superuser_is_offered_organisations(self, staff_client, client, own):
        assert "organisation" not in self.ask(staff_client, "").form.fields
        sign_in(client, make_user(Role.ADMIN, is_superuser=True))
        assert "organisation" in self.ask(client, "").form.fields

    def test_a_second_scheme_is_offered_and_kept(self, staff_client, own):
        assert "scheme" not in self.ask(staff_client, "").form.fields
        for scheme in ("kotaku", "panca-sutra"):
            SchemeUse.objects.create(organisation=own.organisation, scheme=scheme, is_primary=scheme == "kotaku")
        frame = self.ask(staff_client, "scheme=kotaku")
        assert frame.query == "?scheme=kotaku"

    def test_the_village_is_the_deepest_region(self, staff_client, own):
        make_group(facilitator_of(own), name="Jauh")
        response = staff_client.get("/dashboard/?region=35.19.05.2003")
        assert [row.name for row, _label, _reasons in response.context["rows"]] == ["Anggrek"]


def test_the_print_names_owner_and_filters(staff_client, own):
    html = staff_client.get(f"/dashboard/?kind={own.kind}").content.decode()
    head = html.partition('class="d-none d-print-block">')[2].partition("</p>")[0]
    assert str(own.organisation) in head
    assert "Kind: Revolving loan" in head


class TestHeadOfAPrint:
    """Whose groups a page or file shows, and of when."""

    def owner(self, person: User, query: str = "") -> str:
        return sign_in(Client(), person).get(f"/dashboard/needs/{query}").context["frame"].owner

    def test_staff_have_their_organisation(self, own):
        assert self.owner(make_staff(own)) == own.organisation.name

    def test_a_superuser_sees_all_whatever_the_own_one(self, own):
        person = make_user(Role.ADMIN, organisation=own.organisation, is_superuser=True)
        assert self.owner(person) == "All organisations"
        assert self.owner(person, f"?organisation={own.organisation_id}") == own.organisation.name
        assert self.owner(person, "?organisation=x") == "All organisations"

    def test_a_dashboard_of_today_says_which_day_it_is(self, staff_client):
        period = staff_client.get("/dashboard/needs/?kind=SOCIAL").context["frame"].period
        assert period.startswith(f"as on {TODAY.day} ")
        assert period.endswith("Kind: Social")
