"""Configuration of the kelompok app, and of an app of others that has no name in our languages."""

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class KelompokConfig(AppConfig):
    """The kelompok app."""

    name = "kelompok"


class KelompokAdminConfig(AdminConfig):
    """Django's admin on our own site."""

    default_site = "kelompok.admin.Site"


class SignInsConfig(AxesConfig):  # type: ignore[misc]  # axes has no types
    """The app axes under a name that says what it keeps; without one the admin shows "Axes"."""

    verbose_name = _("Sign-in attempts")

    def ready(self) -> None:
        """Take away the admin's action that clears old attempts: it fails there; each sign-in clears them anyway."""
        super().ready()
        from axes.admin import AccessAttemptAdmin  # models are there only now

        AccessAttemptAdmin.actions = []
