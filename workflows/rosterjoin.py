"""The rows of a campaign joined: what the sealed workbook says, and what the entries made of each row.

The workbook is read in the confined process, from the object whose digest the entry names (the store checks it), and
kept by digest; the join is kept by the head of the case. Both are caches: losing them costs time and nothing else.
"""

from __future__ import annotations

import io
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from documents.row_sheets import KEY, RowsReading, SheetRow
from evidence.canonical import Json
from evidence.entry import BlobRef, SealedEntry
from evidence.ports import BlobStore
from workflows.casefile import entry_files
from workflows.derive import derive
from workflows.errors import NotACampaign
from workflows.facts import facts_of
from workflows.keeping import require_usable
from workflows.ports import CaseIndex, DocumentReader
from workflows.roster import AreaState, RosterState, RowState, fold_roster
from workflows.rosterrules import RosterRules
from workflows.rosterview import (
    CHANGED,
    FIRM,
    OPEN,
    OWN,
    REMOVED,
    REMOVES,
    SILENT,
    AreaProgress,
    RosterRow,
    RosterView,
)
from workflows.rowclaims import AREAS
from workflows.rowmatching import WHY
from workflows.state import CaseState, StepStatus, TimerState
from workflows.told import entry_data
from workflows.withholding import refuse_file
from workflows.writer import CaseWriter

Value = TypeVar("Value")
_SHEETS, _VIEWS = 16, 32


class Kept(Generic[Value]):
    """The values asked for last, by key; safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """The value of a key; made outside the lock, so that two may make the same one."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class RosterReader:
    """Reads campaigns: their sealed sheet, and the view of all rows."""

    def __init__(
        self, writer: CaseWriter, index: CaseIndex, reader: DocumentReader, blobs: BlobStore
    ) -> None:
        self._writer = writer
        self._index = index
        self._reader = reader
        self._blobs = blobs
        self._sheets: Kept[RowsReading] = Kept(_SHEETS)
        self._views: Kept[tuple[RosterView, CaseState]] = Kept(_VIEWS)

    def original(self, entries: Sequence[SealedEntry]) -> tuple[BlobRef, str]:
        """The workbook that the rows number, with the name it came with.

        Raises:
            NotACampaign. DataBlocked, CaseErased, Quarantined: nothing is read of it, and so no row of it either.
        """
        require_usable(entries, keepers=False)
        sheet = fold_roster(self._rules(entries), [sealed.entry for sealed in entries]).sheet
        for sealed in entries:
            for blob, about in zip(sealed.entry.objects, entry_files(sealed), strict=True):
                if blob.sha256 == sheet:
                    refuse_file(entries, sealed.entry.seq, sheet)
                    return blob, str(about.get("name", "")) or "archivo.xlsx"
        raise NotACampaign(folio=entries[0].entry.case)

    def content(self, blob: BlobRef) -> io.BytesIO:
        """A sealed object whole; its digest has been checked. Raises `evidence.ports.BlobCorrupt`."""
        with self._blobs.open(blob) as stream:
            return io.BytesIO(stream.read())

    def sheet(self, entries: Sequence[SealedEntry]) -> RowsReading:
        """What the workbook says."""
        blob, name = self.original(entries)
        return self._sheets.get(
            blob.sha256, lambda: self._reader.rows(self.content(blob), form="roster", name=name)
        )

    def by_key(self, entries: Sequence[SealedEntry]) -> dict[str, SheetRow]:
        """The workbook's rows by key."""
        return {row.key: row for row in self.sheet(entries).rows}

    def view(self, folio: str) -> RosterView:
        """All rows joined, as of the case's head; removals as they stand now. Raises as `original` does."""
        entries = self._writer.history(folio)
        head = entries[-1].leaf
        base, state = self._views.get(head, lambda: self._joined(entries))
        now = self._writer.clock()
        moment = self._writer.situation(entries, now).state if base.areas and not state.closed else state
        timers = {item.area: item for item in (moment or state).timers if item.area}
        areas = tuple(self._timed(area, timers.get(area.area)) for area in base.areas)
        rows = tuple(self._removed(row) if row.link else row for row in base.rows)
        return replace(base, rows=rows, areas=areas)

    def _rules(self, entries: Sequence[SealedEntry]) -> RosterRules:
        rules = self._writer.definition_of(entries).roster
        if rules is None:
            raise NotACampaign(folio=entries[0].entry.case)
        return rules

    def _joined(self, entries: Sequence[SealedEntry]) -> tuple[RosterView, CaseState]:
        rules = self._rules(entries)
        plain = [sealed.entry for sealed in entries]
        roster = fold_roster(rules, plain)
        state = derive(self._writer.definition_of(entries), plain, calendar=self._writer.calendar)
        names = _area_names(entries, roster.sheet)
        sheet = {row.row: row for row in self.sheet(entries).rows}
        found = [row for row in roster.rows() if row.number in sheet]
        said = {seq: _said(entries[seq - 1]) for seq in {row.seq for row in found if row.seq}}
        rows = tuple(_row(rules, row, sheet[row.number], names, said.get(row.seq)) for row in found)
        counts = roster.state()
        final = state.step(rules.final)
        view = RosterView(
            folio=plain[0].case,
            head=entries[-1].leaf,
            sheet=roster.sheet,
            state=counts,
            rows=rows,
            areas=tuple(_area(area, names, rows, entries) for area in counts.areas),
            decidable=not state.closed and final.status is not StepStatus.DONE,
        )
        return view, state

    @staticmethod
    def _timed(area: AreaProgress, timer: TimerState | None) -> AreaProgress:
        if area.decided == area.rows:
            status = "resuelta"
        elif timer is None:
            status = "por_enviar"
        else:
            status = "vencida" if timer.state == "overdue" else "esperando"
        return replace(area, status=status, due_at=timer.due_at if timer is not None else "")

    def _removed(self, row: RosterRow) -> RosterRow:
        """A row with what became of the case opened for it, if that ended as a removal."""
        found = self._index.get(row.link)
        closing = found.document.get("closing") if found is not None else None
        if not isinstance(closing, dict) or closing.get("outcome") != REMOVAL_DONE:
            return row
        return replace(row, removed_at=str(closing.get("at", "")), flags=(*row.flags, REMOVED))


REMOVAL_DONE = "baja"
"""The outcome by which a case of removal ended as carried out (MA-001)."""


def counted(state: RosterState) -> dict[str, int]:
    """Rows by decision, for the facts of a final sheet."""
    return {code: number for code, number in state.by_decision.items() if code}


@dataclass(frozen=True, slots=True)
class _Said:
    """What an entry says of all rows it decided, read once: who, when, and why (``single``: of one row by itself)."""

    by: str = ""
    role: str = ""
    at: str = ""
    occurred_at: str = ""
    single: Mapping[str, Json] = field(default_factory=dict)
    why: str = ""


def _said(sealed: SealedEntry) -> _Said:
    entry, payload = sealed.entry, sealed.payload()
    single = payload.get(WHY)
    return _Said(
        entry.actor,
        entry.role,
        entry.at,
        facts_of(entry).occurred_at or entry.at,
        single if isinstance(single, dict) else {},
        entry_data(sealed).get("nota", "") or str(payload.get("note", "")),
    )


def _row(
    rules: RosterRules, row: RowState, sheet: SheetRow, names: Mapping[str, str], said: _Said | None
) -> RosterRow:
    said, cells = said or _Said(), sheet.cells
    own = said.single.get(str(row.number))
    return RosterRow(
        number=row.number,
        hid=cells[KEY],
        name=cells.get("nombre", ""),
        area=row.area,
        area_name=names.get(row.area, ""),
        kind=cells.get("tipo", ""),
        email=cells.get("correo", ""),
        rfc=cells.get("rfc", ""),
        status=row.status,
        decision=row.decision,
        by=said.by,
        role=said.role,
        at=said.at,
        occurred_at=said.occurred_at,
        why=own if isinstance(own, str) else said.why,
        seq=row.seq,
        step=row.step,
        flags=_flags(rules, row),
        earlier=row.earlier,
        link=row.link,
        removed_at="",
    )


def _flags(rules: RosterRules, row: RowState) -> tuple[str, ...]:
    decision = rules.by_decision.get(row.decision)
    said = {
        OWN: bool(row.own),
        SILENT: row.silent,
        OPEN: decision is not None and decision.open,
        FIRM: row.step == rules.resolve,
        CHANGED: bool(row.earlier),
        REMOVES: decision is not None and decision.removes,
    }
    return tuple(flag for flag, holds in said.items() if holds)


def _area_names(entries: Sequence[SealedEntry], sheet: str) -> dict[str, str]:
    """What the sheet calls each area; empty once the payload was erased."""
    names: Mapping[str, Json] = {}
    for sealed in entries:
        found = sealed.payload().get(AREAS) if facts_of(sealed.entry).sheet == sheet else None
        if isinstance(found, dict):
            names = found
    return {code: str(name) for code, name in names.items()}


def _area(
    area: AreaState, names: Mapping[str, str], rows: Sequence[RosterRow], entries: Sequence[SealedEntry]
) -> AreaProgress:
    return AreaProgress(
        area=area.area,
        name=names.get(area.area, ""),
        rows=area.rows,
        decided=area.decided,
        silent=area.silent,
        open=area.open,
        sent_at=entries[area.sent_seq - 1].entry.at if area.sent_seq else "",
        due_at="",
        status="",
        by_decision=dict(sorted(Counter(row.decision for row in rows if row.area == area.area).items())),
    )
