"""Signals: what each of them asks for, and what it lets pass."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.models import SnapshotScore
from assessment.selectors.dashboard import Filters
from assessment.selectors.signals import alike_facilitators
from assessment.signals import SignalHit, all_signals, read_hits
from finance.ledger.posting import Posting, open_books
from finance.models import AccountKind, CashCount, EntryKind
from finance.rules.lines import deposit
from groups.models import Constitution, Group, Member, OfficerRole
from groups.selectors import mentoring_of
from meetings.models import AttendanceStatus, Meeting
from meetings.services import visit_withdraw
from tests.assessment.groups import (
    AS_OF,
    bring_up_to_date,
    make_kembang_minus_outside,
    make_override,
    make_staff,
    stand,
)
from tests.factories import (
    facilitator_of,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_phase,
    make_user,
    make_visit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> Group:
    return make_group(founded_on=date(2020, 1, 7))


def signals_of(group: Group, as_of: date = AS_OF) -> dict[str, SignalHit]:
    return {hit.signal: hit for hit in read_hits([group.pk], as_of)[group.pk]}


def minutes(group: Group, held_on: date, title: str = "Pakan", absent: int | None = None, **fields: int) -> Meeting:
    """A meeting of the group's members with one agenda item; the member numbered `absent` stays away."""
    members = list(group.members.order_by("number"))
    away = [member for member in members if member.number == absent]
    tallies = {"agenda_count": 1, "member_count": len(members), "present_count": len(members) - len(away)}
    meeting = make_meeting(group, held_on, **tallies | fields)
    meeting.agenda.create(group=group, number=1, title=title, discussion="harga naik")
    for member in members:
        status = AttendanceStatus.ABSENT if member in away else AttendanceStatus.PRESENT
        meeting.attendances.create(group=group, member=member, status=status)
    return meeting


class TestCopiedMeetings:
    @pytest.fixture(autouse=True)
    def members(self, group) -> list[Member]:
        return make_members(group, 3)

    def test_names_the_copies(self, group):
        for days in (60, 30, 0):
            minutes(group, AS_OF - timedelta(days))
        found = signals_of(group)["copied_meetings"]
        assert (found.counted, found.records) == (2, ("2", "3"))

    def test_another_text(self, group):
        minutes(group, AS_OF - timedelta(30))
        minutes(group, AS_OF, title="Bibit")
        assert "copied_meetings" not in signals_of(group)

    def test_another_decision(self, group):
        for days, decision in ((30, "beli pakan"), (0, "beli bibit")):
            meeting = minutes(group, AS_OF - timedelta(days), agenda_count=2)
            meeting.agenda.create(group=group, number=2, title="Bibit", decision=decision)
        assert "copied_meetings" not in signals_of(group)

    def test_somebody_else_away(self, group):
        minutes(group, AS_OF - timedelta(30), absent=1)
        minutes(group, AS_OF, absent=2)
        assert "copied_meetings" not in signals_of(group)

    def test_the_same_member_away(self, group):
        minutes(group, AS_OF - timedelta(30), absent=1)
        minutes(group, AS_OF, absent=1)
        assert "copied_meetings" in signals_of(group)

    def test_without_an_agenda_nothing_was_copied(self, group):
        for days in (30, 0):
            minutes(group, AS_OF - timedelta(days), agenda_count=0)
        assert "copied_meetings" not in signals_of(group)

    def test_a_meeting_in_between(self, group):
        minutes(group, AS_OF - timedelta(60))
        minutes(group, AS_OF - timedelta(30), title="Bibit")
        minutes(group, AS_OF)
        assert "copied_meetings" not in signals_of(group)

    def test_as_of_the_day_before_the_copy(self, group):
        minutes(group, AS_OF - timedelta(30))
        minutes(group, AS_OF)
        assert "copied_meetings" not in signals_of(group, AS_OF - timedelta(1))


class TestSameAmounts:
    def hold(self, group: Group, amounts: list[list[int]], savers: int = 2) -> None:
        """Hold a monthly meeting for each list, at which each member brings the amount."""
        members = make_members(group, len(amounts[0]))
        for number, brought in enumerate(amounts):
            held_on = AS_OF - timedelta(30 * (len(amounts) - 1 - number))
            books = open_books(group=group, actor=facilitator_of(group))
            paid = zip(members, brought, strict=True)
            lines = [line for member, amount in paid for line in deposit(books, AccountKind.WAJIB, member, amount)]
            [entry] = books.post([Posting(EntryKind.MEETING, held_on, lines, uuid.uuid4())])
            count = len(members)
            make_meeting(group, held_on, entry=entry, member_count=count, saver_count=savers)

    def test_everybody_every_time(self, group):
        self.hold(group, [[10_000, 10_000]] * 6)
        found = signals_of(group)["same_amounts"]
        assert (found.counted, found.amount, found.records) == (6, 10_000, ("1", "2", "3", "4", "5", "6"))

    def test_one_member_once_brought_more(self, group):
        self.hold(group, [[10_000, 10_000]] * 5 + [[10_000, 15_000]])
        assert "same_amounts" not in signals_of(group)

    def test_another_amount_at_one_meeting(self, group):
        self.hold(group, [[10_000, 10_000]] * 5 + [[15_000, 15_000]])
        assert "same_amounts" not in signals_of(group)

    def test_five_meetings_are_too_few(self, group):
        self.hold(group, [[10_000, 10_000]] * 5)
        assert "same_amounts" not in signals_of(group)

    def test_somebody_brought_nothing(self, group):
        self.hold(group, [[10_000, 10_000]] * 6, savers=1)
        assert "same_amounts" not in signals_of(group)


class TestLateNightBatches:
    def close(self, group: Group, hours: list[int], *, days: int = 20) -> None:
        """Close a meeting at each hour (Jakarta) of the night that begins on AS_OF, `days` after it was held."""
        for number, hour in enumerate(hours):
            local = datetime.combine(AS_OF, datetime.min.time(), UTC) + timedelta(hours=hour - 7)
            make_meeting(group, AS_OF - timedelta(days + number), closed_at=local)

    def after(self, group: Group) -> dict[str, SignalHit]:
        return signals_of(group, AS_OF + timedelta(2))

    def test_three_in_one_night_past_midnight(self, group):
        self.close(group, [22, 23, 27])
        found = self.after(group)["late_night_batches"]
        assert (found.counted, found.records) == (3, ("1", "2", "3"))

    def test_a_meeting_corrected_since_was_still_closed_that_night(self, group):
        self.close(group, [22, 23, 27])
        Meeting.objects.filter(group=group, number=1).update(status="CORRECTED")
        assert self.after(group)["late_night_batches"].counted == 3

    @pytest.mark.parametrize("hours", [[21, 22, 23], [22, 23, 28], [22, 23], [22, 23, 46]])
    def test_by_day_or_too_few_or_another_night(self, group, hours):
        self.close(group, hours)
        assert "late_night_batches" not in self.after(group)

    def test_within_a_week_of_the_meeting(self, group):
        self.close(group, [22, 23, 23], days=5)
        assert "late_night_batches" not in self.after(group)

    def test_not_known_before_that_night(self, group):
        self.close(group, [22, 23, 23])
        assert "late_night_batches" not in signals_of(group, AS_OF - timedelta(1))


class TestCashAlwaysAgrees:
    def count(self, group: Group, number: int, *, expected: int = 50_000, last: int = 50_000) -> None:
        for days in range(number):
            counted = last if days == 0 else expected
            CashCount.objects.create(
                group=group, counted_on=AS_OF - timedelta(20 * days), expected=expected, counted=counted,
                explanation="" if counted == expected else "kembalian", counted_by=facilitator_of(group),
            )  # fmt: skip

    def test_ten_counts(self, group):
        self.count(group, 10)
        assert signals_of(group)["cash_always_agrees"].counted == 10

    def test_nine_are_too_few(self, group):
        self.count(group, 9)
        assert "cash_always_agrees" not in signals_of(group)

    def test_of_a_corrected_meeting_only_the_new_count(self, group):
        self.count(group, 10)
        make_meeting(group, AS_OF, status="CORRECTED", cash_count=group.cash_counts.first())
        assert "cash_always_agrees" not in signals_of(group)

    def test_one_difference(self, group):
        self.count(group, 12, last=49_500)
        assert "cash_always_agrees" not in signals_of(group)

    def test_an_empty_box_agrees_by_itself(self, group):
        self.count(group, 12, expected=0, last=0)
        assert "cash_always_agrees" not in signals_of(group)


class TestFullAttendance:
    def hold(self, group: Group, *, every: int = 30, **last: int) -> None:
        for number in range(12):
            make_meeting(group, AS_OF - timedelta(every * number), **(last if number == 0 else {}))

    def test_everybody_for_a_year(self, group):
        self.hold(group)
        assert signals_of(group)["full_attendance"].counted == 12

    def test_late_is_there(self, group):
        self.hold(group, present_count=9, late_count=1)
        assert "full_attendance" in signals_of(group)

    def test_represented_is_not_there(self, group):
        self.hold(group, present_count=9, represented_count=1)
        assert "full_attendance" not in signals_of(group)

    def test_twelve_weeks_are_no_year(self, group):
        self.hold(group, every=7)
        assert "full_attendance" not in signals_of(group)


class TestTermsExpired:
    def test_more_than_three_years(self, group):
        ketua, bendahara = make_members(group, 2)
        make_officer(ketua, OfficerRole.KETUA, started_on=date(2022, 7, 8))
        make_officer(bendahara, OfficerRole.BENDAHARA, started_on=date(2022, 7, 9))
        found = signals_of(group)["terms_expired"]
        assert (found.counted, found.records) == (1, ("KETUA",))

    def test_an_ended_term(self, group):
        [member] = make_members(group, 1)
        make_officer(member, started_on=date(2021, 1, 1), ended_on=AS_OF)
        assert "terms_expired" not in signals_of(group)
        assert "terms_expired" in signals_of(group, AS_OF - timedelta(1))

    def test_on_a_leap_day(self, group):
        [member] = make_members(group, 1)
        make_officer(member, started_on=date(2021, 2, 28))
        assert "terms_expired" in signals_of(group, date(2024, 2, 29))

    def test_the_rules_of_the_day_say_how_long_a_term_is(self, group):
        [member] = make_members(group, 1)
        make_officer(member, started_on=date(2023, 7, 8))
        assert "terms_expired" not in signals_of(group)
        Constitution.objects.create(
            group=group, version=2, agreed_on=AS_OF, term_years=2, recorded_by=group.recorded_by
        )
        assert "terms_expired" in signals_of(group)
        assert "terms_expired" not in signals_of(group, AS_OF - timedelta(1))


class TestLeadership:
    @pytest.fixture
    def group(self):
        return make_group(founded_on=date(2010, 1, 5))

    def elected(self, member, year, until=None, role="KETUA"):
        make_officer(member, role, started_on=date(year, 1, 1), ended_on=until and date(until, 1, 1))

    def test_somebody_elected_again_who_leads_for_two_terms(self, group):
        ketua, bendahara = make_members(group, 2)
        self.elected(ketua, 2016, 2019)
        self.elected(ketua, 2020)
        self.elected(bendahara, 2020, role="BENDAHARA")
        assert "same_leaders" not in signals_of(group, date(2022, 12, 29))
        found = signals_of(group, date(2022, 12, 30))["same_leaders"]
        assert (found.counted, found.records) == (1, (str(ketua.pk),))

    def test_one_long_term_is_over_and_no_more(self, group):
        [member] = make_members(group, 1)
        make_officer(member, started_on=date(2015, 1, 1))
        found = signals_of(group)
        assert ("terms_expired" in found, "same_leaders" in found) == (True, False)

    def test_who_led_before_and_does_not_now(self, group):
        before, now = make_members(group, 2)
        self.elected(before, 2016, 2019)
        self.elected(before, 2019, 2024)
        self.elected(now, 2024)
        assert "same_leaders" not in signals_of(group)

    def test_three_holders_of_an_office_within_two_years(self, group):
        members = make_members(group, 3)
        days = [AS_OF - timedelta(730), AS_OF - timedelta(400), AS_OF - timedelta(40), None]
        for member, start, end in zip(members, days, days[1:], strict=False):
            make_officer(member, "BENDAHARA", started_on=start, ended_on=end)
        found = signals_of(group)["leaders_change_often"]
        assert (found.counted, found.records) == (3, ("BENDAHARA",))
        assert "leaders_change_often" not in signals_of(group, AS_OF + timedelta(1))
        assert "leaders_change_often" not in signals_of(group, AS_OF - timedelta(41))

    @pytest.mark.parametrize(
        ("women", "men", "leads", "asked"),
        [(3, 3, "L", True), (2, 3, "L", False), (3, 2, "L", False), (3, 3, "P", False)],
    )
    def test_no_woman_leads_a_group_of_women_and_men(self, group, women, men, leads, asked):
        people = [make_member(group, gender=gender) for gender in "P" * women + "L" * men]
        make_officer(next(member for member in people if member.gender == leads))
        found = signals_of(group)
        assert ("no_woman_leads" in found) == asked
        assert not asked or found["no_woman_leads"].counted == women

    def test_without_officers_nobody_is_asked_about_women(self, group):
        for gender in "PLPLPL":
            make_member(group, gender=gender)
        assert "no_woman_leads" not in signals_of(group)


class TestNotVisited:
    def ago(self, group, days, **fields):
        return make_visit(group, AS_OF - timedelta(days), **fields)

    def test_a_group_without_visits_and_agreement_is_not_asked_about(self, group):
        assert "not_visited" not in signals_of(group)

    def test_twice_as_long_as_agreed(self, group):
        make_phase(group, AS_OF - timedelta(200))
        self.ago(group, 61)
        assert signals_of(group)["not_visited"].counted == 61
        self.ago(group, 60)
        assert "not_visited" not in signals_of(group)

    def test_never_visited_since_the_phase_began(self, group):
        make_phase(group, AS_OF - timedelta(61))
        assert signals_of(group)["not_visited"].counted == 61
        assert "not_visited" not in signals_of(group, AS_OF - timedelta(1))

    def test_a_phase_that_began_after_the_last_visit_gives_time(self, group):
        self.ago(group, 100)
        make_phase(group, AS_OF - timedelta(50))
        assert "not_visited" not in signals_of(group)

    def test_a_quarter_of_a_year_without_an_agreement(self, group):
        self.ago(group, 92)
        assert signals_of(group)["not_visited"].counted == 92
        assert "not_visited" not in signals_of(group, AS_OF - timedelta(1))

    def test_guests_and_visits_recorded_by_mistake_do_not_count(self, group):
        self.ago(group, 100)
        self.ago(group, 5, visitor=None, visitor_name="Pak Lurah", role="GUEST")
        wrong = self.ago(group, 4)
        visit_withdraw(actor=facilitator_of(group), visit=wrong, reason="salah")
        assert signals_of(group)["not_visited"].counted == 100

    def test_a_group_whose_mentoring_ended_is_visited_by_nobody(self, group):
        self.ago(group, 300)
        make_phase(group, AS_OF - timedelta(400))
        make_phase(group, AS_OF - timedelta(200), "ENDED")
        assert "not_visited" not in signals_of(group)


class TestStaysDependent:
    def test_the_agreed_end_is_past(self, group):
        began = AS_OF - timedelta(101)
        make_phase(group, began, mentoring_until=began + timedelta(100))
        assert signals_of(group)["stays_dependent"].counted == 101
        assert "stays_dependent" not in signals_of(group, AS_OF - timedelta(1))

    def test_the_phase_lasts_half_as_long_again(self, group):
        make_phase(group, AS_OF - timedelta(151))
        assert "stays_dependent" in signals_of(group)
        assert "stays_dependent" not in signals_of(group, AS_OF - timedelta(1))

    def test_the_page_and_the_signal_say_the_same(self, group):
        for days in (99, 100, 101, 149, 150, 151, 152):
            phase = make_phase(group, AS_OF - timedelta(days))
            here = bool(mentoring_of([group], as_of=AS_OF)[group.pk].dependent_why)
            assert ("stays_dependent" in signals_of(group)) is here
            group.mentoring_phases.filter(pk=phase.pk).update(
                withdrawn_at=timezone.now(), withdrawn_by=facilitator_of(group), withdrawn_why="x"
            )

    def test_a_later_phase_counts_by_itself_and_an_end_ends_it(self, group):
        make_phase(group, AS_OF - timedelta(300))
        make_phase(group, AS_OF - timedelta(20), "ACCESS")
        assert "stays_dependent" not in signals_of(group)
        make_phase(group, AS_OF - timedelta(10), "ENDED")
        assert "stays_dependent" not in signals_of(group)


class TestOneRecorder:
    def test_everything_by_one_person(self, group):
        for number in range(10):
            make_meeting(group, AS_OF - timedelta(30 * number))
        found = signals_of(group)["one_recorder"]
        assert (found.counted, found.person) == (10, facilitator_of(group).pk)
        assert found.records == tuple(map(str, range(1, 11)))

    def test_nine_meetings_are_too_few(self, group):
        for number in range(9):
            make_meeting(group, AS_OF - timedelta(30 * number))
        assert "one_recorder" not in signals_of(group)

    def test_somebody_else_closed_one(self, group):
        for number in range(10):
            make_meeting(group, AS_OF - timedelta(30 * number))
        make_meeting(group, AS_OF - timedelta(1), saved_by=make_user(organisation=group.organisation))
        assert "one_recorder" not in signals_of(group)

    def test_somebody_else_counted_the_cash(self, group):
        for number in range(10):
            make_meeting(group, AS_OF - timedelta(30 * number))
        other = make_user(organisation=group.organisation)
        CashCount.objects.create(group=group, counted_on=AS_OF, expected=0, counted=0, counted_by=other)
        assert "one_recorder" not in signals_of(group)

    def test_somebody_else_judged_the_group_within_the_year(self, group):
        for number in range(10):
            make_meeting(group, AS_OF - timedelta(30 * number))
        staff = make_staff(group)
        make_override(group, judged_on=AS_OF - timedelta(365), judged_by=staff)
        make_override(group, judged_on=AS_OF + timedelta(1), until=AS_OF + timedelta(9), judged_by=staff)
        make_override(group, judged_on=AS_OF)  # by who records as well
        assert "one_recorder" in signals_of(group)
        make_override(group, judged_on=AS_OF - timedelta(364), judged_by=staff)
        assert "one_recorder" not in signals_of(group)

    def test_somebody_else_visited_the_group_within_the_year(self, group):
        for number in range(10):
            make_meeting(group, AS_OF - timedelta(30 * number))
        staff = make_staff(group)
        make_visit(group, AS_OF)  # by who records as well
        make_visit(group, AS_OF - timedelta(365), visitor=staff)
        make_visit(group, AS_OF + timedelta(1), visitor=staff)
        assert "one_recorder" in signals_of(group)
        make_visit(group, AS_OF - timedelta(364), visitor=staff)
        assert "one_recorder" not in signals_of(group)


class TestFacilitatorGroupsAlike:
    @pytest.fixture
    def facilitator(self):
        return make_user()

    def alike(self, scheme="kotaku"):
        latest = Filters(scheme=scheme, start=AS_OF.replace(day=1), end=AS_OF.replace(day=1), ends_now=True)
        return alike_facilitators(Group.objects.all(), AS_OF, latest)

    def score(self, facilitator, count: int) -> None:
        for _ in range(count):
            make_kembang_minus_outside(facilitator)
        bring_up_to_date(AS_OF)

    def test_five_groups(self, facilitator):
        self.score(facilitator, 5)
        [found] = self.alike()
        assert (found.facilitator, found.groups, found.least, found.most) == (facilitator, 5, 76, 76)

    def test_four_groups_say_nothing(self, facilitator):
        self.score(facilitator, 4)
        assert self.alike() == []

    def test_three_points_apart_is_not_alike(self, facilitator):
        self.score(facilitator, 5)
        one = SnapshotScore.objects.first()
        SnapshotScore.objects.filter(pk=one.pk).update(score=73)
        assert self.alike() == []
        SnapshotScore.objects.filter(pk=one.pk).update(score=74)
        assert len(self.alike()) == 1

    def test_only_the_latest_score_counts(self, facilitator):
        self.score(facilitator, 5)
        for group in Group.objects.all():
            stand(group, month=date(2025, 3, 1), score=3)
        [found] = self.alike()
        assert (found.groups, found.least) == (5, 76)

    def test_an_assignment_to_come_does_not_count(self, facilitator):
        self.score(facilitator, 5)
        Group.objects.first().assignments.update(started_on=AS_OF + timedelta(1))
        assert self.alike() == []

    def test_a_finished_assignment_does_not_count(self, facilitator):
        self.score(facilitator, 5)
        Group.objects.first().assignments.update(ended_on=AS_OF)
        assert self.alike() == []

    def test_another_scheme(self, facilitator):
        self.score(facilitator, 5)
        assert self.alike("panca-sutra") == []


class TestOverManyGroups:
    def test_a_group_without_records_has_none(self, group):
        assert signals_of(group) == {}

    def test_only_the_groups_asked_for(self, group):
        make_officer(make_members(group, 1)[0], started_on=date(2020, 1, 7))
        other = make_group(founded_on=date(2020, 1, 7))
        make_officer(make_members(other, 1)[0], started_on=date(2020, 1, 7))
        assert [hit.group_id for hit in read_hits([other.pk], AS_OF)[other.pk]] == [other.pk]
        assert list(read_hits([other.pk], AS_OF)) == [other.pk]

    def test_one_statement_for_any_number(self, group):
        for size in (1, 8):
            while Group.objects.count() < size:
                old = make_group(founded_on=date(2020, 1, 7))
                make_officer(make_members(old, 1)[0], started_on=date(2020, 1, 7))
            ids = list(Group.objects.values_list("pk", flat=True))
            with CaptureQueriesContext(connection) as queries:
                read_hits(ids, AS_OF)
            assert len(queries) == 1

    def test_no_groups_at_all(self):
        assert read_hits([], AS_OF) == {}

    @pytest.mark.parametrize("signal", all_signals())
    def test_each_states_its_rule_and_its_source(self, signal):
        assert "Source:" in import_module(f"assessment.signals.{signal}").__doc__
