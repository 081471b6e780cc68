"""Writing a backup: one snapshot of the database, then every object that its entries name.

Nothing is locked meanwhile. On SQLite the snapshot is a reading transaction under the write-ahead log, on PostgreSQL
one of REPEATABLE READ; objects never change and are never removed, so what the snapshot names is there afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, func, select, text

from evidence.atrest import as_stored
from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, MalformedEntry, parse_entry
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, blob_key
from storage.border import answered
from storage.database import is_sqlite
from storage.ledger_tables import checkpoint, log_entry, log_state
from storage.moving.archive import CHUNK, ArchiveWriter, Written, new_file
from storage.moving.contents import FORMAT, OBJECTS, examine
from storage.moving.errors import MovingRefused
from storage.moving.rows import TableLayout, layouts, lines
from storage.reader import read_frontier

_GATHERED = 1 << 16


@dataclass(frozen=True, slots=True)
class Beside:
    """What a backup holds beside database and objects.

    Attributes:
        created_at: ledger time.
        guard: the last signed head, as the guard outside the database knows it.
        definitions: the installation's own proposals, by path below their folder.
        keys: the encrypted keys, or ``None``.
        objects: whether the objects themselves go in, or only their list.
    """

    created_at: str
    guard: tuple[int, bytes] | None
    definitions: Mapping[str, bytes]
    keys: bytes | None
    objects: bool


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a finished backup covers: ``size`` sequenced entries of ``entries``, under the latest signed ``note``."""

    entries: int
    size: int
    root: str
    note: str
    objects: int
    object_bytes: int
    bytes: int
    sha256: str


def write_backup(engine: Engine, blobs: BlobStore, out: Path, beside: Beside) -> BackupReport:
    """Write ``out``, read it back whole, and only then give it its name.

    ``blobs`` give files as they are stored (`storage.ciphers.blobs.StoredBytes`): what is encrypted stays so.

    Raises:
        MovingRefused: ``file_exists``; ``backup_incomplete``: an object or an entry is not what was sealed;
            ``backup_damaged``: the disk did not keep what was written.
        StoreUnavailable: database or object store do not answer. OSError: the disk is full or fails.
    """
    with new_file(out) as stream:
        writer = ArchiveWriter(stream)
        refs: dict[tuple[str, str], BlobRef] = {}
        with snapshot(engine) as connection:
            tables = layouts()
            members = [writer.add("layout.json", _layout(connection, tables))]
            members += [_table(writer, connection, layout, refs) for layout in tables]
            log = log_facts(connection)
        ordered = [refs[place] for place in sorted(refs)]
        members.append(writer.add("objects.jsonl", gathered(_object_lines(ordered))))
        members += [
            writer.add(f"definitions/{name}", [data]) for name, data in sorted(beside.definitions.items())
        ]
        if beside.keys is not None:
            members.append(writer.add("keys.age", [beside.keys]))
        copied = _objects(writer, blobs, ordered) if beside.objects else []
        _finish(writer, beside, log, members, len({ref.key for ref in ordered}), copied)
        return _read_back(stream, log, copied)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever others write meanwhile."""
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with answered(), engine.connect() as opened:
        connection = opened if is_sqlite(engine) else opened.execution_options(**options)
        with connection.begin():
            connection.execute(
                select(log_state.c.id)
            ).all()  # a snapshot begins where something is first read
            yield connection


def revision_of(connection: Connection) -> str:
    """Which migration the tables are at."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def log_facts(connection: Connection) -> dict[str, Json]:
    """The log as a snapshot has it: origin, entries in all, size and root of the tree, and the latest signed note."""
    origin = str(connection.execute(select(log_state.c.origin)).scalar_one())
    frontier = read_frontier(connection, origin)
    latest = select(checkpoint.c.size, checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)
    signed = connection.execute(latest).one_or_none()
    return {
        "origin": origin,
        "entries": connection.execute(select(func.count()).select_from(log_entry)).scalar_one(),
        "size": frontier.size,
        "root": frontier.root().hex(),
        "signed": signed.size if signed else 0,
        "note": signed.note.decode() if signed else "",
    }


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces as larger ones: a write each would be most of the work."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _GATHERED:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def objects_of(entry_bytes: bytes) -> tuple[BlobRef, ...]:
    """The objects that an entry names.

    Raises:
        MovingRefused: ``backup_incomplete``: its bytes are no entry.
    """
    try:
        return parse_entry(entry_bytes).objects
    except MalformedEntry as error:
        raise MovingRefused("backup_incomplete", detail=f"an entry cannot be read: {error}") from error


def _layout(connection: Connection, tables: Iterable[TableLayout]) -> list[bytes]:
    about: dict[str, Json] = {
        "format": FORMAT,
        "revision": revision_of(connection),
        "tables": [table.as_json() for table in tables],
    }
    return [canonical_bytes(about)]


def _table(
    writer: ArchiveWriter, connection: Connection, layout: TableLayout, refs: dict[tuple[str, str], BlobRef]
) -> Written:
    found = lines(connection, layout)
    written = writer.add(f"tables/{layout.name}.jsonl", gathered(found))
    if layout.name == log_entry.name:
        kept = connection.execute(select(log_entry.c.entry_bytes), execution_options={"yield_per": 500})
        for (entry_bytes,) in kept:
            for ref in objects_of(entry_bytes):
                held = refs.setdefault((ref.key, ref.version), ref)
                if ref.retain_until > held.retain_until:  # sealed again later: locked for longer
                    refs[ref.key, ref.version] = ref
    return written


def _object_lines(refs: Iterable[BlobRef]) -> Iterator[bytes]:
    for ref in refs:
        yield canonical_bytes(ref.as_json()) + b"\n"


def _objects(writer: ArchiveWriter, blobs: BlobStore, refs: Iterable[BlobRef]) -> list[Written]:
    written: list[Written] = []
    for ref in refs:
        name = OBJECTS + blob_key(as_stored(ref).sha256)
        if written and written[-1].name == name:
            continue  # another version of the same content
        try:
            with blobs.open(ref) as stream:
                written.append(writer.add(name, iter(lambda: stream.read(CHUNK), b"")))
        except (BlobMissing, BlobCorrupt) as error:
            raise MovingRefused("backup_incomplete", detail=str(error)) from error
    return written


def _finish(
    writer: ArchiveWriter,
    beside: Beside,
    log: Mapping[str, Json],
    members: Iterable[Written],
    objects: int,
    copied: list[Written],
) -> None:
    guard: Json = None
    if beside.guard is not None:
        guard = {"size": beside.guard[0], "root": beside.guard[1].hex()}
    manifest: dict[str, Json] = {
        "format": FORMAT,
        "created_at": beside.created_at,
        "log": dict(log),
        "guard": guard,
        "objects": {
            "count": objects,
            "included": beside.objects,
            "bytes": sum(item.size for item in copied),
        },
        "members": [{"name": m.name, "size": m.size, "sha256": m.sha256} for m in members],
    }
    written = writer.add("manifest.json", [canonical_bytes(manifest)])
    writer.add("manifest.sha256", [f"{written.sha256}\n".encode()])
    writer.finish()


def _read_back(stream: BinaryIO, log: Mapping[str, Json], copied: list[Written]) -> BackupReport:
    stream.flush()
    found = examine(stream)
    report = BackupReport(
        entries=int(str(log["entries"])),
        size=int(str(log["size"])),
        root=str(log["root"]),
        note=str(log["note"]),
        objects=found.object_count,
        object_bytes=sum(item.size for item in copied),
        bytes=found.length,
        sha256="",
    )
    return replace(report, sha256=found.sha256)
