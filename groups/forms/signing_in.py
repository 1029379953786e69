"""The form to sign in with."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """User name and password; phones begin a name with a capital letter, so its case does not matter."""

    def clean_username(self) -> str:
        """Return the name in small letters, so that wrong tries of one person are counted as such."""
        username: str = self.cleaned_data["username"]
        return username.lower()
