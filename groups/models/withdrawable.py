"""What many records have: who wrote them down and when, and that a mistaken one is taken back and stays readable."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.shared.clock import now

if TYPE_CHECKING:
    from groups.models.organisation import User

M = TypeVar("M", bound=models.Model)


class Recorded(models.Model):
    """A record with who wrote it down, and when."""

    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        abstract = True


class RecordedOnce(Recorded):
    """The same with the key of the form that made it: the same form sent twice is one record."""

    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class WithdrawableQuerySet(models.QuerySet[M]):
    """Rows that may have been taken back."""

    def valid(self) -> Self:
        """Return the rows that nobody took back."""
        return self.filter(withdrawn_at__isnull=True)


class Withdrawable(models.Model):
    """A record that is taken back once where it was a mistake, and stays readable."""

    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("withdrawn by"),
    )  # fmt: skip

    class Meta:
        abstract = True

    def withdraw(self, actor: User) -> None:
        """Write down that `actor` takes the record back; a second time changes nothing."""
        self._withdraw(actor)

    def _withdraw(self, actor: User, **more: str) -> None:
        if self.withdrawn_at is None:
            values = {"withdrawn_at": now(), "withdrawn_by": actor, **more}
            for name, value in values.items():
                setattr(self, name, value)
            self.save(update_fields=[*values])


class WithdrawableWithReason(Withdrawable):
    """A record that is taken back with a reason."""

    withdrawn_why = models.CharField(_("why it was withdrawn"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def withdraw(self, actor: User, why: str = "") -> None:
        """Write down that `actor` takes the record back, and why; a second time changes nothing."""
        self._withdraw(actor, withdrawn_why=why)


def withdrawn_by_somebody(name: str) -> models.CheckConstraint:
    """Return the rule that what was withdrawn says by whom."""
    return models.CheckConstraint(
        name=name,
        condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
        | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
    )


def withdrawn_with_reason(name: str) -> models.CheckConstraint:
    """Return the rule that what was withdrawn says by whom and why."""
    return models.CheckConstraint(
        name=name,
        condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_why="")
        | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why="")),
    )
