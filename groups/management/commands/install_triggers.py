"""Put the triggers that keep the books back into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from groups.shared.integrity import faulty_rules
from groups.shared.triggers import install_all


class Command(BaseCommand):
    """`manage.py install_triggers`: as `migrate` does; exit code 1 where constraints are still not right."""

    help = "Install the triggers of every app; safe to repeat. Says what was wrong, and what still is."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Install all, and name what was put right."""
        before = faulty_rules()
        install_all()
        after = faulty_rules()
        for rule, fault in before:
            if (rule, fault) not in after:
                self.stdout.write(f"{rule} {fault.replace('is', 'was', 1)}.")
        self.stdout.write(f"{len(before) - len(after)} triggers were put back.")
        if after:
            self.stdout.write("Still wrong: " + ", ".join(f"{rule} {fault}" for rule, fault in after))
            raise SystemExit(1)
