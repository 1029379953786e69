"""Pages composed of several apps, and those of the site itself."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.i18n import set_language

import finance.selectors
import finance.services
import groups.selectors
import groups.services
import meetings.selectors
from assessment.selectors.current_score import current_score
from finance.forms.source import offer_bank
from finance.ledger.errors import AlreadyPosted, InsufficientFunds, LedgerError, PeriodClosed
from finance.models import AccountKind
from groups.forms.members import LeaveForm, LeaveUndoForm
from groups.http import GroupRequest, UserRequest
from groups.models import Group, Member, Role
from groups.permissions import Capability, public, requires
from kelompok import selectors

LATEST_MEETINGS = 5
DECISIONS_OF_THE_DAY = 10
"""More than these stand on a page of their own."""

login = public(auth_views.LoginView.as_view(template_name="groups/login.html", redirect_authenticated_user=True))
logout = public(auth_views.LogoutView.as_view())
language = public(set_language)


@public
def admin_login(request: HttpRequest) -> HttpResponse:
    """Send whoever knocks at the admin to the one sign-in page; who is in already may not go further."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{request.GET.urlencode()}")


@requires(Capability.READ)
def home(request: UserRequest) -> HttpResponse:
    """The facilitator's day; everybody else goes on to where their work is."""
    if request.user.is_superuser or request.user.role == Role.ADMIN:
        return redirect("group-list")
    if request.user.role == Role.STAFF:
        return redirect("dashboard")
    if request.user.role == Role.OFFICER:
        return _officer_home(request)
    today = timezone.localdate()
    own = Group.objects.visible_to(request.user)
    due = meetings.selectors.decisions_open(own, until=today + selectors.AHEAD)
    decisions = list(due[: DECISIONS_OF_THE_DAY + 1])
    return render(
        request,
        "groups/home.html",
        {
            "today": today,
            "visits": selectors.visits(request.user, today=today),
            "drafts": meetings.selectors.drafts(request.user),
            "decisions": decisions[:DECISIONS_OF_THE_DAY],
            "has_more_decisions": len(decisions) > DECISIONS_OF_THE_DAY,
            "differences": selectors.differences_open(request.user),
        },
    )


def _officer_home(request: UserRequest) -> HttpResponse:
    group = Group.objects.visible_to(request.user).first()
    return render(request, "groups/term_ended.html") if group is None else redirect("group", group.code)


@requires(Capability.READ)
def group(request: GroupRequest) -> HttpResponse:
    """One group: profile, members, officers, books, the latest meetings and the stage."""
    group = Group.objects.select_related("village__parent__parent__parent", "rules").get(pk=request.group.pk)
    today = timezone.localdate()
    people = list(groups.selectors.members_of(group))
    return render(
        request,
        "groups/group.html",
        {
            "group": group,
            "today": today,
            "current": current_score(group, today),
            "members": [member for member in people if member.left_on is None],
            "former_members": [member for member in people if member.left_on is not None],
            "terms": [term for term in groups.selectors.officer_terms(group) if term.ended_on is None],
            "assignments": groups.selectors.running_assignments(group, today),
            "books": finance.selectors.group_summary(group),
            "meetings": meetings.selectors.minute_book(group)[:LATEST_MEETINGS],
            "decisions": meetings.selectors.decisions_open([group]),
        },
    )


@requires(Capability.RECORD)
def member_leave(request: GroupRequest, pk: int) -> HttpResponse:
    """Let a member leave: loans are paid from savings, the rest is handed out, and the membership ends.

    Whoever left with money open is settled here too.
    """
    member = get_object_or_404(Member, group=request.group, pk=pk)
    member.group = request.group
    form = LeaveForm(request.POST or None)
    offer_bank(form, request.group, "source", _("Paid from"))
    is_right = request.method == "POST" and form.is_valid()
    on = form.cleaned_data["left_on"] if is_right else timezone.localdate()
    seen_on = selectors.last_record_of(member)
    if is_right and member.left_on is None and seen_on is not None and on < seen_on:
        form.add_error("left_on", _("The records know this member until %s.") % date_format(seen_on))
        is_right = False
    money = finance.selectors.money_at_leaving(request.user, member, as_of=on)
    if member.left_on is not None and money.is_settled:
        return redirect("member", request.group.code, member.pk)
    if is_right and request.POST.get("action") != "look":
        try:
            with transaction.atomic():
                groups.services.member_leave(actor=request.user, member=member, left_on=on)
                if not money.is_settled:
                    finance.services.member_settle(
                        actor=request.user,
                        group=request.group,
                        member=member,
                        on=on,
                        key=form.cleaned_data["key"],
                        source=form.cleaned_data.get("source", AccountKind.CASH),
                    )
        except AlreadyPosted as error:
            messages.info(request, str(error))
            return redirect("member", request.group.code, member.pk)
        except ValidationError as error:
            form.add_error(None, error)
        except LedgerError as error:
            form.add_error(_place(form, error), str(error))
        else:
            messages.success(request, _("%(member)s has left the group.") % {"member": member})
            return redirect("group", request.group.code)
        member.refresh_from_db(fields=["left_on"])
    claims = finance.selectors.claims_of(member)
    context = {"form": form, "member": member, "money": money, "claims": claims}
    return render(request, "groups/member_leave.html", context)


def _place(form: LeaveForm, error: LedgerError) -> str | None:
    """Return the field of a leaving that a refusal is about, if there is one."""
    if isinstance(error, PeriodClosed):
        return "left_on"
    return "source" if isinstance(error, InsufficientFunds) and "source" in form.fields else None


@requires(Capability.RECORD)
def member_leave_undo(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a leaving recorded by mistake, with its settlement if no money really went."""
    member = get_object_or_404(Member, group=request.group, pk=pk)
    member.group = request.group
    if member.left_on is None:
        return redirect("member", request.group.code, member.pk)
    settlement = finance.selectors.settlement_of(member)
    form = LeaveUndoForm(request.POST or None, is_settled=settlement is not None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                groups.services.member_leave_undo(actor=request.user, member=member)
                if settlement is not None and form.cleaned_data["reverse"]:
                    finance.services.entry_reverse(
                        actor=request.user,
                        entry=settlement,
                        reason=form.cleaned_data["reason"],
                        key=form.cleaned_data["key"],
                    )
        except ValidationError as error:
            form.add_error(None, error.messages)
        except LedgerError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(member)s is a member again.") % {"member": member})
            return redirect("member", request.group.code, member.pk)
        member.refresh_from_db(fields=["left_on"])
    context = {"form": form, "member": member, "settlement": settlement}
    return render(request, "groups/member_leave_undo.html", context)


@public
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer `ok` when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
