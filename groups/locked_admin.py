"""Saving in the administration as the services do: under a lock, and never over what others wrote meanwhile."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.forms.models import _get_foreign_key
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.forms.three_way import shown_by, three_way_form, three_way_rows
from groups.models import Group, User
from groups.shared.clock import zone_of
from groups.shared.content import content_of
from groups.shared.refusals import Refused, as_validation_error
from groups.shared.seen import state_of, wrote_alone
from groups.shared.submit import show_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

SEEN = "_seen"
"""The hidden field of a page that says, signed, what each field of the row and of those below it showed first."""
KEY = "_key"
"""The hidden field that tells one page from another, so that the same one sent twice is known."""


class LockedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Reads the row under the lock of what it belongs to, and writes its changed fields alone.

    Django's own reads the row, locks nothing and writes every column back. What a service or the database refuses, and
    what somebody else changed meanwhile, is said at the form, which keeps what was typed. The same page sent twice with
    the same content is saved once: the log of the administration keeps the mark of each page that was.
    """

    def lock_for(self, request: HttpRequest, obj: Any) -> None:
        """Lock the group that `obj` belongs to, as services do, and `obj` until the transaction ends."""
        if getattr(obj, "group_id", None) is not None:
            Group._base_manager.select_for_update(no_key=True).get(pk=obj.group_id)
        self.model._base_manager.select_for_update(no_key=True).filter(pk=obj.pk).first()

    def saved_fields(self, form: Any) -> set[str]:
        """Return the names of the columns that a changed form writes."""
        return {field.name for field in self.opts.concrete_fields} & set(form.changed_data)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, before a change as it is under the lock."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            self.lock_for(request, obj)
            obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            _use_clock_of(obj)
        return obj

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which writes over nothing that changed meanwhile and says why saving was refused."""
        form, page = super().get_form(request, obj, change=change, **kwargs), _page(request)
        if obj is not None and SEEN in request.POST:
            form = three_way_form(form, _first_shown(request)["fields"], partial(self._wrote_alone, request, obj))
        if "refusal" not in page:
            return form

        class RefusedForm(form):  # type: ignore[valid-type, misc]
            def clean(self) -> Any:
                cleaned = super().clean()
                show_refusal(self, page["refusal"])
                return cleaned

        return RefusedForm

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[tuple[Any, Any]]:
        """Return the rows below, which write over nothing that changed meanwhile either."""
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            if obj is not None and SEEN in request.POST and inline.has_change_permission(request, obj):
                is_own = partial(self._wrote_alone, request, obj)
                yield three_way_rows(formset, _first_shown(request)["fields"], is_own), inline
            else:
                yield formset, inline

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form again with what was refused while it was saved; nothing of it was written.

        A page that was saved before is told so.
        """
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with transaction.atomic():
                # The same page that is being saved right now is waited for here.
                if object_id is None:
                    User.objects.select_for_update(no_key=True).get(pk=_person(request).pk)
                else:
                    self.get_object(request, unquote(object_id))
                told = self._saved_before(request, object_id)
                return told or super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            refusal = error
        except Refused as error:
            refusal = as_validation_error(error)
        except (IntegrityError, DataError):
            refusal = ValidationError(_("This does not fit what is recorded already. Nothing was saved."))
        _page(request)["refusal"] = refusal
        told = self._saved_before(request, object_id)
        return told or super().changeform_view(request, object_id, form_url, extra_context)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Keep in the log which page with which content was saved, and the state after it, beside what it changed."""
        changed = super().construct_change_message(request, form, formsets, add)
        mark = _mark(request)
        if not mark:
            return changed
        stored = self.model._base_manager.get(pk=form.instance.pk)
        return [*changed, {"page": mark, "state": self._state(request, stored)}]

    def _saved_before(self, request: HttpRequest, object_id: str | None) -> HttpResponseBase | None:
        """Return the answer to a page that the same person saved before with the same content, None to another one.

        One whose row is not as it left it any more is none: somebody changed it meanwhile.
        """
        mark = _mark(request)
        if not mark:
            return None
        content_type = ContentType.objects.get_for_model(self.model)
        logged = LogEntry.objects.filter(user=_person(request).pk, content_type=content_type)
        saved = logged.filter(change_message__contains=mark).first()
        row = self.get_queryset(request).filter(pk=saved.object_id).first() if saved is not None else None
        if saved is None or row is None:
            return None
        if object_id is not None and json.loads(saved.change_message)[-1]["state"] != self._state(request, row):
            return None
        if IS_POPUP_VAR in request.POST:
            return (self.response_add if object_id is None else self.response_change)(request, row)
        messages.info(request, _("This is saved already."))
        if "_addanother" in request.POST:
            return redirect(f"{self._url_names}_add")
        if "_continue" in request.POST:
            return redirect(f"{self._url_names}_change", row.pk)
        return self.response_post_save_change(request, row)

    def written_with(self, obj: Any) -> Iterable[Any]:
        """Return the rows on whose pages `obj` is written too: the log names them, not `obj`."""
        return ()

    def _wrote_alone(self, request: HttpRequest, obj: Any, row: Any) -> bool:
        """Say whether the same person wrote a row of the page of `obj` since it was opened, and nobody else."""
        rows = {obj, row, *self.written_with(obj)} if row.pk is not None else {obj, *self.written_with(obj)}
        return wrote_alone(_person(request).pk, rows, since=_first_shown(request)["at"])

    @property
    def _url_names(self) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write a new row, or the changed fields of one that is there."""
        obj.save(update_fields=self.saved_fields(form) if change else None)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Let the page say which one it is, and what it shows first."""
        context["seen"] = _sign_shown(request, context) if context["original"] is not None else ""
        context["key"] = request.POST.get(KEY) or uuid.uuid4()
        return super().render_change_form(request, context, *args, **kwargs)

    def _own_fields(self, request: HttpRequest, obj: Any) -> list[str]:
        """Return the names of the columns a person can write on the page of `obj`."""
        shown = set(self.get_readonly_fields(request, obj))
        return [field.name for field in self.opts.concrete_fields if field.editable and field.name not in shown]

    def _state(self, request: HttpRequest, obj: Any) -> str:
        """Return a hash of what a person can write on the page of `obj`: its columns, and the rows below it."""
        below = [
            list(inline.model._base_manager.filter(**{_link(self, inline): obj}).order_by("pk").values_list())
            for inline in self.get_inline_instances(request, obj)
            if inline.has_change_permission(request, obj)
        ]
        return state_of(obj, self._own_fields(request, obj), below)


def _use_clock_of(obj: Any) -> None:
    """Make the clock at the place of a row's group the current one for this request, as on the group's own pages."""
    group = obj if isinstance(obj, Group) else getattr(obj, "group", None)
    if isinstance(group, Group):
        timezone.activate(zone_of(group.village_id))


def _sign_shown(request: HttpRequest, context: dict[str, Any]) -> str:
    """Return, signed for this page, when it was opened and what its fields show, those of the rows below it too."""
    shown = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        if inline.has_change_permission:
            shown += inline.formset.forms
    opened = {"at": timezone.now().isoformat(), "fields": shown_by(shown)}
    return signing.dumps(opened, salt=_salt(request), compress=True)


def _first_shown(request: HttpRequest) -> dict[str, Any]:
    """Return what `_sign_shown` signed of the page that was sent; None twice where that cannot be told."""
    page = _page(request)
    if "first" not in page:
        try:
            page["first"] = signing.loads(request.POST[SEEN], salt=_salt(request))
        except signing.BadSignature:
            page["first"] = {"at": None, "fields": None}
    first: dict[str, Any] = page["first"]
    return first


def _salt(request: HttpRequest) -> str:
    return f"{SEEN} {request.path}"


def _page(request: HttpRequest) -> dict[str, Any]:
    """Return what is known of the page that a request is about."""
    page: dict[str, Any] = request.__dict__.setdefault("locked_admin", {})
    return page


def _person(request: HttpRequest) -> User:
    # The admin's pages are for signed-in staff only.
    return cast(User, request.user)


def _mark(request: HttpRequest) -> str:
    """Return the mark of a page with what was sent on it, "" of one that does not say which it is."""
    if not request.POST.get(KEY):
        return ""
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    return content_of(typed, about=request.path)


def _link(parent: LockedAdmin, inline: Any) -> str:
    return _get_foreign_key(parent.model, inline.model, fk_name=inline.fk_name).name
