"""One master key giving way to the next: every case's key is wrapped anew, and no file or payload is written again."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from storage.border import answered
from storage.ciphers.master import MasterKey
from storage.ciphers.remote import RemoteMaster
from storage.ciphers.tables import case_key
from storage.database import is_sqlite, reading, writing

_TOGETHER = 256


def wrapped_for(engine: Engine) -> dict[str, int]:
    """How many keys of cases are wrapped for which recipient of a master key (64 hex digits)."""
    counted = select(case_key.c.master, func.count()).group_by(case_key.c.master).order_by(case_key.c.master)
    with reading(engine) as connection:
        return {master: int(count) for master, count in connection.execute(counted)}


def rewrap(engine: Engine, master: MasterKey | RemoteMaster) -> int:
    """Wrap every key for the first identity of ``master``, of which another opens it; gives how many.

    In small transactions: killed anywhere it is run again and goes on. At the end of it SQLite's file, or PostgreSQL's
    table, is made anew, so that it holds no copy for the former master key; also where nothing was left to wrap, since
    whoever was killed before that end runs it again.

    Raises:
        KeysUnavailable: one of them is wrapped for none of these; what was done stays done. StoreUnavailable.
    """
    done = 0
    while some := _some(engine, master):
        done += some
    if is_sqlite(engine):
        with answered(), engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - just opened
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        with answered(), engine.connect() as opened:
            opened.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                f"VACUUM FULL {case_key.name}"
            )
    return done


def _some(engine: Engine, master: MasterKey | RemoteMaster) -> int:
    wanted = (
        select(case_key.c.id, case_key.c.master, case_key.c.wrapped)
        .where(case_key.c.master != master.recipient)
        .order_by(case_key.c.id)
        .limit(_TOGETHER)
        .with_for_update()
    )
    with answered(), writing(engine) as connection:
        rows = connection.execute(wanted).all()
        for row in rows:
            identity = master.unwrap(row.wrapped, row.master)
            fresh = {"wrapped": master.wrap(identity), "master": master.recipient}
            connection.execute(update(case_key).where(case_key.c.id == row.id).values(**fresh))
    return len(rows)
