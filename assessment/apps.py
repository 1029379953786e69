"""Configuration of the assessment app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def install_triggers(using: str, **_kwargs: object) -> None:
    """Put the triggers of assessments back after each migrate, and the shipped instrument where it is missing."""
    from assessment.instruments import load_shipped
    from assessment.triggers import TRIGGERS
    from groups.shared.triggers import install

    install(TRIGGERS, using)
    load_shipped()


class AssessmentConfig(AppConfig):
    """The assessment app."""

    name = "assessment"
    verbose_name = _("Assessment")

    def ready(self) -> None:
        """Install the triggers and the shipped instrument after every migrate."""
        post_migrate.connect(install_triggers, sender=self)
