"""Jobs that try to get out, for the tests of the walls: ``python -m tests.documents.hostile_jobs CONTROL``.

Each tries what a reader would do whose parser was taken over, and answers with what became of it.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from documents.limits import Limits
from documents.worker import Answer, Run, Task, main

Try = Callable[[str], object]


def _socket(_target: str) -> object:
    return socket.socket().fileno()


def _datagram(_target: str) -> object:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))


def _unix(target: str) -> object:
    return socket.socket(socket.AF_UNIX).connect(target)


def _connects(target: str) -> object:
    return socket.create_connection(("127.0.0.1", int(target)), 2).fileno()


def _forks(_target: str) -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


def _reads(target: str) -> object:
    return len(Path(target).read_bytes())


def _writes(target: str) -> object:
    return Path(target).write_bytes(b"x")


def _raises_limits(_target: str) -> object:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return "raised"


_TRIES: Mapping[str, Try] = {
    "socket": _socket,
    "datagram": _datagram,
    "unix": _unix,
    "connects": _connects,
    "forks": _forks,
    "executes": lambda target: os.execv(target, [target]),  # noqa: S606 - it must not work
    "spawns": lambda target: os.posix_spawn(target, [target], {}),
    "reads": _reads,
    "lists": lambda target: len(os.listdir(target)),  # noqa: PTH208 - the call itself is meant
    "writes": _writes,
    "removes": os.unlink,
    "links": lambda target: Path(target).symlink_to("/etc"),
    "makes": os.mkdir,
    "renames": lambda target: os.rename(target, target + "x"),  # noqa: PTH104 - the call itself is meant
    "kills": lambda target: os.kill(int(target), signal.SIGKILL),
    "raises limits": _raises_limits,
}


def _attempts(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, given: Mapping[str, Any], _limits: Limits) -> Answer:
        try:
            return {"done": repr(_TRIES[given["what"]](given["target"]))}, b""
        except (OSError, ValueError) as error:
            return {"failed": type(error).__name__}, b""

    return run


def _hoards(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        return {"size": len(bytearray(8 << 30))}, b""

    return run


def _spins(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        while True:
            pass

    return run


def _floods(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        return {}, bytes(80 << 20)

    return run


def _aborts(_options: Mapping[str, Any]) -> Run:
    def run(_stream: BinaryIO, _given: Mapping[str, Any], _limits: Limits) -> Answer:
        os.abort()

    return run


_TASKS: Mapping[str, Task] = {
    "attempts": _attempts,
    "hoards": _hoards,
    "spins": _spins,
    "floods": _floods,
    "aborts": _aborts,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _TASKS))
