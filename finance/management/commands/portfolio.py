"""Work out what the portfolio dashboard adds up, so that nobody waits for it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from finance.performance import months_before
from finance.selectors.figures import lacking_figures
from finance.services.figures import figures_keep
from finance.surplus import month_ends
from groups.models import Group, GroupStatus

MOST_MONTHS = 120


class Command(BaseCommand):
    """`manage.py portfolio --months 12`: today, and the ends of so many months before, where they are not kept yet."""

    help = "Work out savings, loans and arrears of every group for the portfolio dashboard."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How far back."""
        parser.add_argument("--months", type=int, default=12, help="Months before this one (default %(default)s).")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Work the figures out, the oldest month first, with a progress bar on stderr."""
        if not 0 <= options["months"] <= MOST_MONTHS:
            raise CommandError(f"--months is from 0 to {MOST_MONTHS}.")
        count = 0
        groups = Group.objects.exclude(status=GroupStatus.DISSOLVED)
        today = timezone.localdate()
        for day in month_ends(months_before(today, options["months"]), today):
            there_were = groups.filter(founded_on__lte=day)
            total = lacking_figures(there_were, day).count()
            with tqdm(total=total, unit=" groups", desc=f"{day}", file=self.stderr, disable=None) as bar:
                count += figures_keep(there_were, on=day, report=bar.update)
        self.stdout.write(f"{count} figures worked out.")
