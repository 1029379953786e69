"""Filled-in meeting sheets as a browser would send them."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from groups.models import Group, Member

HELD_ON = date(2025, 3, 4)


def sheet_data(group: Group, *, held_on: date = HELD_ON, key: uuid.UUID | None = None, **fields: Any) -> dict[str, Any]:
    """A sheet on which every member is present and saves what the rules ask; `fields` replace single fields.

    Names of fields use `_` for `-`: `m1_fine="500"` for the member with number 1.
    """
    members = list(Member.objects.filter(group=group, left_on__isnull=True).order_by("number"))
    data = {
        "key": str(key or uuid.uuid4()),
        "held_on": held_on.isoformat(),
        "place": "Balai desa",
        "leader": str(members[0].pk),
        "note_taker": str(members[-1].pk),
    }
    for prefix in ("agenda", "loans", "other"):
        data |= {f"{prefix}-TOTAL_FORMS": "2", f"{prefix}-INITIAL_FORMS": "0"}
    for member in members:
        data[f"m{member.pk}-attendance"] = "PRESENT"
        data[f"m{member.pk}-wajib"] = str(group.rules.wajib) if group.rules else "0"
    numbers = {member.number: member.pk for member in members}
    for name, value in fields.items():
        data[field_name(numbers, name)] = str(value)
    return data


def field_name(numbers: dict[int, int], name: str) -> str:
    """Turn `m1_fine` into the field of the member with number 1, `agenda_0_title` into `agenda-0-title`."""
    head, _, rest = name.partition("_")
    if head[0] == "m" and head[1:].isdigit():
        return f"m{numbers[int(head[1:])]}-{rest}"
    if head in ("agenda", "loans", "other"):
        row, _, field = rest.partition("_")
        return f"{head}-{row}-{field}"
    if head[0] in "lk" and head[1:].isdigit():
        return f"{head}-{rest}"
    return name


def prefilled_data(response: Any, **typed: Any) -> dict[str, Any]:
    """What a browser sends of the page of a sheet as it was prefilled, with the fields that were `typed`, by name."""
    sheet = response.context["sheet"]
    data = {**sheet.prefilled, "key": str(response.context["key"]), "base": response.context["base"]}
    data["prefilled"] = sheet.prefilled_json
    for prefix in ("agenda", "loans", "other"):
        data |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    return data | {name: str(value) for name, value in typed.items()}
