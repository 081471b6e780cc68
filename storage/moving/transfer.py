"""Moving an installation from one pair of stores to another without breaking the log's chain.

The objects go first, while people still work, and again at the end for what came since. Then the source is shut:
triggers in its own database refuse every further write, whichever process makes it. Its rows are loaded into the target
in one transaction and compared table by table; the whole ledger is verified where it now lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine, inspect, select

from evidence.entry import BlobRef, parse_time
from evidence.findings import Report
from evidence.note import VerifierKey
from evidence.ports import BlobStore, Clock
from storage.border import MOVED, answered
from storage.ciphers.blobs import StoredBytes
from storage.ciphers.keys import CaseKeys
from storage.database import is_sqlite, knows, reading, writing
from storage.ledger import SqlLedger
from storage.ledger_tables import log_entry, log_state
from storage.moving.backup import objects_of, revision_of, snapshot
from storage.moving.errors import MovingRefused
from storage.moving.restore import check_empty, compare, load_all, put_notes, verified
from storage.moving.rows import TableLayout, digest, layouts, lines
from storage.relocated import MovedBlobs, Moves, SqlMoves, object_move, versions_of

_AT_ONCE = 8
_VERBS = ("INSERT", "UPDATE", "DELETE")
_GUARD = "checkpoint_guard"


def shut(engine: Engine) -> None:
    """Refuse every further write to what is moved; idempotent, and in force for every process at once.

    Raises:
        MovingRefused: ``transfer_source``: not an SQLite database; ``transfer_unsettled``: entries without an index.
    """
    if not is_sqlite(engine):
        raise MovingRefused("transfer_source")
    with answered(), writing(engine) as connection:
        if connection.execute(select(log_entry.c.id).where(log_entry.c.log_index.is_(None))).first():
            raise MovingRefused("transfer_unsettled")
        for layout in layouts(drafts=True):
            _shut_table(connection, layout.name)


def shut_guard(engine: Engine) -> None:
    """The same for a guard in SQLite that stays behind: a copy of the source's database finds none to let it sign."""
    with answered(), writing(engine) as connection:
        if _GUARD in inspect(connection).get_table_names():
            _shut_table(connection, _GUARD)


def reopen(engine: Engine) -> None:
    """Take a shut source back into service; for a move that was given up before it counted."""
    with answered(), writing(engine) as connection:
        for name in _shutters(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def is_shut(engine: Engine) -> bool:
    """Whether the source refuses writes."""
    with reading(engine) as connection:
        return bool(_shutters(connection))


def _shut_table(connection: Connection, name: str) -> None:
    for verb in _VERBS:
        connection.exec_driver_sql(
            f"CREATE TRIGGER IF NOT EXISTS moved_{name}_{verb.lower()} BEFORE {verb} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{MOVED}'); END"
        )


def _shutters(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'moved\\_%' ESCAPE '\\'"
    )
    return [str(name) for (name,) in found]


def copy_objects(source: Engine, here: BlobStore, there: BlobStore) -> Moves:
    """Put every object that an entry names into ``there``; what is there already is recognised and not sent again.

    Gives the versions that changed by it.

    Raises:
        BlobMissing, BlobCorrupt: an object is not what was sealed. StoreUnavailable.
    """
    moves: Moves = {}
    with ThreadPoolExecutor(_AT_ONCE) as crew:
        for found in crew.map(lambda same: _copy(same, here, there), _by_content(source)):
            moves |= found
    return moves


def _copy(same: list[BlobRef], here: BlobStore, there: BlobStore) -> Moves:
    until = max(ref.retain_until for ref in same)
    with here.open(same[0]) as stream:
        stored = there.put(stream, media=same[0].media, retain_until=parse_time(until) if until else None)
    return versions_of(same, stored)


def _by_content(engine: Engine) -> Iterator[list[BlobRef]]:
    """The references to each content; in memory, since one content may be named by entries far apart."""
    found: dict[str, list[BlobRef]] = {}
    with snapshot(engine) as connection:
        rows = connection.execute(select(log_entry.c.entry_bytes), execution_options={"yield_per": 500})
        for (entry_bytes,) in rows:
            for ref in objects_of(entry_bytes):
                found.setdefault(ref.key, []).append(ref)
    yield from found.values()


def copy_rows(source: Engine, target: Engine, moves: Moves) -> dict[str, int]:
    """Load every table of a shut source into an empty target, or find that a former attempt has; rows by table.

    Raises:
        MovingRefused: ``not_empty``: something else is there; ``backup_newer``; ``backup_damaged``: what the target
            gives back is not what it was given. Nothing of the attempt stays.
    """
    tables = layouts(drafts=True)
    with snapshot(source) as connection:
        revision = revision_of(connection)
        if not knows(revision):
            raise MovingRefused("backup_newer", detail=f"schema {revision}")
        digests = {layout.name: digest(connection, layout) for layout in tables}
        counts = {layout.name: sum(1 for _ in lines(connection, layout)) for layout in tables}
        if not _loaded(target, tables, digests):
            check_empty(target)
            load_all(
                target, revision, tables, lambda layout: _bare(lines(connection, layout)), digests, moves
            )
    return counts


def _bare(found: Iterable[bytes]) -> Iterator[bytes]:
    return (line.rstrip(b"\n") for line in found)


def _loaded(target: Engine, tables: Iterable[TableLayout], digests: dict[str, str]) -> bool:
    """Whether a former attempt has committed: then all is there, and it is compared again."""
    if not _begun(target):
        return False
    with reading(target) as connection:
        try:
            compare(connection, [item for item in tables if item.name != object_move.name], digests)
        except MovingRefused as error:
            raise MovingRefused("not_empty", detail=str(error.fields.get("detail", ""))) from error
    return True


def _begun(target: Engine) -> bool:
    with reading(target) as connection:
        if log_state.name not in inspect(connection).get_table_names():
            return False
        return connection.execute(select(log_state.c.id)).first() is not None


def verify_there(
    target: Engine,
    there: BlobStore,
    origin: str,
    keys: Iterable[VerifierKey],
    clock: Clock,
    case_keys: CaseKeys | None = None,
) -> Report:
    """Copies of the checkpoints under the target's locks, and a full verification of what lies there.

    Raises:
        MovingRefused: ``restore_unverified``.
    """
    ledger = SqlLedger(target, origin, clock=clock, keys=case_keys)
    put_notes(ledger, there, clock())
    return verified(ledger, StoredBytes(MovedBlobs(there, SqlMoves(target).find)), tuple(keys))
