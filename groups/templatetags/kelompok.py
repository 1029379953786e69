"""Template filters used on every page."""

from django import template

from groups.money import rupiah as format_rupiah

register = template.Library()


@register.filter
def rupiah(amount: int | None) -> str:
    """Write whole rupiah: `Rp 1.500.000`; nothing for None."""
    return "" if amount is None else format_rupiah(amount)
