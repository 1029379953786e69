"""Pages composed of several apps, and those of the site itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, OperationalError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.i18n import set_language

import finance.selectors
import groups.selectors
import meetings.selectors
from assessment.selectors.current_score import current_score
from finance.ledger.errors import InsufficientFunds, PeriodClosed
from finance.views import books
from finance.views.submit import submit_once
from groups.ending import dissolution_of
from groups.forms.signing_in import SignInForm
from groups.http import GroupRequest, UserRequest
from groups.models import Dissolution, Group, GroupStatus, Member, Organisation, Role, User
from groups.permissions import Capability, public, requires
from groups.shared import clock
from groups.shared.schedule import MeetingCalendar
from groups.shared.submit import posted, submit
from groups.sign_ins import remember_device
from kelompok import selectors, services
from kelompok.forms import CloseCaseForm, DissolveForm, LeaveForm, LeaveUndoForm, TakeBackForm
from kelompok.proxy import client_address
from kelompok.selectors.registration import registration_steps
from kelompok.services import dissolving

LATEST_MEETINGS = 5
DECISIONS_OF_THE_DAY = 10
"""More than these are on a page of their own."""


class SignIn(auth_views.LoginView):
    """The one sign-in page, of the administration too."""

    template_name = "groups/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form who asks."""
        return {**super().get_form_kwargs(), "address": client_address(self.request)}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and let the device be known the next time."""
        response = super().form_valid(form)
        remember_device(self.request, response, form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show what is wrong; who has to wait is told so by the status as well."""
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.wait:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response.headers["Retry-After"] = str(form.wait)
        return response


login = public(SignIn.as_view())
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
    return render(request, "groups/home.html", _day_of(request.user, timezone.localdate()))


def _day_of(facilitator: User, today: date) -> dict[str, Any]:
    """Return whom a facilitator meets, and what is begun, decided or open in those groups."""
    own = Group.objects.visible_to(facilitator)
    due = meetings.selectors.decisions_open(own, until=today + selectors.AHEAD)
    decisions = list(due[: DECISIONS_OF_THE_DAY + 1])
    met = meetings.selectors.groups_met(facilitator, as_of=today)
    return {
        "today": today,
        "due_meetings": selectors.due_meetings(facilitator, as_of=today, met=met),
        "plans": meetings.selectors.planned_visits(own, until=today + selectors.AHEAD).filter(visitor=facilitator),
        "follow_ups": meetings.selectors.follow_ups_open(own, until=today + selectors.AHEAD)[:DECISIONS_OF_THE_DAY],
        "drafts": sorted((draft for one in met for draft in one.drafts), key=lambda draft: draft.saved_at),
        "decisions": decisions[:DECISIONS_OF_THE_DAY],
        "has_more_decisions": len(decisions) > DECISIONS_OF_THE_DAY,
        "differences": finance.selectors.open_differences(own),
    }


def _officer_home(request: UserRequest) -> HttpResponse:
    group = Group.objects.visible_to(request.user).first()
    return render(request, "groups/term_ended.html") if group is None else redirect("group", group.code)


@requires(Capability.READ)
def group(request: GroupRequest) -> HttpResponse:
    """One group: profile, members, officers, books, the latest meetings and the stage."""
    today = timezone.localdate()
    profile = groups.selectors.group_profile(request.group, as_of=today)
    group = profile.group
    people = list(groups.selectors.members_of(group, as_of=today))
    calendar = groups.selectors.meeting_calendar(group)
    owed = finance.selectors.owed_rows(group, as_of=today, everybody=people, calendar=calendar)
    context = {
        "current": current_score(group, clock.today()),
        "dissolution": dissolution_of(group),
        "steps_left": _steps_left(group, today),
        "books": finance.selectors.group_summary(group),
        "owed": owed,
        "owed_total": sum(owing.total for _member, owing in owed),
        **_profile(group, people, today),
        **_meetings(group, calendar, today),
        **_life(profile, today),
    }
    return render(request, "groups/group.html", {"group": group, "today": today, **context})


def _steps_left(group: Group, today: date) -> int:
    """Return how many steps a group that is being formed has left, 0 for any other."""
    if group.status != GroupStatus.FORMING:
        return 0
    return len(groups.selectors.steps_left([group], as_of=today)[group.pk])


def _profile(group: Group, people: list[Member], today: date) -> dict[str, Any]:
    """Return who of everybody belongs to a group, leads and accompanies it, and signs for its accounts."""
    return {
        "members": [member for member in people if member.left_on is None],
        "former_members": [member for member in people if member.left_on is not None],
        "terms": groups.selectors.terms_in_order(people),
        "bank_accounts": groups.selectors.bank_accounts_on(group, as_of=today),
        "assignments": groups.selectors.effective_assignments(group, as_of=today),
    }


def _life(profile: groups.selectors.GroupProfile, today: date) -> dict[str, Any]:
    """Return a line for each part of the life of a group beside its meetings and books."""
    group = profile.group
    return {
        "founding": profile.founding,
        "partnerships": profile.partnerships,
        "partnership_line": groups.selectors.partnership_line(group, as_of=today),
        "federation_line": profile.membership,
        "last_visit": meetings.selectors.visits_made(group, as_of=today).first(),
        "next_plan": meetings.selectors.planned_visits([group]).first(),
        "mentoring": groups.selectors.mentoring_of([group], as_of=today).get(group.pk),
    }


def _meetings(group: Group, calendar: MeetingCalendar, today: date) -> dict[str, Any]:
    """Return when a group meets, its latest meetings and what they decided that is not done."""
    last = selectors.last_meeting(group, as_of=today)
    return {
        "registration": registration_steps(group, as_of=today, has_met=last is not None),
        "rhythm": groups.selectors.meeting_rhythm(group, as_of=today),
        "overdue_since": selectors.overdue_by(group, calendar, last, as_of=today),
        "meetings": meetings.selectors.minute_book(group)[:LATEST_MEETINGS],
        "decisions": meetings.selectors.decisions_open([group]),
    }


@requires(Capability.READ)
def member(request: GroupRequest, pk: int) -> HttpResponse:
    """A member's profile, passbook and trainings."""
    return books.member(
        request,
        pk,
        lambda owner, day: {"trainings": list(meetings.selectors.trainings_of_member(owner, as_of=day))},
    )


@requires(Capability.RECORD)
def member_leave(request: GroupRequest, pk: int) -> HttpResponse:
    """Let a member leave: loans are paid from savings, the rest is handed out, and the membership ends.

    Whoever left with money open is settled here too; `look` only works out what would be settled.
    """
    member = get_object_or_404(request.group.members, pk=pk)
    form = LeaveForm(posted(request), member=member)
    on = form.cleaned_data["left_on"] if form.is_valid() else timezone.localdate()
    money = finance.selectors.money_at_leaving(member, as_of=on)
    if member.left_on is not None and money.is_settled:
        return _to_member(request, pk)
    response = submit_once(
        request,
        form,
        lambda data: services.member_leave(actor=request.user, member=member, **data),
        done=_("%(member)s has left the group.") % {"member": member},
        then=lambda left: redirect("group", request.group.code) if left else _to_member(request, pk),
        at={PeriodClosed: "left_on", InsufficientFunds: "source"},
    )
    context = {"form": form, "member": member, "money": money, "claims": finance.selectors.claims_of(member)}
    context["written_off"] = finance.selectors.written_off(member, as_of=on)
    return response or render(request, "groups/member_leave.html", context)


@requires(Capability.RECORD)
def member_leave_undo(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a leaving recorded by mistake, with its settlement if no money really went."""
    member = get_object_or_404(request.group.members, pk=pk)
    if member.left_on is None:
        return _to_member(request, pk)
    settlement = finance.selectors.settlement_of(member)
    form = LeaveUndoForm(posted(request), is_settled=settlement is not None)
    return submit_once(
        request,
        form,
        lambda data: services.member_leave_undo(actor=request.user, member=member, **data),
        done=_("%(member)s is a member again.") % {"member": member},
        then=lambda _member: _to_member(request, pk),
    ) or render(request, "groups/member_leave_undo.html", {"form": form, "member": member, "settlement": settlement})


def _to_member(request: GroupRequest, pk: int) -> HttpResponse:
    return redirect("member", request.group.code, pk)


@requires(Capability.RECORD)
def group_dissolve(request: GroupRequest) -> HttpResponse:
    """Dissolve a group; what its books still hold is shown first."""
    group = request.group
    if group.status == GroupStatus.DISSOLVED:
        return redirect("dissolution", group.code)
    left = finance.selectors.left_to_settle([group.pk]).get(group.pk, finance.selectors.LeftToSettle())
    form = DissolveForm(posted(request), group=group, is_settled=left.is_settled)
    return submit(
        request,
        form,
        lambda data: dissolving.group_dissolve(actor=request.user, group=group, **data),
        done=_("The group is dissolved. Print the record and let it be signed."),
        then=lambda _dissolution: redirect("dissolution", group.code),
    ) or render(request, "groups/dissolve.html", {"form": form, "left": left})


@requires(Capability.READ)
def dissolution(request: GroupRequest) -> HttpResponse:
    """The record of a dissolution (berita acara pembubaran), to print and to sign, and what is left to settle."""
    group = request.group
    dissolution = group.dissolutions.effective().select_related("recorded_by", "case_closed_by").first()
    taken_back = group.dissolutions.filter(taken_back_at__isnull=False).select_related("recorded_by", "taken_back_by")
    if dissolution is None and not taken_back:
        raise Http404
    as_of = dissolution.ended_on if dissolution is not None else timezone.localdate()
    context = {
        "dissolution": dissolution,
        "taken_back": taken_back,
        "left": finance.selectors.left_to_settle([group.pk]).get(group.pk, finance.selectors.LeftToSettle()),
        "print_frame": finance.selectors.print_frame(group, as_of=as_of),
    }
    return render(request, "groups/dissolution.html", context)


@requires(Capability.RECORD)
def dissolution_take_back(request: GroupRequest) -> HttpResponse:
    """Take a dissolution back that was recorded by mistake."""
    dissolution = request.group.dissolutions.effective().first()
    words = {"title": _("Take back the dissolution"), "done": _("The dissolution is taken back.")}
    return _end_dissolution(request, dissolution, TakeBackForm, dissolving.dissolution_take_back, then="group", **words)


@requires(Capability.CONFIGURE)
def dissolution_close_case(request: GroupRequest) -> HttpResponse:
    """Close the case of a group that was dissolved with open books."""
    dissolution = request.group.dissolutions.open_cases().first()
    words = {"title": _("Close the case"), "done": _("The case is closed.")}
    return _end_dissolution(
        request, dissolution, CloseCaseForm, dissolving.dissolution_close_case, then="dissolution", **words
    )


def _end_dissolution(
    request: GroupRequest,
    dissolution: Dissolution | None,
    form_class: type[Form],
    service: Callable[..., Dissolution],
    *,
    then: str,
    title: str,
    done: str,
) -> HttpResponse:
    """Take a form about a dissolution to a service, and go on to the page named `then`; to the group without one."""
    if dissolution is None:
        return redirect("group", request.group.code)
    form = form_class(posted(request))
    return submit(
        request,
        form,
        lambda data: service(actor=request.user, dissolution=dissolution, **data),
        done=done,
        then=lambda _dissolution: redirect(then, request.group.code),
    ) or render(request, "groups/dissolution_form.html", {"form": form, "title": title})


@public
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer `ok` when the database answers, and 503 while it does not."""
    try:
        Organisation.objects.exists()
    except DatabaseError:
        return HttpResponse("The database does not answer.", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


def server_error(request: HttpRequest) -> HttpResponse:
    """Say what went wrong without a person or a database: both may be what is missing.

    503 where the database did not answer or could not write: what was sent may be recorded, or not. Otherwise 500.
    """
    is_away = isinstance(sys.exception(), OperationalError | InterfaceError)
    name, status = ("503.html", 503) if is_away else ("500.html", 500)
    return HttpResponse(render_to_string(name), status=status)
