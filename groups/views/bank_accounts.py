"""Bank accounts of a group: which there are and were, and who signs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import selectors, services
from groups.forms.bank_accounts import BankAccountForm, CloseAccountForm, MandateForm
from groups.http import GroupRequest
from groups.models import BankAccount
from groups.permissions import Capability, requires
from groups.shared.submit import posted, submit


@requires(Capability.READ)
def bank_accounts(request: GroupRequest) -> HttpResponse:
    """The accounts of today with who signs, and the history of all."""
    context = {
        "open": selectors.bank_accounts_on(request.group, as_of=timezone.localdate()),
        "accounts": selectors.bank_accounts(request.group),
    }
    return render(request, "groups/bank_accounts.html", context)


@requires(Capability.RECORD)
def bank_account_open(request: GroupRequest) -> HttpResponse:
    """Record an account."""
    form = BankAccountForm(posted(request), group=request.group)
    return submit(
        request,
        form,
        lambda data: services.bank_account_open(
            actor=request.user, group=request.group, account=form.instance, **form.signing
        ),
        done=_("The bank account is recorded."),
        then=lambda _account: redirect("bank-accounts", request.group.code),
    ) or render(request, "groups/bank_account_form.html", {"form": form, "title": _("Record a bank account")})


@requires(Capability.RECORD)
def bank_mandate(request: GroupRequest, pk: int) -> HttpResponse:
    """Record who signs for an account from a day on."""
    account = get_object_or_404(request.group.bank_accounts, pk=pk)
    form = MandateForm(posted(request), group=request.group, initial=_signing_now(account))
    return submit(
        request,
        form,
        lambda data: services.bank_mandate_change(actor=request.user, account=account, **data),
        done=_("Saved."),
        then=lambda _mandate: redirect("bank-accounts", request.group.code),
    ) or render(request, "groups/bank_account_form.html", {"form": form, "title": _("Who signs"), "account": account})


def _signing_now(account: BankAccount) -> dict[str, Any]:
    """Return how many sign for an account today, and who of them is still a member."""
    of_today = selectors.bank_accounts_on(account.group, as_of=timezone.localdate())
    now = next((one for one in of_today if one.account == account), None)
    if now is None or now.mandate is None:
        return {}
    here = [signer.member_id for signer in now.signers if signer not in now.gone]
    return {"signatures": now.mandate.signatures, "signers": here}


@requires(Capability.RECORD)
def bank_account_close(request: GroupRequest, pk: int) -> HttpResponse:
    """Record that an account was closed."""
    account = get_object_or_404(request.group.bank_accounts, pk=pk)
    form = CloseAccountForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.bank_account_close(actor=request.user, account=account, closed_on=data["closed_on"]),
        done=_("Saved."),
        then=lambda _account: redirect("bank-accounts", request.group.code),
    ) or render(
        request, "groups/bank_account_form.html", {"form": form, "title": _("Close a bank account"), "account": account}
    )
