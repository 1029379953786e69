"""Where the marks of a chart of the books go, in the units of its viewBox; the templates draw them as inline SVG.

Whole numbers only: a decimal comma of the reader's language would break an SVG attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 360
ROW = 34
"""Room for one bar and the words above it."""
THICKNESS = 12


@dataclass(frozen=True, slots=True)
class PartBar:
    """One part of a whole: its words stand at `text_y`, its bar begins at `y`."""

    label: str
    amount: int
    text_y: int
    y: int
    length: int


@dataclass(frozen=True, slots=True)
class PartsChart:
    """Bars below each other, as long as their parts of the whole."""

    bars: list[PartBar]
    height: int
    width: int = WIDTH
    thickness: int = THICKNESS


def parts_chart(parts: Sequence[tuple[str, int]]) -> PartsChart:
    """Return the bars of `parts`, labels with rupiah of zero or more; the whole is their sum."""
    whole = sum(amount for _label, amount in parts) or 1
    bars = [
        PartBar(label, amount, text_y=number * ROW + 13, y=number * ROW + 18, length=amount * WIDTH // whole)
        for number, (label, amount) in enumerate(parts)
    ]
    return PartsChart(bars, height=len(bars) * ROW)
