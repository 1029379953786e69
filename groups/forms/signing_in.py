"""The form to sign in with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from groups.sign_ins import TooManyTriesError, begin_try, end_try, known_device


class SignInForm(AuthenticationForm):
    """User name and password; phones begin a name with a capital letter, so its case does not matter.

    Too many wrong ones are refused before the password is looked at; `wait` is then how many seconds.
    """

    wait = 0

    def __init__(self, *args: Any, address: str | None = None, **kwargs: Any) -> None:
        self.address = address
        super().__init__(*args, **kwargs)

    def clean_username(self) -> str:
        """Return the name in small letters, so that wrong tries of one person are counted as such."""
        username: str = self.cleaned_data["username"]
        return username.lower()

    def clean(self) -> dict[str, Any]:
        """Sign in, unless there were too many wrong tries."""
        if not {"username", "password"} <= self.cleaned_data.keys():
            return self.cleaned_data
        username = self.cleaned_data["username"]
        assert self.request is not None, "a browser signs in"
        try:
            attempt = begin_try(username, self.address, known_device(self.request, username))
        except TooManyTriesError as error:
            self.wait = error.seconds
            raise ValidationError(str(error), code="too_many") from error
        cleaned = super().clean()
        end_try(attempt)
        return cleaned
