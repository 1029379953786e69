"""A meeting in sums, to look at before it is closed, and the questions about what is unusual in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finance.rules.lines import CASH_SIGN, OtherMoney
from groups.models import Constitution
from groups.shared.money import rupiah
from groups.shared.schedule import MeetingCalendar
from meetings.minutes import Minutes
from meetings.models import AttendanceStatus
from meetings.selectors.usual import Usual


@dataclass(frozen=True)
class Summary:
    """Who came and what the money did, in whole rupiah; `cash_before` is what the cash box held before the meeting."""

    minutes: Minutes
    cash_before: int

    @property
    def attendance(self) -> list[tuple[str, int]]:
        """How many there were of each attendance, without those there were none of."""
        came = self.minutes.tallies()
        counted = [(str(status.label), came[f"{status.lower()}_count"]) for status in AttendanceStatus]
        return [(label, count) for label, count in counted if count]

    @property
    def money_in(self) -> list[tuple[str, int]]:
        """What came into the cash box, by what it was for."""
        rows = self.minutes.members
        members = [
            (_("Savings"), sum(row.pokok + row.wajib + row.saved for row in rows)),
            (_("Instalments"), sum(paid.amount for row in rows for paid in row.repayments)),
            (_("Deposits for joint liability"), sum(paid.put_by for row in rows for paid in row.repayments)),
            (_("Fines"), sum(row.fine for row in rows)),
            (_("Social fund"), sum(row.social for row in rows)),
        ]
        return [(label, amount) for label, amount in [*members, *self._other(1)] if amount]

    @property
    def money_out(self) -> list[tuple[str, int]]:
        """What went out of the cash box, by what it was for."""
        minutes = self.minutes
        lent = sum(terms.cash_paid_out for terms in minutes.new_loans)
        lent += sum(loan.cash_paid_out for loan in minutes.kept_loans)
        taken = sum(row.sukarela_out for row in minutes.members)
        out = [(_("Savings taken out"), taken), (_("Loans paid out"), lent), *self._other(-1)]
        return [(label, amount) for label, amount in out if amount]

    @property
    def total_in(self) -> int:
        """Rupiah that came into the cash box."""
        return sum(amount for _label, amount in self.money_in)

    @property
    def total_out(self) -> int:
        """Rupiah that went out of the cash box."""
        return sum(amount for _label, amount in self.money_out)

    @property
    def cash_after(self) -> int:
        """Rupiah that the cash box should hold after the meeting."""
        return self.cash_before + self.minutes.cash_moved()

    def _other(self, sign: int) -> list[tuple[str, int]]:
        return [
            (str(OtherMoney(row.kind).label), row.amount) for row in self.minutes.other if CASH_SIGN[row.kind] == sign
        ]


def questions(
    summary: Summary, *, rules: Constitution, usual: Usual | None, calendar: MeetingCalendar
) -> Iterator[str]:
    """Yield what is unusual about a meeting, as sentences for who closes it; nothing of it keeps from closing."""
    minutes = summary.minutes
    came = minutes.tallies()
    if minutes.cash is None:
        yield _("The cash box was not counted.")
    if summary.cash_after < 0:
        more = rupiah(-summary.cash_after)
        yield _("%s more goes out than should be in the cash box. Look again, or count the cash.") % more
    if usual is not None and usual.is_far_from(summary.total_in):
        yield _("%(sum)s came in. Usually it is %(usual)s, the middle of the last %(meetings)s meetings.") % {
            "sum": rupiah(summary.total_in), "usual": rupiah(usual.money_in), "meetings": usual.meetings,
        }  # fmt: skip
    if 2 * (came["present_count"] + came["late_count"]) < came["member_count"]:
        yield _("Fewer than half of the members were there.")
    absent = [row for row in minutes.members if row.attendance == AttendanceStatus.ABSENT]
    if absent and rules.fine_absent and not any(row.charged for row in absent):
        yield ngettext(
            "%d member was absent without word and nobody was fined.",
            "%d members were absent without word and nobody was fined.",
            len(absent),
        ) % len(absent)
    if not minutes.agenda:
        yield _("There is nothing on the agenda.")
    yield from _about_the_day(minutes.held_on, calendar)


def _about_the_day(held_on: date, calendar: MeetingCalendar) -> Iterator[str]:
    if next(calendar.dates(held_on, held_on), None) is not None:
        return
    if (agreed := calendar.day_of(held_on)) is not None:
        yield _("%(day)s is no agreed meeting day; the nearest is %(agreed)s.") % {
            "day": date_format(held_on), "agreed": date_format(agreed),
        }  # fmt: skip
