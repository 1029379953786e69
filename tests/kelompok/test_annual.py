"""The papers of the annual meeting: the year of a group from its records, to print and to sign."""

from __future__ import annotations

import uuid
from datetime import date
from fractions import Fraction

import pytest
from django.utils import timezone

from finance import services
from groups.models import Member
from groups.shared.money import rupiah
from kelompok.selectors.annual import annual_report, years_of
from tests.factories import (
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_officer,
    make_training,
    make_visit,
    other,
    repay,
    save,
)
from tests.finance.pages import get, statements

pytestmark = pytest.mark.django_db
AFTER = date(2026, 2, 1)


@pytest.fixture
def group():
    """Founded on 7 January 2025: two members, one joins, one leaves; a loan, fees, an expense."""
    group = make_group(founded_on=date(2025, 1, 7), rules={"pokok": 50_000})
    siti = make_member(group, "Siti Aminah", gender="P")
    make_member(group, "Budi Santoso", gender="L", left_on=date(2025, 6, 3))
    make_member(group, "Sri Wahyuni", gender="P", joined_on=date(2025, 3, 4))
    make_officer(siti)
    save(siti, 2_000_000, on=date(2025, 1, 7))
    repay(lend(siti), 118_000)
    other(group, "EXPENSE", 3_000, on=date(2025, 4, 1))
    return group


def test_members_loans_and_officers_of_the_year(group):
    report = annual_report(group, 2025, as_of=AFTER)
    assert (report.start, report.end, report.is_over) == (date(2025, 1, 1), date(2025, 12, 31), True)
    names = [[member.name for member in found] for found in
             (report.members.everybody, report.members.joined, report.members.left)]  # fmt: skip
    assert names == [
        ["Siti Aminah", "Sri Wahyuni"], ["Siti Aminah", "Budi Santoso", "Sri Wahyuni"], ["Budi Santoso"],
    ]  # fmt: skip
    assert report.members.women == 2
    assert [term.member.name for term in report.officers] == ["Siti Aminah"]
    assert (report.loans.paid_out, report.loans.amount, report.loans.at_end.outstanding) == (1, 1_200_000, 1_100_000)


def test_who_left_before_the_year_is_no_part_of_it(group):
    report = annual_report(group, 2026, as_of=AFTER)
    assert [member.name for member in report.members.everybody] == ["Siti Aminah", "Sri Wahyuni"]
    assert (report.members.joined, report.members.left) == ([], [])
    assert report.loans.paid_out == 0


def test_meetings_count_with_those_who_were_there(group):
    make_meeting(group, date(2025, 2, 4), member_count=3, present_count=2, late_count=1)
    make_meeting(group, date(2025, 3, 4), member_count=3, present_count=1)
    make_meeting(group, date(2026, 1, 6), member_count=3)
    found = annual_report(group, 2025, as_of=AFTER).meetings
    assert (found.held, found.present) == (2, Fraction(4, 6))
    assert found.agreed == 12
    assert annual_report(group, 2026, as_of=AFTER).meetings.held == 1


def test_visits_and_trainings_of_the_year(group):
    for day in (date(2025, 12, 31), date(2026, 1, 1)):
        make_visit(group, day)
        make_training(group, held_on=day)
    report = annual_report(group, 2025, as_of=AFTER)
    assert (report.visits, len(report.trainings)) == (1, 1)


def test_the_surplus_is_divided_by_the_rules_until_it_is_decided(group):
    report = annual_report(group, 2025, as_of=AFTER)
    assert (report.division, report.sheet.surplus) == (None, 15_000)
    division = services.surplus_decide(
        actor=facilitator_of(group), group=group, start=report.start, end=report.end, decided_on=AFTER, note="RAT",
        seen=15_000, key=uuid.uuid4(),
    )  # fmt: skip
    decided = annual_report(group, 2025, as_of=AFTER)
    assert (decided.division, decided.sheet.surplus) == (division, 15_000)


def test_what_was_divided_with_the_year_after_is_not_offered_again(group):
    services.surplus_decide(
        actor=facilitator_of(group), group=group, start=date(2025, 1, 1), end=date(2026, 1, 31), decided_on=AFTER,
        note="RAT", seen=15_000, key=uuid.uuid4(),
    )  # fmt: skip
    assert annual_report(group, 2025, as_of=AFTER).sheet is None


def test_without_rules_or_surplus_nothing_is_divided(group):
    assert annual_report(group, 2026, as_of=AFTER).sheet is None


def test_years_run_from_the_founding_to_today(group):
    assert years_of(group, as_of=AFTER) == [2026, 2025]


@pytest.mark.parametrize("year", ["x", "1999", "9" * 20, "-1"])
def test_a_year_that_is_none_is_told_and_the_usual_one_shown(group, year):
    response = get(group, "annual-meeting", year=year)
    assert "year" in response.context["form"].errors
    assert response.context["report"].start.year == timezone.localdate().year - 1


def test_the_page_carries_report_money_plan_and_signatures(group):
    page = get(group, "annual-meeting", year="2025").content.decode()
    for words in (
        "Report of the officers (LPJ)", "Balance sheet (neraca)", "Income statement (laba rugi)",
        "Surplus and its division (SHU)", "Plan for the year to come", "Attendance", "Siti Aminah", rupiah(15_000),
        "What the meeting decides",
    ):  # fmt: skip
        assert words in page, words


def test_a_young_group_has_the_year_that_runs(group):
    young = make_group(founded_on=timezone.localdate())
    response = get(young, "annual-meeting")
    assert response.context["report"].is_over is False
    assert "This year is not over yet" in response.content.decode()


def test_no_more_statements_with_more_records(group):
    few = statements(group, "annual-meeting")
    members = [make_member(group) for _ in range(4)]
    for member in members:
        save(member, 100_000)
        lend(member, principal=5_000)
        make_meeting(group, date(2025, 5, 6 + member.number), member_count=3)
        make_training(group, held_on=date(2025, 6, 3))
    assert Member.objects.filter(group=group).count() == 7
    assert statements(group, "annual-meeting") == few
