"""Asking how a loan is repaid, as far as the rules of the group leave a choice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from groups.models import LoanKind


def fit_kinds(form: forms.BaseForm, kinds: Sequence[LoanKind]) -> None:
    """Offer `kinds` in the field `kind`, the usual one first, and ask in `harvest_on` for the harvest if one waits."""
    usual, *others = kinds
    kind: Any = form.fields["kind"]
    kind.choices = [("", usual.label), *((other.value, other.label) for other in others)]
    if not others:
        del form.fields["kind"]
    if not any(one.is_harvest for one in (usual, *others)):
        del form.fields["harvest_on"]
    if (usual, others) != (LoanKind.MONTH, []):
        form.fields["periods"].label = _("Number of instalments; of a harvest loan the months in the fee")


def check_kind(form: forms.BaseForm, data: dict[str, Any], kinds: Sequence[LoanKind], *, since: date | None) -> None:
    """Put the kind that was chosen into `data`; a harvest loan, and no other, says when the harvest is.

    `since` is the day the loan is asked for or paid out, None where that is not known.
    """
    if "kind" in form.errors:
        return
    kind = data["kind"] = LoanKind(data.get("kind") or kinds[0])
    harvest_on = data.setdefault("harvest_on", None)
    if kind not in kinds:  # a request from the time of other rules
        form.add_error(None, _("By the rules no loan is repaid like this: %s.") % kind.label)
    if "harvest_on" in form.errors:
        return
    if kind.is_harvest and harvest_on is None:
        form.add_error("harvest_on", _("Say when the principal is due, after the harvest."))
    elif harvest_on is not None and not kind.is_harvest:
        form.add_error("harvest_on", _("Only a loan that is repaid after the harvest has such a day."))
    elif harvest_on is not None and since is not None and harvest_on <= since:
        form.add_error("harvest_on", _("The harvest is after the day the loan is paid out."))
