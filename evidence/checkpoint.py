"""C2SP ``tlog-checkpoint``: a signed statement that the log has ``size`` entries under ``root``.

The body is at least three non-empty lines: origin, size in decimal without leading zeroes, root in base64. Extension
lines are read and never written.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.note import (
    ED25519,
    NoteError,
    SigningKey,
    UnverifiedNote,
    VerifierKey,
    check_name,
    decode_base64,
    open_note,
    sign_note,
    split_note,
)
from evidence.tree import HASH_BYTES

MAX_SIZE = 2**63 - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class MalformedCheckpoint(NoteError):
    """A note text that is not the body of a checkpoint."""


class OtherLog(NoteError):
    """A checkpoint of another log: ``found`` is its origin."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected!r}, found {found!r}")
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: ``root`` is the RFC 6962 root (32 bytes) over the first ``size`` entries of the log ``origin``."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> str:
        """The note text that is signed."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))


def parse_body(text: str) -> Checkpoint:
    """Read a checkpoint's note text; the inverse of `Checkpoint.body`.

    Raises:
        MalformedCheckpoint: fewer than three lines, an empty line, a size or root in any but its one spelling.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise MalformedCheckpoint("not three or more non-empty lines")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise MalformedCheckpoint("the size is not a plain decimal number")
    try:
        digest = decode_base64(root)
    except ValueError as error:
        raise MalformedCheckpoint("the root is not base64") from error
    if len(digest) != HASH_BYTES:
        raise MalformedCheckpoint("the root is not 32 bytes long")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, *keys: SigningKey) -> bytes:
    """The signed note; every key is named like the log.

    Raises:
        OtherLog: a key of another name.
    """
    for key in keys:
        if key.name != checkpoint.origin:
            raise OtherLog(checkpoint.origin, key.name)
    return sign_note(checkpoint.body(), *keys)


def open_checkpoint(note: bytes, keys: Iterable[VerifierKey], origin: str) -> Checkpoint:
    """The checkpoint in a note that a key named ``origin``, one of ``keys``, has signed; witnesses' keys do not count.

    Raises:
        NoteError: malformed, not signed by a known key of this log, wrongly signed, or of another log.
    """
    opened = open_note(note, [key for key in keys if key.type == ED25519])
    checkpoint = parse_body(opened.text)
    if checkpoint.origin != origin:
        raise OtherLog(origin, checkpoint.origin)
    if all(signature.name != origin for signature in opened.verified):
        raise UnverifiedNote("no signature by a key of this log")
    return checkpoint


def peek_checkpoint(note: bytes) -> Checkpoint:
    """What a note claims, its signatures not looked at: only for notes one has opened before, or made."""
    text, _ = split_note(note)
    return parse_body(text)


def check_origin(origin: str) -> str:
    """An origin that can also name the log's key (no spaces, no plus sign); raises `MalformedKey`."""
    return check_name(origin)
