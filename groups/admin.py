"""Django admin for organisations, users, groups and members, and what keeps each tenant to itself there."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group as PermissionGroup
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from groups import services
from groups.forms.groups import StatusForm
from groups.forms.members import MemberForm
from groups.locked_admin import LockedAdmin
from groups.models import (
    BankAccount,
    Constitution,
    Dissolution,
    EarlierPlace,
    ExitReview,
    FacilitatorAssignment,
    Federation,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    FormationNote,
    Founding,
    Group,
    GroupStatusChange,
    MeetingMove,
    MeetingRhythm,
    Member,
    MentoringPhase,
    OfficerTerm,
    Organisation,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    Region,
    RegionLevel,
    Role,
    SignInTry,
    User,
)
from groups.shared.folding import FoldedModel, fold

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class TenantRelatedFilter(admin.RelatedFieldListFilter):
    """A list filter that offers only what the person may see of the other model."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[Any]:
        """Return the choices within the person's organisation."""
        others = model_admin.admin_site.get_model_admin(field.remote_field.model).get_queryset(request)
        ordering = self.field_admin_ordering(field, request, model_admin)
        choices = field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": others.values("pk")}
        )
        return list(choices)


class TenantMixin:
    """What the admin of a tenant's model and its inlines share: who may, and what a foreign key may point at.

    Nothing is deleted in the admin: people are deactivated, assignments end, records stay.
    """

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> models.QuerySet[Any] | None:
        """Return what the other model's admin shows the person; of an unregistered model nothing."""
        other = db_field.remote_field.model
        try:
            return admin.site.get_model_admin(other).get_queryset(request)
        except NotRegistered:
            return None if actor_of(request).is_superuser else other._default_manager.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Say whether the app is shown at all."""
        return _is_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators look."""
        return _is_admin(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators add."""
        return _is_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators change."""
        return _is_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody delete."""
        return False


class TenantAdmin(TenantMixin, LockedAdmin):
    """A model in the admin, of which an organisation's administrator sees and picks only his own rows.

    `organisation_path` is the lookup from the model to its organisation; `None` for what all share. A superuser
    sees everything.
    """

    organisation_path: str | None

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows of the person's organisation; lists, object pages and autocomplete all ask here."""
        rows = super().get_queryset(request)
        if actor_of(request).is_superuser or self.organisation_path is None:
            return rows
        return rows.filter(**{self.organisation_path: actor_of(request).organisation_id})

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Find names without regard to case, spaces, apostrophes and diacritics too."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        key = fold(search_term)
        if key and issubclass(self.model, FoldedModel):
            found = found | queryset.filter(name_key__contains=key)
        return found, may_repeat

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Refuse what is no column; Django's own knows no answer for the way back of another model's field."""
        columns = {field.name for field in self.opts.concrete_fields}
        return to_field in columns and super().to_field_allowed(request, to_field)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse patterns in an address: what is none is an error of the database."""
        return not lookup.endswith("regex") and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Keep filters by another model within the person's organisation."""
        return [
            (entry, TenantRelatedFilter) if isinstance(entry, str) and self.opts.get_field(entry).is_relation else entry
            for entry in super().get_list_filter(request)
        ]


class ReadOnlyAdmin(TenantAdmin):
    """As `TenantAdmin`, to look at only."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change."""
        return False


class RecordAdmin(ReadOnlyAdmin):
    """Records of groups, to look at only; they are found by their group."""

    organisation_path = "group__organisation"
    search_fields = ["group__name", "group__code"]


@admin.register(Organisation)
class OrganisationAdmin(TenantAdmin):
    """Organisations: superusers make them, their administrators may rename them."""

    organisation_path = "pk"
    list_display = ["name", "group_prefix", "created_at"]
    search_fields = ["name"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let superusers alone add a tenant."""
        return actor_of(request).is_superuser


class _RegionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Provinces and regencies, as a list of their codes."""

    def __init__(self) -> None:
        super().__init__(
            Region.objects.filter(level__lte=RegionLevel.REGENCY).select_related("parent"),
            label=User._meta.get_field("regions").verbose_name,
            required=False,
            widget=FilteredSelectMultiple(_("regions"), is_stacked=False),
            help_text=_(
                "NGO staff see the groups of these provinces and regencies alone; all groups where none is chosen."
            ),
        )

    def label_from_instance(self, obj: Region) -> str:
        """Name the province of a regency too."""
        return obj.path

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Return the codes, in their order."""
        return sorted(region.code for region in super().clean(value))


class _OrganisationUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """What holds for a user whoever writes it."""

    regions = _RegionsField()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        member = cleaned.get("member")
        organisation = cleaned.get("organisation", self.instance.organisation)
        if "organisation" in cleaned and organisation is None and not cleaned.get("is_superuser"):
            self.add_error("organisation", _("A person who is not a superuser belongs to an organisation."))
        if member is not None and member.group.organisation != organisation:
            raise ValidationError({"member": _("This member's group belongs to another organisation.")})
        return cleaned


class NewUserForm(_OrganisationUserForm, AdminUserCreationForm):  # type: ignore[type-arg]
    """A user to be, with a password."""

    class Meta:
        model = User
        fields = ("username",)


class EditUserForm(_OrganisationUserForm, UserChangeForm):  # type: ignore[type-arg]
    """A user as he is."""

    class Meta:
        model = User
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which


@admin.register(User)
class UserAdmin(TenantAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """People who sign in. An organisation's administrator neither sees nor makes superusers."""

    organisation_path = "organisation"
    form = EditUserForm
    add_form = NewUserForm
    list_display = ["username", "first_name", "last_name", "role", "organisation", "is_active", "last_login"]
    list_filter = ["role", "is_active", "organisation"]
    list_select_related = ["organisation"]
    search_fields = ["username", "first_name", "last_name"]
    autocomplete_fields = ["member"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Hide superusers from everybody else: whoever may set their password would be one."""
        users = super().get_queryset(request)
        return users if actor_of(request).is_superuser else users.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep organisation and superuser status to superusers."""
        is_superuser = actor_of(request).is_superuser
        place = ["role", "regions", "member", "records_meetings", *(["organisation"] if is_superuser else [])]
        if obj is None:
            return [(None, {"fields": ["username", "usable_password", "password1", "password2", *place]})]
        status = ["is_active", *(["is_superuser"] if is_superuser else [])]
        return [
            (None, {"fields": ["username", "password"]}),
            (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
            (_("What the person may do"), {"fields": [*place, *status]}),
            (_("Dates"), {"fields": self.readonly_fields}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Put a new user into the administrator's own organisation before the form is checked."""
        form = super().get_form(request, obj, change=change, **kwargs)
        actor = actor_of(request)
        if obj is not None or actor.is_superuser:
            return form

        class OwnOrganisationForm(form):  # type: ignore[valid-type, misc]
            def __init__(self, *args: Any, **form_kwargs: Any) -> None:
                super().__init__(*args, **form_kwargs)
                self.instance.organisation = actor.organisation

        return OwnOrganisationForm

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Let nobody take the own role away, or deactivate the own account: who did could not undo it."""
        fields = super().get_readonly_fields(request, obj)
        is_own = obj is not None and obj.pk == actor_of(request).pk
        return [*fields, "role", "is_active"] if is_own else fields

    def saved_fields(self, form: Any) -> set[str]:
        """Add who may enter the admin, which follows from the role."""
        return super().saved_fields(form) | {"is_staff"}

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Let the role alone decide who may enter the admin."""
        obj.is_staff = obj.is_superuser or obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password on the row as it is under the lock."""
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return super().user_change_password(request, id, form_url)


@admin.register(Group)
class GroupAdmin(TenantAdmin):
    """Groups. New ones are registered on the site, where they get their code and their first rules."""

    organisation_path = "organisation"
    form = StatusForm
    list_display = ["name", "number_shown", "code", "kind", "status", "village", "organisation", "founded_on"]
    list_filter = ["kind", "status", "organisation"]
    list_select_related = ["village", "organisation"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["village"]
    readonly_fields = ["organisation", "number_shown", "code", "rules", "recorded_at", "recorded_by"]

    @admin.display(description=_("Group number"))
    def number_shown(self, group: Group) -> str:
        """Return the number with the prefix of the organisation."""
        return group.number_shown

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave registering to the site."""
        return False

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        """Save the profile as the site does, a changed status with its day and reason."""
        services.group_update(
            actor=actor_of(request),
            group=obj,
            status=obj.status,
            status_on=form.cleaned_data["status_on"],
            status_reason=form.cleaned_data["status_reason"],
        )


@admin.register(EarlierPlace)
class EarlierPlaceAdmin(RecordAdmin):
    """Where groups were before they moved."""

    list_display = ["until", "group", "village", "kind"]
    list_select_related = ["group", "village"]


@admin.register(GroupStatusChange)
class GroupStatusChangeAdmin(RecordAdmin):
    """Changes of status; they are recorded with the group's profile."""

    list_display = ["group", "from_status", "to_status", "changed_on", "reason", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(Dissolution)
class DissolutionAdmin(RecordAdmin):
    """How groups ended; they are dissolved on the site."""

    list_display = ["group", "ended_on", "reason", "unsettled_why", "case_closed_on", "taken_back_at", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(FormationNote)
class FormationNoteAdmin(RecordAdmin):
    """What was done to form groups; it is recorded on the site."""

    list_display = ["group", "step", "done_on", "withdrawn_at", "recorded_by"]
    list_filter = ["step"]
    list_select_related = ["group", "recorded_by"]


@admin.register(Founding)
class FoundingAdmin(RecordAdmin):
    """Founding meetings; they are recorded on the site."""

    list_display = ["group", "held_on", "place", "withdrawn_at", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(BankAccount)
class BankAccountAdmin(RecordAdmin):
    """Bank accounts of groups; they are recorded on the site."""

    list_display = ["bank", "number", "group", "opened_on", "closed_on", "recorded_by"]
    list_select_related = ["group", "recorded_by"]
    search_fields = ["number", "group__name", "group__code"]


@admin.register(Partner)
class PartnerAdmin(ReadOnlyAdmin):
    """Partners of organisations; they are recorded on the site. The phone number stands there alone."""

    organisation_path = "organisation"
    exclude = ["phone"]
    list_display = ["name", "kind", "region", "contact_person", "organisation", "recorded_by"]
    list_filter = ["kind", "organisation"]
    list_select_related = ["region", "organisation", "recorded_by"]
    search_fields = ["name"]


@admin.register(Partnership)
class PartnershipAdmin(RecordAdmin):
    """Partnerships of groups; they are recorded on the site."""

    list_display = ["title", "group", "started_on", "closed_on", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(PartnershipAgreement)
class PartnershipAgreementAdmin(RecordAdmin):
    """Agreements of groups with partners; they are recorded on the site."""

    list_display = ["partner", "group", "pattern", "starts_on", "ends_on", "ended_on", "withdrawn_at"]
    list_filter = ["pattern"]
    list_select_related = ["group", "partner"]


@admin.register(PartnerActivity)
class PartnerActivityAdmin(RecordAdmin):
    """Activities of groups with partners; they are recorded on the site."""

    list_display = ["held_on", "group", "partner", "kind", "what", "value", "withdrawn_at"]
    list_filter = ["kind"]
    list_select_related = ["group", "partner"]


@admin.register(Federation)
class FederationAdmin(ReadOnlyAdmin):
    """Federations of groups; they are recorded on the site."""

    organisation_path = "organisation"
    list_display = ["name", "founded_on", "region", "organisation", "recorded_by"]
    list_select_related = ["region", "organisation", "recorded_by"]
    search_fields = ["name"]


class FederationRecordAdmin(ReadOnlyAdmin):
    """Records of federations, to look at only."""

    organisation_path = "federation__organisation"
    search_fields = ["federation__name"]


@admin.register(FederationMembership)
class FederationMembershipAdmin(FederationRecordAdmin):
    """Which group belonged to which federation."""

    list_display = ["group", "federation", "started_on", "ended_on"]
    list_select_related = ["group", "federation"]


@admin.register(FederationOfficer)
class FederationOfficerAdmin(FederationRecordAdmin):
    """Terms of office in federations."""

    list_display = ["member", "role", "federation", "started_on", "ended_on"]
    list_select_related = ["member", "federation"]


@admin.register(FederationMeeting)
class FederationMeetingAdmin(FederationRecordAdmin):
    """Meetings of federations."""

    list_display = ["held_on", "federation", "place", "recorded_by", "withdrawn_at"]
    list_select_related = ["federation", "recorded_by"]


@admin.register(FederationContribution)
class FederationContributionAdmin(FederationRecordAdmin):
    """What groups are to contribute."""

    list_display = ["agreed_from", "federation", "amount", "every"]
    list_select_related = ["federation"]


@admin.register(FederationPayment)
class FederationPaymentAdmin(FederationRecordAdmin):
    """What groups paid to federations."""

    list_display = ["paid_on", "federation", "group", "amount", "entry_number", "withdrawn_at"]
    list_select_related = ["federation", "group"]


@admin.register(Member)
class MemberAdmin(TenantAdmin):
    """Members, for corrections; NIK and phone are shown on the form only."""

    organisation_path = "group__organisation"
    form = MemberForm
    fields = ["group", "number", *MemberForm.Meta.fields, "left_on", "recorded_at", "recorded_by"]
    list_display = ["name", "number", "group", "gender", "joined_on", "left_on"]
    list_filter = ["gender", ("left_on", admin.EmptyFieldListFilter)]
    list_select_related = ["group"]
    search_fields = ["name", "group__name", "group__code"]
    readonly_fields = ["group", "number", "left_on", "recorded_at", "recorded_by"]
    actions = ["take_back"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Bring the group along: the form asks when it was founded."""
        return super().get_queryset(request).select_related("group__organisation")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave registering to the site, which numbers the members."""
        return False

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        """Save the profile as the site does."""
        services.member_update(actor=actor_of(request), member=obj)

    @admin.action(description=_("Undo the leaving of the selected members"))
    def take_back(self, request: HttpRequest, members: models.QuerySet[Member]) -> None:
        """Undo leavings recorded by mistake."""
        for member in members:
            try:
                services.member_leave_undo(actor=actor_of(request), member=member)
            except ValidationError as error:
                self.message_user(request, f"{member}: {' '.join(error.messages)}", messages.ERROR)
            else:
                self.message_user(request, _("%s is a member again.") % member, messages.SUCCESS)


@admin.register(FacilitatorAssignment)
class FacilitatorAssignmentAdmin(TenantAdmin):
    """Assignments of facilitators; an end date ends the access from that day."""

    organisation_path = "group__organisation"
    list_display = ["facilitator", "group", "started_on", "ended_on"]
    list_filter = ["facilitator", ("ended_on", admin.EmptyFieldListFilter)]
    list_select_related = ["facilitator", "group"]
    search_fields = ["group__name", "group__code", "facilitator__username"]
    autocomplete_fields = ["group", "facilitator"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let an assignment only end: another facilitator is another assignment."""
        return ["group", "facilitator"] if obj else []


@admin.register(OfficerTerm)
class OfficerTermAdmin(RecordAdmin):
    """Terms of office; elections are recorded on the site."""

    list_display = ["member", "role", "group", "started_on", "ended_on"]
    list_filter = ["role", ("ended_on", admin.EmptyFieldListFilter)]
    list_select_related = ["member", "group"]
    search_fields = ["member__name", "group__name", "group__code"]


@admin.register(Constitution)
class ConstitutionAdmin(RecordAdmin):
    """Versions of the rules; new ones are adopted on the site."""

    list_display = ["group", "version", "agreed_on", "agreed_in_meeting", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(MeetingRhythm)
class MeetingRhythmAdmin(RecordAdmin):
    """When groups agreed to meet; a new rhythm is recorded on the site."""

    list_display = ["group", "__str__", "agreed_from", "withdrawn_at", "recorded_by"]
    list_filter = ["every"]
    list_select_related = ["group", "recorded_by"]


@admin.register(MeetingMove)
class MeetingMoveAdmin(RecordAdmin):
    """Meetings on another day than agreed; they are moved on the site."""

    list_display = ["group", "planned_on", "moved_to", "reason", "withdrawn_at", "recorded_by"]
    list_select_related = ["group", "recorded_by"]


@admin.register(MentoringPhase)
class MentoringPhaseAdmin(RecordAdmin):
    """Phases of mentoring, those withdrawn among them; they are recorded on the site."""

    list_display = ["group", "phase", "started_on", "planned_until", "mentoring_until", "withdrawn_at"]
    list_filter = ["phase"]
    list_select_related = ["group"]


@admin.register(ExitReview)
class ExitReviewAdmin(RecordAdmin):
    """Reviews with which mentoring ended."""

    list_display = ["group", "phase"]
    list_select_related = ["group", "phase"]


@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    """Regions, shared by all; loaded by `load_regions`."""

    organisation_path = None
    list_display = ["name", "code", "level", "parent"]
    list_filter = ["level"]
    list_select_related = ["parent"]
    search_fields = ["name", "code"]
    show_full_result_count = False


@admin.register(SignInTry)
class SignInTryAdmin(ReadOnlyAdmin):
    """Who signed in from where, and who could not; of all organisations, so for superusers."""

    organisation_path = None
    list_display = ["username", "address", "device", "tried_at", "signed_in"]
    list_filter = ["signed_in"]
    search_fields = ["username", "address"]
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Keep it off the index of others."""
        return actor_of(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let superusers look."""
        return actor_of(request).is_superuser


# Rights come from roles, so permission groups would only promise what they do not give. The audit log shows
# records of every organisation; it is for superusers, who read it in the database.
admin.site.unregister(PermissionGroup)


def actor_of(request: HttpRequest) -> User:
    """Return who asks for a page of the admin, which is for signed-in staff only."""
    return cast(User, request.user)


def _is_admin(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_active and (user.is_superuser or user.role == Role.ADMIN)
