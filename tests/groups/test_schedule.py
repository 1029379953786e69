"""When a group meets: agreed days, and which of them is next after a meeting."""

from datetime import date

import pytest

from groups.shared.schedule import MeetingSchedule, expected_meetings


def schedule(every, weekday=1, week=1):
    return MeetingSchedule(every=every, weekday=weekday, week=week, anchor=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("every", "week", "days"),
    [
        ("WEEK", 1, [6, 13, 20, 27]),
        ("FORTNIGHT", 1, [6, 20]),
        ("MONTH", 1, [6]),
        ("MONTH", 4, [27]),
        ("MONTH", 5, [27]),
    ],
)
def test_agreed_days_of_a_month(every, week, days):
    found = schedule(every, week=week).dates(date(2026, 1, 1), date(2026, 1, 31))
    assert [day.day for day in found] == days


def test_the_fifth_weekday_is_the_last_of_a_longer_month():
    assert list(schedule("MONTH", weekday=4, week=5).dates(date(2026, 1, 1), date(2026, 1, 31))) == [date(2026, 1, 30)]


@pytest.mark.parametrize(
    ("every", "held_on", "due_on"),
    [
        ("WEEK", None, date(2026, 1, 6)),
        ("WEEK", date(2026, 1, 6), date(2026, 1, 13)),
        ("WEEK", date(2026, 1, 5), date(2026, 1, 13)),  # a day early counts for the 6th
        ("WEEK", date(2026, 1, 8), date(2026, 1, 13)),  # two days late counts for the 6th
        ("FORTNIGHT", date(2026, 1, 5), date(2026, 1, 20)),
        ("MONTH", date(2026, 1, 6), date(2026, 2, 3)),
        ("MONTH", date(2026, 2, 1), date(2026, 3, 3)),
    ],
)
def test_the_next_meeting_after_one(every, held_on, due_on):
    assert schedule(every).due_after(held_on) == due_on


def test_expected_meetings_are_at_least_one():
    assert expected_meetings("MONTH", 10) == 1
    assert expected_meetings("WEEK", 28) == 4
