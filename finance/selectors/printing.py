"""What stands around a book on paper: where the group is at its head, who signs at its end.

Read as a relation, which takes a quarter of the time of a query here: every page of a book asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from groups.models import Group, OfficerRole, OfficerTerm
from groups.selectors.relations import LETTERHEADS
from groups.shared.sql import rows_of

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


def print_frame(group: Group, *, as_of: date) -> PrintFrame:
    """Return what stands around the books of `group` on paper signed on the day `as_of`, in one statement."""
    rows = rows_of(LETTERHEADS, LETTERHEADS.columns[1:], [group.pk], {"as_of": as_of})
    village, district, regency, *_office = rows[0]
    holders = {role: name for *_region, role, name in rows}
    return PrintFrame(
        village or "",
        _place(group.village_id, village, district, regency) if village else "",
        _signers(holders),
    )


def signers(group: Group, *, as_of: date) -> list[Signer]:
    """Return the offices in the order they sign, with the names of their holders on the day `as_of`."""
    terms = OfficerTerm.objects.filter(group=group).effective(as_of)
    return _signers(dict(terms.values_list("role", "member__called")))


def _signers(holders: Mapping[str, str]) -> list[Signer]:
    return [Signer(str(role.label), holders.get(role, "")) for role in OfficerRole]


def _place(code: str | None, village: str, district: str | None, regency: str | None) -> str:
    kind = "Kelurahan" if (code or "").rpartition(".")[2].startswith(_KELURAHAN) else "Desa"
    parts = (f"{kind} {village}", f"Kecamatan {district}" if district else "", regency)
    return ", ".join(filter(None, parts))
