"""Rows of forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet[Any]
else:
    _FormSet = object

MORE_ROWS = 2
"""Rows that a page adds at once for somebody without a script."""
MAY_LACK = 2 * MORE_ROWS
"""Rows below the last that arrived: empty ones of a program, which need not send them, and those added."""


class SentRows(_FormSet):
    """Mixed into a formset: reads the rows that arrived, and a few below them, however many it says there are."""

    may_lack = MAY_LACK

    def total_form_count(self) -> int:
        """Return the number of rows; more than there can be are refused all the same, by what the form says."""
        total = super().total_form_count()
        if not self.is_bound or total <= self.may_lack:
            return total
        row = re.compile(rf"{re.escape(str(self.prefix))}-([0-9]{{1,6}})-")
        numbers = [int(found[1]) for name in self.data if (found := row.match(name))]
        return min(total, max(numbers, default=-1) + 1 + self.may_lack)


class SentFormSet(SentRows, forms.BaseFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """A formset of a page."""
