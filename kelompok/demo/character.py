"""What kind of group a demo group is: one number, its quality, drives everything it does."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_GOLDEN = 0.6180339887498949
# Share of the groups and the quality they end with: on the way to Kembang, to Tumbuh, still Tunas.
_SHARES = ((0.26, 0.86, 1.0), (0.76, 0.66, 0.84), (1.0, 0.10, 0.45))


@dataclass(frozen=True, slots=True)
class Character:
    """Quality from 0 to 1 at the beginning and the end of the recorded time.

    `lives` is the share of the recorded time after which the group stops meeting, 1 for one that goes on.
    `age` is the share of the recorded time the group has existed, above 1 for one that is older.
    """

    start: float
    end: float
    lives: float
    age: float

    def at(self, moment: float) -> float:
        """Return the quality at `moment`, from 0 (first meeting) to 1 (today)."""
        return self.start + (self.end - self.start) * moment


def draw_character(rng: Random, number: int) -> Character:
    """Return the character of the group `number`; any run of numbers holds every kind in its share."""
    place = (number * _GOLDEN) % 1
    index = next(index for index, (upto, _low, _high) in enumerate(_SHARES) if place < upto)
    upto, low, high = _SHARES[index]
    below = _SHARES[index - 1][0] if index else 0.0
    end = low + (high - low) * (place - below) / (upto - below)
    drift = rng.random()
    if drift < 0.35:
        start = max(0.1, end - rng.uniform(0.15, 0.4))
    elif drift < 0.5:
        start = min(1.0, end + rng.uniform(0.15, 0.4))
    else:
        start = end
    lives = rng.uniform(0.5, 0.85) if end < 0.42 and rng.random() < 0.25 else 1.0
    age = rng.random()
    if age < 0.08:
        age = rng.uniform(0.15, 0.3)
    elif age < 0.5:
        age = rng.uniform(0.75, 1.0)
    else:
        age = rng.uniform(1.0, 2.5)
    return Character(start=start, end=end, lives=lives, age=age)
