"""Surplus of a period, its division by hand, decision, posting and withdrawal."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import AccountKind, Entry, Purpose, SurplusDivision
from groups.models import Group, Member, Role
from tests.conftest import program
from tests.factories import facilitator_of, lend, make_group, make_member, make_members, make_user, repay, reverse, save
from tests.finance.surplus import DECIDED, YEAR, balances, decide, other, post, withdraw, worked_year
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(module_db):
    group, _members = worked_year()
    return group.pk


@pytest.fixture
def worked(made):
    group = Group.objects.get(pk=made)
    return group, list(group.members.order_by("number"))


def of_year(group):
    return selectors.period_surplus(group, start=YEAR[0], end=YEAR[1])


def parts(division):
    return {part.member.number: (part.by_savings, part.by_borrowing) for part in sheet(division).members}


def sheet(division):
    return selectors.division_sheet(division)


def bases(group, start=YEAR[0], end=YEAR[1]):
    preview = selectors.division_preview(group, group.rules, surplus=0, start=start, end=end)
    return {part.member.number: (part.savings_base, part.borrowing_base) for part in preview.members}


def test_every_line_of_the_surplus(worked):
    group, _members = worked
    surplus = of_year(group)
    lines = {
        kind.kind: [(line.loan and line.loan.number, line.note, line.amount) for line in kind.lines]
        for kind in (*surplus.income, *surplus.expenses)
    }
    assert lines == {
        "SERVICE_FEE": [(1, "", 180_000), (2, "", 60_000)],
        "OTHER_INCOME": [(None, "", 900_000)],
        "STATIONERY": [(None, "buku", 100_000)],
        "TRANSPORT": [(None, "", 40_000)],
    }
    assert (surplus.total_income, surplus.total_expenses, surplus.surplus) == (1_140_000, 140_000, 1_000_000)


def test_fines_are_lines_of_their_members(worked):
    group, (first, second, _third) = worked
    for member, amount in ((first, 2_000), (first, 3_000), (second, 1_000)):
        services.fine_pay(
            actor=facilitator_of(group), group=group, member=member, amount=amount, reason="terlambat",
            on=date(2025, 5, 6), key=uuid.uuid4(),
        )  # fmt: skip
    (fines,) = [kind for kind in of_year(group).income if kind.kind == AccountKind.FINE]
    assert [(line.member, line.amount) for line in fines.lines] == [(first, 5_000), (second, 1_000)]


def test_only_the_period_counts(worked):
    group, _members = worked
    other(group, "INCOME", 7, on=date(2026, 1, 1))
    assert of_year(group).surplus == 1_000_000
    after = selectors.period_surplus(group, start=date(2026, 1, 1), end=date(2026, 1, 1))
    assert (after.surplus, after.carried) == (7, 1_000_000)


def test_a_reversal_takes_its_line_away(worked):
    group, _members = worked
    reverse(other(group, "INCOME", 50_000))
    assert of_year(group).surplus == 1_000_000


def test_a_division_worked_out_by_hand(worked):
    """1,000,000 by 40/20/20/10/5/5: savings 3 : 2 : 5, fees 180,000 : 60,000."""
    group, _members = worked
    division = decide(group)
    assert parts(division) == {1: (120_000, 150_000), 2: (80_000, 50_000), 3: (200_000, 0)}
    assert sheet(division).purposes == {
        Purpose.RESERVE: 200_000, Purpose.OFFICERS: 100_000, Purpose.SOCIAL: 50_000, Purpose.OTHER: 50_000,
    }  # fmt: skip
    assert division.rounding == 0
    assert not Entry.objects.filter(kind="SURPLUS").exists()


FUNDS = {
    "share_savings": Decimal("33.34"), "share_borrowing": Decimal("26.66"), "share_officers": 5, "share_social": 5,
    "share_education": 5, "share_staff": Decimal("2.5"), "share_development": Decimal("2.5"), "share_other": 0,
}  # fmt: skip


def test_named_funds_get_their_parts_by_the_rules():
    """33,34 % of 1,000,000 by savings and 26,66 % by fee, 20 % reserve, then 5, 5, 5, 2,5 and 2,5 %."""
    group, _members = worked_year(**FUNDS)
    before = balances(group)
    division = post(decide(group))
    assert parts(division) == {1: (100_020, 199_950), 2: (66_680, 66_650), 3: (166_700, 0)}
    after = balances(group)
    assert {kind: after[kind] - before.get(kind, 0) for kind in after if kind.endswith(("_FUND", "RESERVE"))} == {
        "RESERVE": 200_000, "OFFICERS_FUND": 50_000, "SOCIAL_FUND": 50_000, "EDUCATION_FUND": 50_000,
        "STAFF_FUND": 25_000, "DEVELOPMENT_FUND": 25_000,
    }  # fmt: skip
    summary = selectors.group_summary(group)
    assert (summary.education_fund, summary.staff_fund, summary.development_fund) == (50_000, 25_000, 25_000)
    assert list(mismatches()) == []


def test_parts_that_do_not_sum_to_100_are_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_group(rules={**FUNDS, "share_staff": Decimal("2.49")})


def test_the_group_names_its_own_purpose():
    group, _members = worked_year(other_purpose="zakat")
    assert [label for label, _percent, _amount in sheet(decide(group)).purpose_lines][-1] == "zakat"


@pytest.mark.parametrize(("counted", "expected"), [("ALL", [600, 500]), ("POKOK_WAJIB", [100, 500])])
@pytest.mark.parametrize("base", ["END", "AVERAGE"])
def test_savings_count_by_the_rules(counted, expected, base):
    group = make_group(rules={"savings_counted": counted, "savings_base": base})
    first, second = make_members(group, 2)
    on = date(2025, 1, 7)
    save(first, 500, on=on)
    save(first, 100, "POKOK", on=on)
    save(second, 200, "POKOK", on=on)
    save(second, 300, "WAJIB", on=on)
    assert [savings for savings, _borrowing in bases(group).values()] == expected


def test_a_share_out_returns_the_named_funds():
    group, _members = worked_year(**FUNDS)
    post(decide(group))
    kinds = {move.debit for move in selectors.share_out_plan(group, as_of=DECIDED, keep=frozenset()).moves}
    assert {"EDUCATION_FUND", "STAFF_FUND", "DEVELOPMENT_FUND"} <= kinds


def test_posting_to_savings(worked):
    group, members = worked
    before = balances(group)
    post(decide(group))
    after = balances(group)
    change = {kind: after[kind] - before.get(kind, 0) for kind in after if after[kind] != before.get(kind, 0)}
    assert change == {
        "SUKARELA": 600_000, "RESERVE": 200_000, "OFFICERS_FUND": 100_000, "SOCIAL_FUND": 50_000,
        "OTHER_FUND": 50_000, "SURPLUS_DIVIDED": 1_000_000,
    }  # fmt: skip
    assert [a.balance for a in group.accounts.filter(kind="SUKARELA").order_by("member__number")] == [
        3_270_000, 2_130_000, 5_200_000,
    ]  # fmt: skip
    assert selectors.passbook(members[0], end=DECIDED).savings.total == 3_270_000
    assert list(mismatches()) == []


def test_posting_in_cash(worked):
    group, _members = worked
    before = balances(group)
    post(decide(group), paid_to="CASH")
    after = balances(group)
    assert before["CASH"] - after["CASH"] == 600_000
    assert after["SUKARELA"] == before["SUKARELA"]


def test_the_rounding_goes_to_the_reserve(worked):
    group, _members = worked
    other(group, "INCOME", 7)
    division = post(decide(group))
    shown = sheet(division)
    # 40 % of 1,000,007 is 400,002.8: 120,000.84, 80,000.56 and 200,001.4; 20 % by fee: 150,001.05 and 50,000.35.
    assert parts(division) == {1: (120_000, 150_001), 2: (80_000, 50_000), 3: (200_001, 0)}
    assert division.rounding == 1_000_007 - 600_002 - sum(shown.purposes.values()) == 4
    assert balances(group)["RESERVE"] == shown.purposes[Purpose.RESERVE] + division.rounding


def test_a_part_nobody_has_a_claim_to_goes_to_the_reserve():
    group = make_group()
    save(make_member(group), 10_000)
    other(group, "INCOME", 1_000)
    post(decide(group))
    assert balances(group)["RESERVE"] == 200 + 200


def test_savings_by_the_average_of_the_months():
    group = make_group(rules={"savings_base": "AVERAGE"})
    first, second = make_members(group, 2)
    save(first, 120_000, on=date(2025, 1, 31))
    save(second, 100_000, on=date(2025, 12, 31))
    save(second, 50_000, on=date(2025, 7, 1), kind="WAJIB")
    services.savings_withdraw(
        actor=facilitator_of(group), group=group, member=first, amount=60_000, on=date(2025, 10, 1), key=uuid.uuid4()
    )
    # First: 9 months of 120,000 and 3 of 60,000. Second: 6 months of 50,000 and 100,000 on the last day alone.
    assert bases(group) == {1: ((9 * 120_000 + 3 * 60_000) // 12, 0), 2: ((6 * 50_000 + 100_000) // 12, 0)}


def test_savings_at_the_end_of_the_period():
    group = make_group()
    member = make_member(group)
    save(member, 100_000, on=date(2025, 12, 31))
    save(member, 7, on=date(2026, 1, 1))
    assert bases(group) == {1: (100_000, 0)}


def test_borrowing_by_the_loans_taken():
    group = make_group(rules={"borrowing_base": "PRINCIPAL"})
    first, second = make_members(group, 2)
    save(first, 5_000_000)
    lend(first, principal=1_000_000)
    lend(second, principal=700_000)
    cancelled = lend(second, principal=300_000)
    lend(second, principal=500_000, disbursed_on=date(2026, 1, 5), first_due=date(2026, 2, 5))
    reverse(Entry.objects.get(kind="LOAN", transfers__debit_account__loan=cancelled))
    assert {number: borrowed for number, (_saved, borrowed) in bases(group).items()} == {1: 1_000_000, 2: 700_000}


def test_fees_paid_external_the_period_bring_nothing():
    group = make_group()
    member = make_member(group)
    save(member, 5_000_000)
    loan = lend(member)
    repay(loan, 18_000, on=date(2025, 3, 4))
    repay(loan, 100_000, on=date(2026, 1, 1))
    assert bases(group)[1][1] == 18_000


def test_who_left_before_the_end_takes_no_part(worked):
    group, (_first, second, third) = worked
    Member.objects.filter(pk=third.pk).update(left_on=date(2025, 12, 31))
    Member.objects.filter(pk=second.pk).update(left_on=date(2026, 1, 1))
    make_member(group, joined_on=date(2026, 1, 1))
    division = post(decide(group))
    assert parts(division) == {1: (240_000, 150_000), 2: (160_000, 50_000)}
    assert group.accounts.get(member=second, kind="SUKARELA").balance == 2_210_000


def test_a_loss_before_is_made_good_first():
    group = make_group(founded_on=date(2024, 1, 2))
    save(make_member(group), 1_000_000, on=date(2024, 1, 2))
    other(group, "EXPENSE", 300_000, on=date(2024, 5, 1))
    other(group, "INCOME", 1_000_000)
    surplus = of_year(group)
    assert (surplus.surplus, surplus.loss_before, surplus.divisible) == (1_000_000, 300_000, 700_000)
    assert decide(group).surplus == 700_000


@pytest.mark.parametrize("expense", [1_000_000, 1_000_001])
def test_nothing_or_a_loss_is_not_divided(expense, worked):
    group, _members = worked
    other(group, "EXPENSE", expense)
    with pytest.raises(NotAllowed, match="no surplus"):
        decide(group)


def test_what_changed_since_it_was_seen_is_not_decided(worked):
    group, _members = worked
    with pytest.raises(NotAllowed, match="1\\.000\\.000 can be divided now"):
        decide(group, seen=999_999)


def test_what_changed_since_the_decision_is_not_posted(worked):
    group, members = worked
    division = decide(group)
    save(members[0], 1, on=date(2025, 12, 30))
    with pytest.raises(NotAllowed, match="changed since the decision"):
        post(division)
    assert not Entry.objects.filter(kind="SURPLUS").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"decided_on": date(2025, 12, 30)},
        {"decided_on": timezone.localdate() + timedelta(days=1)},
        {"start": date(2026, 1, 1)},
    ],
)
def test_dates_out_of_order_are_refused(wrong, worked):
    group, _members = worked
    with pytest.raises(NotAllowed):
        decide(group, **wrong)


def test_a_division_is_not_posted_before_its_decision(worked):
    group, _members = worked
    with pytest.raises(NotAllowed, match="on or after"):
        post(decide(group), on=DECIDED - timedelta(days=1))


def test_cash_short_posts_nothing(worked):
    group, _members = worked
    division = decide(group)
    other(group, "BANK_DEPOSIT", balances(group)["CASH"] - 599_999, on=date(2026, 1, 5))
    with pytest.raises(InsufficientFunds):
        post(division, paid_to="CASH")
    division.refresh_from_db()
    assert division.status == "DECIDED"
    post(division)


def test_one_decision_at_a_time_and_no_day_twice(worked):
    group, _members = worked
    division = decide(group)
    with pytest.raises(NotAllowed, match="not posted yet"):
        decide(group)
    post(division)
    for start, end in (YEAR, (date(2025, 12, 31), date(2026, 1, 31)), (date(2024, 1, 1), date(2024, 12, 31))):
        with pytest.raises(NotAllowed, match="divided up to 31 December 2025"):
            decide(group, start=start, end=end, decided_on=date(2026, 2, 1))


def test_the_database_refuses_periods_that_overlap(worked):
    group, _members = worked
    division = post(decide(group))
    for start, end in ((date(2025, 12, 31), date(2026, 5, 1)), (date(2025, 5, 5), date(2025, 6, 6))):
        fresh = SurplusDivision(
            group=group, period_start=start, period_end=end, surplus=1, rounding=0, rules=group.rules,
            decided_on=date(2026, 5, 1), note="x", key=uuid.uuid4(), recorded_by=division.recorded_by,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="overlap"), transaction.atomic():
            fresh.save()


def test_the_database_keeps_a_division_as_it_was_decided(worked):
    group, _members = worked
    division = post(decide(group))
    for statement, rule in (
        ("UPDATE finance_surplusdivision SET surplus = surplus + 1", "surplusdivision_no_update"),
        ("UPDATE finance_surplusdivision SET entry_id = NULL, paid_to = ''", "surplusdivision_no_update"),
        ("UPDATE finance_surplusshare SET by_savings = 1", "surplusshare_no_update"),
        ("UPDATE finance_surpluspart SET amount = 1", "surpluspart_no_update"),
        ("DELETE FROM finance_surpluspart", "surpluspart_no_delete"),
        ("DELETE FROM finance_surplusshare", "surplusshare_no_delete"),
        ("DELETE FROM finance_surplusdivision", "surplusdivision_no_delete"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    withdraw(division)
    with pytest.raises(IntegrityError, match="no_update"), transaction.atomic():
        SurplusDivision.objects.update(withdrawn_why="lain")


def test_a_share_of_another_groups_member_is_refused(worked):
    group, _members = worked
    share = decide(group).shares.first()
    share.pk, share.member = None, make_member(make_group())
    with pytest.raises(IntegrityError, match="same_group"), transaction.atomic():
        share.save()


def test_withdrawing_reverses_and_the_period_is_divided_anew(worked):
    group, _members = worked
    before = balances(group)
    division = withdraw(post(decide(group)), reason="jasa kurang dicatat")
    assert balances(group) == before
    assert (division.status, division.withdrawn_why) == ("WITHDRAWN", "jasa kurang dicatat")
    assert division.entry.reversed_by.memo == "jasa kurang dicatat"
    again = post(decide(group))
    assert balances(group)["SURPLUS_DIVIDED"] == again.surplus == 1_000_000
    assert group.surplus_divisions.count() == 2
    assert list(mismatches()) == []


def test_withdrawing_a_decision_moves_nothing(worked):
    group, _members = worked
    withdraw(decide(group))
    assert not Entry.objects.filter(kind__in=["SURPLUS", "REVERSAL"]).exists()
    decide(group)


def test_what_members_took_out_since_cannot_be_withdrawn(worked):
    group, members = worked
    division = post(decide(group))
    services.savings_withdraw(
        actor=facilitator_of(group), group=group, member=members[0], amount=3_270_000, on=DECIDED, key=uuid.uuid4()
    )
    with pytest.raises(InsufficientFunds):
        withdraw(division)
    division.refresh_from_db()
    assert division.status == "POSTED"


def test_only_the_latest_division_is_withdrawn(worked):
    group, _members = worked
    first = post(decide(group))
    other(group, "INCOME", 1_000, on=date(2026, 1, 5))
    second = post(decide(group, start=date(2026, 1, 1), end=date(2026, 1, 31), decided_on=date(2026, 2, 1)),
                  on=date(2026, 2, 1))  # fmt: skip
    with pytest.raises(NotAllowed, match="later surplus"):
        withdraw(first)
    withdraw(second)
    withdraw(first)


def test_the_entry_of_a_division_is_not_reversed_by_itself(worked):
    group, _members = worked
    with pytest.raises(NotAllowed, match="own page"):
        reverse(post(decide(group)).entry)


def test_the_same_action_twice_is_one(worked):
    group, _members = worked
    key = uuid.uuid4()
    division = decide(group, key=key)
    with pytest.raises(AlreadyPosted):
        decide(group, key=key)
    post(division, key=key)
    with pytest.raises(AlreadyPosted):
        post(division, key=key)
    withdraw(division)
    with pytest.raises(AlreadyPosted):
        withdraw(division)
    assert Entry.objects.filter(kind="SURPLUS").count() == 1


def test_who_may_only_read_decides_nothing(worked):
    group, _members = worked
    staff = make_user(Role.STAFF, organisation=group.organisation)
    division = decide(group)
    for act in (lambda: decide(group, actor=staff), lambda: post(division, actor=staff),
                lambda: withdraw(division, actor=staff)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.hledger
def test_hledger_agrees_after_division_and_withdrawal():
    assert program("hledger")
    group, _members = worked_year()
    withdraw(post(decide(group), paid_to="CASH"))
    post(decide(group))
    assert hledger_balances(group) == our_balances(group)


def year_of(count, rules):
    group = make_group(rules=rules)
    for number, member in enumerate(make_members(group, count)):
        save(member, 1_000_000, on=date(2025, 1 + number % 12, 10))
        loan = lend(member, principal=120_000)
        repay(loan, 12_000)
        other(group, "STATIONERY", 100, memo=f"buku {number}")
    other(group, "INCOME", 1_000_000, on=date(2025, 12, 5))
    return group


@pytest.mark.parametrize("rules", [{}, {"savings_base": "AVERAGE", "borrowing_base": "PRINCIPAL"}])
def test_statements_do_not_grow_with_members_or_months(rules):
    def statements(count, start):
        group = year_of(count, rules)
        with CaptureQueriesContext(connection) as queries:
            division = decide(group, start=start)
            post(division)
        return len(queries)

    assert statements(2, date(2025, 12, 1)) == statements(12, YEAR[0]) <= 40


def test_a_projection_worked_out_by_hand():
    """On 3 May: income 100,000, expenses 40,000 in five months; 8,000 a month for the seven left."""
    group = make_group()
    member = make_member(group)
    save(member, 5_000_000, on=date(2025, 1, 7))
    other(group, "INCOME", 100_000, on=date(2025, 2, 1))
    other(group, "EXPENSE", 40_000, on=date(2025, 3, 1))
    loan = lend(member, principal=1_200_000)
    repay(loan, 18_000, on=date(2025, 3, 4))
    projection = selectors.surplus_projection(group, after=None, today=date(2025, 5, 3))
    # Ten instalments of 2025 bring a fee of 18,000 each; one is paid.
    assert (projection.so_far, projection.fees_due) == (78_000, 9 * 18_000)
    assert (projection.monthly_expenses, projection.months_left, projection.expenses_to_come) == (8_000, 7, 56_000)
    assert projection.projected == 78_000 + 162_000 - 56_000


def test_a_projection_begins_after_what_was_divided():
    group = make_group()
    save(make_member(group), 5_000_000)
    other(group, "INCOME", 100_000, on=date(2025, 2, 1))
    other(group, "INCOME", 1_000, on=date(2025, 7, 1))
    projection = selectors.surplus_projection(group, after=date(2025, 6, 30), today=date(2025, 9, 1))
    assert (projection.so_far, projection.months_gone, projection.months_left) == (1_000, 3, 3)


def test_the_period_to_divide_next():
    today = date(2026, 3, 1)
    group = make_group()
    assert selectors.next_period(group, after=None, as_of=today) == (date(2026, 1, 1), date(2026, 12, 31))
    save(make_member(group), 1_000)
    assert selectors.next_period(group, after=None, as_of=today) == YEAR
    assert selectors.next_period(group, after=date(2025, 6, 30), as_of=today) == (date(2025, 7, 1), YEAR[1])


def test_a_year_with_a_loss_is_passed_over_once_a_later_one_has_a_surplus():
    group = make_group(founded_on=date(2024, 1, 8))
    save(make_member(group), 5_000_000, on=date(2024, 1, 8))
    other(group, "EXPENSE", 100_000, on=date(2024, 2, 1))
    assert selectors.next_period(group, after=None, as_of=date(2025, 3, 1))[0] == date(2024, 1, 1)
    other(group, "INCOME", 300_000, on=date(2025, 2, 1))
    assert selectors.next_period(group, after=None, as_of=date(2025, 3, 1))[0] == date(2024, 1, 1)
    assert selectors.next_period(group, after=None, as_of=date(2026, 3, 1)) == YEAR
    assert selectors.period_surplus(group, start=YEAR[0], end=YEAR[1]).divisible == 200_000


def test_the_first_period_begins_after_the_opening_balances():
    group = make_group()
    opened = services.opening_record(
        actor=facilitator_of(group), group=group, opening=services.Opening(on=date(2025, 6, 30), cash=1, capital=1),
        key=uuid.uuid4(),
    )  # fmt: skip
    assert selectors.next_period(group, after=None, as_of=DECIDED) == (date(2025, 7, 1), YEAR[1])
    reverse(opened)
    assert selectors.next_period(group, after=None, as_of=DECIDED)[0] == date(2026, 1, 1)
