"""`SqlLedger`: the ledger store on SQLite or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import SALT_BYTES, SealedEntry
from evidence.ports import AppendConflict, Clock, Compose, Composition, Projection
from storage.appending import Prepared, Request, one_statement
from storage.border import LostRace, answered, translated
from storage.database import is_sqlite, reading, swiftly, writing
from storage.discrepancies import cache_discrepancies
from storage.group_commit import GroupCommit
from storage.ledger_tables import checkpoint, log_state
from storage.projections import remove_projection, save_projection
from storage.reader import LedgerReader, check_origin
from storage.sequencer import sequence
from storage.together import together, write_together
from storage.writer import Writer, Written

if TYPE_CHECKING:
    from storage.ciphers.keys import CaseKeys

Result = TypeVar("Result")

ATTEMPTS = 5


class _Together:
    """What several callers prepared, written by common statements; see `storage.group_commit.Together`."""

    def fitting(self, parts: Sequence[Prepared]) -> Sequence[int]:
        return together(parts)

    def done(self, driver: sqlite3.Connection, parts: Sequence[Prepared]) -> Sequence[Written] | None:
        if not write_together(driver, parts):
            return None
        return [Written(item.sealed, item.after) for item in parts]


class _Composing(threading.local):
    """Whether this thread is composing: a composition that appends would wait for itself in the transaction."""

    inside = False


def start_log(engine: Engine, origin: str) -> None:
    """Begin a log in an empty database: the only way to get one, and said aloud.

    Repeating it with the same origin changes nothing.

    Raises:
        WrongLog: the database already holds another log.
        StoreUnavailable: the database does not answer.
    """
    maker = sqlite if is_sqlite(engine) else postgresql
    row = {"id": 1, "origin": origin, "size": 0, "frontier": b""}
    with answered(), writing(engine) as connection:
        connection.execute(maker.insert(log_state).on_conflict_do_nothing(), row)
        check_origin(origin, connection.execute(select(log_state.c.origin)).scalar_one_or_none())


def log_begun(engine: Engine) -> bool:
    """Whether an upgraded database holds a log, whichever. Raises `StoreUnavailable`."""
    with reading(engine) as connection:
        return connection.execute(select(log_state.c.id)).first() is not None


class SqlLedger(LedgerReader):
    """`evidence.ports.LedgerStore` on a database whose log `start_log` has begun.

    Args:
        engine: from `storage.database.connect`, upgraded.
        origin: the log's name; must be the one the log began with.
        clock: the present, for ``at``.
        new_salt: 32 random bytes a call.
        keys: the keys of cases; ``None`` reads and writes payloads in plain, and refuses encrypted ones.
    """

    def __init__(
        self,
        engine: Engine,
        origin: str,
        *,
        clock: Clock,
        new_salt: Callable[[], bytes] = lambda: os.urandom(SALT_BYTES),
        keys: CaseKeys | None = None,
    ) -> None:
        super().__init__(engine, origin, keys)
        self._writer = Writer(origin, clock, new_salt, keys)
        self._group = GroupCommit(engine, _Together()) if is_sqlite(engine) else None
        self._known = False
        self._composing = _Composing()
        self._turn = threading.Lock()

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def append(
        self, case: str, compose: Compose, *, idempotency_key: str = "", request_digest: str = ""
    ) -> Sequence[SealedEntry]:
        """Add entries to a case; see the port.

        What this process knows of the case is composed on at once and written if the case has not moved meanwhile and
        the request's key is new; otherwise, and whenever that composition refuses, the key is looked up and the case
        read, composed and written in one transaction.
        """
        request = Request(idempotency_key, request_digest)
        prepared = self._prepared(case, compose, request)
        if prepared is not None:
            known = self._swift(prepared, case, compose, request)
            if known is not None:
                return self._remembered(known)
        return self._remembered(
            self._retried(lambda connection: self._writer.append(connection, case, compose, request))
        )

    def open_case(
        self,
        series: str,
        compose: Callable[[str], Composition],
        *,
        idempotency_key: str = "",
        request_digest: str = "",
    ) -> Sequence[SealedEntry]:
        """Open a case under the next folio of a series; see the port."""
        request = Request(idempotency_key, request_digest)
        return self._remembered(
            self._retried(lambda connection: self._writer.open_case(connection, series, compose, request))
        )

    def _prepared(self, case: str, compose: Compose, request: Request) -> Prepared | None:
        """What is to be written, made before the transaction; ``None`` where only the transaction can tell.

        One thread composes at a time: it is computing, under one interpreter's lock, and all at once would only take
        that from one another and from whoever writes for all of them (`storage.group_commit`).
        """
        known = self._histories.get(case)
        if known is None or not self._known or self._composing.inside:
            return None
        self._composing.inside = True
        try:
            with self._turn:
                return self._writer.prepare(known, compose, request)
        except Exception:  # noqa: BLE001 - raised again in the transaction, unless the case has moved meanwhile
            return None
        finally:
            self._composing.inside = False

    def _swift(self, prepared: Prepared, case: str, compose: Compose, request: Request) -> Written | None:
        """Write what was prepared; ``None`` where the case has moved, or somebody else asked the same."""

        def write(connection: Connection) -> Written:
            if self._writer.write(connection, prepared):
                return Written(prepared.sealed, prepared.after)
            return self._writer.append(connection, case, compose, request)

        try:
            if self._group is not None:
                return self._group.run(write, prepared)
            if prepared.extra:
                with translated(), writing(self._engine) as connection:
                    return write(connection)
            statement, values = one_statement(prepared)
            with translated(), swiftly(self._engine) as driver:
                moved = driver.execute(statement, values, prepare=True).fetchone()[0]
            return Written(prepared.sealed, prepared.after) if moved else None
        except LostRace:
            return None

    def forget(self, case: str) -> None:
        """Read this case anew: what was kept beside its entries has been destroyed."""
        self._histories.forget(case)

    def _remembered(self, written: Written) -> Sequence[SealedEntry]:
        if written.known is not None:
            case = written.known.last.entry.case
            self._histories.keep(case, written.known)
            if self.keys is not None and written.key is not None:
                self.keys.remember(case, written.key)
        return written.sealed

    def sequence(self, limit: int = 1024) -> int:
        """Place waiting entries in the log; see the port."""
        return self._retried(lambda connection: sequence(connection, self._origin, limit))

    def save_checkpoint(self, size: int, note: bytes, published_at: str) -> None:
        """Keep a signed checkpoint; the first of a size stays."""
        maker = postgresql if self._group is None else sqlite
        row = {"size": size, "note": note, "published_at": published_at}
        self._retried(
            lambda connection: connection.execute(maker.insert(checkpoint).on_conflict_do_nothing(), row)
        )

    def replace_projection(self, projection: Projection) -> None:
        """Write a projection and its references anew."""
        self._histories.forget_projection(projection.case)
        self._retried(lambda connection: save_projection(connection, projection))
        self._histories.forget_projection(projection.case)

    def remove_projection(self, case: str) -> None:
        """Remove what the caches hold of a case without entries."""
        self._retried(lambda connection: remove_projection(connection, case))

    def cache_discrepancies(self) -> Iterator[tuple[str, str, str]]:
        """Caches that differ from the rows; see the port."""
        return cache_discrepancies(self._engine)

    def _retried(self, work: Callable[[Connection], Result]) -> Result:
        for _ in range(ATTEMPTS):
            try:
                return self._written(work)
            except LostRace as error:
                lost = error
        raise AppendConflict(f"lost the race {ATTEMPTS} times: {lost}") from lost

    def _written(self, work: Callable[[Connection], Result]) -> Result:
        def checked(connection: Connection) -> Result:
            if not self._known:
                check_origin(
                    self._origin, connection.execute(select(log_state.c.origin)).scalar_one_or_none()
                )
                self._known = True
            return work(connection)

        if self._group is not None:
            return self._group.run(checked)
        with translated(), writing(self._engine) as connection:
            return checked(connection)
