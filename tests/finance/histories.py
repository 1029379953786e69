"""Random histories of one group through every service: what a treasurer could do, in any order."""

from __future__ import annotations

from itertools import cycle
from random import Random

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.finance.treasurer import RARELY, THINGS, Treasurer

MONTHS_APART = (0, 1, 7, 31)
"""Days between two steps of a short history: instalments fall due and become late in it."""


class History(RuleBasedStateMachine):
    """A short history that Hypothesis chooses, and makes shorter when a promise is broken in it."""

    def __init__(self) -> None:
        super().__init__()
        self.treasurer = Treasurer(Random(), pace=MONTHS_APART)
        self.group = self.treasurer.group

    @initialize(chance=st.randoms(), is_opened=st.booleans())
    def begin(self, chance, is_opened):
        """Bring money, and two loans that run, so that a few steps reach what rests on them."""
        self.treasurer.chance = chance
        if is_opened:
            self.treasurer.step("open")
        for what in ("deposit", "deposit", "deposit", "lend", "lend", "receive"):
            self.treasurer.step(what)

    @rule(chance=st.randoms(), what=st.sampled_from((*THINGS, *RARELY)))
    def do(self, chance, what):
        """Do one thing; the treasurer holds the books to their promises."""
        self.treasurer.chance = chance
        self.treasurer.step(what)

    def teardown(self) -> None:
        """Tell Hypothesis' statistics what was reached."""
        for name in self.treasurer.done:
            event(name)


MOST_STEPS = 1500
"""Steps in which a long history reaches everything; it takes some 500."""


def walk(seed: int, *, entries: int) -> Treasurer:
    """Return the treasurer of a year of at least `entries` entries, in which every service got through.

    At its end payments are divided anew.

    The same seed gives the same history. Which services are never reached is an error.
    """
    chance = Random(seed)
    treasurer = Treasurer(chance)
    # An opening is reversed only while nothing came after it.
    for what in ("open", "reverse", "open"):
        treasurer.step(what)
    rarely = cycle(RARELY)
    for number in range(MOST_STEPS):
        if number % 25 == 24:
            treasurer.step(next(rarely))
        else:
            treasurer.step(treasurer.aim() if number % 3 == 0 else chance.choice(THINGS))
        if treasurer.counts[0] >= entries and not treasurer.unreached:
            for what in ("deposit", "lend", "take_back_between"):
                treasurer.step(what)
            if treasurer.done["reallocation"]:
                return treasurer
    raise AssertionError(f"never reached: {sorted(treasurer.unreached)}")
