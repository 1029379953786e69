"""Put the triggers that keep the books back into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from groups.shared.integrity import missing_rules
from groups.shared.triggers import install_all, missing_triggers


class Command(BaseCommand):
    """`manage.py install_triggers`: as `migrate` does; exit code 1 where constraints are still missing."""

    help = "Install the triggers of every app; safe to repeat. Says what was missing, and what still is."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Install all, not only what is missing: one that was changed is replaced."""
        missing = missing_triggers()
        install_all()
        self.stdout.write(f"{len(missing)} triggers were missing.")
        if still := missing_rules():
            self.stdout.write("Still missing: " + ", ".join(still))
            raise SystemExit(1)
