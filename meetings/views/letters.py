"""The book of letters (buku agenda surat): what a group got and sent, to print and as files."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from finance.views.paging import lines_shown
from finance.views.printing import respond_with_book
from groups.http import GroupRequest
from groups.permissions import Capability, requires
from groups.shared.clock import today_of
from groups.shared.submit import posted, submit
from meetings import selectors, services
from meetings.forms.letters import LetterForm, LettersForm
from meetings.forms.visits import WithdrawForm
from meetings.tables import letters_table

LINES_ON_A_PAGE = 50


@requires(Capability.READ)
@require_GET
def letters(request: GroupRequest) -> HttpResponse:
    """The letters of the group, the latest first."""
    form, group = LettersForm(request.GET), request.group
    found = selectors.letters_of(group, **form.asked())
    page = lines_shown(request, found, at_a_time=LINES_ON_A_PAGE)
    table = partial(letters_table, group, as_of=today_of(group))
    context = {"form": form, "page": page, "table": table(page.object_list)}
    return respond_with_book(request, "meetings/letters.html", context, lambda: table(found))


@requires(Capability.READ)
@require_GET
def letter(request: GroupRequest, pk: int) -> HttpResponse:
    """One letter with what was done with it."""
    found = get_object_or_404(selectors.letters_of(request.group), pk=pk)
    return render(request, "meetings/letter.html", {"letter": found})


@requires(Capability.RECORD)
def letter_record(request: GroupRequest) -> HttpResponse:
    """Write a letter into the book."""
    form = LetterForm(posted(request), group=request.group)
    return submit(
        request,
        form,
        lambda _data: services.letter_record(actor=request.user, group=request.group, letter=form.instance),
        done=_("The letter is recorded."),
        then=lambda _letter: redirect("letters", request.group.code),
    ) or render(request, "meetings/letter_form.html", {"form": form})


@requires(Capability.RECORD)
def letter_withdraw(request: GroupRequest, pk: int) -> HttpResponse:
    """Take back a letter recorded by mistake."""
    found = get_object_or_404(request.group.letters, pk=pk)
    form = WithdrawForm(posted(request))
    return submit(
        request,
        form,
        lambda data: services.letter_withdraw(actor=request.user, letter=found, **data),
        done=_("The letter is withdrawn."),
        then=lambda _letter: redirect("letters", request.group.code),
    ) or render(request, "meetings/letter_withdraw.html", {"form": form, "letter": found})
