"""Work shared by processes: in order, whole, and never lost without a word. Each test forks from a quiet process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORKS = """
import json, os, sys, threading, time
from evidence import processes, verify
forks = []
os.register_at_fork(after_in_parent=lambda: forks.append(1))
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


def run(code: str) -> object:
    """What a process of its own prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", FORKS + code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_results_come_in_the_order_of_their_tasks() -> None:
    """Though the first takes longest; and the work was done elsewhere, by as many as were asked for."""
    code = """
def work(n):
    time.sleep(0.2 * (n == 0))
    return n * n, os.getpid()
found = list(processes.ordered(work, iter(range(100)), processes=3, given=2))
print(json.dumps([[n for n, _ in found], os.getpid() in {pid for _, pid in found}, len(forks)]))
"""
    assert run(code) == [[n * n for n in range(100)], False, 3]


def test_large_tasks_and_large_results_pass() -> None:
    """Each of several megabytes, many times what a channel holds."""
    code = """
found = processes.ordered(lambda data: data + data, (bytes([n]) * (3 << 20) for n in range(8)), processes=2)
print(json.dumps([len(data) == 6 << 20 and data[0] == n for n, data in enumerate(found)]))
"""
    assert run(code) == [True] * 8


def test_what_comes_last_follows_the_results_once_a_process() -> None:
    """Each process does it after its own tasks, of which it knows; without processes it is done once, by the caller."""
    code = """
done = []
def work(n):
    done.append(n)
    return n
def both(processes_):
    del done[:]
    found = list(processes.ordered(work, range(20), processes=processes_, given=2, last=lambda: list(done)))
    return found[:20] == list(range(20)), len(found[20:]), sorted(sum(found[20:], [])) == list(range(20))
print(json.dumps([both(3), both(1)]))
"""
    assert run(code) == [[True, 3, True], [True, 1, True]]


def test_what_comes_last_is_begun_before_anybody_asks() -> None:
    """While the caller is still busy with the result of the last task."""
    code = """
begun = processes.ordered(abs, range(4), processes=2, last=lambda: time.monotonic())
for n in range(4):
    next(begun)
time.sleep(1)
asked = time.monotonic()
print(json.dumps([at < asked for at in begun]))
"""
    assert run(code) == [True, True]


def test_a_process_that_dies_at_last_is_missed() -> None:
    """All tasks were done, and yet not all is known."""
    code = """
found = []
try:
    found.extend(processes.ordered(abs, range(4), processes=2, last=lambda: os._exit(9)))
    print(json.dumps("whole"))
except processes.WorkerLost:
    print(json.dumps("lost"))
"""
    assert run(code) == "lost"


def test_what_the_work_raises_is_raised() -> None:
    """At its place, after the results before it."""
    code = """
def work(n):
    if n == 5:
        raise KeyError("five")
    return n
found = []
try:
    for n in processes.ordered(work, range(9), processes=2):
        found.append(n)
except KeyError as error:
    found.append(str(error))
print(json.dumps(found))
"""
    assert run(code) == [0, 1, 2, 3, 4, "'five'"]


def test_a_process_that_dies_is_missed() -> None:
    """Killed from outside, or out of memory: an error, and no shorter list of results."""
    code = """
try:
    list(processes.ordered(lambda n: os._exit(9) if n == 3 else n, range(9), processes=2))
    print(json.dumps("whole"))
except processes.WorkerLost:
    print(json.dumps("lost"))
"""
    assert run(code) == "lost"


def test_a_process_that_died_before_it_was_given_work_is_missed() -> None:
    """Nobody is there to take the task: the same error, and no other one that reads like a verdict."""
    code = """
import multiprocessing
def tasks():
    yield 0
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    yield 1
try:
    list(processes.ordered(lambda n: n, tasks(), processes=2))
    print(json.dumps("whole"))
except processes.WorkerLost:
    print(json.dumps("lost"))
"""
    assert run(code) == "lost"


def test_beside_other_threads_the_caller_does_the_work() -> None:
    """And with one process asked for."""
    code = """
alone = list(processes.ordered(lambda _: os.getpid(), range(3), processes=1))
stop = threading.Event()
threading.Thread(target=stop.wait).start()
beside = list(processes.ordered(lambda _: os.getpid(), range(3), processes=4))
stop.set()
print(json.dumps([set(alone) == set(beside) == {os.getpid()}, len(forks)]))
"""
    assert run(code) == [True, 0]


@pytest.mark.parametrize("damage", ["pass", "change(300)", "change(3); change(599)", "cut()"])
def test_a_ledger_verified_by_several_is_verified_as_by_one(damage: str) -> None:
    """The report is the same to the letter, whatever is wrong and wherever."""
    code = f"""
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from evidence.entry import EntryDraft, EntryKind
from evidence.ports import Composition
from tests.fakes.memory import MemoryLedger
verify._WORTH_SHARING, verify._BATCH, verify._SPAN = 1, 50, 70
ledger = MemoryLedger(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
draft = EntryDraft("u-1", "especialista", EntryKind.EVIDENCE_RECORDED, step="2", payload={{"note": "ñ"}})
for case in range(20):
    ledger.append(f"C-{{case}}", lambda _history: Composition((draft,) * 30))
while ledger.sequence():
    pass
def change(place):
    row = ledger.rows[place]
    row.sealed = replace(row.sealed, entry_bytes=row.sealed.entry_bytes.replace(b"u-1", b"u-2"), parsed=None)
def cut():
    del ledger.rows[400:450]
{damage}
now = datetime(2026, 3, 2, tzinfo=UTC)
one, three = (verify.verify_ledger(ledger, keys=[], now=now, processes=n) for n in (1, 3))
print(json.dumps([one == three, len(forks), sorted({{str(f.code) for f in one.findings}})]))
"""
    same, forks, found = run(code)  # type: ignore[misc]
    assert (same, forks) == (True, 3)
    assert ("entry.leaf_differs" in found, "index.not_dense" in found) == (
        "change" in damage,
        "cut" in damage,
    )


def test_what_was_frozen_before_stays_so_and_nothing_else() -> None:
    """A server that forked for a job goes on without searching what it has loaded; a command keeps nothing back."""
    code = """
import gc
def frozen():
    list(processes.ordered(abs, iter(range(4)), processes=2))
    return gc.get_freeze_count()
alone = frozen()
processes.loaded_for_good()
print(json.dumps([alone, frozen() > 1000, len(forks)]))
"""
    assert run(code) == [0, True, 4]
