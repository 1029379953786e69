"""When instalments fall due: at the agreed meetings or on a fixed day, and until when they are paid in time."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from finance import selectors, services
from finance.ledger.verify import mismatches
from finance.models import Account, Instalment, Obligation
from finance.rules.due_days import due_days, harvest_days
from finance.schedules import anchor_of, build_schedule, days_at_meetings, late_after_days
from groups.models import ChangedGroup, Group, LoanDue
from groups.shared.schedule import MeetingCalendar, Rhythm
from tests.factories import facilitator_of, make_group, make_member, save
from tests.meetings.pages import post_sheet, sign_in

DAY = date.resolution


def agreed(every, **parts):
    return MeetingCalendar((Rhythm(every, date(2025, 1, 6), **parts),))


FIRST_TUESDAYS = agreed("MONTH", weekday=1, week=1)
SECOND_SUNDAYS = agreed("MONTH", weekday=6, week=2)
EVERY_TUESDAY = agreed("WEEK", weekday=1)
EVERY_OTHER_TUESDAY = agreed("FORTNIGHT", weekday=1, counted_from=date(2026, 1, 6))
SELAPANAN = agreed("SELAPAN", weekday=6, pasaran=0)
NEVER = MeetingCalendar()


def due(calendar, paid_out_on, periods, every="month", due_at=LoanDue.MEETING, first_due=None):
    return due_days(calendar, due_at=due_at, every=every, periods=periods, paid_out_on=paid_out_on, first_due=first_due)


def test_at_meetings_on_first_tuesdays():
    days = due(FIRST_TUESDAYS, date(2026, 1, 6), 6)
    assert days.due_on == [
        date(2026, 2, 3), date(2026, 3, 3), date(2026, 4, 7), date(2026, 5, 5), date(2026, 6, 2), date(2026, 7, 7),
    ]  # fmt: skip
    assert days.late_after == days.due_on


@pytest.mark.parametrize(("days", "due_at"), [(35, LoanDue.MEETING), (42, LoanDue.DAY)])
def test_a_group_that_meets_too_seldom_for_monthly_instalments_has_fixed_days(days, due_at):
    calendar = agreed("DAYS", days=days, counted_from=date(2026, 1, 6))
    assert due(calendar, date(2026, 1, 6), 3).due_at == due_at


def test_the_fees_of_a_harvest_loan_begin_on_the_day_agreed():
    terms = {"due_at": LoanDue.DAY, "months": 3, "paid_out_on": date(2026, 1, 6), "harvest_on": date(2026, 6, 1)}
    assert harvest_days(NEVER, **terms).due_on[0] == date(2026, 2, 6)
    days = harvest_days(NEVER, **terms, first_due=date(2026, 2, 20))
    assert days.due_on == [date(2026, 2, 20), date(2026, 3, 20), date(2026, 6, 1)]


def test_at_meetings_on_second_sundays():
    assert due(SECOND_SUNDAYS, date(2026, 4, 12), 2).due_on == [date(2026, 5, 10), date(2026, 6, 14)]


@pytest.mark.parametrize(
    ("every", "calendar", "paid_out_on", "first"),
    [
        ("month", FIRST_TUESDAYS, date(2026, 1, 13), date(2026, 2, 3)),  # 21 days
        ("month", FIRST_TUESDAYS, date(2026, 1, 14), date(2026, 3, 3)),  # 20 days to the next
        ("week", EVERY_TUESDAY, date(2026, 1, 8), date(2026, 1, 13)),  # 5 days
        ("week", EVERY_TUESDAY, date(2026, 1, 9), date(2026, 1, 20)),
        ("fortnight", EVERY_OTHER_TUESDAY, date(2026, 1, 10), date(2026, 1, 20)),  # 10 days
        ("fortnight", EVERY_OTHER_TUESDAY, date(2026, 1, 11), date(2026, 2, 3)),
    ],
)
def test_the_first_meeting_is_not_too_soon(every, calendar, paid_out_on, first):
    assert due(calendar, paid_out_on, 3, every).due_on[0] == first


def test_with_selapanan_the_first_meeting_is_25_days_away_at_least():
    meetings = list(SELAPANAN.dates(date(2026, 1, 1), date(2026, 12, 31)))
    for days_before, first in ((25, 1), (24, 2)):
        paid_out_on = meetings[1] - timedelta(days_before)
        assert due(SELAPANAN, paid_out_on, 3, "selapan").due_on == meetings[first : first + 3]


def test_a_group_that_meets_each_week_is_paid_at_the_first_meeting_from_the_day_of_the_month():
    assert due(EVERY_TUESDAY, date(2026, 1, 6), 3).due_on == [date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 7)]
    assert due(EVERY_TUESDAY, date(2026, 1, 31), 2).due_on == [date(2026, 3, 3), date(2026, 3, 31)]
    assert due(EVERY_TUESDAY, date(2026, 1, 6), 2, "fortnight").due_on == [date(2026, 1, 20), date(2026, 2, 3)]


def test_a_group_that_meets_too_seldom_is_paid_on_the_day_itself_in_time_until_it_meets():
    days = due(FIRST_TUESDAYS, date(2026, 1, 6), 5, "week")
    assert days.due_on == [date(2026, 1, 13), date(2026, 1, 20), date(2026, 1, 27), date(2026, 2, 3), date(2026, 2, 10)]
    assert days.late_after == [date(2026, 2, 3)] * 4 + [date(2026, 3, 3)]
    assert days.due_at == LoanDue.DAY


def test_a_first_day_that_was_chosen_stays_and_meetings_follow_it():
    assert due(FIRST_TUESDAYS, date(2026, 1, 6), 3, first_due=date(2026, 2, 20)).due_on == [
        date(2026, 2, 20), date(2026, 4, 7), date(2026, 5, 5),
    ]  # fmt: skip


def test_a_fixed_day_of_the_month_is_kept():
    days = due(NEVER, date(2026, 1, 30), 3, due_at=LoanDue.DAY).due_on
    assert days == [date(2026, 2, 28), date(2026, 3, 30), date(2026, 4, 30)]
    days = due(NEVER, date(2026, 1, 31), 3, due_at=LoanDue.DAY).due_on
    assert days == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_what_falls_due_on_a_fixed_day_is_in_time_at_the_first_meeting_from_it():
    days = due(FIRST_TUESDAYS, date(2026, 1, 30), 3, due_at=LoanDue.DAY)
    assert days.due_on == [date(2026, 2, 28), date(2026, 3, 30), date(2026, 4, 30)]
    assert days.late_after == [date(2026, 3, 3), date(2026, 4, 7), date(2026, 5, 5)]


@pytest.mark.parametrize(
    ("first_due", "late_after"), [(date(2025, 12, 28), date(2026, 1, 6)), (date(2025, 12, 27), date(2025, 12, 27))]
)
def test_what_falls_due_long_before_the_first_meeting_is_late_at_once(first_due, late_after):
    calendar = MeetingCalendar((Rhythm("WEEK", date(2026, 1, 5), weekday=1),))
    days = due(calendar, date(2025, 11, 28), 1, due_at=LoanDue.DAY, first_due=first_due)
    assert (days.due_on, days.late_after) == ([first_due], [late_after])


def test_a_group_without_agreed_meetings_has_fixed_days():
    days = due(NEVER, date(2026, 1, 30), 2)
    assert days.due_on == days.late_after == [date(2026, 2, 28), date(2026, 3, 30)]


@pytest.mark.parametrize(
    ("begun_on", "first_due", "anchor"),
    [
        (date(2026, 1, 30), date(2026, 2, 28), 30),
        (date(2026, 1, 31), date(2026, 2, 28), 31),
        (date(2026, 1, 15), date(2026, 2, 28), 28),
        (date(2026, 1, 31), date(2026, 2, 20), 20),
        (date(2026, 3, 31), date(2026, 4, 30), 31),
    ],
)
def test_the_day_of_the_month_that_is_kept(begun_on, first_due, anchor):
    assert anchor_of(begun_on, first_due) == anchor


def built(periods, **days):
    return [
        line.due_on
        for line in build_schedule(
            principal=600_000, rate=Decimal("0.02"), periods=periods, method="flat", round_up_to=1000, **days
        )
    ]


def test_a_schedule_keeps_the_anchor_day():
    days = built(3, first_due=date(2026, 2, 28), anchor_day=30)
    assert days == [date(2026, 2, 28), date(2026, 3, 30), date(2026, 4, 30)]
    assert built(2, first_due=date(2026, 2, 28)) == [date(2026, 2, 28), date(2026, 3, 28)]


def test_a_schedule_falls_due_on_the_days_given():
    meetings = list(FIRST_TUESDAYS.dates(date(2026, 2, 1), date(2026, 7, 31)))
    assert built(6, first_due=date(2026, 2, 3), due_days=meetings) == meetings
    assert built(3, first_due=date(2026, 2, 3), due_days=meetings) == meetings[:3]
    weekly = list(EVERY_TUESDAY.dates(date(2026, 1, 7), date(2026, 12, 31)))
    days = built(3, first_due=date(2026, 2, 10), due_days=weekly)
    assert days == [date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 14)]
    with pytest.raises(ValueError, match="a day to fall due on"):
        built(7, first_due=date(2026, 2, 3), due_days=meetings)


def test_meetings_that_end_before_the_loan_are_refused():
    meetings = list(FIRST_TUESDAYS.dates(date(2026, 2, 1), date(2026, 4, 30)))
    with pytest.raises(ValueError, match="end before the loan"):
        days_at_meetings(meetings, periods=4, every="month", paid_out_on=date(2026, 1, 6))
    with pytest.raises(ValueError, match="end before the loan"):
        late_after_days([date(2026, 5, 1)], meetings)


@given(
    calendar=st.builds(
        agreed,
        every=st.sampled_from(["WEEK", "FORTNIGHT", "MONTH", "DATE", "SELAPAN", "DAYS"]),
        weekday=st.integers(0, 6),
        week=st.integers(1, 5),
        day_of_month=st.integers(1, 31),
        pasaran=st.integers(0, 4),
        days=st.integers(3, 60),
    ),
    paid_out_on=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    periods=st.integers(1, 24),
    every=st.sampled_from(["week", "fortnight", "selapan", "month"]),
    due_at=st.sampled_from(list(LoanDue)),
)
def test_days_come_one_after_the_other_and_are_paid_in_time_at_a_meeting(calendar, paid_out_on, periods, every, due_at):
    days = due(calendar, paid_out_on, periods, every, due_at)
    assert len(days.due_on) == len(days.late_after) == periods
    assert days.due_on == sorted(set(days.due_on))
    assert days.due_on[0] > paid_out_on
    for due_on, late_after in zip(days.due_on, days.late_after, strict=True):
        assert list(calendar.dates(due_on, late_after)) == [late_after]


def test_before_anything_was_agreed_days_are_fixed_and_late_at_once():
    days = due(FIRST_TUESDAYS, date(2024, 9, 3), 6)
    assert days.due_at == LoanDue.DAY
    assert days.due_on[0] == days.late_after[0] == date(2024, 10, 3)
    assert (days.due_on[-1], days.late_after[-1]) == (date(2025, 3, 3), date(2025, 3, 4))


# In the books


@pytest.fixture
def member(db):
    """A member of a group that meets on first Tuesdays, and pays in all its meetings."""
    group = make_group(founded_on=date(2025, 1, 7), rules={"wajib": 0, "fine_late_instalment": 5_000})
    member = make_member(group, "Siti Aminah")
    save(member, 9_000_000)
    yield member
    assert list(mismatches()) == []


def borrow(member, disbursed_on=date(2026, 1, 6), first_due=None, **terms):
    """A loan of 600.000 over 6 months by the rules of the group."""
    by_rules = services.terms_by_rules(
        member.group.rules,
        member=member,
        principal=600_000,
        periods=6,
        disbursed_on=disbursed_on,
        first_due=first_due,
    )
    by_rules = replace(by_rules, **terms)
    return services.loan_disburse(
        actor=facilitator_of(member.group), group=member.group, terms=by_rules, key=uuid.uuid4()
    )


def rate(group, as_of):
    figures = selectors.performance(Group.objects.filter(pk=group.pk), as_of=as_of)
    return figures.due, figures.paid


def test_who_pays_at_each_meeting_is_never_late(member):
    group, loan = member.group, borrow(member)
    client = sign_in(group)
    meetings = [
        date(2026, 2, 3), date(2026, 3, 3), date(2026, 4, 7), date(2026, 5, 5), date(2026, 6, 2), date(2026, 7, 7),
    ]  # fmt: skip
    assert [line.due_on for line in loan.instalments.all()] == meetings
    assert loan.first_due == meetings[0]
    for held_on in meetings:
        due_then = selectors.loan_card(group, loan.number, as_of=held_on).row.arrears.due
        assert post_sheet(client, group, held_on=held_on, **{f"l{loan.pk}_paid": due_then}).status_code == 302
    assert not Obligation.objects.exists()
    assert Account.objects.get(loan=loan, kind="LOAN").balance == 0
    day = date(2026, 2, 4)
    while day <= date(2026, 7, 8):
        fell_due, paid = rate(group, day)
        assert fell_due == paid > 0
        day += DAY


def test_the_sheet_asks_for_what_is_due_at_the_meeting(member):
    loan, client = borrow(member, disbursed_on=date(2026, 1, 6)), sign_in(member.group)
    client.cookies["django_language"] = "en"
    (row,) = client.get(f"/g/{member.group.code}/meetings/new/").context["sheet"].repayments
    assert row.open_loan.due(date(2026, 2, 2)) == 0
    assert row.open_loan.due(date(2026, 2, 3)) == loan.instalments.first().total
    assert row.open_loan.fine_at(date(2026, 2, 3)) is None
    assert row.open_loan.fine_at(date(2026, 2, 4)).amount == 5_000


def pay(loan, amount, on):
    return services.loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=on, key=uuid.uuid4()
    )


def test_on_a_fixed_day_nobody_is_fined_up_to_the_next_meeting_while_ageing_counts(member):
    loan = borrow(member, disbursed_on=date(2026, 1, 30), due_at=LoanDue.DAY)
    assert [line.due_on for line in loan.instalments.all()][:3] == [
        date(2026, 2, 28), date(2026, 3, 30), date(2026, 4, 30),
    ]  # fmt: skip
    first, second = loan.instalments.all()[:2]
    row = selectors.loan_card(member.group, loan.number, as_of=date(2026, 3, 3)).row
    assert (row.arrears.late, row.arrears.days_late) == (first.total, 3)
    assert rate(member.group, date(2026, 3, 3)) == (0, 0)
    assert rate(member.group, date(2026, 3, 4)) == (first.total, 0)
    pay(loan, first.total, on=date(2026, 3, 3))  # the first Tuesday
    assert not Obligation.objects.exists()
    assert rate(member.group, date(2026, 3, 4)) == (first.total, first.total)
    pay(loan, second.total, on=date(2026, 4, 8))  # the day after the meeting
    assert Obligation.objects.get(loan=loan).amount == 5_000


# A meeting that is moved


def move(group, planned_on, moved_to):
    return services.due_days_move(actor=facilitator_of(group), group=group, planned_on=planned_on, moved_to=moved_to)


def test_what_falls_due_at_a_meeting_moves_with_it(member):
    loan, stranger = borrow(member), make_member(make_group(rules={"wajib": 0}))
    save(stranger, 9_000_000)
    other = borrow(stranger)
    ChangedGroup.objects.all().delete()
    assert move(member.group, date(2026, 3, 3), date(2026, 3, 12)) == 1
    assert [(line.due_on, line.late_after) for line in loan.instalments.all()[:3]] == [
        (day, day) for day in (date(2026, 2, 3), date(2026, 3, 12), date(2026, 4, 7))
    ]
    assert ChangedGroup.objects.get(group=member.group).changed_from == date(2026, 3, 3)
    assert other.instalments.all()[1].due_on == date(2026, 3, 3)
    assert move(member.group, date(2026, 3, 3), date(2026, 3, 20)) == 0


def test_what_falls_due_at_a_meeting_that_does_not_take_place_waits_for_the_next(member):
    loan = borrow(member)
    assert move(member.group, date(2026, 3, 3), None) == 1
    assert loan.instalments.all()[1].due_on == date(2026, 4, 7)


def test_a_fixed_day_stays_when_a_meeting_moves(member):
    loan = borrow(member, disbursed_on=date(2026, 1, 30), first_due=date(2026, 2, 28))
    (first,) = loan.instalments.all()[:1]
    assert (first.due_on, first.late_after) == (date(2026, 2, 28), date(2026, 3, 3))
    assert move(member.group, date(2026, 2, 28), date(2026, 3, 1)) == 0
    assert move(member.group, date(2026, 3, 3), date(2026, 3, 12)) == 1
    first.refresh_from_db()
    assert first.due_on == date(2026, 2, 28)


def test_a_loan_that_is_paid_off_does_not_move(member):
    loan = borrow(member)
    services.loan_pay_off(
        actor=facilitator_of(member.group), group=member.group, loan=loan, on=date(2026, 2, 3), key=uuid.uuid4()
    )
    assert move(member.group, date(2026, 3, 3), date(2026, 3, 12)) == 0


def test_of_an_instalment_only_its_days_change(member):
    line = borrow(member).instalments.first()
    for field in ("principal", "service_fee", "number"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Instalment.objects.filter(pk=line.pk).update(**{field: getattr(line, field) + 1})
    with pytest.raises(DatabaseError, match="instalment_late_after"), transaction.atomic():
        Instalment.objects.filter(pk=line.pk).update(late_after=line.due_on - DAY)
    Instalment.objects.filter(pk=line.pk).update(due_on=line.due_on + DAY, late_after=line.late_after + DAY)
