"""What services refuse beside `ValidationError`, whatever the app."""

from __future__ import annotations

from django.core.exceptions import ValidationError


class Refused(Exception):
    """Something a service refuses: `str()` is a message for the person at the form, `field` the field it is about."""

    field: str | None = None


def as_validation_error(error: Refused) -> ValidationError:
    """Return a refusal as one that a form can show, at its field if it names one."""
    return ValidationError({error.field: [str(error)]} if error.field is not None else str(error))
