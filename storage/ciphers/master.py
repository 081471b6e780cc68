"""The master key: an age identity that opens the keys of cases, and is in no database.

Its text is that of an age key file: comment lines, and one identity a line. New keys of cases are wrapped for the first
one; the others still open what was wrapped for them, which is how one master key gives way to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from evidence.atrest import KeysUnavailable
from storage.ciphers.age import NotOurs, decrypted, encrypted, new_secret, secret_of

HEADING = "# Master key of the keys of cases: who has it and the database reads everything, without it nobody does.\n"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Identities in the order of their text; never shown by ``repr``."""

    identities: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """Read a key file.

        Raises:
            KeysUnavailable: no identity in it, or a line that is none.
        """
        lines = [line.strip() for line in text.splitlines()]
        found = tuple(line for line in lines if line and not line.startswith("#"))
        try:
            for line in found:
                secret_of(line)
        except ValueError as error:
            raise KeysUnavailable("the master key is not an age identity (AGE-SECRET-KEY-1...)") from error
        if not found:
            raise KeysUnavailable("the master key is empty")
        return cls(found)

    @classmethod
    def generate(cls) -> MasterKey:
        """A new one."""
        return cls((new_secret()[0],))

    @property
    def text(self) -> str:
        """The key file."""
        return HEADING + "".join(f"{line}\n" for line in self.identities)

    @property
    def recipient(self) -> str:
        """The public half of the first identity, 64 hex digits: for whom keys are wrapped from now on."""
        return self.recipients[0]

    @property
    def recipients(self) -> tuple[str, ...]:
        """The public half of each identity, in their order."""
        return tuple(_public(secret).hex() for secret in self._secrets())

    def followed_by(self, newer: MasterKey) -> MasterKey:
        """The newer one first, so that it wraps from now on, and this one still opens."""
        return MasterKey((*newer.identities, *self.identities))

    def first(self) -> MasterKey:
        """The one that wraps, alone."""
        return MasterKey(self.identities[:1])

    def wrap(self, identity: str) -> bytes:
        """A case's identity as an age file: ``age -d`` with this master key gives a key file for ``age -d -i``."""
        return encrypted(f"{identity}\n".encode(), bytes.fromhex(self.recipient))

    def unwrap(self, wrapped: bytes, recipient: str) -> str:
        """The identity that was wrapped for ``recipient`` (64 hex digits).

        Raises:
            KeysUnavailable: none of these identities opens it.
        """
        for secret in self._secrets():
            if _public(secret).hex() == recipient:
                try:
                    return decrypted(wrapped, secret).decode().strip()
                except (NotOurs, UnicodeDecodeError) as error:
                    raise KeysUnavailable(f"a case's key was changed: {error}") from error
        raise KeysUnavailable("the master key given is not the one that the keys of cases are wrapped for")

    def _secrets(self) -> list[X25519PrivateKey]:
        return [X25519PrivateKey.from_private_bytes(secret_of(line)) for line in self.identities]


def _public(secret: X25519PrivateKey) -> bytes:
    return secret.public_key().public_bytes_raw()
