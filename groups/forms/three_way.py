"""A form sent over a row that somebody wrote meanwhile, compared field by field.

Three values of a field count: the one the page showed first, the one stored now, and the one sent. What nobody touched
on the page stays as it is stored. What somebody changed on it is taken where the stored value is the first one or the
one sent; otherwise it is refused at its field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from groups.shared.seen import changed_meanwhile, stored_now

if TYPE_CHECKING:
    from django.db.models import Model
    from django.forms.boundfield import BoundField

    _Form = forms.ModelForm[Any]
    _FormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    _Form = _FormSet = object

Shown = Mapping[str, Any]
"""What fields show, as JSON, by their names in the page."""


def shown_by(shown: Iterable[forms.ModelForm[Any]]) -> dict[str, Any]:
    """Return what the fields of forms show of rows that are stored."""
    return {
        bound.html_name: _stored(bound)
        for form in shown
        if not form.instance._state.adding
        for bound in form
        if not bound.field.disabled
    }


def three_way_form(form: type[Any], first: Shown | None, is_own: Callable[[Model], bool]) -> type[Any]:
    """Return the class of a model form that compares what is sent with what is stored and with what was `first`.

    None is a page of which nobody knows what it showed: what differs from the stored is refused. `is_own` says whether
    whoever sent the page changed a row meanwhile, and nobody else.
    """

    class ThreeWayForm(_ThreeWayForm, form):  # type: ignore[misc]
        pass

    ThreeWayForm.first, ThreeWayForm.is_own = first, staticmethod(is_own)
    return ThreeWayForm


def three_way_rows(formset: type[Any], first: Shown | None, is_own: Callable[[Model], bool]) -> type[Any]:
    """Return the class of an inline formset whose rows are compared as `three_way_form` does."""

    class ThreeWayRows(_ThreeWayRows, formset):  # type: ignore[misc]
        form = three_way_form(formset.form, first, is_own)

    return ThreeWayRows


class _ThreeWayForm(_Form):
    first: Shown | None
    is_own: Callable[[Model], bool]
    is_removed = False
    """Whether somebody removed the row since the page was opened."""

    def _widget_data_value(self, widget: forms.Widget, html_name: str) -> Any:
        """Return what was sent; of a field that nobody touched, what is stored, if it is another value by now."""
        sent = super()._widget_data_value(widget, html_name)  # type: ignore[misc]  # the stubs lack it
        name = html_name.removeprefix(self.add_prefix(""))
        if name not in self.fields:
            return sent  # the hidden first value of a field with a default
        bound = self[name]
        is_kept = self.is_stored_otherwise(bound) and not self._is_touched(bound, sent)
        return bound.field.prepare_value(bound.initial) if is_kept else sent

    def is_stored_otherwise(self, bound: BoundField) -> bool:
        """Say whether what is stored is not what the page showed first."""
        if bound.field.disabled or self.instance._state.adding:
            return False
        if self.first is None:
            return True
        return bound.html_name in self.first and self.first[bound.html_name] != _stored(bound)

    def _is_touched(self, bound: BoundField, sent: Any) -> bool:
        if self.first is None or bound.html_name not in self.first:
            return True
        return _differs(bound.field, self.first[bound.html_name], sent)

    def has_changed(self) -> bool:
        """Say whether anything was changed here; of a row that is not stored, whether it was on this page."""
        if self.is_removed:
            return any(self._is_touched(bound, bound.data) for bound in self)
        return super().has_changed()

    def clean(self) -> Any:
        """Refuse what was changed here and meanwhile, each to another value."""
        cleaned = super().clean()
        if self.is_removed:
            if not self.cleaned_data.get("DELETE"):
                self.add_error(None, _removed_meanwhile(by_oneself=self.is_own(self.instance)))
            return cleaned
        columns = {field.name for field in self.instance._meta.concrete_fields if not field.primary_key}
        refused = [bound.name for bound in self if bound.name in columns and self._is_refused(bound)]
        for name, text in stored_now(self.instance, refused).items():
            self.add_error(name, text)
        if refused:
            self.add_error(None, changed_meanwhile(by_oneself=self.is_own(self.instance)))
        return cleaned

    def _is_refused(self, bound: BoundField) -> bool:
        if not self.is_stored_otherwise(bound):
            return False
        # Of what nobody touched this is what is stored.
        return bound.field.has_changed(bound.initial, bound.data)


class _ThreeWayRows(_FormSet):
    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        """Take a row that somebody removed meanwhile for an empty one, unless it was changed here."""
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]  # the stubs lack it
        if self.is_bound and i < self.initial_form_count() and form.instance._state.adding:
            form.is_removed = form.empty_permitted = True
            key = form.fields[form.instance._meta.pk.name]
            key.required, key.disabled = False, True
        return form

    def clean(self) -> None:
        """Refuse to remove a row that somebody changed meanwhile."""
        super().clean()
        for form in self.forms:
            is_to_go = self.can_delete and self._should_delete_form(form)  # type: ignore[attr-defined]
            if is_to_go and not form.is_removed and any(form.is_stored_otherwise(bound) for bound in form):
                told = changed_meanwhile(by_oneself=form.is_own(form.instance))
                raise ValidationError(f"{form.instance}: {told}")


def _removed_meanwhile(*, by_oneself: bool) -> str:
    if by_oneself:
        return _("You removed this row yourself after opening this page. Remove it here too, or add it anew.")
    return _("Somebody removed this row meanwhile. Remove it here too, or add it anew.")


def _stored(bound: BoundField) -> Any:
    """Return what a field shows of its row, as JSON."""
    return json.loads(json.dumps(bound.field.prepare_value(bound.initial), cls=DjangoJSONEncoder))


def _differs(field: forms.Field, first: Any, sent: Any) -> bool:
    """Say whether what was sent is another value than the one shown first; a browser sends its own ends of lines."""
    if isinstance(first, str) and isinstance(sent, str):
        first, sent = _lines(first), _lines(sent)
    try:
        # Fields that choose rows compare keys, which is what they show.
        shown = first if isinstance(field, forms.ModelChoiceField) else field.to_python(first)
    except ValidationError:
        return bool(first != sent)
    return field.has_changed(shown, sent)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
