"""Regions of Indonesia by Kemendagri code, loaded by `manage.py load_regions`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from groups.shared.folding import FoldedField, FoldedModel


class RegionLevel(models.IntegerChoices):
    """Levels of the Kemendagri code, from its number of parts."""

    PROVINCE = 1, _("Province")
    REGENCY = 2, _("Regency or city")
    DISTRICT = 3, _("District")
    VILLAGE = 4, _("Village")


def in_regions(codes: Iterable[str], path: str = "village") -> Q:
    """Return the condition that the village to which `path` leads is one of `codes` or lies in one of them."""
    places = Q(pk__in=[])
    for code in codes:
        places |= Q(**{path: code}) | Q(**{f"{path}__code__startswith": f"{code}."})
    return places


class Region(FoldedModel):
    """One region; the code of a parent is a prefix of the code of its children (`35.19` of `35.19.05`)."""

    code = models.CharField(_("code"), max_length=13, primary_key=True)
    name = models.CharField(_("name"), max_length=80)
    name_key = FoldedField(of=("name",))
    level = models.PositiveSmallIntegerField(_("level"), choices=RegionLevel)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]
        indexes = [models.Index(fields=["level", "name_key"], name="region_level_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """The name with those of its regions: `Sukamaju, Cibeber, Cianjur, Jawa Barat`; select the parents along."""
        return self.name if self.parent is None else f"{self.name}, {self.parent.path}"
