"""Saving in the administration as the services do: under a lock, and never over what others wrote meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.forms.models import _get_foreign_key
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Group
from groups.shared.clock import zone_of
from groups.shared.seen import changed_meanwhile, is_seen, state_of, stored_now
from groups.shared.submit import show_refusal

if TYPE_CHECKING:
    from django.http import HttpRequest

SEEN = "_seen"
"""The hidden field of a page that says which state of the row and of those below it was looked at."""


class LockedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Reads the row under the lock of what it belongs to, and writes its changed fields alone.

    Django's own reads the row, locks nothing and writes every column back. What a service or the database refuses, and
    what somebody else changed meanwhile, is said at the form, which keeps what was typed.
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
        """Return the row, before a change as it is under the lock, and remember which state was looked at."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            self.lock_for(request, obj)
            obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            _use_clock_of(obj)
            page = _page(request)
            page["seen"] = self._state(request, obj)
            if not is_seen(page["seen"], request.POST.get(SEEN, "")):
                page["stored"] = stored_now(obj, self._own_fields(request, obj))
        return obj

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which is not valid where the row changed meanwhile or saving it was refused."""
        form, page = super().get_form(request, obj, change=change, **kwargs), _page(request)
        if not page.keys() & {"stored", "refusal"}:
            return form

        class RefusedForm(form):  # type: ignore[valid-type, misc]
            def clean(self) -> Any:
                cleaned = super().clean()
                if "refusal" in page:
                    show_refusal(self, page["refusal"])
                else:
                    self.add_error(None, changed_meanwhile())
                    for name in set(self.changed_data) & page["stored"].keys():
                        self.add_error(name, page["stored"][name])
                return cleaned

        return RefusedForm

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show the form again with what was refused while it was saved; nothing of it was written."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError as error:
            refusal = error
        except (IntegrityError, DataError):
            refusal = ValidationError(_("This does not fit what is recorded already. Nothing was saved."))
        if request.method != "POST":
            raise refusal
        _page(request)["refusal"] = refusal
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write a new row, or the changed fields of one that is there."""
        obj.save(update_fields=self.saved_fields(form) if change else None)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Let the page say which state it shows."""
        context["seen"] = _page(request).get("seen", "")
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


def _page(request: HttpRequest) -> dict[str, Any]:
    """Return what is known of the page that a request is about."""
    page: dict[str, Any] = request.__dict__.setdefault("locked_admin", {})
    return page


def _link(parent: LockedAdmin, inline: Any) -> str:
    return _get_foreign_key(parent.model, inline.model, fk_name=inline.fk_name).name
