"""Many processes at once, and nobody waiting for anybody's network (R7, R8)."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from evidence.checkpoint import sign_checkpoint
from evidence.entry import SealedEntry
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.proofs import head_of, prove_entry
from storage.database import connect
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger, start_log
from tests.storage import crowd
from tests.storage.support import ORIGIN, TickingClock, check_whole, draft, fill, notes, writes


@pytest.mark.parametrize(("cases", "appends"), [(1, 12), (200, 25)], ids=["one case", "200 cases"])
def test_sixteen_processes_and_two_sequencers(
    database_url: str, tmp_path: Path, cases: int, appends: int
) -> None:
    """R7: no fork, dense positions and indices, nothing lost, and every entry has a proof that verifies."""
    engine = connect(database_url)
    start_log(engine, ORIGIN)
    flag = tmp_path / "writing"
    flag.touch()
    folios = [f"MA-001-2026-{number:06d}" for number in range(cases)]
    writers = [
        (
            crowd.append_many,
            (database_url, name, [folios[(name * 37 + number * 7) % cases] for number in range(appends)]),
        )
        for name in range(crowd.PROCESSES)
    ]
    sequencers = [(crowd.sequence_while, (database_url, str(flag)))] * 2
    waiting = crowd.run([*sequencers, *writers])
    codes = [wait() for wait in waiting[2:]]
    flag.unlink()
    codes += [wait() for wait in waiting[:2]]
    assert codes == [0] * 18
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    expected = {f"{name}/{number}" for name in range(crowd.PROCESSES) for number in range(appends)}
    entries = check_whole(ledger)
    assert set(notes(entries)) == expected
    assert ledger.tree_size() == len(entries) == len(expected)
    _prove_all(ledger, entries)
    engine.dispose()


def _prove_all(ledger: SqlLedger, entries: Sequence[SealedEntry]) -> None:
    key = SigningKey.generate(ORIGIN)
    note = sign_checkpoint(head_of(ledger), key)
    for sealed in entries:
        assert sealed.index is not None
        prove_entry(ledger, sealed.index, note).verify(bytes.fromhex(sealed.leaf), [key.verifier], ORIGIN)


class Stalled(io.RawIOBase):
    """An upload whose sender has gone quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.resumed = threading.Event()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, _buffer: object, /) -> int:
        """Nothing until somebody resumes it, then the end."""
        self.asked.set()
        assert self.resumed.wait(60)
        return 0


def test_a_stalled_upload_keeps_nobody_waiting(sql_ledger: SqlLedger, tmp_path: Path) -> None:
    """R8: files go to their store before the transaction: while one hangs, others append at once."""
    stalled = Stalled()
    blobs = FileBlobStore(tmp_path / "blobs")

    def upload() -> None:
        ref = blobs.put(stalled, media="text/plain")  # type: ignore[arg-type]
        sql_ledger.append("MA-001-2026-000002", writes(draft("tarde", objects=(ref,))))

    thread = threading.Thread(target=upload)
    thread.start()
    assert stalled.asked.wait(10)
    begun = time.monotonic()
    sql_ledger.append("MA-001-2026-000001", writes(draft("a tiempo")))
    sql_ledger.sequence()
    assert time.monotonic() - begun < 5
    assert notes(list(sql_ledger.entries())) == ["a tiempo"]
    stalled.resumed.set()
    thread.join(10)
    assert sorted(map(str, notes(check_whole(sql_ledger)))) == ["a tiempo", "tarde"]


def test_a_slow_reader_keeps_nobody_waiting(sql_ledger: SqlLedger, engine: Engine) -> None:
    """R8: a stream half read (a slow download, a long verification) holds neither lock nor connection."""
    fill(sql_ledger, 600)
    streams = [sql_ledger.entries(), sql_ledger.cases(), sql_ledger.stored_rows()]
    next(streams[0])
    next(streams[1])
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    begun = time.monotonic()
    sql_ledger.append("MA-001-2026-000001", writes(draft("a tiempo")))
    assert sql_ledger.sequence() == 1
    assert time.monotonic() - begun < 5
    assert len(list(streams[0])) == 600


@pytest.mark.postgresql
def test_a_slow_composition_holds_its_own_case_only(migrated_postgresql_url: str) -> None:
    """On PostgreSQL heads are locked case by case: one case being written does not stop another, nor sequencing."""
    engine = connect(migrated_postgresql_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    inside, resumed = threading.Event(), threading.Event()

    def slow(_history: object) -> Composition:
        inside.set()
        assert resumed.wait(60)
        return Composition((draft("lento"),))

    thread = threading.Thread(target=lambda: ledger.append("MA-001-2026-000001", slow))
    thread.start()
    assert inside.wait(10)
    begun = time.monotonic()
    ledger.append("MA-001-2026-000002", writes(draft("rápido")))
    assert ledger.sequence() == 1
    assert time.monotonic() - begun < 5
    resumed.set()
    thread.join(10)
    assert ledger.sequence() == 1
    assert notes(check_whole(ledger)) == ["rápido", "lento"]
    engine.dispose()
