"""The history of a group: changes of stage with their cause, and events on the line."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.charts.group import MARK, MONTH, history_line
from assessment.instruments import in_force
from assessment.models import Assessment, StageRule
from assessment.selectors.current_score import stored_scores
from assessment.selectors.history import Event, events, transitions
from assessment.services import assess_groups, instrument_copy, instrument_publish
from finance.models import ExternalLoan, Loan
from groups.models import BankAccount, Constitution, Group, GroupStatus, Role
from groups.services import group_status_change
from groups.shared.clock import clock_set_to
from tests.assessment.groups import AS_OF, make_kembang_minus_outside, make_override, make_staff
from tests.factories import (
    FOUNDED,
    borrow_external,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_officer,
    make_user,
    save,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    """76 points at Tumbuh, as of `AS_OF`."""
    return make_kembang_minus_outside()


def score(*days: int) -> None:
    for day in days:
        assess_groups(groups=Group.objects.all(), as_of=AS_OF + timedelta(day))


def changes(group):
    return transitions(stored_scores(group, "kotaku", FOUNDED))


class TestTransitions:
    def test_a_fall_names_the_indicators_that_lost_points(self, group):
        score(0)
        Constitution.objects.create(
            group=group, version=2, agreed_on=AS_OF + timedelta(1), recorded_by=facilitator_of(group)
        )
        BankAccount.objects.update(closed_on=FOUNDED)
        score(150)
        (change,) = changes(group)
        assert (change.from_label, change.to_label, change.is_fall) == ("Tumbuh", "Tunas", True)
        assert change.after.as_of == AS_OF + timedelta(150)
        assert any(re.search(r": 8 → 4 ", cause) for cause in change.causes)
        sizes = [abs(int(a) - int(b)) for a, b in re.findall(r": (\d+) → (\d+)", "\n".join(change.causes))]
        assert sizes == sorted(sizes, reverse=True)

    def test_a_rise_by_an_override_says_so(self, group):
        score(0)
        make_override(group, "repayment", judged_on=AS_OF + timedelta(1))
        score(1)
        (change,) = changes(group)
        assert not change.is_fall
        assert len(change.causes) == 1
        assert "0 → 16" in change.causes[0]
        assert "seseorang" in change.causes[0] or "given by a person" in change.causes[0]

    def test_an_override_that_ended_says_so(self, group):
        make_override(group, "repayment", until=AS_OF)
        score(0, 1)
        (change,) = changes(group)
        assert change.is_fall
        assert "16 → 0" in change.causes[0]

    def test_another_version_of_the_instrument_is_a_cause(self, group):
        score(0)
        admin = make_user(Role.ADMIN, organisation=group.organisation)
        copy = instrument_copy(actor=admin, instrument=in_force(group.organisation_id))
        copy.rules.filter(rank=1).update(minimum_points=79)
        with clock_set_to(datetime.combine(AS_OF + timedelta(1), time(3), UTC)):
            instrument_publish(actor=admin, instrument=copy)
        score(1)
        (change,) = changes(group)
        assert change.is_fall
        assert str(copy) in change.causes[0]

    def test_the_same_stage_is_no_change(self, group):
        score(0, 1, 2)
        assert changes(group) == []

    def test_another_groups_or_schemes_scores_are_left_out(self, group):
        other = make_group(facilitator_of(group))
        make_override(group, "repayment", until=AS_OF)
        score(0, 1)
        assert changes(other) == []
        assert stored_scores(group, "panca-sutra", FOUNDED) == []

    def test_the_number_of_statements_does_not_grow(self, group):
        counts = []
        for size in (1, 5):
            for number in range(size):
                day = AS_OF + timedelta(3 * number)
                make_override(group, "repayment", judged_on=day, until=day)
                score(3 * number, 3 * number + 1)
            with CaptureQueriesContext(connection) as queries:
                found = changes(group)
            counts.append((len(queries), len(found)))
        assert counts[0][0] == counts[1][0] <= 4
        assert counts[1][1] > counts[0][1] > 0


class TestEvents:
    def of(self, group):
        return events(group, FOUNDED, AS_OF)

    def test_an_election_is_one_event_whatever_the_offices(self):
        group = make_group()
        first, second = make_member(group), make_member(group)
        make_officer(first)
        make_officer(second, "BENDAHARA")
        (event,) = self.of(group)
        assert event.on == FOUNDED
        assert {str(first), str(second)} <= set(re.findall(r"Siti \d+", event.text))

    def test_changed_rules_but_not_the_first(self):
        group = make_group()
        assert self.of(group) == []
        Constitution.objects.create(group=group, version=2, agreed_on=AS_OF, recorded_by=facilitator_of(group))
        assert [event.on for event in self.of(group)] == [AS_OF]

    def test_a_loan_from_outside_unless_cancelled(self):
        group = make_group()
        borrow_external(group)
        (event,) = self.of(group)
        assert event.url == f"/g/{group.code}/books/outside/1/"
        ExternalLoan.objects.update(cancelled_at=timezone.now())
        assert self.of(group) == []

    def test_a_change_of_status_with_its_reason(self):
        group = make_group()
        group_status_change(
            actor=facilitator_of(group), group=group, status=GroupStatus.DORMANT, on=AS_OF, reason="banjir"
        )
        (event,) = self.of(group)
        assert "banjir" in event.text

    @pytest.mark.parametrize(("unpaid", "count"), [(120_000, 1), (119_999, 0)])
    def test_a_write_off_from_a_tenth_of_what_was_lent(self, unpaid, count):
        group = make_group()
        member = make_member(group)
        save(member, 3_000_000)
        loan = lend(member)
        Loan.objects.filter(pk=loan.pk).update(ended_as="WRITTEN_OFF", ended_on=AS_OF, unpaid_principal=unpaid)
        assert len(self.of(group)) == count

    @pytest.mark.parametrize(("on", "count"), [(AS_OF - timedelta(1), 0), (AS_OF, 1), (AS_OF + timedelta(1), 0)])
    def test_a_write_off_counts_on_its_day(self, on, count):
        group = make_group()
        member = make_member(group)
        save(member, 3_000_000)
        Loan.objects.filter(pk=lend(member).pk).update(ended_as="WRITTEN_OFF", ended_on=on, unpaid_principal=900_000)
        assert len(events(group, AS_OF, AS_OF)) == count

    def test_days_external_are_left_out_and_the_oldest_is_first(self):
        group = make_group()
        for number, day in enumerate((AS_OF, AS_OF + timedelta(1), AS_OF - timedelta(9)), start=2):
            Constitution.objects.create(group=group, version=number, agreed_on=day, recorded_by=facilitator_of(group))
        assert [event.on for event in self.of(group)] == [AS_OF - timedelta(9), AS_OF]


def test_marks_never_cover_each_other():
    days = [date(2025, 1, 1) + timedelta(days) for days in (0, 0, 3, 9, 30, 31, 200, 360)]
    chart = history_line([], [], [Event(day, "x", "y", "/") for day in days], days[0], days[-1])
    places = [(mark.x, mark.y) for mark in chart.marks]
    assert all(
        a[1] != b[1] or abs(a[0] - b[0]) >= MARK for number, a in enumerate(places) for b in places[number + 1 :]
    )
    assert [mark.number for mark in chart.marks] == list(range(1, 9))
    assert all(0 < x < chart.width and 0 < y < chart.bottom for x, y in places)


@pytest.mark.parametrize(
    ("days", "labelled"),
    [
        ((700, 715, 730), [730]),
        ((0, 10, 700, 730), [10, 730]),
        ((0, 200, 400, 730), [0, 200, 400, 730]),
        (tuple(range(730, -1, -30))[::-1], [10, 130, 250, 370, 490, 610, 730]),
        ((), []),
    ],
)
def test_months_never_cover_each_other_and_the_last_is_written(days, labelled):
    first = date(2025, 1, 1)
    scores = [Assessment(as_of=first + timedelta(day), stage="TUNAS", score=50, rank=0) for day in days]
    chart = history_line(scores, [], [], first, first + timedelta(730))
    written = [dot for dot in chart.dots if dot.is_labelled]
    assert [(dot.assessment.as_of - first).days for dot in written] == labelled
    assert all(later.x - earlier.x >= MONTH for earlier, later in pairwise(written))


@pytest.mark.parametrize(
    ("days", "score", "place"),
    [
        ((0, 730), 20, ("end", "above")),
        ((700, 730), 85, ("start", "above")),
        ((0, 700, 730), 85, ("end", "below")),
    ],
)
def test_a_stage_is_named_where_no_score_covers_it(days, score, place):
    first = date(2025, 1, 1)
    scores = [Assessment(as_of=first + timedelta(day), stage="TUNAS", score=score, rank=0) for day in days]
    rule = StageRule(stage="KEMBANG", name_id="Kembang", name_en="Kembang", minimum_points=80)
    (stage,) = history_line(scores, [rule], [], first, first + timedelta(730)).stages
    assert (stage.anchor, "above" if stage.name_y < stage.y else "below") == place


def test_the_page_shows_line_list_and_causes(client, group):
    today = timezone.localdate()
    group = make_kembang_minus_outside(facilitator_of(group), until=today - timedelta(39))
    make_override(group, "repayment", judged_on=today - timedelta(40), until=today - timedelta(1))
    for days in (39, 0):
        assess_groups(groups=Group.objects.filter(pk=group.pk), as_of=today - timedelta(days))
    Constitution.objects.create(group=group, version=2, agreed_on=today, recorded_by=facilitator_of(group))
    client.force_login(make_staff(group))
    client.cookies["django_language"] = "en"
    html = " ".join(client.get(f"/g/{group.code}/assessment/").content.decode().split())
    assert html.count('<circle class="mark"') == 1
    assert "Changed rules</a>" in html
    assert "(fell back)" in html
    assert "16 → 0 points" in html
    assert Assessment.objects.filter(group=group).count() == 2
