"""Text that grows row by row: joined in memory first, so that many small rows are one write, then spooled to disk."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator

from audit_exports.zipwriter import CHUNK

_TOGETHER = 1 << 16
"""Characters joined into one write."""


class Spool:
    """UTF-8 text (unpaired surrogates become ``?``); beyond ``most`` bytes they lie in a temporary file."""

    def __init__(self, most: int) -> None:
        self._file = tempfile.SpooledTemporaryFile(most)  # noqa: SIM115 - closed by close()
        self._waiting: list[str] = []
        self._held = 0
        self.empty = True

    def write(self, text: str) -> None:
        """Append text."""
        self._waiting.append(text)
        self._held += len(text)
        self.empty = False
        if self._held >= _TOGETHER:
            self._flush()

    def write_bytes(self, data: bytes) -> None:
        """Append bytes as they are."""
        self._flush()
        self._file.write(data)
        self.empty = False

    def size(self) -> int:
        """Bytes so far."""
        self._flush()
        return self._file.seek(0, io.SEEK_END)

    def pieces(self) -> Iterator[bytes]:
        """Everything from the beginning, in pieces; nothing may be appended meanwhile."""
        self._flush()
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Release the file."""
        self._waiting.clear()
        self._file.close()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write("".join(self._waiting).encode("utf-8", "replace"))
            self._waiting.clear()
            self._held = 0
