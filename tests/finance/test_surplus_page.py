"""The pages of the surplus: every line, preview, decision, posting, withdrawal, and the list to sign."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse as url
from django.utils import timezone

from finance import selectors
from finance.models import Entry, SurplusDivision
from groups.models import Constitution, Group, Role
from groups.services import constitution_adopt
from tests.factories import facilitator_of, make_group, make_member, make_members, make_user, save
from tests.finance.pages import get, signed_in, statements
from tests.finance.surplus import DECIDED, YEAR, balances, decide, other, post, worked_year

pytestmark = pytest.mark.django_db

PERIOD = {"start": YEAR[0].isoformat(), "end": YEAR[1].isoformat()}


@pytest.fixture(scope="module")
def made(module_db):
    made, _members = worked_year()
    return made.pk


@pytest.fixture
def group(made):
    return Group.objects.get(pk=made)


def send(group, name, *args, user=None, **data):
    given = {"key": str(uuid.uuid4()), **data}
    return signed_in(user or facilitator_of(group)).post(url(name, args=[group.code, *args]), given)


def send_decision(group, **data):
    data = {"seen": 1_000_000, "decided_on": DECIDED.isoformat(), "note": "rapat anggota", **data}
    query = "&".join(f"{name}={data.pop(name, day)}" for name, day in PERIOD.items())
    return signed_in(data.pop("user", None) or facilitator_of(group)).post(
        f"{url('surplus-divide', args=[group.code])}?{query}", {"key": str(uuid.uuid4()), **data}
    )


def send_posting(division, **data):
    return send(
        division.group, "surplus-post", division.pk, **{"on": DECIDED.isoformat(), "paid_to": "SAVINGS", **data}
    )


def test_the_books_lead_to_the_surplus(group):
    content = get(group, "books").content.decode()
    assert url("surplus", args=[group.code]) in content
    assert url("share-out", args=[group.code]) in content


def test_the_books_show_what_is_not_divided_and_the_funds(group):
    assert selectors.group_summary(group).surplus == 1_000_000
    post(decide(group))
    summary = selectors.group_summary(group)
    assert (summary.surplus, summary.reserve, summary.officers_fund, summary.other_fund) == (
        0,
        200_000,
        100_000,
        50_000,
    )
    assert "Officers' fund (dana pengurus)" in get(group, "books").content.decode()


def test_every_line_is_on_the_page(group):
    content = get(group, "surplus").content.decode()
    for text in ("Loan 1, Siti 1", "Rp\xa0180.000", "buku", "Rp\xa0100.000", "Transport", "Rp\xa01.000.000"):
        assert text in content
    assert "Preview the division" in content


def test_the_projection_shows_its_formula(group):
    content = get(group, "surplus").content.decode()
    assert "surplus so far + fees (jasa) of running loans still due by then − average monthly expenses" in content
    assert "Projected surplus" in content


def test_another_period_is_asked_for_by_its_days(group):
    response = get(group, "surplus", start="2025-06-01", end="2025-06-30")
    assert response.context["surplus"].surplus == 900_000 - 140_000 + 21_000


@pytest.mark.parametrize(
    "query",
    [
        {"start": "kemarin"},
        {"start": "2025-06-01", "end": "2025-05-01"},
        {"start": "2000-01-01", "end": "2025-05-01"},
        {"end": "2024-01-01"},
    ],
)
def test_a_period_that_cannot_be_is_said_at_the_field(group, query):
    response = get(group, "surplus", **query)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert response.context["surplus"].surplus == 1_000_000


def test_a_group_without_money_has_nothing_to_divide():
    content = get(make_group(), "surplus").content.decode()
    assert "There is no surplus to divide in this period." in content
    assert "Preview the division" not in content


def test_a_loss_is_shown_and_not_divided(group):
    other(group, "EXPENSE", 1_500_000)
    content = get(group, "surplus").content.decode()
    assert "−Rp\xa0500.000" in content
    assert "There is no surplus to divide" in content
    assert "There is no surplus to divide" in get(group, "surplus-divide", **PERIOD).content.decode()
    response = send_decision(group)
    assert "There is no surplus to divide in this period." in response.context["form"].non_field_errors()
    assert not SurplusDivision.objects.exists()


def test_a_year_that_is_not_over_is_previewed_but_not_decided(group):
    today = timezone.localdate()
    other(group, "INCOME", 1_000, on=today)
    days = {"start": today.isoformat(), "end": (today + timedelta(days=1)).isoformat()}
    assert "This period is not over yet" in get(group, "surplus", **days).content.decode()
    content = get(group, "surplus-divide", **days).content.decode()
    assert "This period is not over yet" in content
    assert "Write down the decision" not in content
    response = send_decision(group, **days, seen=1_000, decided_on=today.isoformat())
    assert "decided_on" in response.context["form"].errors


def test_the_preview_writes_nothing(group):
    content = get(group, "surplus-divide", **PERIOD).content.decode()
    for text in ("Rp\xa0400.000", "Rp\xa0120.000", "Rp\xa0150.000", "Rounding, to the reserve", "<svg"):
        assert text in content
    assert not SurplusDivision.objects.exists()


def test_a_decision_leads_to_its_page_and_posts_nothing(group):
    response = send_decision(group)
    division = SurplusDivision.objects.get()
    assert response.url == url("surplus-division", args=[group.code, division.pk])
    content = get(group, "surplus-division", division.pk).content.decode()
    assert "Decided, not posted yet" in content
    assert "rapat anggota" in content
    assert not Entry.objects.filter(kind="SURPLUS").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"decided_on": "2025-12-30"}, "decided_on"),
        ({"decided_on": "2099-01-01"}, "decided_on"),
        ({"decided_on": ""}, "decided_on"),
        ({"note": ""}, "note"),
        ({"note": "x" * 201}, "note"),
        ({"seen": 999_999}, "__all__"),
        ({"seen": ""}, "seen"),
        ({"key": "x"}, "key"),
    ],
)
def test_a_wrong_decision_is_said_at_the_field_and_not_written(group, wrong, field):
    response = send_decision(group, **wrong)
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not SurplusDivision.objects.exists()


def test_what_changed_is_shown_again_with_its_new_sum(group):
    response = send_decision(group, seen=1)
    assert response.context["form"]["seen"].value() == "1000000"
    assert response.context["form"]["note"].value() == "rapat anggota"


def test_the_same_decision_sent_twice_is_one(group):
    key = str(uuid.uuid4())
    first, second = send_decision(group, key=key), send_decision(group, key=key)
    assert first.url == second.url
    assert SurplusDivision.objects.count() == 1


def test_posting_on_the_page(group):
    division = decide(group)
    assert send_posting(division).status_code == 302
    content = get(group, "surplus-division", division.pk).content.decode()
    assert "Posted" in content
    assert "Voluntary savings (simpanan sukarela) of each member" in content
    assert balances(group)["SURPLUS_DIVIDED"] == 1_000_000


def test_the_same_posting_sent_twice_is_one(group):
    division, key = decide(group), str(uuid.uuid4())
    assert send_posting(division, key=key).status_code == send_posting(division, key=key).status_code == 302
    assert Entry.objects.filter(kind="SURPLUS").count() == 1


def test_cash_short_is_said_at_the_field(group):
    division = decide(group)
    other(group, "BANK_DEPOSIT", balances(group)["CASH"] - 599_000, on=DECIDED)
    response = send_posting(division, paid_to="CASH")
    assert response.context["form"].errors["paid_to"] == ["Cash box (kas) is short of Rp\xa01.000."]
    assert not Entry.objects.filter(kind="SURPLUS").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"on": "2026-01-09"}, "on"),
        ({"on": "2099-01-01"}, "on"),
        ({"on": "x"}, "on"),
        ({"paid_to": "BANK"}, "paid_to"),
        ({"paid_to": ""}, "paid_to"),
    ],
)
def test_a_wrong_posting_is_said_at_the_field(group, wrong, field):
    response = send_posting(decide(group), **wrong)
    assert field in response.context["form"].errors
    assert not Entry.objects.filter(kind="SURPLUS").exists()


def test_a_day_in_a_closed_period_is_said_at_the_field(group):
    division = decide(group)
    group.books_closed_through = DECIDED
    group.save()
    assert "on" in send_posting(division).context["form"].errors


def test_books_changed_since_are_said(group):
    division = decide(group)
    other(group, "INCOME", 1, on=YEAR[1])
    assert b"changed since the decision" in send_posting(division).content


def test_withdrawing_on_the_page(group):
    division = post(decide(group))
    assert "reason" in send(group, "surplus-withdraw", division.pk, reason="").context["form"].errors
    assert send(group, "surplus-withdraw", division.pk, reason="salah hitung").status_code == 302
    content = get(group, "surplus-division", division.pk).content.decode()
    assert "Withdrawn" in content
    assert "salah hitung" in content
    assert "Reversed by entry" in content
    again = send(group, "surplus-withdraw", division.pk, reason="lagi")
    assert again.url == url("surplus-division", args=[group.code, division.pk])
    assert Entry.objects.filter(kind="REVERSAL").count() == 1


def test_both_divisions_stay_visible(group):
    first = decide(group)
    send(group, "surplus-withdraw", first.pk, reason="salah")
    post(decide(group))
    content = get(group, "surplus").content.decode()
    assert "Withdrawn" in content
    assert "Posted" in content


def test_the_list_to_sign_has_room_for_signatures(group):
    make_member(group, "Tamu", joined_on=DECIDED)
    content = get(group, "surplus-division", decide(group).pk).content.decode()
    assert re.findall(r'<td class="signature[^"]*">(\d+)<', content) == ["1", "2", "3"]
    assert "Tamu" not in content


def test_a_divided_period_says_so(group):
    post(decide(group))
    assert "divided or shared out already" in get(group, "surplus", **PERIOD).content.decode()
    assert get(group, "surplus").context["surplus"].start.isoformat() == "2026-01-01"


def test_who_may_only_read_sees_and_does_nothing(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    division = decide(group)
    assert "Preview the division" not in get(group, "surplus", user=staff).content.decode()
    content = get(group, "surplus-division", division.pk, user=staff).content.decode()
    assert "/withdraw/" not in content
    assert send_decision(group, user=staff).status_code == 403
    for name in ("surplus-post", "surplus-withdraw"):
        assert send(group, name, division.pk, user=staff, reason="x").status_code == 403
    assert Entry.objects.filter(kind="SURPLUS").count() == 0


def test_the_admin_shows_a_division_with_its_parts_and_changes_nothing(group):
    division = decide(group)
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    page = url("admin:finance_surplusdivision_change", args=[division.pk])
    content = signed_in(admin).get(page).content.decode()
    assert "120000" in content.replace(",", "").replace(".", "")
    assert 'name="_save"' not in content
    stranger = make_user(Role.ADMIN)
    assert signed_in(stranger).get(page).status_code == 302


def test_another_groups_division_is_not_found(group):
    division = decide(group)
    for name in ("surplus-division", "surplus-post", "surplus-withdraw"):
        assert get(make_group(), name, division.pk).status_code == 404


def test_statements_do_not_grow_with_members_and_lines():
    def pages(count):
        group = make_group()
        for member in make_members(group, count):
            save(member, 1_000)
            other(group, "INCOME", 1_000, memo=f"jual {member.number}")
        before = statements(group, "surplus"), statements(group, "surplus-divide")
        division = decide(group)
        return (
            *before,
            statements(group, "surplus-division", division.pk),
            statements(group, "surplus-post", division.pk),
        )

    assert pages(2) == pages(12)


def test_the_surplus_page_takes_few_statements(group):
    post(decide(group))
    assert statements(group, "surplus") <= 20


def test_another_decision_under_a_used_key_is_told_and_kept(group):
    key = str(uuid.uuid4())
    send_decision(group, key=key)
    told = send_decision(group, key=key, note="rapat lain")
    assert told.status_code == 200
    assert told.context["form"]["note"].value() == "rapat lain"
    assert "recorded already" in str(told.context["form"].non_field_errors())
    assert SurplusDivision.objects.get().note == "rapat anggota"


class TestRulesOfTheDay:
    """The members' parts follow the rules that were in force when they decided, and the page shows just those."""

    @pytest.fixture
    def later_rules(self, group):
        today = timezone.localdate()
        return constitution_adopt(
            actor=facilitator_of(group),
            group=group,
            constitution=Constitution(version=2, agreed_on=today, share_savings=0, share_reserve=60),
        )

    def test_a_day_with_other_rules_is_told_and_its_division_shown(self, group, later_rules):
        response = send_decision(group, rules=later_rules.version)
        assert "Other rules were in force" in response.context["form"].errors["decided_on"][0]
        assert response.context["form"]["rules"].value() == "1"
        assert not SurplusDivision.objects.exists()

    def test_sent_again_it_is_decided_by_those(self, group, later_rules):
        assert send_decision(group, rules=1).status_code == 302
        assert SurplusDivision.objects.get().rules.version == 1

    def test_the_page_begins_with_the_rules_of_today(self, group, later_rules):
        page = signed_in(facilitator_of(group)).get(url("surplus-divide", args=[group.code]), PERIOD)
        assert page.context["form"]["rules"].value() == later_rules.version
