"""What the cases of each process amount to, counted case by case. Whole numbers only: the same everywhere.

The process owner's text names no indicators; these are derived from what every process has, and say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from audit_exports.irregular import GROUPS, Irregularity
from audit_exports.record import CaseRecord
from workflows.definition import Definition
from workflows.state import TimerStatus

DERIVED = "derivado: el texto del proceso no define indicadores"

_UNITS = {"habiles": "hábiles"}
_MET = frozenset({TimerStatus.MET})
_MISSED = frozenset({TimerStatus.MET_LATE, TimerStatus.OVERDUE, TimerStatus.FIRED})


@dataclass(frozen=True, slots=True)
class Indicator:
    """One figure: ``value`` as people read it, made of ``part`` out of ``whole`` (0: not a share)."""

    code: str
    name: str
    value: str
    part: int
    whole: int


@dataclass
class ProcessTally:
    """One version of a process in the package. Memory: numbers a timer, a measure and a group of exceptions."""

    definition: Definition
    cases: int = 0
    closed: int = 0
    complete: int = 0
    flawless: int = 0
    groups: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    spans: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """One more case."""
        state = record.state
        self.definition = record.definition
        self.cases += 1
        self.closed += state.closed
        self.complete += state.complete
        self.flawless += not found
        self.statuses[record.definition.status_name(state.status).es] += 1
        self.groups.update(item.group for item in found)
        for timer in state.timers:
            if timer.effect != "alert":
                continue  # a reminder given, or a closing by silence, is nobody's delay
            self.met[timer.timer] += timer.state in _MET
            self.missed[timer.timer] += timer.state in _MISSED
        for measure in state.measures:
            if measure.days >= 0:
                self.spans.setdefault(measure.measure, Counter())[measure.days] += 1

    @property
    def judged(self) -> tuple[int, int]:
        """Deadlines met in time, and all that were met, missed or are overdue."""
        met = sum(self.met.values())
        return met, met + sum(self.missed.values())

    def indicators(self) -> Iterator[Indicator]:
        """The figures of the process, the same ones in the same order for every process."""
        yield Indicator("casos", "Casos", str(self.cases), self.cases, 0)
        yield _share("cerrados", "Casos cerrados", self.closed, self.cases)
        yield _share("completos", "Expedientes completos", self.complete, self.cases)
        yield _share("sin_excepciones", "Casos sin excepciones", self.flawless, self.cases)
        yield _share("en_plazo", "Plazos cumplidos a tiempo", *self.judged)
        for timer in self.definition.timers:
            judged = self.met[timer.code] + self.missed[timer.code]
            if judged:
                yield _share(
                    f"en_plazo:{timer.code}", f"A tiempo: {timer.name.es}", self.met[timer.code], judged
                )
        for span in self.definition.spans:
            days = self.spans.get(span.code)
            if days:
                yield _median(
                    f"dias:{span.code}",
                    f"Mediana de días {_UNITS.get(span.unit, span.unit)}: {span.name.es}",
                    days,
                )
        for group, names in GROUPS.items():
            if self.groups[group]:
                count = self.groups[group]
                yield Indicator(f"excepciones:{group}", f"Excepciones: {names[0]}", str(count), count, 0)


class Tallies:
    """All processes of a package, by the label of their version."""

    def __init__(self) -> None:
        self.by_label: dict[str, ProcessTally] = {}

    def add(self, record: CaseRecord, found: Sequence[Irregularity]) -> None:
        """One more case."""
        label = record.definition.label
        self.by_label.setdefault(label, ProcessTally(record.definition)).add(record, found)

    def ordered(self) -> list[ProcessTally]:
        """By label."""
        return [self.by_label[label] for label in sorted(self.by_label)]


def percent(part: int, whole: int) -> str:
    """A share with one decimal, rounded half up; a dash where there is nothing to divide."""
    if not whole:
        return "—"
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def _share(code: str, name: str, part: int, whole: int) -> Indicator:
    return Indicator(code, name, percent(part, whole), part, whole)


def _median(code: str, name: str, days: Counter[int]) -> Indicator:
    """The lower median."""
    total = sum(days.values())
    seen = 0
    for value in sorted(days):
        seen += days[value]
        if 2 * seen >= total:
            return Indicator(code, name, str(value), value, 0)
    raise AssertionError("counted nothing")
