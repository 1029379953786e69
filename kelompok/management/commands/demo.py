"""`manage.py demo`: plausible Indonesian demo data of any size; the same seed gives the same data on the same day."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from auditlog.context import disable_auditlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from assessment.services import snapshots_write
from groups.models import Group, Organisation
from kelompok.demo import words
from kelompok.demo.copies import copy_groups
from kelompok.demo.events import record_events
from kelompok.demo.federations import record_federations
from kelompok.demo.organisations import PASSWORD, DemoOrganisation, make_officer_users, make_organisations, sign_ins
from kelompok.demo.partners import record_partners
from kelompok.demo.plans import group_copies, group_plans
from kelompok.demo.recorder import GroupRecorder
from kelompok.demo.staff import record_staff_work

MOST_MONTHS = 120


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
        organisations = make_organisations(groups)
        with tqdm(total=groups, unit="group", disable=quiet) as progress, disable_auditlog():
            for demo in organisations:
                record_partners(demo, on=today - timedelta(31 * months))
            shown, templates = _record_groups(organisations, seed=seed, months=months, today=today, progress=progress)
            record_federations(organisations, shown, seed=seed, today=today)
            record_events(organisations, shown, seed=seed, today=today)
            for count in copy_groups(group_copies(organisations, templates, seed=seed)):
                progress.update(count)
        make_officer_users(organisations)
        with tqdm(total=Group.objects.count(), unit="group", disable=quiet) as progress:
            snapshots_write(groups=Group.objects.all(), as_of=today, report=lambda found: progress.update(len(found)))
        record_staff_work(organisations, today=today)
        if verbosity:
            self._print_sign_ins()

    def _print_sign_ins(self) -> None:
        users = sign_ins()
        if users:
            self.stdout.write(_("Demo sign-ins, all with the password %s:") % PASSWORD)
        for role, username in users:
            self.stdout.write(f"  {username:<16} {role}")


def _record_groups(
    organisations: list[DemoOrganisation], *, seed: int, months: int, today: date, progress: tqdm[Any]
) -> tuple[list[Group], list[Group]]:
    """Record groups through the services; return those a visitor sees and the templates of the others."""
    shown: list[Group] = []
    templates: list[Group] = []
    for plan, rng in group_plans(organisations, seed=seed, today=today):
        group = GroupRecorder(plan, rng, today=today, months=months).record()
        (templates if plan.is_template else shown).append(group)
        progress.update()
    return shown, templates
