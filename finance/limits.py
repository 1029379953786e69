"""How much a group's rules let a member borrow: pure calculation, whole rupiah."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import Constitution
from groups.money import rupiah


def loan_refusals(
    rules: Constitution, *, principal: int, periods: int, earlier_loans: int, savings: int
) -> Iterator[tuple[str, str]]:
    """Yield the fields, `principal` or `periods`, that go beyond the rules, each with a message.

    `earlier_loans` is how many loans the member was paid out before, `savings` all the member's savings in
    rupiah. Only the narrowest limit on the principal is named.
    """
    if periods > rules.loan_max_periods:
        yield (
            "periods",
            ngettext("The rules allow at most %d month.", "The rules allow at most %d months.", rules.loan_max_periods)
            % rules.loan_max_periods,
        )
    limit, message = min(_limits(rules, earlier_loans, savings), default=(principal, ""))
    if principal > limit:
        yield "principal", message


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
