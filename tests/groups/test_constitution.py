"""The rules of a group: their history, and adopting new ones."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from groups import services
from groups.forms.constitution import RULES_PARTS, ConstitutionForm
from groups.models import Constitution, Group, Role
from meetings.models import Meeting
from tests.factories import (
    FOUNDED,
    facilitator_of,
    first_tuesdays,
    make_group,
    make_members,
    make_user,
)
from tests.meetings.pages import post_sheet, sign_in

pytestmark = pytest.mark.django_db


def data(**fields):
    return {
        "version": "2",
        "agreed_on": "2025-03-04",
        "pokok": "50.000",
        "wajib": "Rp 15.000",
        "social": "",
        "fine_late": "1000",
        "fine_absent": "0",
        "loan_rate": "1,5",
        "loan_method": "flat",
        "loan_max_periods": "12",
        "loan_ceiling": "0",
        "loan_round_up_to": "1.000",
        "loan_due": "MEETING",
        "loan_rate_per": "month",
        "loan_kinds": "month",
        "loan_ladder": "500.000; 1.000.000",
        "loan_savings_times": "0",
        "payoff_fee": "CHARGED",
        "savings_base": "END",
        "borrowing_base": "FEE",
        "share_savings": "40",
        "share_borrowing": "20",
        "share_reserve": "20",
        "share_officers": "10",
        "share_social": "5",
        "share_other": "5",
        "aims": "Menabung bersama",
        **fields,
    }


@pytest.fixture
def group(client):
    group = make_group()
    client.force_login(facilitator_of(group))
    return group


def url(group):
    return reverse("constitution-adopt", args=[group.code])


def test_it_adopts(client, group):
    assert client.post(url(group), data()).url == reverse("constitution", args=[group.code])
    rules = Constitution.objects.get(version=2)
    assert (rules.pokok, rules.wajib, rules.social, float(rules.loan_rate)) == (50_000, 15_000, 0, 0.015)


def test_the_rules_in_force_are_filled_in(client, group):
    content = client.get(url(group)).content.decode()
    assert 'value="10.000"' in content
    assert 'value="1,5"' in content


def test_named_funds_and_decimals_are_agreed(client, group):
    shares = {
        "share_savings": "33,34",
        "share_borrowing": "26.66",
        "share_education": "2,5",
        "share_staff": "2.5",
        "share_other": "0",
    }
    client.post(url(group), data(**shares, savings_counted="POKOK_WAJIB", other_purpose="zakat"))
    rules = Constitution.objects.get(version=2)
    assert {purpose: float(share) for purpose, share in rules.surplus_shares.items()} == {
        "savings": 33.34, "borrowing": 26.66, "reserve": 20, "officers": 10, "social": 5, "education": 2.5,
        "staff": 2.5, "other": 0,
    }  # fmt: skip
    assert (rules.savings_counted, rules.other_purpose) == ("POKOK_WAJIB", "zakat")
    html = client.get(reverse("constitution", args=[group.code])).content.decode()
    assert "dana pendidikan" in html
    assert "zakat" in html


def test_the_same_form_twice_is_one_version(client, group):
    client.post(url(group), data())
    assert client.post(url(group), data()).status_code == 302
    assert Constitution.objects.count() == 2


def test_rules_changed_meanwhile_are_told_and_can_then_be_saved_over(client, group):
    client.post(url(group), data())
    response = client.post(url(group), data(wajib="20.000"))
    assert "version" in response.context["form"].errors
    content = response.content.decode()
    assert 'name="version" value="3"' in content
    assert 'value="20.000"' in content
    assert Constitution.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agreed_on", ""),
        ("agreed_on", "2024-01-01"),
        ("agreed_on", (timezone.localdate() + timedelta(1)).isoformat()),
        ("wajib", "-1"),
        ("wajib", "banyak"),
        ("wajib", "9" * 20),
        ("loan_rate", "100"),
        ("loan_rate", "-1"),
        ("loan_rate", "x"),
        ("loan_rate", "1,23456"),
        ("loan_method", "magic"),
        ("loan_max_periods", "0"),
        ("loan_max_periods", "121"),
        ("loan_round_up_to", "0"),
        ("loan_round_up_to", "2.000.000"),
        ("version", "x"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(client, group, field, value):
    response = client.post(url(group), data(**{field: value}))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Menabung bersama" in response.content.decode()
    assert Constitution.objects.count() == 1


def test_every_version_stays_readable(client, group):
    client.post(url(group), data())
    content = client.get(reverse("constitution", args=[group.code])).content.decode()
    assert "Rp\xa010.000" in content
    assert "Rp\xa015.000" in content


def test_how_loans_are_repaid_and_what_is_withheld(client, group):
    client.cookies["django_language"] = "en"
    kinds = ["month", "week", "harvest_end"]
    client.post(
        url(group),
        data(
            loan_kinds=kinds,
            loan_rate="22",
            loan_rate_per="year",
            loan_provision="1,5",
            loan_deposit="5",
            loan_rebate="",
        ),
    )
    rules = Constitution.objects.get(group=group, version=2)
    assert [kind.value for kind in rules.kinds_of_loan] == kinds
    assert (rules.loan_rate, rules.loan_rate_per) == (Decimal("0.22"), "year")
    assert (rules.loan_provision, rules.loan_deposit, rules.loan_rebate) == (Decimal("0.015"), Decimal("0.05"), 0)
    content = client.get(reverse("constitution", args=[group.code])).content.decode()
    assert "22 % a year" in content
    assert "After the harvest, the fee then too" in content


@pytest.mark.parametrize(
    "wrong", [{"loan_kinds": []}, {"loan_kinds": ["day"]}, {"loan_provision": "60", "loan_deposit": "40"}]
)
def test_rules_about_loans_that_cannot_be(client, group, wrong):
    response = client.post(url(group), data(**wrong))
    assert response.context["form"].errors
    assert Constitution.objects.filter(group=group).count() == 1


class TestParts:
    """The form's fields stand under headings; seldom used ones are folded away until they matter."""

    def open_parts(self, response):
        return [part.is_open for part in response.context["form"].parts() if part.is_seldom]

    def test_every_field_stands_in_one_part(self):
        shown = sorted(name for _heading, _seldom, names in RULES_PARTS for name in names)
        assert shown == sorted(set(ConstitutionForm.base_fields) - {"version"})

    def test_a_choice_that_is_not_made_is_the_usual_one(self, client, group):
        client.post(url(group), data())
        usual = Constitution.objects.get(version=2)
        assert (usual.wajib_every, usual.missed_wajib, usual.fine_late_by) == ("MEETING", "ASKED", "INSTALMENT")
        made = {"wajib_every": "MONTH", "missed_wajib": "LET_GO", "fine_late_by": "PERCENT", "fine_late_percent": "2,5"}
        client.post(url(group), data(version="3", **made))
        rules = Constitution.objects.get(version=3)
        assert (rules.wajib_every, rules.missed_wajib, rules.fine_late_by) == ("MONTH", "LET_GO", "PERCENT")
        assert rules.fine_late_percent == Decimal("2.5")
        page = client.get(reverse("constitution", args=[group.code])).content.decode()
        assert "2,5 %; Persen dari setiap angsuran terlambat" in page

    @pytest.mark.parametrize(("typed", "years"), [("", 3), ("2", 2), ("10", 10)])
    def test_the_term_of_office_is_agreed_in_years(self, client, group, typed, years):
        assert client.post(url(group), data(term_years=typed)).status_code == 302
        assert Constitution.objects.get(version=2).term_years == years
        assert f"{years} tahun" in client.get(reverse("constitution", args=[group.code])).content.decode()

    @pytest.mark.parametrize("typed", ["0", "-1", "11", "x", "9" * 20])
    def test_a_term_of_office_that_cannot_be_is_told(self, client, group, typed):
        assert "term_years" in client.post(url(group), data(term_years=typed)).context["form"].errors
        assert Constitution.objects.filter(group=group).count() == 1

    def test_what_is_as_always_is_folded(self, client, group):
        assert self.open_parts(client.get(url(group))) == [False, False, False]

    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            ({"fine_late_instalment": 5_000}, [True, False, False]),
            ({"loan_deposit": Decimal("0.05")}, [False, True, False]),
            ({"share_savings": 35, "share_other": 10}, [False, False, True]),
        ],
    )
    def test_a_value_of_the_groups_own_opens_its_part(self, client, rules, expected):
        group = make_group(rules=rules)
        client.force_login(facilitator_of(group))
        assert self.open_parts(client.get(url(group))) == expected

    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            ("loan_ladder", "x", [True, False, False]),
            ("loan_provision", "x", [False, True, False]),
            ("share_other", "6", [False, False, True]),
        ],
    )
    def test_an_error_opens_its_part(self, client, group, field, value, expected):
        response = client.post(url(group), data(**{"loan_ladder": "", field: value}))
        assert list(response.context["form"].errors) == [field]
        assert self.open_parts(response) == expected
        assert response.content.decode().count('<details class="panel" open>') == 1

    def test_what_was_typed_stays_open_beside_an_error_elsewhere(self, client, group):
        assert self.open_parts(client.post(url(group), data(wajib="x"))) == [True, False, False]

    def test_rules_changed_meanwhile_are_told_on_the_page(self, client, group):
        client.post(url(group), data())
        response = client.post(url(group), data(wajib="20.000"))
        assert str(response.context["form"].errors["version"][0]) in response.content.decode()

    def test_it_is_said_whether_one_did_that_oneself(self, client, group):
        somebody = make_user(Role.ADMIN, organisation=group.organisation)
        told = []
        client.post(url(group), data())
        told.append(client.post(url(group), data(wajib="20.000")).context["form"].errors["version"][0])
        client.force_login(somebody)
        told.append(client.post(url(group), data(wajib="20.000")).context["form"].errors["version"][0])
        assert [text.startswith(("Anda sendiri", "Aturan main baru saja diubah orang lain")) for text in told] == [
            True,
            True,
        ]
        assert told[0] != told[1]


class TestNoRules:
    """A group registered but without agreed rules asks for them where they are missed."""

    @pytest.fixture
    def bare(self, client):
        facilitator = make_user()
        client.force_login(facilitator)
        return services.group_register(
            actor=facilitator, group=Group(name="Mawar", founded_on=FOUNDED), rhythm=first_tuesdays()
        )

    @pytest.mark.parametrize("page", ["group", "meeting-new"])
    def test_the_page_asks_for_them_until_they_are_there(self, client, bare, page):
        def asks():
            link = f'class="alert-link" href="{url(bare)}"'
            return link in client.get(reverse(page, args=[bare.code])).content.decode()

        assert asks()
        client.post(url(bare), data(loan_ladder=""))
        assert not asks()

    def test_the_page_of_the_group_shows_none_until_then(self, client, bare):
        """Those a group is registered with are nobody's: their interest would be read as agreed."""
        page = reverse("group", args=[bare.code])
        shown = client.get(page).content.decode()
        assert "Anggota belum menyepakati aturan main." in shown
        assert "1,5" not in shown
        client.post(url(bare), data(loan_ladder=""))
        shown = client.get(page).content.decode()
        assert "Anggota belum menyepakati aturan main." not in shown
        assert "1,5" in shown

    def test_who_may_only_read_is_told_without_a_link(self, client, bare):
        client.force_login(make_user(Role.STAFF, organisation=bare.organisation))
        content = client.get(reverse("group", args=[bare.code])).content.decode()
        assert "alert-warning" in content
        assert url(bare) not in content

    def test_no_rules_at_all_is_no_error(self, client, bare):
        Group.objects.update(rules=None)
        assert "alert-link" in client.get(reverse("group", args=[bare.code])).content.decode()

    def test_rules_adopted_as_they_stand_are_rules(self, bare):
        services.constitution_adopt(
            actor=bare.recorded_by, group=bare, constitution=Constitution(version=2, agreed_on=FOUNDED)
        )
        assert Group.objects.get().has_rules


class TestVotes:
    @pytest.fixture(autouse=True)
    def members(self, group):
        make_members(group, 5)

    def test_they_are_kept_and_shown(self, client, group):
        client.post(url(group), data(agreed_in_meeting="on", votes_for="3", votes_against="1"))
        rules = Constitution.objects.get(version=2)
        assert (rules.votes_for, rules.votes_against, rules.votes_abstained, rules.votes) == (3, 1, 0, 4)
        page = client.get(reverse("constitution-version", args=[group.code, 2])).content.decode()
        assert "3 setuju, 1 tidak setuju, 0 abstain" in page

    @pytest.mark.parametrize(
        "votes",
        [
            {"votes_for": "2", "votes_against": "2"},
            {"votes_for": "1", "votes_against": "3"},
            {"votes_for": "5", "votes_abstained": "1"},
            {"votes_against": "1"},
            {"votes_for": "banyak"},
            {"votes_for": "-1"},
        ],
    )
    def test_votes_that_agreed_nothing_or_of_more_than_the_members_are_refused(self, client, group, votes):
        response = client.post(url(group), data(**votes))
        assert list(response.context["form"].errors) == ["votes_for"]
        assert Constitution.objects.count() == 1

    def test_nobody_needs_to_have_counted(self, client, group):
        client.post(url(group), data())
        assert Constitution.objects.get(version=2).votes is None

    @pytest.mark.parametrize("votes", [(1, 1, 0), (2, None, 0), (None, 1, None)])
    def test_the_database_refuses_them_too(self, group, votes):
        counts = dict(zip(("votes_for", "votes_against", "votes_abstained"), votes, strict=True))
        with pytest.raises(IntegrityError, match="constitution_votes"), transaction.atomic():
            Constitution.objects.create(
                group=group, version=2, agreed_on=FOUNDED, recorded_by=facilitator_of(group), **counts
            )


class TestStatutes:
    def test_they_carry_aims_expectations_sanctions_and_signatures(self, client, group):
        client.post(url(group), data(expected="Hadir", sanctions="Ditegur"))
        page = client.get(reverse("constitution-version", args=[group.code, 2])).content.decode()
        for text in (group.name, "Menabung bersama", "Hadir", "Ditegur", "Rp\N{NO-BREAK SPACE}15.000", "Ketua"):
            assert text in page

    def test_what_a_group_begins_from_is_filled_in_once(self, client, group):
        form = client.get(url(group)).context["form"]
        assert "Hadir di setiap pertemuan" in form["expected"].value()
        client.post(url(group), data(expected="Hadir", sanctions="Ditegur"))
        form = client.get(url(group)).context["form"]
        assert (form["expected"].value(), form["sanctions"].value()) == ("Hadir", "Ditegur")
        assert form["votes_for"].value() is None

    def test_a_version_says_what_it_changed(self, client, group):
        client.post(url(group), data())
        client.post(url(group), data(version="3", wajib="20.000", loan_rate="2", loan_kinds="week"))
        versions = client.get(reverse("constitution", args=[group.code])).context["versions"]
        changes = {change.label: (change.before, change.after) for change in versions[0][1]}
        money = "Rp\N{NO-BREAK SPACE}"
        assert set(changes.values()) == {
            (f"{money}15.000", f"{money}20.000"), ("1,5 %", "2 %"),
            ("Diangsur setiap bulan", "Diangsur setiap minggu"),
        }  # fmt: skip
        assert changes["Cara membayar pinjaman"][0] == "Diangsur setiap bulan"
        assert versions[1][1] != []
        assert versions[2][1] == []

    def test_there_is_none_of_a_version_that_is_not_there(self, client, group):
        assert client.get(reverse("constitution-version", args=[group.code, 7])).status_code == 404

    def test_the_page_of_a_meeting_leads_to_rules_of_its_day(self, client, group):
        make_members(group, 2)
        post_sheet(sign_in(group), group, held_on=FOUNDED + timedelta(28))
        meeting = Meeting.objects.get(group=group)
        page = client.get(reverse("meeting", args=[group.code, meeting.number])).content.decode()
        address = f"{url(group)}?agreed_on={meeting.held_on.isoformat()}"
        assert address in page
        form = client.get(address).context["form"]
        assert (form["agreed_on"].value(), form["agreed_in_meeting"].value()) == (meeting.held_on, True)

    @pytest.mark.parametrize("asked", ["", "x", "2025-02-30"])
    def test_a_day_that_is_none_is_not_filled_in(self, client, group, asked):
        assert client.get(f"{url(group)}?agreed_on={asked}").context["form"]["agreed_on"].value() is None

    def test_the_first_rules_that_are_agreed_changed_nothing(self, client):
        nothing = {"wajib": 0, "missed_wajib": "ASKED", "fine_late": 0, "loan_max_periods": 12}
        registered = make_group(rules=nothing)
        client.force_login(facilitator_of(registered))
        assert registered.rules.is_empty
        client.post(url(registered), data())
        versions = client.get(reverse("constitution", args=[registered.code])).context["versions"]
        assert [(rules.version, changes) for rules, changes in versions] == [(2, []), (1, [])]
