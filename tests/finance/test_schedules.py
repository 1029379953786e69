"""Loan schedules against published cases and textbook tables, and their properties."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finance.schedules import (
    ScheduledInstalment,
    allocate_payment,
    arrears_on,
    build_schedule,
    card_lines,
    days_late_since,
    due_date,
    newly_late,
    paid_in_time,
    payoff,
    percent_of,
    spread,
)

FIRST_DUE = date(2025, 2, 4)


def schedule(principal, rate, periods, method="flat", round_up_to=1, first_due=FIRST_DUE, every="month"):
    return build_schedule(
        principal=principal, rate=Decimal(rate), periods=periods, method=method, round_up_to=round_up_to,
        first_due=first_due, every=every,
    )  # fmt: skip


schedules = st.builds(
    schedule,
    principal=st.integers(1, 50_000_000),
    rate=st.decimals(0, Decimal("0.3"), places=5),
    periods=st.integers(1, 60),
    method=st.sampled_from(["flat", "declining", "annuity"]),
    round_up_to=st.sampled_from([1, 50, 100, 500, 1_000, 10_000]),
    every=st.sampled_from(["week", "fortnight", "month"]),
)


def test_the_real_case_of_five_million_over_24_months():
    lines = schedule(5_000_000, "0.015", 24, round_up_to=1000)
    assert [line.total for line in lines] == [284_000] * 23 + [268_000]
    assert {line.service_fee for line in lines} == {75_000}
    assert sum(line.principal for line in lines) == 5_000_000


def test_flat_fee_on_the_original_principal():
    assert [(x.principal, x.service_fee) for x in schedule(1_200_000, "0.015", 12)] == [(100_000, 18_000)] * 12


def test_declining_fee_on_the_balance():
    lines = schedule(1_200_000, "0.015", 4, method="declining")
    assert [(x.principal, x.service_fee) for x in lines] == [
        (300_000, 18_000), (300_000, 13_500), (300_000, 9_000), (300_000, 4_500),
    ]  # fmt: skip


def test_declining_keeps_principals_equal_when_fees_are_not_whole():
    lines = schedule(1_200_000, "0.00333", 12, method="declining")
    assert {line.principal for line in lines} == {100_000}
    assert [line.service_fee for line in lines[:3]] == [3_996, 3_663, 3_330]


def test_annuity_of_the_textbook():
    # 10,000 at 1 % over 12 periods: 888.4879 a period (any table of annuities), rounded up to whole units.
    lines = schedule(10_000, "0.01", 12, method="annuity")
    assert [line.total for line in lines[:11]] == [889] * 11
    assert [line.service_fee for line in lines[:4]] == [100, 92, 84, 76]
    assert lines[-1].total == 882


def test_annuity_without_a_fee_is_equal_parts():
    assert [x.total for x in schedule(900, "0", 3, method="annuity")] == [300, 300, 300]


def test_annuity_over_a_year_of_a_large_loan():
    # 100,000,000 at 1 % over 12 months is 8,884,878.87 a month.
    lines = schedule(100_000_000, "0.01", 12, method="annuity")
    assert lines[0].total == 8_884_879
    assert lines[0].service_fee == 1_000_000
    assert lines[-1].total == pytest.approx(8_884_878, abs=12)


def test_month_ends():
    days = [line.due_on for line in schedule(3_000, "0", 4, first_due=date(2025, 1, 31))]
    assert days == [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]


def test_a_leap_year_and_a_new_year():
    assert due_date(date(2023, 12, 31), 2, "month") == date(2024, 2, 29)
    assert due_date(date(2023, 12, 31), 12, "month") == date(2024, 12, 31)


@pytest.mark.parametrize(("every", "second"), [("week", date(2025, 2, 11)), ("fortnight", date(2025, 2, 18))])
def test_weeks_and_fortnights(every, second):
    assert schedule(1_000, "0", 2, every=every)[1].due_on == second


def test_a_step_too_coarse_ends_the_loan_early():
    lines = schedule(5_000, "0.015", 12, round_up_to=1000)
    assert [line.total for line in lines] == [1_000] * 5 + [900] + [0] * 6
    assert sum(line.service_fee for line in lines) == 900


@pytest.mark.parametrize(
    "wrong", [{"principal": 0}, {"periods": 0}, {"round_up_to": 0}, {"rate": "1"}, {"rate": "-0.01"}]
)
def test_terms_that_make_no_loan_are_refused(wrong):
    with pytest.raises(ValueError, match="a loan needs"):
        schedule(**{"principal": 1_000, "rate": "0.01", "periods": 12, **wrong})


@given(schedules)
def test_principals_sum_to_the_principal_and_nothing_is_negative(lines):
    assert all(line.principal >= 0 and line.service_fee >= 0 for line in lines)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(a.due_on < b.due_on for a, b in pairwise(lines))


@given(
    principal=st.integers(1, 50_000_000),
    rate=st.decimals(0, Decimal("0.3"), places=5),
    periods=st.integers(1, 60),
    method=st.sampled_from(["flat", "declining", "annuity"]),
    step=st.sampled_from([1, 50, 100, 500, 1_000, 10_000]),
)
def test_totals_are_multiples_of_the_step_until_the_last(principal, rate, periods, method, step):
    lines = schedule(principal, rate, periods, method=method, round_up_to=step)
    assert sum(line.principal for line in lines) == principal
    paying = [line for line in lines if line.total]
    assert lines[: len(paying)] == paying
    assert all(line.total % step == 0 for line in paying[:-1])
    assert paying[-1].principal > 0
    if method == "flat":
        assert sum(line.service_fee for line in lines) == int(principal * rate * periods + Decimal("0.5"))


@given(schedules, st.data())
def test_a_payment_loses_no_rupiah_and_pays_the_fee_due_first(lines, data):
    everything = sum(line.total for line in lines)
    on = data.draw(st.sampled_from([line.due_on for line in lines]))
    fee = principal = 0
    for _ in range(data.draw(st.integers(1, 4))):
        amount = data.draw(st.integers(0, everything - fee - principal))
        part = allocate_payment(lines, fee_paid=fee, principal_paid=principal, amount=amount, on=on)
        assert part.service_fee + part.principal == amount
        assert part.service_fee >= 0
        assert part.principal >= 0
        fee_due = sum(line.service_fee for line in lines if line.due_on <= on)
        if part.principal:
            assert fee + part.service_fee >= fee_due
        fee, principal = fee + part.service_fee, principal + part.principal


@given(schedules, st.data())
def test_paying_what_is_left_pays_everything_exactly(lines, data):
    everything = sum(line.total for line in lines)
    first = data.draw(st.integers(0, everything))
    on = data.draw(st.sampled_from([line.due_on for line in lines]))
    part = allocate_payment(lines, fee_paid=0, principal_paid=0, amount=first, on=on)
    # While principal is left the loan is running; when it is gone, no fee may be owed.
    if part.principal == sum(line.principal for line in lines):
        assert first == everything
    rest = allocate_payment(
        lines, fee_paid=part.service_fee, principal_paid=part.principal, amount=everything - first, on=on
    )
    assert part.principal + rest.principal == sum(line.principal for line in lines)
    assert part.service_fee + rest.service_fee == sum(line.service_fee for line in lines)


@given(schedules)
def test_more_than_the_loan_asks_for_is_refused(lines):
    everything = sum(line.total for line in lines)
    with pytest.raises(ValueError, match="more than the loan"):
        allocate_payment(lines, fee_paid=0, principal_paid=0, amount=everything + 1, on=FIRST_DUE)


def test_a_small_payment_goes_to_the_fee_due_then_the_oldest_principal():
    lines = schedule(1_200_000, "0.015", 12)
    part = allocate_payment(lines, fee_paid=0, principal_paid=0, amount=50_000, on=lines[1].due_on)
    assert (part.service_fee, part.principal) == (36_000, 14_000)


def test_what_was_paid_covers_the_oldest_instalments():
    lines = schedule(300_000, "0.01", 3)
    paid = spread(lines, fee_paid=4_000, principal_paid=150_000)
    assert [(p.service_fee, p.principal) for p in paid] == [(3_000, 100_000), (1_000, 50_000), (0, 0)]


def test_a_loan_is_late_from_the_day_after():
    lines = schedule(300_000, "0.01", 3)
    on_time = arrears_on(lines, fee_paid=0, principal_paid=0, as_of=lines[0].due_on)
    assert (on_time.due, on_time.late, on_time.next_due) == (103_000, 0, 103_000)
    late = arrears_on(lines, fee_paid=3_000, principal_paid=40_000, as_of=date(2025, 3, 1))
    assert (late.late, late.late_since, late.days_late) == (60_000, lines[0].due_on, 25)
    assert (late.next_due_on, late.next_due) == (lines[1].due_on, 103_000)


def test_days_late_count_from_the_payment_before_or_the_day_an_instalment_was_due():
    lines = schedule(300_000, "0.01", 3)
    first, second = lines[0].due_on, lines[1].due_on

    def days(since, on):
        found = days_late_since(lines, paid=0, since=since, on=on)
        return [(line.number, count) for line, count in found]

    assert days(None, first) == []
    assert days(None, first + 5 * date.resolution) == [(1, 5)]
    assert days(first + 3 * date.resolution, first + 5 * date.resolution) == [(1, 2)]
    assert days(first + 5 * date.resolution, first + 5 * date.resolution) == []
    assert days(first + 3 * date.resolution, second + 2 * date.resolution) == [(1, 27), (2, 2)]
    assert days(first - 3 * date.resolution, first + 5 * date.resolution) == [(1, 5)]


def test_an_instalment_paid_in_full_is_not_late_by_a_day():
    lines = schedule(300_000, "0.01", 3)
    state = {"since": None, "on": lines[0].due_on + 5 * date.resolution}
    assert days_late_since(lines, paid=103_000, **state) == []
    assert days_late_since(lines, paid=102_999, **state) == [(lines[0], 5)]


def test_an_instalment_whose_fee_is_as_large_as_its_principal_is_still_to_come():
    lines = schedule(300, "0.3", 3, method="annuity", round_up_to=180)
    assert (lines[0].principal, lines[0].service_fee) == (90, 90)
    arrears = arrears_on(lines, fee_paid=0, principal_paid=0, as_of=lines[0].due_on)
    assert (arrears.next_due_on, arrears.next_due) == (lines[0].due_on, 180)


waterfalls = st.fixed_dictionaries(
    {"fine_due": st.integers(0, 50_000), "fine_first": st.booleans(), "waives_fee": st.booleans()}
)


@given(schedules, waterfalls, st.data())
def test_a_payment_with_fines_loses_no_rupiah_and_leaves_nothing_on_a_loan_without_balance(lines, terms, data):
    on = data.draw(st.sampled_from([line.due_on for line in lines]))
    principal = sum(line.principal for line in lines)
    most = payoff(
        lines, fee_paid=0, principal_paid=0, on=on, fine_due=terms["fine_due"], waives_fee=terms["waives_fee"]
    )
    amount = data.draw(st.integers(0, most.total))
    part = allocate_payment(lines, fee_paid=0, principal_paid=0, amount=amount, on=on, **terms)
    assert part.total == amount
    assert min(part.service_fee, part.principal, part.fine) >= 0
    assert part.fine <= terms["fine_due"]
    if part.principal == principal:
        assert part == most
    if terms["fine_first"] and amount < most.total:
        assert part.fine == min(amount, terms["fine_due"])
    with pytest.raises(ValueError, match="more than the loan"):
        allocate_payment(lines, fee_paid=0, principal_paid=0, amount=most.total + 1, on=on, **terms)


@given(schedules, waterfalls, st.data())
def test_the_payoff_after_part_payments_leaves_nothing(lines, terms, data):
    on = data.draw(st.sampled_from([line.due_on for line in lines]))
    fee = principal = 0
    fine = terms["fine_due"]
    for _ in range(2):
        state = {"fee_paid": fee, "principal_paid": principal, "on": on, "waives_fee": terms["waives_fee"]}
        most = payoff(lines, fine_due=fine, **state)
        assert min(most.service_fee, most.principal, most.fine) >= 0
        amount = data.draw(st.integers(0, max(0, most.total - 1)))
        part = allocate_payment(lines, amount=amount, fine_due=fine, fine_first=terms["fine_first"], **state)
        fee, principal, fine = fee + part.service_fee, principal + part.principal, fine - part.fine
    most = payoff(lines, fee_paid=fee, principal_paid=principal, on=on, fine_due=fine, waives_fee=terms["waives_fee"])
    assert principal + most.principal == sum(line.principal for line in lines)
    assert fee + most.service_fee >= sum(line.service_fee for line in lines if line.due_on <= on)
    assert fee + most.service_fee <= sum(line.service_fee for line in lines)
    if not terms["waives_fee"]:
        assert fee + most.service_fee == sum(line.service_fee for line in lines)


def test_the_payoff_with_the_fee_of_the_remaining_periods_waived_or_charged():
    lines = schedule(1_200_000, "0.015", 12)
    state = {"fee_paid": 18_000, "principal_paid": 100_000, "on": lines[2].due_on}
    waived = payoff(lines, waives_fee=True, fine_due=5_000, **state)
    assert (waived.service_fee, waived.principal, waived.fine) == (36_000, 1_100_000, 5_000)
    assert payoff(lines, waives_fee=False, **state).service_fee == 11 * 18_000


def test_fee_paid_ahead_counts_as_principal_where_the_fee_to_come_is_waived():
    lines = schedule(600_000, "0.02", 6)
    first, second = lines[0].due_on, lines[1].due_on
    slow, quick = (
        allocate_payment(lines, fee_paid=0, principal_paid=0, amount=amount, on=first, waives_fee=True)
        for amount in (112_000, 412_000)
    )
    rests = [
        payoff(lines, fee_paid=part.service_fee, principal_paid=part.principal, on=second, waives_fee=True)
        for part in (slow, quick)
    ]
    assert [rest.total for rest in rests] == [512_000, 212_000]
    assert 112_000 + rests[0].total == 412_000 + rests[1].total == 624_000
    assert (rests[1].service_fee, rests[1].principal, rests[1].fee_ahead) == (0, 236_000, 24_000)


def test_fee_paid_ahead_stays_fee_where_the_fee_to_come_is_charged():
    lines = schedule(600_000, "0.02", 6)
    rest = payoff(lines, fee_paid=48_000, principal_paid=364_000, on=lines[1].due_on, waives_fee=False)
    assert (rest.service_fee, rest.principal, rest.fee_ahead) == (24_000, 236_000, 0)


def test_a_payment_on_the_principal_alone_leaves_the_fee_due():
    lines = schedule(600_000, "0.02", 6)
    state = {"fee_paid": 0, "principal_paid": 0, "on": lines[1].due_on, "fine_due": 5_000}
    part = allocate_payment(lines, amount=300_000, principal_alone=True, **state)
    assert (part.service_fee, part.principal, part.fine) == (0, 300_000, 0)
    for too_much in (600_000, 624_000):
        with pytest.raises(ValueError, match="last principal"):
            allocate_payment(lines, amount=too_much, principal_alone=True, **state)


@dataclass(frozen=True)
class FineTerms:
    """A fine for lateness: rupiah for each instalment or each day, or per cent of each instalment."""

    by: str = "INSTALMENT"
    each: int = 0
    first: bool = False

    def of(self, lines, *, paid, since, on):
        """The fine that a payment brings, by what was paid in all before it."""
        if self.by == "DAY":
            return self.each * sum(days for _line, days in days_late_since(lines, paid=paid, since=since, on=on))
        late = newly_late(lines, paid=paid, since=since, on=on)
        if self.by == "PERCENT":
            return sum(percent_of(line.total, Decimal(self.each)) for line in late)
        return self.each * len(late)


def paid_in_all(lines, payments, *, waives_fee, fines=FineTerms()):
    """What a borrower pays who brings `payments`, (days after the first is due, rupiah, on the principal alone).

    Each payment brings the fine for what is late, is at most what pays the loan off, and the last day pays the rest.
    """
    fee = principal = fine_due = total = 0
    since = None
    horizon = (lines[-1].due_on - lines[0].due_on).days + 90
    for days, amount, alone in [*sorted(payments), (horizon, None, False)]:
        on = lines[0].due_on + days * date.resolution
        fine_due += fines.of(lines, paid=total, since=since, on=on)
        state = {"fee_paid": fee, "principal_paid": principal, "on": on, "fine_due": fine_due}
        most = payoff(lines, waives_fee=waives_fee, **state).total
        pays = most if amount is None else min(amount, most)
        is_alone = alone and pays < sum(line.principal for line in lines) - principal
        part = allocate_payment(
            lines, amount=pays, fine_first=fines.first, waives_fee=waives_fee, principal_alone=is_alone, **state
        )
        assert part.total == pays
        assert min(part.service_fee, part.principal, part.fine, part.fee_ahead) >= 0
        fee, principal = fee + part.service_fee - part.fee_ahead, principal + part.principal
        fine_due, total, since = fine_due - part.fine, total + pays, on
        if principal == sum(line.principal for line in lines):
            assert fine_due == 0
            return total
    raise AssertionError("what pays the loan off did not")


@dataclass(frozen=True, slots=True)
class InstalmentAtMeeting(ScheduledInstalment):
    """An instalment of a group that meets every so many days, of which several may wait for the same meeting."""

    days_between: int

    @property
    def late_after(self):
        """The first meeting on or after the day it falls due."""
        return self.due_on + -(self.due_on - FIRST_DUE).days % self.days_between * date.resolution


@st.composite
def payments_and_some_of_them_earlier(draw, *, alone):
    """Payments on a loan, and the same with some money brought earlier than in the first.

    The instalments are to be paid by the day they fall due, or by a meeting.
    """
    lines = draw(schedules)
    if (days_between := draw(st.sampled_from([0, 0, 3, 40, 75]))) > 0:
        lines = [
            InstalmentAtMeeting(line.number, line.due_on, line.principal, line.service_fee, days_between)
            for line in lines
        ]
    asked = sum(line.total for line in lines)
    span = (lines[-1].due_on - lines[0].due_on).days + 60
    late = draw(
        st.lists(
            st.tuples(st.integers(-25, span), st.integers(1, asked), st.booleans() if alone else st.just(False)),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    late.sort()
    early = []
    for days, amount, is_alone in late:
        part = draw(st.integers(0, amount))
        early += [(draw(st.integers(-25, days)), part, is_alone)] if part else []
        early += [(days, amount - part, is_alone)] if amount > part else []
    return lines, late, early


fine_terms = st.one_of(
    st.builds(
        FineTerms,
        by=st.sampled_from(["INSTALMENT", "DAY"]),
        each=st.sampled_from([0, 1, 10, 5_000, 100_000]),
        first=st.booleans(),
    ),
    st.builds(FineTerms, by=st.just("PERCENT"), each=st.integers(0, 100), first=st.booleans()),
)


@given(payments_and_some_of_them_earlier(alone=False), st.booleans(), fine_terms)
def test_paying_early_never_costs_more_in_all_than_paying_later(drawn, waives_fee, fines):
    lines, late, early = drawn
    terms = {"waives_fee": waives_fee, "fines": fines}
    assert paid_in_all(lines, early, **terms) <= paid_in_all(lines, late, **terms)


@given(payments_and_some_of_them_earlier(alone=True), st.booleans(), fine_terms)
def test_paying_early_on_the_principal_alone_never_costs_more_either(drawn, waives_fee, fines):
    lines, late, early = drawn
    terms = {"waives_fee": waives_fee, "fines": fines}
    assert paid_in_all(lines, early, **terms) <= paid_in_all(lines, late, **terms)


def paid_in_all_with_a_new_schedule(lines, payments, new_terms, *, on, waives_fee):
    """What a borrower pays in all whose loan is given a new schedule on a day, where anything is left of it then.

    The new schedule lets the fee to come go. Where that is charged, who paid the loan off before has paid it, and is
    compared with nobody who had something left to give a new schedule.
    """
    fee = principal = before = 0
    for days, amount, _alone in [payment for payment in payments if payment[0] <= on]:
        state = {"fee_paid": fee, "principal_paid": principal, "on": lines[0].due_on + days * date.resolution}
        pays = min(amount, payoff(lines, waives_fee=waives_fee, **state).total)
        part = allocate_payment(lines, amount=pays, waives_fee=waives_fee, **state)
        fee, principal, before = fee + part.service_fee - part.fee_ahead, principal + part.principal, before + pays
        if principal == sum(line.principal for line in lines):
            assume(waives_fee)
            return before
    day = lines[0].due_on + on * date.resolution
    rest = payoff(lines, fee_paid=fee, principal_paid=principal, on=day, waives_fee=True).total
    assume(rest > 0)
    new = schedule(rest, first_due=day + 30 * date.resolution, **new_terms)
    later = [(days - on - 30, amount, alone) for days, amount, alone in payments if days > on]
    return before + paid_in_all(new, later, waives_fee=waives_fee)


@given(
    payments_and_some_of_them_earlier(alone=False),
    st.integers(0, 400),
    st.booleans(),
    st.integers(1, 36),
    st.decimals(0, Decimal("0.1"), places=5),
)
def test_paying_early_never_costs_more_with_a_rescheduling_between(drawn, on, waives_fee, periods, rate):
    """But for the rupiah by which each instalment's fee is rounded."""
    lines, late, early = drawn
    terms = {"rate": rate, "periods": periods, "round_up_to": 1}
    in_all = [
        paid_in_all_with_a_new_schedule(lines, sorted(payments), terms, on=on, waives_fee=waives_fee)
        for payments in (early, late)
    ]
    assert in_all[0] <= in_all[1]


def test_a_new_schedule_lets_the_fee_go_that_a_payoff_is_charged():
    lines = schedule(192, "0.00092", 58, every="week")
    assert [line.service_fee for line in lines][:47] == [0] * 47
    assert sum(line.service_fee for line in lines) == 10
    left = {"fee_paid": 0, "principal_paid": 191, "on": lines[0].due_on}
    assert payoff(lines, waives_fee=False, **left).total == 11
    assert payoff(lines, waives_fee=True, **left).total == 1


def test_a_fine_goes_first_or_after_what_is_due():
    lines = schedule(1_200_000, "0.015", 12)
    due = {"fee_paid": 0, "principal_paid": 0, "on": lines[0].due_on, "fine_due": 5_000}
    first = allocate_payment(lines, amount=100_000, fine_first=True, **due)
    assert (first.service_fee, first.principal, first.fine) == (18_000, 77_000, 5_000)
    last = allocate_payment(lines, amount=100_000, **due)
    assert (last.service_fee, last.principal, last.fine) == (18_000, 82_000, 0)
    more = allocate_payment(lines, amount=130_000, **due)
    assert (more.service_fee, more.principal, more.fine) == (25_000, 100_000, 5_000)


def test_the_last_principal_is_not_paid_before_the_fine():
    lines = schedule(100_000, "0.01", 1)
    part = allocate_payment(lines, fee_paid=0, principal_paid=0, amount=101_000, on=lines[0].due_on, fine_due=5_000)
    assert (part.service_fee, part.principal, part.fine) == (1_000, 95_000, 5_000)


def late(lines, since, on, paid=0):
    return [line.number for line in newly_late(lines, paid=paid, since=since, on=on)]


def test_an_instalment_is_late_from_the_day_after_and_counted_once():
    lines = schedule(300_000, "0.01", 3)
    first, second, third = (line.due_on for line in lines)
    day = date.resolution
    assert late(lines, None, first) == []
    assert late(lines, None, first + day) == [1]
    assert late(lines, first + day, second) == []
    assert late(lines, first + day, second + day) == [2]
    assert late(lines, None, third + day) == [1, 2, 3]


def test_an_instalment_paid_in_time_is_not_late():
    lines = schedule(300_000, "0.01", 3)
    assert late(lines, lines[0].due_on, lines[1].due_on, paid=103_000) == []
    assert late(lines, lines[0].due_on, lines[1].due_on, paid=102_999) == [1]


def test_the_rupiah_of_an_early_payment_that_goes_to_a_fine_brings_no_other_fine():
    """2,000 of 20,000 brought early go to a fine that is open, and the next instalment is in time all the same."""
    lines = schedule(300_000, "0", 3)
    fines = FineTerms(each=2_000)
    on_the_day, early = (
        [(1, 100_000), (28, 100_000), (59, 100_000)],
        [(1, 100_000), (20, 20_000), (28, 80_000), (59, 100_000)],
    )
    for payments in (on_the_day, early):
        paid = [(days, amount, False) for days, amount in payments]
        assert paid_in_all(lines, paid, waives_fee=False, fines=fines) == 302_000


def test_days_count_until_all_that_was_paid_makes_up_for_the_instalment():
    lines = schedule(300_000, "0.01", 3)
    first, second, _third = (line.due_on for line in lines)
    day = date.resolution
    counted = [
        [(line.number, days) for line, days in days_late_since(lines, paid=paid, since=first, on=second + 2 * day)]
        for paid in (102_999, 103_000, 206_000)
    ]
    assert counted == [[(1, 30), (2, 2)], [(2, 2)], []]


@given(schedules, st.data())
def test_whatever_the_days_of_payment_no_instalment_is_fined_twice(lines, data):
    span = (lines[-1].due_on - lines[0].due_on).days + 60
    offsets = data.draw(st.lists(st.integers(-10, span), min_size=1, max_size=6))
    since, fined = None, []
    for on in sorted(lines[0].due_on + offset * date.resolution for offset in offsets):
        fined += late(lines, since, on)
        since = on
    owed = [line.number for line in lines if line.due_on < since and line.principal + line.service_fee]
    assert sorted(fined) == fined == owed


def paid_off_in_time(*payments, on):
    """Whether 300.000 over 3 months at 1 %, paid as said and the rest on the day `on`, was never late."""
    return paid_in_time(schedule(300_000, "0.01", 3), payments, on=on)


def test_a_loan_paid_on_its_days_was_in_time():
    first, second, third = (line.due_on for line in schedule(300_000, "0.01", 3))
    paid = (first, 3_000, 100_000), (second, 3_000, 100_000)
    assert paid_off_in_time(*paid, on=third)
    assert paid_off_in_time(*reversed(paid), on=third)
    assert not paid_off_in_time(*paid, on=third + date.resolution)
    assert paid_off_in_time(on=first)
    assert not paid_off_in_time(on=first + date.resolution)


@pytest.mark.parametrize(("fee", "principal"), [(2_999, 100_000), (3_000, 99_999)])
def test_a_loan_short_of_one_rupiah_of_fee_or_principal_was_late(fee, principal):
    first, second, _third = (line.due_on for line in schedule(300_000, "0.01", 3))
    assert not paid_off_in_time((first, fee, principal), on=second)
    assert paid_off_in_time((first, 3_000, 100_000), on=second)


def test_what_was_paid_a_day_late_was_late_however_much_it_was():
    first, second, _third = (line.due_on for line in schedule(300_000, "0.01", 3))
    assert not paid_off_in_time((first + date.resolution, 9_000, 200_000), on=second)


def test_what_was_paid_ahead_covers_the_instalments_to_come():
    first, _second, third = (line.due_on for line in schedule(300_000, "0.01", 3))
    assert paid_off_in_time((first, 6_000, 200_000), on=third)


def test_the_lines_of_a_card_say_what_is_paid_and_what_principal_is_left():
    lines = card_lines(schedule(1_200_000, "0.015", 3), fee_paid=18_000, principal_paid=500_000)
    assert [(paid.service_fee, paid.principal, left) for _line, paid, left in lines] == [
        (18_000, 400_000, 800_000),
        (0, 100_000, 400_000),
        (0, 0, 0),
    ]
