"""What the records say: each metric on records small enough to count by hand, as of any day."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessment.metrics import METRICS, Measured, read_records
from finance import services as finance
from groups.models import Constitution, Group
from tests.factories import FOUNDED, facilitator_of, lend, make_group, make_meeting, make_member, save

pytestmark = pytest.mark.django_db

AS_OF = FOUNDED + timedelta(182)
"""8 July 2025: half a year, in which a monthly rhythm promises five meetings."""


@pytest.fixture
def group() -> Group:
    return make_group(rules={"agreed_in_meeting": True})


def measured(metric: str, group: Group, as_of: date = AS_OF) -> Measured:
    return METRICS[metric](read_records([group.pk], as_of)[group.pk])


def test_every_metric_says_its_formula_and_source() -> None:
    assert all("/" in (metric.__doc__ or "") or "0 " in (metric.__doc__ or "") for metric in METRICS.values())
    assert all("Source:" in (metric.__doc__ or "") for metric in METRICS.values())


class TestMeetingRegularity:
    def test_held_against_the_agreed_rhythm(self, group):
        for month in (3, 4, 5):
            make_meeting(group, date(2025, month, 4))
        result = measured("meeting_regularity", group)
        assert (result.value, result.facts["held"], result.facts["expected"]) == (3 / 5, 3, 5)

    def test_more_than_agreed_is_no_more_than_all(self, group):
        for week in range(8):
            make_meeting(group, date(2025, 5, 1) + timedelta(7 * week))
        assert measured("meeting_regularity", group).value == 1

    def test_a_young_group_is_measured_over_its_age(self, group):
        make_meeting(group, date(2025, 2, 4))
        make_meeting(group, date(2025, 3, 4))
        assert measured("meeting_regularity", group, FOUNDED + timedelta(62)).value == 1

    def test_a_group_of_some_weeks_has_not_enough_data(self, group):
        assert measured("meeting_regularity", group, FOUNDED + timedelta(55)).value is None

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
        return lend(member)

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
        assert measured("repayment_rate", group, date(2025, 3, 4)).value == 0
        assert measured("repayment_rate", group, date(2025, 3, 31)).value == 0

    def test_paying_ahead_on_one_loan_hides_no_arrears_on_another(self, group):
        ahead, late = self.lend(group), self.lend(group)
        self.pay(ahead, 600_000, date(2025, 3, 4))
        self.pay(late, 59_000, date(2025, 3, 4))
        assert measured("repayment_rate", group, date(2025, 3, 4)).value == 0.75

    def test_a_loan_written_off_is_not_repaid(self, group):
        loan = self.lend(group)
        self.pay(loan, 118_000, date(2025, 3, 4))
        finance.loan_write_off(
            actor=facilitator_of(group), group=group, loan=loan, reason="pindah", on=date(2025, 4, 10), key=uuid.uuid4()
        )
        result = measured("repayment_rate", group, date(2025, 4, 30))
        assert (result.facts["paid"], result.facts["due"], result.facts["late"]) == (118_000, 236_000, 1)

    def test_a_loan_paid_off_with_its_fee_waived_is_not_late(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        loan = lend(member, payoff_fee="WAIVED")
        finance.loan_pay_off(actor=facilitator_of(group), group=group, loan=loan, on=date(2025, 3, 4), key=uuid.uuid4())
        result = measured("repayment_rate", group, date(2026, 4, 30))
        assert (result.value, result.facts["late"]) == (1, 0)

    def test_a_cancelled_loan_asks_for_nothing(self, group):
        loan = self.lend(group)
        loan.cancelled_at = datetime(2025, 3, 1, tzinfo=UTC)
        loan.save()
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


def test_groups_are_counted_apart(group):
    other = make_group()
    for month in (5, 6):
        make_meeting(group, date(2025, month, 4), present_count=5)
        make_meeting(other, date(2025, month, 4), present_count=9)
    records = read_records([group.pk, other.pk], AS_OF)
    assert (records[group.pk].present, records[other.pk].present) == (10, 18)


def test_three_statements_for_any_number_of_groups(group):
    groups = [group, *(make_group(facilitator_of(group)) for _ in range(4))]
    for each in groups:
        make_meeting(each, date(2025, 6, 4))
    for chosen in (groups[:1], groups):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            read_records([each.pk for each in chosen], AS_OF)
        assert len(queries) == 3
