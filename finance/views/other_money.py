"""Pages of money that moves between two meetings, and of the things a group owns."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from finance import selectors, services
from finance.forms.other_money import BuyForm, MemberMoney, MoneyForm, WriteDownForm
from finance.ledger.errors import LedgerError
from finance.models import AccountKind, Entry
from finance.rules.lines import OtherMoney
from finance.views.paging import lines_shown
from finance.views.printing import frame_of
from finance.views.submit import submit_once
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.submit import posted

THINGS_ON_A_PAGE = 50


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def money_record(request: GroupRequest) -> HttpResponse:
    """Record money in or out outside a meeting; the address may say what kind it is and of which member."""
    chosen = {name: request.GET.get(name) for name in ("kind", "member")}
    form = MoneyForm(posted(request), group=request.group, initial=chosen)
    answer = submit_once(
        request,
        form,
        lambda data: _record(request, data),
        then=lambda entry: (
            redirect("entry", request.group.code, entry.number) if entry else redirect("books", request.group.code)
        ),
        done=_("The money is in the books."),
        at={LedgerError: "amount"},
    )
    context = {"form": form}
    return answer or render(request, "finance/money_record.html", context, status=422 if form.errors else 200)


@requires(Capability.READ)
@require_GET
def inventory(request: GroupRequest) -> HttpResponse:
    """The things the group owns, with their prices and what they are still worth."""
    page = lines_shown(request, selectors.inventory_items(request.group), at_a_time=THINGS_ON_A_PAGE)
    context = {"page": page, "print_frame": frame_of(request)}
    return render(request, "finance/inventory.html", context)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def inventory_buy(request: GroupRequest) -> HttpResponse:
    """Buy a thing."""
    form = BuyForm(posted(request), group=request.group)
    answer = submit_once(
        request,
        form,
        lambda data: services.inventory_buy(actor=request.user, group=request.group, **data),
        then=lambda _item: redirect("inventory", request.group.code),
        done=_("The thing is in the inventory."),
        at={LedgerError: "price"},
    )
    context = {"form": form, "title": _("Buy something")}
    return answer or render(request, "finance/inventory_form.html", context, status=422 if form.errors else 200)


@requires(Capability.RECORD)
@require_http_methods(["GET", "POST"])
def inventory_write_down(request: GroupRequest, pk: int) -> HttpResponse:
    """Write a thing down, or wholly off when it is gone."""
    item = get_object_or_404(selectors.inventory_items(request.group), pk=pk)
    worth: int = item.worth  # type: ignore[attr-defined]  # annotated by the selector
    form = WriteDownForm(posted(request), group=request.group, item=item, worth=worth)
    answer = submit_once(
        request,
        form,
        lambda data: services.inventory_write_down(actor=request.user, item=item, **data),
        then=lambda _entry: redirect("inventory", request.group.code),
        done=_("The loss of worth is in the books."),
        at={LedgerError: "amount"},
    )
    context = {"form": form, "title": _("Write down: %s") % item.name}
    return answer or render(request, "finance/inventory_form.html", context, status=422 if form.errors else 200)


def _record(request: GroupRequest, data: dict[str, Any]) -> Entry:
    how: dict[str, Any] = {
        "actor": request.user, "group": request.group, "amount": data["amount"], "on": data["on"], "key": data["key"],
    }  # fmt: skip
    kind, member, memo = data["kind"], data["member"], data["memo"]
    if kind not in MemberMoney.values:
        return services.other_money_record(kind=OtherMoney(kind.removeprefix("OTHER_")), memo=memo, **how)
    if kind == MemberMoney.WITHDRAWAL:
        return services.savings_withdraw(member=member, memo=memo, **how)
    if kind == MemberMoney.SOCIAL:
        return services.social_contribute(member=member, memo=memo, **how)
    if kind == MemberMoney.HELP:
        return services.social_help(member=member, reason=memo, **how)
    if kind == MemberMoney.FINE:
        return services.fine_pay(member=member, reason=memo, **how)
    return services.savings_deposit(member=member, kind=AccountKind(kind), memo=memo, **how)
