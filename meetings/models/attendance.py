"""Who came to a meeting."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.models import Group, Member
from meetings.models.meeting import Meeting


class AttendanceStatus(models.TextChoices):
    """Represented: the member stayed away but sent the money with somebody else."""

    PRESENT = "PRESENT", _("Present")
    LATE = "LATE", _("Late")
    REPRESENTED = "REPRESENTED", _("Represented")
    EXCUSED = "EXCUSED", _("Excused")
    ABSENT = "ABSENT", _("Absent")


class Attendance(models.Model):
    """One member at one closed meeting."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendances", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="attendances")
    status = models.CharField(_("attendance"), max_length=11, choices=AttendanceStatus)
    waiver = models.CharField(_("why the fine by the rules was waived"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        constraints = [
            models.UniqueConstraint(name="attendance_once", fields=["meeting", "member"]),
            models.CheckConstraint(name="attendance_status", condition=Q(status__in=AttendanceStatus.values)),
        ]

    def __str__(self) -> str:
        return self.get_status_display()
