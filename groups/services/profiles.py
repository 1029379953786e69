"""Profiles of groups and members as forms send them: some fields of the row, and a key."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from groups.models import Group, Member


class FormUsed(ValidationError):
    """A form that was sent before comes again with other words in it; to be recorded it needs a new key."""


def form_used(earlier: Model) -> FormUsed:
    """Return the refusal of a form that made `earlier` and comes again with other words in it."""
    recorded = _("%(name)s was recorded with this form already, and stays as it is.") % {"name": earlier}
    return FormUsed([recorded, _("To record what stands here now as well, send it once more.")])


def refuse_changed(earlier: Model, sent: Model, profile: Sequence[str]) -> None:
    """Raise `FormUsed` where the form that made `earlier` is sent again with another profile."""
    if any(getattr(earlier, name) != getattr(sent, name) for name in profile):
        raise form_used(earlier)


def fields_outside(model: type[Group] | type[Member], profile: Sequence[str]) -> set[str]:
    """Return the names of the fields that are not in `profile`, which `full_clean` is to leave out."""
    return {field.name for field in model._meta.fields} - set(profile)
