"""Payload rows under a case's key: AES-256-GCM over salt and payload together, bound to the entry's leaf.

A row whose ``salt`` is empty is encrypted, and its ``bytes`` are::

    0x01 || id of the case key (16 bytes) || nonce (12) || ciphertext || tag (16)

of ``salt (32) || payload``, with the leaf's 64 hex digits as associated data, under
HMAC-SHA-256(identity of the case, "constancia/v1/payload-key"). The salt is inside since who finds it in an old copy of
the database could try guesses of the payload against the entry's commitment.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.entry import SALT_BYTES

FORM = b"\x01"
LABEL = b"constancia/v1/payload-key"
_NONCE = 12
_KEY_ID = 16
_START = len(FORM) + _KEY_ID


class Unreadable(ValueError):
    """A row that this key does not open: changed, cut, or another entry's."""


def payload_cipher(identity: str) -> AESGCM:
    """What opens and locks the payloads of a case whose key is ``identity`` (its text, without a newline)."""
    return AESGCM(hmac.digest(identity.encode(), LABEL, "sha256"))


def lock(cipher: AESGCM, key_id: str, leaf: str, salt: bytes, payload: bytes) -> bytes:
    """The ``bytes`` of an encrypted row."""
    nonce = os.urandom(_NONCE)
    return FORM + bytes.fromhex(key_id) + nonce + cipher.encrypt(nonce, salt + payload, leaf.encode())


def key_of_row(data: bytes) -> str:
    """The id of the key that an encrypted row needs.

    Raises:
        Unreadable: it is no such row.
    """
    if data[:1] != FORM or len(data) < _START + _NONCE + SALT_BYTES:
        raise Unreadable("no encrypted payload")
    return data[1:_START].hex()


def unlock(cipher: AESGCM, leaf: str, data: bytes) -> tuple[bytes, bytes]:
    """Salt and payload.

    Raises:
        Unreadable: the row is not what was written.
    """
    nonce, rest = data[_START : _START + _NONCE], data[_START + _NONCE :]
    try:
        plain = cipher.decrypt(nonce, rest, leaf.encode())
    except InvalidTag as error:
        raise Unreadable("changed, or another entry's") from error
    return plain[:SALT_BYTES], plain[SALT_BYTES:]
