"""Keys that a trusted key handed over to: how somebody who kept an old key can still check a new package.

A key is believed if the log, while a trusted key signed it, told that this key takes over: the entry ``key.rotated`` is
in the package with its proof, and a note signed by the trusted key covers it and is continued by the package's tree.
The other way round is easier: of a tree that one believes, one also believes which keys signed it earlier.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from audit_exports.bagreader import Bag
from audit_exports.bagwriter import BagWriter
from audit_exports.codes import Code
from audit_exports.consistency import MalformedConsistency, parse_consistency
from audit_exports.entrycheck import EntryReader
from audit_exports.entrywriter import EntryWriter
from evidence.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from evidence.entry import SealedEntry
from evidence.findings import Finding
from evidence.keyring import LEDGER_CASE, Phase, Rotation, rotation_of
from evidence.note import NoteError, VerifierKey
from evidence.tree import InvalidProof, verify_consistency

_ENTRY = re.compile(r"cadena/llaves/entries/([1-9][0-9]{0,8})\.json")
_CONSISTENCY = re.compile(r"cadena/consistencia/([1-9][0-9]{0,18})\.txt")
_MAX_CONSISTENCY = 1 << 16


@dataclass(frozen=True, slots=True)
class Succession:
    """``believed`` may sign the package's checkpoint; ``known`` are these and, for notes of before, earlier keys."""

    believed: tuple[VerifierKey, ...]
    known: tuple[VerifierKey, ...]


class RotationWriter:
    """Writes the rotations that the log knew under a checkpoint into a package."""

    def __init__(
        self, history: Sequence[SealedEntry], size: int, notes: Iterable[tuple[int, bytes]] = ()
    ) -> None:
        self._entries = [
            item
            for item in history
            if item.index is not None and item.index < size and rotation_of(item.entry) is not None
        ]
        self._notes = tuple(notes) if self._entries else ()

    @property
    def sizes(self) -> set[int]:
        """The sizes of the first notes after each rotation began: both keys signed them."""
        places = [
            item.index for item in self._entries if item.index is not None and _phase(item) is Phase.BEGUN
        ]
        found = (next((size for size, _ in self._notes if size > place), 0) for place in places)
        return {size for size in found if size}

    def write(self, bag: BagWriter, writer: EntryWriter) -> None:
        """Each rotation's entry and proof; what was typed with it stays at home."""
        for item in self._entries:
            writer.write(bag, item, payload=False)


def trusted_keys(
    bag: Bag,
    reader: EntryReader,
    report: Callable[[Finding], None],
    checkpoint: Checkpoint,
    note: bytes,
    keys: Sequence[VerifierKey],
) -> Succession:
    """Whom ``keys`` lead to, told by a notice each; ``checkpoint`` is what ``note`` claims.

    Without keys nobody is believed, and the entries are read all the same, so that every file is accounted for.
    """
    found, former = tuple(keys), list[VerifierKey]()
    seqs = sorted(int(match[1]) for match in map(_ENTRY.fullmatch, bag.paths()) if match)
    notes = _notes(bag) | {checkpoint.size: ((), note)} if seqs else {}
    for seq in seqs:
        item = reader.single(LEDGER_CASE, seq)
        told = None if item is None else rotation_of(item.entry)
        if item is None or item.index is None or item.index < 0:
            continue
        if told is None:
            report(Finding(Code.KEYS_MALFORMED, f"{LEDGER_CASE}/{seq}", "a rotation of keys", "none"))
            continue
        former.append(told.old)
        if _hands_over(told, item.index, checkpoint, notes, found):
            found = (*found, told.new)
            report(Finding(Code.KEYS_SUCCEEDED, f"{LEDGER_CASE}/{seq}", told.old.text, told.new.text))
    return Succession(found, tuple(dict.fromkeys((*found, *former))) if found else ())


def _hands_over(
    told: Rotation,
    index: int,
    checkpoint: Checkpoint,
    notes: Mapping[int, tuple[Sequence[bytes], bytes]],
    trusted: Sequence[VerifierKey],
) -> bool:
    """Whether a trusted key says so: a note of its own that holds the entry and that the package's tree continues."""
    if told.phase is not Phase.BEGUN or told.old not in trusted or told.new in trusted:
        return False
    covering = ((size, found) for size, found in sorted(notes.items()) if index < size <= checkpoint.size)
    return any(_signed(told.old, size, proof, note, checkpoint) for size, (proof, note) in covering)


def _signed(key: VerifierKey, size: int, proof: Sequence[bytes], note: bytes, checkpoint: Checkpoint) -> bool:
    try:
        opened = open_checkpoint(note, [key], key.name)
        if opened.size != size or opened.origin != checkpoint.origin:
            return False
        verify_consistency(size, checkpoint.size, opened.root, checkpoint.root, proof)
    except (NoteError, InvalidProof):
        return False  # what is wrong with a note or proof is reported where all of them are checked
    return True


def _notes(bag: Bag) -> dict[int, tuple[Sequence[bytes], bytes]]:
    """The earlier notes in the package with their proofs, by size; unreadable ones are reported elsewhere."""
    found: dict[int, tuple[Sequence[bytes], bytes]] = {}
    for path in bag.paths():
        match = _CONSISTENCY.fullmatch(path)
        data = bag.take(path, _MAX_CONSISTENCY) if match else None
        if match is None or data is None:
            continue
        try:
            proof, note = parse_consistency(data, int(match[1]))
            found[peek_checkpoint(note).size] = proof, note
        except (MalformedConsistency, NoteError):
            continue
    return found


def _phase(item: SealedEntry) -> Phase | None:
    told = rotation_of(item.entry)
    return None if told is None else told.phase
