"""The one way in which a form of money is sent: once, with what was refused at its field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from finance.ledger.errors import AlreadyDone, AlreadyPosted, CoverRefused, LedgerError, PeriodClosed, RuleBroken
from finance.models import Entry
from groups.forms import renew_key
from groups.http import GroupRequest
from groups.shared.submit import show_refusal

SENT_FORMS = "sent_forms"
"""Where a session keeps, by their keys, the marks of the forms it recorded last."""
FORMS_KEPT = 20

T = TypeVar("T")


def submit_once(
    request: GroupRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any]], T],
    *,
    then: Callable[[T | None], HttpResponse],
    done: str = "",
    at: Mapping[type[LedgerError], str] | None = None,
    recorded: QuerySet[Any] | None = None,
) -> HttpResponse | None:
    """Record a form that is right with `do`, say `done`, and answer with `then` of what `do` gave.

    None means that the form is to be shown: it was not sent, or it says what is wrong. What `do` refuses stands at the
    field that the error names, or at the one that `at` has for its kind. A form that was recorded before, under the
    same key among `recorded` (by default the group's entries), is told so and `then` gets None; see `was_recorded`.
    """
    is_right = form.is_valid()
    if was_sent(request, form, recorded):
        return then(None) if was_recorded(request, form) else None
    if not is_right:
        return None
    try:
        result = do(form.cleaned_data)
    except AlreadyPosted:
        return then(None) if was_recorded(request, form) else None
    except AlreadyDone as error:
        messages.info(request, str(error))
        return then(None)
    except ValidationError as error:
        show_refusal(form, error)
        return None
    except LedgerError as error:
        form.add_error(_field_of(form, error, at or {}), str(error))
        return None
    _remember(request, form)
    if done:
        messages.success(request, done)
    return then(result)


def was_sent(request: GroupRequest, form: forms.Form, recorded: QuerySet[Any] | None = None) -> bool:
    """Say whether this very form was posted before, whatever else it says: sent twice it must not complain."""
    key = form.cleaned_data.get("key") if form.is_bound else None
    if key is None:
        return False
    entries = Entry.objects.filter(group=request.group) if recorded is None else recorded
    return entries.filter(key=key).exists()


def was_recorded(request: GroupRequest, form: forms.Form) -> bool:
    """Tell that a form, whose key was used, is recorded already.

    False where other words stand in it now, as after going back in the browser: `form` says so and has a new key, to
    be sent once more. After signing in anew nobody knows the words, and it counts as the same form.
    """
    earlier = request.session.get(SENT_FORMS, {}).get(str(form.cleaned_data["key"]))
    if earlier in (None, _mark(form)):
        messages.info(request, str(AlreadyPosted()))
        return True
    words = _("What stood in this form before is recorded already, and stays as it is.")
    form.add_error(None, [words, _("To record what stands here now as well, send it once more.")])
    renew_key(form)
    return False


def _field_of(form: forms.Form, error: LedgerError, at: Mapping[type[LedgerError], str]) -> str | None:
    """Return the field of `form` that a refusal is about, None if it is about the form as a whole."""
    field = next((field for kind, field in at.items() if isinstance(error, kind)), None)
    if isinstance(error, RuleBroken):
        field = error.field
    elif isinstance(error, CoverRefused) and error.member is not None:
        field = next(name for name in form.fields if name in (f"share_{error.member.pk}", f"back_{error.member.pk}"))
    elif isinstance(error, PeriodClosed) and PeriodClosed not in at:
        field = "received_on" if "received_on" in form.fields else "on"
    return field if field in form.fields else None


def _remember(request: GroupRequest, form: forms.Form) -> None:
    """Keep a mark of what stood in a form that is recorded now, for `was_recorded`; only of the last forms."""
    marks = {**request.session.get(SENT_FORMS, {}), str(form.cleaned_data["key"]): _mark(form)}
    request.session[SENT_FORMS] = dict(list(marks.items())[-FORMS_KEPT:])


def _mark(form: forms.Form) -> str:
    typed = {name: form[name].data for name, field in form.fields.items() if not field.widget.is_hidden}
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:16]
