"""How a figure is taken: ours and a baseline by turns, several rounds, medians, and the ratio of the two.

Both sides run in the same process and alternate, so that a machine that slows down slows both
(``docs/decisions/0066-figures-beside-baselines.md``).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

Sample = Callable[[], float]
"""Runs once and returns the figure of that run, in the unit of its `Figure`."""


class SectionUnavailable(Exception):
    """A section cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``ratio`` is value / baseline; whether more is better is ``better``: higher or lower.

    ``spread`` and ``baseline_spread`` are the lowest and highest round, in ``unit``.
    """

    name: str
    unit: str
    value: float
    spread: tuple[float, float]
    baseline: str
    baseline_value: float
    baseline_spread: tuple[float, float]
    better: str
    rounds: int

    @property
    def ratio(self) -> float:
        """Ours over the baseline."""
        return self.value / self.baseline_value

    def as_json(self) -> dict[str, object]:
        """The object written to latest.json; numbers rounded to four significant digits."""
        return {
            "name": self.name,
            "value": significant(self.value),
            "unit": self.unit,
            "baseline": self.baseline,
            "baseline_value": significant(self.baseline_value),
            "ratio": significant(self.ratio),
            "better": self.better,
            "rounds": self.rounds,
            "spread": [significant(edge) for edge in self.spread],
            "baseline_spread": [significant(edge) for edge in self.baseline_spread],
        }


def significant(value: float, digits: int = 4) -> float:
    """``value`` rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


def compare(
    name: str,
    ours: Sample,
    baseline_name: str,
    baseline: Sample,
    *,
    unit: str,
    better: str = "higher",
    rounds: int = 5,
) -> Figure:
    """Take both by turns after one unmeasured round of each, and give the medians.

    The order alternates too: whoever runs second in a round finds warmer caches.
    """
    ours()
    baseline()
    found: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(rounds):
        for side in (0, 1) if turn % 2 else (1, 0):
            gc.collect()
            found[side].append((ours, baseline)[side]())
    mine, theirs = found[0], found[1]
    return Figure(
        name=name,
        unit=unit,
        value=median(mine),
        spread=(min(mine), max(mine)),
        baseline=baseline_name,
        baseline_value=median(theirs),
        baseline_spread=(min(theirs), max(theirs)),
        better=better,
        rounds=rounds,
    )


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many of ``count`` things a second, when ``work`` does all of them."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def milliseconds(count: int, work: Callable[[], object]) -> float:
    """Milliseconds for each of ``count`` things, when ``work`` does all of them."""
    return 1000 / per_second(count, work)


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned text."""
    rows = [("what", "ours", "baseline", "ratio", "unit", "beside")]
    rows += [
        (f.name, _shown(f.value), _shown(f.baseline_value), f"{f.ratio:.2f}", f.unit, f.baseline)
        for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if 0 < column < 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
