"""Where every periodic control stands: for the page, the inbox and the command alike."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.canonical import Json
from web.wiring import House
from workflows.calendar import OutOfCalendar
from workflows.casefile import CONTROLS, control_key
from workflows.definition import Definition, Series, Text
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class Missing:
    """A business day that nobody recorded, and the case it is missing from; ``open``: it may still be recorded."""

    day: str
    folio: str
    open: bool

    def as_json(self) -> dict[str, Json]:
        """The three members by name."""
        return {"day": self.day, "folio": self.folio, "open": self.open}


@dataclass(frozen=True, slots=True)
class Report:
    """A month that was closed: its case and its counts; ``observed``: the volume is not what is expected."""

    period: str
    folio: str
    counts: dict[str, int]
    observed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One control: the case of the present period (``""``: not opened yet), today's recording, and days missing.

    ``owed``: today is a business day. ``findings`` of today, where it is ``recorded``.
    """

    process: str
    series: str
    name: Text
    folio: str
    period: str
    today: str
    owed: bool
    recorded: bool
    findings: int
    seq: int
    gaps: tuple[Missing, ...]
    looked: int
    reports: tuple[Report, ...]
    roles: tuple[str, ...]
    post: str
    expected: tuple[int, int] | None

    def as_json(self) -> dict[str, Json]:
        """What ``controls list --json`` says of it."""
        gaps: list[Json] = [gap.as_json() for gap in self.gaps]
        reports: list[Json] = [
            {"period": r.period, "folio": r.folio, "counts": dict(r.counts), "observed": r.observed}
            for r in self.reports
        ]
        return {
            "process": self.process,
            "series": self.series,
            "name": self.name.es,
            "folio": self.folio,
            "period": self.period,
            "today": self.today,
            "owed": self.owed,
            "recorded": self.recorded,
            "findings": self.findings,
            "gaps": gaps,
            "reports": reports,
        }


def standings(house: House) -> tuple[Standing, ...]:
    """Every control of the processes in force, by process."""
    return tuple(
        _standing(house, definition, series)
        for definition in house.definitions.processes()
        for series in definition.series
    )


def _standing(house: House, definition: Definition, series: Series) -> Standing:
    calendar = house.cases.calendar
    day = calendar.local_day(house.clock())
    today = day.isoformat()
    folios = house.index.by_reference(CONTROLS, control_key(definition.process, series.code))[-3:]
    states = [house.cases.view(folio).state for folio in folios]
    present = next((s for s in states if s.control and s.control.period == today[:7]), None)
    recorded = (
        [item for item in present.control.days if item[0] == today] if present and present.control else []
    )
    try:
        owed = calendar.is_business_day(day)
    except OutOfCalendar:
        owed = False
    return Standing(
        process=definition.process,
        series=series.code,
        name=series.name,
        folio=present.folio if present else "",
        period=today[:7],
        today=today,
        owed=owed,
        recorded=bool(recorded),
        findings=sum(count for _, count, _ in recorded),
        seq=recorded[0][2] if recorded else 0,
        gaps=tuple(
            Missing(gap, state.folio, not state.closed)
            for state in states
            for gap in (state.control.gaps if state.control else ())
        ),
        looked=len({item[0] for item in present.control.days}) if present and present.control else 0,
        reports=tuple(_report(state) for state in reversed(states) if state.closed and state.control),
        roles=definition.by_step[series.step].roles,
        post=series.post,
        expected=series.expected,
    )


def _report(state: CaseState) -> Report:
    control = state.control
    counts = dict(control.counts) if control is not None else {}
    observed = any(item.code == "volume" for item in state.exceptions)
    return Report(control.period if control is not None else "", state.folio, counts, observed)
