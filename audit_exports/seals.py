"""The organisation's seals in a package: what the log told of them, and which letters carry another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit_exports.bagreader import Bag
from audit_exports.bagwriter import BagWriter
from audit_exports.codes import Code
from audit_exports.entrycheck import EntryReader
from audit_exports.entrywriter import EntryWriter
from audit_exports.trust import LetterJudge
from evidence.checks import subject_of
from evidence.entry import Entry, EntryKind, SealedEntry
from evidence.findings import Finding
from evidence.seals import SEALS_CASE, SealFact, seal_of_entry

_ENTRY = re.compile(r"cadena/sellos/entries/([1-9][0-9]{0,8})\.json")
_SEALING = frozenset({EntryKind.DOCUMENT_SIGNED, EntryKind.DOCUMENT_STAMPED})


def write_seals(bag: BagWriter, writer: EntryWriter, history: Sequence[SealedEntry], size: int) -> None:
    """Each ``seal.published`` under the checkpoint, with its proof and the certificates in its payload."""
    for item in history:
        if item.index is not None and item.index < size and seal_of_entry(item.entry) is not None:
            writer.write(bag, item)


@dataclass(frozen=True, slots=True)
class Seals:
    """The seals that the log told of, each with its place in the log."""

    told: tuple[tuple[int, SealFact], ...] = ()

    def as_json(self) -> tuple[dict[str, object], ...]:
        """For the report: index in the log, what changed, digests of certificate and root."""
        return tuple(
            {
                "index": index,
                "change": str(fact.change),
                "certificate": fact.certificate,
                "root": fact.root,
            }
            for index, fact in self.told
        )

    def judge(self, entry: Entry, index: int | None, report: Callable[[Finding], None]) -> None:
        """Report a letter whose seal's certificate the log had not told of before; nothing where it told of none."""
        seal = entry.facts.get("seal")
        if entry.kind not in _SEALING or not isinstance(seal, dict) or not self.told:
            return
        before = [fact.certificate for place, fact in self.told if index is None or place < index]
        if seal.get("certificate") not in before:
            expected = "a certificate published before it"
            report(Finding(Code.SEAL_UNTOLD, subject_of(entry), expected, str(seal.get("certificate"))))


@dataclass(frozen=True, slots=True)
class Letters:
    """What signed letters are judged by: a program that reads their signatures, if any, and the seals told of."""

    program: LetterJudge | None = None
    seals: Seals = Seals()


def read_seals(bag: Bag, reader: EntryReader, report: Callable[[Finding], None]) -> Seals:
    """What the package says of seals, proved entry by entry."""
    told = []
    for seq in sorted(int(match[1]) for match in map(_ENTRY.fullmatch, bag.paths()) if match):
        item = reader.single(SEALS_CASE, seq)
        if item is None or item.index is None or item.index < 0:
            continue
        fact = seal_of_entry(item.entry)
        if fact is None:
            report(Finding(Code.SEAL_MALFORMED, f"{SEALS_CASE}/{seq}", "a seal's certificate", "none"))
        else:
            told.append((item.index, fact))
    return Seals(tuple(told))
