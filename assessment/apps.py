"""Configuration of the assessment app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def load_instruments(**_kwargs: object) -> None:
    """Bring the shipped instruments where they are missing."""
    from assessment.instruments import load_shipped

    load_shipped()


class AssessmentConfig(AppConfig):
    """The assessment app."""

    name = "assessment"
    verbose_name = _("Assessment")

    def ready(self) -> None:
        """Install the triggers and the shipped instrument after every migrate."""
        from assessment.triggers import TRIGGERS
        from groups.shared.triggers import keep_installed

        keep_installed(self, TRIGGERS)
        post_migrate.connect(load_instruments, sender=self)
