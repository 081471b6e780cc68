"""Age files of our own making, held against the library for age and the `age` command."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import BinaryIO, cast

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.atrest import AGE_CHUNK, AGE_HEADER, AGE_NONCE, AGE_TAG, stored_size
from storage.ciphers.age import EncryptedStream, NotOurs, decrypted, encrypted, new_secret, secret_of

IDENTITY, SECRET = new_secret()
KEY = X25519PrivateKey.from_private_bytes(SECRET)
PUBLIC = KEY.public_key().public_bytes_raw()
SIZES = [0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK, 3 * AGE_CHUNK + 7]


@pytest.mark.parametrize("size", SIZES)
def test_another_implementation_opens_what_is_written_here(size: int) -> None:
    """The library for age finds the plain bytes in a file of exactly the size that was foretold."""
    plain = os.urandom(size)
    file = encrypted(plain, PUBLIC)
    assert len(file) == stored_size(size)
    assert pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(IDENTITY)]) == plain
    assert decrypted(file, KEY) == plain


def test_the_age_command_opens_it_with_the_key_in_a_file(tmp_path: Path) -> None:
    """In an emergency nothing of this program is needed."""
    age = shutil.which("age")
    if age is None:
        pytest.skip("the age command is not installed here")
    (tmp_path / "case.key").write_text(IDENTITY + "\n")
    (tmp_path / "object").write_bytes(encrypted(b"lo que se guarda" * 9000, PUBLIC))
    told = [age, "-d", "-i", str(tmp_path / "case.key"), str(tmp_path / "object")]
    assert subprocess.run(told, capture_output=True, check=True).stdout == b"lo que se guarda" * 9000


class Dripping(io.RawIOBase):
    """A source that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        """At most 997 bytes."""
        return self._data.read(min(size, 997) if size > 0 else 997)


def test_a_source_that_drips_makes_the_same_chunks() -> None:
    """However little a source gives at a time, all chunks but the last are whole, and digest and size are right."""
    plain = os.urandom(2 * AGE_CHUNK + 5)
    stream = EncryptedStream(cast("BinaryIO", Dripping(plain)), PUBLIC)
    file = b"".join(iter(lambda: stream.read(1000), b""))
    assert decrypted(file, KEY) == plain
    assert (len(file), stream.size) == (stored_size(len(plain)), len(plain))


FILE = encrypted(bytes(range(256)) * 600, PUBLIC)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(place: int, bit: int) -> None:
    """Header, nonce or any chunk: what was changed is never given out as if it were right."""
    changed = bytearray(FILE)
    changed[place] ^= 1 << bit
    with pytest.raises(NotOurs):
        decrypted(bytes(changed), KEY)


@pytest.mark.parametrize(
    "kept", [0, 10, AGE_HEADER, AGE_HEADER + AGE_NONCE, AGE_HEADER + AGE_NONCE + AGE_CHUNK + AGE_TAG]
)
def test_a_file_cut_short_is_noticed(kept: int) -> None:
    """Also where it was cut between two chunks."""
    with pytest.raises(NotOurs):
        decrypted(FILE[:kept], KEY)


def test_another_key_opens_nothing() -> None:
    """A case's key opens files of that case alone."""
    with pytest.raises(NotOurs, match="another key"):
        decrypted(FILE, X25519PrivateKey.generate())


OTHER_END = "P" if IDENTITY.endswith("Q") else "Q"


@pytest.mark.parametrize(
    "text",
    ["", "AGE-SECRET-KEY-1", IDENTITY[:-1], IDENTITY[:-1] + OTHER_END, "age1" + "q" * 58],
    ids=[
        "nothing",
        "its beginning",
        "cut",
        "its last letter",
        "a recipient",
    ],  # the identity is new in each process
)
def test_a_mistyped_identity_is_refused(text: str) -> None:
    """Its checksum says so before anything is decrypted with it."""
    with pytest.raises(ValueError, match="age identity"):
        secret_of(text)
