"""A reader that was taken over: what it can still do, and what becomes of who waits for it."""

from __future__ import annotations

import io
import os
import platform
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import isolation
from documents.isolation import SeparateReader
from documents.limits import DEFAULT_LIMITS, Limits
from documents.nursery import Nurseries
from documents.refusals import FileRefused

ROOT = Path(__file__).resolve().parents[2]
walled = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="walls are Landlock and seccomp, of Linux on these machines",
)


class Hostile(SeparateReader):
    """Has jobs done that try to get out."""

    worker = "tests.documents.hostile_jobs"

    def do(
        self, task: str, what: str = "", target: str = "", limits: Limits = DEFAULT_LIMITS
    ) -> dict[str, Any]:
        """One job over one byte."""
        options = {"name": "a.txt", "what": what, "target": target}
        return self._run(task, io.BytesIO(b"1"), options, limits)[0]


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hostile]:
    """A reader whose forking process is the test's own, so that a loaded one does not outlive its test."""
    fresh = Nurseries()
    monkeypatch.setattr(isolation, "nurseries", fresh)
    yield Hostile(at_once=2)
    fresh.close()


@walled
@pytest.mark.parametrize("what", ["socket", "datagram", "unix"])
def test_no_way_to_a_network(hostile: Hostile, what: str) -> None:
    """No socket of any kind is to be had."""
    assert hostile.do("attempts", what) == {"failed": "PermissionError"}


@walled
def test_nobody_hears_from_it(hostile: Hostile) -> None:
    """A server on the same machine gets no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        assert hostile.do("attempts", "connects", str(server.getsockname()[1])) == {
            "failed": "PermissionError"
        }
        with pytest.raises(TimeoutError):
            server.accept()


@walled
@pytest.mark.parametrize(
    ("what", "target"), [("forks", ""), ("executes", "/bin/true"), ("spawns", "/bin/true")]
)
def test_no_other_process(hostile: Hostile, what: str, target: str) -> None:
    """It starts no process and becomes no other program, also as root."""
    assert hostile.do("attempts", what, target) == {"failed": "PermissionError"}


@walled
def test_it_kills_nobody(hostile: Hostile) -> None:
    """Not even the process that waits for it."""
    assert hostile.do("attempts", "kills", str(os.getpid())) == {"failed": "PermissionError"}


@walled
def test_files_of_others_stay_shut(hostile: Hostile, tmp_path: Path) -> None:
    """Neither keys and data beside the program nor the system's own lists can be read: only the program's files."""
    secret = tmp_path / "master.key"
    secret.write_text("secreto")
    for target in (os.fspath(secret), "/etc/passwd", "/proc/self/environ", os.fspath(ROOT / "README.md")):
        assert hostile.do("attempts", "reads", target) == {"failed": "PermissionError"}, target
    assert hostile.do("attempts", "lists", os.fspath(ROOT)) == {"failed": "PermissionError"}
    assert "done" in hostile.do("attempts", "reads", os.fspath(ROOT / "documents" / "walls.py"))


@walled
@pytest.mark.parametrize("what", ["writes", "links", "makes"])
def test_nothing_is_written(hostile: Hostile, tmp_path: Path, what: str) -> None:
    """It leaves no file, link or folder behind."""
    assert hostile.do("attempts", what, os.fspath(tmp_path / "new")) == {"failed": "PermissionError"}
    assert list(tmp_path.iterdir()) == []


@walled
@pytest.mark.parametrize("what", ["writes", "removes", "renames"])
def test_nothing_is_changed(hostile: Hostile, tmp_path: Path, what: str) -> None:
    """What is there stays as it is."""
    there = tmp_path / "there"
    there.write_bytes(b"before")
    assert hostile.do("attempts", what, os.fspath(there)) == {"failed": "PermissionError"}
    assert there.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_its_limits_stay_low(hostile: Hostile) -> None:
    """It cannot give itself more time, also as root."""
    assert hostile.do("attempts", "raises limits")["failed"] in ("ValueError", "PermissionError")


@pytest.mark.parametrize(
    ("task", "limits", "code"),
    [
        ("hoards", Limits(memory_bytes=512 << 20), "too_costly"),
        ("spins", Limits(cpu_seconds=1), "too_costly"),
        ("spins", Limits(wall_seconds=1), "too_costly"),
        ("floods", DEFAULT_LIMITS, "too_costly"),
        ("aborts", DEFAULT_LIMITS, "damaged"),
    ],
)
def test_who_takes_too_much_is_ended(hostile: Hostile, task: str, limits: Limits, code: str) -> None:
    """Memory, processor, time, length of the answer, a crash: each ends in a refusal, and the next job is done."""
    with pytest.raises(FileRefused) as caught:
        hostile.do(task, limits=limits)
    assert caught.value.code == code
    assert "done" in hostile.do("attempts", "reads", os.fspath(ROOT / "documents" / "walls.py"))
