"""Configuration of the assessment app."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    """The assessment app."""

    name = "assessment"
