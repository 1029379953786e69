"""Template filters used on every page."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.template import Context
from django.utils.formats import number_format

from groups.models.group import number_shown
from groups.shared.money import rupiah as format_rupiah
from groups.shared.problems import Problem, problems_on_page

register = template.Library()


@register.filter
def rupiah(amount: int | None) -> str:
    """Write whole rupiah: `Rp 1.500.000`; nothing for None."""
    return "" if amount is None else format_rupiah(amount)


@register.filter
def percent(ratio: Fraction | None) -> str:
    """Write a fraction of 1 with one decimal: `12,5 %`; a dash where there is nothing to divide by."""
    return "–" if ratio is None else f"{number_format(round(float(ratio * 100), 1), 1)}\N{NO-BREAK SPACE}%"


@register.filter
def group_number(row: Any) -> str:
    """Write the number of the group that a row of `group_prefix` and `number` is about: `KSM-0042`."""
    return number_shown(row.group_prefix, row.number)


@register.simple_tag(takes_context=True)
def page_problems(context: Context) -> list[Problem]:
    """Return every error of the forms on the page, for the summary at its top and for the title."""
    return problems_on_page(context.flatten().values())


@register.filter
def trimmed(number: Decimal) -> str:
    """Write a number without idle zeros: `2,5` for 2.50, `40` for 40.00."""
    return number_format(Decimal(f"{Decimal(number).normalize():f}"))
