"""How much a group's rules let a member borrow: pure calculation, whole rupiah."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finance.models import LoanEvery
from groups.models import Constitution
from groups.shared.money import rupiah

INSTALMENTS_A_YEAR: dict[str, int] = {
    LoanEvery.WEEK: 52,
    LoanEvery.FORTNIGHT: 26,
    LoanEvery.SELAPAN: 10,
    LoanEvery.MONTH: 12,
}
"""How many instalments there are in a year."""


def loan_refusals(
    rules: Constitution,
    *,
    principal: int,
    periods: int,
    earlier_loans: int,
    savings: int,
    every: str = LoanEvery.MONTH,
) -> Iterator[tuple[str, str]]:
    """Yield the fields, `principal` or `periods`, that go beyond the rules, each with a message.

    `earlier_loans` is how many loans the member was paid out before, `savings` all the member's savings in
    rupiah. Only the narrowest limit on the principal is named.
    """
    if message := too_long(rules, periods=periods, every=every):
        yield "periods", message
    limit, reason = min(_limits(rules, earlier_loans, savings), default=(principal, ""))
    if principal > limit:
        yield "principal", reason


def too_long(rules: Constitution, *, periods: int, every: str = LoanEvery.MONTH) -> str:
    """Return why a loan over `periods` instalments goes on for longer than the rules allow, "" if it does not."""
    most = rules.loan_max_periods
    if periods * 12 <= most * INSTALMENTS_A_YEAR[every]:
        return ""
    return ngettext("The rules allow at most %d month.", "The rules allow at most %d months.", most) % most


def largest_loan(rules: Constitution, *, earlier_loans: int, savings: int) -> int | None:
    """Return the most the rules let a member borrow, None if they set no limit."""
    return min((limit for limit, _message in _limits(rules, earlier_loans, savings)), default=None)


def _limits(rules: Constitution, earlier_loans: int, savings: int) -> Iterator[tuple[int, str]]:
    if rules.loan_ceiling:
        yield rules.loan_ceiling, _("The rules allow at most %s.") % rupiah(rules.loan_ceiling)
    if steps := rules.loan_ladder_steps:
        step = steps[min(earlier_loans, len(steps) - 1)]
        yield (
            step,
            _("The rules allow at most %(amount)s for loan number %(number)d of a member.")
            % {"amount": rupiah(step), "number": earlier_loans + 1},
        )
    if rules.loan_savings_times:
        most = rules.loan_savings_times * savings
        yield (
            most,
            _("The rules allow at most %(times)d times the savings: %(amount)s.")
            % {"times": rules.loan_savings_times, "amount": rupiah(most)},
        )
