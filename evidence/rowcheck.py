"""All that the bytes of one row of a ledger can be asked: leaf, canonical form, members, columns, payload.

Most rows are as they must be and tell of nothing that the verification of a whole ledger keeps. For those there is a
quick way: what `evidence.grammar` reads is what the columns must hold. Every other row goes the long way through
`evidence.checks`, which says what is wrong; and no row passes quickly that has a finding there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import NotCanonical, parse_canonical
from evidence.checks import check_entry_bytes, check_payload, subject_of
from evidence.entry import SALT_BYTES, Entry, EntryKind, payload_commitment
from evidence.findings import Code, Finding
from evidence.grammar import blobs_in, glimpsed
from evidence.rows import Row
from evidence.runs import Member, Run, RunMaker
from evidence.shapes import Shapes, plain

COLUMNS = Row._fields[Row._fields.index("case_id") :]
"""The columns that repeat a member of the entry."""
_FIRST = len(Row._fields) - len(COLUMNS)

_TELLING = frozenset(
    {
        EntryKind.HEADS_COMMITTED,
        EntryKind.ANCHOR_RECORDED,
        EntryKind.ERASURE_EXECUTED,
        EntryKind.QUARANTINE_PLACED,
        EntryKind.QUARANTINE_RELEASED,
        EntryKind.QUARANTINE_DESTROYED,
    }
)
"""Kinds that say something about the log itself."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that has something to tell: its entry, where the bytes are one, and what was found."""

    row: Row
    entry: Entry | None
    findings: tuple[Finding, ...]


Piece = Run | Checked
"""Rows with nothing to tell, whose columns may be believed, as many as make a run; or one other row."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The check of rows of the log ``log``; objects are named to whoever wants ``objects``. Not safe for threads."""

    log: str
    objects: bool
    shapes: Shapes = field(default_factory=Shapes, repr=False, compare=False)

    def many(self, rows: Iterable[tuple[Any, ...]]) -> list[Piece]:
        """The rows of a log in their order, each in one of the pieces; they need not have their type."""
        pieces: list[Piece] = []
        making = RunMaker()
        for row in rows:
            told = self._quiet(row)
            if told is None:
                making = _ended(making, pieces)
                pieces.append(self.one(Row._make(row)))
                continue
            member, objects = told
            if not making.take(row[0], row[1], member):
                making = _ended(making, pieces)
                making.take(row[0], row[1], member)
            if objects and self.objects:
                making.name(f"{member[0]}/{member[1]}", blobs_in(objects))
        _ended(making, pieces)
        return pieces

    def one(self, row: Row) -> Checked:
        """The long way: the entry with everything that is wrong with the row."""
        place = f"leaf {row.leaf}" if row.log_index is None else f"index {row.log_index}"
        entry, findings = check_entry_bytes(row.entry_bytes, str(row.leaf), log=self.log, place=place)
        if entry is not None:
            findings += _columns(row, entry)
            findings += check_payload(entry.payload, row.payload_bytes, row.salt, subject=subject_of(entry))
        return Checked(row, entry, tuple(findings))

    def _quiet(self, row: tuple[Any, ...]) -> tuple[Member, str] | None:
        """The members of a row that is as it must be, and its objects as spelled; ``None``: it goes the long way."""
        index, leaf, entry_bytes, payload, salt, *columns = row
        if type(entry_bytes) is not bytes or type(payload) is not bytes or type(salt) is not bytes:
            return None
        told = glimpsed(entry_bytes, self.shapes)
        if told is None or type(index) is not int or len(salt) != SALT_BYTES:
            return None
        actor, at, case, kind, log, objects, commitment, prev, process, role, spelled_seq, step = told
        seq = int(spelled_seq)
        good = (
            [case, seq, prev, at, actor, role, kind, process, step] == columns
            and log == self.log
            and kind not in _TELLING
            and hashlib.sha256(b"\x00" + entry_bytes).hexdigest() == leaf
            and payload_commitment(salt, payload) == commitment
            and self._canonical(payload)
        )
        return ((case, seq, prev, at), objects) if good else None

    def _canonical(self, payload: bytes) -> bool:
        try:
            if plain(payload):
                return self.shapes.canonical(payload.decode())
            parse_canonical(payload)
        except (NotCanonical, UnicodeDecodeError):
            return False
        return True


def _ended(making: RunMaker, pieces: list[Piece]) -> RunMaker:
    """One for the next run; what this one has made is a piece."""
    made = making.made()
    if made is not None:
        pieces.append(made)
        return RunMaker()
    return making


def _columns(row: Row, entry: Entry) -> Iterator[Finding]:
    """Columns that say something else than the bytes."""
    values = (entry.case, entry.seq, entry.prev, entry.at, entry.actor, entry.role, entry.kind, entry.process)
    for name, value, held in zip(COLUMNS, (*values, entry.step), row[_FIRST:], strict=True):
        if held != value:
            subject = f"{row.case_id}/{row.case_seq} {name}"
            yield Finding(Code.ENTRY_COLUMN, subject, str(value), str(held))
