"""Files in the format age v1 (https://c2sp.org/age), to one X25519 recipient, as streams that are pulled.

The format is age's, so that the ``age`` command opens every file; the arithmetic is that of `cryptography`, because the
libraries for age push a whole file through and take three to five times as long (decision 0195). Only what this program
writes is read here: one stanza, no passphrases, no plugins.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence.atrest import AGE_CHUNK, AGE_HEADER, AGE_NONCE, AGE_TAG
from storage.checked import Fill

_VERSION = b"age-encryption.org/v1\n-> X25519 "
_LABEL = b"age-encryption.org/v1/X25519"
_SEALED = AGE_CHUNK + AGE_TAG
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_SECRET_PREFIX = "age-secret-key-"  # noqa: S105 - the prefix that every such key has


class NotOurs(ValueError):
    """Bytes that are no age file to this key, or that somebody changed."""


def secret_of(identity: str) -> bytes:
    """The 32 secret bytes of an identity, ``AGE-SECRET-KEY-1…``.

    Raises:
        ValueError: it is none, or was mistyped.
    """
    return _decoded(identity, _SECRET_PREFIX, "an age identity (AGE-SECRET-KEY-1...)")


def public_of(recipient: str) -> bytes:
    """The 32 bytes of a recipient, ``age1…``.

    Raises:
        ValueError: it is none, or was mistyped.
    """
    return _decoded(recipient, "age", "an age recipient (age1...)")


def _decoded(given: str, wanted: str, what: str) -> bytes:
    text = given.strip().lower()
    prefix, one, data = text.rpartition("1")
    values = [_BECH32.find(letter) for letter in data]
    if prefix != wanted or not one or min(values, default=-1) < 0 or not _bech32_holds(prefix, values):
        raise ValueError(f"not {what}")
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    return (number >> 4).to_bytes(32, "big")


def _bech32_holds(prefix: str, values: list[int]) -> bool:
    """Whether the last six letters are the checksum of what is before them (BIP 173), for 32 bytes."""
    widened = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    total = 1
    for value in widened + values:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            total ^= term if top >> bit & 1 else 0
    return total == 1 and len(values) == 52 + 6


def new_secret() -> tuple[str, bytes]:
    """A new identity as text, and its 32 secret bytes."""
    from pyrage import x25519  # type: ignore[import-untyped]  # noqa: PLC0415 - compiled; for new keys only

    identity = str(x25519.Identity.generate())
    return identity, secret_of(identity)


class EncryptedStream:
    """A plain stream read as its age file; ``sha256`` (hex) and ``size`` are of what was read so far in plain."""

    def __init__(self, source: BinaryIO, recipient: bytes) -> None:
        self._source = source
        file_key, nonce = os.urandom(16), os.urandom(AGE_NONCE)
        self._cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        self._ready = memoryview(_header(file_key, recipient) + nonce)
        self._next = source.read(AGE_CHUNK)
        self._count = 0
        self._ended = False
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Digest of the plain bytes."""
        return self._hash.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes of the encrypted file: some, up to ``size``, until there are none."""
        pieces: list[memoryview] = []
        space = size if size >= 0 else 1 << 62
        while space > 0:
            if not self._ready and (self._ended or (pieces and space < _SEALED)):
                break
            if not self._ready:
                self._ready = memoryview(self._seal_chunk())
            piece, self._ready = self._ready[:space], self._ready[space:]
            pieces.append(piece)
            space -= len(piece)
        return b"".join(pieces)

    def seekable(self) -> bool:
        """Never: the plain stream is read once."""
        return False

    def _seal_chunk(self) -> bytes:
        chunk = self._whole(self._next)
        self._next = self._source.read(AGE_CHUNK) if len(chunk) == AGE_CHUNK else b""
        self._ended = not self._next
        self._hash.update(chunk)
        self.size += len(chunk)
        nonce = _chunk_nonce(self._count, last=self._ended)
        self._count += 1
        return self._cipher.encrypt(nonce, chunk, None)

    def _whole(self, chunk: bytes) -> bytes:
        """A chunk as long as all but the last must be, whatever a source gives at a time."""
        while 0 < len(chunk) < AGE_CHUNK:
            more = self._source.read(AGE_CHUNK - len(chunk))
            if not more:
                break
            chunk += more
        return chunk


def decrypting(
    read: Callable[[int], bytes], secret: X25519PrivateKey, public: bytes, header: bytes = b""
) -> Fill:
    """The plain bytes of an age file as `Fill`; ``read(n)`` gives its bytes, ``n`` at a time unless it ends.

    ``header``: one that counts in place of the file's own, whose key is gone (`rewrapped`).

    Raises:
        NotOurs: at once for a header that this key does not open, and from the reading where a chunk was changed.
    """
    own = read(AGE_HEADER)
    cipher = _opened(header or own, read(AGE_NONCE), secret, public)
    state = _Plain(read, cipher)
    return state.fill


class _Plain:
    """Chunks decrypted one at a time, and never given out before they are known to be right."""

    def __init__(self, read: Callable[[int], bytes], cipher: ChaCha20Poly1305) -> None:
        self._read = read
        self._cipher = cipher
        self._next = read(_SEALED)
        self._count = 0
        self._plain = memoryview(b"")

    def fill(self, buffer: memoryview) -> int:
        """See `storage.checked.Fill`."""
        if not self._plain and (self._next or not self._count):
            chunk = self._next
            self._next = self._read(_SEALED) if len(chunk) == _SEALED else b""
            nonce = _chunk_nonce(self._count, last=not self._next)
            try:
                self._plain = memoryview(self._cipher.decrypt(nonce, chunk, None))
            except InvalidTag as error:
                raise NotOurs(f"chunk {self._count} was changed or cut short") from error
            self._count += 1
        given = min(len(buffer), len(self._plain))
        buffer[:given] = self._plain[:given]
        self._plain = self._plain[given:]
        return given


def encrypted(plain: bytes, recipient: bytes) -> bytes:
    """A small age file at once; ``recipient`` are the 32 bytes of a public key."""
    import io  # noqa: PLC0415 - only here

    return EncryptedStream(io.BytesIO(plain), recipient).read()


def decrypted(file: bytes, secret: X25519PrivateKey) -> bytes:
    """What a small age file holds.

    Raises:
        NotOurs: it is not to this key, or was changed.
    """
    import io  # noqa: PLC0415 - only here

    source = io.BytesIO(file)
    fill = decrypting(source.read, secret, secret.public_key().public_bytes_raw())
    plain, buffer = bytearray(), memoryview(bytearray(AGE_CHUNK))
    while count := fill(buffer):
        plain += buffer[:count]
    return bytes(plain)


def rewrapped(header: bytes, secret: X25519PrivateKey, recipient: bytes) -> bytes:
    """A header for the same file to another recipient (32 bytes of a public key).

    Put in front of what follows the old one it makes the file one to that recipient.

    Raises:
        NotOurs: ``secret`` does not open the header.
    """
    return _header(_file_key(header, secret, secret.public_key().public_bytes_raw()), recipient)


def _header(file_key: bytes, recipient: bytes) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    wrapped = ChaCha20Poly1305(_derived(shared, share + recipient, _LABEL)).encrypt(bytes(12), file_key, None)
    head = _VERSION + _base64(share) + b"\n" + _base64(wrapped) + b"\n---"
    return head + b" " + _base64(_mac(file_key, head)) + b"\n"


def _opened(header: bytes, nonce: bytes, secret: X25519PrivateKey, public: bytes) -> ChaCha20Poly1305:
    if len(nonce) != AGE_NONCE:
        raise NotOurs("no age file of one X25519 recipient")
    return ChaCha20Poly1305(_derived(_file_key(header, secret, public), nonce, b"payload"))


def _file_key(header: bytes, secret: X25519PrivateKey, public: bytes) -> bytes:
    lines = header.split(b"\n")
    if len(header) != AGE_HEADER or len(lines) != 5 or not header.startswith(_VERSION):
        raise NotOurs("no age file of one X25519 recipient")
    head, _, mac = header.rpartition(b" ")
    try:
        share = _unbase64(lines[1].rpartition(b" ")[2])
        shared = secret.exchange(X25519PublicKey.from_public_bytes(share))
        opener = ChaCha20Poly1305(_derived(shared, share + public, _LABEL))
        file_key = opener.decrypt(bytes(12), _unbase64(lines[2]), None)
    except (InvalidTag, ValueError) as error:
        raise NotOurs("encrypted to another key") from error
    if not hmac.compare_digest(_base64(_mac(file_key, head)) + b"\n", mac):
        raise NotOurs("its header was changed")
    return file_key


def _derived(secret: bytes, salt: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, label).derive(secret)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), head, "sha256")


def _chunk_nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
