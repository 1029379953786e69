"""Which facilitator accompanies a group."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import ComingDayField, DayField
from groups.models import Group, User
from groups.shared.clock import today


class AssignmentForm(forms.Form):
    """Which facilitator of the organisation accompanies the group, and from when."""

    facilitator = forms.ModelChoiceField(User.objects.none(), label=_("Facilitator"))
    started_on = DayField(label=_("From"), initial=today)
    ended_on = ComingDayField(
        label=_("Only until"),
        required=False,
        help_text=_("Only for a substitute: from this day on access is over."),
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[User]", self.fields["facilitator"]).queryset = selectors.free_facilitators(group)
