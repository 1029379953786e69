"""What a form says, however it is written: by this mark a form that comes again is told from one with other words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError

from groups.shared.money import read_rupiah

NO_CONTENT = frozenset({"csrfmiddlewaretoken", "key", "action"})
"""Fields that say nothing themselves: the token, the key itself, the button."""
_OF_ROWS = ("-TOTAL_FORMS", "-INITIAL_FORMS", "-MIN_NUM_FORMS", "-MAX_NUM_FORMS")


def content_of(fields: Iterable[tuple[str, str]], *, but: Collection[str] = (), about: str = "") -> str:
    """Return the mark of what `fields`, pairs of name and text, say; 64 characters.

    Empty fields and those in `but` count for nothing, spaces do not matter, and an amount is the same however it is
    written: `10.000` is `10000`. `about` is what the form is about, where its fields do not say so.
    """
    said = sorted(
        (name, plain(text))
        for name, text in fields
        if text.strip() and name not in NO_CONTENT and name not in but and not name.endswith(_OF_ROWS)
    )
    return hashlib.sha256(json.dumps([about, said]).encode()).hexdigest()


def plain(text: str) -> str:
    """Return what somebody typed with single spaces; an amount of rupiah as its digits."""
    words = " ".join(text.split())
    if len(words) > 30 or words.isdigit() or not any(map(str.isdigit, words)):
        return words
    try:
        return str(read_rupiah(words))
    except ValidationError:
        return words
