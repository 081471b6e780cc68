"""Many writers, one transaction: group commit for a database that allows one writer at a time.

Whoever comes first leads: it takes everybody waiting into one transaction, runs each piece of work in its own
savepoint, commits once, and only then lets anyone return. Who arrives meanwhile waits for the next round, which the
first of them leads. There is no thread of our own to start, stop or lose, and a writer alone pays nothing for it.
What is known to be done alike is done at once (`Together`), and only the rest piece by piece.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from evidence.ports import StoreBusy, StoreUnavailable
from storage.border import translated
from storage.database import swiftly, writing

Result = TypeVar("Result")

ROUND = 64
"""Most pieces of work in one transaction: bounds how long anyone waits behind others."""


MOST_WAITING = 256
"""Pieces of work that may wait for their round: more would wait for so long that nobody is there any more."""


class Together(Protocol):
    """Does the parts of several callers by common statements in the driver's own words."""

    def fitting(self, parts: Sequence[Any]) -> Sequence[int]:
        """Which of them can be done at once, by their place."""
        ...

    def done(self, driver: sqlite3.Connection, parts: Sequence[Any]) -> Sequence[Any] | None:
        """Do them in a transaction that is open: their results; ``None`` where one of them cannot be done so.

        Where it gives none, and where it raises, the caller takes back whatever was written.
        """
        ...


class _Job(Generic[Result]):
    """One caller's work and what became of it; ``part`` is the same work for `Together`, where it can be done so."""

    part: object = None

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self._work = work
        self.woken = threading.Event()
        self.leads = False
        self.committed = False
        self._result: list[Result] = []
        self.error: BaseException | None = None

    def run_alone(self, connection: Connection) -> None:
        """Do the work with the transaction to itself: its failure ends the transaction, and is its outcome."""
        try:
            with translated():
                self._result = [self._work(connection)]
        except Exception as error:
            self.error = error
            raise

    def run(self, connection: Connection) -> None:
        """Do the work in a savepoint of its own: its failure takes back its own writes and nobody else's."""
        try:
            with translated():
                self._result = [self._in_savepoint(connection)]
        except Exception as error:
            if not _transaction_lives(connection):
                raise  # a full disk ends the whole transaction, not only this savepoint
            self.error = error

    def _in_savepoint(self, connection: Connection) -> Result:
        driver = _driver(connection)
        driver.execute("SAVEPOINT work")
        try:
            result = self._work(connection)
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK TO work")
                driver.execute("RELEASE work")
            raise
        driver.execute("RELEASE work")
        return result

    def did(self, result: Result) -> None:
        """The work was done together with others'."""
        self._result = [result]

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return bool(self._result)

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        if not (self.committed and self._result):
            raise StoreUnavailable("the transaction was abandoned")
        return self._result[0]

    def abandon(self, error: BaseException) -> None:
        """The round failed as a whole; even a refusal may rest on what another in it had written, so none stands."""
        if self.error is error:
            return
        self.error = StoreUnavailable(f"the transaction failed: {error}")


class GroupCommit:
    """Runs pieces of work in shared transactions; see the module's text. One per engine and process."""

    def __init__(self, engine: Engine, together: Together | None = None) -> None:
        self._engine = engine
        self._together = together
        self._lock = threading.Lock()
        self._waiting: deque[_Job[object]] = deque()
        self._led = False
        self._leader = 0

    def run(self, work: Callable[[Connection], Result], part: object = None) -> Result:
        """Give ``work`` a connection inside a transaction; when this returns, its writes are durable.

        ``part`` is the same work in the words of `Together`: where others wait too, it may be done so instead.

        Raises:
            StoreBusy: so many wait that this one shall come again later.
            StoreUnavailable, LostRace, or what ``work`` raised; in each case nothing of it is written.
            RuntimeError: called from within ``work``, which would wait for itself for ever.
        """
        if self._leader == threading.get_ident():
            raise RuntimeError("a write inside a write: a composition must not append by itself")
        job: _Job[Result] = _Job(work)
        job.part = part
        try:
            if self._join(job):  # type: ignore[arg-type]  # the queue does not care for results
                self._lead(job)  # type: ignore[arg-type]
        except BaseException:
            self._leave(job)  # type: ignore[arg-type]
            raise
        return job.outcome()

    def _join(self, job: _Job[object]) -> bool:
        """Queue up; whether this thread leads a round: the first at once, others when the one before hands over."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                raise StoreBusy(f"{MOST_WAITING} writers wait already")
            self._waiting.append(job)
            job.leads = not self._led
            self._led = True
        if not job.leads:
            job.woken.wait()
        return job.leads

    def _leave(self, job: _Job[object]) -> None:
        """Go without an outcome (interrupted, or out of memory): nobody else may wait for a leader who is gone."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            leads, job.leads = job.leads, False
        if leads:
            self._hand_over([])

    def _lead(self, leader: _Job[object]) -> None:
        jobs: list[_Job[object]] = []
        self._leader = threading.get_ident()
        try:
            self._take(jobs)
            self._commit(jobs)
            for job in jobs:
                job.committed = True
        except BaseException as error:
            for job in jobs:
                job.abandon(error)
            if not jobs or not isinstance(error, Exception):
                raise
        finally:
            self._leader = 0
            leader.leads = False
            self._hand_over(jobs)

    def _take(self, jobs: list[_Job[object]]) -> None:
        """Move a round's jobs over, each listed before it leaves the queue: whatever happens, none is forgotten."""
        with self._lock:
            while self._waiting and len(jobs) < ROUND:
                jobs.append(self._waiting[0])
                self._waiting.popleft()

    def _commit(self, jobs: list[_Job[object]]) -> None:
        if not self._swiftly(jobs):
            self._one_by_one(jobs)

    def _swiftly(self, jobs: Sequence[_Job[object]]) -> bool:
        """A round of nothing but parts that fit together needs no more than the driver; false: nothing was done."""
        parts = [job.part for job in jobs if job.part is not None]
        if self._together is None or not len(jobs) == len(parts) == len(self._together.fitting(parts)):
            return False
        with translated(), swiftly(self._engine) as driver:
            driver.execute("BEGIN IMMEDIATE")
            try:
                results = _tried(driver, parts, self._together)
                if results is None:
                    return False
                driver.commit()
            finally:
                if driver.in_transaction:
                    driver.rollback()
        for job, result in zip(jobs, results, strict=True):
            job.did(result)
        return True

    def _one_by_one(self, jobs: Sequence[_Job[object]]) -> None:
        with translated(), writing(self._engine) as connection:
            if len(jobs) == 1:
                jobs[0].run_alone(connection)
                return
            self._at_once(connection, [job for job in jobs if job.part is not None])
            for job in jobs:
                if not job.done:
                    job.run(connection)

    def _at_once(self, connection: Connection, jobs: Sequence[_Job[object]]) -> None:
        """Do what can be done together; what cannot, or fails, is left to be done alone and to fail for itself."""
        if self._together is None or len(jobs) < 2:
            return
        fit = [jobs[n] for n in self._together.fitting([job.part for job in jobs])]
        driver = _driver(connection)
        driver.execute("SAVEPOINT together")
        results = _tried(driver, [job.part for job in fit], self._together)
        if results is None:
            driver.execute("ROLLBACK TO together")
        driver.execute("RELEASE together")
        for job, result in zip(fit, results or (), strict=results is not None):
            job.did(result)

    def _hand_over(self, jobs: list[_Job[object]]) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            heir = self._waiting[0] if self._waiting else None
            if heir is not None:
                heir.leads = (
                    True  # while the queue is held: an heir who leaves at this moment knows it is one
                )
        if heir is not None:
            heir.woken.set()
        for job in jobs:
            job.woken.set()


def _tried(driver: sqlite3.Connection, parts: Sequence[Any], together: Together) -> Sequence[Any] | None:
    """The results of parts done together; ``None`` where they cannot be, save that a broken transaction is an error."""
    try:
        return together.done(driver, parts)
    except Exception:
        if not driver.in_transaction:
            raise  # a full disk ends the whole transaction
        return None


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - group commit is for SQLite
    return driver


def _transaction_lives(connection: Connection) -> bool:
    return _driver(connection).in_transaction
