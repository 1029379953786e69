"""Two people at once on the same arrears, the same claim, the same lender: each is settled once."""

from datetime import date

from finance.ledger.errors import CoverRefused, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import Account, AccountKind, Cover, CoverRecovery, ExternalLoan
from tests.factories import borrow_external, cover, lend, make_group, make_members, pay_back, repay_external, save
from tests.finance.test_races import at_once


def test_two_people_cover_the_same_arrears(committed_db):
    borrower, *others = make_members(make_group(), 3)
    for member in others:
        save(member, 500_000)
    loan = lend(borrower, principal=300_000, periods=3)
    late = sum(line.total for line in loan.instalments.all())

    def pay_for(coverer):
        try:
            cover(loan, {coverer: late}, on=date(2025, 12, 31))
        except CoverRefused:
            return False
        return True

    assert sorted(at_once(pay_for, others)) == [False, True]
    assert Cover.objects.get().amount == late
    assert Account.objects.get(loan=loan, kind=AccountKind.LOAN).balance == 0
    assert list(mismatches()) == []


def test_what_is_owed_is_paid_back_once(committed_db):
    borrower, coverer = make_members(make_group(), 2)
    save(coverer, 500_000)
    cover(lend(borrower, principal=300_000, periods=3), {coverer: 50_000}, on=date(2025, 12, 31))

    def back(_number):
        try:
            pay_back(borrower, {coverer: 30_000}, on=date(2025, 12, 31))
        except CoverRefused:
            return False
        return True

    assert sorted(at_once(back, [1, 2])) == [False, True]
    assert CoverRecovery.objects.get().amount == 30_000


def test_loans_from_outside_at_once_have_numbers_of_their_own(committed_db):
    group = make_group()
    at_once(lambda _number: borrow_external(group), range(4))
    assert sorted(ExternalLoan.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    loan = ExternalLoan.objects.get(number=1)

    def pay(_number):
        try:
            repay_external(loan, 11_000_000)
        except NotAllowed:
            return False
        return True

    assert sorted(at_once(pay, [1, 2])) == [False, True]
    assert list(mismatches()) == []
