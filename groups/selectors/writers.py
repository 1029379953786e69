"""Who wrote a row, as far as a log says so."""

from __future__ import annotations

from datetime import datetime

from auditlog.models import LogEntry as AuditEntry
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


def writers_since(row: Model, since: datetime) -> set[int | None]:
    """Return the ids of the users who wrote a row since a moment, None for a write by nobody who signed in.

    The log of the administration and that of django-auditlog are asked: not every model has the other one.
    """
    kind = ContentType.objects.get_for_model(row)
    here = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk), action_time__gte=since)
    anywhere = AuditEntry.objects.filter(content_type=kind, object_pk=str(row.pk), timestamp__gte=since)
    return {*here.values_list("user_id", flat=True), *anywhere.values_list("actor_id", flat=True)}
