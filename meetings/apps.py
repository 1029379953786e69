"""Configuration of the meetings app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    """The meetings app; django-auditlog keeps the follow-up of decisions, all that changes after closing."""

    name = "meetings"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        """Install the triggers, keep who said of a decision that it is carried out, and say which days minutes know."""
        from auditlog.registry import auditlog

        from groups.records import GROUP_READERS, MEETING_READERS, MEMBER_READERS
        from groups.shared.triggers import keep_installed
        from meetings.models import AgendaItem
        from meetings.selectors import days_of_group, days_of_meetings, days_of_member
        from meetings.triggers import TRIGGERS

        keep_installed(self, TRIGGERS)
        MEMBER_READERS.append(days_of_member)
        GROUP_READERS.append(days_of_group)
        MEETING_READERS.append(days_of_meetings)
        auditlog.register(AgendaItem, include_fields=["done_on", "done_by"])
