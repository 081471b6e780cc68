"""RFC 6962 Merkle trees: hashing, the compact range, proofs and their strict verification.

A tree over ``n`` leaves is split at the largest power of two below ``n`` (RFC 6962 section 2.1); an odd node is
promoted, never duplicated. Leaves and nodes are hashed under different prefixes, so neither can pass for the other.

A complete subtree is named ``(level, index)``: it spans leaves ``[index << level, (index + 1) << level)``. Proofs are
made over any `HashReader`, a function from such a name to its 32-byte hash; tiles, a list or a database will do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

HashReader = Callable[[int, int], bytes]
"""From ``(level, index)`` of a complete subtree to its hash."""

_sha256 = hashlib.sha256


class InvalidProof(ValueError):
    """A proof that does not show what it claims; the message says why."""


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x00 || data)."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The compact range of a growing tree: the roots of its complete subtrees, widest first.

    ``size`` and ``hashes`` are all there is to store: one hash for each bit set in ``size``. Not safe for threads.

    >>> Frontier().root() == EMPTY_ROOT
    True
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes are not the frontier of a tree of size {size}")
        if any(len(item) != HASH_BYTES for item in self.hashes):
            raise ValueError("a hash is not 32 bytes long")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.size += 1
        hashes = self.hashes
        merges = (self.size & -self.size).bit_length() - 1
        for _ in range(merges):
            leaf = _sha256(b"\x01" + hashes.pop() + leaf).digest()
        hashes.append(leaf)

    def extend(self, leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
        """Add many leaf hashes, level by level, as one adds binary numbers.

        Returns:
            Per level, from 0, the hashes of the complete subtrees that these leaves have finished, left to right:
            just what tiles need to grow.
        """
        fresh = list(leaves)
        finished: list[Sequence[bytes]] = []
        level, size, grown = 0, self.size, self.size + len(fresh)
        old, new = self.hashes, []
        while fresh or size >> level:
            finished.append(fresh)
            row = [old.pop(), *fresh] if size >> level & 1 else fresh
            pairs = iter(row)
            fresh = [
                _sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)
            ]
            if len(row) & 1:
                new.append(row[-1])
            level += 1
        self.size, self.hashes = grown, new[::-1]
        return finished

    def root(self) -> bytes:
        """The root hash; `EMPTY_ROOT` for no leaves."""
        return _join(self.hashes)

    def copy(self) -> Frontier:
        """An independent frontier of the same tree."""
        return Frontier(self.size, self.hashes)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def subtree_root(start: int, end: int, read: HashReader) -> bytes:
    """The root over leaves ``[start, end)``; ``start`` is a multiple of the next power of two >= its width.

    Raises:
        ValueError: the range is not a subtree of any RFC 6962 tree.
    """
    if not 0 <= start <= end or start % (1 << max(end - start - 1, 0).bit_length()):
        raise ValueError(f"[{start}, {end}) is not a subtree")
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(read(level, start >> level))
        start += 1 << level
    return _join(hashes)


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """Audit path of leaf ``index`` in a tree of ``size`` leaves, from the leaf's sibling up (RFC 6962 section 2.1.1).

    Raises:
        ValueError: no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return [subtree_root(low, high, read) for low, high in reversed(path)]


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """Proof that the tree of ``old`` leaves is a prefix of the one of ``new`` (RFC 6962 section 2.1.2).

    Raises:
        ValueError: not ``0 < old <= new``.
    """
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    path = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return [subtree_root(low, high, read) for low, high in reversed(path)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check an audit path (RFC 9162 section 2.1.3.2).

    Raises:
        InvalidProof: ``index`` beyond ``size``, a hash of the wrong length, too long, too short, or another root.
    """
    if not 0 <= index < size:
        raise InvalidProof(f"index {index} is not in a tree of {size}")
    _check_lengths((leaf, root, *proof))
    node, last, result = index, size - 1, leaf
    for item in proof:
        if last == 0:
            raise InvalidProof("the proof is too long")
        if node & 1 or node == last:
            result = node_hash(item, result)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            result = node_hash(result, item)
        node >>= 1
        last >>= 1
    if last:
        raise InvalidProof("the proof is too short")
    if result != root:
        raise InvalidProof("the proof leads to another root")


def left_of(index: int, size: int, proof: Sequence[bytes]) -> tuple[bytes, ...]:
    """The hashes of an audit path that stand to the left of its leaf: the roots over all leaves before it.

    They are the complete subtrees of ``[0, index)``, whatever the size of the tree: two trees that give the same ones
    for a leaf have the same leaves before it.
    """
    found, node, last = [], index, size - 1
    for item in proof:
        if node & 1 or node == last:
            found.append(item)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        node >>= 1
        last >>= 1
    return tuple(found)


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``old`` leaves is a prefix of the one of ``new`` (RFC 9162 section 2.1.4.2).

    A tree of size 0 is a prefix of everything and proves nothing: it is refused here, callers treat it before.

    Raises:
        InvalidProof: not ``0 < old <= new``, a hash of the wrong length, too long, too short, or other roots.
    """
    if not 0 < old <= new:
        raise InvalidProof(f"no consistency from {old} to {new}")
    if old == new:  # nothing is hashed here, and a public vector wants any two equal roots accepted
        if proof or old_root != new_root:
            raise InvalidProof("same size, but the roots differ or the proof is not empty")
        return
    _check_lengths((old_root, new_root, *proof))
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not proof:
        raise InvalidProof("the proof is empty")
    if _climb(old, new, path) != (old_root, new_root):
        raise InvalidProof("the proof leads to other roots")


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    shift = (~(old - 1) & old).bit_length() - 1  # trailing ones of old - 1
    node, last = (old - 1) >> shift, (new - 1) >> shift
    old_hash = new_hash = path[0]
    for item in path[1:]:
        if last == 0:
            raise InvalidProof("the proof is too long")
        if node & 1 or node == last:
            old_hash = node_hash(item, old_hash)
            new_hash = node_hash(item, new_hash)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new_hash = node_hash(new_hash, item)
        node >>= 1
        last >>= 1
    if last:
        raise InvalidProof("the proof is too short")
    return old_hash, new_hash


def _check_lengths(hashes: Iterable[bytes]) -> None:
    if any(len(item) != HASH_BYTES for item in hashes):
        raise InvalidProof("a hash is not 32 bytes long")


def _join(hashes: Sequence[bytes]) -> bytes:
    """The root over the roots of complete subtrees, widest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)
