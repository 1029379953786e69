"""Configuration of the meetings app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def install_guards(using: str, **_kwargs: object) -> None:
    """Put the triggers of meetings back after each migrate."""
    from groups.guards import install
    from meetings.guards import GUARDS

    install(GUARDS, using)


class MeetingsConfig(AppConfig):
    """The meetings app."""

    name = "meetings"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        """Install the triggers after every migrate."""
        post_migrate.connect(install_guards, sender=self)
