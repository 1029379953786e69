"""Recompute every balance and invariant of the ledger; exit 1 with the list if something does not agree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from finance.ledger.verify import CHECKS, counted, mismatches


class Command(BaseCommand):
    """`manage.py verify_ledger`."""

    help = "Recompute every balance and invariant of the ledger from its transfers, for all groups."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print what does not agree and what was checked."""
        found = list(mismatches())
        for mismatch in found:
            self.stdout.write(f"{mismatch.group}: {mismatch.what} (rule: {mismatch.rule})")
        number = counted()
        self.stdout.write(
            f"{len(CHECKS)} rules checked over {number['groups_group']} groups, {number['finance_account']} accounts, "
            f"{number['finance_entry']} entries, {number['finance_transfer']} transfers, "
            f"{number['finance_loan']} loans: {len(found)} mismatches."
        )
        if found:
            raise SystemExit(1)
