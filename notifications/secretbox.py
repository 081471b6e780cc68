"""Secrets that wait for their mail: encrypted under a key that no database holds, each bound to its mail.

AES-256-GCM; the key follows from the installation's secret, which is in its settings file. A dump of the database thus
has no link in it that anybody could follow.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from evidence.canonical import canonical_bytes

_NONCE = 12


class BoxClosed(Exception):
    """The secrets cannot be opened: another key, another mail, or damaged."""


class SecretBox:
    """Seals and opens the secrets of mails, or of what ``label`` names under a key that opens nothing else."""

    def __init__(self, installation_secret: str, label: bytes = b"constancia/v1/mail-secrets\n") -> None:
        self._key = hashlib.sha256(label + installation_secret.encode()).digest()

    def seal(self, mail: str, values: Mapping[str, str]) -> bytes:
        """The values, encrypted for the mail of that id; nothing for none."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - few mails have secrets

        if not values:
            return b""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, canonical_bytes(dict(values)), mail.encode())

    def open(self, mail: str, sealed: bytes) -> Mapping[str, str]:
        """The inverse of `seal`.

        Raises:
            BoxClosed: these bytes were not sealed here for that mail.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

        if not sealed:
            return {}
        try:
            opened = AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], mail.encode())
        except (InvalidTag, ValueError) as error:
            raise BoxClosed(type(error).__name__) from error
        return {str(name): str(value) for name, value in json.loads(opened).items()}
