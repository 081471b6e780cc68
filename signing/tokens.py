"""Secrets of links, visits and codes: made here, kept only as hashes.

A token is not signed data: whoever holds an envelope of it could replay it, so what is valid is a row on the server.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from identity.accounts import new_opaque

TOKEN_BYTES = 32
CODE_DIGITS = 6
_SHAPE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_TOKEN_LENGTH = 43
_CALL_LETTERS = "ACDEFGHJKLMNPQRTUVWXY"
"""Letters that sound unlike on the telephone, and look unlike on paper."""


def new_token() -> str:
    """A secret of 256 bits for an address or a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is kept of a token: hex SHA-256. It has 256 bits of chance, so it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(text: str) -> bool:
    """Whether a text has a token's shape: nothing else is worth a question to the database."""
    return len(text) == _TOKEN_LENGTH and set(text) <= _SHAPE


def new_id(prefix: str) -> str:
    """An opaque id that says nothing and opens nothing."""
    return new_opaque(prefix)


def new_code() -> str:
    """A code to be read out: six digits, each as likely as any."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def new_call() -> str:
    """A short reference by which a caller and the help desk name one visit: two letters, two digits."""
    letters = "".join(secrets.choice(_CALL_LETTERS) for _ in range(2))
    return f"{letters}-{secrets.randbelow(90) + 10}"


class Marks:
    """HMACs under the installation's secret: a code of six digits, or an address, cannot be guessed back from one."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, kind: str, *parts: str) -> str:
        """The mark of some parts, hex."""
        text = "\n".join(("links", kind, *parts))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def same(self, kept: str, kind: str, *parts: str) -> bool:
        """Whether parts give a mark kept, compared in constant time; never for an empty one."""
        return bool(kept) and hmac.compare_digest(kept, self.of(kind, *parts))
