"""Rows that are ticked on one page of a list and kept on the next one: they stand in its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import QueryDict

MOST_TICKED = 300
"""Ticks kept from page to page."""


def read_ticked(asked: QueryDict, name: str) -> list[int]:
    """Return the ids that are ticked: in the boxes `name` of the page that was left, and on the pages before it."""
    texts = [*asked.getlist(name), *asked.get("ticked", "").split("-")]
    return [int(text) for text in dict.fromkeys(texts) if text.isascii() and text.isdecimal() and len(text) < 19]


def kept(ticked: Sequence[int], most: int = MOST_TICKED) -> str:
    """Return ids that are ticked as they stand in an address."""
    return "-".join(str(pk) for pk in ticked[:most])
