"""The board as numbers with their definitions: what the page shows and the monthly report writes, line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from web.i18n import gettext as _
from web.i18n import ngettext
from web.views.tallies import Days, Names, Tallies, filters_of, which_word
from workflows.board import ANY, Count, Which

Link = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Line:
    """A number: what it counts, its cases' address, its share of the greatest beside it (0 to 100), and lengths."""

    text: str
    number: int
    href: str
    share: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Numbers of one kind. ``meaning`` defines them; ``tone`` colours their bars, beside their words."""

    code: str
    title: str
    meaning: str
    lines: tuple[Line, ...]
    tone: str = "wait"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of the table by process."""

    number: int
    href: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process with its numbers, in the order of `COLUMNS`."""

    code: str
    name: str
    href: str
    cells: tuple[Cell, ...]


SUMMARY = (
    Which.OPENED, Which.CLOSED, Which.ON_TIME, Which.LATE, Which.NO_DEADLINE, Which.STANDING, Which.OVERDUE,
    Which.EXCEPTION, Which.REFUSAL, Which.ROUTE,
)  # fmt: skip
"""The numbers on top and the columns of the table by process."""
_BAD = frozenset({Which.LATE, Which.OVERDUE})
DUTIES = "duties_waived"


class BoardView:
    """Numbers of one process or of all, each with the address of its list."""

    def __init__(self, told: Tallies, days: Days, names: Names, link: Link) -> None:
        self._told = told
        self._days = days
        self._names = names
        self._link = link

    def summary(self, process: str = "") -> tuple[Line, ...]:
        """The numbers on top."""
        lines = [self._line(which, self._told.of(which, process), 0) for which in SUMMARY]
        waived = self._told.of(Which.EXCEPTION, process, DUTIES)
        return (*lines, self._line(Which.EXCEPTION, waived, 0, self._names.code(Which.EXCEPTION, DUTIES)))

    def by_process(self, processes: Sequence[str], here: Link) -> tuple[ProcessRow, ...]:
        """The table by process; ``here`` makes the address of the board of one."""
        return tuple(
            ProcessRow(
                code,
                self._names.process(code),
                here({"proceso": code}),
                tuple(self._cell(which, code) for which in SUMMARY),
            )
            for code in processes
        )

    def sections(self, process: str = "", *, now: bool = True) -> tuple[Section, ...]:
        """Everything below the volume; ``now`` says whether the span reaches the present (else nobody is waiting)."""
        made = [
            self._section(Which.LATE, process, _meanings()[Which.LATE], "late"),
            self._section(Which.OVERDUE, process, _meanings()[Which.OVERDUE], "late"),
            self._section(Which.AGE, process, _meanings()[Which.AGE], "wait"),
        ]
        if now:
            made.append(self._section(Which.WAITING, process, _meanings()[Which.WAITING], "wait"))
        later = (Which.EXCEPTION, Which.ROUTE, Which.REFUSAL, Which.OUTCOME, Which.MEASURE)
        tones = {Which.EXCEPTION: "warn", Which.OUTCOME: "ok"}
        made += [self._section(one, process, _meanings()[one], tones.get(one, "wait")) for one in later]
        return tuple(made)

    def _section(self, which: Which, process: str, meaning: str, tone: str) -> Section:
        counts = self._told.codes(which, process)
        most = max((count.cases for count in counts), default=0)
        texts = [self._names.code(which, count.code) for count in counts]
        for place, count in enumerate(counts):
            if texts.count(texts[place]) > 1:  # two processes may call two things by the same words
                texts[place] += f" · {', '.join(self._told.processes(which, count.code))}"
        lines = tuple(self._line(which, count, most, text) for count, text in zip(counts, texts, strict=True))
        return Section(str(which), which_word(which), meaning, lines, tone)

    def _line(self, which: Which, count: Count, most: int, text: str = "") -> Line:
        return Line(
            text or which_word(which),
            count.cases,
            self._link(filters_of(which, self._days, count.process or self._told.process, count.code)),
            round(100 * count.cases / most) if most else 0,
            lengths(count),
        )

    def _cell(self, which: Which, process: str) -> Cell:
        number = self._told.of(which, process).cases
        state = "late" if which in _BAD and number else ""
        return Cell(number, self._link(filters_of(which, self._days, process)), state)


def lengths(count: Count) -> str:
    """How long the cases of a count took or were late: on average, and at most."""
    if not count.cases or not count.most:
        return ""
    average = round(count.days / count.cases)
    return ngettext(
        "promedio %(average)s, máximo %(num)d día",
        "promedio %(average)s, máximo %(num)d días",
        count.most,
        average=average,
    )


def meaning_of(which: Which) -> str:
    """How a number is counted, in one sentence."""
    return _meanings()[which]


def _meanings() -> dict[Which, str]:
    return {
        Which.OPENED: _("Casos cuya primera entrada se registró en el periodo."),
        Which.CLOSED: _("Casos que terminaron en el periodo, con cualquier resultado."),
        Which.ON_TIME: _("Cerrados en el periodo que cumplieron todos sus plazos."),
        Which.LATE: _(
            "Cerrados en el periodo con algún plazo incumplido; cuenta el peor, en días naturales empezados."
        ),
        Which.NO_DEADLINE: _("Cerrados en el periodo a los que no llegó a correrles un plazo."),
        Which.STANDING: _("Casos abiertos al terminar el periodo, o ahora si el periodo no ha terminado."),
        Which.AGE: _("Los pendientes, por días naturales desde que se abrieron."),
        Which.OVERDUE: _(
            "Casos con un plazo que ya pasó sin cumplirse en ese momento; cuenta el más antiguo."
        ),
        Which.WAITING: _("Casos abiertos ahora, por quién tiene que moverlos."),
        Which.EXCEPTION: _("Casos con una entrada fuera de lo común en el periodo; uno puede tener varias."),
        Which.ROUTE: _("Casos que en el periodo siguieron, enteros o en parte, en otro proceso o área."),
        Which.REFUSAL: _("Solicitudes que en el periodo se rechazaron, por motivo."),
        Which.OUTCOME: _("Cómo terminaron los casos cerrados en el periodo, y cuánto duraron."),
        Which.MEASURE: _("Tramos que la definición manda medir y que terminaron en el periodo."),
    }


__all__ = ["ANY", "BoardView", "Cell", "Line", "ProcessRow", "Section", "lengths", "meaning_of"]
