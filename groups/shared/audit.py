"""Rows written in sets go to the audit log in one statement, as each would that is saved alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditlog.cid import get_cid
from auditlog.context import auditlog_disabled, auditlog_value
from auditlog.diff import model_instance_diff
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

if TYPE_CHECKING:
    from groups.models import User


def log_created(rows: Sequence[Model], *, actor: User) -> None:
    """Write to the audit log that `actor` created `rows`, all of one model, which are saved."""
    if not rows or auditlog_disabled.get(False):
        return
    request = auditlog_value.get({})
    columns = [field.name for field in rows[0]._meta.concrete_fields]  # nothing points at a new row yet
    LogEntry.objects.bulk_create(
        LogEntry(
            content_type=ContentType.objects.get_for_model(row),
            object_pk=row.pk,
            object_id=row.pk,
            object_repr=str(row),
            action=LogEntry.Action.CREATE,
            changes=model_instance_diff(None, row, fields_to_check=columns),
            actor=actor,
            actor_email=actor.email,
            remote_addr=request.get("remote_addr"),
            remote_port=request.get("remote_port"),
            cid=get_cid(),
        )
        for row in rows
    )
