"""Configuration of the meetings app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    """The meetings app; django-auditlog keeps who marked decisions and follow-ups of visits as done."""

    name = "meetings"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        """Install the triggers, keep who said of what that it is done, and say which days are recorded."""
        from auditlog.registry import auditlog

        from groups.records import GROUP_READERS, MEETING_READERS, MEMBER_READERS
        from groups.shared.triggers import keep_installed
        from meetings.models import AgendaItem, FollowUp
        from meetings.selectors import (
            days_of_group,
            days_of_meetings,
            days_of_member,
            days_of_trainings,
            days_of_visits,
            training_days_of_member,
        )
        from meetings.triggers import TRIGGERS

        keep_installed(self, TRIGGERS)
        MEMBER_READERS.extend([days_of_member, training_days_of_member])
        GROUP_READERS.extend([days_of_group, days_of_visits, days_of_trainings])
        MEETING_READERS.append(days_of_meetings)
        auditlog.register(AgendaItem, include_fields=["done_on", "done_by"])
        auditlog.register(FollowUp, include_fields=["done_on", "done_by"])
