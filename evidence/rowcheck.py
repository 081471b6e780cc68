r"""All that the bytes of one row of a ledger can be asked: leaf, canonical form, members, columns, payload.

Most rows are as they must be and tell of nothing that the verification of a whole ledger keeps. For those there is a
quick way: the canonical form of an entry (RFC 8785 orders its members) is written down here as a grammar, whose
captures are what the columns must hold. What the grammar does not take, because it is damaged, or rare, such as an
escape in a string, goes the long way through `evidence.checks`, which says what is wrong. Both agree on every row
that the quick way lets pass; tests hold them to it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence.canonical import NotCanonical, parse_canonical, scan_canonical
from evidence.checks import check_entry_bytes, check_payload, subject_of
from evidence.entry import MAX_ENTRY_BYTES, SALT_BYTES, BlobRef, Entry, EntryKind, payload_commitment
from evidence.findings import Code, Finding
from evidence.rows import Row

COLUMNS = Row._fields[Row._fields.index("case_id") :]
"""The columns that repeat a member of the entry."""
_FIRST = len(Row._fields) - len(COLUMNS)

_TEXT, _SOME, _HEX = r'[^"\\\x00-\x1f]*', r'[^"\\\x00-\x1f]+', "[0-9a-f]{64}"
_NATURAL = "[1-9][0-9]{0,14}"
_DAY = (
    "[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|"
    "(?:0[13578]|1[02])-31)"
)
_TIME = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{6}}Z"
_OBJECT = (
    rf'\{{"key":"{_TEXT}","media":"{_TEXT}","retain_until":"(?:{_TIME})?","sha256":"{_HEX}",'
    rf'"size":(?:0|{_NATURAL}),"version":"{_TEXT}"\}}'
)
_EACH = re.compile(
    rf'\{{"key":"({_TEXT})","media":"({_TEXT})","retain_until":"([^"]*)","sha256":"({_HEX})",'
    rf'"size":([0-9]+),"version":"({_TEXT})"\}}'
)
_HEAD = re.compile(rf'\{{"actor":"({_SOME})","at":"({_TIME})","case":"({_SOME})","facts":')
_TAIL = re.compile(
    rf',"kind":"({_TEXT})","log":"({_SOME})","objects":\[({_OBJECT}(?:,{_OBJECT})*)?\],"payload":"({_HEX})",'
    rf'"prev":"({_HEX})","process":"({_TEXT})","refs":\[(?:"{_HEX}"(?:,"{_HEX}")*)?\],"role":"({_SOME})",'
    rf'"seq":({_NATURAL}),"step":"({_TEXT})","v":1\}}'
)
_TELLING = frozenset({EntryKind.HEADS_COMMITTED, EntryKind.ANCHOR_RECORDED, EntryKind.ERASURE_EXECUTED})
"""Kinds that say something about the log itself."""
_QUIET = frozenset(str(kind) for kind in EntryKind if kind not in _TELLING)


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
        if type(entry_bytes) is not bytes or len(entry_bytes) > MAX_ENTRY_BYTES:
            return None
        if type(payload) is not bytes or type(salt) is not bytes or len(salt) != SALT_BYTES:
            return None
        try:
            text = entry_bytes.decode()
            if (head := _HEAD.match(text)) is None:
                return None
            facts, end = scan_canonical(text, head.end())
            if type(facts) is not dict or (tail := _TAIL.fullmatch(text, end)) is None:
                return None
            parse_canonical(payload)
        except (NotCanonical, UnicodeDecodeError):
            return None
        actor, at, case = head.groups()
        kind, log, objects, commitment, prev, process, role, seq, step = tail.groups()
        good = (
            [case, int(seq), prev, at, actor, role, kind, process, step] == columns
            and log == self.log
            and kind in _QUIET
            and hashlib.sha256(b"\x00" + entry_bytes).hexdigest() == leaf
            and payload_commitment(salt, payload) == commitment
        )
        if not good:
            return None
        return _named(objects) if objects and self.objects else ()


def _named(objects: str) -> tuple[BlobRef, ...]:
    found = (match.groups() for match in _EACH.finditer(objects))
    return tuple(
        BlobRef(sha256, int(size), media, key, version, retain_until)
        for key, media, retain_until, sha256, size, version in found
    )


def _columns(row: Row, entry: Entry) -> Iterator[Finding]:
    """Columns that say something else than the bytes."""
    values = (entry.case, entry.seq, entry.prev, entry.at, entry.actor, entry.role, entry.kind, entry.process)
    for name, value, held in zip(COLUMNS, (*values, entry.step), row[_FIRST:], strict=True):
        if held != value:
            subject = f"{row.case_id}/{row.case_seq} {name}"
            yield Finding(Code.ENTRY_COLUMN, subject, str(value), str(held))
