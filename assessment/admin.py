"""Django admin for instruments: drafts are edited, published versions only looked at. Assessments are read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from assessment import instruments, services
from assessment.models import (
    Assessment,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Judgement,
    Level,
    Review,
    SchemeUse,
    ScoreRevision,
    StageRule,
)
from groups.admin import RecordAdmin, TenantAdmin, TenantMixin, actor_of
from groups.forms.rows import SentRows
from groups.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest


MOST_ROWS = 60


class InstrumentPart(TenantMixin):
    """What instruments and their parts share: an administrator changes the drafts of the own organisation only."""

    def may_edit(self, request: HttpRequest, obj: Any) -> bool:
        """Say whether `obj`, an instrument or a part of one, may change."""
        instrument = _instrument_of(obj)
        if instrument is None:
            return True
        user = actor_of(request)
        return instrument.is_draft and (user.is_superuser or instrument.organisation_id == user.organisation_id)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Add to drafts only."""
        return super().has_add_permission(request, obj) and self.may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Change drafts only."""
        return super().has_change_permission(request, obj) and self.may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Delete drafts and their parts only."""
        return self.has_change_permission(request, obj)


class InstrumentPage(InstrumentPart, TenantAdmin):
    """A page that changes a draft."""

    def lock_for(self, request: HttpRequest, obj: Any) -> None:
        """Lock the instrument, with the parts of which `obj` is one."""
        instrument = _instrument_of(obj)
        assert instrument is not None, "a row has an instrument"
        instruments.lock_versions(instrument)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the draft from being published before it is saved with all its parts."""
        instrument = _instrument_of(obj)
        if change and instrument is not None:
            services.instrument_edit(actor=actor_of(request), instrument=instrument)
        super().save_model(request, obj, form, change)


class OwnedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks what an instrument or an organisation has once, though no field of the form says whose it is."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs lack it
        return excluded - {"instrument", "organisation"}


class InstrumentForm(OwnedForm):
    """A draft, which no other version of its scheme has the number of."""

    def clean(self) -> dict[str, Any]:
        """Say at the field that the version is there already; the constraint would say so of the page."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = {
            "organisation": self.instance.organisation,
            "code": cleaned.get("code"),
            "version": cleaned.get("version"),
        }
        if Instrument.objects.filter(**key).exclude(pk=self.instance.pk).exists():
            self.add_error("version", _("This scheme has such a version already."))
        return cleaned


class PartFormSet(SentRows, forms.BaseInlineFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows of an instrument as they were sent."""


class PartInline(InstrumentPart):
    """Rows of an instrument, of which none has as many as `MOST_ROWS`."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Read no more rows than there can be, however many the form says it has."""
        bound = {"formset": PartFormSet, "max_num": MOST_ROWS, "absolute_max": MOST_ROWS}
        return super().get_formset(request, obj, **bound, **kwargs)  # type: ignore[misc]  # of the inline beside it


class IndicatorInline(PartInline, admin.StackedInline):  # type: ignore[type-arg]
    """Indicators of an instrument; their levels are one click away."""

    model = Indicator
    extra = 0
    show_change_link = True


class StageRuleInline(PartInline, admin.TabularInline):  # type: ignore[type-arg]
    """Stage rules of an instrument; their gates are one click away."""

    model = StageRule
    extra = 0
    show_change_link = True


class LevelInline(PartInline, admin.TabularInline):  # type: ignore[type-arg]
    """Levels of an indicator."""

    model = Level
    extra = 0


class GateInline(PartInline, admin.TabularInline):  # type: ignore[type-arg]
    """Gates of a stage rule, on indicators of the same instrument."""

    model = Gate
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the indicators of the rule's own instrument."""
        match = request.resolver_match
        if db_field.name == "indicator" and match is not None and "object_id" in match.kwargs:
            kwargs["queryset"] = Indicator.objects.filter(instrument__rules=match.kwargs["object_id"])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Instrument)
class InstrumentAdmin(InstrumentPage):
    """Instruments of the organisation, and the shared ones to look at and to copy."""

    organisation_path = "organisation"
    form = InstrumentForm
    list_display = ["code", "version", "name_id", "status", "published_at", "organisation"]
    list_select_related = ["organisation"]
    search_fields = ["code", "name_id", "name_en"]
    readonly_fields = ["organisation", "status", "published_at", "retired_at"]
    inlines = [IndicatorInline, StageRuleInline]
    actions = ["publish", "copy", "retire"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Add the shared instruments, which everybody may read."""
        rows = admin.ModelAdmin.get_queryset(self, request)
        user = actor_of(request)
        return rows if user.is_superuser else rows.filter(_shared_or_own(user, ""))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Put a new instrument into the administrator's organisation before it is checked; a superuser's is shared."""
        form = super().get_form(request, obj, change=change, **kwargs)
        organisation = actor_of(request).organisation if obj is None else obj.organisation

        class OfOrganisationForm(form):  # type: ignore[valid-type, misc]
            def __init__(self, *args: Any, **form_kwargs: Any) -> None:
                super().__init__(*args, **form_kwargs)
                self.instance.organisation = organisation

        return OfOrganisationForm

    @admin.action(description=_("Publish the selected drafts"), permissions=["view"])
    def publish(self, request: HttpRequest, instruments: models.QuerySet[Instrument]) -> None:
        """Freeze drafts and let them score."""
        for instrument in instruments:
            try:
                services.instrument_publish(actor=actor_of(request), instrument=instrument)
            except ValidationError as error:
                self.message_user(request, f"{instrument}: {' '.join(error.messages)}", messages.ERROR)
            else:
                self.message_user(request, _("%s is published.") % instrument, messages.SUCCESS)

    @admin.action(description=_("Copy to a new version"), permissions=["view"])
    def copy(self, request: HttpRequest, instruments: models.QuerySet[Instrument]) -> None:
        """Make drafts to work on."""
        for instrument in instruments:
            copy = services.instrument_copy(actor=actor_of(request), instrument=instrument)
            self.message_user(request, _("%s is a draft now.") % copy, messages.SUCCESS)

    @admin.action(description=_("Retire the selected versions"), permissions=["view"])
    def retire(self, request: HttpRequest, instruments: models.QuerySet[Instrument]) -> None:
        """Let published versions score nobody any more."""
        for instrument in instruments:
            try:
                services.instrument_retire(actor=actor_of(request), instrument=instrument)
            except ValidationError as error:
                self.message_user(request, f"{instrument}: {' '.join(error.messages)}", messages.ERROR)
            else:
                self.message_user(request, _("%s is retired.") % instrument, messages.SUCCESS)


class SchemeUseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A scheme that can score the organisation."""

    def clean(self) -> dict[str, Any]:
        """Refuse one of which no instrument serves the organisation: none of its groups could be scored."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        organisation, scheme = cleaned.get("organisation"), cleaned.get("scheme")
        if organisation and scheme and instruments.in_force(organisation.pk, scheme) is None:
            self.add_error("scheme", _("No instrument is published."))
        return cleaned


@admin.register(SchemeUse)
class SchemeUseAdmin(TenantAdmin):
    """The schemes an organisation scores its groups by."""

    form = SchemeUseForm
    organisation_path = "organisation"
    list_display = ["organisation", "scheme", "is_primary"]
    list_select_related = ["organisation"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the schemes that have a published instrument, shared or of the own organisation, by their names."""
        if db_field.name == "scheme":
            user, published = actor_of(request), Instrument.objects.filter(status=InstrumentStatus.PUBLISHED)
            published = (published if user.is_superuser else published.filter(_shared_or_own(user, ""))).order_by(
                "published_at"
            )
            named = {instrument.code: instrument.name for instrument in published}
            choices = sorted(named.items(), key=lambda choice: choice[1])
            return forms.ChoiceField(label=capfirst(db_field.verbose_name), choices=choices)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class PartAdmin(InstrumentPage):
    """A part of an instrument on a page of its own, reached from the instrument."""

    organisation_path = "instrument__organisation"
    form = OwnedForm

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Show the parts of the instruments that are shown."""
        rows = admin.ModelAdmin.get_queryset(self, request).select_related("instrument")
        user = actor_of(request)
        return rows if user.is_superuser else rows.filter(_shared_or_own(user, "instrument__"))

    def written_with(self, obj: Any) -> list[Any]:
        """Return the instrument, on whose page its parts are written too."""
        return [obj.instrument]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave adding to the instrument's page."""
        return False

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it off the index: the instrument links to it."""
        return {}


@admin.register(Indicator)
class IndicatorAdmin(PartAdmin):
    """One indicator with its levels."""

    list_display = ["number", "name_id", "weight", "metric", "instrument"]
    readonly_fields = ["instrument"]
    inlines = [LevelInline]


@admin.register(StageRule)
class StageRuleAdmin(PartAdmin):
    """One stage rule with its gates."""

    list_display = ["stage", "minimum_points", "instrument"]
    readonly_fields = ["instrument"]
    inlines = [GateInline]


@admin.register(Assessment)
class AssessmentAdmin(RecordAdmin):
    """Stored scores."""

    list_display = ["group", "scheme", "as_of", "stage", "score", "status", "computed_at"]
    list_filter = ["scheme", "stage", "status"]
    list_select_related = ["group"]
    date_hierarchy = "as_of"
    show_full_result_count = False


@admin.register(ScoreRevision)
class ScoreRevisionAdmin(RecordAdmin):
    """What was shown of a past day before a record that came late changed it."""

    list_display = ["group", "scheme", "as_of", "was_score", "now_score", "cause", "cause_on", "revised_at"]
    list_filter = ["scheme", "cause"]
    list_select_related = ["group"]
    show_full_result_count = False


@admin.register(Judgement)
class JudgementAdmin(RecordAdmin):
    """What people said about indicators no record measures; recorded on the site."""

    list_display = ["group", "level", "below_levels", "judged_on", "judged_by"]
    list_select_related = ["group", "level", "judged_by"]


@admin.register(Review)
class ReviewAdmin(RecordAdmin):
    """What staff found when they looked into signals and needs; recorded on the site."""

    list_display = ["group", "subject", "looked_on", "look_again_on", "recorded_by", "withdrawn_at"]
    list_select_related = ["group", "recorded_by"]


def _instrument_of(obj: Any) -> Instrument | None:
    if obj is None or isinstance(obj, Instrument):
        return obj
    if isinstance(obj, Level | Gate):
        obj = obj.indicator
    instrument: Instrument = obj.instrument
    return instrument


def _shared_or_own(user: User, path: str) -> Q:
    return Q(**{f"{path}organisation": user.organisation_id}) | Q(**{f"{path}organisation__isnull": True})
