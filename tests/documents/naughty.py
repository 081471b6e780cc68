"""Jobs that misbehave, for the tests of the process that forks: ``python -m tests.documents.naughty CONTROL``."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from documents.limits import Limits
from documents.worker import Answer, Run, Task, lower, main


def _tells(_options: Mapping[str, Any]) -> Run:
    def run(stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        here = Path("/proc/self/fd")
        open_now = sorted(int(entry.name) for entry in here.iterdir())
        return {
            "open": [number for number in open_now if (here / str(number)).exists()],
            "stream": stream.fileno(),
            "environment": sorted(os.environ),
            "pid": os.getpid(),
            "parent": os.getppid(),
            "read": len(stream.read()),
        }, b""

    return run


def _crashes(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}, b""

    return run


def _sleeps(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, given: Mapping[str, Any], _limits: Limits) -> Answer:
        Path(given["note"]).write_text(str(os.getpid()))
        time.sleep(600)
        return {}, b""

    return run


def _fills(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, given: Mapping[str, Any], _limits: Limits) -> Answer:
        try:
            Path(given["note"]).write_bytes(bytes(65 << 20))
        except OSError as error:
            return {"said": error.strerror}, b""
        return {"said": "written"}, b""

    return run


def _lingers(_options: Mapping[str, Any]) -> Run:
    """The first child reads once a second one is there; the second reads when the first has."""

    def run(stream: BinaryIO, given: Mapping[str, Any], _limits: Limits) -> Answer:
        first, second, read = (Path(given["note"] + end) for end in ("", ".second", ".read"))
        if not first.exists():
            first.write_text(str(os.getppid()))
            _wait(second)
            stream.read()
            read.touch()
        else:
            second.touch()
            _wait(read)
        return {"read": len(stream.read())}, b""

    return run


def _wait(for_what: Path) -> None:
    while not for_what.exists():
        time.sleep(0.01)


def _unloadable(_options: Mapping[str, Any]) -> Run:
    raise ImportError("no such reader")


_TASKS: Mapping[str, Task] = {
    "tells": _tells,
    "crashes": _crashes,
    "sleeps": _sleeps,
    "fills": _fills,
    "lingers": _lingers,
    "unloadable": _unloadable,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _TASKS, lambda limits, _program: lower(limits)))  # no walls: jobs leave notes
