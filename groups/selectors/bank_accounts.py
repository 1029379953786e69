"""Bank accounts of a group, and who signs for them on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from groups.models import BankAccount, BankMandate, BankSigner, Group


@dataclass(frozen=True, slots=True)
class AccountOnDay:
    """An open account with its mandate of the day; `gone` are signers who are no members any more."""

    account: BankAccount
    mandate: BankMandate | None
    signers: list[BankSigner]
    gone: list[BankSigner]


def bank_accounts(group: Group) -> list[BankAccount]:
    """Return all accounts with their mandates and signers, the latest first, in three statements."""
    signers = Prefetch("signers", BankSigner.objects.select_related("member").order_by("member__number"))
    mandates = (
        BankMandate.objects.select_related("recorded_by").order_by("-valid_from", "-pk").prefetch_related(signers)
    )
    accounts = BankAccount.objects.filter(group=group).select_related("recorded_by")
    return list(accounts.prefetch_related(Prefetch("mandates", mandates)).order_by("-opened_on", "-pk"))


def bank_accounts_on(group: Group, *, as_of: date) -> list[AccountOnDay]:
    """Return the accounts open on the day `as_of`, each with who signed for it on that day."""
    on_day = []
    for account in bank_accounts(group):
        if account.opened_on <= as_of and (account.closed_on is None or account.closed_on > as_of):
            mandate = next((one for one in account.mandates.all() if one.valid_from <= as_of), None)
            signers = list(mandate.signers.all()) if mandate is not None else []
            gone = [signer for signer in signers if not signer.member.is_member_on(as_of)]
            on_day.append(AccountOnDay(account, mandate, signers, gone))
    return on_day
