"""What was opened and closed in each stretch of a period: as rows whose numbers are links, and as a plot of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from web.i18n import gettext as _
from web.views.board import Line, Link
from web.views.lens import Lens
from web.views.period import Period, day_text, month_name, month_names, start_of
from web.views.plots import Plot, Value, columns
from web.views.tallies import Days, filters_of
from workflows.board import Board, Count, Which


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A stretch of the period with what was opened and closed in it; ``short`` is its name under a plot."""

    text: str
    short: str
    opened: Line
    closed: Line


def volume_of(board: Board, period: Period, process: str, lens: Lens, link: Link) -> tuple[VolumeRow, ...]:
    """The rows of a period, those to come left out."""
    edges = [start_of(day, lens) for day in period.edges]
    opened, closed = (_by_edge(board.flow(which, edges, process)) for which in (Which.OPENED, Which.CLOSED))
    rows = []
    for (start, end), edge in zip(pairwise(period.edges), edges, strict=False):
        days = Days(start, end - timedelta(days=1))
        if start <= lens.today():
            rows.append(
                VolumeRow(
                    _stretch(days, period),
                    _short(days, period),
                    Line(
                        _("Abiertos"), opened.get(edge, 0), link(filters_of(Which.OPENED, days, process)), 0
                    ),
                    Line(
                        _("Cerrados"), closed.get(edge, 0), link(filters_of(Which.CLOSED, days, process)), 0
                    ),
                )
            )
    return tuple(rows)


def volume_plot(rows: Sequence[VolumeRow]) -> Plot:
    """Opened and closed side by side."""
    opened, closed = sum(row.opened.number for row in rows), sum(row.closed.number for row in rows)
    first, last = (rows[0].text, rows[-1].text) if rows else ("", "")
    says = _(
        "Columnas en pares, de %(first)s a %(last)s: %(opened)s abiertos y %(closed)s cerrados en total. "
        "La tabla que sigue tiene los mismos números.",
        first=first,
        last=last,
        opened=opened,
        closed=closed,
    )
    series = (
        [_value(row, row.opened) for row in rows],
        [_value(row, row.closed) for row in rows],
    )
    return columns(_("Casos abiertos y cerrados"), says, [row.short for row in rows], series)


def _value(row: VolumeRow, line: Line) -> Value:
    return Value(line.number, line.href, f"{row.text} · {line.text}: {line.number}")


def _by_edge(counts: Sequence[Count]) -> dict[str, int]:
    """Processes added up."""
    found: dict[str, int] = {}
    for count in counts:
        found[count.code] = found.get(count.code, 0) + count.cases
    return found


def _stretch(days: Days, period: Period) -> str:
    """The name of a stretch: its month, or its days."""
    if period.monthly:
        return month_name(days.first)
    if days.first == days.last:
        return day_text(days.first)
    return _("%(first)s al %(last)s", first=f"{days.first:%d/%m}", last=f"{days.last:%d/%m}")


def _short(days: Days, period: Period) -> str:
    return month_names()[days.first.month - 1][:3] if period.monthly else f"{days.first:%d/%m}"
