"""Proofs made from a ledger's tiles, each checked before it is handed out."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.ports import LedgerStore
from evidence.tiles import TileHashReader
from evidence.tlog_proof import TlogProof
from evidence.tree import (
    consistency_proof,
    inclusion_proof,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)


def prove_entry(ledger: LedgerStore, index: int, checkpoint_note: bytes) -> TlogProof:
    """The proof that entry ``index`` is under a checkpoint of this ledger.

    Raises:
        ValueError: the checkpoint does not reach the entry, or ``index`` is negative.
        InvalidProof: the tiles do not lead to the checkpoint's root: the ledger is damaged.
        NoteError: not a checkpoint.
    """
    checkpoint = peek_checkpoint(checkpoint_note)
    read = TileHashReader(checkpoint.size, ledger.tile)
    path = inclusion_proof(index, checkpoint.size, read)
    verify_inclusion(read(0, index), index, checkpoint.size, path, checkpoint.root)
    return TlogProof(index, tuple(path), checkpoint_note)


def prove_consistency(ledger: LedgerStore, old: Checkpoint, new: Checkpoint) -> Sequence[bytes]:
    """The proof that ``new`` continues ``old``; empty for an empty or the same tree.

    Raises:
        InvalidProof: it does not.
        ValueError: ``old`` is larger than ``new``.
    """
    if old.size == 0:
        return ()
    read = TileHashReader(new.size, ledger.tile)
    path = consistency_proof(old.size, new.size, read)
    verify_consistency(old.size, new.size, old.root, new.root, path)
    return path


def head_of(ledger: LedgerStore) -> Checkpoint:
    """The ledger's present tree head, from its tiles: size and root belong together whatever is appended meanwhile."""
    size = ledger.tree_size()
    return Checkpoint(ledger.origin, size, subtree_root(0, size, TileHashReader(size, ledger.tile)))
