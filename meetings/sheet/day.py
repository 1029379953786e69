"""The day a sheet is about, and what stood on it before anybody typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext

from groups.forms import DayField
from groups.models import Group


def require_possible(held_on: date, *, group: Group, today: date) -> None:
    """Refuse with `ValidationError` a day in the future or before the group was founded."""
    if held_on > today:
        raise ValidationError(gettext("A meeting cannot be recorded before it was held."))
    if held_on < group.founded_on:
        raise ValidationError(gettext("The group was founded on %s.") % date_format(group.founded_on))


def typed_day(data: Mapping[str, Any], *, group: Group, today: date) -> date | None:
    """Return the day typed on a sheet, None where it is none on which the group can have met."""
    return _possible(data, group=group, today=today)


def day_of(data: Mapping[str, Any], *, group: Group, today: date) -> date:
    """Return the day a sheet is about: as typed, else the one it was prefilled for, else today."""
    was = _possible(read_prefilled(data), group=group, today=today)
    return typed_day(data, group=group, today=today) or was or today


def read_prefilled(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what the page sent along as prefilled, by field; nothing where it did not come whole."""
    return _read_texts(data, "prefilled")


def read_kept(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed on the sheet of another day and had no place since, by field."""
    return _read_texts(data, "kept")


def _read_texts(data: Mapping[str, Any], name: str) -> dict[str, str]:
    try:
        texts = json.loads(str(data.get(name) or "{}"))
    except (ValueError, RecursionError):
        return {}
    is_whole = isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())
    return texts if is_whole else {}


def read_day(data: Mapping[str, Any]) -> date | None:
    """Return the day that stands on a sheet, whatever it is, None where it is no day."""
    try:
        held_on: date | None = DayField(required=False).clean(data.get("held_on"))
    except ValidationError:
        return None
    return held_on


def _possible(data: Mapping[str, Any], *, group: Group, today: date) -> date | None:
    held_on = read_day(data)
    try:
        if held_on is not None:
            require_possible(held_on, group=group, today=today)
    except ValidationError:
        return None
    return held_on
