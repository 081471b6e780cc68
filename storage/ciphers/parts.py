"""`SqlPartShredder`: single files and payloads of a case made unreadable, and all the rest of it left as it was.

A case has one key, and objects under lock can be neither deleted nor written again. So the case changes its key: for
each file that stays, the header (168 bytes, in which age wraps the file's own key) is wrapped for the new key and kept
in `case_header`; payloads that stay are encrypted under it; the former key goes as in an erasure, and takes with it
what nobody wrapped anew (decision 0221). Headers are read before the transaction, which holds the case's head: the
store may be slow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from evidence.atrest import AGE_HEADER, as_stored, key_of
from evidence.entry import BlobRef, EntryKind, SealedEntry, format_time, parse_entry
from evidence.ports import BlobMissing, BlobStore, Clock, StoreUnavailable
from evidence.quarantine import Withheld, quarantine_of
from evidence.shredding import NotErased, ShreddedParts
from storage.border import answered
from storage.ciphers.age import NotOurs, rewrapped
from storage.ciphers.derived import destroy_copies, drafts_with
from storage.ciphers.keys import CaseKey, CaseKeys
from storage.ciphers.payloads import Unreadable, key_of_row, lock, unlock
from storage.ciphers.shred import ENTRIES, HEAD, KEYS, delete_payloads, destroy_keys, wipe
from storage.ciphers.tables import case_header
from storage.database import reading, writing
from storage.ledger import SqlLedger
from storage.ledger_tables import payload

ATTEMPTS = 5
_HEADERS = select(case_header.c.object, case_header.c.key_id, case_header.c.header).where(
    case_header.c.case_id == bindparam("case")
)


@dataclass(frozen=True, slots=True)
class _Row:
    """An entry with its payload's row: ``data`` empty where there is none, ``key_id`` empty where it is plain."""

    sealed: SealedEntry
    data: bytes | None
    key_id: str


@dataclass(slots=True)
class _Plan:
    """What has to go and what has to be carried over, as the case stands."""

    payloads: list[str] = field(default_factory=list)
    doomed: dict[str, BlobRef] = field(default_factory=dict)
    victims: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, tuple[BlobRef, str]] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)
    headers: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def digests(self) -> set[str]:
        """Of the plain files that go."""
        return {ref.sha256 for ref in self.doomed.values()}

    def unread(self) -> list[BlobRef]:
        """The files that stay whose header is in the store alone."""
        return [ref for key, (ref, _) in self.files.items() if key not in self.headers]


class SqlPartShredder:
    """`evidence.shredding.PartShredder` on SQLite or PostgreSQL, whatever store the files lie in.

    Args:
        engine: the main database.
        keys: makes the case's next key, and forgets what it has unlocked of the case.
        clock: the present.
        store: where stored bytes are read, without keys.
        ledger: forgets what it knows of the case.
        staging: where files of drafts wait, or ``None``.
    """

    def __init__(
        self,
        engine: Engine,
        keys: CaseKeys,
        clock: Clock,
        store: BlobStore,
        *,
        ledger: SqlLedger | None = None,
        staging: Path | None = None,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._store = store
        self._ledger = ledger
        self._staging = staging

    def shred_parts(self, case: str) -> ShreddedParts:
        """See the port. Raises `NotErased`, or `StoreUnavailable`: also where a reader keeps old pages; call again."""
        read: dict[str, bytes] = {}
        for _ in range(ATTEMPTS):
            with reading(self._engine) as connection:
                plan = _planned(connection, case)
                for key_id in plan.victims:  # so that no key service is asked under the case's lock
                    self._keys.by_id(connection, key_id)
            self._fetch(plan, read)
            with answered(), writing(self._engine) as connection:
                connection.execute(HEAD, {"case": case}).first()
                plan = _planned(connection, case)
                if any(ref.key not in read for ref in plan.unread()):
                    continue  # somebody recorded a file meanwhile
                drafts = drafts_with(connection, case, plan.digests)
                done = self._destroyed(connection, case, plan, read)
            self._forget(case, drafts)
            wipe(self._engine)
            return done
        raise StoreUnavailable(f"{case} is written to all the time; destroy again")

    def _fetch(self, plan: _Plan, read: dict[str, bytes]) -> None:
        """The headers of the files that stay; an empty one where the store has no such file, which `verify` tells."""
        for ref in plan.unread():
            if ref.key in read:
                continue
            try:
                with self._store.open(as_stored(ref)) as stream:
                    read[ref.key] = stream.read(AGE_HEADER)
            except BlobMissing:
                read[ref.key] = b""

    def _destroyed(
        self, connection: Connection, case: str, plan: _Plan, read: Mapping[str, bytes]
    ) -> ShreddedParts:
        gone = delete_payloads(connection, plan.payloads)
        if plan.victims:
            former = {key_id: self._keys.by_id(connection, key_id) for key_id in plan.victims}
            fresh = self._keys.make(connection, case)
            _carry_files(connection, case, plan, former, fresh, read)
            _carry_payloads(connection, plan, former, fresh)
            destroy_keys(connection, case, plan.victims, format_time(self._clock()))
        return ShreddedParts(
            case,
            payloads=gone,
            files=sum(_needs(plan, ref) in plan.victims for ref in plan.doomed.values()),
            derived=destroy_copies(connection, case, plan.digests),
            plain=sum(not ref.enc for ref in plan.doomed.values()),
            kept=len(plan.files) if plan.victims else 0,
        )

    def _forget(self, case: str, drafts: Sequence[tuple[str, str]]) -> None:
        self._keys.forget(case)
        if self._ledger is not None:
            self._ledger.forget(case)
        for draft, file in drafts if self._staging is not None else ():
            assert self._staging is not None  # noqa: S101 - asked above
            with suppress(OSError):  # a later sweep takes what stays
                (self._staging / draft / file).unlink()


def _planned(connection: Connection, case: str) -> _Plan:
    """Raises `NotErased`: nothing of the case was destroyed in quarantine."""
    rows = [_row(*found) for found in connection.execute(ENTRIES, {"case": case})]
    told = quarantine_of([row.sealed for row in rows])
    if not told.destroyed:
        raise NotErased(f"{case} has no quarantine.destroyed")
    living = {row.key_id: row.wrapped for row in connection.execute(KEYS, {"case": case})}
    headers = {row.object: (row.key_id, row.header) for row in connection.execute(_HEADERS, {"case": case})}
    erased = frozenset(
        ref
        for row in rows
        if row.sealed.entry.kind is EntryKind.ERASURE_EXECUTED
        for ref in row.sealed.entry.refs
    )
    plan = _Plan(headers={name: held for name, held in headers.items() if held[0] in living})
    staying: list[_Row] = []
    for row in rows:
        if _payload_gone(told, row):
            if row.data is not None:
                plan.payloads.append(row.sealed.leaf)
                plan.victims.update(_living(living, row.key_id))
        elif row.data is not None and row.sealed.leaf not in erased:
            staying.append(row)
        plan.doomed.update({ref.key: ref for ref in _doomed(told, row.sealed)})
    for ref in plan.doomed.values():
        plan.victims.update(_living(living, _needs(plan, ref)))
    plan.rows = [row for row in staying if row.key_id in plan.victims]
    for row in rows:
        for ref in row.sealed.entry.objects if row.sealed.leaf not in erased else ():
            needed = _needs(plan, ref)
            if ref.key not in plan.doomed and needed in plan.victims:
                plan.files[ref.key] = (ref, needed)
    return plan


def _row(leaf: str, entry_bytes: bytes, salt: bytes | None, data: bytes | None) -> _Row:
    key_id = ""
    if data is not None and not salt:
        with suppress(Unreadable):  # a damaged row needs no key any more
            key_id = key_of_row(data)
    return _Row(SealedEntry(entry_bytes, leaf, None, None, None, parse_entry(entry_bytes)), data, key_id)


def _payload_gone(told: Withheld, row: _Row) -> bool:
    found = told.payload(row.sealed.entry.seq)
    return found is not None and found in told.destroyed


def _doomed(told: Withheld, sealed: SealedEntry) -> Iterator[BlobRef]:
    for ref in sealed.entry.objects:
        found = told.file(sealed.entry.seq, ref.sha256)
        if found is not None and found in told.destroyed:
            yield ref


def _needs(plan: _Plan, ref: BlobRef) -> str:
    """The key a file is opened with now."""
    held = plan.headers.get(ref.key)
    return held[0] if held is not None else key_of(ref.enc) if ref.enc else ""


def _living(living: Mapping[str, bytes], key_id: str) -> dict[str, bytes]:
    return {key_id: living[key_id]} if key_id in living else {}


def _carry_files(
    connection: Connection,
    case: str,
    plan: _Plan,
    former: Mapping[str, CaseKey | None],
    fresh: CaseKey,
    read: Mapping[str, bytes],
) -> None:
    """The files that stay get a header for the new key; one that nobody could open before cannot be opened after."""
    rows: list[dict[str, Any]] = []
    for name, (_, key_id) in plan.files.items():
        key = former[key_id]
        held = plan.headers.get(name)
        with suppress(NotOurs):
            if key is not None:
                header = rewrapped(held[1] if held is not None else read[name], key.secret, fresh.public)
                rows.append({"object": name, "case_id": case, "key_id": fresh.key_id, "header": header})
    stale = [name for name, held in plan.headers.items() if held[0] in plan.victims]
    for name in stale:
        connection.execute(delete(case_header).where(case_header.c.object == name))
    if rows:
        connection.execute(insert(case_header), rows)


def _carry_payloads(
    connection: Connection, plan: _Plan, former: Mapping[str, CaseKey | None], fresh: CaseKey
) -> None:
    for row in plan.rows:
        key = former[row.key_id]
        assert row.data is not None  # noqa: S101 - as planned
        with suppress(Unreadable):  # a damaged row stays the damaged row it was
            if key is not None:
                salt, plain = unlock(key.cipher, row.sealed.leaf, row.data)
                data = lock(fresh.cipher, fresh.key_id, row.sealed.leaf, salt, plain)
                wanted = update(payload).where(payload.c.leaf == row.sealed.leaf)
                connection.execute(wanted.values(bytes=data))
