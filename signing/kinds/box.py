"""Secrets at rest: AES-256-GCM under a key of their own, drawn from the installation's secret, which is no row.

A sealed secret is its salt (16 bytes), its nonce (12) and the ciphertext with its tag. The key is HKDF-SHA-256 of the
installation's secret over that salt and the id of the request (or of the authenticator), which is authenticated too: a
row moved to another id opens nothing.
"""

from __future__ import annotations

import secrets

SALT, NONCE = 16, 12
_LABEL = b"constancia/v1/one-time-secret\n"


class BoxBroken(Exception):
    """The sealed bytes are not what was put here for that request, or the installation's secret is another one."""


class SecretBox:
    """Seals and opens. Safe for threads. ``label`` keeps the keys of one kind of secret apart from another's."""

    def __init__(self, master: bytes, label: bytes = _LABEL) -> None:
        self._master = master
        self._label = label

    def seal(self, text: str, request_id: str) -> bytes:
        """The encrypted form of a secret for one request; no two are alike."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only when it is used

        salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
        key = self._key(salt, request_id)
        return salt + nonce + AESGCM(key).encrypt(nonce, text.encode(), request_id.encode())

    def open(self, sealed: bytes, request_id: str) -> str:
        """The secret. Raises `BoxBroken`."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only when it is used
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        salt, nonce, hidden = sealed[:SALT], sealed[SALT : SALT + NONCE], sealed[SALT + NONCE :]
        try:
            return AESGCM(self._key(salt, request_id)).decrypt(nonce, hidden, request_id.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BoxBroken from error

    def _key(self, salt: bytes, request_id: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only when it is used
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        info = self._label + request_id.encode()
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(self._master)
