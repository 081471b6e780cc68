"""Write a bag into a zip, payload first, manifests last: nothing is known beforehand, memory stays constant."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import BinaryIO

from audit_exports import layout
from audit_exports.bag import Payload, bag_info, manifest_line, tag_manifest
from audit_exports.behind import Behind
from audit_exports.record import PackageFacts
from audit_exports.zipwriter import CHUNK, ZipWriter

_SPOOL = 4 << 20


class BagWriter:
    """Files under ``data/`` one by one, then `finish`."""

    def __init__(self, sink: BinaryIO) -> None:
        self._zip = ZipWriter(sink)
        self._manifest = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - closed by finish() or abandon()
        self._bytes = 0
        self._files = 0
        self._behind = Behind()

    def add(self, path: str, data: bytes) -> None:
        """A small file; ``path`` is relative to ``data/``. Written behind the caller."""
        self._behind.do(lambda: self._add(path, data), len(data))

    def add_stream(self, path: str, size: int, chunks: Iterable[bytes]) -> None:
        """A file of ``size`` bytes, written before the call returns. Raises `SizeChanged`."""
        self._behind.settle()
        self._listed(path, self._zip.add_stream(layout.DATA + path, size, chunks), size)

    def add_behind(self, path: str, size: int, chunks: Iterable[bytes], judge: Callable[[str], None]) -> None:
        """A file of ``size`` bytes, written behind the caller. ``judge`` is told its SHA-256 (hex), and may raise.

        What it or the chunks raise, and `SizeChanged`, come out of a later call.
        """

        def write() -> None:
            digest = self._zip.add_stream(layout.DATA + path, size, chunks)
            judge(digest)
            self._listed(path, digest, size)

        self._behind.do(write, 0)

    def finish(self, facts: PackageFacts) -> tuple[str, Payload]:
        """Write tag files and the zip's end; returns the SHA-256 (hex) of the tag manifest and what was written."""
        self._behind.settle()
        self._behind.close()
        payload = Payload(self._bytes, self._files)
        digests = {
            layout.BAGIT: self._zip.add(layout.BAGIT, layout.BAGIT_TXT),
            layout.BAG_INFO: self._zip.add(layout.BAG_INFO, bag_info(facts, payload)),
        }
        with self._manifest as manifest:
            size = manifest.tell()
            manifest.seek(0)
            pieces = iter(lambda: manifest.read(CHUNK), b"")
            digests[layout.MANIFEST] = self._zip.add_stream(layout.MANIFEST, size, pieces)
        digest = self._zip.add(layout.TAG_MANIFEST, tag_manifest(digests))
        self._zip.close()
        return digest, payload

    def abandon(self) -> None:
        """Let go of thread and spools after a failure."""
        self._behind.close()
        self._manifest.close()
        self._zip.abandon()

    def _add(self, path: str, data: bytes) -> None:
        self._listed(path, self._zip.add(layout.DATA + path, data), len(data))

    def _listed(self, path: str, digest: str, size: int) -> None:
        self._manifest.write(manifest_line(layout.DATA + path, digest))
        self._bytes += size
        self._files += 1
