"""The log's keys as files: the secret ones in ``keys/log.key``, those that signed before in ``keys/log.retired``.

The files are read again when they change, so that every process of an installation signs with the same keys within a
second of a rotation.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from evidence.keyring import Keyring, read_keyring
from web.settings import Settings

Stamp = tuple[int, int]


class KeyFiles:
    """Reads and replaces the key files of one installation; one writer at a time, any number of readers."""

    def __init__(self, settings: Settings) -> None:
        self._signing = settings.key_file
        self._retired = settings.key_file.with_name("log.retired")
        self._known: tuple[tuple[Stamp, Stamp], Keyring] | None = None

    def read(self) -> Keyring:
        """The keys of this moment.

        Raises:
            evidence.note.MalformedKey: the files do not hold keys of one log. OSError: the key file cannot be read.
        """
        stamps = _stamp(self._signing), _stamp(self._retired)
        known = self._known
        if known is not None and known[0] == stamps:
            return known[1]
        retired = self._retired.read_text(encoding="ascii") if stamps[1] != _ABSENT else ""
        ring = read_keyring(self._signing.read_text(encoding="ascii"), retired)
        self._known = stamps, ring
        return ring

    def write(self, ring: Keyring) -> None:
        """Replace both files, each whole or not at all.

        The verifier keys come first: killed in between, a key is listed that still signs, and none is forgotten.
        """
        replace_private(self._retired, ring.retired_text())
        replace_private(self._signing, ring.signing_text())


_ABSENT: Stamp = (0, 0)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return _ABSENT
    return found.st_mtime_ns, found.st_ino


def replace_private(path: Path, text: str) -> None:
    """Put a file only its owner can read in the place of another, whole or not at all, durably."""
    descriptor, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}."
    )  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
