"""The lines of the cash book and of a passbook as rows of a page.

Written here and not in a template: for many lines the template engine takes several times as long as the
database takes for a book of 10,000 transfers, for the links and the dates above all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from finance.selectors import BookLine
from groups.models import Group
from groups.shared.money import rupiah

_WIDE = "d-none d-sm-table-cell"
_PHONE = "d-sm-none"


def numbered(name: str, group: Group) -> Callable[[int], str]:
    """Return what gives the address of the page `name` of a number: `reverse` once instead of for each row."""
    before, after = reverse(name, args=[group.code, 0]).rsplit("0", 1)
    return lambda number: f"{before}{number}{after}"


def book_rows(
    group: Group, lines: Iterable[BookLine], *, names_members: bool, ticks: Mapping[int, date] | None = None
) -> SafeString:
    """Return `lines` as table rows: date and voucher, what for, in or out (one column on a phone), the balance after.

    `names_members` says whose lines they are; `ticks` are the days of bank statements, by the transfer's id.
    """
    entry_url, member_url = numbered("entry", group), numbered("member", group)
    day = cache(lambda on: escape(date_format(on, "SHORT_DATE_FORMAT")))
    voucher = _("no. %(number)s")
    reversal, reversed_by = _("Reversal of entry %(number)s"), _("Reversed by entry %(number)s")

    def badge(number: int | None, text: str, css: str) -> str:
        if number is None:
            return ""
        label = escape(text % {"number": number})
        return f' <a class="badge {css}" href="{entry_url(number)}">{label}</a>'

    def about(line: BookLine) -> str:
        text: str = escape(line.what)
        if names_members and line.member is not None and line.member_id is not None:
            text += f': <a href="{member_url(line.member_id)}">{escape(line.member)}</a>'
        if line.memo:
            text += f'<br><span class="text-body-secondary">{escape(line.memo)}</span>'
        text += badge(line.reverses, reversal, "text-bg-secondary")
        text += badge(line.reversed_by, reversed_by, "text-bg-warning")
        if ticks and line.pk in ticks:
            seen = escape(_("✓ statement %(day)s") % {"day": day(ticks[line.pk])})
            text += f' <span class="badge text-bg-light">{seen}</span>'
        return text

    def row(line: BookLine) -> str:
        number = escape(voucher % {"number": line.number})
        entry = (
            f'<a href="{entry_url(line.number)}">{day(line.on)}</a> '
            f'<small class="text-body-secondary text-nowrap">{number}</small>'
        )
        money_in = rupiah(line.money_in) if line.money_in else ""
        money_out = rupiah(line.money_out) if line.money_out else ""
        return (
            f'<tr><td class="text-nowrap {_WIDE}">{entry}</td>'
            f'<td><div class="{_PHONE}">{entry}</div>{about(line)}</td>'
            f'<td class="money {_PHONE}">{money_in or (money_out and f"−{money_out}")}</td>'
            f'<td class="money {_WIDE}">{money_in}</td><td class="money {_WIDE}">{money_out}</td>'
            f'<td class="money">{rupiah(line.running)}</td></tr>'
        )

    return mark_safe("\n".join(map(row, lines)))  # noqa: S308 - every text in it is escaped above
