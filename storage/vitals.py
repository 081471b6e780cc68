"""What an operator watches of an installation, in a few short queries: counts and oldest times, nobody's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from evidence.anchored import ANCHORS_CASE
from evidence.entry import format_time
from storage.account_tables import job
from storage.database import reading
from storage.ledger_tables import checkpoint, log_entry, log_state, projection
from storage.mail_tables import outgoing_mail

_ANCHORS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Vitals:
    """Times are ledger times, ``""`` for none.

    Attributes:
        size: sequenced entries.
        unsequenced: entries that wait for their index, and since when the oldest does.
        signed: size of the latest signed checkpoint, and when it was signed.
        mails: outgoing mails by state; ``mail_since``: creation of the oldest that has not gone.
        jobs: long tasks by state.
        timers_due: cases in which a timer has something to record by now; ``timer_since``: the earliest such moment.
        anchors: the newest anchor entries, as their bytes.
    """

    size: int
    unsequenced: int
    unsequenced_since: str
    signed: int
    signed_at: str
    mails: Mapping[str, int]
    mail_since: str
    jobs: Mapping[str, int]
    timers_due: int
    timer_since: str
    anchors: tuple[bytes, ...]


class SqlVitals:
    """Asks the database; every query is answered by an index or a table that stays small."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, now: datetime) -> Vitals:
        """As of now. Raises `StoreUnavailable`."""
        with reading(self._engine) as connection:
            waiting, since = connection.execute(
                select(func.count(), func.min(log_entry.c.recorded_at)).where(log_entry.c.log_index.is_(None))
            ).one()
            signed = connection.execute(
                select(checkpoint.c.size, checkpoint.c.published_at)
                .order_by(checkpoint.c.size.desc())
                .limit(1)
            ).one_or_none()
            due, earliest = _due(connection, format_time(now))
            return Vitals(
                size=connection.execute(select(log_state.c.size)).scalar_one(),
                unsequenced=waiting,
                unsequenced_since=since or "",
                signed=signed.size if signed else 0,
                signed_at=signed.published_at if signed else "",
                mails=_by_state(connection, outgoing_mail.c.state),
                mail_since=_oldest_mail(connection),
                jobs=_by_state(connection, job.c.state),
                timers_due=due,
                timer_since=earliest,
                anchors=_anchors(connection),
            )


def _due(connection: Connection, now: str) -> tuple[int, str]:
    mark = projection.c.next_mark
    count, earliest = connection.execute(
        select(func.count(), func.min(mark)).where(mark != "", mark <= now)
    ).one()
    return count, earliest or ""


def _by_state(connection: Connection, state: object) -> dict[str, int]:
    found = connection.execute(select(state, func.count()).group_by(state))  # type: ignore[call-overload]  # a column
    return {str(name): int(count) for name, count in found}


def _oldest_mail(connection: Connection) -> str:
    wanted = select(func.min(outgoing_mail.c.created_at)).where(outgoing_mail.c.settled_at == "")
    return connection.execute(wanted).scalar_one() or ""


def _anchors(connection: Connection) -> tuple[bytes, ...]:
    wanted = (
        select(log_entry.c.entry_bytes)
        .where(log_entry.c.case_id == ANCHORS_CASE)
        .order_by(log_entry.c.case_seq.desc())
        .limit(_ANCHORS_LOOKED_AT)
    )
    return tuple(connection.execute(wanted).scalars())
