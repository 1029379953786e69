"""Forms of money that were recorded."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import Group
from groups.shared.clock import now


class SentForm(models.Model):
    """A form that was recorded, by its key: sent again it changes nothing, and with other words the person is told.

    `content` marks what it said, as `groups.shared.content` does.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", verbose_name=_("group"))
    key = models.UUIDField(_("idempotency key"))
    content = models.CharField(_("content of the form"), max_length=64)
    sent_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("form recorded")
        verbose_name_plural = _("forms recorded")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(name="sent_form_key_once", fields=["group", "key"])]

    def __str__(self) -> str:
        return f"{self.key}"
