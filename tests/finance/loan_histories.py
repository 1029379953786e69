"""Random histories of the loans of a group: what happens to loans in groups, in any order."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

from finance import selectors, services
from tests.factories import facilitator_of, lend, make_group, make_members, reverse, save

FIRST, LAST = date(2025, 2, 4), date(2026, 6, 30)
"""The day the loans are paid out, and the last one looked at."""


def some_days(chance, count):
    """So many days between the first and the last."""
    return sorted(FIRST + timedelta(chance.randrange((LAST - FIRST).days)) for _ in range(count))


def history(chance, members=4, reschedules=0.05):
    """A group whose loans were repaid at random: late, ahead, wrongly, early, rescheduled and written off.

    `reschedules` is the share of the steps that reschedule a loan.
    """
    group = make_group()
    for member in make_members(group, members):
        save(member, 5_000_000)
        lend(
            member,
            principal=chance.randrange(100_000, 1_500_000),
            periods=chance.randrange(1, 13),
            method=chance.choice(("flat", "declining")),
            payoff_fee=chance.choice(("CHARGED", "WAIVED")),
            due_at=chance.choice(("MEETING", "DAY")),
        )
    day = FIRST
    while (day := day + timedelta(chance.randrange(1, 40))) < LAST - timedelta(60):
        running = selectors.loan_rows(selectors.loans_on(group, as_of=LAST, only_running=True), as_of=day)
        if not running:
            break
        _step(chance, group, chance.choice(running), day, reschedules)
    return group


def _step(chance, group, row, day, reschedules):
    record = {"actor": facilitator_of(group), "group": group, "loan": row.loan, "on": day, "key": uuid.uuid4()}
    step = chance.random()
    if step < 0.05:
        services.loan_write_off(**record, reason="pindah")
    elif step < 0.05 + reschedules:
        schedule = services.NewSchedule(periods=6, rate=Decimal("0.01"), first_due=day + timedelta(30))
        services.loan_reschedule(**record, schedule=schedule, add_fee=chance.random() < 0.5, reason="panen gagal")
    elif step < 0.15 + reschedules:
        services.loan_pay_off(**record)
    else:
        due = row.arrears.due or row.arrears.next_due
        amount = chance.choice((due, due // 2 + 1, due * 2, 1_000))
        entry = services.loan_repay(**record, amount=amount, rest_to_savings=True)
        if chance.random() < 0.15:
            reverse(entry)
