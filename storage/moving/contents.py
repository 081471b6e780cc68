"""Reading a backup: everything in it is held against its manifest before anything of it is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from evidence.atrest import as_stored
from evidence.entry import BlobRef
from evidence.ports import blob_key
from storage.moving.archive import CHUNK, ArchiveReader, Member, damaged
from storage.moving.errors import MovingRefused
from storage.moving.rows import TableLayout, split_lines

FORMAT = "constancia-backup/1"
OBJECTS = "objects/"
_LAST = ("manifest.json", "manifest.sha256")


@dataclass(frozen=True, slots=True)
class Contents:
    """A backup that is whole: every byte of it is what was written.

    ``sha256`` and ``length`` are the file's; ``digests`` the SHA-256 of each member but the objects.
    """

    revision: str
    layouts: tuple[TableLayout, ...]
    manifest: Mapping[str, Any]
    members: Mapping[str, Member]
    digests: Mapping[str, str]
    length: int
    sha256: str

    @property
    def origin(self) -> str:
        """The log's name."""
        return str(self.manifest["log"]["origin"])

    @property
    def with_objects(self) -> bool:
        """Whether the objects are in the file, and not only named."""
        return bool(self.manifest["objects"]["included"])

    @property
    def object_count(self) -> int:
        """How many objects the entries name."""
        return int(self.manifest["objects"]["count"])


class Backup:
    """An examined backup, open for reading."""

    def __init__(self, stream: BinaryIO, contents: Contents) -> None:
        self._reader = ArchiveReader(stream)
        self.contents = contents

    def rows(self, layout: TableLayout) -> Iterator[bytes]:
        """The rows of a table as lines."""
        name = f"tables/{layout.name}.jsonl"
        return split_lines(self._reader.chunks(self.contents.members[name]), name)

    def refs(self) -> Iterator[BlobRef]:
        """Every object that an entry names, by key and version; the same content may come in several versions."""
        return read_refs(self._reader.chunks(self.contents.members["objects.jsonl"]))

    def object(self, ref: BlobRef) -> Iterator[bytes]:
        """The bytes of an object, as they were stored."""
        return self._reader.chunks(self.contents.members[OBJECTS + blob_key(as_stored(ref).sha256)])

    def member(self, name: str) -> bytes | None:
        """A small member whole, or ``None``: there is none."""
        found = self.contents.members.get(name)
        return None if found is None else self._reader.content(found)

    def definitions(self) -> Iterator[tuple[str, bytes]]:
        """The installation's own proposals, as ``(path, bytes)``."""
        for name, member in self.contents.members.items():
            if name.startswith("definitions/"):
                yield name.removeprefix("definitions/"), self._reader.content(member)


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup after reading it whole.

    Raises:
        MovingRefused: ``backup_damaged``, ``backup_cut``. OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        yield Backup(stream, examine(stream))


def examine(stream: BinaryIO) -> Contents:
    """Read a backup from its first byte to its last and hold every member against the manifest.

    Raises:
        MovingRefused: ``backup_cut``; ``backup_damaged``: it was changed, or is no backup.
    """
    reader = ArchiveReader(stream)
    members: dict[str, Member] = {}
    digests: dict[str, str] = {}
    for member in reader.members():
        if member.name in members:
            raise damaged(member.start, member.name)
        members[member.name] = member
        found = hashlib.sha256()
        for chunk in reader.chunks(member):
            found.update(chunk)
        if not member.name.startswith(OBJECTS):
            digests[member.name] = found.hexdigest()
        elif member.name != OBJECTS + blob_key(found.hexdigest()):
            raise damaged(member.start, member.name)
    if tuple(members)[-2:] != _LAST or next(iter(members)) != "layout.json":
        raise damaged(0)
    try:
        return _checked(reader, members, digests, *_file_digest(stream))
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(members["manifest.json"].start, "manifest.json") from error


def read_refs(chunks: Iterator[bytes]) -> Iterator[BlobRef]:
    """The list of objects."""
    for line in split_lines(chunks, "objects.jsonl"):
        about = json.loads(line)
        yield BlobRef(
            about["sha256"], about["size"], about["media"], about["key"], about["version"], about["retain_until"],
            about.get("enc", ""),
        )  # fmt: skip


def _checked(
    reader: ArchiveReader, members: dict[str, Member], digests: dict[str, str], length: int, sha256: str
) -> Contents:
    if reader.content(members["manifest.sha256"]) != f"{digests['manifest.json']}\n".encode():
        raise damaged(members["manifest.json"].start, "manifest.json")
    layout = json.loads(reader.content(members["layout.json"]))
    manifest = json.loads(reader.content(members["manifest.json"]))
    if layout["format"] != FORMAT or manifest["format"] != FORMAT:
        raise MovingRefused("backup_newer", detail=str(layout["format"]))
    told = {item["name"]: (item["size"], item["sha256"]) for item in manifest["members"]}
    held = {name: (members[name].size, digests[name]) for name in digests if name not in _LAST}
    if told != held:
        raise damaged(0, "manifest.json")
    layouts = tuple(TableLayout.from_json(item) for item in layout["tables"])
    if {f"tables/{item.name}.jsonl" for item in layouts} != {n for n in members if n.startswith("tables/")}:
        raise damaged(0, "layout.json")
    named = {
        OBJECTS + blob_key(as_stored(ref).sha256)
        for ref in read_refs(reader.chunks(members["objects.jsonl"]))
    }
    copied = {name for name in members if name.startswith(OBJECTS)}
    if copied != (named if manifest["objects"]["included"] else set()):
        raise damaged(0, "objects.jsonl")
    return Contents(str(layout["revision"]), layouts, manifest, members, digests, length, sha256)


def _file_digest(stream: BinaryIO) -> tuple[int, str]:
    stream.seek(0)
    found, length = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        found.update(chunk)
        length += len(chunk)
    return length, found.hexdigest()
