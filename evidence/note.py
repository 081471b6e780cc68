"""C2SP ``signed-note``: short texts with Ed25519 signatures, and the keys in their one-line form.

A note is text ending in a newline, a blank line, and one line per signature::

    — <key name> base64(key ID || signature)

A verifier key is ``name+hex key ID+base64(type || public key)``; a signing key ``PRIVATE+KEY+name+ID+base64(0x01 ||
seed)``. The key ID is SHA-256(name || 0x0A || type || public key)[:4]. Two types are known: `ED25519` (0x01) signs the
text as it is; `COSIGNATURE` (0x04, C2SP ``tlog-cosignature``) signs it after a header and a time, and the time stands
before the signature. Signatures by unknown keys are ignored, a wrong signature by a known key spoils the whole note.
Signing needs `cryptography`; verifying does not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence import ed25519

MAX_SIGNATURES = 100
MAX_NOTE_BYTES = 1_000_000

ED25519 = 0x01
COSIGNATURE = 0x04

_TIME_BYTES = 8
_DASH = "— "
_PRIVATE = "PRIVATE+KEY+"


class NoteError(ValueError):
    """Base of what is wrong with a note or key."""


class MalformedKey(NoteError):
    """Text that is not a key of this kind, or two different keys under one name and ID."""


class MalformedNote(NoteError):
    """Bytes that are not a signed note."""


class UnverifiedNote(NoteError):
    """A well-formed note without a signature by any of the given keys."""


class InvalidSignature(NoteError):
    """A signature that names a known key, but is not by it."""

    def __init__(self, name: str, key_id: bytes) -> None:
        super().__init__(f"{name}+{key_id.hex()}")
        self.name = name
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key (32 bytes); ``type`` is `ED25519` for logs, `COSIGNATURE` for witnesses."""

    name: str
    public_key: bytes
    type: int = ED25519

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that signatures carry."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def text(self) -> str:
        """The key in one line, as auditors keep it."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(self._typed)}"

    @classmethod
    def from_text(cls, text: str) -> VerifierKey:
        """Read `text`; raises `MalformedKey`, also for another type or a key ID that is not the key's."""
        name, key_id, type_, public_key = _split_key(text)
        key = cls(name, public_key, type_)
        if key.key_id.hex() != key_id:
            raise MalformedKey("the key ID does not belong to the key")
        return key

    def accepts(self, text: str, value: bytes) -> bool:
        """Whether ``value``, what follows the key ID in a signature line, is this key's signature of a note's text."""
        if self.type == ED25519:
            return ed25519.verify(self.public_key, text.encode(), value)
        seconds = int.from_bytes(value[:_TIME_BYTES], "big")
        if len(value) < _TIME_BYTES or seconds >> 63:
            return False
        return ed25519.verify(self.public_key, cosigned_message(text, seconds), value[_TIME_BYTES:])

    @property
    def _typed(self) -> bytes:
        return bytes([self.type]) + self.public_key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A named private key; its ``seed`` never shows in ``repr``."""

    name: str
    seed: bytes = field(repr=False)
    verifier: VerifierKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifier", VerifierKey(check_name(self.name), _public_key(self.seed)))

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new random key; raises `MalformedKey` for a name that notes cannot carry."""
        return cls(name, os.urandom(32))

    @property
    def text(self) -> str:
        """The key in one line: a secret."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(bytes([ED25519]) + self.seed)}"

    @property
    def cosigner(self) -> VerifierKey:
        """The key by which cosignatures made with this one are verified (`COSIGNATURE`)."""
        return VerifierKey(self.name, self.verifier.public_key, COSIGNATURE)

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """Read `text`; raises `MalformedKey`, never showing the text."""
        if not text.startswith(_PRIVATE):
            raise MalformedKey("not a signing key")
        name, key_id, type_, seed = _split_key(text.removeprefix(_PRIVATE))
        if type_ != ED25519:
            raise MalformedKey("not an Ed25519 signing key")
        key = cls(name, seed)
        if key.verifier.key_id.hex() != key_id:
            raise MalformedKey("the key ID does not belong to the key")
        return key

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of RFC 8032, deterministic."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  verifiers run without it
            Ed25519PrivateKey,
        )

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: ``value`` is what follows the key ID."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> bytes:
        """The line of a note that carries it, with its newline."""
        return f"{_DASH}{self.name} {_base64(self.key_id + self.value)}\n".encode()

    @property
    def seconds(self) -> int:
        """The POSIX time in a cosignature; meaningless in any other."""
        return int.from_bytes(self.value[:_TIME_BYTES], "big")


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note with at least one good signature; ``unverified`` are by keys we were not given."""

    text: str
    verified: tuple[Signature, ...]
    unverified: tuple[Signature, ...]


def sign_note(text: str, *keys: SigningKey) -> bytes:
    """The signed note of ``text``, which ends in a newline.

    Raises:
        MalformedNote: empty, no final newline, or control characters.
    """
    _check_text(text)
    lines = [f"{_DASH}{key.name} {_base64(key.verifier.key_id + key.sign(text.encode()))}\n" for key in keys]
    return (text + "\n" + "".join(lines)).encode()


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a cosignature of a note's text signs (C2SP ``tlog-cosignature``): header, POSIX time, text."""
    return b"cosignature/v1\ntime %d\n" % seconds + text.encode()


def cosign(text: str, key: SigningKey, seconds: int) -> bytes:
    """The signature line, with its newline, by which ``key`` says what it saw at a POSIX time.

    Raises:
        ValueError: a time before the epoch or beyond 63 bits.
    """
    if not 0 <= seconds < 1 << 63:
        raise ValueError("not a time that a cosignature can carry")
    _check_text(text)
    value = seconds.to_bytes(_TIME_BYTES, "big") + key.sign(cosigned_message(text, seconds))
    return f"{_DASH}{key.name} {_base64(key.cosigner.key_id + value)}\n".encode()


def open_note(note: bytes, keys: Iterable[VerifierKey]) -> OpenedNote:
    """Check a note against the keys one trusts.

    Raises:
        MalformedNote, UnverifiedNote, InvalidSignature; MalformedKey for two keys under one name and ID.
    """
    text, signatures = split_note(note)
    known = _by_identity(keys)
    verified: dict[tuple[str, bytes], Signature] = {}
    unverified: dict[tuple[str, bytes], Signature] = {}
    for signature in signatures:
        identity = signature.name, signature.key_id
        if identity not in known:
            unverified.setdefault(identity, signature)
        elif identity not in verified:
            if not known[identity].accepts(text, signature.value):
                raise InvalidSignature(*identity)
            verified[identity] = signature
    if not verified:
        raise UnverifiedNote("no signature by a known key")
    return OpenedNote(text, tuple(verified.values()), tuple(unverified.values()))


def split_note(note: bytes) -> tuple[str, tuple[Signature, ...]]:
    """Text and signatures of a note, nothing verified.

    Raises:
        MalformedNote: not UTF-8, control characters, no blank line, no or more than 100 signatures, a bad line.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise MalformedNote("too long")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise MalformedNote("not UTF-8") from error
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise MalformedNote("no signatures, or no final newline")
    _check_text(head + "\n")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"more than {MAX_SIGNATURES} signatures")
    return head + "\n", tuple(_signature(line) for line in lines)


def decode_base64(text: str) -> bytes:
    """RFC 4648 section 4 in its one canonical spelling; raises ``ValueError`` for any other."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if _base64(data) != text:
        raise ValueError("not the canonical base64")
    return data


def check_name(name: str) -> str:
    """A key name as notes can carry it; raises `MalformedKey` for an empty one or one with spaces or a plus sign."""
    if not name or "+" in name or any(mark.isspace() or mark < " " for mark in name):
        raise MalformedKey(
            "a key name is not empty and has neither spaces, plus signs nor control characters"
        )
    return name


def _signature(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    try:
        if not line.startswith(_DASH) or len(parts) != 2:
            raise ValueError("not a signature line")
        data = decode_base64(parts[1])
        if len(data) < 5:
            raise ValueError("no signature after the key ID")
        return Signature(check_name(parts[0]), data[:4], data[4:])
    except ValueError as error:
        raise MalformedNote(str(error)) from error


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(mark < " " and mark != "\n" for mark in text):
        raise MalformedNote("the text does not end in a newline, or has control characters")


def _by_identity(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedKey(f"two keys are called {key.name}+{key.key_id.hex()}")
    return known


def _split_key(text: str) -> tuple[str, str, int, bytes]:
    parts = text.split("+", 2)
    try:
        name, key_id, encoded = parts
        data = decode_base64(encoded)
    except ValueError as error:
        raise MalformedKey("not name+ID+key") from error
    if len(data) != 33 or data[0] not in {ED25519, COSIGNATURE}:
        raise MalformedKey("not an Ed25519 key")
    return check_name(name), key_id, data[0], data[1:]


def _public_key(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  verifiers run without it
        Ed25519PrivateKey,
    )

    if len(seed) != 32:
        raise MalformedKey("a seed has 32 bytes")
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
