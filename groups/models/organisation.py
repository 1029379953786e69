"""Organisations (the tenants) and the people who sign in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups.shared.clock import now
from groups.shared.folding import FoldedField, FoldedModel

DEFAULT_PREFIX = "KSM"


class Organisation(models.Model):
    """An NGO or programme; nothing of one organisation is ever visible to another."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    group_prefix = models.CharField(
        _("prefix of group numbers"),
        max_length=8,
        default=DEFAULT_PREFIX,
        blank=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]*$", _("Write capital letters and digits, a letter first."))],
        help_text=_("KSM gives KSM-0001, KSM-0002 …; it changes the numbers of all groups of the organisation."),
    )
    officers_record = models.BooleanField(
        _("officers record their own meetings"),
        default=False,
        help_text=_("Officers whom you let do so record the meetings of their group once it has access to a lender."),
    )
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Give the usual prefix to who wants none."""
        self.group_prefix = self.group_prefix or DEFAULT_PREFIX


class Role(models.TextChoices):
    """What a person may do; the table is in `groups.permissions`."""

    ADMIN = "ADMIN", _("Administrator")
    STAFF = "STAFF", _("NGO staff")
    FACILITATOR = "FACILITATOR", _("Facilitator")
    OFFICER = "OFFICER", _("Group officer")


class PeopleManager(UserManager["User"]):
    """People, who sign in with their name in small or capital letters."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person of that user name in any case; there is one at most."""
        return self.alias(lowered=Lower("username")).get(lowered=(username or "").lower())


class User(AbstractUser, FoldedModel):
    """A person who signs in. Only a superuser has no organisation."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("organisation"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.FACILITATOR)
    # An officer signs in as a member of one group and sees that group while the term of office lasts.
    member = models.OneToOneField(
        "groups.Member",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="user",
        verbose_name=_("member"),
    )
    # `Group.objects.recordable_by` says what else it takes.
    records_meetings = models.BooleanField(
        _("records meetings"),
        default=False,
        help_text=_(
            "An officer who was trained. It holds while the organisation allows it, the group has access to a lender "
            "or its mentoring ended, and the member holds an office."
        ),
    )
    # Codes of provinces and regencies: staff see the groups of their villages alone, and all groups where none is
    # named. They are read with the person, so that no page takes another statement to know what may be seen.
    regions = models.JSONField(_("only groups in"), default=list, blank=True)
    name_key = FoldedField(of=("first_name", "last_name"))
    # Whether another person of the organisation has the same name; a trigger keeps it.
    has_namesake = models.BooleanField(_("has a namesake"), default=False, editable=False)

    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_once",
                violation_error_message=_("A user with that username already exists."),
            ),
            models.CheckConstraint(
                name="user_has_organisation",
                condition=Q(is_superuser=True) | Q(organisation__isnull=False),
                violation_error_message=_("A person who is not a superuser belongs to an organisation."),
            ),
            models.CheckConstraint(
                name="user_officer_is_member",
                condition=Q(role=Role.OFFICER, member__isnull=False) | (~Q(role=Role.OFFICER) & Q(member__isnull=True)),
                violation_error_message=_("A group officer is a member of a group, and nobody else is."),
            ),
            models.CheckConstraint(
                name="user_records_as_officer",
                condition=Q(role=Role.OFFICER) | Q(records_meetings=False),
                violation_error_message=_("Only a group officer is let record the meetings of the own group."),
            ),
            models.CheckConstraint(
                name="user_regions_of_staff",
                condition=Q(role=Role.STAFF) | Q(regions=[]),
                violation_error_message=_("Only NGO staff are limited to regions."),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "name_key"], name="user_org_name_key")]

    def __str__(self) -> str:
        return person_name(*(getattr(self, field) for field in PERSON_FIELDS))


PERSON_FIELDS = ("first_name", "last_name", "username", "has_namesake", "role", "is_active")
"""What the name of a person is made of."""


def person_name(first: str, last: str, username: str, has_namesake: bool, role: str, is_active: bool) -> str:
    """Return what a person is called: the full name, with the one to sign in with where others have it, or that.

    Of a facilitator who may not sign in any more it says so: nobody accompanies the groups until another does.
    """
    name = f"{first} {last}".strip()
    name = f"{name} ({username})" if name and has_namesake else name or username
    if role == Role.FACILITATOR and not is_active:
        return gettext("%(name)s (inactive)") % {"name": name}
    return name
