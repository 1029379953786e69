"""The one way in which a form of money is sent: once, with what was refused at its field."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance import selectors
from finance.ledger.errors import (
    AlreadyDone,
    AlreadyPosted,
    CoverRefused,
    DayToCome,
    GroupDissolved,
    LedgerError,
    PeriodClosed,
    RuleBroken,
)
from finance.models import Entry, SentForm
from groups.forms import renew_key
from groups.http import GroupRequest
from groups.shared.content import content_of
from groups.shared.money import rupiah
from groups.shared.submit import only_looks, show_refusal

T = TypeVar("T")


def submit_once(
    request: GroupRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any]], T],
    *,
    then: Callable[[T | None], HttpResponse],
    done: str = "",
    at: Mapping[type[LedgerError], str] | None = None,
) -> HttpResponse | None:
    """Record a form that is right with `do`, say `done`, and answer with `then` of what `do` gave.

    None means that the form is to be shown: it was not sent, only to look, or it says what is wrong. What `do` refuses
    stands at the field that the error names, or at the one that `at` has for its kind. A form that was recorded before,
    under the same key, is told so and `then` gets None; where other words stand in it now, it is shown with them.
    """
    if only_looks(request):
        return None
    is_right = form.is_valid()
    if was_sent(request, form):
        return then(None) if _says_the_same(request, form) else None
    if not is_right:
        return None
    try:
        with transaction.atomic():
            result = do(form.cleaned_data)
            _remember(request, form)
    except (AlreadyPosted, IntegrityError) as error:
        if isinstance(error, IntegrityError) and not was_sent(request, form):
            raise
        return then(None) if _says_the_same(request, form) else None
    except ValidationError as error:
        show_refusal(form, error)
        return None
    except LedgerError as error:
        return _refused(request, form, error, then=then, at=at or {})
    if done:
        messages.success(request, done)
    _warn_of_short_days(request, form)
    return then(result)


def _warn_of_short_days(request: GroupRequest, form: forms.Form) -> None:
    """Say where what was recorded late took more than there was on its day or a later one."""
    key = form.cleaned_data.get("key")
    entry = Entry.objects.filter(group=request.group, key=key).first() if key is not None else None
    for found in selectors.short_days(entry) if entry is not None else ():
        kind, member = found.account.get_kind_display(), found.account.member
        messages.warning(
            request,
            _("%(account)s was %(short)s below zero on %(day)s by the records. Check whether a date is wrong.")
            % {
                "account": f"{kind}: {member}" if member is not None else kind,
                "short": rupiah(found.short),
                "day": date_format(found.on),
            },
        )


def was_sent(request: GroupRequest, form: forms.Form) -> bool:
    """Say whether this very form was recorded before, whatever it says now: sent twice it must not complain."""
    key = form.cleaned_data.get("key") if form.is_bound else None
    return key is not None and (
        _sent(request, key) is not None or Entry.objects.filter(group=request.group, key=key).exists()
    )


def _sent(request: GroupRequest, key: uuid.UUID) -> SentForm | None:
    return SentForm.objects.filter(group=request.group, key=key).first()


def _says_the_same(request: GroupRequest, form: forms.Form) -> bool:
    """Tell that a form, whose key was used, is recorded already.

    False where other words stand in it now, as after going back in the browser: `form` says so and has a new key, to
    be sent once more. What was recorded without a form has no words to differ from.
    """
    earlier = _sent(request, form.cleaned_data["key"])
    if earlier is None or earlier.content == _content(request, form):
        messages.info(request, str(AlreadyPosted()))
        return True
    words = _("What this form held before is recorded already, and stays as it is.")
    form.add_error(None, [words, _("To record what stands here now as well, send it once more.")])
    renew_key(form)
    return False


def _refused(
    request: GroupRequest,
    form: forms.Form,
    error: LedgerError,
    *,
    then: Callable[[None], HttpResponse],
    at: Mapping[type[LedgerError], str],
) -> HttpResponse | None:
    """Show what was refused; not where the same form, sent twice at once, was the reason."""
    if was_sent(request, form):
        return then(None) if _says_the_same(request, form) else None
    if isinstance(error, AlreadyDone):
        messages.info(request, str(error))
        return then(None)
    form.add_error(_field_of(form, error, at), str(error))
    return None


def _remember(request: GroupRequest, form: forms.Form) -> None:
    SentForm.objects.create(
        group=request.group, key=form.cleaned_data["key"], content=_content(request, form), sent_by=request.user
    )


def _content(request: GroupRequest, form: forms.Form) -> str:
    """Return the mark of what somebody typed in a form, and of the page it stood on: that says whom it is about."""
    hidden = {form.add_prefix(name) for name, field in form.fields.items() if field.widget.is_hidden}
    typed = [(name, value) for name, values in cast(QueryDict, form.data).lists() for value in values]
    return content_of(typed, but=hidden, about=request.get_full_path())


def _field_of(form: forms.Form, error: LedgerError, at: Mapping[type[LedgerError], str]) -> str | None:
    """Return the field of `form` that a refusal is about, None if it is about the form as a whole."""
    field = next((field for kind, field in at.items() if isinstance(error, kind)), None)
    if isinstance(error, RuleBroken):
        field = error.field
    elif isinstance(error, CoverRefused) and error.member is not None:
        field = next(name for name in form.fields if name in (f"share_{error.member.pk}", f"back_{error.member.pk}"))
    elif isinstance(error, GroupDissolved | DayToCome):
        field = "on"
    elif isinstance(error, PeriodClosed) and PeriodClosed not in at:
        field = "received_on" if "received_on" in form.fields else "on"
    return field if field in form.fields else None
