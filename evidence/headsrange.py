"""All cases whose names begin alike, out of the heads map: that they are these and no others, at one size of the log.

An audit path shows one case; neighbours show that one does not exist. To show that no case of a process was left out
takes the whole run of its heads, with the neighbour on either side, and the hashes of the subtrees beside the run: from
them the committed root is computed again. The normative text is ``docs/formats/ledger.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.heads import CaseHead, Commitment
from evidence.tree import EMPTY_ROOT, InvalidProof, node_hash


@dataclass(frozen=True, slots=True)
class RangeProof:
    """Leaves ``start``, ``start + 1``, … of the map, and the subtrees beside them, from left to right.

    With a ``prefix`` the run is every case whose name begins with it, and its neighbours where there are any.
    """

    prefix: str
    start: int
    heads: tuple[CaseHead, ...]
    path: tuple[bytes, ...]

    def cases(self, commitment: Commitment) -> tuple[CaseHead, ...]:
        """The heads of all cases with the prefix, sorted by name.

        Raises:
            InvalidProof: the run does not lead to the commitment, or does not reach a neighbour on either side.
        """
        leaves = [head.leaf_hash() for head in self.heads]
        if _root(self.start, leaves, commitment.cases, self.path) != commitment.root:
            raise InvalidProof("the run does not lead to the root committed to")
        if any(left.key >= right.key for left, right in pairwise(self.heads)):
            raise InvalidProof("the run is not sorted")
        key = self.prefix.encode()
        found = tuple(head for head in self.heads if head.key.startswith(key))
        before = any(head.key < key for head in self.heads)
        after = any(head.key > key and not head.key.startswith(key) for head in self.heads)
        if not (before or self.start == 0) or not (after or self.start + len(self.heads) == commitment.cases):
            raise InvalidProof("the run has no neighbour, so a case may lie beside it")
        return found


def prove_range(heads: Sequence[CaseHead], prefix: str, subtree: Callable[[int, int], bytes]) -> RangeProof:
    """The run of a prefix in a map; ``subtree`` gives the root over leaves from one place to before another."""
    key = prefix.encode()
    inside = [place for place, head in enumerate(heads) if head.key.startswith(key)]
    if inside:
        first, last = inside[0], inside[-1] + 1
    else:
        first = last = sum(head.key < key for head in heads)
    start, end = max(first - 1, 0), min(last + 1, len(heads))
    return RangeProof(
        prefix, start, tuple(heads[start:end]), tuple(_beside(0, len(heads), start, end, subtree))
    )


def _beside(
    low: int, high: int, start: int, end: int, subtree: Callable[[int, int], bytes]
) -> Iterator[bytes]:
    """The roots of the widest subtrees that do not touch the run."""
    if high <= start or low >= end:
        if low < high:
            yield subtree(low, high)
        return
    if high - low > 1:
        middle = low + _half(high - low)
        yield from _beside(low, middle, start, end, subtree)
        yield from _beside(middle, high, start, end, subtree)


def _root(start: int, leaves: Sequence[bytes], size: int, path: Sequence[bytes]) -> bytes:
    """The root over ``size`` leaves, of which a run is known, and the subtrees beside it."""
    end, left = start + len(leaves), iter(path)
    if end > size or (size and not leaves):
        raise InvalidProof("the run is not within the map")

    def over(low: int, high: int) -> bytes:
        if high <= start or low >= end:
            return next(left)
        if high - low == 1:
            return leaves[low - start]
        middle = low + _half(high - low)
        return node_hash(over(low, middle), over(middle, high))

    try:
        root = over(0, size) if size else EMPTY_ROOT
    except StopIteration as error:
        raise InvalidProof("the proof is too short") from error
    if next(left, None) is not None:
        raise InvalidProof("the proof is too long")
    return root


def _half(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)
