"""Group commit on SQLite: shared transactions, isolated failures, nothing returned before it is durable."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text

from evidence.ports import Composition, StoreUnavailable
from storage import group_commit
from storage.database import connect
from storage.group_commit import ROUND, GroupCommit, _Job
from storage.ledger import SqlLedger, start_log
from tests.storage.support import ORIGIN, TickingClock, check_whole, draft, notes, writes


@pytest.fixture
def engine(migrated_sqlite_url: str) -> Iterator[Engine]:
    """An SQLite database with a table to write to; waiting for its lock is cut short."""
    made = connect(migrated_sqlite_url)
    event.listen(made, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=200"))
    start_log(made, ORIGIN)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE mark (name TEXT PRIMARY KEY)"))
    yield made
    made.dispose()


@pytest.fixture
def commits(engine: Engine) -> list[float]:
    """The moments at which transactions were committed."""
    seen: list[float] = []
    event.listen(engine, "commit", lambda _connection: seen.append(time.monotonic()))
    return seen


def mark(name: str) -> Callable[[Connection], str]:
    """Work that writes a name."""

    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO mark VALUES (:name)"), {"name": name})
        return name

    return work


def marks(engine: Engine) -> list[str]:
    """The names another connection sees."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM mark ORDER BY name")).scalars())


class Crowd:
    """Threads that give work to a group while its first round is held open."""

    def __init__(self, group: GroupCommit) -> None:
        self._group = group
        self._open = threading.Event()
        self._gate = threading.Event()
        self._threads: list[threading.Thread] = []
        self.outcomes: dict[str, object] = {}
        self.start("first", self._hold)
        assert self._open.wait(10)

    def _hold(self, connection: Connection) -> str:
        self._open.set()
        assert self._gate.wait(10)
        return mark("first")(connection)

    def start(self, name: str, work: Callable[[Connection], object]) -> None:
        """Give work from a thread of its own."""

        def run() -> None:
            try:
                self.outcomes[name] = self._group.run(work)
            except BaseException as error:  # noqa: BLE001 - the outcome
                self.outcomes[name] = error

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self, waiting: int) -> dict[str, object]:
        """Once so many wait for the second round, let the first go, and collect what became of each."""
        limit = time.monotonic() + 10
        while len(self._group._waiting) < waiting and time.monotonic() < limit:
            time.sleep(0.005)
        self._gate.set()
        for thread in self._threads:
            thread.join(10)
        return self.outcomes


def test_who_waits_shares_one_transaction(engine: Engine, commits: list[float]) -> None:
    """Twenty pieces of work that wait together cost one commit."""
    crowd = Crowd(GroupCommit(engine))
    names = [f"w{number:02d}" for number in range(20)]
    for name in names:
        crowd.start(name, mark(name))
    outcomes = crowd.finish(20)
    assert outcomes == {name: name for name in ["first", *names]}
    assert marks(engine) == ["first", *names]
    assert len(commits) == 2


def test_a_round_is_bounded(engine: Engine, commits: list[float]) -> None:
    """More than one round's worth of work is spread, so that nobody waits for an endless transaction."""
    crowd = Crowd(GroupCommit(engine))
    for number in range(ROUND + 1):
        crowd.start(str(number), mark(str(number)))
    crowd.finish(ROUND + 1)
    assert len(marks(engine)) == ROUND + 2
    assert len(commits) == 3


def test_a_failure_takes_back_its_own_writes_only(engine: Engine) -> None:
    """One fails in the middle of the round: it alone is told, and the others are written."""

    class Refused(Exception):
        pass

    def fails(connection: Connection) -> str:
        mark("half")(connection)
        raise Refused

    crowd = Crowd(GroupCommit(engine))
    crowd.start("a", mark("a"))
    crowd.start("b", fails)
    crowd.start("c", mark("c"))
    outcomes = crowd.finish(3)
    assert isinstance(outcomes.pop("b"), Refused)
    assert outcomes == {"first": "first", "a": "a", "c": "c"}
    assert marks(engine) == ["a", "c", "first"]


def test_nobody_returns_before_the_commit(engine: Engine, commits: list[float]) -> None:
    """Everybody's answer comes after the one commit that makes it true."""
    group = GroupCommit(engine)
    returned: list[float] = []

    def run(name: str) -> None:
        group.run(mark(name))
        assert name in marks(engine)
        returned.append(time.monotonic())

    threads = [threading.Thread(target=run, args=(str(number),)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(returned) == 16
    assert max(commits) <= max(returned)


def test_when_the_commit_fails_everybody_is_told(engine: Engine) -> None:
    """A commit that does not succeed means nothing was written, for each, and the next round works."""
    broken = [True]

    def fail(_connection: Connection) -> None:
        if broken.pop():
            raise sqlite3.OperationalError("disk I/O error")

    group = GroupCommit(engine)
    crowd = Crowd(group)
    crowd.start("a", mark("a"))

    def refuses(_connection: Connection) -> None:
        raise ValueError("refused on what the round had written")

    crowd.start("b", refuses)
    broken.append(False)  # the first round's commit succeeds, the second's fails
    event.listen(engine, "commit", fail)
    outcomes = crowd.finish(2)
    assert outcomes["first"] == "first"
    assert isinstance(outcomes["a"], StoreUnavailable)
    assert isinstance(outcomes["b"], StoreUnavailable)
    event.remove(engine, "commit", fail)
    assert group.run(mark("a")) == "a"
    assert marks(engine) == ["a", "first"]


def test_a_leader_that_is_interrupted_hands_over(engine: Engine) -> None:
    """A thread that is torn down in the middle neither strands the others nor leaves half of its round."""
    group = GroupCommit(engine)
    crowd = Crowd(group)
    crowd.start("a", mark("a"))

    def interrupted(_connection: Connection) -> None:
        raise SystemExit(1)

    crowd.start("b", interrupted)
    outcomes = crowd.finish(2)
    assert outcomes["first"] == "first"
    assert {type(outcomes["a"]), type(outcomes["b"])} == {SystemExit, StoreUnavailable}
    assert group.run(mark("c")) == "c"
    assert marks(engine) == ["c", "first"]


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


def test_a_database_locked_by_another_process(engine: Engine) -> None:
    """Locked for too long is unavailability with nothing written; once free, the same call works. Reads go on."""
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    ledger.append("MA-001-2026-000001", writes(draft("antes")))
    other = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(engine.url.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdin is not None
    with other:
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(StoreUnavailable, match="locked"):
            ledger.append("MA-001-2026-000001", writes(draft("durante")))
        assert notes(ledger.history("MA-001-2026-000001")) == ["antes"]
        other.stdin.write(b"\n")
    ledger.append("MA-001-2026-000001", writes(draft("después")))
    assert notes(check_whole(ledger)) == ["antes", "después"]


def test_a_database_that_may_not_grow(engine: Engine) -> None:
    """SQLITE_FULL in the middle of a transaction: unavailability, nothing half written, and it goes on afterwards."""
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    ledger.append("MA-001-2026-000001", writes(draft("antes")))
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    limit = [pages + 3]

    def cap(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit[0]}")

    event.listen(engine, "checkout", cap)
    with pytest.raises(StoreUnavailable, match="full"):
        ledger.append("MA-001-2026-000001", writes(draft("corto"), draft("x" * 100_000)))
    assert notes(check_whole(ledger)) == ["antes"]
    limit[0] = 2**30
    ledger.append("MA-001-2026-000001", writes(draft("después")))
    assert notes(check_whole(ledger)) == ["antes", "después"]


def test_a_full_disk(small_disk: Path, migrated_sqlite_url: str) -> None:
    """ENOSPC on a real file system: appends fail cleanly from some point on, and what was acknowledged is whole."""
    path = small_disk / "constancia.sqlite"
    path.write_bytes(Path(migrated_sqlite_url.removeprefix("sqlite:///")).read_bytes())
    engine = connect(f"sqlite:///{path}")
    start_log(engine, ORIGIN)
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    acknowledged: list[str] = []

    def append_until_full() -> None:
        for number in range(200):
            ledger.append("MA-001-2026-000001", writes(draft(f"{number} {'x' * 20_000}")))
            acknowledged.append(str(number))

    with pytest.raises(StoreUnavailable):
        append_until_full()
    assert 0 < len(acknowledged) < 200
    assert [str(note).split()[0] for note in notes(check_whole(ledger))] == acknowledged
    engine.dispose()


def test_an_abandoned_composition_frees_the_lock(engine: Engine) -> None:
    """A refusal inside the transaction leaves no lock behind for the next process."""
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())

    def refuses(_history: object) -> Composition:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ledger.append("MA-001-2026-000001", refuses)
    with sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_a_composition_that_appends_is_told(engine: Engine) -> None:
    """A write inside a write is refused at once instead of waiting for itself, and nothing of either is written."""
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())

    def nested(_history: object) -> Composition:
        ledger.append("MA-001-2026-000002", writes())
        return Composition((draft(),))

    with pytest.raises(RuntimeError, match="inside"):
        ledger.append("MA-001-2026-000001", nested)
    assert check_whole(ledger) == []


def test_a_lone_writer_pays_for_no_savepoint(engine: Engine) -> None:
    """Without company the work has the transaction to itself; a failure still takes all of it back."""
    savepoints: list[str] = []
    event.listen(engine, "savepoint", lambda _connection, name: savepoints.append(name))
    group = GroupCommit(engine)

    def fails(connection: Connection) -> None:
        mark("half")(connection)
        raise ValueError("no")

    group.run(mark("a"))
    with pytest.raises(ValueError, match="no"):
        group.run(fails)
    assert marks(engine) == ["a"]
    assert savepoints == []


class _CtrlC(threading.Event):
    """A wait that ends in an interruption once it would have ended by itself."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(timeout)
        raise KeyboardInterrupt


def test_an_heir_that_is_interrupted_keeps_nobody_waiting(engine: Engine) -> None:
    """Ctrl+C in the very wait for the lead: its work is not done, and those behind it are served."""
    group = GroupCommit(engine)
    crowd = Crowd(group)
    made = _Job(mark("never"))
    made.woken = _CtrlC()
    ended: list[type[BaseException]] = []

    def interrupted() -> None:
        with pytest.raises(KeyboardInterrupt) as raised:
            group.run(mark("never"))
        ended.append(raised.type)

    thread = threading.Thread(target=interrupted, daemon=True)

    def job(work: Callable[[Connection], object]) -> _Job[object]:
        return made if threading.current_thread() is thread else _Job(work)  # type: ignore[return-value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group_commit, "_Job", job)
        thread.start()
        _until(lambda: len(group._waiting) == 1)
        crowd.start("last", mark("last"))
        crowd.finish(waiting=2)
    thread.join(30)
    assert ended == [KeyboardInterrupt]
    assert marks(engine) == ["first", "last"]


def test_a_round_that_cannot_begin_keeps_nobody_waiting(engine: Engine) -> None:
    """Out of memory before the transaction: its caller is told, its work is not left for others, the next is served."""
    group = GroupCommit(engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group, "_take", _out_of_memory)
        with pytest.raises(MemoryError):
            group.run(mark("never"))
    assert group.run(mark("next")) == "next"
    assert marks(engine) == ["next"]


def _out_of_memory(_jobs: object) -> None:
    raise MemoryError


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("never")
