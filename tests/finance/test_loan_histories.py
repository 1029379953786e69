"""Random lives of loans keep every promise of the ledger, and hledger reads the same balances from them."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from finance.verify import mismatches
from tests.finance.loan_histories import LoanHistory
from tests.finance.test_histories import QUICK, hledger_balances, our_balances

pytestmark = pytest.mark.django_db


def test_every_promise_holds_after_every_step():
    run_state_machine_as_test(LoanHistory, settings=QUICK)
    assert list(mismatches()) == []


@pytest.mark.hledger
def test_hledger_reads_the_same_balances():
    histories = []

    class Judged(LoanHistory):
        def teardown(self):
            histories.append(self.group)

    run_state_machine_as_test(Judged, settings=settings(QUICK, max_examples=5, stateful_step_count=40))
    for group in histories:
        assert hledger_balances(group) == our_balances(group)
