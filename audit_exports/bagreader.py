"""A bag as the verifier reads it: every file at most once, hashed while read, held against the manifest."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable

from audit_exports import layout
from audit_exports.bag import TAG_FILES, MalformedManifest, Payload, parse_manifest
from audit_exports.behind import Behind
from audit_exports.codes import Code
from audit_exports.containers import Container, Unreadable, printable
from audit_exports.tally import Tally
from evidence.findings import Finding

MAX_MANIFEST = 512 << 20
_MAX_TAG = 64 << 10
_AT_ONCE = 1 << 20
_TOGETHER = 2 << 20
_LATER = 1024
"""Files that may wait to be hashed until somebody settles; memory is a name and a digest each."""


_Job = tuple[str, Callable[[str], None]]
"""A file to be hashed, and who is told."""


class Bag:
    """Files under ``data/``, by their path without that prefix. Findings go where the caller says.

    `open` comes first; when it says no, nothing else may be asked; `close` last. ``tally`` counts what was read, and
    whoever checks files counts there too. Files are hashed behind the caller by so many ``threads``. Memory: a line of
    the manifest a file.
    """

    def __init__(self, container: Container, report: Callable[[Finding], None], *, threads: int = 1) -> None:
        self._container = container
        self._report = report
        self._sizes: dict[str, int] = {}
        self._manifest: dict[str, str] = {}
        self.tally = Tally()
        self.info = b""
        self.tag_digest = ""
        self._counting = threading.Lock()
        self._behind = Behind(threads)
        self._together: list[_Job] = []
        self._together_bytes = 0
        self._later: deque[list[_Job]] | None = None
        self._waiting = 0

    def open(self) -> bool:
        """Check structure, tag files and both manifests against what is there."""
        problems = self._container.problems()
        for finding in problems:
            self._report(finding)
        if problems:
            return False
        self._sizes = self._container.sizes()
        return self._open_tags() and self._open_manifest()

    def payload(self) -> Payload:
        """Bytes and files under ``data/``."""
        return Payload(
            sum(self._sizes.get(layout.DATA + path, 0) for path in self._manifest), len(self._manifest)
        )

    def paths(self) -> list[str]:
        """Every listed path under ``data/``."""
        return list(self._manifest)

    def has(self, path: str) -> bool:
        """Whether the manifest lists a path."""
        return path in self._manifest

    def size(self, path: str) -> int:
        """Size of a file in bytes, 0 when it is not there."""
        return self._sizes.get(layout.DATA + path, 0)

    def take(self, path: str, limit: int) -> bytes | None:
        """The bytes of a small file, or ``None`` after a finding: missing, larger than ``limit``, another digest."""
        if not self._present(path, limit):
            return None
        data = self._read(layout.DATA + path)
        if data is None:
            return None
        found = hashlib.sha256(data).hexdigest()
        return data if self._as_listed(path, found) else None

    def peek(self, path: str, limit: int) -> bytes | None:
        """The bytes of a small file before anybody asks for it: nothing is said, counted or checked of it."""
        if not 0 < self.size(path) <= limit:
            return None
        try:
            return self._container.read(layout.DATA + path)
        except Unreadable:
            return None

    def digest(self, path: str) -> str | None:
        """Read a file of any size once against the manifest; its SHA-256 (hex), ``None`` after a finding."""
        if not self._present(path, None):
            return None
        return self._hashed(path)

    def digest_beside(self, path: str, data: bytes) -> tuple[str | None, str]:
        """`digest`, and the SHA-256 of ``data``, which is hashed by itself only where the file holds something else."""
        if not self._present(path, None):
            return None, hashlib.sha256(data).hexdigest()
        if self.size(path) != len(data):
            return self._hashed(path), hashlib.sha256(data).hexdigest()
        held = self._read(layout.DATA + path)
        expected = hashlib.sha256(data).hexdigest()
        found = expected if held == data else hashlib.sha256(held or b"").hexdigest()
        return found if held is not None and self._as_listed(path, found) else None, expected

    def digest_behind(self, path: str, told: Callable[[str], None]) -> None:
        """Like `digest`, behind the caller: ``told`` gets the digest, from another thread, where there is no finding.

        Files are handed over some together: a thread that is woken for each costs more than a small one takes.
        `settle` waits for all of them.
        """
        if not self._present(path, None):
            return
        self._together.append((path, told))
        self._together_bytes += self.size(path)
        if self._together_bytes >= _TOGETHER:
            self._hand_over()

    def put_off(self) -> None:
        """From now on files behind the caller are begun as late as may be: when somebody settles, or too many wait."""
        self._later = deque()

    def settle(self) -> None:
        """Wait for what is read behind."""
        self._hand_over()
        while self._later:
            self._begin(self._later.popleft())
        self._waiting = 0
        self._behind.settle()

    def take_tally(self) -> Tally:
        """What was counted since the last time; it begins again from nothing, also for what is read behind."""
        with self._counting:
            counted, self.tally = self.tally, Tally()
        return counted

    def _hand_over(self) -> None:
        files, self._together, self._together_bytes = self._together, [], 0
        if self._later is None:
            self._begin(files)
            return
        self._later.append(files)
        self._waiting += len(files)
        while self._waiting > _LATER:
            first = self._later.popleft()
            self._waiting -= len(first)
            self._begin(first)

    def _begin(self, files: list[_Job]) -> None:
        def job() -> None:
            for path, told in files:
                found = self._hashed(path)
                if found is not None:
                    told(found)

        if files:
            self._behind.do(job, 0)

    def close(self) -> None:
        """Stop reading behind; nothing more may be asked for that way."""
        self._behind.close()

    def _hashed(self, path: str) -> str | None:
        if self.size(path) <= _AT_ONCE:
            data = self._read(layout.DATA + path)
            found = hashlib.sha256(data or b"").hexdigest()
            return found if data is not None and self._as_listed(path, found) else None
        hashed, size = hashlib.sha256(), 0
        try:
            for chunk in self._container.chunks(layout.DATA + path):
                hashed.update(chunk)
                size += len(chunk)
        except Unreadable as error:
            self._report(error.finding)
            return None
        finally:
            self._count(size)
        return hashed.hexdigest() if self._as_listed(path, hashed.hexdigest()) else None

    def _count(self, size: int) -> None:
        with self._counting:
            self.tally.bytes += size

    def leftovers(self) -> list[str]:
        """Listed files that nobody asked for."""
        return [path for path in self._manifest if path not in self.tally.paths]

    def _present(self, path: str, limit: int | None) -> bool:
        self.tally.paths.add(path)
        if path not in self._manifest:
            self._report(Finding(Code.FILE_MISSING, path, "a file", "nothing"))
            return False
        size = self._sizes.get(layout.DATA + path)
        if size is None:
            return False  # reported by `_open_manifest`
        if limit is not None and size > limit:
            self._report(Finding(Code.FILE_TOO_LARGE, path, f"at most {limit} bytes", f"{size} bytes"))
            return False
        return True

    def _as_listed(self, path: str, found: str) -> bool:
        if found == self._manifest[path]:
            return True
        self._report(Finding(Code.FILE_DIGEST, path, self._manifest[path], found))
        return False

    def _read(self, name: str) -> bytes | None:
        try:
            data = self._container.read(name)
        except Unreadable as error:
            self._report(error.finding)
            return None
        self._count(len(data))
        return data

    def _tag(self, name: str, limit: int = _MAX_TAG) -> bytes | None:
        size = self._sizes.get(name)
        if size is None or size > limit:
            found = "nothing" if size is None else f"{size} bytes"
            self._report(
                Finding(Code.FILE_MISSING if size is None else Code.FILE_TOO_LARGE, name, "a tag file", found)
            )
            return None
        return self._read(name)

    def _open_tags(self) -> bool:
        declaration = self._tag(layout.BAGIT)
        if declaration != layout.BAGIT_TXT:
            found = printable((declaration or b"").decode("utf-8", "replace"))
            self._report(Finding(Code.BAG_DECLARATION, layout.BAGIT, "BagIt 1.0, UTF-8", found))
        listed = self._tag(layout.TAG_MANIFEST)
        if listed is None:
            return False
        self.tag_digest = hashlib.sha256(listed).hexdigest()
        try:
            tags = parse_manifest(listed)
        except MalformedManifest as error:
            self._report(Finding(Code.BAG_MANIFEST, layout.TAG_MANIFEST, "digests and paths", str(error)))
            return False
        if tuple(tags) != TAG_FILES:
            self._report(
                Finding(
                    Code.BAG_MANIFEST, layout.TAG_MANIFEST, ", ".join(TAG_FILES), printable(str(list(tags)))
                )
            )
            return False
        return self._check_tags(tags, declaration or b"")

    def _check_tags(self, tags: dict[str, str], declaration: bytes) -> bool:
        self.info = self._tag(layout.BAG_INFO) or b""
        manifest = self._tag(layout.MANIFEST, MAX_MANIFEST)
        if manifest is None:
            return False
        for name, data in (
            (layout.BAGIT, declaration),
            (layout.BAG_INFO, self.info),
            (layout.MANIFEST, manifest),
        ):
            found = hashlib.sha256(data).hexdigest()
            if found != tags[name]:
                self._report(Finding(Code.FILE_DIGEST, name, tags[name], found))
        try:
            listed = parse_manifest(manifest)
        except MalformedManifest as error:
            self._report(Finding(Code.BAG_MANIFEST, layout.MANIFEST, "digests and paths", str(error)))
            return False
        self._manifest = {path.removeprefix(layout.DATA): digest for path, digest in listed.items()}
        outside = [path for path in listed if not path.startswith(layout.DATA)]
        for path in outside:
            self._report(Finding(Code.BAG_MANIFEST, layout.MANIFEST, "paths under data/", printable(path)))
        return not outside

    def _open_manifest(self) -> bool:
        """The manifest and the files are the same set."""
        known = {*TAG_FILES, layout.TAG_MANIFEST}
        if self._sizes.keys() == known.union([layout.DATA + path for path in self._manifest]):
            return True
        for name in self._sizes:
            path = name[len(layout.DATA) :] if name.startswith(layout.DATA) else ""
            if name not in known and path not in self._manifest:
                self._report(Finding(Code.FILE_UNLISTED, printable(name), "a line in the manifest", "none"))
        for path in self._manifest:
            if layout.DATA + path not in self._sizes:
                self._report(Finding(Code.FILE_MISSING, printable(path), "a file", "nothing"))
        return True
