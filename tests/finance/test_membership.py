"""Who belongs when: money of a member moves on days of the membership, and afterwards only what settles it."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from finance import services
from finance.ledger.errors import CoverRefused, NotAMember
from finance.ledger.posting import Posting, open_books
from finance.ledger.reading import Line
from finance.models import AccountKind, Cover, EntryKind, Loan
from groups.models import Member
from tests.factories import (
    FOUNDED,
    ask,
    cover,
    facilitator_of,
    lend,
    make_group,
    make_member,
    pay_back,
    repay,
    save,
    withdraw,
)

pytestmark = pytest.mark.django_db
JOINED, LEFT = date(2025, 2, 1), date(2025, 6, 1)
BEFORE, AFTER = JOINED - timedelta(1), LEFT + timedelta(1)


@pytest.fixture
def group():
    group = make_group()
    save(make_member(group, "Ani"), 5_000_000)
    return group


@pytest.fixture
def member(group):
    """A member from 1 February to 1 June 2025."""
    return make_member(group, "Rina", joined_on=JOINED, left_on=LEFT)


def pay_fine(member, on):
    services.fine_pay(**common(member), member=member, amount=1_000, reason="telat", on=on)


def contribute(member, on):
    services.social_contribute(**common(member), member=member, amount=1_000, on=on)


def help_out(member, on):
    services.social_help(**common(member), member=member, amount=1, reason="sakit", on=on)


def common(member):
    return {"actor": facilitator_of(member.group), "group": member.group, "key": uuid.uuid4()}


def lend_on(member, on):
    lend(member, disbursed_on=on, first_due=on + timedelta(30))


MONEY = [
    lambda member, on: save(member, 1_000, "WAJIB", on=on),
    pay_fine,
    contribute,
    help_out,
    lend_on,
    lambda member, on: ask(member, on=on),
]


@pytest.mark.parametrize("do", MONEY)
@pytest.mark.parametrize("on", [BEFORE, AFTER])
def test_money_outside_the_membership_is_refused_at_the_day(member, do, on):
    with pytest.raises(NotAMember) as refused:
        do(member, on)
    assert refused.value.field == "on"
    days = {BEFORE: "Rina joined on 1 February 2025, after this day.", AFTER: "Rina left the group on 1 June 2025."}
    assert str(refused.value) == days[on]


@pytest.mark.parametrize("do", [do for do in MONEY if do is not help_out])
def test_money_of_somebody_who_left_since_is_recorded_late(member, do):
    do(member, JOINED)
    do(make_member(member.group, "Tuti", joined_on=JOINED, left_on=LEFT), LEFT - timedelta(1))


@pytest.mark.parametrize("do", [lend_on, lambda member, on: ask(member, on=on)])
def test_on_the_day_of_leaving_nobody_borrows(member, do):
    with pytest.raises(NotAMember):
        do(member, LEFT)


def test_on_the_day_of_leaving_savings_are_still_brought(member):
    save(member, 1_000, on=LEFT)


def test_who_left_takes_savings_out(member):
    save(member, 5_000, on=JOINED)
    withdraw(member, 5_000, on=AFTER)
    with pytest.raises(NotAMember):
        save(member, 1_000, on=AFTER)


def test_who_left_repays_a_loan_but_saves_nothing_with_it(group):
    member = make_member(group, "Rina", joined_on=JOINED)
    loan = lend(member)
    Member.objects.filter(pk=member.pk).update(left_on=LEFT)
    repay(loan, 118_000, on=AFTER)
    with pytest.raises(NotAMember):
        services.loan_repay(**common(member), loan=loan, amount=5_000_000, on=AFTER, rest_to_savings=True)


def test_a_cover_is_of_members_of_its_day(group):
    borrower, rina = make_member(group, "Siti"), make_member(group, "Rina", joined_on=JOINED)
    loan = lend(borrower)
    save(rina, 50_000, on=JOINED)
    Member.objects.filter(pk=rina.pk).update(left_on=LEFT)
    rina.refresh_from_db()
    with pytest.raises(CoverRefused, match="left the group"):
        cover(loan, {rina: 10_000}, on=AFTER)
    cover(loan, {rina: 10_000}, on=LEFT - timedelta(1))
    with pytest.raises(CoverRefused, match="pay it back in cash"):
        pay_back(borrower, {rina: 4_000}, on=AFTER)
    pay_back(borrower, {rina: 4_000}, on=AFTER, to_savings=False)


def test_a_member_read_before_somebody_elses_leaving_does_not_slip_through(group):
    member = make_member(group, "Rina", joined_on=JOINED)
    Member.objects.filter(pk=member.pk).update(left_on=LEFT)
    assert member.left_on is None
    with pytest.raises(NotAMember):
        save(member, 1_000, on=AFTER)


def test_any_posting_is_held_to_it(member):
    with transaction.atomic():
        books = open_books(actor=facilitator_of(member.group), group=member.group)
        line = Line(books.account(AccountKind.CASH), books.account(AccountKind.WAJIB, member=member), 1, member)
        with pytest.raises(NotAMember):
            books.post([Posting(EntryKind.OTHER, AFTER, [line], uuid.uuid4())])


def test_a_part_in_the_surplus_is_paid_to_who_left_and_nothing_else(member):
    with transaction.atomic():
        books = open_books(actor=facilitator_of(member.group), group=member.group)
        line = Line(books.account(AccountKind.SURPLUS_DIVIDED), books.account(AccountKind.CASH), 1_000, member)
        with pytest.raises(NotAMember):
            books.post([Posting(EntryKind.OTHER, AFTER, [line], uuid.uuid4())])
        books.post([Posting(EntryKind.SURPLUS, AFTER, [line], uuid.uuid4())])
        assert books.balance(AccountKind.CASH) == 4_999_000


def test_members_known_to_the_books_are_not_read_again(group):
    member = make_member(group, "Rina", joined_on=JOINED)
    with transaction.atomic():
        books = open_books(actor=facilitator_of(group), group=group)
        books.know_members([member])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert books.stored_members([member])[member.pk] is member
    assert len(queries) == 0


class TestTheDatabase:
    """Around the services."""

    def refusal(self, do):
        try:
            with transaction.atomic():
                do()
        except IntegrityError as error:
            return str(error)
        return ""

    @pytest.mark.parametrize("day", [BEFORE, AFTER])
    def test_a_loan_stays_within_the_membership(self, group, day):
        member = make_member(group, "Rina", joined_on=JOINED)
        loan = lend(member, first_due=date(2025, 8, 4))
        Member.objects.filter(pk=member.pk).update(left_on=LEFT)
        later = {"pk": None, "number": 99, "first_due": day + timedelta(90)}
        assert "finance_loan_membership" in self.refusal(lambda: _copy(loan, disbursed_on=day, **later))
        assert "finance_loan_membership" in self.refusal(lambda: Loan.objects.update(disbursed_on=day))
        assert self.refusal(lambda: _copy(loan, disbursed_on=JOINED, **later)) == ""

    def test_a_cover_stays_within_the_membership(self, group):
        borrower, rina = make_member(group, "Siti"), make_member(group, "Rina", joined_on=JOINED)
        loan = lend(borrower)
        save(rina, 50_000, on=JOINED)
        cover(loan, {rina: 10_000})
        late = make_member(group, "Tuti", joined_on=date(2025, 5, 11))
        row = Cover.objects.get()
        assert "finance_cover_membership" in self.refusal(lambda: _copy(row, pk=None, coverer=late))
        assert self.refusal(lambda: _copy(row, pk=None, coverer=group.members.get(name="Ani"))) == ""

    @pytest.mark.parametrize(
        ("change", "rule"),
        [
            ({"joined_on": date(2025, 2, 5)}, "keeps_"),
            ({"left_on": date(2025, 2, 3)}, "keeps_loans"),
            ({"joined_on": date(2025, 2, 4)}, "keeps_money"),
        ],
    )
    def test_the_days_of_a_membership_hold_what_the_books_hold(self, group, change, rule):
        member = make_member(group, "Rina", joined_on=JOINED)
        save(member, 1_000, on=JOINED + timedelta(1))
        lend(member)
        assert rule in self.refusal(lambda: Member.objects.filter(pk=member.pk).update(**change))
        assert self.refusal(lambda: Member.objects.filter(pk=member.pk).update(joined_on=FOUNDED, left_on=LEFT)) == ""

    def test_a_group_is_not_younger_than_its_books(self, group):
        change = {"founded_on": FOUNDED + timedelta(1)}
        group.members.update(joined_on=FOUNDED + timedelta(0))
        assert "keeps_" in self.refusal(lambda: type(group).objects.filter(pk=group.pk).update(**change))


def _copy(row, **change):
    for name, value in change.items():
        setattr(row, name, value)
    row.save(force_insert=True)
