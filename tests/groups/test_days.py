"""Days and months as people write them."""

import re
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from groups.forms import ComingDayField, DayField, MonthField, PastDateField
from groups.shared.days import EARLIEST_DAY, LATEST_DAY, read_day, read_month

TODAY = date(2026, 11, 30)
JUNE_4 = date(2026, 6, 4)


def read(text, **how):
    return read_day(text, today=TODAY, **how)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-04", "2026-6-4", "4/6/2026", "04/06/2026", "4-6-26", "4.6.2026", "4 / 6 / 2026", "4 Juni 2026",
        "4 Jun 26", "4 juni 2026", "4 Jun. 2026", "4-Jun-2026", "4 June 2026", " 4\xa0Juni  2026 ", "4/6", "4 Juni",
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text):
    assert read(text) == JUNE_4


@pytest.mark.parametrize(
    ("text", "day"),
    [("30/11", TODAY), ("1/12", date(2025, 12, 1)), ("31 Des", date(2025, 12, 31)), ("1 Jan", date(2026, 1, 1))],
)
def test_without_a_year_it_is_the_latest_such_day_past(text, day):
    assert read(text) == day


def test_without_a_year_a_day_to_come_is_refused():
    with pytest.raises(ValidationError, match="four digits"), translation.override("en"):
        read("4/6", may_lack_year=False)


@pytest.mark.parametrize("text", ["31/6/2026", "30/2/2026", "29/2/2026", "29/2", "6/14/2026", "0/6/2026", "4/0/2026"])
def test_a_day_that_is_not_is_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="no such day"):
        read(text)


@pytest.mark.parametrize(("text", "year"), [("4-6-26", 2026), ("4-6-00", 2000), ("4-6-36", 2036)])
def test_two_digits_are_a_year_of_this_century(text, year):
    assert read(text).year == year


@pytest.mark.parametrize("text", ["4-6-37", "4/6/99", "4 Juni 45"])
def test_two_digits_that_could_be_of_two_centuries_are_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="four digits"):
        read(text)


@pytest.mark.parametrize("text", ["0001-01-01", "4/6/1899", "2201-01-01", "9999-12-31"])
def test_a_day_beyond_the_calendar_is_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="of our time"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "4/6-2026", "4/6.2026", "4/6/026", "4/6/20260", "40602026", "4 6 2026", "4 Junk 2026", "Juni 2026", "4",
        "besok", "2026/06/04", "٤/٦/٢٠٢٦", "４/６/２０２６", "4/6/2026x",
        "-4/6/2026", "4//6", "2026-06-04T00:00", "1/2/3/4",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with translation.override("en"), pytest.raises(ValidationError, match="like this"):
        read(text)


DAYS = st.dates(EARLIEST_DAY, LATEST_DAY)


def writings(day):
    """Every writing of a day with its numbers that is understood, without leading zeros but in ISO."""
    year = {f"{day.year}"} | ({f"{day.year % 100:02}"} if 2000 <= day.year <= TODAY.year + 10 else set())
    yield from (f"{day.day}{mark}{day.month}{mark}{written}" for mark in "/-." for written in year)
    yield f"{day.year}-{day.month}-{day.day}"
    if TODAY.replace(year=TODAY.year - 1) < day <= TODAY:
        yield from (f"{day.day}{mark}{day.month}" for mark in "/-.")


@given(DAYS, st.data())
def test_every_writing_of_a_day_is_read_as_that_day(day, data):
    assert read(data.draw(st.sampled_from(sorted(writings(day))))) == day


@given(st.text("0123456789/-. ", max_size=11))
def test_no_text_is_read_as_another_day(text):
    try:
        day = read(text)
    except ValidationError:
        return
    plain = re.sub(r"\b0(?=\d\b)", "", re.sub(r" ?([/.-]) ?", r"\1", text.strip()))
    short = re.sub(r"\b0(?=\d\b)", "", f"{day.year % 100:02}")
    assert plain in {re.sub(rf"{day.year % 100:02}$", short, written) for written in writings(day)} | set(writings(day))


@pytest.mark.parametrize("text", ["2026-06", "6/2026", "06-2026", "Juni 2026", "jun 2026", "June 2026"])
def test_a_month_is_read_as_people_write_it(text):
    assert read_month(text) == date(2026, 6, 1)


@pytest.mark.parametrize("text", ["13/2026", "2026-00", "Juni", "6/26", "kemarin", "1899-12", "2201-01", "4/6/2026"])
def test_any_other_month_is_refused(text):
    with pytest.raises(ValidationError):
        read_month(text)


class TestFields:
    def test_a_field_reads_what_the_browser_and_what_people_send(self):
        assert DayField().clean("2026-06-04") == DayField().clean("4 Juni 2026") == JUNE_4

    def test_a_past_day_is_not_to_come(self):
        with translation.override("en"), pytest.raises(ValidationError, match="future"):
            PastDateField().clean("31/12/2199")

    def test_a_day_to_come_needs_its_year(self):
        assert ComingDayField().clean("4/6/2099") == date(2099, 6, 4)
        with pytest.raises(ValidationError):
            ComingDayField().clean("4/6")

    def test_an_empty_field_is_none_where_it_may_be(self):
        assert DayField(required=False).clean(" ") is MonthField(required=False).clean("") is None

    def test_a_picker_shows_iso_and_text_stays_text(self):
        today = timezone.localdate()
        assert f'value="{today:%Y-%m-%d}"' in DayField().widget.render("on", today)
        assert 'type="date"' in DayField().widget.render("on", "2026-06-04")
        assert 'type="text"' in DayField().widget.render("on", "4/6/2026")
        assert 'type="text"' in DayField().widget.render("on", "2026-02-30")
        assert 'type="month"' in MonthField().widget.render("m", "2026-06")
        assert 'type="text"' in MonthField().widget.render("m", "2026-13")
        assert 'type="month"' in MonthField().widget.render("m", date(2026, 6, 1))
