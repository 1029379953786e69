"""Forms of the assessment pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessment import instruments
from assessment.models import Indicator, Level
from assessment.selectors.dashboard import Filters
from groups.forms import DateInput, GroupFilterForm
from groups.models import User


class DashboardForm(GroupFilterForm):
    """What the dashboard is narrowed to. A value that is not on offer narrows nothing, and the form says so."""

    stage = forms.ChoiceField(label=_("Stage"), required=False)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        schemes = instruments.stages_in_use(actor.organisation_id)
        asked = self.data.get("scheme")
        self.of_scheme = asked if asked in schemes else next(iter(schemes))
        self.stages = schemes[self.of_scheme]
        stage = self.fields["stage"]
        assert isinstance(stage, forms.ChoiceField)
        stages = [(rule.stage, rule.name) for rule in self.stages]
        stage.choices = [("", _("All")), *stages, ("NONE", _("Never assessed"))]
        if len(schemes) > 1:
            names = [(code, stages[0].instrument.name) for code, stages in schemes.items() if stages]
            self.fields["scheme"] = forms.ChoiceField(label=_("Scheme"), required=False, choices=names)

    def filters(self) -> Filters:
        """Return what was chosen."""
        self.is_valid()
        return Filters(**self.cleaned_data | {"scheme": self.of_scheme})


class JudgeForm(forms.Form):
    """What a person says about an indicator that no record measures."""

    level = forms.ChoiceField(label=_("What fits best"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("What you saw or heard, and from whom."),
    )
    judged_on = forms.DateField(label=_("Date"), widget=DateInput, initial=timezone.localdate)

    def __init__(self, data: Any = None, *, indicators: Sequence[Indicator], since: date) -> None:
        super().__init__(data)
        self._since = since
        self._levels = {str(level.pk): level for indicator in indicators for level in indicator.levels.all()}
        field = self.fields["level"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (indicator.name, [(str(level.pk), str(level)) for level in indicator.levels.all()])
            for indicator in indicators
        ]

    def clean_level(self) -> Level:
        """Return the level chosen."""
        return self._levels[self.cleaned_data["level"]]

    def clean_judged_on(self) -> date:
        """Refuse days to come and days before the group existed."""
        day: date = self.cleaned_data["judged_on"]
        if day > timezone.localdate():
            raise ValidationError(_("The date lies in the future."))
        if day < self._since:
            raise ValidationError(_("The group did not exist on that day."))
        return day
