"""Closing a period, as people type it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms import DayField, KeyField


class PeriodCloseForm(forms.Form):
    """Through which day the books are closed; it cannot be undone, so it is asked for twice."""

    key = KeyField()
    through = DayField(label=_("Close the books through"))
    aware = forms.BooleanField(
        label=_("I know that nothing can be recorded on these days any more, and that this cannot be undone.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["through"].initial = timezone.localdate().replace(day=1) - timedelta(days=1)
