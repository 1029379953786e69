"""Which state of a row a page showed, so that nobody writes over what somebody else changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.utils import display_for_field
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import PositiveSmallIntegerField
from django.db.models.fields.related import RelatedField
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from groups.selectors.writers import writers_since

if TYPE_CHECKING:
    from django.db.models import Field, Model

    from groups.models import User


class ChangedMeanwhile(ValidationError):
    """A page was sent that shows another state than the stored one, which `seen` stands for."""

    def __init__(
        self, stored: Model, fields: Sequence[str], differing: Iterable[str], *, by_oneself: bool = False
    ) -> None:
        told, now = changed_meanwhile(by_oneself=by_oneself), stored_now(stored, differing)
        super().__init__({NON_FIELD_ERRORS: [told], **{name: [text] for name, text in now.items()}})
        self.seen = seen_of(stored, fields)


def state_of(row: Model, fields: Iterable[str], below: Any = ()) -> str:
    """Return a hash of some fields of a row, and of the rows `below` it."""
    own = [row.serializable_value(name) for name in fields]
    return salted_hmac("_seen", repr((own, below)), algorithm="sha256").hexdigest()


def seen_of(row: Model, fields: Iterable[str]) -> str:
    """Return what a page sends along of the row it shows: when that was, and the state of some fields."""
    return f"{timezone.now().isoformat()} {state_of(row, fields)}"


def refuse_unseen(actor: User, stored: Model, sent: Model, fields: Sequence[str], *, seen: str) -> None:
    """Raise `ChangedMeanwhile` where `sent` would write over another state of `stored` than was `seen`.

    `seen` is of `seen_of`, empty for a page that does not say so. The same page sent twice changes nothing the second
    time, and is not refused.
    """
    differing = [name for name in fields if stored.serializable_value(name) != sent.serializable_value(name)]
    opened, _space, state = seen.rpartition(" ")
    if differing and seen and not constant_time_compare(state, state_of(stored, fields)):
        by_oneself = wrote_alone(actor.pk, [stored], since=opened)
        raise ChangedMeanwhile(stored, fields, differing, by_oneself=by_oneself)


def wrote_alone(person: int, rows: Iterable[Model], *, since: str | None) -> bool:
    """Say whether the person with this primary key wrote the rows since a moment, and as far as is known nobody else.

    The moment is in ISO format; of one that nobody can read, nothing is known.
    """
    try:
        moment = datetime.fromisoformat(since or "")
        return set().union(*(writers_since(row, moment) for row in rows)) == {person}
    except ValueError:
        return False


def changed_meanwhile(*, by_oneself: bool = False) -> str:
    """Return what is said of a page as a whole."""
    if by_oneself:
        return _("You changed this yourself after opening this page. Look at it, then save again.")
    return _("Somebody changed this meanwhile. Look at it, then save again.")


def stored_now(row: Model, fields: Iterable[str]) -> dict[str, str]:
    """Return what is said of each field: its stored value, as people read it."""
    return {name: _("Stored now: %s") % _shown(row, name) for name in fields}


def _shown(row: Model, name: str) -> str:
    field, value = cast("Field[Any, Any]", row._meta.get_field(name)), getattr(row, name)
    if isinstance(field, RelatedField) and value is not None:
        return str(getattr(value, "path", value))
    if isinstance(field, PositiveSmallIntegerField) and not field.flatchoices and value is not None:
        return str(value)  # a year has no separators
    return display_for_field(value, field, "–")
