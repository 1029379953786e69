"""A member leaves: loans are paid from the savings, the rest is handed out, and the membership ends."""

import re
import uuid
from datetime import date, timedelta

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from finance import services
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, Obligation
from finance.selectors import claims_of, written_off
from finance.selectors.owed import owed
from groups.models import Group, Member, OfficerTerm
from groups.shared.money import rupiah
from tests.factories import (
    FOUNDED,
    cover,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_officer,
    other,
    repay,
    save,
)
from tests.factories import reverse as undo
from tests.finance.pages import signed_in
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = pytest.mark.django_db

LEFT_ON = date(2025, 3, 4)


@pytest.fixture
def member():
    return make_member(make_group())


@pytest.fixture
def borrower():
    """Rp 2,000,000 saved, Rp 1,200,000 borrowed for a year at 1.5 %; on 4 March one instalment is due."""
    member = make_member(make_group())
    save(member, 100_000, "POKOK")
    save(member, 400_000, "WAJIB")
    save(member, 1_500_000)
    lend(member)
    return member


def leave(member, left_on="2025-03-04", **fields):
    return signed_in(facilitator_of(member.group)).post(
        reverse("member-leave", args=[member.group.code, member.pk]),
        {"left_on": left_on, "key": str(uuid.uuid4()), **fields},
    )


def settle(member, key=None, on=LEFT_ON):
    return services.member_settle(
        actor=facilitator_of(member.group), group=member.group, member=member, on=on, key=key or uuid.uuid4()
    )


def balance(member, kind):
    return sum(a.balance for a in Account.objects.filter(group=member.group, kind=kind))


def test_savings_do_not_pay_a_loan_before_it_was_paid_out(borrower):
    with pytest.raises(NotAllowed, match="paid out on 4 February 2025"):
        settle(borrower, on=date(2025, 2, 3))
    assert balance(borrower, "LOAN") == 1_200_000


def test_it_records_the_leaving_and_ends_the_office(member):
    make_officer(member)
    assert leave(member).url == reverse("group", args=[member.group.code])
    assert Member.objects.get().left_on == OfficerTerm.objects.get().ended_on == LEFT_ON
    assert not Entry.objects.exists()


def test_savings_are_handed_out(member):
    save(member, 100_000, "POKOK")
    save(member, 50_000)
    leave(member)
    assert [balance(member, kind) for kind in ("POKOK", "SUKARELA", "CASH")] == [0, 0, 0]
    assert Entry.objects.get(kind="LEAVING").effective_on == LEFT_ON
    assert list(mismatches()) == []


def test_savings_pay_the_loan_with_the_fee_to_its_end(borrower):
    leave(borrower)
    assert [balance(borrower, kind) for kind in ("POKOK", "WAJIB", "SUKARELA", "LOAN")] == [0, 0, 0, 0]
    assert balance(borrower, "SERVICE_FEE") == 216_000
    assert balance(borrower, "CASH") == 2_000_000 - 1_200_000 - (2_000_000 - 1_416_000)
    assert list(mismatches()) == []


def test_savings_pay_the_loan_with_the_fee_due_where_the_rest_is_waived():
    member = make_member(make_group())
    save(member, 2_000_000)
    lend(member, payoff_fee="WAIVED")
    leave(member)
    assert (balance(member, "LOAN"), balance(member, "SERVICE_FEE")) == (0, 18_000)


def test_savings_pay_the_fine_of_a_late_loan_on_that_loan():
    member = make_member(make_group())
    save(member, 2_000_000)
    loan = lend(member, fine_late_instalment=5_000)
    repay(loan, 50_000, on=date(2025, 3, 10))
    entry = settle(member, on=date(2025, 3, 20))
    fine = entry.transfers.get(credit_account__kind="LOAN_FINE")
    assert (fine.credit_account.loan, fine.amount, fine.member) == (loan, 5_000, member)
    assert balance(member, "CASH") == 2_000_000 - 1_200_000 - (2_000_000 - 1_416_000 - 5_000)
    assert list(mismatches()) == []


def test_voluntary_savings_go_first_and_the_pokok_last(borrower):
    entry = settle(borrower)
    to_loan = entry.transfers.filter(credit_account__kind="LOAN").order_by("pk")
    assert list(to_loan.values_list("debit_account__kind", "amount")) == [("SUKARELA", 1_200_000)]
    to_cash = entry.transfers.filter(credit_account__kind="CASH").order_by("pk")
    assert list(to_cash.values_list("debit_account__kind", "amount")) == [
        ("SUKARELA", 84_000), ("WAJIB", 400_000), ("POKOK", 100_000),
    ]  # fmt: skip


@pytest.mark.hledger
def test_hledger_reads_the_same_balances(borrower):
    leave(borrower)
    assert hledger_balances(borrower.group) == our_balances(borrower.group)


def test_the_page_shows_what_is_settled(borrower):
    content = leave(borrower, action="look").content.decode()
    assert "−Rp\xa01.200.000" in content
    assert "−Rp\xa0216.000" in content
    assert "Rp\xa0584.000" in content
    assert Member.objects.get().left_on is None


def test_who_owes_more_than_was_saved_cannot_leave(borrower):
    save(make_member(borrower.group, number=2), 5_000_000)
    lend(borrower, principal=3_000_000)
    response = leave(borrower)
    assert "owes" in str(response.context["form"].non_field_errors())
    content = response.content.decode()
    assert "pays the rest in a meeting first" in content
    assert re.search(r"Still to pay</th><td[^>]*>Rp\xa0[\d.]+</td>", content)
    assert Member.objects.get(pk=borrower.pk).left_on is None
    assert not Entry.objects.filter(kind="LEAVING").exists()


def test_who_pays_the_loan_down_can_leave(borrower):
    loan = borrower.loans.get()
    repay(loan, 1_416_000)
    leave(borrower)
    assert balance(borrower, "CASH") == 216_000


def test_cash_that_is_not_in_the_box_is_told(member):
    save(member, 100_000)
    lend(make_member(member.group, number=2), principal=60_000)
    response = leave(member)
    assert "short of Rp\xa060.000" in str(response.context["form"].non_field_errors())
    assert Member.objects.get(pk=member.pk).left_on is None
    with pytest.raises(InsufficientFunds):
        settle(member)


def test_who_left_with_savings_is_settled_later(member):
    save(member, 50_000)
    Member.objects.update(left_on=LEFT_ON)
    page = signed_in(facilitator_of(member.group)).get(reverse("member", args=[member.group.code, member.pk]))
    assert reverse("member-leave", args=[member.group.code, member.pk]) in page.content.decode()
    leave(member, "2025-04-01")
    assert balance(member, "SUKARELA") == 0
    assert Member.objects.get().left_on == LEFT_ON
    assert Entry.objects.get(kind="LEAVING").effective_on == date(2025, 4, 1)


@pytest.mark.parametrize(
    "day", ["", "x", (FOUNDED - timedelta(1)).isoformat(), (timezone.localdate() + timedelta(1)).isoformat()]
)
def test_a_bad_day_is_told_and_nothing_is_written(member, day):
    save(member, 50_000)
    assert list(leave(member, day).context["form"].errors) == ["left_on"]
    assert Member.objects.get().left_on is None
    assert not Entry.objects.filter(kind="LEAVING").exists()


def test_a_day_in_a_closed_period_is_told_at_the_field(member):
    save(member, 50_000)
    Group.objects.update(books_closed_through=LEFT_ON)
    assert list(leave(member).context["form"].errors) == ["left_on"]
    assert Member.objects.get().left_on is None


def test_who_has_left_cannot_leave_again(member):
    leave(member)
    response = leave(member, "2025-04-01")
    assert response.url == reverse("member", args=[member.group.code, member.pk])
    assert Member.objects.get().left_on == LEFT_ON


def test_the_same_form_twice_settles_once(member):
    save(member, 50_000)
    key = str(uuid.uuid4())
    assert leave(member, key=key).status_code == leave(member, key=key).status_code == 302
    assert Entry.objects.filter(kind="LEAVING").count() == 1


def test_the_same_key_is_one_settlement(member):
    save(member, 50_000)
    key = uuid.uuid4()
    settle(member, key=key)
    with pytest.raises(AlreadyPosted):
        settle(member, key=key)


def test_nothing_is_settled_with_who_has_nothing(member):
    with pytest.raises(NotAllowed):
        settle(member)


def test_a_member_of_another_group_is_refused(member):
    stranger = make_member(make_group())
    with pytest.raises(NotAllowed):
        services.member_settle(
            actor=facilitator_of(member.group), group=member.group, member=stranger, on=LEFT_ON, key=uuid.uuid4()
        )


def test_no_money_of_others_is_touched(borrower):
    second = make_member(borrower.group, number=2)
    save(second, 70_000)
    leave(borrower)
    assert Account.objects.get(member=second, kind="SUKARELA").balance == 70_000
    assert not Account.objects.filter(member=borrower, debits_posted__lt=F("credits_posted"), kind="SUKARELA").exists()


def fined(member, on, amount=5_000):
    return services.fine_charge(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, reason="terlambat", on=on,
        key=uuid.uuid4(),
    )  # fmt: skip


def test_a_fine_for_anything_else_is_taken_from_the_savings_too(member):
    save(member, 50_000)
    fined(member, LEFT_ON - timedelta(20))
    entry = settle(member)
    assert dict(entry.transfers.values_list("credit_account__kind", "amount")) == {"FINE": 5_000, "CASH": 45_000}
    assert owed(member.group, as_of=LEFT_ON) == {}


def test_nobody_leaves_before_a_fine_was_set(member):
    fine = fined(member, LEFT_ON + timedelta(5))
    assert "left_on" in leave(member).context["form"].errors
    Obligation.objects.filter(pk=fine.pk).update(cancelled_at=timezone.now())
    assert leave(member).status_code == 302


def test_a_fine_that_was_let_go_that_day_is_not_taken_from_the_savings(member):
    save(member, 20_000)
    by = {"actor": facilitator_of(member.group), "group": member.group, "reason": "sakit"}
    fine = fined(member, LEFT_ON - timedelta(20))
    waiver = services.fine_waive(**by, fine=fine.pk, on=LEFT_ON - timedelta(5), key=uuid.uuid4())
    services.waiver_take_back(**by, waiver=waiver.pk, on=LEFT_ON + timedelta(5))
    entry = settle(member)
    assert entry.transfers.get().amount == 20_000
    assert owed(member.group, as_of=LEFT_ON + timedelta(5))[member.pk].fine == 5_000


def test_nobody_leaves_before_the_last_record(member):
    save(member, 50_000, on=LEFT_ON + timedelta(1))
    response = leave(member)
    assert response.context["form"].has_error("left_on")
    assert Member.objects.get().left_on is None


@pytest.fixture
def covered(borrower):
    """Two others paid Rp 60,000 and Rp 58,000 for the borrower's first instalment, from savings; on 10 March."""
    first, second = (make_member(borrower.group, number=number) for number in (2, 3))
    for coverer in (first, second):
        save(coverer, 70_000)
    cover(borrower.loans.get(), {first: 60_000, second: 58_000}, on=date(2025, 3, 10))
    return borrower


LATER = date(2025, 4, 1)


def savings_of(group, number):
    return sum(a.balance for a in Account.objects.filter(member__group=group, member__number=number, kind="SUKARELA"))


def test_savings_pay_back_those_who_covered_arrears(covered):
    settle(covered, on=LATER)
    assert [savings_of(covered.group, number) for number in (1, 2, 3)] == [0, 70_000, 70_000]
    assert claims_of(covered).owes == []
    assert list(mismatches()) == []


def test_loans_come_before_those_who_covered(covered):
    assert services.savings_withdraw(
        actor=facilitator_of(covered.group), group=covered.group, member=covered, amount=622_000, on=LATER,
        key=uuid.uuid4(),
    )  # fmt: skip
    settle(covered, on=LATER)
    assert balance(covered, "LOAN") == 0
    assert [savings_of(covered.group, number) for number in (2, 3)] == [70_000, 32_000]
    assert claims_of(covered).owes_total == 38_000
    assert list(mismatches()) == []


def test_the_page_shows_what_goes_to_whom_and_what_stays_owed(covered):
    content = leave(covered, "2025-04-01", action="look").content.decode()
    assert "Back to Siti 2, who covered arrears" in content
    assert "The savings are not enough" not in content
    services.savings_withdraw(
        actor=facilitator_of(covered.group), group=covered.group, member=covered, amount=622_000, on=LATER,
        key=uuid.uuid4(),
    )  # fmt: skip
    assert "are not enough for Rp\xa038.000" in leave(covered, "2025-04-01", action="look").content.decode()


def test_a_coverer_who_left_gets_it_in_hand(covered):
    settle(covered.group.members.get(number=2), on=LATER)
    Member.objects.filter(number=2).update(left_on=LATER)
    cash = balance(covered, "CASH")
    settle(covered, on=LATER)
    paid_out = 2_000_000 - (1_416_000 - 118_000)
    assert balance(covered, "CASH") == cash - paid_out + 58_000
    assert savings_of(covered.group, 2) == 0
    assert claims_of(covered).owes == []
    assert list(mismatches()) == []


def test_a_settlement_taken_back_is_owed_to_the_coverers_again(covered):
    undo(settle(covered, on=LATER))
    assert claims_of(covered).owes_total == 118_000
    assert [savings_of(covered.group, number) for number in (1, 2, 3)] == [1_500_000, 10_000, 12_000]
    assert list(mismatches()) == []


def test_what_others_owe_who_leaves_stays_recorded_and_is_shown(covered):
    coverer = covered.group.members.get(number=2)
    content = leave(coverer, "2025-04-01", action="look").content.decode()
    assert "Still to get back for arrears covered" in content
    leave(coverer, "2025-04-01")
    assert claims_of(coverer).is_owed_total == 60_000
    page = signed_in(facilitator_of(coverer.group)).get(reverse("member", args=[coverer.group.code, coverer.pk]))
    assert "Has Rp\xa060.000 to get back" in page.content.decode()


def test_what_was_written_off_is_told_before_savings_are_handed_out(borrower):
    loan = borrower.loans.get()
    by = {"actor": facilitator_of(borrower.group), "group": borrower.group, "loan": loan, "key": uuid.uuid4()}
    services.loan_write_off(**by, reason="usaha gagal", on=LEFT_ON - timedelta(10))
    services.loan_recover(**{**by, "key": uuid.uuid4()}, amount=200_000, on=LEFT_ON - timedelta(5))
    open_on = {
        days: [left for _loan, left in written_off(borrower, as_of=LEFT_ON - timedelta(days))] for days in (11, 6, 5)
    }
    assert open_on == {11: [], 6: [1_200_000], 5: [1_000_000]}
    assert written_off(borrower, as_of=LEFT_ON) == [(loan, 1_000_000)]
    url = reverse("member-leave", args=[borrower.group.code, borrower.pk])
    page = signed_in(facilitator_of(borrower.group)).get(url).content.decode()
    assert "were written off" in page and rupiah(1_000_000) in page
    assert written_off(make_member(borrower.group), as_of=LEFT_ON) == []


def test_who_owes_nothing_sees_no_word_of_it(borrower):
    content = leave(borrower, action="look").content.decode()
    assert "covered" not in content.replace("covers it together", "")


@pytest.mark.hledger
def test_hledger_reads_a_leaving_with_covers_the_same(covered):
    settle(covered, on=LATER)
    assert hledger_balances(covered.group) == our_balances(covered.group)


def test_the_bank_pays_out_who_leaves(member):
    save(member, 100_000)
    other(member.group, "BANK_DEPOSIT", 100_000)
    assert leave(member, source="BANK").status_code == 302
    assert [balance(member, kind) for kind in ("SUKARELA", "BANK", "CASH")] == [0, 0, 0]
    assert list(mismatches()) == []


def test_a_bank_that_holds_less_is_told_at_the_field(member):
    save(member, 100_000)
    other(member.group, "BANK_DEPOSIT", 99_999)
    assert "short of Rp\xa01" in str(leave(member, source="BANK").context["form"].errors["source"])
    assert Member.objects.get().left_on is None


@pytest.mark.parametrize("source", ["", "LOAN", "x"])
def test_another_source_is_told_at_the_field(member, source):
    save(member, 100_000)
    other(member.group, "BANK_DEPOSIT", 1_000)
    assert "source" in leave(member, source=source).context["form"].errors


def test_a_group_without_a_bank_is_not_asked(member):
    save(member, 100_000)
    assert "source" not in leave(member, action="look").context["form"].fields
    leave(member, source="BANK")
    assert balance(member, "CASH") == 0
