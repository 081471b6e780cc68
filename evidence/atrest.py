"""How a file that a case's key protects lies in the store: as an age v1 file, at the address of those bytes.

An entry tells of the plain file (``sha256``, ``size``), since that is what whoever receives it can check; ``key`` is
the address of what is stored, and ``enc`` says how it is encrypted and to which key. Everything that only moves or
checks stored bytes (backups, copies, checks after an erasure) therefore needs no key at all.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from functools import lru_cache

from evidence.entry import BlobRef
from evidence.ports import StoreUnavailable

SCHEME = "age-v1:"
UNNAMED = "new:"
"""Begins the name under which files are put for a case that has no folio yet."""
AGE_CHUNK = 1 << 16
AGE_HEADER = 168
"""Bytes of the header this program writes: one X25519 stanza and nothing else."""
AGE_NONCE, AGE_TAG = 16, 16
_ENC = re.compile(r"age-v1:[0-9a-f]{32}")


def enc_of(key_id: str) -> str:
    """The member ``enc`` of an object encrypted to the case key of that id (32 hex digits)."""
    return SCHEME + key_id


@lru_cache(maxsize=256)
def key_of(enc: str) -> str:
    """The id of the case key that an ``enc`` names.

    Raises:
        ValueError: it names none.
    """
    if not _ENC.fullmatch(enc):
        raise ValueError(f"unknown encryption {enc!r}")
    return enc.removeprefix(SCHEME)


def stored_size(size: int) -> int:
    """How many bytes a file of ``size`` bytes has in the store, encrypted."""
    chunks = max(1, -(-size // AGE_CHUNK))
    return AGE_HEADER + AGE_NONCE + size + chunks * AGE_TAG


def as_stored(ref: BlobRef) -> BlobRef:
    """What the store holds for a reference: its own digest and size; the reference itself where it is not encrypted."""
    if not ref.enc:
        return ref
    return replace(ref, sha256=ref.key.rpartition("/")[2], size=stored_size(ref.size), enc="")


def unnamed_case() -> str:
    """A name for `BlobStore.put` of a case about to be opened; the append that opens it binds the key to its folio."""
    return UNNAMED + secrets.token_hex(16)


class KeysUnavailable(StoreUnavailable):
    """What is stored is encrypted, and the master key is missing or another: nothing was written, nothing is lost."""
