"""Write a group's journal to standard output for an outside program."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finance.ledger.export import write_csv, write_hledger
from groups.models import Group

WRITERS = {"hledger": write_hledger, "csv": write_csv}


class Command(BaseCommand):
    """`manage.py export_ledger --group CODE --format hledger`."""

    help = "Write the journal of one group to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the group and the format."""
        parser.add_argument("--group", required=True, help="the group's code")
        parser.add_argument("--format", required=True, choices=sorted(WRITERS))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the journal; an unknown group is a `CommandError`."""
        group = Group.objects.filter(code=options["group"]).first()
        if group is None:
            raise CommandError(f"There is no group with the code {options['group']}.")
        WRITERS[options["format"]](group, self.stdout)
