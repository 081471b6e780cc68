"""The geometry of our own plots: columns in pairs, drawn as SVG by a template; no script and no third party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 4, 22, 34
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Value:
    """One column: how many, where they are listed, and what it says when pointed at."""

    number: int
    href: str
    says: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A column's rectangle; ``series`` is its place in the pair."""

    x: float
    y: float
    width: float
    height: float
    series: int
    href: str
    says: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word under a pair of columns; ``spare`` ones leave on a narrow screen."""

    x: float
    text: str
    spare: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, laid out. ``title`` and ``says`` are its name and its description for who does not see it."""

    title: str
    says: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM


def columns(title: str, says: str, labels: Sequence[str], series: Sequence[Sequence[Value]]) -> Plot:
    """Columns side by side: for each label one of every series."""
    top = ceiling(max((value.number for one in series for value in one), default=0))
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    width = room * 0.72 / max(1, len(series))
    tall = HEIGHT - _TOP - _BOTTOM
    bars = tuple(
        _bar(
            value,
            _LEFT + room * place + room * 0.14 + width * number,
            width,
            tall * value.number / top,
            number,
        )
        for number, one in enumerate(series)
        for place, value in enumerate(one)
    )
    marks = tuple(
        Mark(round(_LEFT + room * (place + 0.5), 1), text, place % 2 == 1)
        for place, text in enumerate(labels)
    )
    return Plot(title, says, bars, marks, tuple(_tick(number, top, tall) for number in range(_TICKS + 1)))


def ceiling(most: int) -> int:
    """The top of a scale: the first of 4, 8, 12, 20, 40, 60, 80, 120, 200… that nothing exceeds."""
    factor = 1
    while True:
        for step in (4, 8, 12, 20, 40):
            if most <= step * factor:
                return step * factor
        factor *= 10


def _bar(value: Value, x: float, width: float, height: float, series: int) -> Bar:
    y = HEIGHT - _BOTTOM - height
    return Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), series, value.href, value.says)


def _tick(number: int, top: int, tall: int) -> Tick:
    return Tick(round(HEIGHT - _BOTTOM - tall * number / _TICKS, 1), str(top * number // _TICKS))
