"""The page that simulates a cover of arrears, and posts what was looked at."""

import uuid
from datetime import date

import pytest
from django.urls import reverse as url

from finance.models import Account, Cover, Entry
from groups.models import Group, Role
from tests.factories import cover, facilitator_of, lend, make_group, make_member, make_user, repay, reverse
from tests.factories import save as deposit
from tests.finance.pages import get, signed_in, statements

pytestmark = pytest.mark.django_db

LATE = 354_000  # three instalments of 118,000 by 10 May


@pytest.fixture
def loan():
    """Siti's loan, nothing paid; Ani, Budi and Cici have savings."""
    group = make_group()
    siti = make_member(group, "Siti")
    for name, amount in (("Ani", 2_000_000), ("Budi", 118_000), ("Cici", 200_000)):
        deposit(make_member(group, name), amount)
    return lend(siti)


def of(loan, name):
    return loan.group.members.get(name=name)


class Form:
    """The form as a browser keeps it: one key, and what the last answer showed."""

    def __init__(self, loan, user=None, **data):
        self.client = signed_in(user or facilitator_of(loan.group))
        self.url = url("loan-cover", args=[loan.group.code, loan.number])
        everybody = [of(loan, name).pk for name in ("Ani", "Budi", "Cici")]
        self.data = {
            "key": str(uuid.uuid4()), "on": "2025-05-10", "amount": str(LATE), "source": "savings",
            "division": "equal", "coverers": everybody, "seen": "", **data,
        }  # fmt: skip

    def send(self, action, **data):
        self.data |= data
        response = self.client.post(self.url, {**self.data, "action": action})
        plan = (response.context or {}).get("plan") if response.status_code == 200 else None
        self.data["seen"] = plan.fingerprint if plan else ""
        return response

    def show(self, **data):
        return self.send("show", **data)

    def post(self, **data):
        return self.send("post", **data)


def errors(response, field):
    return " ".join(response.context["form"].errors.get(field, []))


def test_the_loan_card_leads_to_the_form_while_something_is_late(loan):
    link = url("loan-cover", args=[loan.group.code, loan.number])
    assert link in get(loan.group, "loan", loan.number).content.decode()
    staff = make_user(Role.STAFF, organisation=loan.group.organisation)
    assert link not in get(loan.group, "loan", loan.number, user=staff).content.decode()
    on_time = lend(of(loan, "Ani"), principal=10_000, disbursed_on=date(2026, 1, 1), first_due=date(2099, 1, 1))
    assert (
        url("loan-cover", args=[loan.group.code, on_time.number])
        not in get(loan.group, "loan", on_time.number).content.decode()
    )


def test_the_card_of_a_past_day_leads_to_the_form_while_the_loan_runs(loan):
    link = url("loan-cover", args=[loan.group.code, loan.number])
    assert f"{link}?on=2025-05-10" in get(loan.group, "loan", loan.number, on="2025-05-10").content.decode()
    repay(loan, loan.principal)
    assert link not in get(loan.group, "loan", loan.number, on="2025-05-10").content.decode()


def test_the_form_begins_with_all_that_is_late_shared_by_all(loan):
    form = get(loan.group, "loan-cover", loan.number).context["form"]
    assert form["amount"].value() == "1.416.000"
    assert form["coverers"].value() == [of(loan, name).pk for name in ("Ani", "Budi", "Cici")]


def test_a_loan_on_time_has_nothing_to_cover(loan):
    on_time = lend(of(loan, "Ani"), principal=10_000, disbursed_on=date(2026, 1, 1), first_due=date(2099, 1, 1))
    assert b"Nothing is late on this loan." in get(loan.group, "loan-cover", on_time.number).content


def test_the_simulator_shows_everything_and_writes_nothing(loan):
    before = Entry.objects.count()
    response = Form(loan).show()
    plan = response.context["plan"]
    assert [(s.coverer.name, s.amount, s.savings_after) for s in plan.shares] == [
        ("Ani", 118_000, 1_882_000), ("Budi", 118_000, 0), ("Cici", 118_000, 82_000),
    ]  # fmt: skip
    assert (plan.arrears_after, plan.outstanding_after, plan.income) == (0, 900_000, 54_000)
    assert response.context["surplus_after"] == response.context["surplus"] + 54_000
    content = response.content.decode()
    assert "Rp\xa01.882.000" in content
    assert "Nothing is posted yet." in content
    assert Entry.objects.count() == before


def test_then_the_same_form_posts(loan):
    form = Form(loan)
    form.show()
    response = form.post()
    assert response.url == url("loan", args=[loan.group.code, loan.number])
    assert sorted(Cover.objects.values_list("coverer__name", "amount")) == [
        ("Ani", 118_000), ("Budi", 118_000), ("Cici", 118_000),
    ]  # fmt: skip
    assert Account.objects.get(loan=loan, kind="LOAN").balance == 900_000
    content = get(loan.group, "loan", loan.number).content.decode()
    assert "Covered by other members" in content


def test_what_was_not_looked_at_is_not_posted(loan):
    form = Form(loan)
    assert "Look at it again" in form.post().content.decode()
    assert "Look at it again" in form.post(amount="118000").content.decode()
    assert Cover.objects.count() == 0
    assert form.post().status_code == 302


def test_another_day_than_the_one_looked_at_is_not_posted(loan):
    form = Form(loan)
    form.show()
    assert "Look at it again" in form.post(on="2025-05-11").content.decode()
    assert Cover.objects.count() == 0


def test_savings_that_moved_meanwhile_are_shown_again(loan):
    form = Form(loan)
    form.show()
    deposit(of(loan, "Ani"), 5_000)
    assert "Look at it again" in form.post().content.decode()
    assert Cover.objects.count() == 0


def test_chosen_shares_in_cash(loan):
    ani, cici = (of(loan, name).pk for name in ("Ani", "Cici"))
    form = Form(loan, division="chosen", source="cash", **{f"share_{ani}": "300.000", f"share_{cici}": "54.000"})
    plan = form.show().context["plan"]
    assert [(s.coverer.name, s.amount, s.savings == s.savings_after) for s in plan.shares] == [
        ("Ani", 300_000, True), ("Cici", 54_000, True),
    ]  # fmt: skip
    assert plan.cash_after == plan.cash + LATE
    form.post()
    assert set(Cover.objects.values_list("coverer__name", "amount", "from_savings")) == {
        ("Ani", 300_000, False), ("Cici", 54_000, False),
    }  # fmt: skip


def test_the_rupiah_that_do_not_divide_go_to_the_first(loan):
    plan = Form(loan, amount="100000").show().context["plan"]
    assert [share.amount for share in plan.shares] == [33_334, 33_333, 33_333]


def test_chosen_shares_that_do_not_sum(loan):
    response = Form(loan, division="chosen", **{f"share_{of(loan, 'Ani').pk}": "300000"}).show()
    assert "come to Rp\xa0300.000, not to Rp\xa0354.000" in errors(response, "amount")
    assert 'value="300000"' in response.content.decode()


def test_savings_too_small_are_said_at_the_member(loan):
    response = Form(loan, division="chosen", **{f"share_{of(loan, 'Budi').pk}": "354000"}).show()
    assert "only Rp\xa0118.000" in errors(response, f"share_{of(loan, 'Budi').pk}")
    assert response.context["plan"] is None


def test_more_than_the_arrears(loan):
    assert "Only Rp\xa0354.000 is late" in errors(Form(loan, amount="354001").show(), "amount")


def test_the_borrower_as_coverer(loan):
    assert "not the borrower" in errors(Form(loan, coverers=[loan.member_id]).show(), "coverers")


def test_who_left_as_coverer(loan):
    loan.group.members.filter(name="Ani").update(left_on=date(2025, 5, 1))
    assert "Only members of the group" in errors(Form(loan, coverers=[of(loan, "Ani").pk]).show(), "coverers")


def test_a_member_of_another_group_as_coverer(loan):
    stranger = make_member(make_group())
    assert "Only members of the group" in errors(Form(loan, coverers=[stranger.pk]).show(), "coverers")


def test_nobody_ticked(loan):
    assert "at least one" in errors(Form(loan, coverers=[]).show(), "coverers")


@pytest.mark.parametrize("amount", ["-5", "lima", "0", "", "9" * 20, "1,5"])
def test_amounts_that_are_none(loan, amount):
    response = Form(loan, amount=amount).post()
    assert errors(response, "amount")
    assert Cover.objects.count() == 0


@pytest.mark.parametrize(
    ("on", "message"), [("2099-01-01", "future"), ("2025-02-03", "not paid out yet"), ("x", "date")]
)
def test_days_that_cannot_be(loan, on, message):
    assert message in errors(Form(loan, on=on).show(), "on")


def test_a_day_before_anything_was_late(loan):
    assert "Nothing is late" in errors(Form(loan, on="2025-03-04").show(), "amount")


def test_a_day_in_a_closed_period(loan):
    Group.objects.filter(pk=loan.group.pk).update(books_closed_through=date(2025, 5, 31))
    assert "closed through" in errors(Form(loan).show(), "on")


@pytest.mark.parametrize("field", ["source", "division", "key"])
def test_tampered_choices(loan, field):
    assert errors(Form(loan, **{field: "x"}).post(), field)


def test_the_same_form_twice_covers_once(loan):
    form = Form(loan)
    seen = form.show().context["plan"].fingerprint
    form.post()
    again = form.post(seen=seen)
    assert again.status_code == 302
    assert Entry.objects.filter(kind="COVER").count() == 1


def test_a_second_person_is_told_that_the_arrears_are_gone(loan):
    first, second = Form(loan), Form(loan)
    first.show()
    second.show()
    first.post()
    assert "Nothing is late" in errors(second.post(), "amount")
    assert Entry.objects.filter(kind="COVER").count() == 1


def test_a_cover_taken_back_leaves_the_card(loan):
    entry = cover(loan, {of(loan, "Ani"): 1_000})
    reverse(entry)
    assert "Covered by other members" not in get(loan.group, "loan", loan.number).content.decode()


def test_the_card_of_a_day_leads_to_the_cover_of_that_day(loan):
    address = url("loan-cover", args=[loan.group.code, loan.number])
    assert f'href="{address}?on=2025-05-10"' in get(loan.group, "loan", loan.number, on="2025-05-10").content.decode()
    assert f'href="{address}"' in get(loan.group, "loan", loan.number).content.decode()


@pytest.mark.parametrize(("day", "closed"), [("2025-03-04", None), ("2025-05-10", date(2025, 5, 10))])
def test_the_card_of_a_day_without_arrears_or_in_a_closed_period_leads_to_no_cover(loan, day, closed):
    Group.objects.filter(pk=loan.group_id).update(books_closed_through=closed)
    assert "/cover/" not in get(loan.group, "loan", loan.number, on=day).content.decode()


def test_a_loan_that_is_not_there(loan):
    assert get(loan.group, "loan-cover", 99).status_code == 404


def test_statements_do_not_grow_with_members_and_history(loan):
    few = statements(loan.group, "loan-cover", loan.number)
    card = statements(loan.group, "loan", loan.number)
    for _ in range(5):
        deposit(make_member(loan.group), 10_000)
        cover(loan, {of(loan, "Ani"): 1_000})
    assert statements(loan.group, "loan-cover", loan.number) == few <= 10
    assert statements(loan.group, "loan", loan.number) == card <= 10
