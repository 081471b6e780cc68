"""Sequencer and publisher between processes: never two at once, and nobody waits for one that is dead or stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import event

from evidence.checkpoint import open_checkpoint
from evidence.findings import Verdict
from evidence.note import SigningKey
from evidence.publisher import Publisher
from evidence.verify import verify_ledger
from storage.database import connect
from storage.guard import SqliteGuard
from storage.ledger import SqlLedger, start_log
from tests.storage.support import ORIGIN, TickingClock, check_whole, draft, writes

CONTEXT = multiprocessing.get_context("forkserver")


def hold_sequencing(url: str, end: Connection) -> None:
    """Sequence up to the commit, say so, and go no further until told."""
    engine = connect(url)
    ledger = SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))

    def hold(_connection: object) -> None:
        end.send("inside")
        end.recv()

    event.listen(engine, "commit", hold)
    try:
        ledger.sequence()
    except Exception as error:  # noqa: BLE001 - told to the test
        end.send(type(error).__name__)
    else:
        end.send("committed")


def keep_settling(url: str, guard: str, key: str, flag: str) -> None:
    """What the steward does, as long as the flag file is there."""
    engine = connect(url)
    ledger = SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))
    publisher = Publisher(ledger, SqliteGuard(guard), SigningKey.from_text(key), lambda: datetime.now(UTC))
    while os.path.exists(flag):  # noqa: PTH110 - a flag, not a path of ours
        ledger.sequence(8)
        publisher.publish()


class Holder:
    """A process that holds the sequencer's lock."""

    def __init__(self, url: str) -> None:
        self.end, there = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=hold_sequencing, args=(url, there), daemon=True)
        self.process.start()
        assert self.end.poll(60)
        assert self.end.recv() == "inside"

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not holds() and time.monotonic() < limit:
        time.sleep(0.02)
    return holds()


def _grown(ledger: SqlLedger, size: int) -> bool:
    return ledger.tree_size() > size


def test_a_killed_sequencer_is_followed_by_another(database_url: str) -> None:
    """While one is at it nobody else is; killed, it leaves nothing, and the next has everything done."""
    engine = connect(database_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    for number in range(5):
        ledger.append(f"MA-001-2026-{number:06d}", writes(draft(str(number))))
    holder = Holder(database_url)
    done: list[int] = []
    second = threading.Thread(target=lambda: done.append(ledger.sequence()))
    second.start()
    assert not _until(lambda: bool(done), 1)
    assert ledger.tree_size() == 0
    holder.signal(signal.SIGKILL)
    second.join(30)
    assert done == [5]
    assert len(check_whole(ledger)) == 5
    engine.dispose()


@pytest.mark.postgresql
def test_a_stopped_sequencer_loses_its_turn(migrated_postgresql_url: str) -> None:
    """A process that hangs inside its transaction (SIGSTOP, a machine cut off) is put out of it within seconds.

    Awake again it cannot commit what it had begun.
    """
    engine = connect(migrated_postgresql_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    for number in range(5):
        ledger.append(f"MA-001-2026-{number:06d}", writes(draft(str(number))))
    holder = Holder(migrated_postgresql_url)
    holder.signal(signal.SIGSTOP)
    assert ledger.sequence() == 5
    holder.signal(signal.SIGCONT)
    holder.end.send("go on")
    assert holder.end.poll(30)
    assert holder.end.recv() != "committed"
    holder.process.join(30)
    assert len(check_whole(ledger)) == 5
    engine.dispose()


def test_stewards_that_come_and_go_sign_one_history(database_url: str, tmp_path: Path) -> None:
    """Three at a time, one killed again and again under load: every signed head is of one and the same log."""
    engine = connect(database_url)
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))
    key, flag, guard = SigningKey.generate(ORIGIN), tmp_path / "on", tmp_path / "guard.sqlite"
    flag.touch()

    def steward() -> multiprocessing.process.BaseProcess:
        arguments = (database_url, str(guard), key.text, str(flag))
        process = CONTEXT.Process(target=keep_settling, args=arguments, daemon=True)
        process.start()
        return process

    stewards = [steward() for _ in range(3)]
    for number in range(120):
        ledger.append(f"MA-001-2026-{number % 7:06d}", writes(draft(str(number))))
        if number % 30 == 29:
            assert _until(partial(_grown, ledger, number - 8), 60)
            stewards[0].kill()
            stewards = [*stewards[1:], steward()]
    assert _until(lambda: (ledger.latest_checkpoint() or (0, b""))[0] == 120, 60)
    flag.unlink()
    for process in stewards:
        process.join(30)
    check_whole(ledger)
    notes = [note for _, note in ledger.checkpoints()]
    report = verify_ledger(ledger, keys=[key.verifier], known_checkpoints=notes)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    sizes = [open_checkpoint(note, [key.verifier], ORIGIN).size for note in notes]
    assert sizes == sorted(set(sizes))
    last = SqliteGuard(guard).last()
    assert last is not None
    assert last[0] == 120
    engine.dispose()
