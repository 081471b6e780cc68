"""Periodic controls as people and the clock use them: open and close their months, record a day, open its cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from evidence.canonical import Json
from evidence.entry import SealedEntry
from workflows import controls, rules, series, sets
from workflows.casefile import PARENT_REFERENCE
from workflows.commands import OpenCase, OpenFindings, Receipt, RecordControl, RecordStep, Upload
from workflows.definition import Definition, Series
from workflows.errors import DuplicateCase, FieldInvalid, FieldProblem, OutOfScope, Refusal
from workflows.findings import BadRow, GoodRow, Judge, Proposal
from workflows.ports import CaseIndex, DocumentReader
from workflows.uploads import PreparedFile, prepare
from workflows.writer import CaseWriter


class Cases(Protocol):
    """The commands of `workflows.cases.CaseService` that controls are made of."""

    def open_case(self, command: OpenCase) -> Receipt: ...  # noqa: D102 - as there
    def record(self, command: RecordStep, read: Sequence[PreparedFile] | None = None) -> Receipt: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Opened:
    """What a list did.

    The control's receipt (``None``: the day was recorded already and nothing was found), the receipts of the cases
    opened, row, folio and destination of those refused, and rows that opened nothing.
    """

    control: Receipt | None
    cases: tuple[Receipt, ...]
    routed: tuple[tuple[int, str, str], ...]
    refused: tuple[BadRow, ...]

    def as_json(self) -> dict[str, Json]:
        """The object that ``controls import --json`` prints."""
        routed: list[Json] = [
            {"row": row, "folio": folio, "destination": destination}
            for row, folio, destination in self.routed
        ]
        return {
            "control": self.control.as_json() if self.control is not None else None,
            "cases": [receipt.as_json() for receipt in self.cases],
            "routed": routed,
            "refused": [item.as_json() for item in self.refused],
        }


class ControlDesk:
    """The commands of periodic controls; safe for threads and for several processes on one ledger."""

    def __init__(
        self, writer: CaseWriter, index: CaseIndex, cases: Cases, reader: DocumentReader, max_files: int
    ) -> None:
        """Take the parts of the case service that made it."""
        self._writer = writer
        self._index = index
        self._cases = cases
        self._reader = reader
        self._max_files = max_files

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
        definition, found = self._series(process, code)
        wanted = controls.day_in(day) if day else self._writer.calendar.local_day(self._writer.clock())
        if wanted is None:
            raise FieldInvalid((FieldProblem(found.day_field, "malformed", 0, day[:40]),))
        return series.control_case(self._writer, self._index, definition, found, wanted)

    def record(self, command: RecordControl, read: Sequence[PreparedFile] | None = None) -> Receipt:
        """Record one day of a control, in the case of its period.

        Raises:
            UnknownProcess, NoSeries, DayRecorded, and what `workflows.cases.CaseService.record` raises.
        """
        _definition, found = self._series(command.process, command.series)
        folio = self.case_of(command.process, command.series, command.day)
        if not folio:
            raise FieldInvalid((FieldProblem(found.day_field, "day_outside", 0, command.day),))
        data = {**found.declares, **command.data, found.count_field: str(command.findings)}
        if command.day:
            data[found.day_field] = command.day
        recording = RecordStep(
            folio=folio,
            step=found.step,
            actor=command.actor,
            uploads=command.uploads,
            data=data,
            note=command.note,
            idempotency_key=command.idempotency_key,
        )
        return self._cases.record(recording, read)

    def propose(self, process: str, code: str, listing: Upload) -> Proposal:
        """What a list would open, route and refuse; nothing is written.

        Raises:
            UnknownProcess, NoSeries, documents.refusals.FileRefused.
        """
        definition, found = self._series(process, code)
        reading = self._reader.agent_list(listing.stream, name=listing.name)
        listing.stream.seek(0)
        return Judge(definition, found, self._index, frozenset()).proposal(reading)

    def open_findings(self, command: OpenFindings) -> Opened:
        """Record the control of a day with its list, and open a case for every good row; a repeated call is the same.

        The list is read once and stored once: it is evidence of the control and of each case, whose opening names the
        control's case and refers to its entry. A row that another process was quicker with is refused by itself.

        Raises:
            UnknownProcess, NoSeries, RoleNotAllowed, FieldInvalid, documents.refusals.FileRefused.
        """
        definition, found = self._series(command.process, command.series)
        rules.role_allowed(definition.opening.step, definition.opening.roles, command.actor)
        reading = self._reader.agent_list(command.listing.stream, name=command.listing.name)
        step = definition.by_step[found.step]
        files = prepare((command.listing,), step, self._reader, self._max_files)
        day = command.day or self._writer.calendar.local_day(self._writer.clock()).isoformat()
        folio = self.case_of(command.process, command.series, day)
        own = self._own(folio, day, files[0].sha256)
        proposal = Judge(definition, found, self._index, own).proposal(reading)
        key = hashlib.sha256(f"{files[0].sha256}/{day}".encode()).hexdigest()[:32]
        control, leaf = self._control(command, folio, day, len(proposal.good), files, key)
        opened, routed, refused = list[Receipt](), list[tuple[int, str, str]](), list(proposal.bad)
        for row in proposal.good:
            try:
                opened.append(self._open(definition, command, row, files, (folio, leaf), key))
            except Refusal as refusal:
                refused.append(_refused(row, refusal))
        for item in proposal.routed:
            wanted = OpenCase(
                command.process,
                command.actor,
                item.data,
                (replace(command.listing, slot=""),),
                idempotency_key=f"{key}/{item.key}",
            )
            try:
                self._cases.open_case(wanted)
            except OutOfScope as refusal:
                routed.append((item.row, str(refusal.fields["folio"]), item.destination))
        return Opened(control, tuple(opened), tuple(routed), tuple(refused))

    def _series(self, process: str, code: str) -> tuple[Definition, Series]:
        definition = self._writer.definitions.current(process)
        return definition, rules.known_series(definition, code)

    def _control(
        self,
        command: OpenFindings,
        folio: str,
        day: str,
        count: int,
        files: Sequence[PreparedFile],
        key: str,
    ) -> tuple[Receipt | None, str]:
        """The control's recording with the leaf that cases refer to; none where the day has it and nothing is new."""
        if count == 0:
            earlier = self._entry_of(folio, day)
            if earlier is not None:
                return None, earlier.leaf
        recording = RecordControl(
            command.process,
            command.series,
            command.actor,
            count,
            day,
            (command.listing,),
            note=command.note,
            idempotency_key=key,
        )
        receipt = self.record(recording, files)
        return receipt, receipt.leaf

    def _open(
        self,
        definition: Definition,
        command: OpenFindings,
        row: GoodRow,
        files: Sequence[PreparedFile],
        control: tuple[str, str],
        key: str,
    ) -> Receipt:
        folio, leaf = control
        wanted = OpenCase(
            command.process,
            command.actor,
            row.data,
            parent=folio,
            refs=(leaf,),
            idempotency_key=f"{key}/{row.key}",
        )
        return self._writer.open(definition, sets.opening(definition, wanted, files), files, wanted)

    def _entry_of(self, folio: str, day: str) -> SealedEntry | None:
        entries = self._writer.history(folio)
        state = self._writer.situation(entries).state
        seq = state.control.entry_of(day) if state is not None and state.control is not None else 0
        return entries[seq - 1] if seq else None

    def _own(self, folio: str, day: str, sha256: str) -> frozenset[str]:
        """Cases opened from this very list on this day: their openings refer to a control entry that holds it."""
        if not folio:
            return frozenset()
        leaves = {
            sealed.leaf
            for sealed in self._writer.history(folio)
            if sealed.entry.facts.get("day") == day and any(b.sha256 == sha256 for b in sealed.entry.objects)
        }
        children = self._index.by_reference(PARENT_REFERENCE, folio) if leaves else ()
        return frozenset(
            child for child in children if leaves.intersection(self._writer.history(child)[0].entry.refs)
        )


def _refused(row: GoodRow, refusal: Refusal) -> BadRow:
    if isinstance(refusal, DuplicateCase):
        return BadRow(row.row, "clave", "open_case", row.key, folio=str(refusal.fields["folio"]))
    return BadRow(row.row, "", refusal.code, row.key)
