"""Bank accounts: which there are on a day, and who signs."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.metrics.base.reading import read_rows
from groups import selectors, services
from groups.models import BankAccount, BankMandate, BankSigner
from groups.selectors.relations import GROUP_PROFILES
from tests.factories import FOUNDED, facilitator_of, make_account, make_group, make_member, make_user

pytestmark = pytest.mark.django_db
OPENED, CHANGED, CLOSED = date(2025, 2, 1), date(2025, 5, 1), date(2025, 9, 1)
DAY = timedelta(1)


@pytest.fixture
def group():
    return make_group()


def open_account(group, signatures=2, signers=(), **fields):
    account = BankAccount(group=group, **{"bank": "BRI", "number": "123", "opened_on": OPENED, **fields})
    return services.bank_account_open(
        actor=facilitator_of(group), group=group, account=account, signatures=signatures, signers=signers
    )


def let_sign(account, on=CHANGED, signatures=1, signers=()):
    return services.bank_mandate_change(
        actor=facilitator_of(account.group), account=account, valid_from=on, signatures=signatures, signers=signers
    )


def profile(group, as_of):
    [row] = read_rows(GROUP_PROFILES, group, as_of)
    return row.bank_account_number, row.bank_signatories


def test_an_account_counts_from_the_day_it_was_opened_to_the_day_it_was_closed(group):
    account = open_account(group)
    let_sign(account, signatures=3)
    services.bank_account_close(actor=facilitator_of(group), account=account, closed_on=CLOSED)
    days = (OPENED - DAY, OPENED, CHANGED - DAY, CHANGED, CLOSED - DAY, CLOSED)
    found = [profile(group, day) for day in days]
    assert found == [("", 0), ("123", 2), ("123", 2), ("123", 3), ("123", 3), ("", 0)]
    on_day = [
        [(one.account, one.mandate.signatures) for one in selectors.bank_accounts_on(group, as_of=day)] for day in days
    ]
    assert on_day == [[], [(account, 2)], [(account, 2)], [(account, 3)], [(account, 3)], []]


def test_of_several_the_one_opened_last_counts(group):
    open_account(group)
    open_account(group, number="456", signatures=1, opened_on=CHANGED)
    assert profile(group, CHANGED - DAY) == ("123", 2)
    assert profile(group, CHANGED) == ("456", 1)


def test_who_signs_is_kept_and_who_left_is_named(group):
    ani, budi = make_member(group, "Ani"), make_member(group, "Budi")
    open_account(group, signers=[ani, budi])
    services.member_leave(actor=facilitator_of(group), member=budi, left_on=CHANGED)
    [one] = selectors.bank_accounts_on(group, as_of=CHANGED)
    assert [str(signer) for signer in one.signers] == ["Ani", "Budi"]
    assert [str(signer) for signer in one.gone] == ["Budi"]
    [before] = selectors.bank_accounts_on(group, as_of=CHANGED - DAY)
    assert before.gone == []


def test_signers_are_members_of_the_day(group):
    late, gone = make_member(group, "Ani", joined_on=CHANGED), make_member(group, "Budi", left_on=OPENED)
    for stranger in (late, gone, make_member(make_group())):
        with pytest.raises(ValidationError) as refused:
            open_account(group, signatures=1, signers=[stranger])
        assert list(refused.value.message_dict) == ["signers"]
    assert not BankAccount.objects.exists()


def test_fewer_signers_than_signatures_are_refused(group):
    with pytest.raises(ValidationError, match="Fewer people"):
        open_account(group, signatures=2, signers=[make_member(group)])


@pytest.mark.parametrize("opened_on", [FOUNDED - DAY, timezone.localdate() + DAY])
def test_days_out_of_bounds_are_refused(group, opened_on):
    with pytest.raises(ValidationError) as refused:
        open_account(group, opened_on=opened_on)
    assert list(refused.value.message_dict) == ["opened_on"]


def test_nobody_signs_before_the_account_was_opened_or_after_it_was_closed(group):
    account = open_account(group)
    services.bank_account_close(actor=facilitator_of(group), account=account, closed_on=CLOSED)
    for day in (OPENED - DAY, CLOSED):
        with pytest.raises(ValidationError, match="not open on this date"):
            let_sign(account, on=day)
    with pytest.raises(IntegrityError, match="while_open"), transaction.atomic():
        BankMandate.objects.create(
            group=group, account=account, valid_from=CLOSED, signatures=1, recorded_by=facilitator_of(group)
        )


def test_the_same_form_twice_is_one_account(group):
    account = BankAccount(group=group, bank="BRI", number="123", opened_on=OPENED)
    arguments = {"actor": facilitator_of(group), "group": group, "signatures": 1}
    first = services.bank_account_open(**arguments, account=account)
    again = BankAccount(group=group, bank="BRI", number="123", opened_on=OPENED, key=first.key)
    assert services.bank_account_open(**arguments, account=again) == first
    again.number = "999"
    with pytest.raises(services.FormUsed):
        services.bank_account_open(**arguments, account=again)
    assert BankAccount.objects.count() == 1


def test_a_stranger_opens_none(group):
    account = BankAccount(group=group, bank="BRI", number="123", opened_on=OPENED)
    with pytest.raises(PermissionDenied):
        services.bank_account_open(actor=make_user(), group=group, account=account, signatures=1)


def test_the_database_keeps_signers_within_their_membership(group):
    mandate = open_account(group).mandates.get()
    late = make_member(group, joined_on=CHANGED)
    with pytest.raises(IntegrityError, match="groups_banksigner_membership"), transaction.atomic():
        BankSigner.objects.create(group=group, mandate=mandate, member=late)


class TestPages:
    def get(self, client, group, path="", **data):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"
        address = f"/g/{group.code}/bank-accounts/{path}"
        return client.post(address, data) if data else client.get(address)

    def test_an_account_is_recorded_and_shown(self, client, group):
        ani, budi = make_member(group, "Ani"), make_member(group, "Budi")
        form = self.get(client, group, "new/").context["form"]
        data = {"key": form["key"].value(), "bank": "BRI", "number": "123", "opened_on": "2025-02-01", "signatures": 2,
                "signers": [ani.pk, budi.pk]}  # fmt: skip
        assert self.get(client, group, "new/", **data).status_code == 302
        page = self.get(client, group).content.decode()
        assert "BRI 123" in page
        assert "Ani, Budi" in page
        assert "BRI 123" in client.get(f"/g/{group.code}/").content.decode()

    def test_what_is_refused_stands_at_its_field(self, client, group):
        ani = make_member(group, "Ani")
        form = self.get(client, group, "new/").context["form"]
        data = {"key": form["key"].value(), "bank": "BRI", "number": "123", "opened_on": "2025-02-01", "signatures": 2,
                "signers": [ani.pk]}  # fmt: skip
        assert "signers" in self.get(client, group, "new/", **data).context["form"].errors

    def test_others_sign_and_the_account_is_closed(self, client, group):
        account, ani = make_account(group), make_member(group, "Ani")
        data = {"valid_from": "2025-05-01", "signatures": 1, "signers": [ani.pk]}
        assert self.get(client, group, f"{account.pk}/sign/", **data).status_code == 302
        assert self.get(client, group, f"{account.pk}/close/", closed_on="2025-04-01").status_code == 200
        assert self.get(client, group, f"{account.pk}/close/", closed_on="2025-09-01").status_code == 302
        account.refresh_from_db()
        assert account.closed_on == CLOSED

    def test_of_another_group_there_is_none(self, client, group):
        account = make_account(make_group())
        assert self.get(client, group, f"{account.pk}/sign/").status_code == 404

    def test_an_empty_page_says_so(self, client, group):
        assert "no bank account" in self.get(client, group).content.decode()

    def test_statements_do_not_grow_with_the_accounts(self, client, group):
        make_account(group)
        counts = []
        for _round in range(2):
            with CaptureQueriesContext(connection) as queries:
                self.get(client, group)
            counts.append(len(queries))
            for number in range(5):
                open_account(group, number=f"{_round}{number}9", signers=[make_member(group), make_member(group)])
        assert counts[0] + 1 >= counts[1]
