"""The bodies of ``add-checkpoint`` (C2SP ``tlog-witness``), as the log writes them and the witness reads them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from evidence.checkpoint import MAX_SIZE
from evidence.note import decode_base64
from evidence.tree import HASH_BYTES

PATH = "/add-checkpoint"
SIZE_MEDIA = "text/x.tlog.size"
MAX_HASHES = 63
MAX_BODY_BYTES = 1 << 16

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class MalformedRequest(ValueError):
    """Bytes that are no such request."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it continues the tree of ``old`` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def body(self) -> bytes:
        """The request's bytes."""
        lines = [f"old {self.old}", *(base64.b64encode(item).decode() for item in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


def parse_request(body: bytes) -> AddCheckpoint:
    """The inverse of `AddCheckpoint.body`; the note within is not opened.

    Raises:
        MalformedRequest.
    """
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        old = _OLD.fullmatch(first)
        if not blank or old is None or int(old[1]) > MAX_SIZE:
            raise ValueError("no line with the old size, or no blank line")
        proof = tuple(decode_base64(line) for line in lines)
    except ValueError as error:
        raise MalformedRequest(str(error)) from error
    if len(proof) > MAX_HASHES or any(len(item) != HASH_BYTES for item in proof):
        raise MalformedRequest("more than 63 hashes, or one that is not 32 bytes long")
    return AddCheckpoint(int(old[1]), proof, note)
