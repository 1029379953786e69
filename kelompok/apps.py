"""Configuration of the kelompok app and of the administration."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class KelompokConfig(AppConfig):
    """The kelompok app."""

    name = "kelompok"


class KelompokAdminConfig(AdminConfig):
    """Django's admin on our own site."""

    default_site = "kelompok.admin.Site"
