"""Asking before something is registered that may be there already."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SecondLookForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A form that asks for a tick where what it registers looks like something that is there: a warning, no refusal."""

    is_other = forms.BooleanField(label=_("I have looked: register it all the same"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_other"] = self.fields.pop("is_other")  # the last one
        if not self.is_bound:
            del self.fields["is_other"]

    def why_look_again(self, cleaned: dict[str, Any]) -> str:
        """Return what it looks like, in a sentence, "" for nothing."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Ask for the tick, and only where there is something to ask."""
        cleaned = super().clean() or self.cleaned_data
        why = self.why_look_again(cleaned)
        if not why:
            del self.fields["is_other"]
        elif not cleaned.get("is_other"):
            self.add_error("is_other", why)
        return cleaned
