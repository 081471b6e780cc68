"""All that the bytes of one row of a ledger can be asked: leaf, canonical form, members, columns, payload.

Most rows are as they must be and tell of nothing that the verification of a whole ledger keeps. For those there is a
quick way: what `evidence.grammar` reads is what the columns must hold. Every other row goes the long way through
`evidence.checks`, which says what is wrong; and no row passes quickly that has a finding there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence.canonical import NotCanonical, parse_canonical
from evidence.checks import check_entry_bytes, check_payload, subject_of
from evidence.entry import SALT_BYTES, BlobRef, Entry, EntryKind, payload_commitment
from evidence.findings import Code, Finding
from evidence.grammar import spelled
from evidence.rows import Row

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

    entry: Entry | None
    findings: tuple[Finding, ...]


Answer = tuple[BlobRef, ...] | Checked
"""Of a row with nothing to tell, whose columns may be believed, the objects it names; of any other what there is."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The check of rows of the log ``log``; objects are named to whoever wants ``objects``."""

    log: str
    objects: bool

    def many(self, rows: Iterable[tuple[Any, ...]]) -> list[Answer]:
        """One answer a row; rows may have lost their type on the way here."""
        answers = []
        for row in rows:
            quiet = self._quiet(row)
            answers.append(self.one(Row._make(row)) if quiet is None else quiet)
        return answers

    def one(self, row: Row) -> Checked:
        """The long way: the entry with everything that is wrong with the row."""
        place = f"leaf {row.leaf}" if row.log_index is None else f"index {row.log_index}"
        entry, findings = check_entry_bytes(row.entry_bytes, str(row.leaf), log=self.log, place=place)
        if entry is not None:
            findings += _columns(row, entry)
            findings += check_payload(entry.payload, row.payload_bytes, row.salt, subject=subject_of(entry))
        return Checked(entry, tuple(findings))

    def _quiet(self, row: tuple[Any, ...]) -> tuple[BlobRef, ...] | None:
        """The objects of a row that is as it must be; ``None`` for one that goes the long way."""
        _, leaf, entry_bytes, payload, salt, *columns = row
        if type(entry_bytes) is not bytes or type(payload) is not bytes or type(salt) is not bytes:
            return None
        told = spelled(entry_bytes)
        if told is None or len(salt) != SALT_BYTES:
            return None
        actor, at, case, _, kind, log, _, commitment, prev, process, _, role, seq, step = told
        good = (
            [case, seq, prev, at, actor, role, kind, process, step] == columns
            and log == self.log
            and kind not in _TELLING
            and hashlib.sha256(b"\x00" + entry_bytes).hexdigest() == leaf
            and payload_commitment(salt, payload) == commitment
        )
        try:
            parse_canonical(payload)
        except NotCanonical:
            return None
        if not good:
            return None
        return told.blobs() if self.objects else ()


def _columns(row: Row, entry: Entry) -> Iterator[Finding]:
    """Columns that say something else than the bytes."""
    values = (entry.case, entry.seq, entry.prev, entry.at, entry.actor, entry.role, entry.kind, entry.process)
    for name, value, held in zip(COLUMNS, (*values, entry.step), row[_FIRST:], strict=True):
        if held != value:
            subject = f"{row.case_id}/{row.case_seq} {name}"
            yield Finding(Code.ENTRY_COLUMN, subject, str(value), str(held))
