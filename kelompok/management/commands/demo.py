"""`manage.py demo`: plausible Indonesian demo data of any size; the same seed gives the same data on the same day."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from assessment.keeping import signals_keep
from assessment.services import assess_groups
from finance.performance import months_before
from finance.services.figures import figures_keep
from finance.surplus import month_ends
from groups.models import Group, Organisation
from kelompok.demo import words
from kelompok.demo.cast import PASSWORD, Troupe, make_cast, make_officers, plans, sign_ins
from kelompok.demo.history import Life
from kelompok.demo.minute_book import MinuteBook
from kelompok.demo.scenarios import tell
from kelompok.demo.signal_cases import SHOWING
from kelompok.demo.tables import Tables

BATCH_GROUPS = 100
"""Groups written in one transaction: memory stays flat at any size."""
MOST_MONTHS = 120
PORTFOLIO_MONTHS = 12
"""Months before this one whose portfolio is there to look at."""


class Command(BaseCommand):
    """Fill an empty database with organisations, people, groups and months of their meetings."""

    help = "Write plausible Indonesian demo data and print the demo sign-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--groups", type=int, default=24, help="how many groups (default %(default)s)")
        parser.add_argument("--months", type=int, default=14, help="how many months of records (default %(default)s)")
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed gives the same data (default %(default)s)"
        )
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are groups")
        parser.add_argument("--force", action="store_true", help="run although DEBUG is off")

    def handle(
        self,
        *args: Any,
        groups: int,
        months: int,
        seed: int,
        if_empty: bool,
        force: bool,
        verbosity: int,
        **options: Any,
    ) -> None:
        """Check that this is a place for demo data, then write it batch by batch."""
        if if_empty and Group.objects.exists():
            if settings.DEBUG and verbosity:
                self._print_sign_ins()
            return
        if not (settings.DEBUG or force):
            raise CommandError(_("Demo users have known passwords: the command needs DEBUG, or --force."))
        if Organisation.objects.filter(name__in=[name for name, _short in words.ORGANISATIONS]).exists():
            raise CommandError(_("The demo data is here already."))
        if groups < 1 or not 1 <= months <= MOST_MONTHS:
            raise CommandError(_("Ask for at least one group, and for 1 to %d months.") % MOST_MONTHS)
        today = timezone.localdate()
        quiet = None if verbosity else True
        troupes = make_cast(groups)
        with tqdm(total=groups, unit="group", disable=quiet) as progress:
            _write_groups(troupes, seed=seed, months=months, today=today, progress=progress)
        make_officers(troupes)
        tell(seed=seed, today=today)
        for day in tqdm(month_ends(months_before(today, months), today), unit="month", disable=quiet):
            assess_groups(groups=Group.objects.all(), as_of=day)
        shown = month_ends(months_before(today, min(months, PORTFOLIO_MONTHS)), today)
        for day in tqdm(shown, unit="month", disable=quiet):
            figures_keep(Group.objects.filter(founded_on__lte=day), on=day)
        signals_keep(Group.objects.all(), as_of=today)
        if verbosity:
            self._print_sign_ins()

    def _print_sign_ins(self) -> None:
        users = sign_ins()
        if users:
            self.stdout.write(_("Demo sign-ins, all with the password %s:") % PASSWORD)
        for role, username in users:
            self.stdout.write(f"  {username:<16} {role}")


def _write_groups(troupes: list[Troupe], *, seed: int, months: int, today: date, progress: tqdm[Any]) -> None:
    tables = Tables()
    waiting = plans(troupes, seed=seed, today=today)
    while batch := list(islice(waiting, BATCH_GROUPS)):
        for plan, rng in batch:
            life = MinuteBook if plan.is_sample else SHOWING.get(plan.shows, Life)
            life(tables, rng, plan, today=today, months=months).live()
            progress.update()
        tables.write()
    tables.gather_statistics()
