"""Money between two meetings, and the things a group owns."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse as url
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, NotAllowed
from finance.ledger.verify import mismatches
from finance.models import Account, Entry, InventoryItem, InventoryWriteDown
from groups.models import Group, Role
from tests.factories import (
    FOUNDED,
    buy,
    endow,
    facilitator_of,
    make_group,
    make_member,
    make_user,
    other,
    reverse,
    save,
)
from tests.finance.pages import get, signed_in, statements
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = pytest.mark.django_db

LATER = date(2025, 3, 4)


@pytest.fixture
def member():
    """A member with Rp 500,000 of voluntary savings, all of it in the box."""
    member = make_member(make_group())
    save(member, 500_000)
    return member


def send(page, group, *args, user=None, **data):
    form = {"key": str(uuid.uuid4()), "on": LATER.isoformat(), **data}
    return signed_in(user or facilitator_of(group)).post(url(page, args=[group.code, *args]), form)


def record(whose, /, **data):
    return send("money-record", whose.group, **{"amount": "20.000", **data})


def write_down(item, amount, key=None, on=LATER):
    return services.inventory_write_down(
        actor=facilitator_of(item.group), item=item, amount=amount, reason="rusak", on=on, key=key or uuid.uuid4()
    )


def balance(group, kind):
    return sum(account.balance for account in Account.objects.filter(group=group, kind=kind))


@pytest.mark.parametrize(
    ("kind", "account", "expected", "cash"),
    [
        ("POKOK", "POKOK", 20_000, 520_000),
        ("WAJIB", "WAJIB", 20_000, 520_000),
        ("SUKARELA", "SUKARELA", 520_000, 520_000),
        ("SOCIAL", "SOCIAL_FUND", 20_000, 520_000),
        ("FINE", "FINE", 20_000, 520_000),
        ("WITHDRAWAL", "SUKARELA", 480_000, 480_000),
    ],
)
def test_money_of_a_member(member, kind, account, expected, cash):
    response = record(member, kind=kind, member=member.pk, memo="antar ke rumah")
    entry = Entry.objects.latest("pk")
    assert response.url == url("entry", args=[member.group.code, entry.number])
    assert entry.effective_on == LATER
    assert (balance(member.group, account), balance(member.group, "CASH")) == (expected, cash)
    assert entry.transfers.get().member == member


@pytest.mark.parametrize("kind", ["POKOK", "WAJIB", "SUKARELA", "SOCIAL", "FINE", "WITHDRAWAL"])
def test_what_it_was_for_stands_in_every_book_of_a_member_s_money(member, kind):
    record(member, kind=kind, member=member.pk, memo="antar ke rumah")
    number = Entry.objects.latest("pk").number
    assert "antar ke rumah" in get(member.group, "entry", number).content.decode()
    assert "antar ke rumah" in get(member.group, "cash-book", start=LATER, end=LATER).content.decode()
    assert "antar ke rumah" in get(member.group, "member", member.pk).content.decode()


def test_member_s_money_needs_no_memo(member):
    record(member, kind="SUKARELA", member=member.pk)
    assert Entry.objects.latest("pk").transfers.get().memo == ""


@pytest.mark.parametrize(
    ("kind", "account", "expected"),
    [
        ("OTHER_GRANT", "GRANT", 20_000),
        ("OTHER_STATIONERY", "STATIONERY", 20_000),
        ("OTHER_BANK_DEPOSIT", "BANK", 20_000),
    ],
)
def test_money_of_the_group(member, kind, account, expected):
    record(member, kind=kind, memo="Buku tulis")
    assert balance(member.group, account) == expected


@pytest.mark.parametrize("fund", ["OFFICERS_FUND", "OTHER_FUND", "RESERVE"])
def test_every_fund_is_paid_out_of_the_box_or_the_bank(member, fund):
    endow(member.group, fund, 30_000)
    record(member, kind="OTHER_BANK_DEPOSIT", memo="setor", amount="10.000")
    name = fund.replace("OFFICERS_FUND", "OFFICERS")
    assert record(member, kind=f"OTHER_{name}_OUT", memo="honor", amount="20.000").status_code == 302
    assert record(member, kind=f"OTHER_BANK_{name}_OUT", memo="honor", amount="9.000").status_code == 302
    assert balance(member.group, fund) == 1_000
    assert (balance(member.group, "CASH"), balance(member.group, "BANK")) == (500_000, 1_000)
    assert list(mismatches()) == []


def test_a_fund_that_holds_less_is_told_at_the_amount(member):
    endow(member.group, "OFFICERS_FUND", 30_000)
    response = record(member, kind="OTHER_OFFICERS_OUT", memo="honor", amount="30.001")
    assert response.context["form"].errors["amount"] == ["Officers' fund (dana pengurus) is short of Rp\xa01."]
    assert balance(member.group, "OFFICERS_FUND") == 30_000


def test_help_from_the_social_fund(member):
    record(member, kind="SOCIAL", member=member.pk, amount="50.000")
    record(member, kind="HELP", member=member.pk, memo="melahirkan")
    assert balance(member.group, "SOCIAL_FUND") == 30_000
    book = selectors.passbook(member, end=LATER)
    assert book.social == 50_000
    assert book.lines[0].money_out == 20_000
    assert list(mismatches()) == []


def test_a_contribution_reversed_is_none(member):
    record(member, kind="SOCIAL", member=member.pk)
    reverse(Entry.objects.latest("pk"))
    assert selectors.passbook(member, end=LATER).social == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "LOAN"}, "kind"),
        ({"kind": "WAJIB"}, "member"),
        ({"kind": "WAJIB", "member": "999999"}, "member"),
        ({"kind": "OTHER_EXPENSE"}, "memo"),
        ({"kind": "OTHER_EXPENSE", "memo": "x" * 201}, "memo"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "amount": "0"}, "amount"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "amount": "-5"}, "amount"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "amount": "9" * 20}, "amount"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "amount": "500.001"}, "amount"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "on": (timezone.localdate() + timedelta(1)).isoformat()}, "on"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "on": (FOUNDED - timedelta(1)).isoformat()}, "on"),
        ({"kind": "OTHER_EXPENSE", "memo": "x", "key": "x"}, "key"),
    ],
)
def test_a_wrong_form_gets_its_message_and_nothing_is_written(member, data, field):
    response = record(member, **data)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Entry.objects.count() == 1


def test_a_fine_and_help_need_a_word(member):
    for kind in ("FINE", "HELP"):
        assert "memo" in record(member, kind=kind, member=member.pk).context["form"].errors


def test_money_of_the_group_belongs_to_no_member(member):
    response = record(member, kind="OTHER_EXPENSE", memo="x", member=member.pk)
    assert "member" in response.context["form"].errors


def test_more_than_was_saved_is_refused_at_the_amount(member):
    assert "amount" in record(member, kind="WITHDRAWAL", member=member.pk, amount="500001").context["form"].errors


def test_more_help_than_the_fund_holds_is_refused_at_the_amount(member):
    response = record(member, kind="HELP", member=member.pk, memo="sakit")
    assert "amount" in response.context["form"].errors
    assert Entry.objects.count() == 1


def messages_after(member, **data):
    client = signed_in(facilitator_of(member.group))
    form = {"key": str(uuid.uuid4()), "kind": "WITHDRAWAL", "member": member.pk, "on": LATER.isoformat(), **data}
    page = client.post(url("money-record", args=[member.group.code]), form, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_a_late_withdrawal_of_what_was_not_there_yet_is_recorded_and_said(member):
    save(member, 100_000, on=LATER + timedelta(10))
    done, of_cash, of_member = sorted(messages_after(member, amount="550.000"), key=len)
    assert done == "The money is in the books."
    assert "Rp\xa050.000 below zero on 4 March 2025" in of_cash
    assert of_member.startswith(f"Voluntary savings (simpanan sukarela): {member}")
    assert balance(member.group, "SUKARELA") == 50_000


def test_a_late_withdrawal_that_takes_the_ground_from_a_later_one_is_said(member):
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=450_000,
        on=LATER + timedelta(5), key=uuid.uuid4(),
    )  # fmt: skip
    save(member, 100_000, on=LATER + timedelta(10))
    said = messages_after(member, amount="60.000")
    assert len(said) == 3
    assert any("Rp\xa010.000 below zero on 9 March 2025" in text for text in said)


def test_a_late_withdrawal_of_what_was_there_all_along_says_nothing(member):
    save(member, 100_000, on=LATER + timedelta(10))
    assert messages_after(member, amount="500.000") == ["The money is in the books."]


def test_a_late_withdrawal_of_what_is_gone_now_is_refused(member):
    services.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=450_000,
        on=LATER + timedelta(5), key=uuid.uuid4(),
    )  # fmt: skip
    assert "amount" in record(member, kind="WITHDRAWAL", member=member.pk, amount="60.000").context["form"].errors


def test_a_closed_period_is_told_at_the_date(member):
    Group.objects.update(books_closed_through=LATER)
    assert "on" in record(member, kind="WAJIB", member=member.pk).context["form"].errors


def test_a_member_of_another_group_cannot_be_chosen(member):
    stranger = make_member(make_group())
    assert "member" in record(member, kind="WAJIB", member=stranger.pk).context["form"].errors
    with pytest.raises(NotAllowed):
        services.social_help(
            actor=facilitator_of(member.group), group=member.group, member=stranger, amount=1, reason="x", on=LATER,
            key=uuid.uuid4(),
        )  # fmt: skip


def test_the_same_form_twice_is_one_entry(member):
    key = str(uuid.uuid4())
    data = {"kind": "WITHDRAWAL", "member": member.pk, "amount": "500.000", "key": key}
    assert record(member, **data).status_code == record(member, **data).status_code == 302
    assert Entry.objects.count() == 2


def test_staff_do_not_record(member):
    staff = make_user(Role.STAFF, organisation=member.group.organisation)
    assert get(member.group, "money-record", user=staff).status_code == 403
    assert get(member.group, "inventory-buy", user=staff).status_code == 403
    assert get(member.group, "inventory", user=staff).status_code == 200


def test_a_thing_is_bought_and_listed(member):
    send("inventory-buy", member.group, name="Timbangan", price="150.000")
    assert (balance(member.group, "INVENTORY"), balance(member.group, "CASH")) == (150_000, 350_000)
    content = get(member.group, "inventory").content.decode()
    assert "Timbangan" in content
    assert content.count("Rp\xa0150.000") == 2


def test_a_thing_is_written_down_and_off(member):
    item = buy(member.group, 150_000)
    send("inventory-write-down", member.group, item.pk, amount="50.000", reason="aus")
    assert selectors.inventory_items(member.group).get().worth == 100_000
    send("inventory-write-down", member.group, item.pk, amount="100.000", reason="hilang")
    assert (balance(member.group, "INVENTORY"), balance(member.group, "EXPENSE")) == (0, 150_000)
    assert Entry.objects.latest("pk").transfers.get().memo == "Timbangan: hilang"
    assert "write-down" not in get(member.group, "inventory").content.decode()
    assert list(mismatches()) == []


@pytest.mark.hledger
def test_hledger_reads_the_same_balances(member):
    write_down(buy(member.group), 30_000)
    assert hledger_balances(member.group) == our_balances(member.group)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"price": "0"}, "price"),
        ({"price": "500.001"}, "price"),
        ({"on": "2024-01-01"}, "on"),
    ],
)
def test_a_wrong_purchase_gets_its_message(member, data, field):
    response = send("inventory-buy", member.group, **{"name": "Timbangan", "price": "1000", **data})
    assert field in response.context["form"].errors
    assert not InventoryItem.objects.exists()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"amount": "100.001"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"reason": ""}, "reason"),
        ({"on": FOUNDED.isoformat()}, "on"),
    ],
)
def test_a_wrong_write_down_gets_its_message(member, data, field):
    item = buy(member.group, on=LATER)
    response = send("inventory-write-down", member.group, item.pk, **{"amount": "1000", "reason": "aus", **data})
    assert field in response.context["form"].errors
    assert not InventoryWriteDown.objects.exists()


def test_no_more_is_written_down_than_a_thing_is_worth(member):
    item = buy(member.group)
    buy(member.group)
    write_down(item, 60_000)
    with pytest.raises(NotAllowed):
        write_down(item, 40_001)
    with pytest.raises(NotAllowed):
        write_down(item, 1, on=FOUNDED - timedelta(1))


def test_a_thing_that_cannot_be_paid_is_not_bought(member):
    with pytest.raises(InsufficientFunds):
        buy(member.group, 500_001)
    assert not InventoryItem.objects.exists()


def test_the_same_key_writes_down_once(member):
    item, key = buy(member.group), uuid.uuid4()
    write_down(item, 60_000, key=key)
    with pytest.raises(AlreadyPosted):
        write_down(item, 60_000, key=key)
    assert (
        send("inventory-write-down", member.group, item.pk, amount="60000", reason="x", key=str(key)).status_code == 302
    )
    assert selectors.inventory_items(member.group).get().worth == 40_000


@pytest.mark.parametrize(
    ("page", "first", "then"),
    [
        ("money-record", {"kind": "SUKARELA", "amount": "20.000"}, {"amount": "30.000"}),
        ("inventory-buy", {"name": "Timbangan", "price": "1000"}, {"name": "Kursi"}),
        ("inventory-write-down", {"amount": "60000", "reason": "rusak"}, {"amount": "10000"}),
    ],
)
def test_another_content_under_a_used_key_is_asked_about_and_gets_a_key(member, page, first, then):
    args = [buy(member.group).pk] if page == "inventory-write-down" else []
    client, address = signed_in(facilitator_of(member.group)), url(page, args=[member.group.code, *args])
    data = {"key": str(uuid.uuid4()), "on": LATER.isoformat(), "member": member.pk, **first}
    before = Entry.objects.count()
    assert [client.post(address, data).status_code for _ in range(2)] == [302, 302]
    asked = client.post(address, data | then)
    assert (asked.status_code, Entry.objects.count()) == (422, before + 1)
    assert "send it once more" in asked.content.decode()
    key = asked.context["form"]["key"].value()
    assert client.post(address, data | then | {"key": key}).status_code == 302
    assert Entry.objects.count() == before + 2


def test_the_same_purchase_twice_is_one(member):
    data = {"name": "Timbangan", "price": "1000", "key": str(uuid.uuid4())}
    assert send("inventory-buy", member.group, **data).status_code == 302
    assert send("inventory-buy", member.group, **data).status_code == 302
    assert InventoryItem.objects.count() == 1


def test_a_reversed_purchase_is_no_thing(member):
    item = buy(member.group)
    down = write_down(item, 1_000)
    with pytest.raises(NotAllowed):
        reverse(item.entry)
    reverse(down)
    assert selectors.inventory_items(member.group).get().worth == 100_000
    reverse(item.entry)
    assert not selectors.inventory_items(member.group).exists()


def test_a_thing_of_another_group_is_not_found(member):
    other = make_group()
    save(make_member(other), 500_000)
    assert get(member.group, "inventory-write-down", buy(other).pk).status_code == 404


@pytest.mark.parametrize("table", ["inventoryitem", "inventorywritedown"])
@pytest.mark.parametrize(
    ("statement", "rule"), [("UPDATE {} SET id = id", "no_update"), ("DELETE FROM {}", "no_delete")]
)
def test_the_database_keeps_the_inventory(member, table, statement, rule):
    write_down(buy(member.group), 1_000)
    with pytest.raises(IntegrityError, match=f"finance_{table}_{rule}"), transaction.atomic():
        connection.cursor().execute(statement.format(f"finance_{table}"))


def test_statements_do_not_grow_with_the_things(member):
    buy(member.group)
    few = statements(member.group, "inventory")
    for _ in range(5):
        write_down(buy(member.group, 10_000), 100)
    assert statements(member.group, "inventory") == few <= 8


def test_a_thing_is_paid_from_the_bank(member):
    other(member.group, "BANK_DEPOSIT", 80_000)
    form = {"name": "Timbangan", "price": "80.000"}
    assert send("inventory-buy", member.group, source="BANK", **form).status_code == 302
    assert [balance(member.group, kind) for kind in ("INVENTORY", "BANK", "CASH")] == [80_000, 0, 420_000]
    response = send("inventory-buy", member.group, source="BANK", **form)
    assert "short of" in str(response.context["form"].errors["price"])
    assert "source" in send("inventory-buy", member.group, source="LOAN", **form).context["form"].errors
    assert InventoryItem.objects.count() == 1


@pytest.mark.parametrize(
    ("received", "expense", "income"), [("30.000", 70_000, 0), ("100.000", 0, 0), ("120.000", 0, 20_000)]
)
def test_a_thing_sold_brings_money_and_the_rest_is_lost_or_gained(member, received, expense, income):
    item = buy(member.group)
    other(member.group, "BANK_DEPOSIT", 1_000)
    form = {"amount": "100.000", "reason": "dijual", "received": received, "into": "BANK"}
    assert send("inventory-write-down", member.group, item.pk, **form).status_code == 302
    assert [balance(member.group, kind) for kind in ("EXPENSE", "OTHER_INCOME", "INVENTORY")] == [expense, income, 0]
    assert balance(member.group, "BANK") == 1_000 + int(received.replace(".", ""))
    assert selectors.inventory_items(member.group).get().worth == 0
    assert list(mismatches()) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"received": "-5"}, "received"), ({"received": "x"}, "received"), ({"received": "9" * 20}, "received"),
     ({"into": "LOAN"}, "into")],
)  # fmt: skip
def test_a_sale_that_is_typed_wrongly_is_told_at_its_field(member, wrong, field):
    item = buy(member.group)
    other(member.group, "BANK_DEPOSIT", 1_000)
    form = {"amount": "100.000", "reason": "dijual", "received": "1.000", "into": "CASH", **wrong}
    response = send("inventory-write-down", member.group, item.pk, **form)
    assert (response.status_code, field in response.context["form"].errors) == (422, True)
    assert balance(member.group, "INVENTORY") == 100_000


def test_nothing_written_down_is_refused(member):
    with pytest.raises(NotAllowed):
        write_down(buy(member.group), 0)
