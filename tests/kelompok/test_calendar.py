"""The agreed meeting days of a group: what was held, missed and moved, and moving them for one group or for many."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import meetings.selectors
from groups.models import Group, GroupStatusChange, LoanDue, MeetingMove, MeetingRhythm, Role
from groups.selectors import meeting_calendar
from kelompok import services
from kelompok.selectors import movable_meetings, overdue_since
from tests.factories import facilitator_of, lend, make_group, make_meeting, make_member, make_user, repay, save

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
JANUARY, JUNE = date(2026, 1, 1), date(2026, 6, 30)
HOME = reverse("home")
MANY = reverse("meetings-move")


@pytest.fixture
def group():
    """Meets on second Sundays of 2026: 11 January, 8 February, 8 March, 12 April, 10 May, 14 June."""
    return make_group(rhythm={"every": "MONTH", "weekday": 6, "week": 2})


def days(group, as_of=date(2026, 5, 20), start=JANUARY, end=JUNE):
    return {day.day: day for day in meetings.selectors.agreed_days(group, start=start, end=end, as_of=as_of)}


def move(group, planned_on, moved_to, reason="Lebaran", actor=None):
    return services.meeting_move(
        actor=actor or facilitator_of(group), group=group, planned_on=planned_on, moved_to=moved_to, reason=reason
    )


class TestDays:
    def test_each_day_says_what_became_of_it(self, group):
        make_meeting(group, date(2026, 1, 11))
        make_meeting(group, date(2026, 2, 10))
        make_meeting(group, date(2026, 3, 7))
        found = days(group)
        assert [(day.day, day.month) for day in found] == [(11, 1), (8, 2), (8, 3), (12, 4), (10, 5), (14, 6)]
        held = [(one.days_early, one.days_late) for day in list(found.values())[:3] for one in day.held]
        assert held == [(0, 0), (0, 2), (1, 0)]
        assert [day.is_missing for day in found.values()] == [False, False, False, True, True, False]

    def test_a_day_is_missing_only_when_it_is_past(self, group):
        assert days(group, as_of=date(2026, 4, 12))[date(2026, 4, 12)].is_today
        assert not days(group, as_of=date(2026, 4, 12))[date(2026, 4, 12)].is_missing
        assert days(group, as_of=date(2026, 4, 13))[date(2026, 4, 12)].is_missing

    def test_a_meeting_just_outside_the_months_counts_for_its_day(self, group):
        make_meeting(group, date(2026, 4, 10))
        assert days(group, start=date(2026, 4, 11))[date(2026, 4, 12)].held
        make_meeting(group, date(2026, 5, 12))
        assert days(group, end=date(2026, 5, 11))[date(2026, 5, 10)].held

    def test_two_meetings_may_count_for_one_day(self, group):
        make_meeting(group, date(2026, 1, 11))
        make_meeting(group, date(2026, 1, 18))
        assert [one.days_late for one in days(group)[date(2026, 1, 11)].held] == [0, 7]

    def test_drafts_and_meetings_after_the_day_are_not_known(self, group):
        make_meeting(group, date(2026, 4, 12), status="DRAFT", closed_at=None)
        make_meeting(group, date(2026, 5, 10))
        found = days(group, as_of=date(2026, 5, 9))
        assert found[date(2026, 4, 12)].is_missing
        assert not found[date(2026, 5, 10)].held

    def test_a_moved_meeting_stands_at_both_days(self, group):
        move(group, date(2026, 3, 8), date(2026, 3, 29))
        found = days(group)
        assert found[date(2026, 3, 8)].moved_away.reason == "Lebaran"
        assert not found[date(2026, 3, 8)].is_missing
        assert found[date(2026, 3, 29)].moved_from.planned_on == date(2026, 3, 8)
        assert found[date(2026, 3, 29)].is_missing

    def test_a_meeting_called_off_is_not_missing(self, group):
        move(group, date(2026, 3, 8), None)
        assert not days(group)[date(2026, 3, 8)].is_missing

    def test_after_its_end_a_dissolved_group_is_not_missed(self, group):
        GroupStatusChange.objects.create(
            group=group, from_status="ACTIVE", to_status="DISSOLVED", changed_on=date(2026, 3, 8), reason="bubar",
            recorded_by=facilitator_of(group),
        )  # fmt: skip
        Group.objects.filter(pk=group.pk).update(status="DISSOLVED")
        group.refresh_from_db()
        assert list(days(group)) == [date(2026, 1, 11), date(2026, 2, 8), date(2026, 3, 8)]
        assert overdue_since(group, as_of=date(2026, 5, 20)) is None

    def test_the_pasaran_stands_at_the_days_of_a_selapan_group_only(self, group):
        selapan = make_group(rhythm={"every": "SELAPAN", "weekday": 6, "pasaran": 0})
        assert {day.pasaran for day in days(selapan).values()} == {"Legi"}
        assert {day.pasaran for day in days(group).values()} == {""}


class TestMoves:
    def test_it_moves_the_meeting(self, group):
        move(group, date(2026, 3, 8), date(2026, 3, 29))
        assert list(meeting_calendar(group).dates(date(2026, 3, 1), date(2026, 4, 30))) == [
            date(2026, 3, 29), date(2026, 4, 12),
        ]  # fmt: skip

    def test_not_to_a_day_before_the_last_closed_meeting(self, group):
        make_meeting(group, date(2026, 3, 1))
        with pytest.raises(ValidationError) as error:
            move(group, date(2026, 3, 8), date(2026, 2, 28))
        assert list(error.value.message_dict) == ["moved_to"]
        assert move(group, date(2026, 3, 8), date(2026, 3, 1)).pk

    def test_a_meeting_held_on_another_day_may_be_moved_there_afterwards(self, group):
        make_meeting(group, date(2026, 3, 29))
        move(group, date(2026, 3, 8), date(2026, 3, 29))
        assert days(group)[date(2026, 3, 29)].held[0].days_late == 0

    def test_taken_back(self, group):
        made = move(group, date(2026, 3, 8), date(2026, 3, 29))
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert date(2026, 3, 8) in meeting_calendar(group).dates(JANUARY, JUNE)

    @pytest.mark.parametrize("role", [Role.STAFF, Role.OFFICER])
    def test_who_only_reads_moves_nothing(self, group, role):
        member = make_member(group) if role == Role.OFFICER else None
        actor = make_user(role, organisation=group.organisation, member=member)
        made = move(group, date(2026, 3, 8), None)
        with pytest.raises(PermissionDenied):
            move(group, date(2026, 4, 12), None, actor=actor)
        with pytest.raises(PermissionDenied):
            services.meeting_move_withdraw(actor=actor, move=made)


class TestDueDays:
    """A loan of 600.000 over 6 months paid out on second Sundays: due 8 February, 8 March, 12 April, …"""

    @pytest.fixture
    def loan(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        days = {"disbursed_on": date(2026, 1, 11), "first_due": date(2026, 2, 8)}
        return lend(member, 600_000, 6, due_at=LoanDue.MEETING, **days)

    def due(self, loan):
        return [(line.due_on, line.late_after) for line in loan.instalments.all()[:3]]

    def test_what_is_due_at_the_meeting_moves_with_it_and_back(self, group, loan):
        before = self.due(loan)
        assert [day for day, _late in before] == [date(2026, 2, 8), date(2026, 3, 8), date(2026, 4, 12)]
        made = move(group, date(2026, 3, 8), date(2026, 3, 29))
        assert self.due(loan) == [before[0], (date(2026, 3, 29), date(2026, 3, 29)), before[2]]
        assert move(group, date(2026, 3, 8), date(2026, 3, 29)) == made
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(loan) == before
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(loan) == before

    def test_what_is_due_at_a_meeting_called_off_waits_for_the_next_and_comes_back(self, group, loan):
        before = self.due(loan)
        made = move(group, date(2026, 3, 8), None)
        assert self.due(loan)[1] == (date(2026, 4, 12), date(2026, 4, 12))
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(loan) == before
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(loan) == before

    @pytest.mark.parametrize("first_back", [0, 1])
    def test_of_two_meetings_called_off_each_comes_back_by_itself(self, group, loan, first_back):
        before = self.due(loan)
        made = [move(group, day, None) for day in (date(2026, 3, 8), date(2026, 4, 12))]
        assert [day for day, _late in self.due(loan)] == [date(2026, 2, 8), date(2026, 5, 10), date(2026, 5, 10)]
        back = made.pop(first_back)
        services.meeting_move_withdraw(actor=facilitator_of(group), move=back)
        half = [date(2026, 3, 8), date(2026, 5, 10)] if first_back == 0 else [date(2026, 4, 12), date(2026, 4, 12)]
        assert [day for day, _late in self.due(loan)][1:] == half
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made[0])
        assert self.due(loan) == before

    def test_a_fixed_day_is_paid_in_time_at_the_meeting_that_comes_back(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        terms = {"due_at": LoanDue.DAY, "disbursed_on": date(2026, 1, 11), "first_due": date(2026, 3, 1)}
        loan = lend(member, 600_000, 6, **terms)
        made = move(group, date(2026, 3, 8), None)
        assert self.due(loan)[0] == (date(2026, 3, 1), date(2026, 4, 12))
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(loan)[0] == (date(2026, 3, 1), date(2026, 3, 8))

    @pytest.fixture
    def harvest_loan(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        terms = {"repayment": "HARVEST_MONTHLY", "harvest_on": date(2026, 4, 12), "due_at": LoanDue.MEETING}
        return lend(member, 600_000, 3, disbursed_on=date(2026, 1, 11), first_due=None, **terms)

    def test_the_fees_of_a_harvest_loan_move_with_the_meeting_and_back(self, group, harvest_loan):
        before = self.due(harvest_loan)
        assert [day for day, _late in before] == [date(2026, 2, 8), date(2026, 3, 8), date(2026, 4, 12)]
        for moved_to, day in ((date(2026, 3, 29), date(2026, 3, 29)), (None, date(2026, 4, 12))):
            made = move(group, date(2026, 3, 8), moved_to)
            assert self.due(harvest_loan)[1] == (day, day)
            services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
            assert self.due(harvest_loan) == before

    def test_a_harvest_stays_on_its_day_when_the_meeting_of_that_day_moves(self, group, harvest_loan):
        made = move(group, date(2026, 4, 12), date(2026, 4, 19))
        assert self.due(harvest_loan)[2] == (date(2026, 4, 12), date(2026, 4, 19))
        services.meeting_move_withdraw(actor=facilitator_of(group), move=made)
        assert self.due(harvest_loan)[2] == (date(2026, 4, 12), date(2026, 4, 12))

    def test_the_fees_of_a_harvest_loan_follow_another_rhythm_and_the_harvest_stays(self, group, harvest_loan):
        before = self.due(harvest_loan)
        rhythm = MeetingRhythm(agreed_from=date(2026, 3, 1), every="DATE", day_of_month=20)
        services.rhythm_adopt(actor=facilitator_of(group), group=group, rhythm=rhythm)
        third = (date(2026, 4, 12), date(2026, 4, 20))
        assert self.due(harvest_loan) == [before[0], (date(2026, 3, 20), date(2026, 3, 20)), third]
        services.rhythm_withdraw(actor=facilitator_of(group), rhythm=rhythm)
        assert self.due(harvest_loan) == before

    def test_what_is_due_follows_another_rhythm_and_back(self, group, loan):
        before = self.due(loan)
        rhythm = MeetingRhythm(agreed_from=date(2026, 3, 1), every="DATE", day_of_month=20)
        services.rhythm_adopt(actor=facilitator_of(group), group=group, rhythm=rhythm)
        assert self.due(loan) == [before[0], *((day, day) for day in (date(2026, 3, 20), date(2026, 4, 20)))]
        services.rhythm_withdraw(actor=facilitator_of(group), rhythm=rhythm)
        assert self.due(loan) == before

    def test_a_fixed_day_stays_and_is_paid_in_time_up_to_the_new_meeting(self, group):
        member = make_member(group)
        save(member, 5_000_000)
        fixed = lend(member, 600_000, 6, disbursed_on=date(2026, 1, 30), first_due=date(2026, 2, 28))
        assert self.due(fixed)[1] == (date(2026, 3, 30), date(2026, 4, 12))
        rhythm = MeetingRhythm(agreed_from=date(2026, 3, 15), every="DATE", day_of_month=1)
        services.rhythm_adopt(actor=facilitator_of(group), group=group, rhythm=rhythm)
        assert self.due(fixed)[:2] == [(date(2026, 2, 28), date(2026, 3, 8)), (date(2026, 3, 30), date(2026, 4, 1))]

    def test_a_move_that_is_refused_moves_nothing(self, group, loan):
        before = self.due(loan)
        with pytest.raises(ValidationError):
            move(group, date(2026, 3, 8), date(2026, 4, 12))
        assert self.due(loan) == before


class TestOverdue:
    def test_the_first_agreed_day_without_a_meeting(self, group):
        make_meeting(group, date(2026, 4, 11))
        assert overdue_since(group, as_of=date(2026, 5, 10)) is None
        assert overdue_since(group, as_of=date(2026, 5, 11)) == date(2026, 5, 10)

    def test_a_moved_meeting_is_overdue_after_its_new_day(self, group):
        make_meeting(group, date(2026, 4, 12))
        move(group, date(2026, 5, 10), date(2026, 5, 17))
        assert overdue_since(group, as_of=date(2026, 5, 17)) is None
        assert overdue_since(group, as_of=date(2026, 5, 18)) == date(2026, 5, 17)

    def test_a_group_asleep_owes_no_meeting(self):
        assert overdue_since(make_group(status="DORMANT"), as_of=date(2026, 5, 11)) is None

    def test_the_page_of_the_group_says_it(self, client, group):
        client.force_login(facilitator_of(group))
        page = reverse("group", args=[group.code])
        assert "Seharusnya bertemu" in client.get(page).content.decode()
        make_meeting(group, TODAY)
        assert "Seharusnya bertemu" not in client.get(page).content.decode()


class TestPage:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client, group):
        client.force_login(facilitator_of(group))

    def page(self, client, group, **query):
        return client.get(reverse("calendar", args=[group.code]), query)

    def test_it_shows_the_months_that_were_asked_for(self, client, group):
        shown = [day.day for day in self.page(client, group, **{"from": "2026-01"}).context["days"]]
        assert (shown[0], shown[-1]) == (date(2026, 1, 11), date(2026, 9, 13))

    @pytest.mark.parametrize("month", ["", "2026-13", "x", "0001-01", "99999-01", "9999-12"])
    def test_a_month_that_is_none_is_as_if_nobody_asked(self, client, group, month):
        context = self.page(client, group, **{"from": month}).context
        assert context["start"] <= TODAY <= context["end"]

    def test_who_only_reads_is_offered_nothing_to_change(self, client, group):
        client.force_login(make_user(Role.STAFF, organisation=group.organisation))
        content = self.page(client, group).content.decode()
        assert reverse("meeting-move", args=[group.code]) not in content
        assert "Belum dicatat" in content

    def test_statements_do_not_grow_with_days_meetings_and_moves(self, client, group):
        def count():
            with CaptureQueriesContext(connection) as queries:
                self.page(client, group, **{"from": "2025-03"})
            return len(queries)

        make_meeting(group, date(2025, 3, 9))
        move(group, date(2025, 11, 9), None)
        before = count()
        for month in range(4, 10):
            make_meeting(group, date(2025, month, 13))
        move(group, date(2025, 10, 12), date(2025, 10, 20))
        assert count() == before <= 12


class TestMovePage:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client, group):
        client.force_login(facilitator_of(group))

    @pytest.fixture
    def planned_on(self, group):
        return meeting_calendar(group).next_after(TODAY)

    def send(self, client, group, **data):
        return client.post(reverse("meeting-move", args=[group.code]), {"reason": "Lebaran", **data})

    def test_a_meeting_is_moved(self, client, group, planned_on):
        response = self.send(client, group, planned_on=planned_on, moved_to=planned_on + timedelta(2))
        assert response.url == reverse("calendar", args=[group.code])
        assert group.moves.get().moved_to == planned_on + timedelta(2)

    def test_a_meeting_is_called_off_and_taken_back(self, client, group, planned_on):
        self.send(client, group, planned_on=planned_on, is_off="on")
        made = group.moves.get()
        assert made.moved_to is None
        content = client.get(reverse("calendar", args=[group.code])).content.decode()
        assert "Tidak ada pertemuan: Lebaran" in content
        client.post(reverse("meeting-move-withdraw", args=[group.code, made.pk]))
        made.refresh_from_db()
        assert made.withdrawn_at is not None

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({}, "moved_to"),
            ({"is_off": "on", "moved_to": TODAY}, "is_off"),
            ({"is_off": "on", "reason": ""}, "reason"),
            ({"is_off": "on", "planned_on": TODAY + timedelta(2000)}, "planned_on"),
            ({"moved_to": TODAY + timedelta(1000)}, "moved_to"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, client, group, planned_on, data, field):
        response = self.send(client, group, **{"planned_on": planned_on, **data})
        assert list(response.context["form"].errors) == [field]
        assert not group.moves.exists()

    def test_it_shows_how_many_instalments_are_due_before_it_moves_any(self, client, group, planned_on):
        member = make_member(group)
        save(member, 5_000_000)
        data = {"planned_on": planned_on, "moved_to": planned_on + timedelta(1), "action": "look"}
        assert self.send(client, group, **data).context["due"] == 0
        lend(member, disbursed_on=TODAY - timedelta(1), first_due=planned_on)
        assert self.send(client, group, **data).context["due"] == 1
        assert not group.moves.exists()

    def test_a_link_chooses_its_day(self, client, group):
        page = reverse("meeting-move", args=[group.code])
        form = client.get(page, {"planned_on": "2025-03-09"}).context["form"]
        assert form.initial == {"planned_on": "2025-03-09"}
        assert client.get(page, {"planned_on": "x"}).context["form"].initial["planned_on"] >= TODAY.isoformat()

    def test_one_of_another_group_is_out_of_reach(self, client, group):
        made = move(make_group(), date(2026, 3, 3), None)
        assert client.post(reverse("meeting-move-withdraw", args=[group.code, made.pk])).status_code == 404


class TestManyGroups:
    """Groups that meet on Friday 20 March 2026, which Lebaran moves to the 27th."""

    FRIDAY, NEXT = date(2026, 3, 20), date(2026, 3, 27)

    @pytest.fixture
    def own(self, client):
        facilitator = make_user()
        client.force_login(facilitator)
        return facilitator

    def third_fridays(self, facilitator, **fields):
        return make_group(facilitator, rhythm={"every": "MONTH", "weekday": 4, "week": 3}, **fields)

    def query(self, **fields):
        return {"first": self.FRIDAY, "moved_to": self.NEXT, **fields}

    def found(self, actor, days=7, start=FRIDAY, end=FRIDAY):
        by = None if days is None else timedelta(days)
        return movable_meetings(actor, start=start, end=end, by=by)

    def test_those_that_meet_on_the_day_are_shown_and_moved(self, client, own):
        first, second, other = self.third_fridays(own), self.third_fridays(own), make_group(own)
        stranger = self.third_fridays(make_user())
        shown = client.get(MANY, self.query()).context
        assert {one.group for one in shown["found"]} == {first, second}
        assert set(shown["ticked"]) == {one.choice for one in shown["found"]}
        response = client.post(MANY, {**self.query(), "reason": "Lebaran", "chosen": shown["ticked"]})
        assert response.url == HOME
        assert set(MeetingMove.objects.values_list("group", "planned_on", "moved_to")) == {
            (one.pk, self.FRIDAY, self.NEXT) for one in (first, second)
        }
        assert not other.moves.exists() | stranger.moves.exists()

    def test_each_says_how_many_instalments_move_along(self, client, own):
        group, other = self.third_fridays(own), self.third_fridays(own)
        for number in (1, 2):
            member = make_member(group, number=number)
            save(member, 5_000_000)
            lend(member, disbursed_on=self.FRIDAY - timedelta(28), first_due=self.FRIDAY)
        repaid = make_member(other)
        save(repaid, 5_000_000)
        repay(lend(repaid, disbursed_on=self.FRIDAY - timedelta(28), first_due=self.FRIDAY), 1_416_000, on=self.FRIDAY)
        assert {one.group: one.instalments for one in self.found(own)} == {group: 2, other: 0}

    def test_only_those_that_are_ticked_are_moved(self, client, own):
        first, second = self.third_fridays(own), self.third_fridays(own)
        chosen = [one.choice for one in self.found(own) if one.group == first]
        client.post(MANY, {**self.query(), "reason": "Lebaran", "chosen": chosen})
        assert first.moves.exists()
        assert not second.moves.exists()

    def test_a_group_of_somebody_else_is_not_moved_though_it_was_sent(self, client, own):
        stranger = self.third_fridays(make_user())
        self.third_fridays(own)
        chosen = [f"{stranger.pk}:{self.FRIDAY.isoformat()}"]
        response = client.post(MANY, {**self.query(), "reason": "Lebaran", "chosen": chosen})
        assert response.status_code == 200
        assert not MeetingMove.objects.exists()

    def test_nothing_ticked_and_no_reason_are_asked_for(self, client, own):
        self.third_fridays(own)
        response = client.post(MANY, {**self.query(), "reason": "Lebaran"})
        assert response.context["chosen"].non_field_errors()
        chosen = [one.choice for one in self.found(own)]
        response = client.post(MANY, {**self.query(), "reason": "", "chosen": chosen})
        assert response.context["chosen"].errors["reason"]
        assert response.context["ticked"] == chosen
        assert not MeetingMove.objects.exists()

    def test_meetings_of_many_are_called_off(self, client, own):
        self.third_fridays(own)
        chosen = [one.choice for one in self.found(own, None)]
        query = {"first": self.FRIDAY, "is_off": "on"}
        client.post(MANY, {**query, "reason": "Lebaran", "chosen": chosen})
        assert MeetingMove.objects.get().moved_to is None

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"moved_to": ""}, "moved_to"),
            ({"first": ""}, "first"),
            ({"last": date(2026, 3, 19)}, "last"),
            ({"last": date(2026, 4, 21)}, "last"),
            ({"is_off": "on"}, "is_off"),
        ],
    )
    def test_days_that_cannot_be_are_said_at_their_field(self, client, own, query, field):
        self.third_fridays(own)
        context = client.get(MANY, self.query(**query)).context
        assert list(context["form"].errors) == [field]
        assert context["found"] == []

    def test_what_stands_in_the_way_is_said_before(self, own):
        weekly = make_group(own, rhythm={"every": "WEEK", "weekday": 4})
        held = self.third_fridays(own)
        make_meeting(held, date(2026, 4, 3))
        asleep = self.third_fridays(own, status="DORMANT")
        problems = {one.group: one.problem for one in self.found(own)}
        assert "another agreed meeting" in problems[weekly]
        assert "Call this meeting off, or choose another day." in problems[weekly]
        assert "later meeting" in problems[held]
        assert asleep not in problems
        move(weekly, self.FRIDAY, self.FRIDAY + timedelta(1))
        assert "already" in self.found(own, start=self.FRIDAY, end=self.NEXT)[0].problem

    def test_several_days_of_one_group_move_one_after_the_other(self, own):
        weekly = make_group(own, rhythm={"every": "WEEK", "weekday": 4})
        move(weekly, date(2026, 4, 3), None)
        found = self.found(own, end=self.NEXT)
        assert [one.problem for one in found] == ["", ""]
        planned = [(one.group, one.planned_on, one.moved_to) for one in found]
        moved, refused = services.meetings_move(actor=own, planned=planned, reason="Lebaran")
        assert (len(moved), refused) == (2, [])
        dates = list(meeting_calendar(weekly).dates(date(2026, 3, 14), date(2026, 4, 10)))
        assert dates == [self.NEXT, date(2026, 4, 3), date(2026, 4, 10)]

    def test_a_day_that_stays_stands_in_the_way_of_the_one_that_comes_there(self, own):
        make_group(own, rhythm={"every": "WEEK", "weekday": 4})
        assert all("another agreed meeting" in one.problem for one in self.found(own, end=self.NEXT))
        assert all("another agreed meeting" in one.problem for one in self.found(own, -7, end=self.NEXT))

    def test_of_a_group_all_or_nothing_is_moved_and_others_go_on(self, own):
        weekly = make_group(own, rhythm={"every": "WEEK", "weekday": 4})
        monthly = self.third_fridays(own)
        planned = [
            (weekly, self.FRIDAY, self.FRIDAY + timedelta(1)),
            (weekly, self.NEXT, date(2026, 4, 3)),  # which is agreed itself
            (monthly, self.FRIDAY, self.NEXT),
        ]
        moved, refused = services.meetings_move(actor=own, planned=planned, reason="Lebaran")
        assert [one.group for one in moved] == [monthly]
        assert [one.group for one in refused] == [weekly]
        assert not weekly.moves.exists()

    def test_statements_do_not_grow_with_groups(self, client, own):
        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(MANY, self.query())
            return len(queries)

        self.third_fridays(own)
        before = count()
        for _ in range(4):
            self.third_fridays(own)
        assert count() == before <= 8
