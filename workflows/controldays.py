"""What a recording of a periodic control states: which day was looked at, and how many findings it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from workflows import controls
from workflows.claims import Claim, Situation
from workflows.definition import Series
from workflows.errors import DayRecorded, FieldInvalid, FieldProblem
from workflows.state import ControlState

MAX_FINDINGS = 100_000


@dataclass(frozen=True, slots=True)
class Looked:
    """A day and its findings, as facts state them; ``occurred``: when, for a day that is over."""

    day: str
    count: int
    occurred: datetime | None


def with_today(situation: Situation, claim: Claim, data: Mapping[str, str]) -> Mapping[str, str]:
    """The typed values; a control recorded without its day is today's."""
    series = _series(situation, claim)
    if series is None or data.get(series.day_field, "").strip():
        return data
    today = situation.calendar.local_day(situation.now)
    return {**data, series.day_field: today.isoformat()}


def looked(situation: Situation, claim: Claim, values: Mapping[str, str]) -> Looked | None:
    """The day a control states; ``None`` for steps that are no control.

    Raises:
        FieldInvalid: no day of the period, one to come, or no number.
        DayRecorded: nothing was found on a day that has been recorded already.
    """
    series, state = _series(situation, claim), situation.state
    if series is None or state is None or state.control is None:
        return None
    day, count, problems = _read(series, values, state.control, situation)
    if problems:
        raise FieldInvalid(tuple(problems))
    seq = state.control.entry_of(day.isoformat())
    if seq and not count and seq != claim.corrects:
        entry = situation.entries[seq - 1].entry
        raise DayRecorded(day=day.isoformat(), seq=seq, actor=entry.actor, at=entry.at, folio=state.folio)
    past = day < situation.calendar.local_day(situation.now)
    return Looked(day.isoformat(), count, situation.calendar.closing_of(day) if past else None)


def _series(situation: Situation, claim: Claim) -> Series | None:
    """The series of the case, where the claim is a recording of its control."""
    state = situation.state
    if state is None or state.control is None:
        return None
    series = situation.definition.by_series[state.control.series]
    return series if series.step == claim.step.code else None


def _read(
    series: Series, values: Mapping[str, str], control: ControlState, situation: Situation
) -> tuple[date, int, list[FieldProblem]]:
    problems = []
    typed, number = values.get(series.day_field, ""), values.get(series.count_field, "")
    day = controls.day_in(typed)
    today = situation.calendar.local_day(situation.now)
    if day is None:
        problems.append(FieldProblem(series.day_field, "malformed", 0, typed[:40]))
    elif day > today:
        problems.append(FieldProblem(series.day_field, "in_future", 0, typed))
    elif day.isoformat() < control.since or controls.period_of(day) != control.period:
        last = controls.last_day(control.period).isoformat()
        problems.append(FieldProblem(series.day_field, "day_outside", 0, typed, f"{control.since} – {last}"))
    count = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else -1
    if not 0 <= count <= MAX_FINDINGS:
        problems.append(FieldProblem(series.count_field, "malformed", 0, number[:40]))
    return day or today, count, problems
