"""Timing a piece of work beside its floor."""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

WARM_UP = 5


@dataclass(frozen=True)
class Figure:
    """Median milliseconds of some work and of its floor, and how many times the floor it may take."""

    name: str
    ms: float
    floor_ms: float
    limit: float
    repetitions: int

    @property
    def ratio(self) -> float:
        """How many times the floor the work takes."""
        return self.ms / self.floor_ms

    def report(self) -> None:
        """Print the figure as one line of JSON."""
        within = self.ratio <= self.limit
        line = asdict(self) | {"ms": round(self.ms, 3), "floor_ms": round(self.floor_ms, 3)}
        print(json.dumps(line | {"ratio": round(self.ratio, 2), "within_limit": within}), flush=True)


def interleaved(repetitions: int, *works: Callable[[int], object]) -> list[float]:
    """Return the median milliseconds of each of `works`, called in turns with the number of the repetition.

    In turns, so that whatever else the machine does meets all of them alike. `WARM_UP` repetitions
    come before and do not count.
    """
    taken: list[list[float]] = [[] for _ in works]
    gc.collect()
    gc.disable()
    for number in range(-WARM_UP, repetitions):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work(number + WARM_UP)
            if number >= 0:
                times.append((time.perf_counter() - start) * 1000)
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{repetitions}", end="", file=sys.stderr)
    gc.enable()
    return [statistics.median(times) for times in taken]
