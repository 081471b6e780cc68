"""An object store whose answers are timed: what an operator sees of it, and nothing of what is in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from evidence.entry import BlobRef
from evidence.ports import BlobStore, StoredBlob

Watch = Callable[[str, float, BaseException | None], None]
"""Told each operation, how many seconds it took, and what it failed with."""


class WatchedBlobs:
    """`evidence.ports.BlobStore` over another one; ``watch`` is told of every put, open and stat."""

    def __init__(self, store: BlobStore, watch: Watch) -> None:
        self._store = store
        self._watch = watch

    def put(
        self, source: BinaryIO, *, media: str, retain_until: datetime | None = None, case: str = ""
    ) -> BlobRef:
        """See the port."""
        with self._timed("put"):
            return self._store.put(source, media=media, retain_until=retain_until, case=case)

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """See the port; what is timed is until the first byte may be read."""
        with self._timed("open"):
            found = self._store.open(ref)
            stream = found.__enter__()
        try:
            yield stream
        except BaseException as error:
            found.__exit__(type(error), error, error.__traceback__)
            raise
        else:
            found.__exit__(None, None, None)

    def stat(self, ref: BlobRef) -> StoredBlob:
        """See the port."""
        with self._timed("stat"):
            return self._store.stat(ref)

    def list(self) -> Iterator[StoredBlob]:
        """See the port."""
        return self._store.list()

    @contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        began, failure = time.monotonic(), None
        try:
            yield
        except BaseException as error:
            failure = error
            raise
        finally:
            self._watch(operation, time.monotonic() - began, failure)
