"""Reports of months are written, and written anew; every version stays."""

from __future__ import annotations

import uuid
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from groups.models import User
from groups.permissions import Capability, require
from groups.services.profiles import form_used
from groups.shared.clock import today
from meetings.models import MonthReport


@transaction.atomic
def month_report_write(*, actor: User, month: date, text: str, key: uuid.UUID) -> MonthReport:
    """Write the report of `actor` on the month that begins on the day `month`; the same words again are no version.

    Raises `FormUsed` if the key came with other words before, and `ValidationError` for a month to come.
    """
    require(actor, Capability.MENTOR)
    if actor.organisation is None:
        raise PermissionDenied("a superuser accompanies no group")
    author = User.objects.select_for_update().get(pk=actor.pk)
    sent = MonthReport.objects.filter(author=author, key=key).first()
    if sent is not None and (sent.month, sent.text) != (month, text):
        raise form_used(sent)
    if sent is not None:
        return sent
    if month > today():
        raise ValidationError({"text": _("This month has not begun yet.")})
    latest = MonthReport.objects.filter(author=author, month=month).first()
    if latest is not None and latest.text == text:
        return latest
    report = MonthReport(
        organisation=actor.organisation, author=author, month=month, text=text, key=key,
        version=1 if latest is None else latest.version + 1,
    )  # fmt: skip
    report.full_clean()
    report.save()
    return report
