"""Forms that know which state of their row the page showed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from groups.shared.seen import seen_of


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Sends along which state of the fields `seen_fields` was looked at; see `groups.shared.seen`."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    seen_fields: ClassVar[Sequence[str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = seen_of(self.instance, self.seen_fields)
