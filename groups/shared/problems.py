"""What is wrong with the forms of a page, for the summary at its top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence, the place it is about in words, and the id of that place on the page; both may be empty."""

    text: str
    place: str = ""
    anchor: str = ""


def problems_of(form: forms.BaseForm, whose: str = "") -> Iterator[Problem]:
    """Yield every error of a form, those about the form as a whole first, then in the order of its fields.

    `whose` says who or what the form is about, where a page has many alike.
    """
    errors = form.errors
    for text in errors.get(NON_FIELD_ERRORS, []):
        yield Problem(str(text), whose)
    for name in form.fields:
        for text in errors.get(name, []):
            bound = form[name]
            place = ": ".join(filter(None, (whose, str(bound.label) if not bound.is_hidden else "")))
            yield Problem(str(text), place, _anchor(bound))


def problems_of_rows(formset: forms.BaseFormSet[Any], what: str) -> Iterator[Problem]:
    """Yield every error of the rows of a formset; `what` names one of them, which gets its number."""
    for text in formset.non_form_errors():
        yield Problem(str(text))
    for number, form in enumerate(formset.forms, start=1):
        yield from problems_of(form, gettext("%(what)s %(number)d") % {"what": what, "number": number})


def problems_on_page(things: Iterable[Any]) -> list[Problem]:
    """Return what is wrong with the forms among `things`, the context of a page, each form once.

    A page made of many forms says it itself, in the order it shows them, by an attribute `form_problems`.
    """
    problems: list[Problem] = []
    seen: set[int] = set()
    for thing in things:
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, forms.BaseForm):
            if thing.is_bound:
                problems += problems_of(thing)
        elif isinstance(own := getattr(thing, "form_problems", None), list):
            problems += own
    return list(dict.fromkeys(problems))


def _anchor(bound: forms.BoundField) -> str:
    """Return the id of the field's input, of the first one where there are several; "" where nobody sees it."""
    if bound.is_hidden:
        return ""
    if isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        first = next(iter(bound.subwidgets), None)
        return first.id_for_label if first is not None else ""
    return bound.auto_id
