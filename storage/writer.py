"""One append inside one open transaction: lock the head, compose, seal, insert, project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import EntryDraft, SealedEntry, format_time, genesis_hash, seal
from evidence.ports import BlobCorrupt, Clock, Compose, Composition, IdempotencyMismatch, Projection
from evidence.quarantine import without
from storage.appending import ERASED, Prepared, Request, changes, driver_style, move, statements
from storage.histories import TAKING, Known
from storage.ledger_tables import case_head, folio_series, idempotency, log_entry, payload
from storage.outbox import keep_errands
from storage.projections import save_projection
from storage.reader import read_history
from storage.rows import entry_row, payload_row

if TYPE_CHECKING:
    from storage.ciphers.keys import CaseKey, CaseKeys

_HEAD = (
    select(case_head.c.seq, case_head.c.leaf)
    .where(case_head.c.case_id == bindparam("case"))
    .with_for_update()
)
_MOVE_HEAD = (
    update(case_head)
    .where(case_head.c.case_id == bindparam("case"))
    .values(seq=bindparam("new_seq"), leaf=bindparam("new_leaf"))
)
_SERIES = select(folio_series.c.last).where(folio_series.c.series == bindparam("wanted")).with_for_update()
_MOVE_SERIES = (
    update(folio_series)
    .where(folio_series.c.series == bindparam("wanted"))
    .values(last=bindparam("new_last"))
)
_ADD_ENTRIES = insert(log_entry)
_ADD_PAYLOADS = insert(payload)
_ADD_REQUEST = insert(idempotency)
_REQUEST = select(idempotency).where(idempotency.c.key == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Written:
    """What a request wrote, now or before; the case as it then is, and its key, where this very call wrote it."""

    sealed: Sequence[SealedEntry]
    known: Known | None = None
    key: CaseKey | None = None


class Head(NamedTuple):
    """The latest entry of a case: its number and hex leaf hash; number 0 and the genesis hash before the first."""

    seq: int
    leaf: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes entries on a connection whose transaction somebody else commits."""

    origin: str
    clock: Clock
    new_salt: Callable[[], bytes]
    keys: CaseKeys | None = None

    def append(self, connection: Connection, case: str, compose: Compose, request: Request) -> Written:
        """Add what ``compose`` makes of the case's history; `LedgerStore.append` is the contract.

        The head's row is locked first, so that two writers of one case follow one another and a repeated request
        finds what its twin wrote.
        """
        head = lock_head(connection, self.origin, case)
        earlier = self.earlier(connection, request, case)
        if earlier is not None:
            return Written(earlier)
        erased = connection.execute(
            text(ERASED)
        ).scalar_one()  # before the rows, as in `LedgerReader.history`
        history = without(read_history(connection, self.origin, case, self.keys))
        check_head(head, self.origin, case, history)
        sealed, projection, key = self._write(connection, case, history, compose(history), request)
        return Written(sealed, Known((*history, *sealed), erased, projection), key)

    def open_case(
        self, connection: Connection, series: str, compose: Callable[[str], Composition], request: Request
    ) -> Written:
        """Open a case under the series' next folio; the series is locked until the commit: no number is lost."""
        number = lock_series(connection, series) + 1
        earlier = self.earlier(connection, request, None)
        if earlier is not None:
            return Written(earlier)
        case = f"{series}-{number:06d}"
        lock_head(connection, self.origin, case)
        if read_history(connection, self.origin, case, self.keys):
            raise BlobCorrupt(f"folio series {series}", f"{case} unused", f"{case} has entries")
        connection.execute(_MOVE_SERIES, {"wanted": series, "new_last": number})
        erased = connection.execute(text(ERASED)).scalar_one()
        sealed, projection, key = self._write(connection, case, (), compose(case), request)
        return Written(sealed, Known(sealed, erased, projection), key)

    def prepare(self, known: Known, compose: Compose, request: Request) -> Prepared | None:
        """What ``compose`` makes of a case as it is known, sealed, projected and encrypted, without a database.

        ``None``: which key the case has, or shall have from here, only the database can tell.
        """
        case, history = known.last.entry.case, known.entries
        key = self.keys.remembered(case) if self.keys is not None and self.keys.active() else None
        if key is None and self.keys is not None and self.keys.active():
            return None
        composed = compose(history)
        if any(draft.kind in TAKING for draft in composed.drafts):
            return None
        sealed = self._seal(case, history, composed.drafts)
        projection = composed.project((*history, *sealed)) if composed.project is not None else None
        changed = changes(known.projection, projection)
        payloads = tuple(self._payload(item, key) for item in sealed)
        return Prepared(known, sealed, projection, composed.errands, request, changed, payloads)

    def _payload(self, sealed: SealedEntry, key: CaseKey | None) -> dict[str, Any]:
        """The payload's row, encrypted where the case has a key."""
        if key is None or self.keys is None:
            return payload_row(sealed)
        return self.keys.locked(sealed, key)

    def write(self, connection: Connection, prepared: Prepared) -> bool:
        """Write what was prepared, in an open transaction; false, and nothing written, where the case has moved."""
        statement, values = move(prepared)
        if connection.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - the transaction is open
            if driver.execute(statement, values).rowcount != 1:
                return False
            for following, row in statements(prepared):
                driver.execute(following, row)
        else:
            if connection.exec_driver_sql(driver_style(statement, "postgresql"), values).rowcount != 1:
                return False
            self._write_rows(connection, prepared)
        if prepared.extra and prepared.projection is not None:
            save_projection(connection, prepared.projection)
        keep_errands(connection, prepared.errands, prepared.sealed[-1].entry.at)
        return True

    def _write_rows(self, connection: Connection, prepared: Prepared) -> None:
        connection.execute(_ADD_ENTRIES, [entry_row(item) for item in prepared.sealed])
        connection.execute(_ADD_PAYLOADS, list(prepared.payloads))
        if not prepared.extra and prepared.changes and prepared.projection is not None:
            save_projection(connection, prepared.projection)
        if prepared.request.key:
            connection.execute(_ADD_REQUEST, prepared.request.row(prepared.sealed))

    def earlier(
        self, connection: Connection, request: Request, case: str | None
    ) -> Sequence[SealedEntry] | None:
        """What this very request wrote before, or ``None``.

        Raises:
            IdempotencyMismatch: the key was used for another request.
        """
        if not request.key:
            return None
        row = connection.execute(_REQUEST, {"wanted": request.key}).one_or_none()
        if row is None:
            return None
        if row.request_digest != request.digest or case not in {None, row.case_id}:
            raise IdempotencyMismatch(f"the key {request.key!r} was used for another request")
        history = read_history(connection, self.origin, row.case_id, self.keys)
        return history[row.first_seq - 1 : row.last_seq]

    def _write(
        self,
        connection: Connection,
        case: str,
        history: Sequence[SealedEntry],
        composed: Composition,
        request: Request,
    ) -> tuple[tuple[SealedEntry, ...], Projection | None, CaseKey | None]:
        sealed = self._seal(case, history, composed.drafts)
        connection.execute(_ADD_ENTRIES, [entry_row(item) for item in sealed])
        key = None
        if self.keys is not None and self.keys.active():
            key = self.keys.for_append(connection, case, sealed)
        connection.execute(_ADD_PAYLOADS, [self._payload(item, key) for item in sealed])
        last = sealed[-1]
        connection.execute(_MOVE_HEAD, {"case": case, "new_seq": last.entry.seq, "new_leaf": last.leaf})
        projection = None
        if composed.project is not None:
            projection = composed.project((*history, *sealed))
            save_projection(connection, projection)
        keep_errands(connection, composed.errands, last.entry.at)
        if request.key:
            connection.execute(_ADD_REQUEST, request.row(sealed))
        return sealed, projection, key

    def _seal(
        self, case: str, history: Sequence[SealedEntry], drafts: Sequence[EntryDraft]
    ) -> tuple[SealedEntry, ...]:
        if not drafts:
            raise ValueError("a composition needs at least one draft")
        seq = len(history)
        prev = history[-1].leaf if history else genesis_hash(self.origin, case)
        at = format_time(self.clock())
        sealed = []
        for draft in drafts:
            seq += 1
            sealed.append(
                seal(draft, log=self.origin, case=case, seq=seq, prev=prev, at=at, salt=self.new_salt())
            )
            prev = sealed[-1].leaf
        return tuple(sealed)


def lock_head(connection: Connection, origin: str, case: str) -> Head:
    """Hold the case's head until the transaction ends; a new case gets a head at zero, which a failure takes back.

    What is returned is what the locked row holds: nobody else can move it before the commit.
    """
    found = connection.execute(_HEAD, {"case": case}).first()
    if found is None:
        row = {"case_id": case, "seq": 0, "leaf": genesis_hash(origin, case)}
        _insert_once(connection, "case_head", row)
        found = connection.execute(_HEAD, {"case": case}).one()
    return Head(found.seq, found.leaf)


def check_head(head: Head, origin: str, case: str, history: Sequence[SealedEntry]) -> None:
    """Compare the head with the entries: a tail cut off by hand must not be written over.

    Raises:
        BlobCorrupt: they differ.
    """
    there = Head(len(history), history[-1].leaf if history else genesis_hash(origin, case))
    if head != there:
        raise BlobCorrupt(f"head of {case}", f"{head.seq} {head.leaf}", f"{there.seq} {there.leaf}")


def lock_series(connection: Connection, series: str) -> int:
    """Hold a folio series until the transaction ends; returns its last number given, 0 for a new one."""
    last = connection.execute(_SERIES, {"wanted": series}).scalar_one_or_none()
    if last is None:
        _insert_once(connection, "folio_series", {"series": series, "last": 0})
        last = connection.execute(_SERIES, {"wanted": series}).scalar_one()
    return int(last)


_ONCE = {
    (dialect, table.name): maker.insert(table).on_conflict_do_nothing()
    for dialect, maker in (("sqlite", sqlite), ("postgresql", postgresql))
    for table in (case_head, folio_series)
}


def _insert_once(connection: Connection, table: str, row: dict[str, object]) -> None:
    """Insert unless somebody has; waits for a rival who is about to commit the same row."""
    connection.execute(_ONCE[connection.dialect.name, table], row)
