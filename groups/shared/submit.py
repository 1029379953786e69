"""One way for a view to take a form: bind it, call the service, show what was refused or go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict

from groups.forms import change_data, renew_key
from groups.services import FormUsed
from groups.shared.seen import ChangedMeanwhile

T = TypeVar("T")


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, None for any other method; an empty post is a post."""
    return request.POST if request.method == "POST" else None


def only_looks(request: HttpRequest) -> bool:
    """Say whether a form was sent to see what it would do, with the button `look`: nothing is recorded."""
    return request.POST.get("action") == "look"


def submit(
    request: HttpRequest,
    form: forms.BaseForm,
    service: Callable[[dict[str, Any]], T],
    *,
    done: str | Callable[[T], str],
    then: Callable[[T], HttpResponse],
) -> HttpResponse | None:
    """Call `service` with the cleaned data of a valid form, say `done`, and answer with `then` of what it returned.

    None means that the form is to be shown, with what was refused at its fields, or to somebody who only looks.
    """
    if only_looks(request) or not form.is_valid():
        return None
    try:
        result = service(form.cleaned_data)
    except ValidationError as error:
        show_refusal(form, error)
        if isinstance(error, FormUsed):
            renew_key(form)
        if isinstance(error, ChangedMeanwhile):
            change_data(form, "seen", error.seen)
        return None
    messages.success(request, done if isinstance(done, str) else done(result))
    return then(result)


def show_refusal(form: forms.BaseForm, error: ValidationError) -> None:
    """Show what a service refused: at the fields it names, or for the form as a whole where the form lacks them.

    A form says in `told_at` which field stands for one of the model.
    """
    refused = error.error_dict.items() if hasattr(error, "error_dict") else [(None, error)]
    for named, problems in refused:
        field = getattr(form, "told_at", {}).get(named, named)
        form.add_error(field if field in form.fields else None, problems)
