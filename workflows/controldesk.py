"""Periodic controls as people and the clock use them: open and close their months, record a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from workflows import controls, rules, series
from workflows.commands import Receipt, RecordControl, RecordStep
from workflows.errors import FieldInvalid, FieldProblem
from workflows.ports import CaseIndex
from workflows.writer import CaseWriter


class ControlDesk:
    """The commands of periodic controls; safe for threads and for several processes on one ledger."""

    def __init__(self, writer: CaseWriter, index: CaseIndex, record: Callable[[RecordStep], Receipt]) -> None:
        """``record`` records a step, as `workflows.cases.CaseService.record` does."""
        self._writer = writer
        self._index = index
        self._record = record

    def run(self, now: datetime | None = None) -> list[Receipt]:
        """Open the cases of controls whose period has begun, and close those whose period is over.

        Idempotent, and safe from several processes at once. Returns the receipts of what this call recorded.

        Raises:
            workflows.closing.TimersIncomplete: some could not be handled; all others were.
        """
        return series.run(self._writer, self._index, now or self._writer.clock())

    def case_of(self, process: str, code: str, day: str = "") -> str:
        """The folio of a control's case for a day (``""``: today), ``""`` where that period has none.

        Raises:
            UnknownProcess, NoSeries, FieldInvalid.
        """
        definition = self._writer.definitions.current(process)
        found = rules.known_series(definition, code)
        wanted = controls.day_in(day) if day else self._writer.calendar.local_day(self._writer.clock())
        if wanted is None:
            raise FieldInvalid((FieldProblem(found.day_field, "malformed", 0, day[:40]),))
        return series.control_case(self._writer, self._index, definition, found, wanted)

    def record(self, command: RecordControl) -> Receipt:
        """Record one day of a control, in the case of its period.

        Raises:
            UnknownProcess, NoSeries, DayRecorded, and what `workflows.cases.CaseService.record` raises.
        """
        definition = self._writer.definitions.current(command.process)
        found = rules.known_series(definition, command.series)
        folio = self.case_of(command.process, command.series, command.day)
        if not folio:
            raise FieldInvalid((FieldProblem(found.day_field, "day_outside", 0, command.day),))
        data = {**found.declares, **command.data, found.count_field: str(command.findings)}
        if command.day:
            data[found.day_field] = command.day
        return self._record(
            RecordStep(
                folio=folio,
                step=found.step,
                actor=command.actor,
                uploads=command.uploads,
                data=data,
                note=command.note,
                idempotency_key=command.idempotency_key,
            )
        )
