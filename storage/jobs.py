"""Progress of long work, where any worker can read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update

from evidence.canonical import Json
from evidence.entry import format_time
from storage.account_tables import job
from storage.accounts import changing
from storage.database import reading


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A long task: ``state`` is running, done or failed; ``done`` of ``total`` units (0: unknown how many).

    ``beat_at`` is its last sign of life (ledger time): a running job that stopped beating died with its worker.
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


class SqlJobs:
    """Job records in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, record: JobRecord) -> None:
        """Keep a new job."""
        with changing(self._engine) as connection:
            connection.execute(insert(job).values(_row(record)))

    def get(self, job_id: str) -> JobRecord | None:
        """A job by id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(job).where(job.c.id == job_id)).one_or_none()
        if row is None:
            return None
        return JobRecord(
            row.id, row.kind, row.owner, row.state, row.done, row.total,
            json.loads(row.result), row.started_at, row.beat_at,
        )  # fmt: skip

    def beat(self, job_id: str, done: int, total: int, now: datetime) -> None:
        """Progress of a running job."""
        change = update(job).where(job.c.id == job_id, job.c.state == "running")
        with changing(self._engine) as connection:
            connection.execute(change.values(done=done, total=total, beat_at=format_time(now)))

    def finish(self, job_id: str, state: str, result: Mapping[str, Json], now: datetime) -> None:
        """The end of a job, with what it found."""
        packed = json.dumps(result, ensure_ascii=False).encode()
        change = update(job).where(job.c.id == job_id)
        with changing(self._engine) as connection:
            connection.execute(change.values(state=state, result=packed, beat_at=format_time(now)))

    def purge(self, before: datetime) -> list[str]:
        """Forget jobs that last beat before; returns their ids."""
        old = job.c.beat_at < format_time(before)
        with changing(self._engine) as connection:
            ids = list(connection.execute(select(job.c.id).where(old)).scalars())
            connection.execute(delete(job).where(old))
        return ids


def _row(record: JobRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "kind": record.kind,
        "owner": record.owner,
        "state": record.state,
        "done": record.done,
        "total": record.total,
        "result": json.dumps(record.result, ensure_ascii=False).encode(),
        "started_at": record.started_at,
        "beat_at": record.beat_at,
    }
