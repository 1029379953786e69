"""What stands around a book on paper: where the group is at its head, who signs at its end."""

from __future__ import annotations

from typing import NamedTuple

from groups.models import Group, OfficerRole, OfficerTerm
from groups.shared.sql import read

_KELURAHAN = "1"
"""What the last part of the Kemendagri code of an urban village begins with; that of a desa begins with 2."""


class Signer(NamedTuple):
    """Who signs a printed book: an office and, if somebody holds it, the name."""

    office: str
    name: str


class PrintFrame(NamedTuple):
    """The head and the end of a printed book; `village` and `place` are empty for a group without a village.

    `place` is the village with its district and regency, in the words of its letterhead.
    """

    village: str
    place: str
    signers: list[Signer]


_PAPER = """
SELECT v.name, d.name, r.name, o.role, m.name FROM groups_group g
LEFT JOIN groups_region v ON v.code = g.village_id
LEFT JOIN groups_region d ON d.code = v.parent_id
LEFT JOIN groups_region r ON r.code = d.parent_id
LEFT JOIN groups_officerterm o ON o.group_id = g.id AND o.ended_on IS NULL
LEFT JOIN groups_member m ON m.id = o.member_id
WHERE g.id = %(group)s
"""


def paper(group: Group) -> PrintFrame:
    """Return what stands around the books of `group` on paper, in one statement."""
    found = read(_PAPER, {"group": group.pk})
    village, district, regency, *_office = found[0]
    holders = {role: name for *_region, role, name in found}
    return PrintFrame(
        village or "",
        _place(group.village_id, village, district, regency) if village else "",
        [Signer(str(role.label), holders.get(role, "")) for role in OfficerRole],
    )


def signers(group: Group) -> list[Signer]:
    """Return the offices in the order they sign, with the names of their holders."""
    terms = OfficerTerm.objects.filter(group=group, ended_on__isnull=True)
    holders = dict(terms.values_list("role", "member__name"))
    return [Signer(str(role.label), holders.get(role, "")) for role in OfficerRole]


def _place(code: str | None, village: str, district: str | None, regency: str | None) -> str:
    kind = "Kelurahan" if (code or "").rpartition(".")[2].startswith(_KELURAHAN) else "Desa"
    parts = (f"{kind} {village}", f"Kecamatan {district}" if district else "", regency)
    return ", ".join(filter(None, parts))
