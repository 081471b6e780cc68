"""The heads map: how many entries each case had at one size of the log, and that a case did not exist.

An inclusion proof cannot show that no *later* entry of a case exists. So the log commits, now and then, to the last
entry of every case among its first ``size`` entries: the RFC 6962 root over the leaves::

    case (UTF-8) || 0x00 || seq (decimal) || 0x00 || leaf hash (32 bytes)

sorted by the bytes of ``case``, one leaf a case. An entry ``heads.committed`` of the case ``system:heads`` carries
``facts.heads = {"size", "cases", "root"}``. An audit path from a leaf to that root shows the exact length of a case at
that size; two neighbours in the sorted list show that no case lies between them. The normative text is
``docs/formats/ledger.md``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.canonical import Json
from evidence.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    InvalidProof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    subtree_root,
    verify_inclusion,
)

HEADS_CASE = "system:heads"
FACT = "heads"

_HEX64 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CaseHead:
    """The last of a case's entries: its position in the case, which is how many there are, and its leaf hash."""

    case: str
    seq: int
    leaf: bytes

    @property
    def key(self) -> bytes:
        """What the map is sorted by."""
        return self.case.encode()

    def leaf_hash(self) -> bytes:
        """The map's leaf."""
        return leaf_hash(b"%s\x00%d\x00%s" % (self.key, self.seq, self.leaf))


@dataclass(frozen=True, slots=True)
class Commitment:
    """What the log committed to: the map over its first ``size`` entries has ``cases`` leaves under ``root``."""

    size: int
    cases: int
    root: bytes

    def as_fact(self) -> dict[str, Json]:
        """The member ``heads`` of the entry's facts."""
        return {"size": self.size, "cases": self.cases, "root": self.root.hex()}


@dataclass(frozen=True, slots=True)
class HeadProof:
    """That ``head`` is leaf ``index`` of the map: the case had exactly ``head.seq`` entries."""

    head: CaseHead
    index: int
    path: tuple[bytes, ...]

    def verify(self, commitment: Commitment) -> None:
        """Check the audit path. Raises `InvalidProof`."""
        verify_inclusion(self.head.leaf_hash(), self.index, commitment.cases, self.path, commitment.root)


@dataclass(frozen=True, slots=True)
class AbsenceProof:
    """That ``case`` had no entry: the neighbours between which it would stand (one of them at either end)."""

    case: str
    before: HeadProof | None
    after: HeadProof | None

    def verify(self, commitment: Commitment) -> None:
        """Check both neighbours, that they are neighbours, and that the case would stand between them.

        Raises:
            InvalidProof.
        """
        low = -1 if self.before is None else self.before.index
        high = commitment.cases if self.after is None else self.after.index
        if high != low + 1:
            raise InvalidProof("the two cases are no neighbours in the map")
        key = self.case.encode()
        for proof, right in ((self.before, False), (self.after, True)):
            if proof is not None:
                proof.verify(commitment)
                if proof.head.key == key or (proof.head.key > key) != right:
                    raise InvalidProof("the case does not stand between its neighbours")


class HeadsMap:
    """The map of one size of the log, whole, to commit to and to prove from.

    Memory is about three hashes a case.

    Args:
        size: the first ``size`` entries of the log are meant.
        heads: one for every case that has an entry among them, sorted by the bytes of ``case``.

    Raises:
        ValueError: not sorted, or a case twice.
    """

    def __init__(self, size: int, heads: Iterable[CaseHead]) -> None:
        self.size = size
        self._heads = tuple(heads)
        self._keys = [head.key for head in self._heads]
        if any(left >= right for left, right in pairwise(self._keys)):
            raise ValueError("the heads are not sorted, or a case stands twice")
        self._levels = _levels([head.leaf_hash() for head in self._heads])

    @property
    def commitment(self) -> Commitment:
        """What is committed to."""
        return Commitment(self.size, len(self._heads), self._levels[-1][0] if self._heads else EMPTY_ROOT)

    def prove(self, case: str) -> HeadProof | AbsenceProof:
        """How many entries the case had, or that it had none."""
        at = bisect_left(self._keys, case.encode())
        if at < len(self._heads) and self._heads[at].case == case:
            return self._proof(at)
        before = self._proof(at - 1) if at else None
        after = self._proof(at) if at < len(self._heads) else None
        return AbsenceProof(case, before, after)

    @property
    def heads(self) -> tuple[CaseHead, ...]:
        """Every head, sorted by the bytes of its case."""
        return self._heads

    def subtree(self, start: int, end: int) -> bytes:
        """The root over the leaves from ``start`` to before ``end``, as `evidence.tree.subtree_root` has it."""
        return subtree_root(start, end, lambda level, n: self._levels[level][n])

    def _proof(self, index: int) -> HeadProof:
        path = inclusion_proof(index, len(self._heads), lambda level, n: self._levels[level][n])
        return HeadProof(self._heads[index], index, tuple(path))


def commitment_of(facts: Mapping[str, Json]) -> Commitment | None:
    """The commitment in the facts of a ``heads.committed`` entry; ``None`` where it is not well formed."""
    found = facts.get(FACT)
    if not isinstance(found, dict) or found.keys() != {"size", "cases", "root"}:
        return None
    size, cases, root = found["size"], found["cases"], found["root"]
    if not _count(size) or not _count(cases) or not isinstance(root, str) or not _HEX64.fullmatch(root):
        return None
    assert isinstance(size, int)  # noqa: S101 - `_count` has seen to it
    assert isinstance(cases, int)  # noqa: S101
    return Commitment(size, cases, bytes.fromhex(root))


def _count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Row upon row of the tree; an odd node is promoted, so that the last row is the root.

    A promoted node stands at its place in every row above, which is where an audit path looks for it: the subtree
    that is not complete is read as what it was promoted from.
    """
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        pairs = iter(row)
        above = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)]
        if len(row) & 1:
            above.append(row[-1])
        rows.append(above)
    assert all(len(item) == HASH_BYTES for item in rows[0])  # noqa: S101 - they come from `leaf_hash`
    return rows
