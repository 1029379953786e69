"""Django's `migrate` with the autodetector of this project, which both of its commands must have."""

from django.core.management.commands import migrate

from kelompok.autodetector import Autodetector


class Command(migrate.Command):
    """`migrate` of this project."""

    autodetector = Autodetector
