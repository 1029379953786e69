"""The ledger in Django admin: to look at, in one's own organisation, at a fixed cost."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as url

from finance.models import (
    Account,
    BankTick,
    CashCount,
    Cover,
    CoverRecovery,
    Entry,
    ExternalLoan,
    ExternalPayment,
    Instalment,
    InventoryItem,
    Loan,
    LoanRequest,
    PeriodBalance,
    PeriodClosing,
    Transfer,
)
from finance.rules.lines import OtherMoney
from finance.services import bank_tick
from groups.models import Member, Role
from tests.factories import (
    FOUNDED,
    ask,
    borrow_external,
    buy,
    count_cash,
    cover,
    facilitator_of,
    lend,
    make_group,
    make_member,
    make_user,
    pay_back,
    repay,
    repay_external,
    reverse,
    save,
)
from tests.factories import other as other_money
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db

LATEST = date(2025, 12, 1)

MODELS = [
    Account,
    Entry,
    Transfer,
    Loan,
    LoanRequest,
    Instalment,
    CashCount,
    Cover,
    CoverRecovery,
    ExternalLoan,
    ExternalPayment,
    InventoryItem,
    BankTick,
    PeriodClosing,
    PeriodBalance,
]
models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@pytest.fixture(scope="module")
def made(module_db):
    member = make_member(make_group(), "Siti Aminah")
    grow(member)
    return member.pk


@pytest.fixture
def member(made):
    return Member.objects.get(pk=made)


def grow(member):
    save(member, 5_000_000)
    ask(make_member(member.group))
    loan = lend(member)
    reverse(repay(loan, 50_000))
    count_cash(member.group, 1)
    other = make_member(member.group)
    cover(loan, {other: 1_000}, from_savings=False)
    pay_back(member, {other: 500})
    repay_external(borrow_external(member.group), 1_000)
    buy(member.group)
    to_bank = other_money(member.group, OtherMoney.BANK_DEPOSIT, 1_000, on=LATEST)
    bank_tick(
        actor=facilitator_of(member.group), group=member.group, statement_on=LATEST,
        transfers=to_bank.transfers.values_list("pk", flat=True),
    )  # fmt: skip
    through = FOUNDED - timedelta(days=1 + PeriodClosing.objects.count())
    PeriodClosing.objects.create(
        through=through, group=member.group, key=uuid.uuid4(), closed_by=member.group.recorded_by
    )
    PeriodBalance.objects.create(
        group=member.group, through=through, account=to_bank.transfers.get().debit_account, debits=0, credits=0
    )


@pytest.fixture
def admin(member):
    return signed_in(make_user(Role.ADMIN, organisation=member.group.organisation))


def page(model, action, *args):
    return url(f"admin:finance_{model.__name__.lower()}_{action}", args=args)


@models
def test_lists_and_rows_can_be_looked_at(admin, model):
    assert admin.get(page(model, "changelist")).status_code == 200
    response = admin.get(page(model, "change", model.objects.first().pk))
    assert response.status_code == 200
    assert b'name="_save"' not in response.content


@models
def test_nothing_is_added_changed_or_deleted(admin, model):
    pk = model.objects.first().pk
    assert admin.get(page(model, "add")).status_code == 403
    assert admin.post(page(model, "change", pk), {}).status_code == 403
    assert admin.post(page(model, "delete", pk), {"post": "yes"}).status_code == 403


@models
def test_not_even_by_a_superuser(member, model):
    root = signed_in(make_user(Role.ADMIN, is_superuser=True, organisation=None))
    pk = model.objects.first().pk
    assert root.post(page(model, "change", pk), {}).status_code == 403
    assert root.post(page(model, "delete", pk), {"post": "yes"}).status_code == 403


@models
def test_another_organisation_sees_nothing(member, model):
    stranger = signed_in(make_user(Role.ADMIN))
    row = model.objects.first()
    assert member.group.code not in stranger.get(page(model, "changelist")).content.decode()
    assert stranger.get(page(model, "change", row.pk)).status_code == 302


@models
def test_statements_do_not_grow_with_the_rows(admin, member, model):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            admin.get(page(model, "changelist"))
        return len(queries)

    few = statements()
    for other in (make_member(member.group), make_member(make_group(member.group.recorded_by))):
        grow(other)
    assert statements() == few


def test_an_entry_shows_its_lines(admin, member):
    def statements(entry):
        with CaptureQueriesContext(connection) as queries:
            assert b"11010 " in admin.get(page(Entry, "change", entry.pk)).content
        return len(queries)

    statements(Entry.objects.get(kind="LOAN"))  # content types are read once
    assert statements(Entry.objects.get(kind="REPAYMENT")) == statements(Entry.objects.get(kind="LOAN"))
