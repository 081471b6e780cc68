"""The border where database errors become the ports' own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, TimeoutError  # noqa: A004 - of the pool

from evidence.ports import StoreBusy, StoreError, StoreUnavailable

MOVED = "constancia: moved"
"""What the triggers of a shut database say (`storage.moving.transfer`)."""
_LOST_RACE = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_CONSTRAINT = "23"
"""SQLSTATE class of integrity constraint violations."""


class LostRace(Exception):
    """Somebody else was quicker: the transaction changed nothing and may be tried again."""


class MovedAway(StoreError):
    """This database was shut: the installation is being moved, or lives elsewhere by now. It can only be read."""


class WrongLog(StoreError):
    """The database holds another log than the one asked for, or none: see `storage.ledger.start_log`."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into `StoreUnavailable`, and what a retry may mend into `LostRace`."""
    try:
        yield
    except IntegrityError as error:
        if MOVED in str(error.orig):
            raise MovedAway(str(error.orig)) from error
        raise LostRace(str(error.orig)) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _LOST_RACE:
            raise LostRace(str(error.orig)) from error
        code = getattr(error.orig, "sqlite_errorname", "")
        raise StoreUnavailable(f"database: {error.orig} {code}".rstrip()) from error
    except TimeoutError as error:
        raise StoreBusy(f"database: {error}") from error
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"database: {error}") from error
    except Exception as error:
        if not _of_a_driver(error):
            raise
        if MOVED in str(error):
            raise MovedAway(str(error)) from error
        state = str(getattr(error, "sqlstate", None) or "")
        if isinstance(error, sqlite3.IntegrityError) or state in _LOST_RACE or state.startswith(_CONSTRAINT):
            raise LostRace(str(error)) from error
        code = getattr(error, "sqlite_errorname", "")
        raise StoreUnavailable(f"database: {error} {code}".rstrip()) from error


def _of_a_driver(error: Exception) -> bool:
    """Whether a driver raised it with nothing in between (`storage.appending`); psycopg is imported only where used."""
    return isinstance(error, sqlite3.Error) or type(error).__module__.partition(".")[0] == "psycopg"


@contextmanager
def answered() -> Iterator[None]:
    """Like `translated`, for work that is not tried again: a lost race is unavailability too."""
    try:
        with translated():
            yield
    except LostRace as error:
        raise StoreUnavailable(f"database: {error}") from error
