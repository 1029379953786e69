"""What is agreed when a phase of mentoring begins, and the review with which mentoring ends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.forms.fields import ComingDayField, CountField, KeyField, PastDateField
from groups.models import ExitReview, Group, MentoringPhase, MentoringStage
from groups.models.mentoring import MOST_DAYS_BETWEEN_VISITS
from groups.services import EXIT_REVIEW, MENTORING_PHASE

RUNNING = [(stage.value, stage.label) for stage in MentoringStage if stage != MentoringStage.ENDED]


class PhaseForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Which phase begins, until when, how often the group is visited, and what is to be reached."""

    key = KeyField()
    phase = forms.ChoiceField(
        label=_("Phase"), choices=RUNNING, help_text=_("The same phase again makes it longer: say below why.")
    )
    started_on = PastDateField(label=_("From"))
    planned_until = ComingDayField(label=_("Planned end of the phase"))
    mentoring_until = ComingDayField(
        label=_("Planned end of mentoring"), help_text=_("Agreed with the group at the start, so that it can prepare.")
    )
    visit_every_days = CountField(
        label=_("Days between visits"),
        min_value=1,
        max_value=MOST_DAYS_BETWEEN_VISITS,
        help_text=_("Visits become fewer before the end, for example 14, then 30, then 60 days."),
    )
    criteria = forms.CharField(
        label=_("What is to be reached by then"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: books kept by the treasurer alone, attendance above 80 %."),
    )
    field_order = ["key", *MENTORING_PHASE]

    class Meta:
        model = MentoringPhase
        fields = MENTORING_PHASE

    def __init__(self, data: Any, *, group: Group, running: MentoringPhase | None, **kwargs: Any) -> None:
        agreed: dict[str, Any] = {"started_on": timezone.localdate}
        if running is not None and running.phase != MentoringStage.ENDED:
            following = MentoringStage.values[MentoringStage.values.index(running.phase) + 1]
            phase = running.phase if following == MentoringStage.ENDED else following
            agreed |= {"phase": phase, "mentoring_until": running.mentoring_until}
        super().__init__(data, instance=MentoringPhase(group=group), initial=agreed, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Give the phase the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


class ExitForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """When mentoring ended, and how the group stands, in its books and among its people."""

    key = KeyField()
    started_on = PastDateField(label=_("Mentoring ended on"), initial=timezone.localdate)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    field_order = ["key", "started_on", *EXIT_REVIEW, "note"]

    class Meta:
        model = ExitReview
        fields = EXIT_REVIEW
        widgets = dict.fromkeys(EXIT_REVIEW, forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any, *, group: Group, **kwargs: Any) -> None:
        super().__init__(data, instance=ExitReview(group=group), **kwargs)
        self.phase = MentoringPhase(group=group)

    def clean(self) -> dict[str, Any]:
        """Give the phase that ends mentoring what the form says of it."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("key", "started_on", "note"):
            if name in cleaned:
                setattr(self.phase, name, cleaned[name])
        return cleaned

    def part(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        """Return the fields of some questions."""
        return [self[name] for name in names]

    @property
    def of_books(self) -> list[forms.BoundField]:
        """The questions about the five key result areas."""
        return self.part(ExitReview.MONEY_AND_BOOKS)

    @property
    def of_people(self) -> list[forms.BoundField]:
        """The questions about the social side."""
        return self.part(ExitReview.SOCIAL)

    @property
    def of_afterwards(self) -> list[forms.BoundField]:
        """The questions about the time after."""
        return self.part(ExitReview.AFTERWARDS)
