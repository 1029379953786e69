"""What the records say: each metric on records small enough to count by hand, as of any day."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from assessment.metrics import Measured, all_metrics, evidence
from assessment.scoring import read_records
from finance import services as finance
from finance.models import EntryKind
from finance.rules.lines import OtherMoney
from finance.selectors.loan_performance import performance
from groups.models import Constitution, Founding, Group, MeetingRhythm, Member
from groups.services import group_register, move_record, rhythm_adopt
from meetings.models import MeetingStatus
from tests.assessment.groups import measure
from tests.factories import (
    FOUNDED,
    count_cash,
    facilitator_of,
    first_tuesdays,
    lend,
    make_activity,
    make_agreement,
    make_founding,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_partnership,
    make_user,
    other,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db

AS_OF = FOUNDED + timedelta(182)
"""8 July 2025: half a year, in which a monthly rhythm promises five meetings."""


@pytest.fixture
def group() -> Group:
    return make_group(rules={"agreed_in_meeting": True})


def measured(metric: str, group: Group, as_of: date = AS_OF) -> Measured:
    return measure(metric, group, as_of)


@pytest.mark.parametrize("metric", all_metrics())
def test_every_metric_says_its_formula_and_source(metric):
    text = import_module(f"assessment.metrics.{metric}").__doc__
    assert "/" in text or text.startswith("0 ")
    assert "Source:" in text


def adopt_rhythm(group: Group, agreed_from: date, **parts: Any) -> None:
    rhythm = MeetingRhythm(agreed_from=agreed_from, **parts)
    rhythm_adopt(actor=facilitator_of(group), group=group, rhythm=rhythm)


def test_every_metric_is_explained_to_people_in_their_language() -> None:
    for metric in all_metrics().values():
        with override("id"):
            in_indonesian = str(metric.formula)
        with override("en"):
            assert str(metric.formula) != in_indonesian


class TestMeetingRegularity:
    def test_held_against_the_agreed_rhythm(self, group):
        for month in (3, 4, 5):
            make_meeting(group, date(2025, month, 4))
        result = measured("meeting_regularity", group)
        assert (result.value, result.facts["held"], result.facts["expected"]) == (3 / 6, 3, 6)

    @pytest.mark.parametrize(("every", "days", "expected"), [("WEEK", 14, 26), ("FORTNIGHT", 28, 13)])
    def test_meeting_at_half_the_rhythm_is_half(self, every, days, expected):
        group = make_group(rhythm={"every": every, "weekday": 1})
        for number in range(expected // 2):
            make_meeting(group, AS_OF - timedelta(days * number))
        result = measured("meeting_regularity", group, AS_OF + timedelta(1))
        assert result.facts == {"held": expected // 2, "expected": expected, "days": 182}
        assert result.value == (expected // 2) / expected

    def test_a_meeting_agreed_for_the_day_itself_is_still_to_come(self):
        group = make_group(rhythm={"every": "WEEK", "weekday": AS_OF.weekday()})
        assert measured("meeting_regularity", group, AS_OF).facts["expected"] == 25
        assert measured("meeting_regularity", group, AS_OF + timedelta(1)).facts["expected"] == 26

    def test_each_rhythm_promises_for_its_own_time(self, group):
        adopt_rhythm(group, date(2025, 6, 1), every="WEEK", weekday=0)
        # First Tuesdays of February to May, five Mondays of June, the 7th of July.
        assert measured("meeting_regularity", group).facts["expected"] == 4 + 5 + 1

    def test_a_past_month_is_not_changed_by_a_later_rhythm(self, group):
        before = measured("meeting_regularity", group)
        adopt_rhythm(group, AS_OF + timedelta(1), every="WEEK", weekday=0)
        assert measured("meeting_regularity", group) == before

    def test_a_moved_meeting_is_promised_on_its_new_day(self, group):
        for planned_on, moved_to in ((date(2025, 4, 1), None), (date(2025, 7, 1), AS_OF + timedelta(2))):
            move_record(
                actor=facilitator_of(group), group=group, planned_on=planned_on, moved_to=moved_to, reason="Lebaran"
            )
        assert measured("meeting_regularity", group).facts["expected"] == 4
        assert measured("meeting_regularity", group, AS_OF + timedelta(3)).facts["expected"] == 5

    def test_before_the_first_rhythm_nothing_is_promised(self):
        group = make_group(rhythm={"agreed_from": AS_OF})
        make_meeting(group, date(2025, 5, 6))
        assert measured("meeting_regularity", group).value is None

    def test_more_than_agreed_is_no_more_than_all(self, group):
        for week in range(8):
            make_meeting(group, date(2025, 5, 1) + timedelta(7 * week))
        assert measured("meeting_regularity", group).value == 1

    def test_a_young_group_is_measured_over_its_age(self, group):
        make_meeting(group, date(2025, 2, 4))
        make_meeting(group, date(2025, 3, 4))
        assert measured("meeting_regularity", group, FOUNDED + timedelta(62)).value == 1

    def test_the_age_counts_from_the_founding_meeting_where_one_is_recorded(self, group):
        make_meeting(group, date(2025, 6, 3))
        assert measured("meeting_regularity", group).facts["expected"] == 6
        make_founding(group, date(2025, 4, 1))
        # First Tuesdays of May, June and July: the days before the founding are not expected.
        assert measured("meeting_regularity", group).facts["expected"] == 3
        Founding.objects.update(withdrawn_at=timezone.now(), withdrawn_by=facilitator_of(group), withdrawn_why="x")
        assert measured("meeting_regularity", group).facts["expected"] == 6

    def test_a_group_of_some_weeks_has_not_enough_data(self, group):
        assert measured("meeting_regularity", group, FOUNDED + timedelta(55)).value is None
        assert measured("meeting_regularity", group, FOUNDED + timedelta(56)).value == 0

    def test_no_meeting_at_all_is_a_measured_zero(self, group):
        assert measured("meeting_regularity", group).value == 0

    def test_drafts_and_corrected_versions_do_not_count(self, group):
        make_meeting(group, date(2025, 5, 6), number=1, status="CORRECTED")
        make_meeting(group, date(2025, 5, 6), number=1, version=2)
        make_meeting(group, date(2025, 6, 3), number=2, status="DRAFT", closed_at=None)
        assert measured("meeting_regularity", group).facts["held"] == 1

    def test_the_day_bounds_the_window_on_both_sides(self, group):
        make_meeting(group, AS_OF)
        make_meeting(group, AS_OF + timedelta(1))
        make_meeting(group, AS_OF - timedelta(181))
        make_meeting(group, AS_OF - timedelta(182))
        assert measured("meeting_regularity", group).facts["held"] == 2


class TestAttendance:
    def test_present_and_late_over_the_last_four(self, group):
        make_meeting(group, date(2025, 2, 4), present_count=0)  # the fifth from the end does not count
        for month, present, late in ((3, 10, 0), (4, 8, 1), (5, 7, 0), (6, 6, 3)):
            make_meeting(group, date(2025, month, 4), present_count=present, late_count=late)
        result = measured("attendance", group)
        assert (result.value, result.facts["meetings"]) == (35 / 40, 4)

    def test_represented_members_are_not_present_but_shown(self, group):
        for month in (5, 6):
            make_meeting(group, date(2025, month, 4), present_count=7, represented_count=2)
        result = measured("attendance", group)
        assert (result.value, result.facts["represented"]) == (0.7, 4)

    def test_one_meeting_is_not_enough(self, group):
        make_meeting(group, date(2025, 6, 4))
        assert measured("attendance", group).value is None

    def test_meetings_without_members_measure_nothing(self, group):
        for month in (5, 6):
            make_meeting(group, date(2025, month, 4), member_count=0, present_count=0)
        assert measured("attendance", group).value is None


def test_agenda_needs_an_item_and_a_decision(group):
    for month, agenda, decisions in ((3, 2, 1), (4, 1, 0), (5, 0, 0), (6, 1, 1)):
        make_meeting(group, date(2025, month, 4), agenda_count=agenda, decision_count=decisions)
    assert measured("agenda", group).value == 0.5


def test_savings_are_members_who_paid_over_members(group):
    for month, savers in ((5, 9), (6, 6)):
        make_meeting(group, date(2025, month, 4), saver_count=savers)
    assert measured("savings_regularity", group).value == 0.75


class TestRules:
    def test_agreed_in_a_meeting(self, group):
        assert measured("rules_in_force", group).value == 2

    def test_written_only(self):
        assert measured("rules_in_force", make_group()).value == 1

    def test_the_empty_rules_of_registration_are_none(self):
        facilitator = make_user()
        made = group_register(
            actor=facilitator, group=Group(name="Melati", founded_on=FOUNDED), rhythm=first_tuesdays()
        )
        assert measured("rules_in_force", made).value == 0
        Constitution.objects.create(group=made, version=2, agreed_on=date(2025, 6, 1), recorded_by=facilitator)
        assert measured("rules_in_force", made, date(2025, 5, 31)).value == 0
        assert measured("rules_in_force", made, date(2025, 6, 1)).value == 1

    @pytest.mark.parametrize(
        "rules", [{"aims": "menabung"}, {"loan_rate": Decimal("0.02")}, {"fine_first": True}, {"share_other": 6}]
    )
    def test_one_rule_that_was_written_is_enough(self, rules):
        shares = {"share_social": 4} if "share_other" in rules else {}
        group = make_group(rules={"wajib": 0, "fine_late": 0, "loan_max_periods": 12, **rules, **shares})
        assert measured("rules_in_force", group).value == 1

    def test_before_they_were_agreed(self, group):
        assert measured("rules_in_force", group, FOUNDED - timedelta(1)).value == 0

    def test_the_version_of_the_day_counts(self, group):
        Constitution.objects.create(
            group=group, version=2, agreed_on=date(2025, 6, 1), recorded_by=facilitator_of(group)
        )
        assert measured("rules_in_force", group, date(2025, 5, 31)).value == 2
        assert measured("rules_in_force", group, date(2025, 6, 1)).value == 1


class TestRepayment:
    """A loan of 1,200,000 over 12 months at 1.5 %: 118,000 a month from 4 March 2025."""

    def lend(self, group: Group):
        member = make_member(group)
        save(member, 5_000_000)
        return lend(member, due_at="MEETING")

    def pay(self, loan, amount: int, on: date):
        return finance.loan_repay(
            actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=on, key=uuid.uuid4()
        )

    def test_paid_over_due(self, group):
        loan = self.lend(group)
        self.pay(loan, 118_000, date(2025, 3, 4))
        self.pay(loan, 59_000, date(2025, 4, 4))
        result = measured("repayment_rate", group, date(2025, 4, 30))
        assert (result.facts["paid"], result.facts["due"], result.facts["late"]) == (177_000, 236_000, 1)
        assert result.value == 0.75

    def test_nothing_due_yet_is_not_enough_data(self, group):
        self.lend(group)
        assert measured("repayment_rate", group, date(2025, 3, 3)).value is None

    def test_an_instalment_due_on_the_day_is_not_in_arrears(self, group):
        self.lend(group)
        assert measured("repayment_rate", group, date(2025, 3, 4)).value is None
        assert measured("repayment_rate", group, date(2025, 3, 5)).value == 0

    def test_without_loans_there_is_not_enough_data(self, group):
        assert measured("repayment_rate", group).value is None

    def test_as_of_a_day_later_payments_are_unknown(self, group):
        loan = self.lend(group)
        self.pay(loan, 118_000, date(2025, 3, 4))
        self.pay(loan, 118_000, date(2025, 4, 10))
        assert measured("repayment_rate", group, date(2025, 4, 9)).value == 0.5
        assert measured("repayment_rate", group, date(2025, 4, 10)).value == 1

    def test_a_reversed_payment_never_was(self, group):
        loan = self.lend(group)
        entry = self.pay(loan, 118_000, date(2025, 3, 4))
        finance.entry_reverse(actor=facilitator_of(group), entry=entry, reason="salah", key=uuid.uuid4())
        assert measured("repayment_rate", group, date(2025, 3, 5)).value == 0
        assert measured("repayment_rate", group, date(2025, 3, 31)).value == 0

    def test_paying_ahead_on_one_loan_hides_no_arrears_on_another(self, group):
        ahead, late = self.lend(group), self.lend(group)
        self.pay(ahead, 600_000, date(2025, 3, 4))
        self.pay(late, 59_000, date(2025, 3, 4))
        assert measured("repayment_rate", group, date(2025, 3, 5)).value == 0.75

    def test_a_loan_written_off_is_not_repaid(self, group):
        loan = self.lend(group)
        self.pay(loan, 118_000, date(2025, 3, 4))
        finance.loan_write_off(
            actor=facilitator_of(group), group=group, loan=loan, reason="pindah", on=date(2025, 4, 10), key=uuid.uuid4()
        )
        result = measured("repayment_rate", group, date(2025, 4, 30))
        assert (result.facts["paid"], result.facts["due"], result.facts["late"]) == (118_000, 236_000, 1)

    def test_a_loan_written_off_is_told_from_a_late_one(self, group):
        late, gone = self.lend(group), self.lend(group)
        finance.loan_write_off(
            actor=facilitator_of(group), group=group, loan=gone, reason="pindah", on=date(2025, 4, 10), key=uuid.uuid4()
        )
        day = date(2025, 4, 30)
        facts = measured("repayment_rate", group, day).facts
        with override("en"):
            said = all_metrics()["repayment_rate"].sentence(facts)
            (table,) = evidence("repayment_rate", group, day).tables
            names = [row.cells[0] for row in table.rows][:-1]
        assert said.endswith(" · 1 loan late · 1 loan written off")
        assert names == [f"Loan {late.number}", f"Loan {gone.number} (written off)"]

    def test_a_sentence_without_a_loan_written_off_names_none(self):
        with override("en"):
            said = all_metrics()["repayment_rate"].sentence({"paid": 1, "due": 2, "late": 1})
        assert said.endswith(" · 1 loan late")

    def test_a_loan_paid_off_with_its_fee_waived_is_not_late(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        loan = lend(member, payoff_fee="WAIVED")
        finance.loan_pay_off(actor=facilitator_of(group), group=group, loan=loan, on=date(2025, 3, 4), key=uuid.uuid4())
        result = measured("repayment_rate", group, date(2026, 4, 30))
        assert (result.value, result.facts["late"]) == (1, 0)

    def test_before_the_opening_balances_nobody_knows_what_was_repaid(self, group):
        terms = finance.LoanTerms(
            member=make_member(group), principal=1_200_000, periods=12, rate=Decimal("0.015"), method="flat",
            round_up_to=1000, disbursed_on=date(2025, 2, 4), first_due=date(2025, 3, 4),
        )  # fmt: skip
        brought = finance.OpeningLoan(terms=terms, principal_paid=100_000, fee_paid=18_000)
        opening = finance.Opening(on=date(2025, 5, 31), capital=1_100_000, loans=(brought,))
        finance.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
        assert measured("repayment_rate", group, date(2025, 5, 30)).value is None
        assert measured("repayment_rate", group, date(2025, 5, 31)).value == 118_000 / 354_000
        assert evidence("repayment_rate", group, date(2025, 5, 30)).records == {"loans": []}

    def test_a_cancelled_loan_asks_for_nothing(self, group):
        loan = self.lend(group)
        reverse(group.entries.get(kind=EntryKind.LOAN))
        loan.refresh_from_db()
        assert loan.cancelled_at is not None
        assert measured("repayment_rate", group, date(2025, 4, 4)).value is None


class TestBooks:
    def meet(self, group: Group, month: int, *, counted: int | None = 0, days_to_close: int = 0, **fields):
        held_on = date(2025, month, 4)
        count = None
        if counted is not None:
            count = group.cash_counts.create(
                counted_on=held_on,
                expected=0,
                counted=counted,
                explanation="lebih" if counted else "",
                counted_by=facilitator_of(group),
            )
        closed_at = datetime(2025, month, 4, 12, tzinfo=UTC) + timedelta(days_to_close)
        return make_meeting(group, held_on, **{"cash_count": count, "closed_at": closed_at, **fields})

    def test_counted_without_difference_and_closed_in_time(self, group):
        self.meet(group, 5)
        self.meet(group, 6, days_to_close=7)
        assert measured("books_complete", group).value == 1

    @pytest.mark.parametrize("flaw", [{"counted": None}, {"counted": 500}, {"days_to_close": 8}])
    def test_what_makes_a_meeting_incomplete(self, group, flaw):
        self.meet(group, 5)
        self.meet(group, 6, **flaw)
        assert measured("books_complete", group).value == 0.5

    @pytest.mark.parametrize(("hour", "minute", "value"), [(16, 59, 1), (17, 0, 0.5)])
    def test_the_week_ends_at_midnight_in_indonesia(self, group, hour, minute, value):
        self.meet(group, 5)
        self.meet(group, 6, closed_at=datetime(2025, 6, 11, hour, minute, tzinfo=UTC))
        assert measured("books_complete", group).value == value

    def test_a_difference_counts_as_closed_from_the_day_it_was_settled(self, group):
        self.meet(group, 5)
        meeting = self.meet(group, 6, counted=500)
        finance.cash_count_settle(
            actor=facilitator_of(group),
            count=meeting.cash_count,
            how="ketemu",
            on=date(2025, 6, 20),
            post_difference=False,
            key=uuid.uuid4(),
        )
        assert measured("books_complete", group, date(2025, 6, 19)).value == 0.5
        assert measured("books_complete", group, date(2025, 6, 20)).value == 1

    def test_a_correction_long_after_does_not_make_it_late(self, group):
        self.meet(group, 5)
        first = self.meet(group, 6, number=7, status="CORRECTED")
        make_meeting(
            group,
            date(2025, 6, 4),
            number=7,
            version=2,
            cash_count=first.cash_count,
            closed_at=datetime(2025, 9, 1, tzinfo=UTC),
        )
        assert measured("books_complete", group).value == 1


@pytest.mark.parametrize(
    ("number", "signatories", "value"), [("", 0, 0), ("", 2, 0), ("123", 0, 1), ("123", 1, 1), ("123", 2, 2)]
)
def test_bank_account(number, signatories, value):
    group = make_group(bank_account_number=number, bank_signatories=signatories)
    assert measured("bank_account", group).value == value


@pytest.mark.parametrize(("raised", "decided", "value"), [(0, 0, 0), (1, 0, 1), (3, 1, 2), (3, 2, 3), (9, 9, 3)])
def test_critical_matters(group, raised, decided, value):
    make_meeting(group, date(2025, 5, 4))
    make_meeting(group, date(2025, 6, 4), critical_count=raised, critical_decided_count=decided)
    assert measured("critical_matters", group).value == value


def test_critical_matters_need_two_meetings(group):
    make_meeting(group, date(2025, 6, 4), critical_count=1, critical_decided_count=1)
    assert measured("critical_matters", group).value is None


class TestDecisions:
    def decide(self, group: Group, due_on: date | None, done_on: date | None = None, **meeting):
        held = make_meeting(group, meeting.pop("held_on", date(2025, 2, 4)), **meeting)
        held.agenda.create(group=group, number=1, title="Pakan", decision="beli", due_on=due_on, done_on=done_on)

    def test_done_over_due(self, group):
        self.decide(group, date(2025, 3, 4), date(2025, 3, 20))
        self.decide(group, date(2025, 4, 4), held_on=date(2025, 3, 4))
        result = measured("decisions_followed_up", group)
        assert (result.value, result.facts) == (0.5, {"done": 1, "due": 2})

    def test_one_is_not_enough(self, group):
        self.decide(group, date(2025, 3, 4), date(2025, 3, 20))
        assert measured("decisions_followed_up", group).value is None

    def test_not_yet_due_long_past_and_without_a_day_do_not_count(self, group):
        for month, due_on in enumerate((AS_OF + timedelta(1), AS_OF - timedelta(182), None), start=2):
            self.decide(group, due_on, held_on=date(2025, month, 4))
        assert measured("decisions_followed_up", group).facts["due"] == 0

    def test_a_corrected_meeting_decides_nothing(self, group):
        self.decide(group, date(2025, 3, 4), status="CORRECTED", number=1)
        assert measured("decisions_followed_up", group).facts["due"] == 0

    def test_as_of_a_day_what_was_done_later_is_open(self, group):
        self.decide(group, date(2025, 3, 4), date(2025, 3, 20))
        self.decide(group, date(2025, 3, 4), date(2025, 3, 4), held_on=date(2025, 2, 11))
        assert measured("decisions_followed_up", group, date(2025, 3, 19)).value == 0.5
        assert measured("decisions_followed_up", group, date(2025, 3, 20)).value == 1


class TestSavingsGrowth:
    """A day in January 2026: half a year after 8 July 2025."""

    AS_OF = AS_OF + timedelta(182)

    def test_per_member_now_against_half_a_year_ago(self, group):
        first, second = make_members(group, 2)
        save(first, 100_000, on=date(2025, 5, 1))
        save(second, 100_000, "WAJIB", on=AS_OF)
        save(second, 30_000, "POKOK", on=AS_OF + timedelta(1))
        # 200,000 of two members, then 230,000: 15 % more.
        result = measured("savings_growth", group, self.AS_OF)
        assert result.value == 0.15
        assert result.facts == {"now": 230_000, "then": 200_000, "members": 2, "members_then": 2}

    def test_a_member_more_shares_the_savings(self, group):
        save(make_member(group), 100_000, on=date(2025, 5, 1))
        save(make_member(group, joined_on=date(2025, 9, 2)), 20_000, on=date(2025, 9, 2))
        # 100,000 a member, then 120,000 of two: 40 % less.
        assert measured("savings_growth", group, self.AS_OF).value == -0.4

    def test_who_left_took_the_savings_along(self, group):
        first, second = make_members(group, 2)
        for member in (first, second):
            save(member, 100_000, on=date(2025, 5, 1))
        finance.savings_withdraw(
            actor=facilitator_of(group), group=group, member=second, amount=100_000, on=date(2025, 9, 2),
            key=uuid.uuid4(),
        )  # fmt: skip
        assert measured("savings_growth", group, self.AS_OF).value == -0.5
        Member.objects.filter(pk=second.pk).update(left_on=date(2025, 9, 2))
        assert measured("savings_growth", group, self.AS_OF).value == 0

    def test_what_moves_on_the_day_itself_is_known(self, group):
        member = make_member(group)
        save(member, 100_000, on=date(2025, 5, 1))
        save(member, 50_000, on=self.AS_OF)
        assert measured("savings_growth", group, self.AS_OF).value == 0.5

    def test_what_moves_after_the_day_is_unknown(self, group):
        member = make_member(group)
        save(member, 100_000, on=date(2025, 5, 1))
        save(member, 50_000, on=self.AS_OF + timedelta(1))
        assert measured("savings_growth", group, self.AS_OF).value == 0

    def test_without_savings_half_a_year_ago_there_is_not_enough_data(self, group):
        save(make_member(group), 100_000, on=AS_OF + timedelta(1))
        assert measured("savings_growth", group, self.AS_OF).value is None

    def test_a_share_out_is_no_loss_of_savings(self, group):
        save(make_member(group), 100_000, on=date(2025, 5, 1))
        entry = finance.share_out_post(
            actor=facilitator_of(group), group=group, on=date(2025, 12, 2), keep=frozenset(), seen=100_000, note="",
            key=uuid.uuid4(),
        )  # fmt: skip
        assert measured("savings_growth", group, date(2025, 12, 1)).value == 0
        assert measured("savings_growth", group, self.AS_OF).value is None
        finance.share_out_reverse(actor=facilitator_of(group), entry=entry, reason="salah", key=uuid.uuid4())
        assert measured("savings_growth", group, self.AS_OF).value == 0


class TestPortfolio:
    """Loans of 1,200,000 over 12 months at 1.5 %: 100,000 and 18,000 of fee a month from 4 March 2025."""

    @pytest.fixture
    def loans(self, group):
        members = make_members(group, 4)
        save(members[3], 5_000_000)
        return [lend(member) for member in members[:2]]

    def test_without_loans_there_is_not_enough_data(self, group):
        assert measured("portfolio_quality", group).value is None

    def test_a_loan_more_than_thirty_days_late_is_at_risk_with_all_its_balance(self, group, loans):
        repay(loans[0], 118_000)
        on_time = measured("portfolio_quality", group, date(2025, 4, 3))
        assert (on_time.value, on_time.facts) == (1, {"late": 0, "balance": 2_300_000})
        late = measured("portfolio_quality", group, date(2025, 4, 4))
        assert (late.value, late.facts) == (1_100 / 2_300, {"late": 1_200_000, "balance": 2_300_000})

    def test_a_fee_that_is_late_counts_as_well(self, group, loans):
        for loan in loans:
            repay(loan, 118_000)
        repay(loans[0], 17_000, on=date(2025, 4, 4))
        repay(loans[1], 118_000, on=date(2025, 4, 4))
        assert measured("portfolio_quality", group, date(2025, 5, 5)).facts["late"] == 1_100_000

    def test_as_of_a_day_later_payments_are_unknown(self, group, loans):
        repay(loans[0], 118_000)
        repay(loans[1], 236_000, on=date(2025, 4, 10))
        assert measured("portfolio_quality", group, date(2025, 4, 9)).facts == {"late": 1_200_000, "balance": 2_300_000}
        assert measured("portfolio_quality", group, date(2025, 4, 10)).value == 1

    def test_it_is_the_portfolio_at_risk_of_the_books(self, group, loans):
        repay(loans[0], 300_000)
        for on in (date(2025, 4, 30), date(2025, 8, 1), date(2026, 4, 1)):
            books = performance(Group.objects.filter(pk=group.pk), as_of=on)
            assert measured("portfolio_quality", group, on).value == pytest.approx(float(1 - books.par_30))
            assert measured("internal_lending", group, on).facts["borrowers"] == books.borrowers

    def test_members_with_a_running_loan_over_members(self, group, loans):
        lend(loans[0].member)
        result = measured("internal_lending", group, date(2025, 3, 31))
        assert (result.value, result.facts) == (0.5, {"borrowers": 2, "members": 4})

    def test_a_loan_that_is_paid_off_runs_no_more(self, group, loans):
        finance.loan_pay_off(
            actor=facilitator_of(group), group=group, loan=loans[0], on=date(2025, 3, 4), key=uuid.uuid4()
        )
        assert measured("internal_lending", group, date(2025, 3, 3)).value == 0.5
        assert measured("internal_lending", group, date(2025, 3, 4)).value == 0.25

    def test_a_young_group_saves_first(self, group):
        make_member(group)
        assert measured("internal_lending", group, FOUNDED + timedelta(181)).value is None
        assert measured("internal_lending", group, FOUNDED + timedelta(182)).value == 0

    def test_a_group_without_members_has_not_enough_data(self, group):
        assert measured("internal_lending", group).value is None


class TestOfficers:
    def test_offices_held_on_the_day(self, group):
        chair, secretary, treasurer = make_members(group, 3)
        make_officer(chair, "KETUA")
        make_officer(secretary, "SEKRETARIS", ended_on=date(2025, 6, 3))
        make_officer(treasurer, "BENDAHARA", started_on=AS_OF + timedelta(1))
        assert measured("officers_in_place", group, date(2025, 6, 2)).value == 2
        assert measured("officers_in_place", group, date(2025, 6, 3)).value == 1
        assert measured("officers_in_place", group, AS_OF + timedelta(1)).value == 2

    def test_a_change_leaves_no_day_without(self, group):
        old, new = make_members(group, 2)
        make_officer(old, ended_on=date(2025, 6, 3))
        make_officer(new, started_on=date(2025, 6, 3))
        assert measured("officers_in_place", group, date(2025, 6, 3)).value == 1

    def test_never_written_down_is_not_enough_data(self, group):
        assert measured("officers_in_place", group).value is None

    def test_all_ended_is_a_measured_zero(self, group):
        make_officer(make_member(group), ended_on=date(2025, 6, 3))
        assert measured("officers_in_place", group).value == 0


class TestCashSettled:
    def test_counts_without_an_open_difference_over_counts(self, group):
        for month in (3, 4, 5):
            count_cash(group, 0, on=date(2025, month, 4))
        open_one = count_cash(group, 500, on=date(2025, 6, 4))
        assert measured("cash_settled", group).facts == {"settled": 3, "counts": 4}
        finance.cash_count_settle(
            actor=facilitator_of(group), count=open_one, how="ketemu", on=date(2025, 6, 20), post_difference=False,
            key=uuid.uuid4(),
        )  # fmt: skip
        assert measured("cash_settled", group, date(2025, 6, 19)).value == 0.75
        assert measured("cash_settled", group, date(2025, 6, 20)).value == 1

    def test_the_last_eight_count(self, group):
        for day in range(1, 10):  # what is over on the first day stays in the box
            count_cash(group, 500, on=date(2025, 5, day))
        assert measured("cash_settled", group).facts == {"settled": 8, "counts": 8}

    def test_of_a_corrected_meeting_the_new_count_counts(self, group):
        day = date(2025, 6, 4)
        for version, counted in enumerate((500, 0), start=1):
            status = MeetingStatus.CLOSED if counted == 0 else MeetingStatus.CORRECTED
            count = count_cash(group, counted, on=day)
            if status == MeetingStatus.CORRECTED:
                group.cash_counts.update(corrected_at=timezone.now())
            make_meeting(group, day, number=1, version=version, status=status, cash_count=count)
        count_cash(group, 0, on=date(2025, 6, 11))
        result = measured("cash_settled", group)
        assert result.facts == {"settled": 2, "counts": 2}
        assert len(evidence("cash_settled", group, AS_OF).records["cash_counts"]) == 2

    def test_one_count_is_not_enough(self, group):
        count_cash(group, 0, on=date(2025, 6, 4))
        assert measured("cash_settled", group).value is None


class TestSocialFund:
    @pytest.fixture(autouse=True)
    def meetings(self, group):
        for month in (5, 6):
            make_meeting(group, date(2025, month, 4))

    def test_nothing_came_in(self, group):
        assert measured("social_fund_used", group).value == 0

    def test_filled_and_then_used(self, group):
        other(group, OtherMoney.SOCIAL_IN, 50_000, on=date(2025, 5, 4))
        other(group, OtherMoney.SOCIAL_OUT, 20_000, on=date(2025, 6, 4))
        assert measured("social_fund_used", group, date(2025, 6, 3)).value is None
        assert measured("social_fund_used", group, date(2025, 6, 4)).value == 2
        assert measured("social_fund_used", group).facts == {"received": 50_000, "given": 20_000}

    def test_a_contribution_taken_back_is_no_help(self, group):
        other(group, OtherMoney.SOCIAL_IN, 50_000, on=date(2025, 5, 4))
        reverse(other(group, OtherMoney.SOCIAL_IN, 10_000, on=date(2025, 5, 4)))
        result = measured("social_fund_used", group)
        assert (result.value, result.facts) == (1, {"received": 50_000, "given": 0})

    def test_what_a_group_began_its_books_with_did_not_come_in(self, group):
        opening = finance.Opening(on=date(2025, 5, 4), cash=50_000, social_fund=50_000)
        finance.opening_record(actor=facilitator_of(group), group=group, opening=opening, key=uuid.uuid4())
        assert measured("social_fund_used", group).value == 0
        assert evidence("social_fund_used", group, AS_OF).records == {"entries": []}

    def test_last_years_contributions_do_not_count(self, group):
        other(group, OtherMoney.SOCIAL_IN, 50_000)
        assert measured("social_fund_used", group).facts["received"] == 0


def test_groups_are_counted_apart(group):
    other = make_group()
    for month in (5, 6):
        make_meeting(group, date(2025, month, 4), present_count=5)
        make_meeting(other, date(2025, month, 4), present_count=9)
    records = read_records([group.pk, other.pk], AS_OF, ["attendance"])
    assert [records[each.pk]["attendance"]["counted"] for each in (group, other)] == [10, 18]


@pytest.mark.parametrize(
    ("metrics", "statements"),
    [
        (set(), 3),
        ({"attendance", "agenda", "repayment_rate"}, 3),
        ({"internal_lending", "portfolio_quality"}, 4),
        (set(all_metrics()), 11),
    ],
)
def test_a_statement_for_each_relation_whatever_the_number_of_metrics_and_groups(group, metrics, statements):
    groups = [group, *(make_group(facilitator_of(group)) for _ in range(4))]
    for each in groups:
        make_meeting(each, date(2025, 6, 4))
    for chosen in (groups[:1], groups):
        with CaptureQueriesContext(connection) as queries:
            read_records([each.pk for each in chosen], AS_OF, metrics)
        assert len(queries) == statements


@pytest.mark.parametrize("metric", all_metrics())
def test_what_nobody_read_is_no_zero(group, metric):
    assert metric not in read_records([group.pk], AS_OF, set(all_metrics()) - {metric})[group.pk]


@pytest.mark.parametrize("metric", all_metrics())
def test_a_group_without_any_record_has_the_facts_of_every_metric(group, metric):
    assert measured(metric, group).facts


class TestExternalActivities:
    def value(self, group, as_of=AS_OF):
        return measured("external_activities", group, as_of).value

    def test_of_a_group_without_any_nothing_is_known(self, group):
        make_activity(make_group())
        assert self.value(group) is None

    def test_talks_are_one_and_a_joint_activity_two(self, group):
        make_activity(group, kind="TALKS")
        assert self.value(group) == 1
        make_activity(group)
        assert self.value(group) == 2

    def test_several_are_three(self, group):
        make_activity(group, kind="CAPITAL")
        make_activity(group, kind="MARKETING")
        assert self.value(group) == 3

    def test_one_under_an_agreement_in_force_is_three(self, group):
        partnership = make_partnership(group)
        agreement = make_agreement(partnership, ends_on=AS_OF)
        make_activity(group, agreement.partner, partnership=partnership)
        assert (self.value(group), self.value(group, AS_OF + timedelta(1))) == (3, 2)

    @pytest.mark.parametrize("change", [{"ended_on": AS_OF, "ended_why": "x"}, {"starts_on": AS_OF + timedelta(1)}])
    def test_an_agreement_that_does_not_count_on_the_day_adds_nothing(self, group, change):
        partnership = make_partnership(group)
        by = {"ended_by": group.recorded_by} if "ended_on" in change else {}
        make_activity(group, make_agreement(partnership, **change, **by).partner, partnership=partnership)
        assert self.value(group) == 2

    def test_talks_under_an_agreement_are_talks(self, group):
        partnership = make_partnership(group)
        make_activity(group, make_agreement(partnership).partner, partnership=partnership, kind="TALKS")
        assert self.value(group) == 1

    def test_after_a_year_it_counts_no_more_and_is_known_still(self, group):
        make_activity(group)
        assert [self.value(group, FOUNDED + timedelta(days)) for days in (364, 365)] == [2, 0]

    def test_what_is_to_come_or_withdrawn_does_not_count(self, group):
        make_activity(group, held_on=AS_OF + timedelta(1))
        make_activity(group, withdrawn_at=timezone.now(), withdrawn_by=group.recorded_by, withdrawn_why="salah")
        assert self.value(group) is None
        assert self.value(group, AS_OF + timedelta(1)) == 2
