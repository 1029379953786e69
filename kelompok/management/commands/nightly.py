"""Everything that is done every night, one after the other."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from tqdm import tqdm

from assessment.keeping import lacking_signals, organisation_months_keep, signals_keep
from assessment.models import Assessment, KeptSignals
from finance.models import FiguresSlice, GroupFigures
from groups.models import Group, GroupStatus, Organisation


class Command(BaseCommand):
    """`manage.py nightly`: score the groups, work out portfolio, signals and months, recompute the ledger.

    Exit code 1 where the ledger does not agree, after everything else is done.
    """

    help = "Run assess, portfolio and verify_ledger, and look for the signals of every group."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run them, each with its own progress on stderr."""
        call_command("assess", stdout=self.stdout, stderr=self.stderr)
        call_command("portfolio", stdout=self.stdout, stderr=self.stderr)
        today, groups = timezone.localdate(), Group.objects.exclude(status=GroupStatus.DISSOLVED)
        total = lacking_signals(groups, today).count()
        with tqdm(total=total, unit=" groups", file=self.stderr, disable=None) as bar:
            count = signals_keep(groups, as_of=today, report=bar.update)
        self.stdout.write(f"{count} groups looked at for signals.")
        months = sum(organisation_months_keep(each, today=today) for each in Organisation.objects.order_by("pk"))
        self.stdout.write(f"{months} months counted for dashboards.")
        _tidy(Assessment, GroupFigures, FiguresSlice, KeptSignals)
        call_command("verify_ledger", stdout=self.stdout, stderr=self.stderr)


def _tidy(*models: type[Model]) -> None:
    """Let PostgreSQL know what stands in tables that were written anew, or it reads the wide rows behind an index."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"VACUUM (ANALYZE) {connection.ops.quote_name(model._meta.db_table)}")
