"""The share-out: who gets what, what stands in its way, and the books at zero after it."""

import uuid
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as url
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance import selectors, services
from finance.ledger.chart import EXPENSES, INCOME
from finance.ledger.errors import AlreadyPosted, AlreadyReversed, LedgerError, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import AccountKind, Entry, Loan
from groups.models import Group, Member, Role
from tests.factories import (
    FOUNDED,
    count_cash,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_members,
    make_officer,
    make_user,
    repay,
    reverse,
    save,
)
from tests.finance.pages import get, signed_in, statements
from tests.finance.surplus import DECIDED, balances, decide, other, post, share_out, withdraw, worked_year
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
NOMINAL = (*INCOME, *EXPENSES)


def plan_of(group, *keep, on=None):
    return selectors.share_out_plan(group, as_of=on or timezone.localdate(), keep=frozenset(keep))


def rows(plan_or_rows):
    found = getattr(plan_or_rows, "rows", plan_or_rows)
    return {row.member.number: (row.savings, row.surplus, row.funds) for row in found}


def balance_sheet(group):
    """Balances other than zero of what a group has and owes, and the surplus not divided yet."""
    sums = balances(group)
    earned = sum(sums.pop(kind, 0) for kind in INCOME) - sum(sums.pop(kind, 0) for kind in EXPENSES)
    undivided = earned - sums.pop("SURPLUS_DIVIDED", 0)
    return {**sums, **({"undivided": undivided} if undivided else {})}


def trial_balance(group):
    accounts = list(group.accounts.all())
    return [sum(account.balance for account in accounts if account.normal_side == side) for side in "DC"]


def pay_off(group):
    for loan in Loan.objects.filter(group=group):
        if group.accounts.get(loan=loan, kind="LOAN").balance:
            asked = sum(line.total for line in loan.instalments.all())
            paid = sum(a.credits_posted for a in group.accounts.filter(loan=loan))
            repay(loan, asked - paid, on=DECIDED)


@pytest.fixture(scope="module")
def made(module_db):
    """The worked year, its loans repaid (a fee of 12,000 in the new year) and its surplus divided."""
    made, members = worked_year()
    make_officer(members[0])
    make_officer(members[2], "BENDAHARA")
    post(decide(made))
    pay_off(made)
    return made.pk


@pytest.fixture
def group(made):
    return Group.objects.get(pk=made)


def test_everything_is_returned_and_the_books_are_at_zero(group):
    entry = share_out(group)
    assert balance_sheet(group) == {}
    assert {a.code for a in group.accounts.all() if a.balance} <= {
        a.code for a in group.accounts.filter(kind__in=[*NOMINAL, "SURPLUS_DIVIDED"])
    }
    debits, credit = trial_balance(group)
    assert debits == credit
    assert list(mismatches()) == []
    assert sum(row.total for row in selectors.share_out_rows(entry)) == 11_012_000


def test_who_gets_what_worked_out_by_hand(group):
    """Undivided is the fee of 12,000 paid in January by the second member, 40/20/20/10/5/5.

    By savings of 3.27, 2.13 and 5.2 of 10.6 million: 1,480, 964 and 2,354 (4,798, so 2 of rounding); by fee: 2,400
    to the second. The officers' fund, 101,200, to members 1 and 3; social and other funds, 50,600 each, in thirds;
    the reserve, 202,402, by savings.
    """
    assert rows(plan_of(group)) == {
        1: (3_270_000, 1_480, 50_600 + 16_867 + 16_867 + 62_439),
        2: (2_130_000, 964 + 2_400, 16_867 + 16_867 + 40_671),
        3: (5_200_000, 2_354, 50_600 + 16_866 + 16_866 + 99_292),
    }


def test_the_list_of_a_posted_share_out_is_the_one_seen(group):
    seen = rows(plan_of(group))
    assert rows(selectors.share_out_rows(share_out(group))) == seen


def test_what_is_kept_stays_with_its_money(group):
    other(group, "GRANT", 700_000, on=DECIDED)
    share_out(group, AccountKind.GRANT, AccountKind.RESERVE)
    assert balance_sheet(group) == {"CASH": 902_402, "GRANT": 700_000, "RESERVE": 202_402}


def test_grants_that_are_not_kept_go_by_savings():
    group = make_group()
    for member, amount in zip(make_members(group, 2), (3_000, 1_000), strict=True):
        save(member, amount)
    other(group, "GRANT", 401)
    assert rows(plan_of(group)) == {1: (3_000, 0, 301), 2: (1_000, 0, 100)}
    assert rows(plan_of(group, AccountKind.GRANT)) == {1: (3_000, 0, 0), 2: (1_000, 0, 0)}


def test_the_bank_is_emptied_too(group):
    other(group, "BANK_DEPOSIT", 6_000_000, on=DECIDED)
    assert plan_of(group).from_bank == 6_000_000
    entry = share_out(group)
    assert balance_sheet(group) == {}
    assert entry.transfers.get(credit_account__kind="BANK").amount == 6_000_000


def test_savings_of_who_left_are_returned_without_a_part_of_the_rest(group):
    third = group.members.get(number=3)
    third.terms.update(ended_on=DECIDED)
    Member.objects.filter(pk=third.pk).update(left_on=DECIDED)
    assert rows(plan_of(group))[3] == (5_200_000, 0, 0)
    share_out(group)
    assert balance_sheet(group) == {}


def test_a_loss_is_borne_by_the_reserve_and_then_by_savings():
    group = make_group()
    for member, amount in zip(make_members(group, 2), (300_000, 100_000), strict=True):
        save(member, amount)
    other(group, "INCOME", 1_000, on=date(2025, 2, 4))
    post(decide(group))
    # The reserve has 20 % and 20 % that nobody borrowed for.
    other(group, "EXPENSE", 40_600, on=date(2026, 2, 1))
    plan = plan_of(group)
    assert (plan.loss, plan.hindrances) == (40_600, [])
    # Savings are 300,300 and 100,100: reserve 400, other fund 50 and officers' fund 100 go first, 40,050 are left.
    assert rows(plan) == {1: (300_300 - 30_038, 0, 25), 2: (100_100 - 10_012, 0, 25)}
    share_out(group)
    assert balance_sheet(group) == {}
    assert list(mismatches()) == []


def test_opening_capital_below_zero_is_a_loss():
    group = make_group()
    member = make_member(group)
    services.opening_record(
        actor=facilitator_of(group),
        group=group,
        opening=services.Opening(
            on=FOUNDED, cash=90_000, capital=-10_000, savings=(services.OpeningSavings(member, sukarela=100_000),)
        ),
        key=uuid.uuid4(),
    )
    assert rows(plan_of(group)) == {1: (90_000, 0, 0)}
    share_out(group)
    assert balance_sheet(group) == {}


def test_what_stands_in_the_way_is_said():
    group, members = worked_year()
    count_cash(group, 1)
    decide(group)
    other(group, "INCOME", 1, on=TODAY)
    texts = " ".join(h.text for h in plan_of(group, on=TODAY - timedelta(days=1)).hindrances)
    for words in ("Loans of Rp\xa066.660", "cash difference", "decided and not posted", "recorded after this day"):
        assert words in texts
    with pytest.raises(NotAllowed, match="Loans of"):
        share_out(group)
    assert members
    assert not Entry.objects.filter(kind="SHARE_OUT").exists()


def test_a_group_with_nothing_has_nothing_to_share_out():
    group = make_group()
    make_member(group)
    with pytest.raises(NotAllowed, match="nothing to share out"):
        share_out(group)


def test_nobody_to_share_a_fund_with():
    group = make_group()
    member = make_member(group)
    other(group, "SOCIAL_IN", 1_000)
    Member.objects.filter(pk=member.pk).update(left_on=FOUNDED)
    with pytest.raises(NotAllowed, match="Nobody is a member"):
        share_out(group)


def test_a_sum_that_changed_since_is_refused(group):
    with pytest.raises(NotAllowed, match="have changed"):
        share_out(group, seen=11_011_999)


def test_not_in_the_future(group):
    with pytest.raises(NotAllowed, match="future"):
        share_out(group, on=TODAY + timedelta(days=1))


def test_a_new_cycle_begins_by_going_on(group):
    share_out(group)
    member = group.members.get(number=2)
    save(member, 500_000, on=TODAY)
    lend(member, principal=400_000, disbursed_on=TODAY, first_due=TODAY + timedelta(days=30))
    assert balance_sheet(group) == {"CASH": 100_000, "LOAN": 400_000, "SUKARELA": 500_000}
    assert selectors.next_period(group, after=selectors.divided_through(group), as_of=TODAY)[0] == TODAY + timedelta(
        days=1
    )
    with pytest.raises(NotAllowed, match="divided up to"):
        decide(group, start=TODAY, end=TODAY, decided_on=TODAY)


def test_a_share_out_recorded_wrongly_is_reversed(group):
    before = balances(group)
    entry = share_out(group)
    given = {"actor": facilitator_of(group), "entry": entry, "reason": "belum jadi"}
    services.share_out_reverse(key=uuid.uuid4(), **given)
    assert balances(group) == before
    with pytest.raises(AlreadyReversed):
        services.share_out_reverse(key=uuid.uuid4(), **given)
    with pytest.raises(NotAllowed, match="own page"):
        reverse(share_out(group))
    assert list(mismatches()) == []


def test_a_division_before_a_share_out_stays(group):
    share_out(group)
    with pytest.raises(NotAllowed, match="later surplus"):
        withdraw(group.surplus_divisions.get())


def test_the_same_key_twice_is_one(group):
    key = uuid.uuid4()
    share_out(group, key=key)
    with pytest.raises(AlreadyPosted):
        share_out(group, key=key)


def test_who_may_only_read_posts_nothing(group):
    with pytest.raises(PermissionDenied):
        share_out(group, actor=make_user(Role.STAFF, organisation=group.organisation))


@pytest.mark.hledger
def test_hledger_agrees_after_a_share_out(group):
    share_out(group)
    assert hledger_balances(group) == our_balances(group)


def test_statements_do_not_grow_with_members():
    def posting(count):
        group = make_group()
        for member in make_members(group, count):
            save(member, 1_000)
        other(group, "INCOME", 1_000)
        with CaptureQueriesContext(connection) as queries:
            share_out(group)
        return len(queries)

    assert posting(2) == posting(15) <= 40


def test_pages_do_not_grow_with_members():
    def page(count):
        group = make_group()
        for member in make_members(group, count):
            save(member, 1_000)
        other(group, "INCOME", 1_000)
        entry = share_out(group)
        return statements(group, "share-out"), statements(group, "share-out-list", entry.number)

    assert page(2) == page(15)


def send(group, name="share-out-post", *args, user=None, **data):
    given = {"key": str(uuid.uuid4()), "on": TODAY.isoformat(), "note": "rapat akhir", "seen": 0, **data}
    return signed_in(user or facilitator_of(group)).post(url(name, args=[group.code, *args]), given)


def test_the_page_lists_everybody_and_leads_to_posting(group):
    content = get(group, "share-out").content.decode()
    assert "Rp\xa03.270.000" in content
    assert f"/books/share-out/post/?on={TODAY.isoformat()}&amp;keep=GRANT" in content


def test_the_page_says_what_is_missing():
    group, _members = worked_year()
    content = get(group, "share-out").content.decode()
    assert "Before it can be done" in content
    assert "Loans of Rp\xa066.660 are not repaid" in content
    assert "Go on to post it" not in content


def test_who_may_only_read_is_not_led_to_posting(group):
    staff = make_user(Role.STAFF, organisation=group.organisation)
    assert "Go on to post it" not in get(group, "share-out", user=staff).content.decode()
    assert send(group, user=staff).status_code == 403


def test_posting_on_the_page_leads_to_the_list_to_sign(group):
    shown = get(group, "share-out-post", on=TODAY.isoformat())
    assert shown.context["form"]["seen"].value() == 11_012_000
    response = send(group, seen=11_012_000)
    entry = Entry.objects.get(kind="SHARE_OUT")
    assert response.url == url("share-out-list", args=[group.code, entry.number])
    content = get(group, "share-out-list", entry.number).content.decode()
    assert "Signature" in content
    assert "Rp\xa011.012.000" in content
    assert "Rp\xa03.270.000" in content
    assert balance_sheet(group) == {}


def test_the_same_form_twice_posts_once(group):
    key = str(uuid.uuid4())
    assert send(group, seen=11_012_000, key=key).status_code == 302
    assert send(group, seen=11_012_000, key=key).status_code == 302
    assert Entry.objects.filter(kind="SHARE_OUT").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"on": "2099-01-01"}, "on"),
        ({"on": "kemarin"}, "on"),
        ({"on": "2020-01-01"}, "on"),
        ({"note": ""}, "note"),
        ({"note": "x" * 201}, "note"),
        ({"keep": "CASH"}, "keep"),
        ({"seen": "1"}, "__all__"),
        ({"seen": "banyak"}, "seen"),
    ],
)
def test_bad_input_is_said_at_the_field_and_posts_nothing(group, wrong, field):
    response = send(group, **{"seen": 11_012_000, **wrong})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not Entry.objects.filter(kind="SHARE_OUT").exists()


def test_a_list_that_changed_is_shown_again_with_its_new_sum(group):
    response = send(group, seen=1)
    assert response.context["form"]["seen"].value() == "11012000"
    assert b"The books have changed" in response.content


def test_reversing_on_the_page(group):
    entry = share_out(group)
    assert "reason" in send(group, "share-out-reverse", entry.number, reason="").context["form"].errors
    assert send(group, "share-out-reverse", entry.number, reason="belum jadi").status_code == 302
    assert entry.reversed_by.memo == "belum jadi"
    assert send(group, "share-out-reverse", entry.number, reason="lagi").status_code == 302
    assert Entry.objects.filter(kind="REVERSAL").count() == 1
    assert "Reversed by entry" in get(group, "share-out-list", entry.number).content.decode()


@pytest.mark.parametrize("query", [{"on": "x"}, {"on": "2099-01-01"}, {"on": "", "keep": "LOAN"}])
def test_a_wrong_address_shows_today(group, query):
    response = get(group, "share-out", **query)
    assert response.status_code == 200
    assert response.context["plan"].as_of == TODAY


money = st.integers(0, 200) | st.integers(0, 3_000_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    savings=st.lists(money, min_size=1, max_size=5),
    income=money,
    expense=money,
    grant=money,
    social=money,
    bank=money,
    divides=st.booleans(),
    later_expense=money,
    keep=st.frozensets(st.sampled_from(selectors.CAN_BE_KEPT)),
)
def test_whatever_happened_a_share_out_leaves_only_what_was_kept(
    savings, income, expense, grant, social, bank, divides, later_expense, keep
):
    group = make_group()
    for member, amount in zip(make_members(group, len(savings)), savings, strict=True):
        if amount:
            save(member, amount)
    moves = (("INCOME", income), ("GRANT", grant), ("SOCIAL_IN", social), ("EXPENSE", expense), ("BANK_DEPOSIT", bank))
    for kind, amount in moves:
        with suppress(LedgerError):
            other(group, kind, amount)
    with suppress(LedgerError):
        decision = decide(group) if divides else None
        if decision is not None:
            post(decision)
    with suppress(LedgerError):
        other(group, "EXPENSE", later_expense, on=date(2026, 3, 1))
    plan = plan_of(group, *keep)
    if plan.hindrances:
        # Nothing to return, or a loss that only what is kept could bear.
        assert plan.payout == 0 or "A loss of" in plan.hindrances[0].text
        with pytest.raises(NotAllowed):
            share_out(group, *keep)
        return
    share_out(group, *keep)
    kept = {kind.value: amount for kind, amount in plan.kept.items() if amount}
    left = balance_sheet(group)
    assert left.pop("CASH", 0) + left.pop("BANK", 0) == sum(kept.values())
    assert left == kept
    assert all(row.total > 0 for row in plan.rows)
    assert list(mismatches()) == []
