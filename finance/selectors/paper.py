"""What stands around a book on paper: where the group is at its head, who signs at its end."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import FilteredRelation, Q

from finance.selectors.books import Signer
from groups.models import Group, OfficerRole

_KELURAHAN = "1"
"""What the last part of the Kemendagri code of an urban village begins with; that of a desa begins with 2."""


class Paper(NamedTuple):
    """The head and the end of a printed book; `village` and `place` are empty for a group without a village.

    `place` is the village with its district and regency, in the words of its letterhead.
    """

    village: str
    place: str
    signers: list[Signer]


def paper(group: Group) -> Paper:
    """Return what stands around the books of `group` on paper, in one statement."""
    rows = (
        Group.objects.filter(pk=group.pk)
        .order_by()
        .annotate(term=FilteredRelation("officer_terms", condition=Q(officer_terms__ended_on__isnull=True)))
        .values_list(
            "village__name",
            "village__parent__name",
            "village__parent__parent__name",
            "term__role",
            "term__member__name",
        )
    )
    found = list(rows)
    village, district, regency, *_office = found[0]
    holders = {role: name for *_region, role, name in found}
    return Paper(
        village or "",
        _place(group.village_id, village, district, regency) if village else "",
        [Signer(str(role.label), holders.get(role, "")) for role in OfficerRole],
    )


def _place(code: str | None, village: str, district: str | None, regency: str | None) -> str:
    kind = "Kelurahan" if (code or "").rpartition(".")[2].startswith(_KELURAHAN) else "Desa"
    parts = (f"{kind} {village}", f"Kecamatan {district}" if district else "", regency)
    return ", ".join(filter(None, parts))
