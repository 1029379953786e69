"""How much the rules let a member borrow."""

import pytest

from finance.rules.limits import largest_loan, loan_refusals, too_long
from groups.models import Constitution


def refused(rules, *, principal=1_000_000, periods=10, earlier_loans=0, savings=0):
    limits = Constitution(loan_max_periods=12, **rules)
    return dict(
        loan_refusals(limits, principal=principal, periods=periods, earlier_loans=earlier_loans, savings=savings)
    )


def test_without_limits_everything_goes():
    assert refused({}, principal=10**11) == {}
    assert largest_loan(Constitution(), earlier_loans=0, savings=0) is None


def test_a_loan_as_large_as_the_ceiling():
    assert refused({"loan_ceiling": 1_000_000}) == {}
    assert refused({"loan_ceiling": 999_999})["principal"] == "The rules allow at most Rp\xa0999.999."


@pytest.mark.parametrize(("earlier", "most"), [(0, 500_000), (1, 1_000_000), (2, 2_000_000), (7, 2_000_000)])
def test_each_step_of_the_ladder_and_the_last_for_all_later_loans(earlier, most):
    rules = {"loan_ladder": "500000;1000000;2000000"}
    assert refused(rules, principal=most, earlier_loans=earlier) == {}
    assert f"loan number {earlier + 1}" in refused(rules, principal=most + 1, earlier_loans=earlier)["principal"]


def test_times_the_savings():
    assert refused({"loan_savings_times": 3}, principal=300_000, savings=100_000) == {}
    assert (
        "3 times the savings: Rp\xa0300.000"
        in (refused({"loan_savings_times": 3}, principal=300_001, savings=100_000)["principal"])
    )
    assert "principal" in refused({"loan_savings_times": 3}, principal=1, savings=0)


def test_the_narrowest_limit_counts():
    rules = {"loan_ceiling": 900_000, "loan_ladder": "500000", "loan_savings_times": 2}
    assert "500.000" in refused(rules, savings=300_000)["principal"]
    assert largest_loan(Constitution(**rules), earlier_loans=0, savings=200_000) == 400_000


def test_the_longest_loan():
    assert refused({}, periods=12) == {}
    assert refused({}, periods=13) == {"periods": "The rules allow at most 12 months."}


@pytest.mark.parametrize(("every", "most"), [("month", 12), ("fortnight", 26), ("week", 52)])
def test_the_longest_loan_in_weeks_lasts_as_long_as_in_months(every, most):
    rules = Constitution(loan_max_periods=12)
    assert too_long(rules, periods=most, every=every) == ""
    assert too_long(rules, periods=most + 1, every=every) == "The rules allow at most 12 months."
