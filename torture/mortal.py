"""``python -m torture.mortal POINT[,POINT] serve ...``: ``flask`` whose workers die by their own hand at named points.

Point ``clock`` kills nobody: it moves the house's clock by the seconds that the file `CLOCK` names holds.

Each worker, once it has started, draws how often it may pass the point before it kills itself (SIGKILL: no handler, no
flush). The product has no such hooks: its functions are wrapped here, by name, and a name that is gone is an error.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CLOCK = "TORTURE_CLOCK"
_MOST_PASSES = 12


@dataclass
class Fate:
    """How often a process may still pass before it kills itself; drawn anew in every process."""

    pid: int = 0
    left: int = 0
    spared: int = 0
    """A server that starts its workers again: nobody would start the server."""

    def passed(self) -> None:
        """Count, and die when it is time."""
        if os.getpid() == self.spared:
            return
        if self.pid != os.getpid():
            self.pid, self.left = os.getpid(), random.Random(os.getpid()).randint(1, _MOST_PASSES)
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


_fate = Fate()


def _wrap(owner: Any, name: str, *, before: bool) -> None:
    real: Callable[..., object] = getattr(owner, name)

    def wrapped(*args: object, **kwargs: object) -> object:
        if before:
            _fate.passed()
        result = real(*args, **kwargs)
        if not before:
            _fate.passed()
        return result

    setattr(owner, name, wrapped)


def _stores() -> tuple[Any, ...]:
    from storage.filesystem import FileBlobStore  # noqa: PLC0415 - only the process that dies needs it
    from storage.s3 import S3BlobStore  # noqa: PLC0415

    return FileBlobStore, S3BlobStore


def _each_store(name: str, *, before: bool) -> None:
    for store in _stores():
        _wrap(store, name, before=before)


def _ledger() -> Any:
    from storage.ledger import SqlLedger  # noqa: PLC0415

    return SqlLedger


def _guards(name: str, *, before: bool) -> None:
    from storage.guard import SqlGuard, SqliteGuard  # noqa: PLC0415

    for guard in (SqlGuard, SqliteGuard):
        _wrap(guard, name, before=before)


def _composed() -> None:
    """Inside the append's transaction: everything is decided, nothing is committed."""
    ledger = _ledger()
    real = ledger.append

    def append(self: object, case: str, compose: Callable[..., object], **kwargs: object) -> object:
        def composed(*args: object) -> object:
            result = compose(*args)
            _fate.passed()
            return result

        return real(self, case, composed, **kwargs)

    ledger.append = append


def _mail_handed() -> None:
    """Between a mail server's taking a mail and our keeping its answer."""
    from notifications.smtp import SmtpTransport  # noqa: PLC0415 - only the process that dies needs it

    _wrap(SmtpTransport, "deliver", before=False)


def _moved() -> None:
    """The house's clock, moved by what the file says at the moment."""
    from web import wiring  # noqa: PLC0415 - only the process whose clock moves needs it

    real, place = wiring.House.__init__, Path(os.environ[CLOCK])

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(place.read_text() or 0))

    def init(self: Any, settings: Any, **more: Any) -> None:
        real(self, settings, **{"clock": now, **more})

    wiring.House.__init__ = init  # type: ignore[method-assign]  # that is the point


POINTS: dict[str, Callable[[], None]] = {
    "put.begins": lambda: _each_store("put", before=True),
    "put.done": lambda: _each_store("put", before=False),
    "append.begins": lambda: _wrap(_ledger(), "append", before=True),
    "append.composed": _composed,
    "append.done": lambda: _wrap(_ledger(), "append", before=False),
    "sequence.begins": lambda: _wrap(_ledger(), "sequence", before=True),
    "sequence.done": lambda: _wrap(_ledger(), "sequence", before=False),
    "publish.signed": lambda: _guards("advance", before=True),
    "publish.guarded": lambda: _guards("advance", before=False),
    "publish.saved": lambda: _wrap(_ledger(), "save_checkpoint", before=False),
}
"""Where a worker can be made to die, in the order in which evidence passes them."""


ARMED = {**POINTS, "mail.taken": _mail_handed, "clock": _moved}
"""All that a process can be armed with: `POINTS`, the way of a mail, and the clock."""


def main(arguments: list[str]) -> None:
    """Arm the point, then be the ``flask`` command."""
    points, *rest = arguments
    for point in points.split(","):
        ARMED[point]()
    _fate.spared = os.getpid() if rest[:1] == ["serve"] else 0
    from flask.cli import main as flask  # noqa: PLC0415 - after the wrapping

    sys.argv = ["flask", *rest]
    flask()


if __name__ == "__main__":
    main(sys.argv[1:])
