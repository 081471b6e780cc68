"""Who runs long work: threads that take waiting jobs one after another, in a server or in `flask worker`.

A kind of work is registered by its name with a function of the house, the arguments and the progress; arguments are
JSON in the job's row, so any worker can run it, and run it again when the first one died. Whatever it seals carries an
idempotency key, or may be sealed twice in truth (an export that was made twice).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

from evidence.canonical import Json
from web.errors import answer_for, house_answer
from web.logs import LOG
from web.wiring import House, JobRecord

MOST_JOBS = 4
LEASE = timedelta(seconds=60)
_BEAT_SECONDS = 0.5

Work = Callable[[House, JobRecord, "Progress"], Mapping[str, Json]]
After = Callable[[House, JobRecord], None]


class LeaseLost(Exception):
    """The job was taken again: this thread was silent too long, and what it would report counts no more."""


class Progress:
    """Given to work: call it with units done and units in all (0: unknown). Raises `LeaseLost`."""

    def __init__(self, house: House, job: JobRecord, lease: timedelta = LEASE) -> None:
        self._house = house
        self._job = job
        self._lease = lease
        self._last = 0.0

    @property
    def job_id(self) -> str:
        """The job's id: what it leaves behind in the data directory begins with it."""
        return self._job.id

    def __call__(self, done: int, total: int = 0) -> None:
        """Write progress down, at most twice a second."""
        moment = time.monotonic()
        if moment - self._last >= _BEAT_SECONDS:
            self._last = moment
            self.beat(done, total)

    def beat(self, done: int | None = None, total: int = 0) -> None:
        """Say that the work goes on."""
        now = self._house.clock()
        if not self._house.jobs.beat(self._job, now, self._lease, done, total):
            raise LeaseLost(self._job.id)


@dataclass(frozen=True, slots=True)
class _Kind:
    work: Work
    after: After | None


_KINDS: dict[str, _Kind] = {}


def job(kind: str, after: After | None = None) -> Callable[[Work], Work]:
    """Register the work of a kind (what stands before the colon); ``after`` runs once its end is written down."""

    def register(work: Work) -> Work:
        _KINDS[kind] = _Kind(work, after)
        return work

    return register


class Crew:
    """The threads of one process; `wake` sees to it that enough of them look for work."""

    def __init__(self, app: Flask, house: House, *, lease: timedelta = LEASE, most: int = MOST_JOBS) -> None:
        self._app = app
        self._house = house
        self._lease = lease
        self._most = most
        self._busy = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.name = secrets.token_hex(8)

    def wake(self) -> None:
        """Somebody may be waiting: one more thread, up to the limit, which ends when nothing is left to take."""
        with self._lock:
            if self._busy >= self._most or self._ended.is_set():
                return
            self._busy += 1
        threading.Thread(target=self._drain, name="crew", daemon=True).start()

    def look(self) -> None:
        """A steward's round: wake as many as there is work for."""
        for _ in range(min(self._most, self._house.jobs.waiting(self._house.clock()))):
            self.wake()

    def rest(self) -> None:
        """Take nothing more."""
        self._ended.set()

    def give_back(self) -> None:
        """Let others have what is under way here; the last thing a process does."""
        self._house.jobs.give_back(self.name)

    def _drain(self) -> None:
        try:
            while not self._ended.is_set():
                taken = self._house.jobs.claim(self.name, self._house.clock(), self._lease)
                if taken is None:
                    return
                self._run(taken)
        except Exception as error:  # noqa: BLE001 - the end of a thread; the steward wakes another
            LOG.error("crew", exc_info=error)
        finally:
            with self._lock:
                self._busy -= 1

    def _run(self, taken: JobRecord) -> None:
        kind = _KINDS.get(taken.kind.partition(":")[0])
        stop = threading.Event()
        progress = Progress(self._house, taken, self._lease)
        threading.Thread(target=self._keep_beating, args=(progress, stop), daemon=True).start()
        try:
            with self._app.app_context():
                state, result = self._outcome(kind, taken, progress)
        except LeaseLost:
            LOG.warning("job was taken over", extra={"what": taken.kind.partition(":")[0]})
            return
        finally:
            stop.set()
        ended = self._house.jobs.finish(taken, state, result, self._house.clock())
        if ended and state == "done" and kind is not None and kind.after is not None:
            kind.after(self._house, taken)

    def _outcome(
        self, kind: _Kind | None, taken: JobRecord, progress: Progress
    ) -> tuple[str, dict[str, Json]]:
        try:
            if kind is None:
                raise LookupError(taken.kind)
            return "done", dict(kind.work(self._house, taken, progress))
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the end of a job: told to the person and to the log
            answer = answer_for(error) or house_answer("internal")
            LOG.error("job failed", exc_info=error, extra={"what": answer.code})
            return "failed", {"error": answer.as_json()}

    def _keep_beating(self, progress: Progress, stop: threading.Event) -> None:
        """A long silent stretch of work is no death: only a dead worker stops this beat."""
        while not stop.wait(self._lease.total_seconds() / 4):
            try:
                progress.beat()
            except LeaseLost:
                return
            except Exception as error:  # noqa: BLE001 - a database that is away; the lease runs on meanwhile
                LOG.error("beat", exc_info=error)
