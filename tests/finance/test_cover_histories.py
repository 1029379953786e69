"""Random histories of covers, paying back and lenders keep the ledger's promises, and hledger agrees."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from finance.models import Cover, CoverRecovery, OutsidePayment
from finance.verify import mismatches
from tests.finance.cover_histories import CoverHistory
from tests.finance.test_histories import QUICK, hledger_balances, our_balances

pytestmark = pytest.mark.django_db

# The same steps every time: each kind of entry is known to occur in them.
FIXED = settings(QUICK, derandomize=True, max_examples=6, stateful_step_count=18)


def test_every_promise_holds_after_every_step():
    seen = {"covers": 0, "paid back": 0, "lenders paid": 0}

    class Watched(CoverHistory):
        def teardown(self):
            seen["covers"] += Cover.objects.filter(group=self.group).count() - len(self.members)
            seen["paid back"] += CoverRecovery.objects.filter(group=self.group).count()
            seen["lenders paid"] += OutsidePayment.objects.filter(group=self.group).count()
            assert list(mismatches()) == []

    run_state_machine_as_test(Watched, settings=FIXED)
    assert all(seen.values()), seen


@pytest.mark.hledger
def test_hledger_reads_the_same_balances():
    groups = []

    class Judged(CoverHistory):
        def teardown(self):
            groups.append(self.group)

    run_state_machine_as_test(Judged, settings=settings(FIXED, max_examples=3))
    assert Cover.objects.filter(group__in=groups).exists()
    for group in groups:
        assert hledger_balances(group) == our_balances(group)
