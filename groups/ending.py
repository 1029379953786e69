"""After a group was dissolved nothing more is recorded of it: the one rule that services and the ledger ask."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.models import Dissolution, Group, GroupStatus


def dissolution_of(group: Group) -> Dissolution | None:
    """Return how the group ended, None for one that is alive; no statement for one that is."""
    if group.status != GroupStatus.DISSOLVED:
        return None
    return Dissolution.objects.effective().filter(group=group).first()


def after_the_end(group: Group, on: date, *, settles: bool = False) -> str:
    """Say why nothing is recorded of `group` on the day `on`, "" if it is not after the end.

    With `settles` it settles what was left, which an open case lets.
    """
    ended = dissolution_of(group)
    if ended is None or not ended.is_over(on) or (settles and ended.is_open_case):
        return ""
    return _("The group was dissolved on %s.") % date_format(ended.ended_on)


def require_alive(group: Group, on: date, *, field: str) -> None:
    """Refuse with `ValidationError` at `field` what would be recorded of the group on a day after its end."""
    if message := after_the_end(group, on):
        raise ValidationError({field: message})
