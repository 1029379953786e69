"""Who is signed in, read with the organisation that every page names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from groups.models import User


class UserBackend(ModelBackend):
    """Django's own, which would take a second statement for the organisation."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the user who may still sign in, with the organisation."""
        user = User.objects.select_related("organisation").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
