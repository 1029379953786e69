"""Forms of the assessment pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from assessment import instruments
from assessment.models import Indicator, Instrument, InstrumentStatus, Level
from assessment.selectors.current_score import IndicatorRow
from assessment.selectors.dashboard import Filters
from assessment.selectors.reviews import Subject
from assessment.selectors.snapshots import has_figures
from finance.performance import months_before
from groups.forms import ComingDayField, DayField, GroupFilterForm, KeyField, MonthField, PastDateField
from groups.models import Organisation, User
from groups.models.group import EARLIEST_FOUNDING
from groups.shared.clock import refuse_to_come, today

MOST_MONTHS = 60
"""Longer periods make charts whose bars cannot be told apart; of so many months before this one there are figures."""
USUAL_MONTHS = 12
"""The period that is shown when nobody asks for one."""


OVERRIDE_DAYS = 182
"""Half a year, as long as minutes count."""


NO_LEVEL = "0"
"""Chosen where none of an indicator's levels is reached."""


class DashboardForm(GroupFilterForm):
    """What the dashboards are narrowed to. A value that is not on offer is refused.

    Only a superuser chooses among organisations; everybody else has one. A page that cannot be narrowed to a stage does
    not offer one (`with_stage`).
    """

    stage = forms.ChoiceField(label=_("Stage"), required=False)
    start = MonthField(label=_("From month"), required=False)
    end = MonthField(label=_("To month"), required=False)

    def __init__(self, *args: Any, actor: User, with_stage: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        self._actor = actor
        organisation = actor.organisation_id
        self.owner = str(actor.organisation or "")
        self._refused: list[str] = []
        if actor.is_superuser:
            names = {str(pk): name for pk, name in Organisation.objects.values_list("pk", "name")}
            self.fields["organisation"] = forms.TypedChoiceField(
                label=_("Organisation"),
                required=False,
                coerce=int,
                empty_value=None,
            )
            self._offer("organisation", [*names.items()])
            asked = self.data.get("organisation")
            organisation = int(asked) if asked in names else organisation
            self.owner = names.get(asked or "", str(_("All organisations")))
        elif (asked := self.data.get("organisation")) and asked != str(organisation):
            self._refused.append(no_more(_("Organisation")))
        self.organisation_id = organisation
        schemes = instruments.stages_in_use(organisation)
        asked = self.data.get("scheme")
        self.of_scheme = asked if asked in schemes else next(iter(schemes))
        if asked and asked not in schemes:
            self._refused.append(no_more(_("Scheme")))
        self.stages = schemes[self.of_scheme]
        stages = [(rule.stage, rule.name) for rule in self.stages]
        offered = [*stages, ("NONE", str(_("Never assessed")))]
        self._offer("stage", offered)
        if not with_stage:
            label = self.fields.pop("stage").label
            if (asked := self.data.get("stage")) and asked not in dict(offered):
                self._refused.append(no_more(label))
        if len(schemes) > 1:
            named = [(code, stages[0].instrument.name) for code, stages in schemes.items() if stages]
            self.fields["scheme"] = forms.ChoiceField(label=_("Scheme"), required=False)
            self._offer("scheme", named, all_of_them=False)
        self.order_fields(["organisation", "region", "facilitator", "kind", "scheme", "stage", "start", "end"])
        self.is_valid()

    def clean_start(self) -> date | None:
        """Refuse months without figures, and months to come."""
        return self._month(self.cleaned_data["start"])

    def clean_end(self) -> date | None:
        """Refuse months without figures, and months to come."""
        return self._month(self.cleaned_data["end"])

    def _month(self, month: date | None) -> date | None:
        if month is None:
            return None
        if month < EARLIEST_FOUNDING:
            raise ValidationError(_("This month is too long ago."))
        if month > timezone.localdate():
            raise ValidationError(_("This month is in the future."))
        if month < first_month() and not has_figures(self._actor, month):
            lacking = _("There are no figures of this month: they reach back to %(month)s.")
            raise ValidationError(lacking, params={"month": date_format(first_month(), "F Y")})
        return month

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts or is too long, and what another organisation or no one has."""
        cleaned = super().clean() or {}
        for refused in self._refused:
            self.refuse(refused)
        start, end = cleaned.get("start"), cleaned.get("end") or this_month()
        if start and end < start:
            self.add_error("end", ValidationError(_("The period ends before it starts.")))
        elif start and start <= months_before(end, MOST_MONTHS):
            problem = ngettext_lazy("At most %(count)d month.", "At most %(count)d months.", MOST_MONTHS)
            self.add_error("start", ValidationError(problem % {"count": MOST_MONTHS}))
        return cleaned

    def refuse(self, problem: str) -> None:
        """Say what is wrong with what the address asks for."""
        self.add_error(None, ValidationError(problem))

    def filters(self) -> Filters:
        """Return what was chosen; twelve months where only the last is known, and to this one for a wrong period."""
        chosen = dict(self.cleaned_data)
        chosen.pop("scheme", None)
        start, end = chosen.pop("start", None), chosen.pop("end", None)
        if {"start", "end"} & self.errors.keys():
            start = end = None
        end = end or this_month()
        start = start or max(months_before(end, USUAL_MONTHS - 1), min(first_month(), end))
        return Filters(scheme=self.of_scheme, start=start, end=end, ends_now=end == this_month(), **chosen)

    def chosen(self) -> dict[str, str]:
        """Return by field, as it stood in the address, whatever narrows something."""
        return {name: self.data[name] for name in self.fields if self.cleaned_data.get(name) and self.data.get(name)}

    def words(self, *, with_stage: bool = True) -> list[str]:
        """Return what narrows the groups, for people: `Facilitator: Rina`."""
        unsaid = {"start", "end"} if with_stage else {"start", "end", "stage"}
        chosen = [name for name in self.chosen() if name not in unsaid]
        return [self._in_words(name) for name in chosen]

    @property
    def stage_words(self) -> str:
        """What stage was chosen, for people, "" for none."""
        return self._in_words("stage") if "stage" in self.chosen() else ""

    def _in_words(self, name: str) -> str:
        return f"{self.fields[name].label}: {_chosen_label(self.fields[name], self.data[name])}"


def no_more(what: object) -> str:
    """Return that what was chosen as `what`, the label of a choice, is not on offer."""
    return gettext("%(what)s: this choice does not exist any more. Choose again.") % {"what": what}


def this_month() -> date:
    """Return the first day of this month."""
    return timezone.localdate().replace(day=1)


def first_month() -> date:
    """Return the first month of which there are figures, unless there were some when it was written."""
    return months_before(this_month(), MOST_MONTHS)


def _chosen_label(field: forms.Field, value: str) -> str:
    assert isinstance(field, forms.ChoiceField)
    choices = cast("list[tuple[str, str]]", field.choices)
    return next(str(label).strip() for choice, label in choices if str(choice) == value)


class NoteField(forms.CharField):
    """What somebody writes about what was seen, on some lines."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, **kwargs)


class LevelForm(forms.Form):
    """A level that a person gives a group at an indicator, from a day of the group on, and why."""

    level = forms.ChoiceField(label=_("What fits best"), widget=forms.RadioSelect)
    note = NoteField(label=_("Note"), help_text=_("What you saw or heard, and from whom."))
    judged_on = DayField(label=_("Date"), initial=timezone.localdate)

    def __init__(self, data: Any = None, *, levels: Iterable[Level], choices: Sequence[Any], since: date) -> None:
        super().__init__(data)
        self._since = since
        self._levels = {str(level.pk): level for level in levels}
        _offer(self, "level", choices)

    def clean_judged_on(self) -> date:
        """Refuse days to come and days before the group existed."""
        return _day_of_group(self.cleaned_data["judged_on"], self._since)


def _offer(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class JudgeForm(LevelForm):
    """What a person says about an indicator that no record measures."""

    def __init__(self, data: Any = None, *, indicators: Sequence[Indicator], since: date) -> None:
        by_indicator = [(indicator.name, list(indicator.levels.all())) for indicator in indicators]
        super().__init__(
            data,
            levels=[level for _name, levels in by_indicator for level in levels],
            choices=[(name, [(str(level.pk), str(level)) for level in levels]) for name, levels in by_indicator],
            since=since,
        )

    def clean_level(self) -> Level:
        """Return the level chosen."""
        return self._levels[self.cleaned_data["level"]]


LOOK_AGAIN_DAYS = 30
"""A month after it was looked into, somebody looks again, where no other day is chosen."""


class ReviewForm(forms.Form):
    """What somebody found who looked into signals and needs of a group, and when to look again."""

    key = KeyField()
    subjects = forms.MultipleChoiceField(label=_("Looked into"), widget=forms.CheckboxSelectMultiple)
    note = NoteField(label=_("What was found"), help_text=_("What you asked whom, and what was agreed."))
    looked_on = PastDateField(label=_("Looked into on"), initial=timezone.localdate)
    look_again_on = ComingDayField(
        label=_("Look again on"),
        initial=lambda: timezone.localdate() + timedelta(LOOK_AGAIN_DAYS),
        help_text=_("From this day on it is open again; a signal earlier if it gets clearly worse."),
    )

    def __init__(self, data: Any = None, *, subjects: Sequence[Subject], chosen: Sequence[str]) -> None:
        super().__init__(data, initial={"subjects": list(chosen)})
        _offer(self, "subjects", [(subject.name, str(subject.label)) for subject in subjects])


class AsOfForm(forms.Form):
    """As of which day something of a group is shown; without a day it is today."""

    as_of = DayField(label=_("As on"), required=False)
    scheme = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, since: date) -> None:
        super().__init__(data)
        self._since = since

    def clean_as_of(self) -> date:
        """Refuse days to come and days before the group existed."""
        return _day_of_group(self.cleaned_data["as_of"] or today(), self._since, latest=today())

    @property
    def day(self) -> date:
        """The day asked for, today if it is none."""
        self.is_valid()
        day: date | None = self.cleaned_data.get("as_of")
        return day or today()


class OverrideForm(LevelForm):
    """Another level for a measured indicator or none of them, why, and how long it counts."""

    until = ComingDayField(
        label=_("Through"),
        initial=lambda: timezone.localdate() + timedelta(OVERRIDE_DAYS),
        help_text=_("At most a year. After it the measured value counts again."),
    )

    def __init__(self, data: Any = None, *, levels: Sequence[tuple[Level, str]], since: date) -> None:
        lowest, _words = levels[0]
        below = [(NO_LEVEL, _("none of the levels: 0 points"))] if lowest.points else []
        choices = [*below, *((str(level.pk), words) for level, words in levels)]
        super().__init__(data, levels=[level for level, _words in levels], choices=choices, since=since)
        if below:
            self._levels[NO_LEVEL] = lowest
        self.fields["level"].label, self.fields["judged_on"].label = _("Level given"), _("From")
        self.fields["note"].label = _("Reason")
        self.fields["note"].help_text = _("Why the records are wrong here, and how you know.")

    def clean(self) -> dict[str, Any]:
        """Put the level chosen in its place, the lowest for none of them, and say which of the two it is."""
        cleaned = super().clean() or {}
        if "level" in cleaned:
            cleaned["below_levels"] = cleaned["level"] == NO_LEVEL
            cleaned["level"] = self._levels[cleaned["level"]]
        return cleaned


class WhatIfForm(forms.Form):
    """Another level for any indicator; one that is left as it is changes nothing."""

    scheme = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, rows: Sequence[IndicatorRow]) -> None:
        super().__init__(data)
        self._values: dict[str, dict[str, float | None]] = {}
        for row in rows:
            code = row.indicator.code
            levels = {str(level.pk): (float(level.threshold), words) for level, words in row.levels}
            self._values[code] = {NO_LEVEL: None} | {key: value for key, (value, _words) in levels.items()}
            now = _("Now: %(value)s, %(points)d of %(weight)d points") % {
                "value": row.words, "points": row.points, "weight": row.indicator.weight
            }  # fmt: skip
            offered = [(key, words) for key, (_value, words) in levels.items()]
            self.fields[code] = forms.ChoiceField(
                label=str(row.indicator),
                required=False,
                choices=[("", _("as now")), (NO_LEVEL, _("no points")), *offered],
                help_text=now,
            )

    def changes(self) -> dict[str, float | None]:
        """Return the values chosen, by indicator code; None earns no points."""
        self.is_valid()
        return {
            code: values[self.cleaned_data[code]]
            for code, values in self._values.items()
            if self.cleaned_data.get(code)
        }


def _day_of_group(day: date, since: date, *, latest: date | None = None) -> date:
    refuse_to_come(day, latest or timezone.localdate())
    if day < since:
        raise ValidationError(_("The group did not exist on that day."))
    return day


class CompareForm(forms.Form):
    """With which other version of its scheme an instrument is compared."""

    other = forms.TypedChoiceField(label=_("Compared with"), coerce=int)

    def __init__(self, data: Any = None, *, others: Sequence[Instrument]) -> None:
        super().__init__(data)
        self._others = {found.pk: found for found in others}
        _offer(self, "other", [(pk, f"{found} ({found.get_status_display()})") for pk, found in self._others.items()])

    def chosen(self) -> Instrument | None:
        """Return the version asked for; without a question the one that scores today, else the newest."""
        if self.is_bound:
            return self._others[self.cleaned_data["other"]] if self.is_valid() else None
        published = [found for found in self._others.values() if found.status == InstrumentStatus.PUBLISHED]
        return next(iter([*published, *self._others.values()]), None)
