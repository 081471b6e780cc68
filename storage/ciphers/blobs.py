"""`EncryptedBlobs`: files of cases as age files in any store, and `StoredBytes`: the same store without keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO, cast

from evidence.atrest import as_stored, enc_of, stored_size
from evidence.entry import BlobRef
from evidence.ports import BlobCorrupt, BlobStore, StoredBlob
from evidence.shredding import BlobWithheld
from storage.checked import checked_stream
from storage.ciphers.age import EncryptedStream, NotOurs, decrypted, decrypting
from storage.ciphers.keys import CaseKeys

MEDIA = "application/octet-stream"
"""What the store is told of an encrypted file: the entry knows what it is, the store need not."""


class EncryptedBlobs:
    """`evidence.ports.BlobStore` over another one. What is put for a case is encrypted to a key of that case.

    Equal content of two cases is two objects, since either must be able to go without the other; equal content put
    twice in one case is two objects too, and an entry names one of them.
    """

    def __init__(
        self, store: BlobStore, keys: CaseKeys, withheld: Callable[[str], bool] = lambda _key: False
    ) -> None:
        """``withheld``: whether the file at a key stands in quarantine; nobody is given such a one (`BlobWithheld`)."""
        self._store = store
        self._keys = keys
        self._withheld = withheld

    def put(
        self, source: BinaryIO, *, media: str, retain_until: datetime | None = None, case: str = ""
    ) -> BlobRef:
        """See the port; encrypted in 64 KiB of memory while the store takes it.

        Raises:
            KeysUnavailable: before anything is read. StoreUnavailable.
        """
        if not case or not self._keys.active():
            return self._store.put(source, media=media, retain_until=retain_until)
        key = self._keys.for_put(case)
        stream = EncryptedStream(source, key.public)
        held = self._store.put(cast("BinaryIO", stream), media=MEDIA, retain_until=retain_until)
        return replace(held, sha256=stream.sha256, size=stream.size, media=media, enc=enc_of(key.key_id))

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """See the port: the plain bytes, held against the entry's digest whatever the cipher says.

        Raises:
            BlobErased: its key was destroyed. BlobWithheld: it stands in quarantine. KeysUnavailable, BlobMissing,
                StoreUnavailable.
        """
        if not ref.enc:
            with self._store.open(ref) as stream:
                yield stream
            return
        self._require_free(ref)
        key, header = self._keys.of_file(ref)
        with self._store.open(as_stored(ref)) as held:
            try:
                fill = decrypting(held.read, key.secret, key.public, header)
            except NotOurs as error:
                raise BlobCorrupt(ref.key, ref.sha256, str(error)) from error

            def read(buffer: memoryview) -> int:
                try:
                    return fill(buffer)
                except NotOurs as error:
                    raise BlobCorrupt(ref.key, ref.sha256, str(error)) from error

            with checked_stream(read, key=ref.key, sha256=ref.sha256, size=ref.size) as stream:
                yield stream

    def stat(self, ref: BlobRef) -> StoredBlob:
        """See the port, of the plain file; raises `BlobErased` too, since nothing is there that could be read."""
        if not ref.enc:
            return self._store.stat(ref)
        self._keys.of_file(ref)
        return plain_size(ref, self._store.stat(as_stored(ref)))

    def _require_free(self, ref: BlobRef) -> None:
        if self._withheld(ref.key):
            raise BlobWithheld(f"{ref.key} stands in quarantine")

    def list(self) -> Iterator[StoredBlob]:
        """See the port; sizes are of what is stored."""
        return self._store.list()


class StoredBytes:
    """`evidence.ports.BlobStore` for who moves or checks what lies in a store and needs none of its keys.

    References are those of entries; what is read of an encrypted file are its encrypted bytes, held against the digest
    in its key. `put` takes what `open` gave.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        """Store bytes as they come."""
        return self._store.put(source, media=media, retain_until=retain_until)

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """The stored bytes of what an entry names."""
        with self._store.open(as_stored(ref)) as stream:
            yield stream

    def stat(self, ref: BlobRef) -> StoredBlob:
        """See the port; the size is the plain file's where the stored one is right for it."""
        return plain_size(ref, self._store.stat(as_stored(ref)))

    def list(self) -> Iterator[StoredBlob]:
        """See the port."""
        return self._store.list()


def opened_by_any(stored: bytes, keys: CaseKeys) -> bytes | None:
    """What a small stored file holds, whichever key opens it: for one that no entry names. ``None``: no key does."""
    for key in keys.each():
        try:
            return decrypted(stored, key.secret)
        except NotOurs:
            continue
    return None


def plain_size(ref: BlobRef, held: StoredBlob) -> StoredBlob:
    """What a store says of an encrypted file, in terms of the plain one; a wrong size stays visibly wrong."""
    if not ref.enc or held.size != stored_size(ref.size):
        return held
    return replace(held, size=ref.size)
