"""``cadena/consistencia/<size>.txt``: that the log has only grown since an earlier checkpoint.

Written like the body of a C2SP ``tlog-witness`` request, with the earlier checkpoint in the place of the later: ``old
<size>``, one base64 hash a line (RFC 6962 section 2.1.2, in its order), a blank line, and the note of that size.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import lru_cache

from audit_exports import layout
from audit_exports.bagwriter import BagWriter
from audit_exports.refused import ExportRefused
from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.entry import SealedEntry
from evidence.findings import Code, Finding
from evidence.note import NoteError, decode_base64
from evidence.ports import BlobMissing, LedgerStore
from evidence.tiles import MalformedTile, TileHashReader
from evidence.tree import HASH_BYTES, InvalidProof, consistency_proof, verify_consistency

MOST = 200
"""Earlier packages from which a package proves consistency, the newest."""


class MalformedConsistency(ValueError):
    """Bytes that are not such a file."""


def earlier_sizes(exports: Sequence[SealedEntry], size: int) -> set[int]:
    """The checkpoints of earlier packages that the log tells of under a checkpoint."""
    told = [item.entry.facts.get("size") for item in exports if item.index is not None and item.index < size]
    sizes = [value for value in told if isinstance(value, int) and 0 < value < size]
    return set(sizes[-MOST:])


def write_consistency(
    bag: BagWriter, ledger: LedgerStore, sizes: Iterable[int], checkpoint: Checkpoint
) -> None:
    """One file for each size of which the log kept a checkpoint.

    Raises:
        ExportRefused: the tiles do not give the proof, or the log does not continue what it signed.
    """
    read = TileHashReader(checkpoint.size, lru_cache(maxsize=256)(ledger.tile))
    for old in sorted(size for size in sizes if 0 < size < checkpoint.size):
        size, note = next(iter(ledger.checkpoints(old)), (0, b""))
        if size != old:
            continue
        try:
            path = consistency_proof(old, checkpoint.size, read)
            earlier = peek_checkpoint(note)
            verify_consistency(old, checkpoint.size, earlier.root, checkpoint.root, path)
        except (BlobMissing, MalformedTile, InvalidProof, NoteError) as error:
            finding = Finding(Code.LOG_FORKED, f"size {old}", note.decode("utf-8", "replace"), str(error))
            raise ExportRefused("integrity", f"size {old}", [finding]) from error
        bag.add(layout.consistency_path(old), consistency_bytes(old, path, note))


def consistency_bytes(old: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The file's bytes."""
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in path), "", ""]
    return "\n".join(lines).encode() + note


def parse_consistency(data: bytes, old: int) -> tuple[tuple[bytes, ...], bytes]:
    """Proof and note in a file for that size; the note is not opened.

    Raises:
        MalformedConsistency: any other bytes.
    """
    head, blank, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if first != f"old {old}" or not blank:
            raise MalformedConsistency("another first line, or no blank line")
        proof = tuple(decode_base64(line) for line in lines)
    except ValueError as error:
        raise MalformedConsistency(str(error)) from error
    if len(proof) > 63 or any(len(item) != HASH_BYTES for item in proof):
        raise MalformedConsistency("too many hashes, or one that is not 32 bytes long")
    return proof, note
