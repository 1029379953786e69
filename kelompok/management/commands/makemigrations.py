"""Django's `makemigrations` with the autodetector of this project, which both of its commands must have."""

from django.core.management.commands import makemigrations

from kelompok.autodetector import Autodetector


class Command(makemigrations.Command):
    """`makemigrations` of this project."""

    autodetector = Autodetector
