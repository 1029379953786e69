"""Everything that is done every night, one after the other."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from assessment.models import Assessment, GroupSnapshot, SnapshotAgeing, SnapshotLateness, SnapshotScore
from assessment.services import snapshots_write
from assessment.services.snapshots import outdated
from groups.models import Group
from groups.shared.sql import tidy
from groups.sign_ins import forget_old_tries


class Command(BaseCommand):
    """`manage.py nightly`: bring every group's snapshot up to today, forget old sign-ins, recompute the ledger.

    Exit code 1 where the ledger does not agree, after everything else is done.
    """

    help = "Work out scores, portfolio, signals and data quality of every group as of today, and verify the ledger."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run all of it, each with its own progress on stderr."""
        today = timezone.localdate()
        groups = outdated(Group.objects.all(), today)
        with tqdm(total=groups.count(), unit=" groups", file=self.stderr, disable=None) as bar:
            count = snapshots_write(
                groups=groups, as_of=today, report=lambda outcomes: bar.update(len({one.group_id for one in outcomes}))
            )
        self.stdout.write(f"{count} groups brought up to {today}.")
        forget_old_tries()
        tidy(Assessment, GroupSnapshot, SnapshotAgeing, SnapshotLateness, SnapshotScore)
        call_command("verify_ledger", stdout=self.stdout, stderr=self.stderr)
