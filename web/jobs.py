"""Work that outlasts a request: long jobs that any worker can take, and the steward.

The steward is one thread of `flask serve`: it gives entries their index, signs the head, fires due timers, makes files
searchable and clears what has expired. Its work is safe to run in several processes at once; a failure is logged, tried
again ever later, and shown by ``/readyz``.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask

from evidence.canonical import Json
from evidence.entry import format_time
from evidence.ports import StoreUnavailable
from web import quarantining
from web.api.uploads import clean_uploads
from web.crew import Crew
from web.drafts import DraftDesk
from web.erasing import sweep
from web.errors import answer_for
from web.inception import sign
from web.logs import LOG
from web.proving import keep_anchors, keep_heads, keep_views
from web.reviewmail import remind
from web.wiring import House, HouseError, JobRecord
from workflows.texts import catch_up

KEEP_JOBS = timedelta(days=7)
KEEP_MAILS = timedelta(days=90)
"""How long a settled mail is remembered beside its entry: bounces come within days."""
KEEP_ANSWERS = timedelta(days=7)
"""How long an answer of the API is given again by its idempotency key; that nothing is sealed twice holds for ever."""
MOST_WAITING = 50
TEXTS_AT_ONCE = 3
MAILS_AT_ONCE = 5
_SHORTEST_CEILING, _LONGEST_PAUSE = 15.0, 300.0
"""Between these, the pause before a failed duty is tried again never exceeds what lies between two of its turns."""


class JobDesk:
    """Takes long work in and tells how it is doing; the application's crew, or another process, does it."""

    def __init__(self, app: Flask, house: House) -> None:
        self._app = app
        self._house = house

    def start(self, kind: str, owner: str, args: Mapping[str, Json] | None = None) -> str:
        """Let a job wait for a worker, and return its id; the part of ``kind`` before a colon names the work.

        Raises:
            HouseError: ``busy``: too many wait already.
        """
        now = self._house.clock()
        if self._house.jobs.waiting(now) >= MOST_WAITING:
            raise HouseError("busy")
        job_id, moment = secrets.token_hex(16), format_time(now)
        self._house.jobs.add(JobRecord(job_id, kind, owner, "waiting", 0, 0, {}, moment, moment, args or {}))
        crew = crew_of(self._app, self._house)
        if crew is not None:
            crew.wake()
        return job_id

    def get(self, job_id: str) -> JobRecord | None:
        """A job as it stands."""
        return self._house.jobs.get(job_id)


def crew_of(app: Flask, house: House) -> Crew | None:
    """The threads of this process that run jobs; ``None`` where `flask worker` runs them apart."""
    with _making:
        if "constancia.crew" not in app.extensions:
            app.extensions["constancia.crew"] = Crew(app, house)
        found = app.extensions["constancia.crew"]
    return found if isinstance(found, Crew) else None


_making = threading.Lock()


def job_json(record: JobRecord) -> dict[str, Json]:
    """A job as ``GET /tareas/<id>`` tells it."""
    return {
        "id": record.id,
        "kind": record.kind,
        "state": record.state,
        "done": record.done,
        "total": record.total,
        "result": dict(record.result),
        "started_at": record.started_at,
    }


@dataclass
class Duty:
    """Something the steward does every ``every`` seconds; ``failures`` in a row make it wait longer."""

    name: str
    every: float
    work: Callable[[House], object]
    due: float = 0.0
    failures: int = 0
    trouble: str = ""
    last_done: str = field(default="")

    @property
    def pause(self) -> float:
        """Seconds until a failed duty is tried again: 2, 4, 8 ..., so that a short outage is over soon here too."""
        ceiling = min(max(self.every, _SHORTEST_CEILING), _LONGEST_PAUSE)
        return float(min(2 ** min(self.failures, 16), ceiling))


class Steward:
    """The thread that keeps the house; `start` once a worker, `stop` when it ends."""

    def __init__(self, house: House, crew: Crew | None = None) -> None:
        self._house = house
        self._crew = crew
        self.copies = Copies()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="steward", daemon=True)
        self.duties = (
            Duty("publish", 1.0, sign),
            Duty("copies", 1.0, self.copies),
            Duty("timers", 60.0, _fire_timers),
            Duty("links", 60.0, _sweep_links),
            Duty("controls", 60.0, _run_series),
            Duty("access", 60.0, keep_access),
            Duty("heads", 3600.0, keep_heads),
            Duty("views", 3600.0, keep_views),
            Duty("anchors", 3600.0, keep_anchors),
            Duty("mail", 2.0, _send_mail),
            Duty("mailbox", 60.0, _poll_mailbox),
            Duty("texts", 3.0, _index_texts),
            Duty("webhooks", 2.0, _tell_systems),
            Duty("erasures", 60.0, _Erasures()),
            Duty("quarantines", 60.0, _Quarantines()),
            Duty("cleaning", 3600.0, _clean),
            Duty("boards", 3600.0, _follow_boards),
            Duty("jobs", 1.0, self._wake_crew),
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the duty under way and end; jobs under way go back to wait for another worker."""
        self._stop.set()
        if self._crew is not None:
            self._crew.rest()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self.copies.wait(10)
        if self._crew is not None:
            self._crew.give_back()

    def status(self) -> dict[str, Mapping[str, bool | str]]:
        """Each duty with ``ok``, when it was last done, and the code of its trouble."""
        alive = self._thread.is_alive()
        return {
            duty.name: {"ok": alive and duty.failures == 0, "at": duty.last_done, "code": duty.trouble}
            for duty in self.duties
        }

    def run_due(self, moment: float) -> None:
        """Do every duty that is due at the monotonic ``moment``."""
        for duty in self.duties:
            if duty.due <= moment and not self._stop.is_set():
                self._do(duty, moment)

    def _wake_crew(self, _house: House) -> None:
        """Jobs taken in by another process, or left by one that died."""
        if self._crew is not None:
            self._crew.look()

    def _loop(self) -> None:
        while not self._stop.is_set():
            self.run_due(time.monotonic())
            self._stop.wait(0.25)

    def _do(self, duty: Duty, moment: float) -> None:
        try:
            duty.work(self._house)
        except Exception as error:  # noqa: BLE001 - the steward outlives any trouble, and tells it
            duty.failures += 1
            if self._house.meters is not None:
                self._house.meters.duty_failures.labels(duty.name).inc()
            answer = answer_for(error)
            duty.trouble = answer.code if answer else type(error).__name__
            LOG.error("steward", exc_info=error, extra={"what": f"{duty.name}: {duty.trouble}"})
            duty.due = moment + duty.pause
        else:
            duty.failures, duty.trouble = 0, ""
            duty.last_done = format_time(self._house.clock())
            duty.due = moment + duty.every


def _run_series(house: House) -> None:
    house.cases.controls.run(house.clock())


def keep_access(house: House) -> int:
    """Tell of roles whose own end has come, end what a review left undecided, and remind; how many ended."""
    ended = house.access.tell_ended() + house.reviews.run()
    remind(house)
    return ended


def _fire_timers(house: House) -> None:
    house.cases.fire_due_timers(house.clock())


def _send_mail(house: House) -> None:
    """A few at a time: a slow server must not keep the log from being signed."""
    house.mail.sender.run(limit=MAILS_AT_ONCE)


def _sweep_links(house: House) -> None:
    house.links.sweeper.run(house.clock())


def _poll_mailbox(house: House) -> None:
    house.mailroom.poll()


def _index_texts(house: House) -> None:
    """A few files at a time: the log must be signed meanwhile."""
    catch_up(house.ledger, house.blobs, house.texts, house.reader, most_files=TEXTS_AT_ONCE)


def _tell_systems(house: House) -> None:
    """Messages leave in a thread of their own: a slow receiver must not keep the log from being signed."""
    house.hooks.round()


class Copies:
    """Copies of signed notes, put into the object store beside the steward: one that hangs must not keep it waiting."""

    def __init__(self) -> None:
        self._under_way: threading.Thread | None = None
        self._trouble: Exception | None = None

    def __call__(self, house: House) -> None:
        """Begin, unless one is under way; tells what kept the attempt before it from its end."""
        trouble = self._trouble  # before a new one begins: it may fail at once, and one failure is told once
        if self._under_way is None or not self._under_way.is_alive():
            self._under_way = threading.Thread(target=self._copy, args=(house,), name="copies", daemon=True)
            self._under_way.start()
        if trouble is not None:
            raise trouble

    def wait(self, seconds: float) -> None:
        """For the attempt under way, so long at most."""
        if self._under_way is not None:
            self._under_way.join(seconds)

    def _copy(self, house: House) -> None:
        try:
            house.publisher.copy()
        except Exception as error:  # noqa: BLE001 - the end of a thread; the duty tells it
            self._trouble = error
        else:
            self._trouble = None


class _Erasures:
    """What a crash left of an erasure, or a restored backup brought back; what is done is not looked at again."""

    def __init__(self) -> None:
        self._clean: set[str] = set()

    def __call__(self, house: House) -> None:
        _done, failed = sweep(house, clean=self._clean)
        if failed:
            raise StoreUnavailable(", ".join(folio for folio, _what in failed))


class _Quarantines:
    """The same of what was destroyed in quarantine."""

    def __init__(self) -> None:
        self._clean: set[tuple[str, int]] = set()

    def __call__(self, house: House) -> None:
        _done, failed = quarantining.sweep(house, clean=self._clean)
        if failed:
            raise StoreUnavailable(", ".join(folio for folio, _what in failed))


def _follow_boards(house: House) -> None:
    """Where nobody looks at a board, what changed is counted all the same: else its marks would pile up."""
    house.board.follow()


def _clean(house: House) -> None:
    DraftDesk(house).clean()
    house.sessions.purge()
    house.outbox.purge(house.clock() - KEEP_MAILS)
    house.inbox.purge(house.clock() - KEEP_MAILS)
    house.throttle.purge(house.clock() - timedelta(days=1))
    clean_uploads(house)
    house.answers.purge(house.clock() - KEEP_ANSWERS)
    house.hooks.desk.store.purge(house.clock() - KEEP_ANSWERS)
    house.rates.purge(int(house.clock().timestamp()) // 60 - 60)
    for job_id in house.jobs.purge(house.clock() - KEEP_JOBS):
        for left in (house.settings.data / "exports").glob(f"{job_id}*"):
            left.unlink(missing_ok=True)
