"""Verifying a whole ledger beside hashing the same bytes into an RFC 6962 root, and reading the same files."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.appends import ORIGIN, new_ledger
from benchmarks.material import draft, noise
from benchmarks.measure import Figure, compare, per_second
from evidence.entry import BlobRef, EntryDraft
from evidence.findings import Verdict
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.publisher import Publisher
from evidence.tree import Frontier, leaf_hash
from evidence.verify import verify_ledger
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger

ENTRIES, CASE_LENGTH = 12_000, 30
FILES, FILE_BYTES = 100, 1024 * 1024


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Entries a second without files, and MB a second of files."""
    yield _entries(scratch, rounds)
    yield _files(scratch, rounds)


def _entries(scratch: Path, rounds: int) -> Figure:
    path = scratch / "entries.sqlite3"
    ledger = new_ledger(f"sqlite:///{path}")
    for case in range(ENTRIES // CASE_LENGTH):
        drafts = [draft(case * CASE_LENGTH + number) for number in range(CASE_LENGTH)]
        _fill(ledger, f"BENCH-{case:06d}", drafts)
    key = _publish(ledger, scratch / "entries-guard.sqlite3")

    def ours() -> None:
        _demand_valid(ledger, None, key)

    def plain() -> None:
        tree = Frontier()
        with closing(sqlite3.connect(path)) as connection:
            for entry, payload, salt in connection.execute(_ROWS):
                hashlib.sha256(salt + payload).digest()
                tree.append(leaf_hash(entry))
        tree.root()

    return compare(
        "verify a ledger, entries",
        lambda: per_second(ENTRIES, ours),
        "sqlite3 reads entry and payload, sha256 of both, RFC 6962 root",
        lambda: per_second(ENTRIES, plain),
        unit="entries/s",
        rounds=rounds,
    )


_ROWS = """SELECT log_entry.entry_bytes, payload.bytes, payload.salt
           FROM log_entry JOIN payload ON payload.leaf = log_entry.leaf ORDER BY log_entry.log_index"""


def _files(scratch: Path, rounds: int) -> Figure:
    ledger = new_ledger(f"sqlite:///{scratch / 'files.sqlite3'}")
    store = FileBlobStore(scratch / "objects")
    body = noise(FILE_BYTES - 8)
    refs = [
        store.put(io.BytesIO(number.to_bytes(8, "big") + body), media="application/pdf")
        for number in range(FILES)
    ]
    _fill(ledger, "BENCH-000001", [_with(ref, number) for number, ref in enumerate(refs)])
    key = _publish(ledger, scratch / "files-guard.sqlite3")
    paths = [scratch / "objects" / ref.key for ref in refs]

    def ours() -> None:
        _demand_valid(ledger, store, key)

    def plain() -> None:
        for path in paths:
            with path.open("rb") as handle:
                hashlib.file_digest(handle, "sha256")

    return compare(
        "verify a ledger, files (full)",
        lambda: per_second(FILES * FILE_BYTES, ours) / 1e6,
        "hashlib.file_digest of each file",
        lambda: per_second(FILES * FILE_BYTES, plain) / 1e6,
        unit="MB/s",
        rounds=rounds,
    )


def _with(ref: BlobRef, number: int) -> EntryDraft:
    return replace(draft(number), objects=(ref,))


def _fill(ledger: SqlLedger, case: str, drafts: list[EntryDraft]) -> None:
    ledger.append(case, lambda _history: Composition(tuple(drafts)))


def _publish(ledger: SqlLedger, guard: Path) -> SigningKey:
    """Sequence everything and sign the head."""
    while ledger.sequence():
        pass
    key = SigningKey.generate(ORIGIN)
    Publisher(ledger, SqliteGuard(guard), key, lambda: datetime.now(UTC)).publish()
    return key


def _demand_valid(ledger: SqlLedger, store: FileBlobStore | None, key: SigningKey) -> None:
    """A figure for a verification that fails would be worthless."""
    report = verify_ledger(ledger, store, keys=[key.verifier], full=store is not None)
    if report.verdict is not Verdict.VALID:
        raise AssertionError(report.findings[:3])
