"""Verifying a whole ledger beside reading and hashing the same rows, and its files beside hashing the same files.

And whether the time grows with what there is and no faster: `verify --full` and the rebuild of projections at one size
and at four times that.
"""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.appends import ORIGIN, new_ledger
from benchmarks.desk import BenchDesk
from benchmarks.material import draft, noise
from benchmarks.measure import Figure, compare, milliseconds, per_second
from evidence.entry import BlobRef, EntryDraft
from evidence.findings import Verdict
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.processes import processors
from evidence.publisher import Publisher
from evidence.verify import verify_ledger, verify_objects
from storage.filesystem import FileBlobStore
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger

ENTRIES, CASE_LENGTH = 48_000, 30
FILES, FILE_BYTES = 600, 1024 * 1024
FEW, TIMES = 3_000, 4
FEW_CASES = 6


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Entries a second without files, MB a second of files, and microseconds an entry as there are more."""
    yield _entries(scratch, rounds)
    yield _files(scratch, rounds)
    yield _full_grows(scratch, rounds)
    yield _rebuild_grows(scratch, rounds)


def _entries(scratch: Path, rounds: int) -> Figure:
    path = scratch / "entries.sqlite3"
    ledger, key = _filled(scratch, "entries", ENTRIES)

    def ours() -> None:
        _demand_valid(ledger, None, key)

    def plain() -> None:
        with closing(sqlite3.connect(path)) as connection:
            for entry, payload, salt in connection.execute(_ROWS):
                hashlib.sha256(b"\0" + entry).digest()
                hashlib.sha256(salt + payload).digest()

    return compare(
        "verify_entries",
        lambda: per_second(ENTRIES, ours),
        "sqlite3 reads entry and payload, SHA-256 of both",
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
    paths = [scratch / "objects" / ref.key for ref in refs]

    def ours() -> None:
        findings, _ = verify_objects(ledger, store)
        if findings:
            raise AssertionError(findings[:3])

    def plain() -> None:
        for path in paths:
            with path.open("rb") as handle:
                hashlib.file_digest(handle, "sha256")

    return compare(
        "verify_objects",
        lambda: per_second(FILES * FILE_BYTES, ours) / 1e6,
        "hashlib.file_digest of each file, one core",
        lambda: per_second(FILES * FILE_BYTES, plain) / 1e6,
        unit="MB/s",
        rounds=rounds,
    )


def _full_grows(scratch: Path, rounds: int) -> Figure:
    """Microseconds an entry with a file of 4 KB, of four times as many entries beside as many: 1 is linear."""
    sides = []
    for count in (FEW * TIMES, FEW):
        store = FileBlobStore(scratch / f"objects-{count}")
        ledger, key = _filled(scratch, f"full-{count}", count, store)
        sides.append(partial(_microseconds, count, partial(_demand_valid, ledger, store, key)))
    return compare(f"verify --full, {TIMES} times as many entries", sides[0], "a quarter of them", sides[1],
                   unit="µs/entry", better="lower", rounds=rounds)  # fmt: skip


def _rebuild_grows(scratch: Path, rounds: int) -> Figure:
    """Milliseconds a case of `flask cases rebuild`, of four times as many cases beside as many: 1 is linear."""
    sides = []
    for count in (FEW_CASES * TIMES, FEW_CASES):
        folder = scratch / f"rebuild-{count}"
        folder.mkdir()
        desk = BenchDesk(folder)
        for _ in range(count):
            desk.whole_case()
        desk.settle()
        sides.append(partial(milliseconds, count, desk.cases.rebuild))
    return compare(f"cases rebuild, {TIMES} times as many cases", sides[0], "a quarter of them", sides[1],
                   unit="ms/case", better="lower", rounds=rounds)  # fmt: skip


def _microseconds(count: int, work: Callable[[], object]) -> float:
    return 1000 * milliseconds(count, work)


def _filled(
    scratch: Path, name: str, count: int, store: FileBlobStore | None = None
) -> tuple[SqlLedger, SigningKey]:
    """A signed ledger of so many entries in cases of `CASE_LENGTH`; with ``store`` each has a file of its own."""
    ledger = new_ledger(f"sqlite:///{scratch / name}.sqlite3")
    for case in range(count // CASE_LENGTH):
        numbers = range(case * CASE_LENGTH, (case + 1) * CASE_LENGTH)
        drafts = [draft(number) for number in numbers]
        if store is not None:
            files = (io.BytesIO(number.to_bytes(4, "big") * 1024) for number in numbers)
            refs = [store.put(file, media="application/pdf") for file in files]
            drafts = [replace(one, objects=(ref,)) for one, ref in zip(drafts, refs, strict=True)]
        _fill(ledger, f"BENCH-{case:06d}", drafts)
    return ledger, _publish(ledger, scratch / f"{name}-guard.sqlite3")


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
    report = verify_ledger(ledger, store, keys=[key.verifier], full=store is not None, processes=processors())
    if report.verdict is not Verdict.VALID:
        raise AssertionError(report.findings[:3])
