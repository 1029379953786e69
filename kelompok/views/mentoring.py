"""Pages for those who accompany groups that draw on several apps."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

import groups.selectors
import groups.services
import meetings.selectors
import meetings.services
from finance import tables
from finance.views.printing import frame_of
from groups.forms.mentoring import ExitForm, PhaseForm
from groups.http import GroupRequest, UserRequest
from groups.models import ExitReview, Group, MentoringPhase
from groups.permissions import Capability, requires
from groups.shared.days import read_month
from groups.shared.submit import only_looks, posted, submit
from kelompok.forms import HandoverForm, MonthReportForm
from kelompok.selectors.brief import brief
from kelompok.selectors.month_report import month_of
from kelompok.selectors.workload import workloads
from kelompok.services.handover import facilitator_handover, handed_over
from kelompok.tables import workload_table
from meetings.forms.visits import WithdrawForm
from meetings.models import MonthReport


@requires(Capability.MENTOR)
@require_GET
def visit_brief(request: GroupRequest) -> HttpResponse:
    """One page before a visit: what to ask about. Signals are shown to those alone who look into them."""
    return render(request, "meetings/brief.html", {"brief": brief(request.group, as_of=timezone.localdate())})


@requires(Capability.READ)
@require_GET
def mentoring(request: GroupRequest) -> HttpResponse:
    """In which phase a group is, what was agreed, whether it stays dependent, and the phases before."""
    group, today = request.group, timezone.localdate()
    own = Group.objects.filter(pk=group.pk)
    now = groups.selectors.mentoring_of([group], as_of=today).get(group.pk)
    last = meetings.selectors.last_visited_on(own, as_of=today).get(group.pk)
    phases = list(groups.selectors.mentoring_phases(group))
    context = {
        "group": group,
        "now": now,
        "today": today,
        "last_visited_on": last,
        "visit_due_on": now.visit_due_on(last) if now is not None else None,
        "phases": phases,
        "latest": next((phase for phase in phases if phase.withdrawn_at is None), None),
    }
    return render(request, "groups/mentoring.html", context)


@requires(Capability.MENTOR)
def mentoring_phase(request: GroupRequest) -> HttpResponse:
    """Begin a phase, or make the running one longer, with what is agreed."""
    now = groups.selectors.mentoring_of([request.group], as_of=timezone.localdate()).get(request.group.pk)
    form = PhaseForm(posted(request), group=request.group, running=now.agreed if now is not None else None)
    return submit(
        request,
        form,
        lambda _data: groups.services.mentoring_phase_begin(
            actor=request.user, group=request.group, phase=form.instance
        ),
        done=_("The phase is recorded."),
        then=lambda _phase: redirect("mentoring", request.group.code),
    ) or render(request, "groups/mentoring_form.html", {"form": form, "title": _("Begin a phase")})


@requires(Capability.MENTOR)
def mentoring_end(request: GroupRequest) -> HttpResponse:
    """End mentoring with a review of how the group stands."""
    form = ExitForm(posted(request), group=request.group)
    return submit(
        request,
        form,
        lambda _data: groups.services.mentoring_end(
            actor=request.user, group=request.group, phase=form.phase, review=form.instance
        ),
        done=_("Mentoring of the group has ended."),
        then=lambda phase: redirect("exit-review", request.group.code, phase.pk),
    ) or render(request, "groups/exit_form.html", {"form": form})


@requires(Capability.READ)
@require_GET
def exit_review(request: GroupRequest, pk: int) -> HttpResponse:
    """The review with which mentoring ended, to print and sign."""
    reviews = ExitReview.objects.filter(group=request.group).select_related("phase__recorded_by", "phase__withdrawn_by")
    review = reviews.filter(phase=pk).first()
    if review is None:
        raise Http404
    return render(request, "groups/exit_review.html", {"review": review, "print_frame": frame_of(request)})


@requires(Capability.MENTOR)
def mentoring_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back the latest phase, which was recorded by mistake."""
    phase = get_object_or_404(MentoringPhase, group=request.group, pk=pk)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: groups.services.mentoring_phase_withdraw(actor=request.user, phase=phase, **data),
        done=_("The phase is withdrawn."),
        then=lambda _phase: redirect("mentoring", request.group.code),
    ) or render(
        request, "groups/mentoring_form.html", {"form": form, "title": _("Withdraw this phase"), "about": phase}
    )


@requires(Capability.ASSESS)
@require_GET
def workload(request: UserRequest) -> HttpResponse:
    """What each facilitator has to do: groups, visits of three months, what is overdue, phases."""
    today = timezone.localdate()
    table = workload_table(request.user, workloads(request.user, as_of=today), as_of=today)
    return tables.respond(request, "groups/workload.html", {"table": table}, lambda: table)


@requires(Capability.CONFIGURE)
def handover(request: UserRequest) -> HttpResponse:
    """Hand all groups of a facilitator to another one; `look` lists what goes along."""
    form = HandoverForm(posted(request), actor=request.user)
    moving = None
    if form.is_valid():
        data = form.cleaned_data
        moving = handed_over(request.user, former=data["former"], on=data["on"])
    return submit(
        request,
        form,
        lambda data: facilitator_handover(actor=request.user, **data),
        done=_handed,
        then=lambda _groups: redirect("workload"),
    ) or render(request, "groups/handover.html", {"form": form, "moving": moving, "looked": only_looks(request)})


def _handed(moved: list[Group]) -> str:
    if not moved:
        return _("There was nothing to hand over.")
    count = ngettext("%(count)d group is handed over.", "%(count)d groups are handed over.", len(moved))
    return count % {"count": len(moved)}


@requires(Capability.MENTOR)
def month_report(request: UserRequest) -> HttpResponse:
    """The own report of a month: as it was written last, else as the records tell it; to change, print and sign."""
    today = timezone.localdate()
    month = _month_asked(request.GET.get("month", ""), today)
    own = MonthReport.objects.filter(author=request.user, month=month)
    latest = own.first()
    told = month_of(request.user, request.user, month)
    form = MonthReportForm(posted(request), initial={"text": latest.text if latest is not None else told.words})
    context = {"form": form, "latest": latest, "told": told, "month": month, "today": today,
               "before": (month - timedelta(1)).replace(day=1), "after": told.end}  # fmt: skip
    return submit(
        request,
        form,
        lambda data: meetings.services.month_report_write(actor=request.user, month=month, **data),
        done=_("The report is saved."),
        then=lambda report: redirect("month-report-shown", report.pk),
    ) or render(request, "groups/month_report.html", context)


def _month_asked(text: str, today: date) -> date:
    """Return the month that a link names, up to the one of today, which is that of anything else."""
    try:
        month = read_month(text)
    except ValidationError:
        return today.replace(day=1)
    return month if date(1945, 1, 1) <= month <= today else today.replace(day=1)


@requires(Capability.MENTOR)
@require_GET
def month_report_list(request: UserRequest) -> HttpResponse:
    """The reports that were written, each in its latest version."""
    later = MonthReport.objects.filter(
        author=OuterRef("author"), month=OuterRef("month"), version__gt=OuterRef("version")
    )
    reports = MonthReport.objects.visible_to(request.user).filter(~Exists(later)).select_related("author")
    page = Paginator(reports.order_by("-month", "author", "pk"), 20).get_page(request.GET.get("page"))
    return render(request, "groups/month_reports.html", {"page": page})


@requires(Capability.MENTOR)
@require_GET
def month_report_shown(request: UserRequest, pk: int) -> HttpResponse:
    """A report to print and sign."""
    reports = MonthReport.objects.visible_to(request.user).select_related("author", "organisation")
    return render(request, "groups/month_report_shown.html", {"report": get_object_or_404(reports, pk=pk)})
