"""What the pages of a loan's steps share: a form that is sent once, with what was refused at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse

from finance.errors import AlreadyPosted, CoverRefused, LedgerError, PeriodClosed, RuleBroken
from finance.models import Entry
from groups.http import GroupRequest

T = TypeVar("T")


def take_step(
    request: GroupRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any]], T],
    *,
    then: Callable[[T | None], HttpResponse],
    done: str,
    at: Mapping[type[LedgerError], str] | None = None,
) -> HttpResponse | None:
    """Do the step of a form that is right, say `done`, and answer with `then` of what it gave.

    None means that the form is to be shown, with what was refused at the field the error names, or at the one that `at`
    has for its kind. A step that was done before, under the same key, is told so and `then` gets None.
    """
    is_right = form.is_valid()
    if was_sent(request, form):
        messages.info(request, str(AlreadyPosted()))
        return then(None)
    if not is_right:
        return None
    try:
        result = do(form.cleaned_data)
    except AlreadyPosted as error:
        messages.info(request, str(error))
        return then(None)
    except LedgerError as error:
        refuse(form, error, at=at)
        return None
    messages.success(request, done)
    return then(result)


def was_sent(request: GroupRequest, form: forms.Form) -> bool:
    """Say whether this very form was posted before, whatever else it says: sent twice it must not complain."""
    key = form.cleaned_data.get("key") if form.is_bound else None
    return key is not None and Entry.objects.filter(group=request.group, key=key).exists()


def refuse(form: forms.Form, error: LedgerError, *, at: Mapping[type[LedgerError], str] | None = None) -> None:
    """Show on `form` what a service refused: at the field it is about, else for the form as a whole."""
    field = next((field for kind, field in (at or {}).items() if isinstance(error, kind)), None)
    if isinstance(error, RuleBroken):
        field = error.field
    elif isinstance(error, CoverRefused) and error.member is not None:
        field = next(name for name in form.fields if name in (f"share_{error.member.pk}", f"back_{error.member.pk}"))
    elif isinstance(error, PeriodClosed):
        field = "received_on" if "received_on" in form.fields else "on"
    form.add_error(field if field in form.fields else None, str(error))
