"""How many attempts a test makes, by which seed, and the line that says what came of them."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.kelompok.test_access import other, own, worlds  # noqa: F401 - fixtures

LINES = pytest.StashKey[list[str]]()


@dataclass
class Attempts:
    """What a test tried; `many` says how often it does so."""

    seed: int
    is_large: bool
    rng: random.Random
    made: int = 0
    failures: list[str] = field(default_factory=list)

    def many(self, small: int, large: int) -> int:
        return large if self.is_large else small

    def check(self, fits: object, what: str) -> None:
        """Count an attempt, and keep `what` of one that failed."""
        self.made += 1
        if not fits:
            self.failures.append(what)


@pytest.fixture
def attempts(request: pytest.FixtureRequest) -> Iterator[Attempts]:
    """`CHAOS_SEED` draws other values, `CHAOS_LARGE` makes many more attempts."""
    seed = int(os.environ.get("CHAOS_SEED", "1"))
    made = Attempts(seed, bool(os.environ.get("CHAOS_LARGE")), random.Random(f"{seed} {request.node.name}"))
    logging.disable(logging.CRITICAL)  # refusals by the hundred
    yield made
    logging.disable(logging.NOTSET)
    line = f"{request.node.name}: {made.made} attempts, {len(made.failures)} failures (seed {seed})"
    request.config.stash.setdefault(LINES, []).extend([line, *(f"  {failure}" for failure in made.failures[:20])])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was tried."""
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
