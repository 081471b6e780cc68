"""The border where database errors become the ports' own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from evidence.ports import StoreError, StoreUnavailable

MOVED = "constancia: moved"
"""What the triggers of a shut database say (`storage.moving.transfer`)."""
_LOST_RACE = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected


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
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"database: {error}") from error


@contextmanager
def answered() -> Iterator[None]:
    """Like `translated`, for work that is not tried again: a lost race is unavailability too."""
    try:
        with translated():
            yield
    except LostRace as error:
        raise StoreUnavailable(f"database: {error}") from error
