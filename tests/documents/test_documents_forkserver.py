"""The process that forks a child for each file: what children have, how they end, and that it outlives them."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from documents import isolation
from documents.forkserver import Job, serve
from documents.isolation import SeparateReader, WorkerFailed
from documents.limits import DEFAULT_LIMITS, Limits
from documents.nursery import Nurseries
from documents.refusals import FileRefused
from tests.servers.processes import lives

ROOT = Path(__file__).resolve().parents[2]


class Naughty(SeparateReader):
    """Has jobs done that misbehave."""

    worker = "tests.documents.naughty"

    def do(
        self, task: str, options: Mapping[str, Any] | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> dict[str, Any]:
        """One job over five bytes."""
        answer, _ = self._run(task, io.BytesIO(b"12345"), {"name": "a.txt", **(options or {})}, limits)
        return answer


@pytest.fixture
def nurseries(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nurseries]:
    """None yet, in place of the program's own; ended afterwards."""
    fresh = Nurseries()
    monkeypatch.setattr(isolation, "nurseries", fresh)
    yield fresh
    fresh.close()


@pytest.fixture
def naughty(nurseries: Nurseries) -> Naughty:
    """A reader whose forking process is the test's own."""
    assert nurseries
    return Naughty(at_once=16)


def _gone(pid: int) -> bool:
    """Whether a process has ended, within ten seconds; one that nobody has buried yet has."""
    for _ in range(200):
        if not lives(pid):
            return True
        time.sleep(0.05)
    return False


def _noted(note: Path) -> int:
    """The process id that a job wrote down."""
    for _ in range(400):
        if note.exists() and note.read_text():
            return int(note.read_text())
        time.sleep(0.05)
    raise AssertionError(note)


def test_a_child_has_its_own_three_files_and_nothing_of_ours(
    naughty: Naughty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other descriptor, not even of children born at the same time; no environment; a process of its own."""
    monkeypatch.setenv("CONSTANCIA_SECRET_KEY", "secreto")
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(naughty.do("tells"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    for told in answers:
        assert set(told["open"]) <= {0, 1, 2, told["stream"]}
        assert set(told["environment"]) <= {"LC_ALL"}
        assert told["read"] == 5
    assert len({told["pid"] for told in answers}) == 16
    assert {told["parent"] for told in answers} == {answers[0]["parent"]}


def test_a_crash_costs_one_file_and_not_the_next(naughty: Naughty) -> None:
    """What ends a child ends that child only."""
    before = naughty.do("tells")["parent"]
    with pytest.raises(FileRefused) as refusal:
        naughty.do("crashes")
    assert refusal.value.code == "damaged"
    assert naughty.do("tells")["parent"] == before


def test_a_child_whose_time_is_over_is_killed(naughty: Naughty, tmp_path: Path) -> None:
    """It is really dead, not only forgotten; others live on."""
    note = tmp_path / "pid"
    with pytest.raises(FileRefused) as refusal:
        naughty.do("sleeps", {"note": os.fspath(note)}, Limits(wall_seconds=2))
    assert refusal.value.code == "too_costly"
    assert _gone(_noted(note))
    assert naughty.do("tells")["read"] == 5


def test_a_child_cannot_fill_the_disk(naughty: Naughty, tmp_path: Path) -> None:
    """It writes no more than an answer may be long."""
    assert naughty.do("fills", {"note": os.fspath(tmp_path / "big")})["said"] == "File too large"


def test_a_reader_that_cannot_be_loaded_is_a_fault_of_ours(naughty: Naughty) -> None:
    """It is told by its last words, blamed on no file, and the next job is done."""
    with pytest.raises(WorkerFailed, match="no such reader"):
        naughty.do("unloadable")
    assert naughty.do("tells")["read"] == 5


def test_a_forking_process_that_died_is_replaced(naughty: Naughty) -> None:
    """Killed between two jobs, it is started again without anybody noticing."""
    first = naughty.do("tells")["parent"]
    os.kill(first, signal.SIGKILL)
    assert _gone(first)
    second = naughty.do("tells")["parent"]
    assert second != first


def test_a_child_left_by_a_forking_process_that_died_spoils_no_answer(
    naughty: Naughty, tmp_path: Path
) -> None:
    """The errand done again has files of its own: the child of the dead one may still be reading and writing."""
    note = tmp_path / "parent"
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(naughty.do("lingers", {"note": os.fspath(note)})))
    asking.start()
    os.kill(_noted(note), signal.SIGKILL)
    asking.join()
    assert answers == [{"read": 5}]


def test_an_interrupt_of_the_terminal_is_the_programs_to_take(naughty: Naughty) -> None:
    """Ctrl-C reaches the forking process too, which goes on until the program lets it go."""
    parent = naughty.do("tells")["parent"]
    os.kill(parent, signal.SIGINT)
    assert naughty.do("tells")["parent"] == parent


def test_a_program_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    """The forking process and the child at work end with it."""
    note = tmp_path / "pid"
    script = (
        "from tests.documents.test_documents_forkserver import Naughty\n"
        "reader = Naughty()\n"
        "print(reader.do('tells')['parent'], flush=True)\n"
        f"reader.do('sleeps', {{'note': {os.fspath(note)!r}}})\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        parent = int(program.stdout.readline())
        child = _noted(note)
        program.kill()
    assert _gone(child)
    assert _gone(parent)


def test_a_child_that_ends_and_is_to_be_killed_at_once_costs_nobody_else(tmp_path: Path) -> None:
    """While the next reader is being loaded, a child ends and its time is over: both are seen in the same round."""
    ours, theirs = socket.socketpair()
    near, far = socket.socketpair()
    note = tmp_path / "pid"

    def prepare(said: bytes) -> Job:
        if said == b"sleep":
            return lambda: _rests(note)
        pid = _noted(note)
        os.kill(pid, signal.SIGKILL)
        assert _gone(pid)
        near.sendall(b"k")
        return lambda: 7

    def forking() -> int:
        ours.close()
        return serve(theirs, prepare)

    other_near, other_far = socket.socketpair()
    with ours, theirs, near, other_near:
        _order(ours, b"sleep", far)
        _order(ours, b"next", other_far)
        ended = threading.Thread(target=lambda: (other_near.recv(9), ours.close()))
        ended.start()
        assert _forked(forking) == 0
        ended.join()
        assert near.recv(9) == b"-9"


def _rests(note: Path) -> int:
    note.write_text(str(os.getpid()))
    time.sleep(600)
    return 0


def _order(control: socket.socket, job: bytes, lifeline: socket.socket) -> None:
    """What `documents.nursery` sends."""
    with lifeline, tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as file:
        told.write(job)
        told.flush()
        given = [told.fileno(), file.fileno(), file.fileno(), file.fileno(), lifeline.fileno()]
        socket.send_fds(control, [b"j"], given)


def test_closing_ends_it(nurseries: Nurseries) -> None:
    """`Nurseries.close` waits until it is gone; the next job starts another."""
    reader = Naughty()
    first = reader.do("tells")["parent"]
    nurseries.close()
    assert _gone(first)
    assert reader.do("tells")["parent"] != first


def test_a_process_forked_from_ours_has_its_own(naughty: Naughty) -> None:
    """Two processes never share a control: their orders would mix."""
    ours = naughty.do("tells")["parent"]

    def other() -> int:
        return 0 if naughty.do("tells")["parent"] != ours else 3

    assert _forked(other) == 0
    assert naughty.do("tells")["parent"] == ours


def _forked(work: Callable[[], int]) -> int:
    """The exit status of a child of ours that does the work."""
    pid = os.fork()
    if pid == 0:
        status = 9
        try:
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
