"""Meetings recorded late, in any order, give the books, minutes and scores of those recorded in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from assessment.metrics import all_metrics
from finance.ledger.verify import mismatches
from finance.models import Account, AccountKind, EntryKind, Transfer
from finance.selectors import loan_rows, loans_on
from groups.models import Constitution, Group, Member
from meetings.models import Meeting, MeetingStatus
from meetings.selectors import numbered
from tests.assessment.groups import measure
from tests.factories import lend, make_group, make_member, make_members, save
from tests.meetings.pages import post_sheet, sign_in
from tests.meetings.sheets import HELD_ON

pytestmark = pytest.mark.django_db

WEEKS = 6
LAST_DAY = HELD_ON + timedelta(7 * WEEKS)
JOINS, LEAVES, CHANGES = HELD_ON + timedelta(10), HELD_ON + timedelta(24), HELD_ON + timedelta(17)
ATTENDANCE = ("PRESENT", "PRESENT", "PRESENT", "LATE", "REPRESENTED", "EXCUSED", "ABSENT")
DUE = 118_000
"""Rupiah of each instalment of the loan."""


def make() -> Group:
    """Five members, of whom one joins and one leaves on the way, rules that change, cash in the box and a loan."""
    group = make_group(rules={"wajib": 10_000, "social": 1_000, "fine_late": 0, "fine_absent": 0})
    first, *_others = make_members(group, 4)
    make_member(group, joined_on=JOINS)
    Member.objects.filter(group=group, number=4).update(left_on=LEAVES)
    save(first, 5_000_000)
    lend(first, 1_200_000, 12, first_due=HELD_ON, every="week")
    Constitution.objects.create(
        group=group, version=2, agreed_on=CHANGES, wajib=15_000, social=2_000, recorded_by=group.recorded_by
    )
    group.rules = group.constitutions.get(version=2)
    group.save()
    return group


def meetings(chance: Random) -> list[tuple[date, dict[str, Any]]]:
    """What is typed at each meeting, by members' numbers: the same whenever it is recorded."""
    return [(HELD_ON + timedelta(7 * week), dict(_typed(chance, week))) for week in range(WEEKS)]


def _typed(chance: Random, week: int) -> Iterator[tuple[str, Any]]:
    day = HELD_ON + timedelta(7 * week)
    yield "place", f"Rumah {week}"
    for number in range(1, 6):
        if (number == 5 and day < JOINS) or (number == 4 and day >= LEAVES):
            continue
        attendance = "PRESENT" if number < 3 else chance.choice(ATTENDANCE)
        yield f"m{number}-attendance", attendance
        if attendance in ("PRESENT", "LATE", "REPRESENTED"):
            yield f"m{number}-wajib", 10_000 if day < CHANGES else 15_000
            yield f"m{number}-sukarela_in", chance.choice(("", 5_000, 20_000))
    yield "l1-paid", chance.choice((DUE, DUE, ""))
    if week == 2:
        yield from {"loans-0-member": "m2", "loans-0-principal": 300_000, "loans-0-periods": 3}.items()
    yield from {"other-0-kind": "STATIONERY", "other-0-amount": 2_000, "other-0-memo": f"ATK {week}"}.items()
    yield from {"agenda-0-title": f"Rapat {week}", "agenda-0-decision": "setuju"}.items()


def record(group: Group, day: date, typed: dict[str, Any]) -> None:
    """Send one meeting's sheet as it is typed."""
    pks = {f"m{member.number}": member.pk for member in group.members.all()}
    loan = group.loans.get(number=1)
    data = {"held_on": day.isoformat(), "leader": pks["m1"], "note_taker": pks["m2"]}
    for prefix in ("agenda", "loans", "other"):
        data |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    for name, value in typed.items():
        owner, _dash, field = name.partition("-")
        name = f"m{pks[owner]}-{field}" if owner in pks else f"l{loan.pk}-{field}" if owner == "l1" else name
        data[name] = str(pks.get(value, value))
    response = post_sheet(sign_in(group), group, data=data)
    assert response.status_code == 302, response.context["sheet"].errors


def books(group: Group) -> Counter[tuple[object, ...]]:
    """What was brought and taken on each day; the parts of an instalment are one, for `accounts` holds them apart."""
    moved = Counter[tuple[object, ...]]()
    standing = Transfer.objects.filter(group=group, entry__reverses=None, entry__reversed_by=None)
    standing = standing.exclude(entry__kind=EntryKind.REALLOCATION)
    for line in standing.select_related("entry", "debit_account", "credit_account", "member"):
        credit = line.credit_account.kind
        if credit in (AccountKind.LOAN, AccountKind.SERVICE_FEE):
            credit = "INSTALMENT"
        number = line.member.number if line.member is not None else None
        moved[line.entry.effective_on, line.debit_account.kind, credit, number, line.memo] += line.amount
    return moved


def accounts(group: Group) -> dict[tuple[object, ...], int]:
    """What moved on each day on every account, net, by whose it is: fee and principal of each loan apart."""
    moved = Counter[tuple[object, ...]]()
    lines = Transfer.objects.filter(group=group).select_related(
        "entry", *(f"{side}_account__{owner}" for side in ("debit", "credit") for owner in ("member", "loan"))
    )
    for line in lines:
        for account, amount in ((line.debit_account, line.amount), (line.credit_account, -line.amount)):
            member, loan = account.member, account.loan
            owner = (member.number if member else None, loan.number if loan else None)
            moved[line.entry.effective_on, account.kind, *owner] += amount
    return {what: amount for what, amount in moved.items() if amount}


def cards(group: Group) -> list[tuple[object, ...]]:
    """What the loans owe and have paid at the end of each day, fee and principal apart."""
    days = [HELD_ON + timedelta(number) for number in range(7 * WEEKS + 30)]
    return [
        (day, row.loan.number, row.outstanding, row.fee_paid, row.arrears)
        for day in days
        for row in loan_rows(loans_on(group, as_of=day).order_by("number"), as_of=day)
    ]


def balances(group: Group) -> dict[tuple[str, object, object], int]:
    """The balance of every account, by whose it is."""
    accounts = Account.objects.filter(group=group).select_related("member", "loan")
    return {
        (a.kind, a.member.number if a.member else None, a.loan.number if a.loan else None): a.balance
        for a in accounts
        if a.balance
    }


def minutes(group: Group) -> list[tuple[object, ...]]:
    """The minute book as it reads: number by date, day, tallies and what was recorded."""
    closed = numbered(Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED)).order_by("number_by_date")
    return [(m.number_by_date, m.held_on, m.member_count, m.attended_count, m.saver_count, m.minutes) for m in closed]


def scores(group: Group) -> dict[str, object]:
    """What every metric measures at the end."""
    return {metric: measure(metric, group, LAST_DAY) for metric in all_metrics()}


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_recording_gives_the_same(seed):
    chance = Random(seed)
    held = meetings(chance)
    in_time, late = make(), make()
    for day, typed in held:
        record(in_time, day, typed)
    for day, typed in chance.sample(held, len(held)):
        record(late, day, typed)
    assert books(late) == books(in_time)
    assert accounts(late) == accounts(in_time)
    assert cards(late) == cards(in_time)
    assert balances(late) == balances(in_time)
    assert minutes(late) == minutes(in_time)
    assert scores(late) == scores(in_time)
    for group in (in_time, late):
        (row, *_others) = loan_rows(loans_on(group, as_of=LAST_DAY).order_by("number"), as_of=LAST_DAY)
        assert row.outstanding + row.fee_paid > 0
    assert list(mismatches()) == []


def test_a_correction_after_late_meetings_gives_what_recording_it_right_gives():
    chance = Random(1)
    held = meetings(chance)
    right, corrected = make(), make()
    for day, typed in held:
        record(right, day, typed)
    for day, typed in reversed(held):
        record(corrected, day, typed | ({"m1-wajib": 1_000} if day == HELD_ON else {}))
    first = Meeting.objects.get(group=corrected, held_on=HELD_ON)
    sheet = sign_in(corrected).get(f"/g/{corrected.code}/meetings/{first.number}/correct/").context["sheet"]
    fields = {form.add_prefix(name): form[name].value() for form in sheet._parts() for name in form.fields}
    typed = {name: value for name, value in fields.items() if value not in (None, "", False)}
    member = corrected.members.get(number=1)
    typed |= {f"m{member.pk}-wajib": "10000", "agenda-INITIAL_FORMS": "1", "other-INITIAL_FORMS": "1"}
    typed |= {"loans-TOTAL_FORMS": "0", "loans-INITIAL_FORMS": "0", "agenda-TOTAL_FORMS": "1", "other-TOTAL_FORMS": "1"}
    typed |= {"version": "1", "reason": "salah tulis", "action": "correct"}
    address = f"/g/{corrected.code}/meetings/{first.number}/correct/"
    response = sign_in(corrected).post(address, typed)
    assert response.status_code == 302, response.context["sheet"].errors
    assert books(corrected) == books(right)
    assert accounts(corrected) == accounts(right)
    assert cards(corrected) == cards(right)
    assert list(mismatches()) == []
    assert balances(corrected) == balances(right)
