"""Long work as rows: waiting until a worker takes it, and taken again when that worker dies.

A worker holds a job by a lease that it renews while it lives. Of two who want the same job one statement lets one have
it; whoever lost its lease can neither report progress nor an end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, and_, delete, func, insert, or_, select, update

from evidence.canonical import Json
from evidence.entry import format_time
from storage.account_tables import job
from storage.accounts import changing
from storage.database import reading

MOST_ATTEMPTS = 3
"""A job that takes its worker down with it is not handed to every other one."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A long task: ``state`` is waiting, running, done, failed or lost; ``done`` of ``total`` units (0: unknown).

    ``args`` is what it needs to know, kept until it ends. ``worker`` runs it until ``lease_until``, for the
    ``attempts``-th time; a job whose workers died so often is lost. ``beat_at`` is its last sign of life.
    """

    id: str
    kind: str
    owner: str
    state: str
    done: int
    total: int
    result: Mapping[str, Json]
    started_at: str
    beat_at: str
    args: Mapping[str, Json] = field(default_factory=dict)
    worker: str = ""
    attempts: int = 0
    lease_until: str = ""


class SqlJobs:
    """Job records in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, record: JobRecord) -> None:
        """Keep a new job."""
        with changing(self._engine) as connection:
            connection.execute(insert(job).values(_values(record)))

    def get(self, job_id: str) -> JobRecord | None:
        """A job by id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
        return None if row is None else _record(row)

    def active(self, kind: str) -> int:
        """How many jobs of a kind wait or run; the part of a job's kind before a colon counts."""
        wanted = or_(job.c.kind == kind, job.c.kind.startswith(f"{kind}:", autoescape=True))
        states = job.c.state.in_(("waiting", "running"))
        with reading(self._engine) as connection:
            return int(connection.execute(select(func.count()).where(wanted, states)).scalar_one())

    def waiting(self, now: datetime) -> int:
        """How many jobs a worker could take now."""
        with reading(self._engine) as connection:
            return int(connection.execute(select(func.count()).where(_free(format_time(now)))).scalar_one())

    def claim(self, worker: str, now: datetime, lease: timedelta) -> JobRecord | None:
        """Take the oldest job that waits, or whose worker let its lease run out; ``None``: there is none.

        One whose workers died too often becomes ``lost`` instead.
        """
        moment = format_time(now)
        wanted = select(job).where(_free(moment)).order_by(job.c.started_at, job.c.id).limit(1)
        while True:
            with changing(self._engine) as connection:
                row = connection.execute(wanted).one_or_none()
                if row is None:
                    return None
                same = and_(job.c.id == row.id, job.c.state == row.state, job.c.attempts == row.attempts)
                if row.attempts >= MOST_ATTEMPTS:
                    connection.execute(update(job).where(same).values(state="lost", args=b"{}"))
                    continue
                taken = {
                    "state": "running",
                    "worker": worker,
                    "attempts": row.attempts + 1,
                    "lease_until": format_time(now + lease),
                    "beat_at": moment,
                }
                if connection.execute(update(job).where(same).values(taken)).rowcount == 1:
                    return _record(row, **taken)

    def beat(
        self, taken: JobRecord, now: datetime, lease: timedelta, done: int | None = None, total: int = 0
    ) -> bool:
        """Renew the lease of a job as `claim` gave it, with progress where there is any; ``False``: it is lost."""
        change: dict[str, object] = {"beat_at": format_time(now), "lease_until": format_time(now + lease)}
        if done is not None:
            change |= {"done": done, "total": total}
        with changing(self._engine) as connection:
            return connection.execute(update(job).where(_held(taken)).values(change)).rowcount == 1

    def finish(self, taken: JobRecord, state: str, result: Mapping[str, Json], now: datetime) -> bool:
        """The end of a job, with what it found; ``False``: somebody has taken it since, whose end counts."""
        change = {"state": state, "result": _packed(result), "beat_at": format_time(now), "args": b"{}"}
        with changing(self._engine) as connection:
            return connection.execute(update(job).where(_held(taken)).values(change)).rowcount == 1

    def give_back(self, worker: str) -> int:
        """Let others have what a worker that ends would leave; how many there were."""
        change = {"state": "waiting", "lease_until": "", "attempts": job.c.attempts - 1}
        with changing(self._engine) as connection:
            held = update(job).where(job.c.worker == worker, job.c.state == "running")
            return int(connection.execute(held.values(change)).rowcount)

    def purge(self, before: datetime) -> list[str]:
        """Forget jobs that last beat before; returns their ids."""
        old = job.c.beat_at < format_time(before)
        with changing(self._engine) as connection:
            ids = list(connection.execute(select(job.c.id).where(old)).scalars())
            connection.execute(delete(job).where(old))
        return ids


def _free(moment: str) -> Any:
    return or_(job.c.state == "waiting", and_(job.c.state == "running", job.c.lease_until <= moment))


def _held(taken: JobRecord) -> Any:
    """By that very claim: a process whose lease ran out may have taken the same job again in another thread."""
    return and_(
        job.c.id == taken.id,
        job.c.state == "running",
        job.c.worker == taken.worker,
        job.c.attempts == taken.attempts,
    )


def _record(row: Row[Any], **changed: Any) -> JobRecord:
    members = {**row._mapping, **changed}  # noqa: SLF001 - SQLAlchemy's public name for it
    return JobRecord(**{**members, "result": json.loads(row.result), "args": json.loads(row.args)})


def _packed(value: Mapping[str, Json]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _values(record: JobRecord) -> dict[str, object]:
    plain = {
        name: getattr(record, name)
        for name in ("id", "kind", "owner", "state", "done", "total", "started_at", "beat_at")
    }
    more = {name: getattr(record, name) for name in ("worker", "attempts", "lease_until")}
    return {**plain, **more, "result": _packed(record.result), "args": _packed(record.args)}
