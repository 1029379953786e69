"""Configuration of the kelompok app."""

from django.apps import AppConfig


class KelompokConfig(AppConfig):
    """The kelompok app."""

    name = "kelompok"
