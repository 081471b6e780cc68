"""Many tlog-proofs under one checkpoint: what their paths share near the root is followed once.

It never finds fault: a proof it does not take goes the long way (`evidence.tlog_proof.parse_proof`,
`evidence.tree.verify_inclusion`), which says what is wrong. What it takes, the long way takes with the same index: from
a node with the same hash, the same lines lead to the same root.
"""

from __future__ import annotations

from evidence.checkpoint import Checkpoint
from evidence.tlog_proof import HEADER, read_hash
from evidence.tree import HASH_BYTES, node_hash

_BEGIN = f"{HEADER}\nindex ".encode()
_LINE = 45
"""Bytes of a hash in base64, with its newline."""
_MOST = 4096


class ProofPaths:
    """The paths under ``checkpoint``, whose signed text is ``note``. Memory: the last few thousand nodes."""

    def __init__(self, checkpoint: Checkpoint, note: bytes) -> None:
        self._size = checkpoint.size
        self._root = checkpoint.root
        self._end = b"\n\n" + note
        self._known: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def index(self, leaf: bytes, proof: bytes) -> int:
        """The index that a proof without extra proves for a leaf; -1 for whatever goes the long way."""
        start, stop = proof.find(b"\n", len(_BEGIN)), len(proof) - len(self._end)
        number = proof[len(_BEGIN) : start]
        if not proof.startswith(_BEGIN) or not proof.endswith(self._end) or start >= stop:
            return -1
        if not (number.isdigit() and len(number) < 19 and (number[:1] != b"0" or number == b"0")):
            return -1
        index = int(number)
        return index if index < self._size and self._leads(leaf, index, proof[start + 1 : stop + 1]) else -1

    def _leads(self, leaf: bytes, index: int, path: bytes) -> bool:
        """Whether the lines of a path lead from a leaf to the root (RFC 9162, section 2.1.3.2)."""
        node, last, result = index, self._size - 1, leaf
        fresh: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        while path:
            known = self._known.get((node, last))
            if known is not None:
                return known == (result, path) and self._learn(fresh)
            item = _hash(path[:_LINE])
            if last == 0 or item is None:
                return False
            fresh[node, last] = result, path
            path = path[_LINE:]
            if node & 1 or node == last:
                result = node_hash(item, result)
                while not node & 1 and node:
                    node >>= 1
                    last >>= 1
            else:
                result = node_hash(result, item)
            node >>= 1
            last >>= 1
        return last == 0 and result == self._root and self._learn(fresh)

    def _learn(self, fresh: dict[tuple[int, int], tuple[bytes, bytes]]) -> bool:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known.update(fresh)
        return True


def _hash(line: bytes) -> bytes | None:
    try:
        found = read_hash(line[:-1].decode("ascii"))
    except ValueError:
        return None
    return found if line.endswith(b"\n") and len(found) == HASH_BYTES else None
