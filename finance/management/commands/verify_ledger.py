"""Recompute every balance and invariant of the ledger; exit 1 with the list if something does not agree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from finance.ledger.verify import CHECKS, counted, extent, mismatches, verified_through
from groups.shared.integrity import faulty_rules


class Command(BaseCommand):
    """`manage.py verify_ledger [--new]`."""

    help = "Recompute every balance and invariant of the ledger from its transfers, for all groups."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what can be asked for."""
        parser.add_argument(
            "--new",
            action="store_true",
            help="only the groups with entries since the last run over all groups that found nothing",
        )

    def handle(self, *_args: Any, new: bool = False, **_options: Any) -> None:
        """Print what does not agree and what was checked; a full run that finds nothing is remembered."""
        since = verified_through() if new else None
        if new and since is None:
            self.stdout.write("No full run found nothing since; everything is checked.")
        run = extent() if since is None else None
        broken = list(mismatches(since))
        for mismatch in broken:
            self.stdout.write(f"{mismatch.group}: {mismatch.what} (rule: {mismatch.rule})")
        faulty = faulty_rules()
        for rule, fault in faulty:
            self.stdout.write(f"database: {rule} {fault} (manage.py install_triggers)")
        number = counted(since)
        which = "" if since is None else " with new entries"
        self.stdout.write(
            f"{len(CHECKS)} rules checked over {number['groups']} groups{which}, {number['accounts']} accounts, "
            f"{number['entries']} entries, {number['transfers']} transfers, "
            f"{number['loans']} loans: {len(broken)} mismatches."
        )
        if broken or faulty:
            raise SystemExit(1)
        if run is not None:
            run.save()
