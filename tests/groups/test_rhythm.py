"""The rhythm of a group in dated versions, moved meetings, and the calendar that both make."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from groups import selectors, services
from groups.models import Group, MeetingMove, MeetingRhythm, Role
from groups.shared.schedule import MeetingCalendar
from tests.factories import FOUNDED, facilitator_of, first_tuesdays, make_group, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
MARCH = date(2025, 3, 1)


@pytest.fixture
def group():
    """Meets on first Tuesdays since 7 January 2025."""
    return make_group()


def adopt(group, agreed_from, actor=None, **parts):
    rhythm = MeetingRhythm(agreed_from=agreed_from, **parts)
    return services.rhythm_adopt(actor=actor or facilitator_of(group), group=group, rhythm=rhythm)


def move(group, planned_on, moved_to, reason="Lebaran"):
    return services.move_record(
        actor=facilitator_of(group), group=group, planned_on=planned_on, moved_to=moved_to, reason=reason
    )


def dates(group, start=date(2025, 1, 1), end=date(2025, 6, 30)):
    return list(selectors.meeting_calendar(group).dates(start, end))


def problems(error):
    return {field: [str(text) for text in texts] for field, texts in error.value.message_dict.items()}


class TestVersions:
    def test_a_group_is_registered_with_its_rhythm(self):
        registered = services.group_register(
            actor=make_user(), group=Group(name="Mawar", founded_on=FOUNDED), rhythm=first_tuesdays()
        )
        (rhythm,) = registered.rhythms.all()
        assert (rhythm.agreed_from, rhythm.every) == (FOUNDED, "MONTH")

    def test_the_rhythm_of_a_day_is_the_one_that_counted_then(self, group):
        adopt(group, MARCH, every="WEEK", weekday=4)
        assert selectors.meeting_rhythm(group, as_of=MARCH - timedelta(1)).every == "MONTH"
        assert selectors.meeting_rhythm(group, as_of=MARCH).every == "WEEK"
        assert selectors.meeting_rhythm(group, as_of=FOUNDED - timedelta(1)) is None

    def test_the_calendar_has_each_rhythm_in_its_time(self, group):
        adopt(group, date(2025, 3, 10), every="DATE", day_of_month=10)
        assert dates(group, end=date(2025, 4, 30)) == [
            date(2025, 1, 7), date(2025, 2, 4), date(2025, 3, 4), date(2025, 3, 10), date(2025, 4, 10),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("parts", "days"),
        [
            ({"every": "DAYS", "days": 20}, [1, 21]),
            ({"every": "DAYS", "days": 20, "counted_from": date(2025, 2, 20)}, [12]),
            ({"every": "SELAPAN", "weekday": 6, "pasaran": 0}, [30]),
            ({"every": "FORTNIGHT", "weekday": 0, "counted_from": date(2025, 4, 14)}, [3, 17, 31]),
            ({"every": "MONTH", "weekday": 6, "week": 5}, [30]),
        ],
    )
    def test_every_rhythm_comes_back_from_the_database_as_it_was_agreed(self, group, parts, days):
        adopt(group, MARCH, **parts)
        assert [day.day for day in dates(group, MARCH, date(2025, 3, 31))] == days
        rhythm = group.rhythms.get(agreed_from=MARCH)
        assert list(selectors.meeting_calendar(group).planned(MARCH, date(2026, 1, 1))) == list(
            MeetingCalendar((rhythm.rhythm,)).dates(MARCH, date(2026, 1, 1))
        )

    def test_one_from_the_same_day_takes_the_place_of_the_mistaken_one(self, group):
        wrong = adopt(group, MARCH, every="WEEK", weekday=4)
        adopt(group, MARCH, every="WEEK", weekday=5)
        wrong.refresh_from_db()
        assert wrong.withdrawn_by == facilitator_of(group)
        assert selectors.meeting_rhythm(group, as_of=MARCH).weekday == 5

    def test_the_same_sent_twice_is_one(self, group):
        assert adopt(group, MARCH, every="WEEK", weekday=4) == adopt(group, MARCH, every="WEEK", weekday=4)
        assert group.rhythms.count() == 2

    def test_taken_back_the_one_before_goes_on(self, group):
        rhythm = adopt(group, MARCH, every="WEEK", weekday=4)
        before = dates(make_group())
        services.rhythm_withdraw(actor=facilitator_of(group), rhythm=rhythm)
        services.rhythm_withdraw(actor=facilitator_of(group), rhythm=rhythm)
        assert dates(group) == before

    @pytest.mark.parametrize("days", [-30, 20])
    def test_the_first_one_follows_a_corrected_founding(self, group, days):
        group.founded_on = FOUNDED + timedelta(days)
        services.group_update(actor=facilitator_of(group), group=group)
        (rhythm,) = selectors.rhythm_versions(group)
        assert (rhythm.agreed_from, rhythm.every, rhythm.week) == (group.founded_on, "MONTH", 1)

    def test_every_two_weeks_stays_the_same_weeks_when_the_founding_is_corrected(self):
        group = make_group(rhythm={"every": "FORTNIGHT", "weekday": 1})
        before = dates(group)
        group.founded_on = FOUNDED - timedelta(7)
        services.group_update(actor=facilitator_of(group), group=group)
        assert dates(group) == before

    def test_one_agreed_later_keeps_its_day_when_the_founding_is_corrected(self, group):
        adopt(group, MARCH, every="WEEK", weekday=4)
        group.founded_on = FOUNDED - timedelta(9)
        services.group_update(actor=facilitator_of(group), group=group)
        days = [rhythm.agreed_from for rhythm in selectors.rhythm_versions(group)]
        assert days == [MARCH, group.founded_on]

    def test_the_only_one_is_not_taken_back(self, group):
        with pytest.raises(ValidationError):
            services.rhythm_withdraw(actor=facilitator_of(group), rhythm=group.rhythms.get())

    @pytest.mark.parametrize("day", [FOUNDED - timedelta(1), TODAY + timedelta(367)])
    def test_it_counts_from_no_day_before_the_group_or_far_ahead(self, group, day):
        with pytest.raises(ValidationError) as error:
            adopt(group, day, every="WEEK", weekday=4)
        assert list(problems(error)) == ["agreed_from"]

    def test_it_may_count_from_a_day_to_come(self, group):
        adopt(group, TODAY + timedelta(300), every="WEEK", weekday=4)
        assert selectors.meeting_rhythm(group, as_of=TODAY).every == "MONTH"

    def test_a_stranger_and_a_reader_agree_nothing(self, group):
        for actor in (make_user(), make_user(Role.STAFF, organisation=group.organisation)):
            with pytest.raises(PermissionDenied):
                adopt(group, MARCH, actor, every="WEEK", weekday=4)

    @pytest.mark.parametrize(
        ("parts", "missing"),
        [
            ({"every": "WEEK"}, ["weekday"]),
            ({"every": "MONTH"}, ["week", "weekday"]),
            ({"every": "DATE"}, ["day_of_month"]),
            ({"every": "DATE", "day_of_month": 32}, ["__all__"]),
            ({"every": "SELAPAN", "weekday": 1}, ["pasaran"]),
            ({"every": "SELAPAN", "weekday": 1, "pasaran": 5}, ["pasaran"]),
            ({"every": "DAYS", "days": 1}, ["__all__"]),
            ({"every": "DAYS"}, ["days"]),
            ({"every": "YEAR", "weekday": 1}, ["every"]),
        ],
    )
    def test_what_a_rhythm_is_made_of_is_asked_for(self, group, parts, missing):
        with pytest.raises(ValidationError) as error:
            adopt(group, MARCH, **parts)
        assert set(missing) <= set(problems(error))

    def test_what_it_does_not_ask_for_is_left_aside(self, group):
        rhythm = adopt(group, MARCH, every="DATE", day_of_month=3, weekday=4, days=9, pasaran=1, counted_from=MARCH)
        assert (rhythm.weekday, rhythm.days, rhythm.pasaran, rhythm.counted_from) == (None, None, None, None)

    @pytest.mark.parametrize(
        "parts",
        [
            {"every": "WEEK"},
            {"every": "WEEK", "weekday": 7},
            {"every": "WEEK", "weekday": 1, "week": 1},
            {"every": "WEEK", "weekday": 1, "counted_from": MARCH},
            {"every": "MONTH", "weekday": 1},
            {"every": "MONTH", "weekday": 1, "week": 6},
            {"every": "DATE", "day_of_month": 0},
            {"every": "DATE", "day_of_month": 32},
            {"every": "DAYS", "days": 1},
            {"every": "DAYS", "days": 184},
            {"every": "SELAPAN", "weekday": 1, "pasaran": 5},
            {"every": "YEAR", "weekday": 1},
        ],
    )
    def test_the_database_refuses_a_rhythm_that_is_none(self, group, parts):
        with pytest.raises(IntegrityError), transaction.atomic():
            MeetingRhythm.objects.create(
                group=group, agreed_from=MARCH, recorded_by=facilitator_of(group), **parts
            )  # fmt: skip

    def test_the_database_refuses_a_second_from_the_same_day(self, group):
        with pytest.raises(IntegrityError), transaction.atomic():
            MeetingRhythm.objects.create(
                group=group, agreed_from=FOUNDED, recorded_by=facilitator_of(group), every="WEEK", weekday=1
            )

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            ({"every": "WEEK", "weekday": 6}, "Setiap hari Minggu"),
            ({"every": "MONTH", "weekday": 6, "week": 2}, "Minggu kedua setiap bulan"),
            ({"every": "FORTNIGHT", "weekday": 4}, "Setiap dua minggu, hari Jumat"),
            ({"every": "DATE", "day_of_month": 10}, "Setiap tanggal 10"),
            ({"every": "SELAPAN", "weekday": 6, "pasaran": 0}, "Setiap Minggu Legi (35 hari)"),
            ({"every": "DAYS", "days": 10}, "Setiap 10 hari"),
        ],
    )
    def test_it_is_said_as_people_say_it(self, parts, words):
        with override("id"):
            assert str(MeetingRhythm(**parts)) == words

    def test_calendars_of_many_groups_come_in_one_statement(self, group, django_assert_num_queries):
        others = [make_group(rhythm={"every": "WEEK", "weekday": 2}) for _ in range(3)]
        with django_assert_num_queries(1):
            calendars = selectors.meeting_calendars([group.pk, *(one.pk for one in others)])
        assert {pk: calendar.expected(MARCH, date(2025, 3, 28)) for pk, calendar in calendars.items()} == {
            group.pk: 1, **{one.pk: 4 for one in others},
        }  # fmt: skip
        assert selectors.meeting_calendars(Group.objects.filter(pk=group.pk)) == {group.pk: calendars[group.pk]}


class TestMoves:
    def test_the_meeting_is_on_its_new_day(self, group):
        move(group, date(2025, 4, 1), date(2025, 4, 8))
        assert dates(group, date(2025, 3, 15), date(2025, 5, 15)) == [date(2025, 4, 8), date(2025, 5, 6)]

    def test_a_meeting_that_does_not_take_place_is_not_agreed(self, group):
        move(group, date(2025, 4, 1), None)
        assert dates(group, date(2025, 3, 15), date(2025, 5, 15)) == [date(2025, 5, 6)]

    def test_taken_back_it_is_on_its_agreed_day_again(self, group):
        made = move(group, date(2025, 4, 1), date(2025, 4, 8))
        services.move_withdraw(actor=facilitator_of(group), move=made)
        assert dates(group, date(2025, 4, 1), date(2025, 4, 30)) == [date(2025, 4, 1)]
        assert move(group, date(2025, 4, 1), date(2025, 4, 10)).pk != made.pk

    def test_the_same_sent_twice_is_one(self, group):
        assert move(group, date(2025, 4, 1), None) == move(group, date(2025, 4, 1), None)

    @pytest.mark.parametrize(
        ("planned_on", "moved_to", "field"),
        [
            (date(2025, 4, 2), date(2025, 4, 8), "planned_on"),  # no agreed day
            (date(2025, 4, 1), date(2025, 4, 1), "moved_to"),
            (date(2025, 4, 1), date(2025, 5, 6), "moved_to"),  # another agreed meeting
            (date(2025, 2, 4), date(2025, 1, 6), "moved_to"),  # before the group
            (date(2025, 4, 1), date(2026, 4, 3), "moved_to"),  # over a year away
        ],
    )
    def test_it_is_refused_for_a_day_that_cannot_be(self, group, planned_on, moved_to, field):
        with pytest.raises(ValidationError) as error:
            move(group, planned_on, moved_to)
        assert list(problems(error)) == [field]

    def test_a_year_away_is_not_too_far(self, group):
        assert move(group, date(2025, 4, 1), date(2026, 4, 2)).pk

    def test_two_meetings_are_not_moved_to_one_day(self, group):
        move(group, date(2025, 4, 1), date(2025, 4, 8))
        with pytest.raises(ValidationError) as error:
            move(group, date(2025, 5, 6), date(2025, 4, 8))
        assert list(problems(error)) == ["moved_to"]

    def test_a_moved_meeting_is_taken_back_before_it_moves_again(self, group):
        move(group, date(2025, 4, 1), date(2025, 4, 8))
        with pytest.raises(ValidationError) as error:
            move(group, date(2025, 4, 1), date(2025, 4, 9))
        assert list(problems(error)) == ["planned_on"]

    def test_a_day_that_was_left_is_free_for_another(self, group):
        move(group, date(2025, 4, 1), date(2025, 4, 8))
        assert move(group, date(2025, 5, 6), date(2025, 4, 1)).pk

    def test_a_reason_is_asked_for(self, group):
        with pytest.raises(ValidationError) as error:
            move(group, date(2025, 4, 1), None, reason="  ")
        assert list(problems(error)) == ["reason"]

    def test_a_reader_moves_nothing(self, group):
        actor = make_user(Role.STAFF, organisation=group.organisation)
        with pytest.raises(PermissionDenied):
            services.move_record(
                actor=actor, group=group, planned_on=date(2025, 4, 1), moved_to=None, reason="Lebaran"
            )  # fmt: skip

    @pytest.mark.parametrize(
        "fields",
        [
            {"moved_to": date(2025, 4, 1)},
            {"reason": ""},
            {"planned_on": date(2025, 5, 6)},
            {"planned_on": date(2025, 6, 3), "moved_to": date(2025, 5, 7)},
        ],
    )
    def test_the_database_refuses_a_move_that_is_none(self, group, fields):
        move(group, date(2025, 5, 6), date(2025, 5, 7))
        row = {"planned_on": date(2025, 4, 1), "moved_to": None, "reason": "x", **fields}
        with pytest.raises(IntegrityError), transaction.atomic():
            MeetingMove.objects.create(group=group, recorded_by=facilitator_of(group), **row)


class TestPages:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client, group):
        client.force_login(facilitator_of(group))

    def send(self, client, group, **data):
        return client.post(reverse("rhythm-adopt", args=[group.code]), data)

    def test_another_rhythm_is_agreed_and_shown_with_the_one_before(self, client, group):
        response = self.send(client, group, every="SELAPAN", weekday="6", pasaran="0", agreed_from="2025-03-01")
        assert response.url == reverse("rhythm", args=[group.code])
        content = client.get(response.url).content.decode()
        assert "Legi" in content
        assert [row.every for row in client.get(response.url).context["versions"]] == ["SELAPAN", "MONTH"]

    def test_the_days_are_shown_before_anything_is_recorded(self, client, group):
        response = self.send(client, group, every="DATE", day_of_month="31", agreed_from="2025-02-01", action="look")
        days = response.context["days"]
        assert days.before == [date(2025, 1, 7)]
        assert days.after[:3] == [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]
        assert group.rhythms.count() == 1

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"every": "DATE", "agreed_from": "2025-03-01"}, "day_of_month"),
            ({"every": "DATE", "day_of_month": "32", "agreed_from": "2025-03-01"}, "day_of_month"),
            ({"every": "DAYS", "days": "1", "agreed_from": "2025-03-01"}, "days"),
            ({"every": "WEEK", "weekday": "1"}, "agreed_from"),
            ({"every": "WEEK", "weekday": "1", "agreed_from": "2024-03-01"}, "agreed_from"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, client, group, data, field):
        response = self.send(client, group, **data)
        assert list(response.context["form"].errors) == [field]
        assert group.rhythms.count() == 1

    def test_one_is_taken_back(self, client, group):
        rhythm = adopt(group, MARCH, every="WEEK", weekday=4)
        client.post(reverse("rhythm-withdraw", args=[group.code, rhythm.pk]))
        assert selectors.meeting_rhythm(group, as_of=TODAY).every == "MONTH"
        client.post(reverse("rhythm-withdraw", args=[group.code, group.rhythms.get(every="MONTH").pk]))
        assert selectors.meeting_rhythm(group, as_of=TODAY).every == "MONTH"

    def test_one_of_another_group_is_out_of_reach(self, client, group):
        rhythm = adopt(make_group(), MARCH, every="WEEK", weekday=4)
        assert client.post(reverse("rhythm-withdraw", args=[group.code, rhythm.pk])).status_code == 404

    def test_statements_do_not_grow_with_versions(self, client, group):
        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("rhythm", args=[group.code]))
            return len(queries)

        adopt(group, MARCH, every="WEEK", weekday=0)
        before = count()
        for days in range(1, 9):
            adopt(group, MARCH + timedelta(days), every="WEEK", weekday=days % 6)
        assert count() == before

    def test_the_list_of_groups_asks_once_for_all_rhythms(self, client, group):
        def count():
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("group-list"))
            return len(queries)

        before = count()
        for _ in range(4):
            make_group(facilitator_of(group), rhythm={"every": "WEEK", "weekday": 2})
        assert count() == before
