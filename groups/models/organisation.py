"""Organisations (the tenants) and the people who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.shared.clock import now


class Organisation(models.Model):
    """An NGO or programme; nothing of one organisation is ever visible to another."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do; the table is in `groups.permissions`."""

    ADMIN = "ADMIN", _("Administrator")
    STAFF = "STAFF", _("NGO staff")
    FACILITATOR = "FACILITATOR", _("Facilitator")
    OFFICER = "OFFICER", _("Group officer")


class User(AbstractUser):
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

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        constraints = [
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
        ]

    def __str__(self) -> str:
        return person_name(self.first_name, self.last_name, self.username)


def person_name(first: str, last: str, username: str) -> str:
    """Return what a person is called: the full name, or the one to sign in with."""
    return f"{first} {last}".strip() or username
