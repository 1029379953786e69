"""Tries to sign in, counted so that nobody guesses passwords."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.shared.clock import now


class SignInTry(models.Model):
    """One try to sign in, written before the password is looked at; `groups.sign_ins` says how many there may be."""

    # As it was typed, in small letters; there may be no such person.
    username = models.CharField(_("user name"), max_length=150)
    address = models.GenericIPAddressField(_("IP address"), null=True)
    # The device that proved by its cookie that this person signed in with it before.
    device = models.CharField(_("device"), max_length=32, blank=True)
    tried_at = models.DateTimeField(_("tried at"), default=now)
    signed_in = models.BooleanField(_("signed in"), default=False)

    class Meta:
        verbose_name = _("sign-in attempt")
        verbose_name_plural = _("sign-in attempts")
        ordering = ["-tried_at", "-pk"]
        indexes = [
            models.Index(fields=["username", "tried_at"], name="sign_in_username"),
            models.Index(fields=["address", "tried_at"], name="sign_in_address"),
            models.Index(fields=["tried_at"], name="sign_in_tried_at"),
        ]

    def __str__(self) -> str:
        return f"{self.username}, {self.tried_at:%Y-%m-%d %H:%M}"
