"""`SqlShredder`: an erased case made unreadable, in one transaction that also holds the case's head.

The database itself lets a payload go only where an ``erasure.executed`` of its own case names its leaf (migration
0024). Files need not be touched, and locked ones cannot be: their key goes. Afterwards SQLite's write-ahead log is
emptied and PostgreSQL is asked to vacuum; what neither can reach, old copies of wrapped keys, is opened by a master key
alone, which is why one rotates it after erasures (decision 0197).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from evidence.atrest import key_of
from evidence.entry import Entry, EntryKind, format_time, parse_entry
from evidence.ports import Clock, StoreUnavailable
from evidence.shredding import NotErased, Shredded
from storage.border import answered
from storage.ciphers.derived import destroy_derived, drafts_of
from storage.ciphers.keys import CaseKeys
from storage.ciphers.payloads import Unreadable, key_of_row
from storage.ciphers.tables import case_header, case_key, case_key_gone
from storage.database import is_sqlite, writing
from storage.ledger import SqlLedger
from storage.ledger_tables import case_head, log_entry, payload
from storage.searching import tidy

_TOGETHER = 500
HEAD = select(case_head.c.seq).where(case_head.c.case_id == bindparam("case")).with_for_update()
ENTRIES = (
    select(log_entry.c.leaf, log_entry.c.entry_bytes, payload.c.salt, payload.c.bytes)
    .select_from(log_entry.outerjoin(payload, payload.c.leaf == log_entry.c.leaf))
    .where(log_entry.c.case_id == bindparam("case"))
    .order_by(log_entry.c.case_seq)
)
_MOVED = select(case_header.c.object, case_header.c.key_id).where(case_header.c.case_id == bindparam("case"))
KEYS = select(case_key.c.key_id, case_key.c.wrapped).where(case_key.c.case_id == bindparam("case"))
_VACUUMED = (
    payload.name,
    case_key.name,
    case_header.name,
    "projection",
    "draft",
    "draft_file",
    "outgoing_mail",
    "incoming_mail",
)


@dataclass(frozen=True, slots=True)
class _Held:
    """An entry with what is beside it: ``row`` whether it has a payload, ``files`` which key each encrypted file needs.

    ``keys`` are the ids its files and payload need.
    """

    leaf: str
    entry: Entry
    row: bool
    keys: frozenset[str]
    files: dict[str, str]


class SqlShredder:
    """`evidence.shredding.Shredder` on SQLite or PostgreSQL, whatever store the files lie in.

    Args:
        engine: the main database.
        keys: forgets what it has unlocked of the case.
        clock: the present.
        ledger: forgets what it knows of the case.
        staging: where files of drafts wait, or ``None``.
    """

    def __init__(
        self,
        engine: Engine,
        keys: CaseKeys,
        clock: Clock,
        *,
        ledger: SqlLedger | None = None,
        staging: Path | None = None,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._ledger = ledger
        self._staging = staging

    def shred(self, case: str) -> Shredded:
        """See the port. Raises `NotErased`, or `StoreUnavailable`: also where a reader keeps old pages; call again."""
        with answered(), writing(self._engine) as connection:
            connection.execute(HEAD, {"case": case}).first()
            held = _entries(connection, case)
            named = frozenset(
                ref
                for item in held
                if item.entry.kind is EntryKind.ERASURE_EXECUTED
                for ref in item.entry.refs
            )
            if not named & {item.leaf for item in held}:
                raise NotErased(f"{case} has no erasure.executed that names an entry of it")
            gone = [item for item in held if item.leaf in named]
            victims = _victims(connection, case, held, named)
            drafts = drafts_of(connection, case)
            done = Shredded(
                case,
                payloads=delete_payloads(connection, [item.leaf for item in gone if item.row]),
                files=len(_files(gone, victims)),
                derived=destroy_derived(connection, case),
                plain=len({ref.key for item in gone for ref in item.entry.objects if not ref.enc}),
            )
            destroy_keys(connection, case, victims, format_time(self._clock()))
        self._forget(case, drafts)
        wipe(self._engine)
        return done

    def _forget(self, case: str, drafts: Sequence[str]) -> None:
        self._keys.forget(case)
        if self._ledger is not None:
            self._ledger.forget(case)
        for name in drafts if self._staging is not None else ():
            assert self._staging is not None  # noqa: S101 - asked above
            shutil.rmtree(self._staging / name, ignore_errors=True)  # a later sweep takes what stays


def _entries(connection: Connection, case: str) -> list[_Held]:
    found = []
    moved = dict(connection.execute(_MOVED, {"case": case}).all())
    for leaf, entry_bytes, salt, data in connection.execute(ENTRIES, {"case": case}):
        entry = parse_entry(entry_bytes)
        files = {blob.key: moved.get(blob.key, key_of(blob.enc)) for blob in entry.objects if blob.enc}
        keys = set(files.values())
        if data is not None and not salt:
            with suppress(Unreadable):  # a damaged row needs no key any more
                keys.add(key_of_row(data))
        found.append(_Held(leaf, entry, data is not None, frozenset(keys), files))
    return found


def _victims(
    connection: Connection, case: str, held: Sequence[_Held], named: frozenset[str]
) -> dict[str, bytes]:
    """The case's keys that protect nothing but what is erased, with their wrapped bytes.

    Raises:
        NotErased: one of them also protects an entry that nobody erased.
    """
    needed = {key: item for item in held if item.leaf not in named for key in item.keys}
    for item in held:
        for key in item.keys & needed.keys() if item.leaf in named else ():
            other = needed[key]
            raise NotErased(
                f"{case}/{other.entry.seq} would go too, and no erasure.executed names it ({key})"
            )
    keys = connection.execute(KEYS, {"case": case}).all()
    return {row.key_id: row.wrapped for row in keys if row.key_id not in needed}


def _files(gone: Sequence[_Held], victims: dict[str, bytes]) -> set[str]:
    return {key for item in gone for key, key_id in item.files.items() if key_id in victims}


def wipe(engine: Engine) -> None:
    """Take what was deleted out of the database's own files, as far as they let us.

    Raises:
        StoreUnavailable: a reader keeps old pages; to be called again.
    """
    tidy(engine)
    with answered(), engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        if is_sqlite(engine):
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - just opened
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                raise StoreUnavailable("a reader keeps the write-ahead log from being emptied; shred again")
            return
        connection.exec_driver_sql(f"VACUUM {', '.join(_VACUUMED)}")


def delete_payloads(connection: Connection, leaves: Sequence[str]) -> int:
    """Delete the payloads of these leaves; how many there were."""
    count = 0
    for start in range(0, len(leaves), _TOGETHER):
        some = leaves[start : start + _TOGETHER]
        count += connection.execute(delete(payload).where(payload.c.leaf.in_(some))).rowcount
    return count


def destroy_keys(connection: Connection, case: str, victims: dict[str, bytes], at: str) -> None:
    """Each key is written over before it is deleted: where a database keeps the place, it keeps zeros."""
    for key_id, wrapped in victims.items():
        connection.execute(
            update(case_key).where(case_key.c.key_id == key_id).values(wrapped=bytes(len(wrapped)))
        )
        connection.execute(delete(case_key).where(case_key.c.key_id == key_id))
        connection.execute(delete(case_header).where(case_header.c.key_id == key_id))
        row = {"key_id": key_id, "case_id": case, "destroyed_at": at}
        connection.execute(insert(case_key_gone), row)
