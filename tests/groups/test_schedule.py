"""When a group meets: agreed days, and which of them is next after a meeting."""

from datetime import date, timedelta

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


@pytest.mark.parametrize("every", ["WEEK", "FORTNIGHT", "MONTH"])
def test_the_first_and_the_last_day_are_among_the_agreed_ones(every):
    meeting = date(2026, 1, 6)
    agreed = schedule(every)
    assert list(agreed.dates(meeting, meeting)) == [meeting]
    assert list(agreed.dates(meeting - timedelta(1), meeting)) == [meeting]
    assert list(agreed.dates(meeting - timedelta(1), meeting - timedelta(1))) == []
    assert list(agreed.dates(meeting + timedelta(1), meeting + timedelta(1))) == []


@pytest.mark.parametrize(("every", "month"), [("MONTH", 12), ("WEEK", 12), ("FORTNIGHT", 12)])
def test_agreed_days_go_on_over_the_end_of_the_year(every, month):
    days = list(schedule(every).dates(date(2026, month, 1), date(2027, 1, 31)))
    assert (days[0].month, days[-1].year) == (12, 2027)
    assert all(day.weekday() == 1 for day in days)


def test_fortnights_are_counted_from_the_founding_backwards_too():
    assert list(schedule("FORTNIGHT").dates(date(2025, 12, 1), date(2026, 1, 5))) == [
        date(2025, 12, 9),
        date(2025, 12, 23),
    ]


@pytest.mark.parametrize(
    ("every", "day", "following"),
    [
        ("WEEK", date(2026, 1, 6), date(2026, 1, 13)),
        ("WEEK", date(2026, 1, 5), date(2026, 1, 6)),
        ("FORTNIGHT", date(2026, 1, 6), date(2026, 1, 20)),
        ("FORTNIGHT", date(2026, 1, 5), date(2026, 1, 6)),
        ("MONTH", date(2026, 1, 6), date(2026, 2, 3)),
        ("MONTH", date(2026, 1, 5), date(2026, 1, 6)),
    ],
)
def test_after_a_meeting_day_comes_the_next_one_not_the_day_itself(every, day, following):
    assert schedule(every).next_after(day) == following


@pytest.mark.parametrize("week", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("weekday", range(7))
def test_there_is_a_next_meeting_after_any_day(weekday, week):
    agreed = schedule("MONTH", weekday, week)
    assert all(
        0 < (agreed.next_after(day) - day).days <= 35
        for day in (date(2026, 1, 1) + timedelta(number) for number in range(400))
    )


@pytest.mark.parametrize(
    ("every", "held_on", "due_on"),
    [
        ("WEEK", None, date(2026, 1, 6)),
        ("WEEK", date(2026, 1, 6), date(2026, 1, 13)),
        ("WEEK", date(2026, 1, 5), date(2026, 1, 13)),  # a day early counts for the 6th
        ("WEEK", date(2026, 1, 8), date(2026, 1, 13)),  # two days late counts for the 6th
        ("WEEK", date(2026, 1, 9), date(2026, 1, 13)),  # three days late counts for the 6th
        ("WEEK", date(2026, 1, 10), date(2026, 1, 20)),  # three days early counts for the 13th
        ("FORTNIGHT", date(2026, 1, 5), date(2026, 1, 20)),
        ("FORTNIGHT", date(2026, 1, 12), date(2026, 1, 20)),  # six days late counts for the 6th
        ("FORTNIGHT", date(2026, 1, 13), date(2026, 2, 3)),  # half way counts for the 20th
        ("MONTH", date(2026, 1, 6), date(2026, 2, 3)),
        ("MONTH", date(2026, 1, 18), date(2026, 2, 3)),  # 12 days late counts for the 6th
        ("MONTH", date(2026, 1, 19), date(2026, 3, 3)),  # 15 days early counts for 3 February
        ("MONTH", date(2026, 2, 1), date(2026, 3, 3)),
    ],
)
def test_the_next_meeting_after_one(every, held_on, due_on):
    assert schedule(every).due_after(held_on) == due_on


@pytest.mark.parametrize("every", ["WEEK", "FORTNIGHT", "MONTH"])
def test_a_group_founded_on_its_meeting_day_is_due_that_day(every):
    founded_on = date(2026, 1, 6)
    assert MeetingSchedule(every, weekday=1, week=1, anchor=founded_on).due_after(None) == founded_on


@pytest.mark.parametrize(
    ("every", "days", "meetings"),
    [
        ("WEEK", 0, 1), ("WEEK", 13, 1), ("WEEK", 14, 2), ("WEEK", 28, 4),
        ("FORTNIGHT", 27, 1), ("FORTNIGHT", 28, 2),
        ("MONTH", 10, 1), ("MONTH", 60, 1), ("MONTH", 61, 2), ("MONTH", 365, 11), ("MONTH", 366, 12),
    ],
)  # fmt: skip
def test_expected_meetings_are_whole_and_at_least_one(every, days, meetings):
    assert expected_meetings(every, days) == meetings
