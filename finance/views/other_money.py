"""Pages of money that moves between two meetings, and of the things a group owns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from finance import selectors, services
from finance.forms.other_money import BuyForm, DatedForm, MemberMoney, MoneyForm, WriteDownForm
from finance.ledger.errors import AlreadyPosted, LedgerError, PeriodClosed
from finance.models import AccountKind, Entry
from finance.rules.lines import OtherMoney
from finance.views.paging import lines_shown
from finance.views.steps import is_done, remember_sent, was_sent
from groups.http import GroupRequest
from groups.permissions import Capability, requires

THINGS_ON_A_PAGE = 50


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def money_record(request: GroupRequest) -> HttpResponse:
    """Record money in or out outside a meeting."""
    form = MoneyForm(request.POST if request.method == "POST" else None, group=request.group)
    if request.method == "POST" and form.is_valid():
        entry = _attempt(request, form, "amount", lambda: _record(request, form.cleaned_data))
        if entry is not None:
            messages.success(request, _("The money is in the books."))
            return redirect("entry", request.group.code, entry.number)
        if not form.errors:
            return redirect("books", request.group.code)
    return render(request, "finance/money_record.html", {"form": form}, status=422 if form.errors else 200)


@requires(Capability.READ)
@require_GET
def inventory(request: GroupRequest) -> HttpResponse:
    """The things the group owns, with their prices and what they are still worth."""
    page = lines_shown(request, selectors.inventory_items(request.group), at_a_time=THINGS_ON_A_PAGE)
    context = {"page": page, "print_frame": selectors.print_frame(request.group)}
    return render(request, "finance/inventory.html", context)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def inventory_buy(request: GroupRequest) -> HttpResponse:
    """Buy a thing."""
    form = BuyForm(request.POST if request.method == "POST" else None, group=request.group)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        item = _attempt(
            request,
            form,
            "price",
            lambda: services.inventory_buy(actor=request.user, group=request.group, **data),
        )
        if item is not None:
            messages.success(request, _("The thing is in the inventory."))
        if not form.errors:
            return redirect("inventory", request.group.code)
    context = {"form": form, "title": _("Buy something")}
    return render(request, "finance/inventory_form.html", context, status=422 if form.errors else 200)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def inventory_write_down(request: GroupRequest, pk: int) -> HttpResponse:
    """Write a thing down, or wholly off when it is gone."""
    item = get_object_or_404(selectors.inventory_items(request.group), pk=pk)
    worth: int = item.worth  # type: ignore[attr-defined]  # annotated by the selector
    data = request.POST if request.method == "POST" else None
    form = WriteDownForm(data, group=request.group, item=item, worth=worth)
    form.is_valid()
    if request.method == "POST" and was_sent(request, form) and is_done(request, form):
        return redirect("inventory", request.group.code)
    if request.method == "POST" and form.is_valid():
        entry = _attempt(
            request,
            form,
            "amount",
            lambda: services.inventory_write_down(actor=request.user, item=item, **form.cleaned_data),
        )
        if entry is not None:
            messages.success(request, _("The loss of worth is in the books."))
        if not form.errors:
            return redirect("inventory", request.group.code)
    context = {"form": form, "title": _("Write down: %s") % item.name}
    return render(request, "finance/inventory_form.html", context, status=422 if form.errors else 200)


def _attempt(request: GroupRequest, form: DatedForm, field: str, write: Callable[[], Any]) -> Any:
    """Return what `write` made; None after a refusal, told at `field` or the date, or as already done."""
    try:
        written = write()
    except AlreadyPosted:
        is_done(request, form)
    except PeriodClosed as error:
        form.add_error("on", str(error))
    except LedgerError as error:
        form.add_error(field, str(error))
    else:
        remember_sent(request, form)
        return written
    return None


def _record(request: GroupRequest, data: dict[str, Any]) -> Entry:
    how: dict[str, Any] = {
        "actor": request.user, "group": request.group, "amount": data["amount"], "on": data["on"], "key": data["key"],
    }  # fmt: skip
    kind, member, memo = data["kind"], data["member"], data["memo"]
    if kind not in MemberMoney.values:
        return services.other_money_record(kind=OtherMoney(kind.removeprefix("OTHER_")), memo=memo, **how)
    if kind == MemberMoney.WITHDRAWAL:
        return services.savings_withdraw(member=member, **how)
    if kind == MemberMoney.SOCIAL:
        return services.social_contribute(member=member, **how)
    if kind == MemberMoney.HELP:
        return services.social_help(member=member, reason=memo, **how)
    if kind == MemberMoney.FINE:
        return services.fine_pay(member=member, reason=memo, **how)
    return services.savings_deposit(member=member, kind=AccountKind(kind), **how)
