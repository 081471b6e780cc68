"""Restoring a backup into an empty installation: read whole, verified apart, and only then put in place.

The rows first become an SQLite file beside the data, the objects a folder beside it (or versions in the bucket); there
the ledger is verified in full. An SQLite installation then gets that very file, by a rename; on PostgreSQL the rows
are loaded in one transaction and read again before it is committed. Whatever goes wrong before leaves an empty
installation.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, inspect, select

from evidence.entry import BlobRef, parse_time
from evidence.findings import Report, Verdict
from evidence.note import VerifierKey
from evidence.ports import BlobStore, Clock
from evidence.publisher import NOTE_MEDIA, RETENTION
from evidence.verify import verify_ledger
from storage.border import answered
from storage.ciphers.blobs import StoredBytes
from storage.ciphers.keys import CaseKeys, Source
from storage.database import connect, downgrade, is_sqlite, knows, reading, upgrade_within, writing
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger
from storage.moving.archive import sync_folder
from storage.moving.contents import Backup
from storage.moving.errors import MovingRefused
from storage.moving.rows import FLEETING, TableLayout, count_on, digest, load
from storage.relocated import MovedBlobs, Moves, SqlMoves, save_moves, versions_of
from storage.schema import metadata


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes: the database, the data directory, and the folder of the objects or what opens a store.

    ``master`` gives the text of the master key, by which encrypted payloads are verified; files need none.
    """

    database: str
    data: Path
    folder: Path | None
    store: Callable[[], BlobStore]
    clock: Clock
    master: Source = lambda: None


def restore(backup: Backup, target: Target, keys: Iterable[VerifierKey]) -> Report:
    """Put a backup in place of nothing; gives what the full verification said of it before it counted.

    Raises:
        MovingRefused: ``not_empty``, ``backup_newer``, ``restore_unverified``, ``backup_damaged``,
            ``backup_cut``; nothing counts.
        KeysUnavailable: payloads are encrypted, and their master key is not here; nothing counts.
        StoreUnavailable, OSError: nothing counts; what was put into bucket or folder by then stays there, as objects
            without entries.
    """
    contents, keys = backup.contents, tuple(keys)
    if not knows(contents.revision):
        raise MovingRefused("backup_newer", detail=f"schema {contents.revision}")
    engine = connect(target.database)
    try:
        check_empty(engine)
        with _workshop(target, engine) as shop:
            digests = {item.name: contents.digests[f"tables/{item.name}.jsonl"] for item in contents.layouts}
            load_all(shop.engine, contents.revision, contents.layouts, backup.rows, digests)
            case_keys = CaseKeys(shop.engine, target.master)
            ledger = SqlLedger(shop.engine, contents.origin, clock=target.clock, keys=case_keys)
            verified(ledger, None, keys)
            store = shop.store(with_objects=contents.with_objects)
            moves = _put_all(backup, store, ledger, target.clock())
            with answered(), writing(shop.engine) as connection:
                save_moves(connection, moves)
            found = verified(ledger, StoredBytes(MovedBlobs(store, SqlMoves(shop.engine).find)), keys)
            shop.put_objects_in_place()
            if is_sqlite(engine):
                engine.dispose()
                shop.put_database_in_place()
            else:
                load_all(engine, contents.revision, contents.layouts, backup.rows, digests, moves)
        return found
    finally:
        engine.dispose()


def check_empty(engine: Engine) -> None:
    """Refuse a database in which anything is; tables without rows are taken away, to be made anew.

    Raises:
        MovingRefused: ``not_empty``. StoreUnavailable: the database does not answer.
    """
    path = Path(engine.url.database or "")
    if is_sqlite(engine) and not path.exists():
        return
    with reading(engine) as connection:
        held = set(inspect(connection).get_table_names())
        for name in sorted(held & set(metadata.tables) - FLEETING):
            if connection.execute(select(1).select_from(metadata.tables[name]).limit(1)).first():
                raise MovingRefused("not_empty", detail=name)
    if "alembic_version" in held:
        downgrade(engine, "base")


def load_all(
    engine: Engine,
    revision: str,
    tables: Iterable[TableLayout],
    rows: Callable[[TableLayout], Iterator[bytes]],
    digests: Mapping[str, str],
    moves: Moves | None = None,
) -> None:
    """Make the tables, fill them, read them again and compare: one transaction, all of it or nothing.

    Raises:
        MovingRefused: ``backup_damaged``: what the database gives back is not what it was given.
        StoreUnavailable: the database refuses.
    """
    tables = tuple(tables)
    with answered(), writing(engine) as connection:
        upgrade_within(connection, revision)
        for layout in tables:
            load(connection, layout, rows(layout))
            count_on(connection, layout)
        compare(connection, tables, digests)
        upgrade_within(connection)
        save_moves(connection, moves or {})


def compare(connection: Connection, tables: Iterable[TableLayout], digests: Mapping[str, str]) -> None:
    """Hold every table against the digest of its lines."""
    for layout in tables:
        if digest(connection, layout) != digests[layout.name]:
            raise MovingRefused("backup_damaged", detail=layout.name)


def put_objects(
    refs: Iterable[BlobRef],
    put: Callable[[BlobRef, datetime | None], BlobRef],
) -> Moves:
    """Put each content once, locked for as long as the longest of its entries says; gives the versions that moved."""
    moves: Moves = {}
    for _key, group in groupby(refs, lambda ref: ref.key):
        same = list(group)
        until = max(ref.retain_until for ref in same)
        moves |= versions_of(same, put(same[0], parse_time(until) if until else None))
    return moves


def put_notes(ledger: SqlLedger, store: BlobStore, now: datetime) -> None:
    """Copies of the signed checkpoints, locked as the publisher locks them."""
    for _size, note in ledger.checkpoints():
        store.put(io.BytesIO(note), media=NOTE_MEDIA, retain_until=now + RETENTION)


def _put_all(backup: Backup, store: BlobStore, ledger: SqlLedger, now: datetime) -> Moves:
    def put(ref: BlobRef, until: datetime | None) -> BlobRef:
        return store.put(_Chunks(backup.object(ref)), media=ref.media, retain_until=until)  # type: ignore[arg-type]

    # without objects: they are there already, or the verification that follows says so
    moves = put_objects(backup.refs(), put) if backup.contents.with_objects else {}
    put_notes(ledger, store, now)
    return moves


class _Chunks(io.RawIOBase):
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        for chunk in () if self._rest else self._chunks:
            self._rest = chunk
            if chunk:
                break
        given, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(given)] = given
        return len(given)


def verified(ledger: SqlLedger, blobs: BlobStore | None, keys: Iterable[VerifierKey]) -> Report:
    """Verify, in full where there are objects; any verdict but valid is refused (``restore_unverified``)."""
    found = verify_ledger(ledger, blobs, keys=keys, full=blobs is not None)
    if found.verdict is not Verdict.VALID:
        told = [f"{item.code} {item.subject}: {item.expected} / {item.found}" for item in found.findings[:20]]
        raise MovingRefused("restore_unverified", verdict=str(found.verdict), detail="; ".join(told) or "-")
    return found


@dataclass(frozen=True, slots=True)
class _Shop:
    """Where a restoration is made before it counts."""

    target: Target
    engine: Engine
    database: Path
    scratch: Path
    objects: Path | None

    def store(self, *, with_objects: bool) -> BlobStore:
        """Where objects go: into a folder beside the final one, or where they are already."""
        if self.objects is not None and with_objects:
            return FileBlobStore(self.objects)
        return self.target.store()

    def put_database_in_place(self) -> None:
        """The file that was verified, by its final name."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self.engine.dispose()
        for beside in ("-wal", "-shm"):  # of the empty database that is replaced
            Path(f"{self.database}{beside}").unlink(missing_ok=True)
        self.scratch.replace(self.database)
        sync_folder(self.database.parent)

    def put_objects_in_place(self) -> None:
        """Objects before rows: an object without an entry is harmless, the other way round it is a loss.

        What a former attempt left in the folder has the name of its content, and gives way to what was verified.
        """
        final = self.target.folder
        if self.objects is None or final is None or not self.objects.exists():
            return
        if final.exists():
            for made in sorted(path for path in self.objects.glob("*/*") if path.is_dir()):
                there = final / made.relative_to(self.objects)
                there.mkdir(parents=True, exist_ok=True)
                for path in made.iterdir():
                    path.replace(there / path.name)
                sync_folder(there)
        else:
            self.objects.replace(final)
        sync_folder(final.parent)


@contextmanager
def _workshop(target: Target, engine: Engine) -> Iterator[_Shop]:
    """Places beside the data, taken away in the end whatever happens, and before, should one have been left."""
    database = Path(engine.url.database or "") if is_sqlite(engine) else target.data / "constancia.sqlite3"
    scratch = database.with_name(f"{database.name}.restoring")
    objects = (
        target.folder.with_name(f"{target.folder.name}.restoring") if target.folder is not None else None
    )
    _remove(scratch, objects)
    made = connect(URL.create("sqlite", database=str(scratch)))
    try:
        yield _Shop(target, made, database, scratch, objects)
    finally:
        made.dispose()
        _remove(scratch, objects)


def _remove(scratch: Path, objects: Path | None) -> None:
    for beside in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{scratch}{beside}").unlink()
    if objects is not None:
        shutil.rmtree(objects, ignore_errors=True)
