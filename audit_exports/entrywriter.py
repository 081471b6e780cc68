"""Entries on their way into a package: exact bytes, payload with its salt, and a proof that was verified first."""

from __future__ import annotations

from functools import lru_cache

from audit_exports import layout
from audit_exports.bagwriter import BagWriter
from audit_exports.refused import ExportRefused
from evidence.checkpoint import Checkpoint
from evidence.entry import SealedEntry
from evidence.findings import Code, Finding
from evidence.ports import BlobMissing, LedgerStore
from evidence.tiles import MalformedTile, TileHashReader
from evidence.tlog_proof import TlogProof
from evidence.tree import InvalidProof, inclusion_proof, verify_inclusion

_KEPT_HASHES = 1 << 14


class EntryWriter:
    """Writes entries that lie under one checkpoint; ``note`` is its signed text."""

    def __init__(self, ledger: LedgerStore, checkpoint: Checkpoint, note: bytes) -> None:
        self._checkpoint = checkpoint
        self._note = note
        # Entries of a case are neighbours and share most of their path: what a proof computes serves the next one.
        reader = TileHashReader(checkpoint.size, lru_cache(maxsize=256)(ledger.tile))
        self._hashes = lru_cache(maxsize=_KEPT_HASHES)(reader)

    def write(self, bag: BagWriter, item: SealedEntry, *, payload: bool = True) -> None:
        """One entry; without ``payload`` neither payload nor salt, and what they say stays withheld.

        Raises:
            ExportRefused: no proof leads from the entry to the checkpoint.
        """
        folio, seq = item.entry.case, item.entry.seq
        bag.add(layout.entry_path(folio, seq), item.entry_bytes)
        if payload and item.payload_bytes is not None and item.salt is not None:
            bag.add(layout.payload_path(folio, seq), item.payload_bytes)
            bag.add(layout.salt_path(folio, seq), item.salt)
        bag.add(layout.proof_path(folio, seq), self._proof(item))

    def _proof(self, item: SealedEntry) -> bytes:
        subject = f"{item.entry.case}/{item.entry.seq}"
        index = -1 if item.index is None else item.index
        try:
            path = inclusion_proof(index, self._checkpoint.size, self._hashes)
            verify_inclusion(
                bytes.fromhex(item.leaf), index, self._checkpoint.size, path, self._checkpoint.root
            )
        except (InvalidProof, MalformedTile, BlobMissing) as error:
            finding = Finding(Code.TREE_ROOT, subject, self._checkpoint.root.hex(), str(error))
            raise ExportRefused("integrity", subject, [finding]) from error
        return TlogProof(index, tuple(path), self._note).text()
