"""Covering arrears and paying back: what is posted, what is refused, what is owed."""

import uuid
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, CoverRefused, NotAllowed, PeriodClosed
from finance.ledger.fines import open_fines, write_charges
from finance.ledger.posting import open_books
from finance.ledger.reading import read_books
from finance.ledger.verify import mismatches
from finance.models import Account, Cover, CoverRecovery, Entry, EntryKind
from finance.rules.joint_liability import plan_cover
from finance.rules.loan_position import LateFine
from groups.models import Role
from tests.factories import (
    cover,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_user,
    pay_back,
    repay,
    reverse,
)
from tests.factories import save as deposit

pytestmark = pytest.mark.django_db

LATE_SINCE = date(2025, 3, 5)
LATE = 354_000  # three instalments of 100,000 + 18,000 by 10 May


@pytest.fixture
def loan():
    """Siti's loan of 1,200,000, nothing paid; Ani and Budi have savings."""
    group = make_group()
    siti = make_member(group, "Siti")
    for name, amount in (("Ani", 2_000_000), ("Budi", 100_000)):
        deposit(make_member(group, name), amount)
    return lend(siti)


@pytest.fixture
def siti(loan):
    return loan.member


@pytest.fixture
def ani(loan):
    return loan.group.members.get(name="Ani")


@pytest.fixture
def budi(loan):
    return loan.group.members.get(name="Budi")


def balance(group, kind, **of):
    return Account.objects.get(group=group, kind=kind, **of).balance


def owed(member):
    return {claim.coverer.name: claim.open for claim in selectors.claims_of(member).owes}


def test_savings_pay_the_loan_fee_first(loan, ani, budi):
    cash = balance(loan.group, "CASH")
    entry = cover(loan, {ani: LATE - 80_000, budi: 80_000})
    assert entry.kind == EntryKind.COVER
    assert balance(loan.group, "SUKARELA", member=ani) == 2_000_000 - LATE + 80_000
    assert balance(loan.group, "SUKARELA", member=budi) == 20_000
    assert balance(loan.group, "SERVICE_FEE", loan=loan) == 54_000
    assert balance(loan.group, "LOAN", loan=loan) == 900_000
    assert balance(loan.group, "CASH") == cash
    assert list(mismatches()) == []


def test_cash_pays_the_loan_and_leaves_savings(loan, ani, budi):
    cash = balance(loan.group, "CASH")
    cover(loan, {ani: 100_000, budi: 18_000}, from_savings=False)
    assert balance(loan.group, "CASH") == cash + 118_000
    assert balance(loan.group, "SUKARELA", member=ani) == 2_000_000
    assert list(mismatches()) == []


def test_each_line_stands_in_the_passbook_of_who_paid(loan, ani, budi):
    entry = cover(loan, {ani: 30_000, budi: 40_000})
    lines = [(t.member.name, t.credit_account.kind, t.amount) for t in entry.transfers.order_by("pk")]
    assert lines == [
        ("Ani", "SERVICE_FEE", 30_000), ("Budi", "SERVICE_FEE", 24_000), ("Budi", "LOAN", 16_000),
    ]  # fmt: skip
    assert {t.memo for t in entry.transfers.all()} == {"Tanggung renteng: Siti"}


def test_the_covered_member_owes_each_coverer(loan, siti, ani, budi):
    cover(loan, {ani: 200_000, budi: 50_000})
    cover(loan, {ani: 4_000}, from_savings=False)
    assert owed(siti) == {"Ani": 204_000, "Budi": 50_000}
    (claim,) = selectors.claims_of(ani).is_owed
    assert (claim.debtor, claim.open) == (siti, 204_000)
    assert selectors.claims_of(ani).owes == []


def test_the_plan_is_what_is_posted(loan, ani):
    books = read_books(loan.group, timezone.localdate())
    plan = plan_cover(books, loan, {ani: 118_000}, from_savings=True, on=date(2025, 5, 10))
    assert Entry.objects.filter(kind="COVER").count() == 0
    income = selectors.group_summary(loan.group).surplus
    cover(loan, {ani: 118_000})
    assert selectors.group_summary(loan.group).surplus == income + plan.income == income + 54_000
    assert balance(loan.group, "LOAN", loan=loan) == plan.outstanding_after
    assert balance(loan.group, "SUKARELA", member=ani) == plan.shares[0].savings_after
    assert plan.arrears_after == LATE - 118_000


def test_a_fee_due_today_is_paid_before_late_principal(loan, ani):
    books = read_books(loan.group, timezone.localdate())
    plan = plan_cover(books, loan, {ani: LATE}, from_savings=True, on=date(2025, 6, 4))
    cover(loan, {ani: LATE}, on=date(2025, 6, 4))
    assert balance(loan.group, "SERVICE_FEE", loan=loan) == 4 * 18_000
    (row,) = selectors.loan_rows(selectors.loans_on(loan.group, as_of=date(2025, 6, 4)), as_of=date(2025, 6, 4))
    assert plan.arrears_after == row.arrears.late == 18_000


def test_fines_on_the_loan_are_arrears_too():
    group = make_group(rules={"fine_late_instalment": 5_000, "fine_first": True})
    siti, ani = make_member(group, "Siti"), make_member(group, "Ani")
    deposit(ani, 2_000_000)
    loan = lend(siti, fine_late_instalment=5_000, fine_first=True)
    with transaction.atomic():
        books = open_books(group=group, actor=facilitator_of(group))
        fine = LateFine(5_000, "terlambat").charge(loan)
        write_charges([fine], group=group, actor=books.actor, on=LATE_SINCE)
    books = read_books(group, timezone.localdate())
    plan = plan_cover(books, loan, {ani: LATE + 5_000}, from_savings=True, on=date(2025, 5, 10))
    assert (plan.arrears, plan.arrears_after, plan.income) == (LATE + 5_000, 0, 59_000)
    cover(loan, {ani: LATE + 5_000})
    assert open_fines(group).of_loan(loan) == 0
    assert balance(group, "LOAN_FINE", loan=loan) == 5_000
    assert owed(siti) == {"Ani": LATE + 5_000}
    assert list(mismatches()) == []


def test_nothing_is_covered_before_the_loan_was_paid_out(loan, ani):
    early = lend(loan.member, 100_000, disbursed_on=date(2025, 5, 10), first_due=date(2025, 6, 4))
    with pytest.raises(NotAllowed):
        cover(early, {ani: 1_000}, on=date(2025, 5, 9))
    assert Cover.objects.count() == 0


def test_a_cover_brings_no_fine_and_spares_what_it_pays_in_full(loan, ani):
    fined = lend(loan.member, 120_000, 12, fine_late_instalment=5_000, round_up_to=1)
    cover(fined, {ani: 3 * 1_800 + 2 * 10_000}, on=date(2025, 5, 10))  # two instalments in full, of the third the fee
    assert open_fines(loan.group).of_loan(fined) == 0
    repay(fined, 1_000, on=date(2025, 5, 11))
    assert open_fines(loan.group).of_loan(fined) == 5_000


@pytest.mark.parametrize("amount", [LATE + 1, 10**9])
def test_not_more_than_is_late(loan, ani, amount):
    with pytest.raises(CoverRefused, match=r"Only Rp\xa0354.000 is late"):
        cover(loan, {ani: amount})
    assert Cover.objects.count() == 0


def test_a_single_rupiah_is_a_cover(loan, siti, ani):
    cover(loan, {ani: 1})
    assert owed(siti) == {"Ani": 1}


def test_nothing_late_nothing_to_cover(loan, ani):
    with pytest.raises(CoverRefused, match="Nothing is late"):
        cover(loan, {ani: 1_000}, on=date(2025, 3, 4))
    repay(loan, LATE, on=date(2025, 5, 9))
    with pytest.raises(CoverRefused, match="Nothing is late"):
        cover(loan, {ani: 1_000})


def test_a_loan_paid_off_has_no_arrears(loan, ani):
    repay(loan, 12 * 118_000, on=date(2025, 5, 9))
    with pytest.raises(CoverRefused, match="Nothing is late"):
        cover(loan, {ani: 1_000})


@pytest.mark.parametrize("shares", [{}, {"ani": 0}])
def test_nobody_pays_nothing(loan, ani, shares):
    with pytest.raises(CoverRefused, match="more than zero"):
        cover(loan, dict.fromkeys([ani], 0) if shares else {})


def test_the_borrower_is_no_coverer(loan, siti):
    with pytest.raises(CoverRefused, match="borrower") as refused:
        cover(loan, {siti: 1_000}, from_savings=False)
    assert refused.value.member == siti


def test_who_left_is_no_coverer(loan, ani, budi):
    budi.left_on = date(2025, 5, 1)
    budi.save()
    with pytest.raises(CoverRefused, match="Budi left the group") as refused:
        cover(loan, {ani: 1_000, budi: 1_000})
    assert refused.value.member == budi


def test_savings_that_are_too_small(loan, ani, budi):
    with pytest.raises(CoverRefused, match=r"Budi has only Rp\xa0100.000") as refused:
        cover(loan, {ani: 1_000, budi: 100_001})
    assert refused.value.member == budi
    assert Entry.objects.filter(kind="COVER").count() == Cover.objects.count() == 0


def test_a_negative_share(loan, ani, budi):
    with pytest.raises(CoverRefused, match="negative"):
        cover(loan, {ani: 2_000, budi: -1_000})


def test_a_member_of_another_group(loan):
    with pytest.raises(NotAllowed, match="another group"):
        cover(loan, {make_member(make_group()): 1_000}, from_savings=False)


def test_the_same_key_twice(loan, ani):
    order = {
        "actor": facilitator_of(loan.group), "group": loan.group, "loan": loan, "shares": {ani: 1_000},
        "from_savings": True, "on": date(2025, 5, 10), "key": uuid.uuid4(),
    }  # fmt: skip
    services.loan_cover(**order)
    with pytest.raises(AlreadyPosted):
        services.loan_cover(**order)
    assert Cover.objects.count() == 1


def test_staff_and_strangers_may_not(loan, ani):
    for user in (make_user(Role.STAFF, organisation=loan.group.organisation), make_user()):
        with pytest.raises(PermissionDenied):
            services.loan_cover(
                actor=user, group=loan.group, loan=loan, shares={ani: 1_000}, from_savings=True,
                on=date(2025, 5, 10), key=uuid.uuid4(),
            )  # fmt: skip


def test_no_cover_in_a_closed_period(loan, ani):
    type(loan.group).objects.filter(pk=loan.group.pk).update(books_closed_through=date(2025, 5, 31))
    with pytest.raises(PeriodClosed):
        cover(loan, {ani: 1_000})


def test_paying_back_to_savings(loan, siti, ani, budi):
    cover(loan, {ani: 200_000, budi: 50_000})
    cash = balance(loan.group, "CASH")
    pay_back(siti, {ani: 150_000, budi: 50_000})
    assert owed(siti) == {"Ani": 50_000}
    assert balance(loan.group, "SUKARELA", member=ani) == 2_000_000 - 50_000
    assert balance(loan.group, "CASH") == cash + 200_000
    assert list(mismatches()) == []


def test_paying_back_in_cash_passes_through_the_cash_box(loan, siti, ani):
    cover(loan, {ani: 200_000})
    cash = balance(loan.group, "CASH")
    entry = pay_back(siti, {ani: 200_000}, to_savings=False)
    assert owed(siti) == {}
    assert balance(loan.group, "CASH") == cash
    assert balance(loan.group, "SUKARELA", member=ani) == 1_800_000
    assert entry.transfers.count() == 2
    assert list(mismatches()) == []


def test_the_oldest_cover_is_paid_back_first(loan, siti, ani):
    first = cover(loan, {ani: 100_000})
    cover(loan, {ani: 100_000}, on=date(2025, 5, 11))
    pay_back(siti, {ani: 120_000})
    found = selectors.covers_on(loan, as_of=date(2025, 5, 11))
    assert [(c.entry_id == first.pk, c.open) for c in found] == [(True, 0), (False, 80_000)]
    assert [c.entry_id for c in selectors.covers_on(loan, as_of=date(2025, 5, 10))] == [first.pk]


def test_never_more_than_is_owed(loan, siti, ani, budi):
    cover(loan, {ani: 100_000})
    pay_back(siti, {ani: 60_000})
    for amounts in ({ani: 40_001}, {ani: 1_000, budi: 1}):
        with pytest.raises(CoverRefused, match="to get back"):
            pay_back(siti, amounts)
    assert CoverRecovery.objects.count() == 1


def test_nothing_is_owed_before_the_cover(loan, siti, ani):
    cover(loan, {ani: 100_000})
    with pytest.raises(CoverRefused, match=r"only Rp\xa00 to get back"):
        pay_back(siti, {ani: 1_000}, on=date(2025, 5, 9))


@pytest.mark.parametrize("amount", [0, -1])
def test_paying_back_nothing(loan, siti, ani, amount):
    cover(loan, {ani: 100_000})
    with pytest.raises(NotAllowed):
        pay_back(siti, {ani: amount})


def test_who_left_gets_cash(loan, siti, ani):
    cover(loan, {ani: 100_000})
    ani.left_on = date(2025, 6, 1)
    ani.save()
    with pytest.raises(CoverRefused, match="pay it back in cash"):
        pay_back(siti, {ani: 100_000})
    pay_back(siti, {ani: 100_000}, to_savings=False)
    assert owed(siti) == {}


def test_a_cover_taken_back_is_not_owed(loan, siti, ani):
    reverse(cover(loan, {ani: 100_000}))
    assert owed(siti) == {}
    assert balance(loan.group, "SUKARELA", member=ani) == 2_000_000
    with pytest.raises(CoverRefused):
        pay_back(siti, {ani: 1_000})
    assert list(mismatches()) == []


def test_a_cover_that_was_paid_back_stands(loan, siti, ani):
    covered = cover(loan, {ani: 100_000})
    back = pay_back(siti, {ani: 10_000})
    with pytest.raises(NotAllowed, match="paid back already"):
        reverse(covered)
    reverse(back)
    assert owed(siti) == {"Ani": 100_000}
    reverse(covered)
    assert owed(siti) == {}
    assert list(mismatches()) == []


def test_what_was_taken_back_can_be_paid_back_again(loan, siti, ani):
    cover(loan, {ani: 100_000})
    reverse(pay_back(siti, {ani: 100_000}))
    pay_back(siti, {ani: 100_000})
    assert owed(siti) == {}


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["finance_cover", "finance_coverrecovery"])
def test_covers_are_never_changed_or_deleted(loan, siti, ani, table):
    cover(loan, {ani: 100_000})
    pay_back(siti, {ani: 10_000})
    with pytest.raises(IntegrityError, match=f"{table}_no_update"):
        run(f"UPDATE {table} SET amount = 1")
    with pytest.raises(IntegrityError, match=f"{table}_no_delete"):
        run(f"DELETE FROM {table}")


def test_the_database_refuses_a_cover_of_the_own_loan(loan, siti, ani):
    entry = cover(loan, {ani: 100_000})
    with pytest.raises(IntegrityError, match="finance_cover_of_another"), transaction.atomic():
        Cover.objects.create(group=loan.group, loan=loan, coverer=siti, amount=1, from_savings=False, entry=entry)


def test_the_database_refuses_to_pay_back_more_than_was_covered(loan, siti, ani):
    entry = cover(loan, {ani: 100_000})
    pay_back(siti, {ani: 60_000})
    with pytest.raises(IntegrityError, match="finance_coverrecovery_owed"), transaction.atomic():
        CoverRecovery.objects.create(
            group=loan.group, cover=Cover.objects.get(), amount=40_001, to_savings=True, entry=entry
        )
    CoverRecovery.objects.create(
        group=loan.group, cover=Cover.objects.get(), amount=40_000, to_savings=True, entry=entry
    )


@pytest.mark.parametrize("field", ["loan", "coverer", "entry"])
def test_a_cover_stays_in_one_group(loan, ani, field):
    entry = cover(loan, {ani: 1_000})
    other = make_member(make_group())
    deposit(other, 2_000_000)
    there = {"loan": lend(other), "coverer": other, "entry": other.group.entries.first()}[field]
    row = {"loan": loan, "coverer": make_member(loan.group), "entry": entry, field: there}
    with pytest.raises(IntegrityError, match=f"finance_cover_{field}_id_same_group"), transaction.atomic():
        Cover.objects.create(group=loan.group, amount=1, from_savings=False, **row)


def test_verify_finds_a_cover_that_is_not_what_was_moved(loan, ani):
    Cover.objects.create(
        group=loan.group, loan=loan, coverer=ani, amount=7, from_savings=True, entry=loan.group.entries.first()
    )
    assert {m.rule for m in mismatches()} == {"what a member covered is what the entry moved for them"}


def test_verify_finds_what_was_paid_back_without_money(loan, ani):
    entry = cover(loan, {ani: 1_000})
    CoverRecovery.objects.create(group=loan.group, cover=Cover.objects.get(), amount=7, to_savings=True, entry=entry)
    assert {m.rule for m in mismatches()} == {"a cover is paid back once at most, and by what the entry moved"}
