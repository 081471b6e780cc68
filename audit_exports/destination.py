"""A package on its way to its place: complete, or not there at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from evidence.ports import StoreUnavailable


class Destination:
    """A temporary file beside ``out`` that takes its name only at the end; removed whatever else happens.

    Operating system errors (no such folder, disk full) leave as `StoreUnavailable`.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._temporary = Path()
        self.stream: BinaryIO

    def __enter__(self) -> Self:
        try:
            descriptor, name = tempfile.mkstemp(
                prefix=f".{self._out.name[:80]}.", suffix=".tmp", dir=self._out.parent
            )
        except OSError as error:
            raise StoreUnavailable(f"cannot write to {self._out.parent}: {error.strerror}") from error
        self._temporary = Path(name)
        self.stream = os.fdopen(descriptor, "w+b", buffering=1 << 20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        # Closing flushes what is left: on a full disk that fails too, and the file must go all the same.
        try:
            self.stream.close()
        except OSError:
            if error is None:
                raise
        finally:
            self._temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreUnavailable(f"cannot write {self._out}: {error.strerror}") from error

    def settle(self) -> None:
        """Everything written so far survives the machine."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def hand_over(self) -> int:
        """Give the file its name, durably; returns its size in bytes."""
        size = os.fstat(self.stream.fileno()).st_size
        self._temporary.replace(self._out)
        folder = os.open(self._out.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return size
