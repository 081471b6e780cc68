"""C2SP ``tlog-proof``: one small text file that proves, offline, that an entry is in the log.

First line ``c2sp.org/tlog-proof@v1``, an optional ``extra`` line, ``index``, the audit path (one base64 hash a line,
leaf's sibling first), a blank line, and the signed checkpoint as it is. The extra data is not authenticated.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from evidence.checkpoint import MAX_SIZE, Checkpoint, open_checkpoint
from evidence.note import VerifierKey, decode_base64
from evidence.tree import HASH_BYTES, InvalidProof, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63

_HASH_TEXT = 44

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class MalformedProof(InvalidProof):
    """Bytes that are not a tlog-proof."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An audit path from leaf ``index`` to the root in ``checkpoint_note``; ``extra`` proves nothing."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: bytes
    extra: bytes = b""

    def text(self) -> bytes:
        """The file's bytes."""
        extra = [f"extra {_base64(self.extra)}"] if self.extra else []
        lines = [HEADER, *extra, f"index {self.index}", *map(_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint_note

    def verify(self, leaf: bytes, keys: Iterable[VerifierKey], origin: str) -> Checkpoint:
        """Check path and signature for a leaf hash; returns the checkpoint that covers it.

        Raises:
            NoteError: the checkpoint is not one of this log by a known key.
            InvalidProof: the path does not lead from this leaf to the checkpoint's root.
        """
        checkpoint = open_checkpoint(self.checkpoint_note, keys, origin)
        verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return checkpoint


_known = lru_cache(maxsize=4096)(decode_base64)
"""The upper nodes of a tree are in every proof."""


def read_hash(line: str) -> bytes:
    """The bytes of a line of a path, any number of them. Raises `ValueError` for another spelling."""
    return (_known if len(line) == _HASH_TEXT else decode_base64)(line)


def parse_proof(data: bytes) -> TlogProof:
    """The inverse of `TlogProof.text`; the note within is not opened.

    Raises:
        MalformedProof: any other spelling of header, index, hashes or blank line.
    """
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise ValueError("no header, or no blank line")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
            if not extra:
                raise ValueError("an empty extra line")
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if index is None or int(index[1]) > MAX_SIZE:
            raise ValueError("no index")
        hashes = tuple([read_hash(line) for line in lines])
    except ValueError as error:
        raise MalformedProof(str(error)) from error
    if len(hashes) > MAX_HASHES or any(len(item) != HASH_BYTES for item in hashes):
        raise MalformedProof("too many hashes, or one that is not 32 bytes long")
    return TlogProof(int(index[1]), hashes, note, extra)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
