"""The forms on the loan card: pay, reschedule, write off, recover."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse as url
from django.utils import timezone

from finance.ledger.fines import open_fines
from finance.ledger.reading import read_books
from finance.models import Account, Entry, Loan
from finance.rules.loan_position import loan_position
from groups.models import Role
from tests.factories import facilitator_of, lend, make_group, make_member, make_user, repay, save
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_loan_services import recover, reschedule, write_off

pytestmark = pytest.mark.django_db

STEPS = ["loan-pay", "loan-reschedule", "loan-write-off"]


@pytest.fixture
def loan():
    member = make_member(make_group(), "Siti Aminah")
    save(member, 9_000_000)
    return lend(member, fine_late_instalment=5_000, payoff_fee="WAIVED")


USUAL = {
    "loan-pay": {"how": "amount", "amount": "118.000", "on": "2025-03-04", "waive_fine": ""},
    "loan-reschedule": {
        "periods": "6", "percent": "1.0", "first_due": "2025-06-04", "on": "2025-05-06", "reason": "panen gagal",
    },
    "loan-write-off": {"on": "2025-05-06", "reason": "pindah tanpa kabar"},
    "loan-recover": {"amount": "100.000", "on": "2025-07-01"},
}  # fmt: skip


def send(loan, page, user=None, **data):
    address = url(page, args=[loan.group.code, loan.number])
    return signed_in(user or facilitator_of(loan.group)).post(
        address, {"key": str(uuid.uuid4()), **USUAL[page], **data}
    )


def balance(loan, kind):
    return sum(account.balance for account in Account.objects.filter(loan=loan, kind=kind))


def card(loan):
    return url("loan", args=[loan.group.code, loan.number])


def test_a_payment(loan):
    assert send(loan, "loan-pay").url == card(loan)
    assert balance(loan, "LOAN") == 1_100_000


def test_a_payment_on_the_principal_alone(loan):
    assert "how" in send(loan, "loan-pay", how="principal").context["form"].errors
    assert "principal alone" not in get(loan.group, "loan-pay", loan.number).content.decode()
    free = lend(loan.member, principal_alone=True)
    assert "principal alone" in get(free.group, "loan-pay", free.number).content.decode()
    assert send(free, "loan-pay", how="principal", amount="300.000").url == card(free)
    assert (balance(free, "LOAN"), balance(free, "SERVICE_FEE")) == (900_000, 0)
    wrong = send(free, "loan-pay", how="principal", amount="900.000").context["form"].errors
    assert "pay it off" in wrong["amount"][0]


def test_the_form_tells_what_is_owed(loan):
    content = get(loan.group, "loan-pay", loan.number).content.decode()
    assert "Pays the loan off today" in content
    assert "New fine with a payment today" in content


def test_the_amount_begins_with_what_is_due_and_the_fine(loan):
    assert get(loan.group, "loan-pay", loan.number).context["form"]["amount"].value() == "1.476.000"
    repay(loan, 118_000, on=date(2025, 3, 5))
    running = loan_position(read_books(loan.group, timezone.localdate(), everything=True), loan)
    assert running.due(date(2025, 4, 3)) == 5_000
    assert running.due(date(2025, 4, 4)) == 5_000 + 118_000


def test_the_amount_begins_empty_where_nothing_is_due(loan):
    early = lend(make_member(loan.group), first_due=timezone.localdate() + timedelta(1))
    assert get(loan.group, "loan-pay", early.number).context["form"]["amount"].value() is None


def test_a_late_payment_with_its_fine_and_with_the_fine_waived(loan):
    send(loan, "loan-pay", on="2025-03-05")
    assert open_fines(loan.group).of_loan(loan) == 5_000
    send(loan, "loan-pay", on="2025-05-07", waive_fine="sakit")
    assert (open_fines(loan.group).of_loan(loan), balance(loan, "LOAN_FINE")) == (5_000, 0)
    content = get(loan.group, "loan", loan.number).content.decode()
    assert "Fines charged" in content
    assert "sakit" in content


def test_paying_off(loan):
    send(loan, "loan-pay", how="payoff", amount="")
    assert balance(loan, "LOAN") == 0
    assert balance(loan, "SERVICE_FEE") == 18_000
    assert "paid off" in get(loan.group, "loan", loan.number).content.decode()


def test_too_much_is_refused_at_the_field_or_saved_by_choice(loan):
    response = send(loan, "loan-pay", amount="1.300.000")
    assert "Rp\xa01.218.000" in response.context["form"].errors["amount"][0]
    assert b"1.300.000" in response.content
    send(loan, "loan-pay", amount="1.300.000", rest_to_savings="on")
    assert balance(loan, "LOAN") == 0
    assert Account.objects.get(group=loan.group, kind="SUKARELA").balance == 9_000_000 + 82_000


@pytest.mark.parametrize("page", [*STEPS, "loan-recover"])
def test_the_same_form_sent_twice_is_one_step(loan, page):
    if page == "loan-recover":
        write_off(loan)
    key, before = str(uuid.uuid4()), Entry.objects.count()
    assert [send(loan, page, key=key).status_code for _ in range(2)] == [302, 302]
    assert Entry.objects.count() == before + 1


def test_a_form_sent_again_with_another_amount_is_asked_about_and_gets_a_key(loan):
    client, address = signed_in(facilitator_of(loan.group)), url("loan-pay", args=[loan.group.code, loan.number])
    form = {"key": str(uuid.uuid4()), **USUAL["loan-pay"]}
    client.post(address, form)
    response = client.post(address, {**form, "amount": "20.000"})
    asked = response.context["form"]
    assert "send it once more" in str(asked.non_field_errors())
    assert asked["amount"].value() == "20.000"
    before = Entry.objects.count()
    again = {**form, "amount": "20.000", "key": asked["key"].value()}
    assert [client.post(address, again).url for _ in range(2)] == [card(loan), card(loan)]
    assert Entry.objects.count() == before + 1


def test_rescheduling_opens_the_new_loan(loan):
    response = send(loan, "loan-reschedule", add_fee="on")
    new = Loan.objects.get(replaces=loan)
    assert response.url == card(new)
    assert new.principal == 1_254_000
    assert "Opened in place of loan 1" in get(loan.group, "loan", new.number).content.decode()
    assert "In place of" in get(loan.group, "loan", new.number).content.decode()
    old = get(loan.group, "loan", loan.number).content.decode()
    assert "In place of" not in old
    assert "Loan 2 took its place." in old
    assert "panen gagal" in old
    assert "rescheduled" in old


def test_the_page_says_what_of_the_fee_paid_ahead_will_count_as_principal(loan):
    last = loan.instalments.order_by("-number").first()
    loan.instalments.filter(pk=last.pk).update(due_on=timezone.localdate() + timedelta(9), late_after="2099-01-01")
    repay(loan, 12 * 18_000 + 1_100_000 + 11 * 5_000, on=timezone.localdate())
    assert "Fee paid ahead" not in get(loan.group, "loan-pay", loan.number).content.decode()
    assert get(loan.group, "loan-reschedule", loan.number).context["fee_ahead"] == 18_000


def test_writing_off_and_recovering(loan):
    assert send(loan, "loan-write-off").url == card(loan)
    content = get(loan.group, "loan", loan.number).content.decode()
    assert "written off" in content
    assert "pindah tanpa kabar" in content
    assert "Recover" in content
    assert send(loan, "loan-recover").url == card(loan)
    content = get(loan.group, "loan", loan.number).content.decode()
    assert "Recovered since" in content
    assert "Recovered after writing off" in content
    assert "Nothing has been paid yet." not in content


def test_what_was_not_repaid_is_not_shown_as_repaid(loan):
    repay(loan, 118_000)
    write_off(loan)
    row = get(loan.group, "loan", loan.number).context["card"].row
    assert (row.principal_paid, row.unpaid, row.outstanding) == (100_000, 1_100_000, 0)


FUTURE = (timezone.localdate() + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("page", "wrong", "field"),
    [
        ("loan-pay", {"amount": ""}, "amount"),
        ("loan-pay", {"amount": "0"}, "amount"),
        ("loan-pay", {"amount": "-5"}, "amount"),
        ("loan-pay", {"amount": "abc"}, "amount"),
        ("loan-pay", {"amount": "1" * 20}, "amount"),
        ("loan-pay", {"how": "half"}, "how"),
        ("loan-pay", {"on": FUTURE}, "on"),
        ("loan-pay", {"on": "2025-02-03"}, "on"),
        ("loan-pay", {"waive_fine": "x" * 201}, "waive_fine"),
        ("loan-pay", {"key": ""}, "key"),
        ("loan-reschedule", {"periods": "0"}, "periods"),
        ("loan-reschedule", {"periods": "121"}, "periods"),
        ("loan-reschedule", {"periods": "25"}, "periods"),
        ("loan-reschedule", {"percent": "-1"}, "percent"),
        ("loan-reschedule", {"percent": "100"}, "percent"),
        ("loan-reschedule", {"percent": "NaN"}, "percent"),
        ("loan-reschedule", {"first_due": "2025-05-06"}, "first_due"),
        ("loan-reschedule", {"on": FUTURE}, "on"),
        ("loan-reschedule", {"reason": ""}, "reason"),
        ("loan-write-off", {"reason": ""}, "reason"),
        ("loan-write-off", {"reason": "x" * 201}, "reason"),
        ("loan-write-off", {"on": FUTURE}, "on"),
        ("loan-write-off", {"on": "2025-02-03"}, "on"),
    ],
)
def test_a_wrong_form_gets_a_message_at_its_field_and_writes_nothing(loan, page, wrong, field):
    before = Entry.objects.count()
    response = send(loan, page, **wrong)
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert Entry.objects.count() == before


def test_a_day_before_the_last_payment_is_refused(loan):
    repay(loan, 118_000, on=date(2025, 5, 7))
    for page in ("loan-reschedule", "loan-write-off"):
        assert "7 May 2025" in send(loan, page).context["form"].errors["on"][0]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "1200001"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"on": "2025-05-05"}, "on"),
        ({"on": FUTURE}, "on"),
    ],
)
def test_a_wrong_recovery(loan, wrong, field):
    write_off(loan)
    assert field in send(loan, "loan-recover", **wrong).context["form"].errors


@pytest.mark.parametrize("page", STEPS)
def test_a_closed_loan_opens_no_form(loan, page):
    reschedule(loan)
    assert get(loan.group, page, loan.number).url == card(loan)
    assert "closed" in str(send(loan, page, on="2025-05-07").context["form"].errors)


def test_a_loan_not_written_off_has_nothing_to_recover(loan):
    assert get(loan.group, "loan-recover", loan.number).url == card(loan)
    assert "not written off" in send(loan, "loan-recover").context["form"].errors["amount"][0]


def test_the_card_offers_what_can_be_done(loan):
    def offered():
        content = get(loan.group, "loan", loan.number).content.decode()
        return [page for page in USUAL if f'href="{url(page, args=[loan.group.code, loan.number])}"' in content]

    assert offered() == STEPS
    write_off(loan)
    assert offered() == ["loan-recover"]
    recover(loan, 1_200_000)
    assert offered() == []


@pytest.mark.parametrize("page", USUAL)
def test_who_may_only_read_takes_no_step(loan, page):
    staff = make_user(Role.STAFF, organisation=loan.group.organisation)
    assert send(loan, page, user=staff).status_code == 403
    assert "/pay/" not in get(loan.group, "loan", loan.number, user=staff).content.decode()


@pytest.mark.parametrize("page", USUAL)
def test_a_loan_of_another_group_is_not_found(loan, page):
    assert get(make_group(), page, loan.number).status_code == 404


@pytest.mark.parametrize("page", STEPS)
def test_statements_do_not_grow_with_the_payments(loan, page):
    few = statements(loan.group, page, loan.number)
    for _ in range(4):
        repay(loan, 10_000)
    assert statements(loan.group, page, loan.number) == few <= 9


LET_GO = "Fee not due yet, let go (jasa)"


def test_the_card_says_what_fee_an_early_payoff_let_go(loan):
    send(loan, "loan-pay", how="payoff", amount="", on="2025-04-04")
    content = get(loan.group, "loan", loan.number).content.decode()
    assert f"{LET_GO}</dt><dd>Rp\xa0180.000</dd>" in content
    assert LET_GO not in get(loan.group, "loan", loan.number, on="2025-04-03").content.decode()


@pytest.mark.parametrize("how", ["charged", "in full", "written off"])
def test_the_card_says_nothing_where_no_fee_was_let_go(loan, how):
    if how == "charged":
        loan = lend(loan.member, payoff_fee="CHARGED")
        send(loan, "loan-pay", how="payoff", amount="", on="2025-04-04")
    elif how == "in full":
        send(loan, "loan-pay", how="payoff", amount="", on=loan.instalments.last().due_on.isoformat())
    else:
        write_off(loan)
    assert not get(loan.group, "loan", loan.number).context["card"].row.is_running
    assert LET_GO not in get(loan.group, "loan", loan.number).content.decode()


def test_the_page_of_a_payment_says_what_fee_a_payoff_lets_go(loan):
    today = timezone.localdate()
    terms = {"disbursed_on": today, "first_due": today + timedelta(28)}
    text = "Let go with that: fee not due yet (jasa)"
    for payoff_fee, says in (("WAIVED", True), ("CHARGED", False)):
        new = lend(loan.member, payoff_fee=payoff_fee, **terms)
        content = get(loan.group, "loan-pay", new.number).content.decode()
        assert (f"{text}</dt><dd>Rp\xa0216.000</dd>" in content) == (text in content) == says
    assert text not in get(loan.group, "loan-pay", loan.number).content.decode()  # all of it fell due


def test_the_page_of_writing_off_says_what_the_deposit_pays_first(loan):
    assert "Left to write off" not in get(loan.group, "loan-write-off", loan.number).content.decode()
    kept = lend(loan.member, deposit=60_000)
    content = get(loan.group, "loan-write-off", kept.number).content.decode()
    assert "The deposit for joint liability pays first</dt><dd>Rp\xa060.000</dd>" in content
    assert "Left to write off</dt><dd>Rp\xa01.140.000</dd>" in content
    assert "Left to write off" not in get(loan.group, "loan-pay", kept.number).content.decode()
