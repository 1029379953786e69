"""When a group meets: agreed days of every rhythm, moved ones, and which of them is next after a meeting."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groups.shared.schedule import MeetingCalendar, Move, Rhythm, pasaran_of

FROM = date(2026, 1, 1)
LEGI, PAHING, PON, WAGE, KLIWON = range(5)


def calendar(every, *moves, agreed_from=FROM, **parts):
    parts = {"weekday": 1, **parts}
    return MeetingCalendar((Rhythm(every, agreed_from, **parts),), moves)


def days(agreed, start, end):
    return [(day.month, day.day) for day in agreed.dates(start, end)]


@pytest.mark.parametrize(
    ("every", "parts", "expected"),
    [
        ("WEEK", {}, [6, 13, 20, 27]),
        ("FORTNIGHT", {}, [6, 20]),
        ("FORTNIGHT", {"counted_from": date(2026, 3, 11)}, [6, 20]),
        ("FORTNIGHT", {"counted_from": date(2026, 3, 18)}, [13, 27]),
        ("DAYS", {"days": 10}, [1, 11, 21, 31]),
        ("DAYS", {"days": 10, "counted_from": date(2025, 12, 25)}, [4, 14, 24]),
        ("DAYS", {"days": 10, "counted_from": date(2026, 2, 3)}, [4, 14, 24]),
        ("MONTH", {}, [6]),
        ("MONTH", {"week": 2}, [13]),
        ("MONTH", {"week": 4}, [27]),
        ("MONTH", {"week": 5}, [27]),
        ("MONTH", {"week": 5, "weekday": 4}, [30]),
        ("DATE", {"day_of_month": 10}, [10]),
        ("DATE", {"day_of_month": 31}, [31]),
        ("SELAPAN", {"weekday": 6, "pasaran": LEGI}, [4]),
    ],
)
def test_agreed_days_of_january(every, parts, expected):
    assert [day.day for day in calendar(every, **parts).dates(date(2026, 1, 1), date(2026, 1, 31))] == expected


def test_second_sundays():
    agreed = calendar("MONTH", weekday=6, week=2)
    assert days(agreed, date(2026, 4, 12), date(2026, 6, 30)) == [(4, 12), (5, 10), (6, 14)]


def test_a_date_that_a_month_lacks_is_its_last_day():
    agreed = calendar("DATE", day_of_month=31)
    assert days(agreed, date(2026, 1, 1), date(2026, 5, 1)) == [(1, 31), (2, 28), (3, 31), (4, 30)]
    assert days(calendar("DATE", day_of_month=30), date(2028, 2, 1), date(2028, 3, 30)) == [(2, 29), (3, 30)]


@pytest.mark.parametrize(
    ("day", "weekday", "pasaran"),
    [
        (date(1945, 8, 17), 4, LEGI),  # the day of independence, Jumat Legi
        (date(1961, 6, 21), 2, PON),  # the birth of a president, Rabu Pon
        (date(2022, 8, 19), 4, PAHING),  # this and the following from printed calendars of Solo and Malang
        (date(2022, 4, 17), 6, PON),
        (date(2023, 2, 4), 5, LEGI),
        (date(2023, 7, 16), 6, PON),
        (date(2025, 11, 22), 5, PON),
    ],
)
def test_the_pasaran_of_known_days(day, weekday, pasaran):
    assert (day.weekday(), pasaran_of(day)) == (weekday, pasaran)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 6), st.integers(0, 4))
def test_weekday_and_pasaran_come_together_every_35_days(start, weekday, pasaran):
    agreed = calendar("SELAPAN", agreed_from=start, weekday=weekday, pasaran=pasaran)
    found = list(agreed.dates(start, start + timedelta(349)))
    assert len(found) == 10
    assert {(day.weekday(), pasaran_of(day)) for day in found} == {(weekday, pasaran)}
    assert {(later - day).days for day, later in pairwise(found)} == {35}


@pytest.mark.parametrize("every", ["WEEK", "FORTNIGHT", "MONTH"])
def test_the_first_and_the_last_day_are_among_the_agreed_ones(every):
    meeting = date(2026, 1, 6)
    agreed = calendar(every)
    assert list(agreed.dates(meeting, meeting)) == [meeting]
    assert list(agreed.dates(meeting - timedelta(1), meeting)) == [meeting]
    assert list(agreed.dates(meeting - timedelta(1), meeting - timedelta(1))) == []
    assert list(agreed.dates(meeting + timedelta(1), meeting + timedelta(1))) == []


@pytest.mark.parametrize("every", ["WEEK", "FORTNIGHT", "MONTH"])
def test_agreed_days_go_on_over_the_end_of_the_year(every):
    found = list(calendar(every).dates(date(2026, 12, 1), date(2027, 1, 31)))
    assert (found[0].month, found[-1].year) == (12, 2027)
    assert all(day.weekday() == 1 for day in found)


def test_before_the_first_rhythm_nothing_is_agreed():
    agreed = calendar("WEEK", agreed_from=date(2026, 1, 14))
    assert days(agreed, date(2025, 1, 1), date(2026, 1, 27)) == [(1, 20), (1, 27)]
    assert agreed.expected(date(2025, 1, 1), date(2026, 1, 19)) == 0
    assert agreed.on_or_after(date(2020, 1, 1)) == date(2026, 1, 20)
    assert agreed.on_or_before(date(2026, 1, 19)) is None


def test_a_group_without_a_rhythm_has_no_day():
    agreed = MeetingCalendar()
    assert agreed.expected(FROM, date(2026, 12, 31)) == 0
    assert (agreed.on_or_after(FROM), agreed.next_after(FROM), agreed.due_after(FROM), agreed.due_after(None)) == (
        None, None, None, None,
    )  # fmt: skip


def test_a_new_rhythm_counts_from_its_day_and_the_old_one_until_then():
    old, new = Rhythm("WEEK", FROM, weekday=1), Rhythm("DATE", date(2026, 2, 10), day_of_month=10)
    agreed = MeetingCalendar((new, old))
    assert days(agreed, date(2026, 1, 20), date(2026, 4, 1)) == [
        (1, 20), (1, 27), (2, 3), (2, 10), (3, 10),
    ]  # fmt: skip
    later = MeetingCalendar((old, Rhythm("DATE", date(2026, 2, 11), day_of_month=10)))
    assert days(later, date(2026, 2, 1), date(2026, 4, 1)) == [(2, 3), (2, 10), (3, 10)]


def test_a_later_change_leaves_what_was_agreed_before():
    old = Rhythm("WEEK", FROM, weekday=1)
    changed = MeetingCalendar((old, Rhythm("MONTH", date(2026, 2, 15), weekday=1)))
    assert changed.expected(FROM, date(2026, 2, 14)) == MeetingCalendar((old,)).expected(FROM, date(2026, 2, 14))


def test_a_moved_meeting_is_on_its_new_day_only():
    agreed = calendar("WEEK", Move(date(2026, 1, 13), date(2026, 1, 15)))
    assert days(agreed, date(2026, 1, 1), date(2026, 1, 20)) == [(1, 6), (1, 15), (1, 20)]
    assert agreed.on_or_after(date(2026, 1, 13)) == date(2026, 1, 15)
    assert agreed.next_after(date(2026, 1, 15)) == date(2026, 1, 20)


def test_a_meeting_moved_into_another_month_counts_there():
    agreed = calendar("MONTH", Move(date(2026, 3, 3), date(2026, 2, 27)))
    assert days(agreed, date(2026, 2, 1), date(2026, 2, 28)) == [(2, 3), (2, 27)]
    assert days(agreed, date(2026, 3, 1), date(2026, 4, 30)) == [(4, 7)]


def test_a_meeting_that_does_not_take_place_is_not_expected():
    agreed = calendar("MONTH", Move(date(2026, 3, 3), None))
    assert agreed.expected(FROM, date(2026, 6, 30)) == 5
    assert agreed.on_or_after(date(2026, 3, 1)) == date(2026, 4, 7)


def test_a_move_of_a_day_that_is_not_agreed_moves_nothing():
    agreed = calendar("MONTH", Move(date(2026, 3, 4), date(2026, 3, 10)))
    assert days(agreed, date(2026, 3, 1), date(2026, 3, 31)) == [(3, 3)]


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
    assert calendar(every).next_after(day) == following


@pytest.mark.parametrize("week", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("weekday", range(7))
def test_there_is_a_next_meeting_after_any_day(weekday, week):
    agreed = calendar("MONTH", weekday=weekday, week=week)
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
        ("MONTH", date(2026, 1, 19), date(2026, 2, 3)),  # 13 days late counts for the 6th
        ("MONTH", date(2026, 1, 20), date(2026, 3, 3)),  # half way counts for 3 February
        ("MONTH", date(2026, 2, 1), date(2026, 3, 3)),
    ],
)
def test_the_next_meeting_after_one(every, held_on, due_on):
    assert calendar(every).due_after(held_on) == due_on


def test_a_meeting_held_on_the_day_it_was_moved_to_counts_for_that():
    agreed = calendar("WEEK", Move(date(2026, 1, 13), date(2026, 1, 17)))
    assert agreed.day_of(date(2026, 1, 17)) == date(2026, 1, 17)
    assert agreed.due_after(date(2026, 1, 17)) == date(2026, 1, 20)


@pytest.mark.parametrize("every", ["WEEK", "FORTNIGHT", "MONTH"])
def test_a_group_founded_on_its_meeting_day_is_due_that_day(every):
    founded_on = date(2026, 1, 6)
    assert calendar(every, agreed_from=founded_on).due_after(None) == founded_on


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
RHYTHMS = st.builds(
    Rhythm,
    st.sampled_from(["WEEK", "FORTNIGHT", "DAYS", "MONTH", "DATE", "SELAPAN"]),
    agreed_from=DAYS,
    weekday=st.integers(0, 6),
    week=st.integers(1, 5),
    days=st.integers(2, 183),
    day_of_month=st.integers(1, 31),
    pasaran=st.integers(0, 4),
    counted_from=st.none() | DAYS,
)
CALENDARS = st.builds(
    MeetingCalendar,
    st.lists(RHYTHMS, min_size=1, max_size=4, unique_by=lambda rhythm: rhythm.agreed_from).map(tuple),
    st.lists(st.builds(Move, DAYS, st.none() | DAYS), max_size=3, unique_by=lambda move: move.planned_on).map(tuple),
)


@given(CALENDARS, DAYS, st.integers(0, 800))
def test_dates_are_in_order_once_and_within(agreed, start, length):
    end = start + timedelta(length)
    found = list(agreed.dates(start, end))
    assert found == sorted(set(found))
    assert all(start <= day <= end for day in found)
    assert agreed.expected(start, end) == len(found)


@given(CALENDARS, DAYS, st.integers(0, 800), st.integers(0, 800))
def test_a_time_cut_in_two_has_the_same_dates(agreed, start, first, second):
    cut = start + timedelta(first)
    end = cut + timedelta(second)
    parts = [*agreed.dates(start, cut), *agreed.dates(cut + timedelta(1), end)]
    assert parts == list(agreed.dates(start, end))


@given(CALENDARS, DAYS)
def test_the_next_date_is_the_first_of_those_from_the_day_on(agreed, day):
    found = agreed.on_or_after(day)
    assert found >= day
    assert next(agreed.dates(day, found)) == found
    assert agreed.next_after(day) > day
    before = agreed.on_or_before(day)
    assert before is None or list(agreed.dates(before, day)) == [before]


@given(CALENDARS, DAYS)
def test_after_a_meeting_a_later_one_than_it_counted_for_is_due(agreed, held_on):
    counted_for = agreed.day_of(held_on)
    assert agreed.due_after(held_on) == agreed.next_after(counted_for)
    nearest = min(
        (abs((day - held_on).days) for day in agreed.dates(held_on - timedelta(4100), held_on + timedelta(4100))),
    )
    assert abs((counted_for - held_on).days) == nearest


@given(RHYTHMS, DAYS)
@example(Rhythm("DATE", FROM, day_of_month=31), date(2026, 2, 28))
def test_a_rhythm_gives_no_day_between_two_of_its_days(rhythm, day):
    found = rhythm.on_or_after(day)
    assert found >= day
    assert all(rhythm.on_or_after(between) == found for between in (day, found, day + (found - day) // 2))


@given(RHYTHMS, st.integers(0, 40), st.integers(1, 300))
def test_a_move_to_a_free_day_keeps_the_count(rhythm, place, days_on):
    start, end = rhythm.agreed_from, rhythm.agreed_from + timedelta(20_000)
    planned = list(MeetingCalendar((rhythm,)).planned(start, end))
    target = planned[place] + timedelta(days_on)
    moved = MeetingCalendar((rhythm,), (Move(planned[place], target),))
    assert moved.expected(start, end) == len(planned) - (target in planned)
    assert MeetingCalendar((rhythm,), (Move(planned[place], None),)).expected(start, end) == len(planned) - 1


@pytest.mark.parametrize(
    "rhythm",
    [Rhythm("WEEK", date(2026, 1, 6), weekday=1), Rhythm("MONTH", date(2026, 1, 6), weekday=1, week=1)],
)
def test_a_meeting_counts_for_an_agreed_day_from_half_way(rhythm):
    calendar = MeetingCalendar((rhythm,))
    days = list(calendar.dates(date(2026, 1, 6), date(2026, 12, 31)))
    assert calendar.counts_from(days[0]) == days[0]
    for before, day in pairwise(days):
        first = calendar.counts_from(day)
        assert (calendar.day_of(first), calendar.day_of(first - timedelta(1))) == (day, before)
