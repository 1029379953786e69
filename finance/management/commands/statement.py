"""Print what was true of one group on a day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finance import selectors
from groups.models import Group
from groups.shared.clock import today_of


class Command(BaseCommand):
    """`manage.py statement --group CODE --as-of 2026-10-31 --json`: one JSON object, amounts in whole rupiah."""

    help = "Print what was true of one group at the end of a day: status, rules, money, members and running loans."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the group, the day and the form of the output."""
        parser.add_argument("--group", required=True, help="the group's code")
        parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="day, YYYY-MM-DD; today by default")
        parser.add_argument("--json", action="store_true", help="on one line, for another program")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the statement; an unknown group, or a day before it was founded, is a `CommandError`."""
        code = options["group"]
        group = Group.objects.filter(code=code).first()
        if group is None:
            raise CommandError(f"There is no group with the code {code}.")
        as_of = options["as_of"] or today_of(group)
        if as_of < group.founded_on:
            raise CommandError(f"The group {code} did not exist yet on {as_of}: it was founded on {group.founded_on}.")
        statement = as_json(selectors.statement(group, as_of=as_of))
        self.stdout.write(json.dumps(statement, ensure_ascii=False, indent=None if options["json"] else 2))


def as_json(statement: selectors.Statement) -> dict[str, Any]:
    """Return a statement as the contract of the command has it; `owed` are fines, wajib and pokok owed."""
    return {
        "group": statement.group.code,
        "as_of": statement.as_of.isoformat(),
        "status": statement.status.value,
        "rules_version": statement.rules.version if statement.rules is not None else None,
        "cash": statement.cash,
        "bank": statement.bank,
        "members": [
            {
                "number": row.member.number,
                "name": row.member.name,
                "pokok": row.pokok,
                "wajib": row.wajib,
                "sukarela": row.sukarela,
                "owed": statement.owed.get(row.member.pk, 0),
            }
            for row in statement.members
        ],
        "loans": [
            {
                "number": row.loan.number,
                "member": row.loan.member.number,
                "principal_left": row.outstanding,
                "fee_left": row.arrears.fee_left,
                "due": row.arrears.due,
                "arrears": row.arrears.late,
                "days_late": row.arrears.days_late,
            }
            for row in statement.loans
        ],
    }
