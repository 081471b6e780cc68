"""`flask worker` as processes: jobs run apart from the pages, survive a kill, and are never run twice at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.entry import format_time
from storage.jobs import JobRecord
from tests.commands.test_commands_serve import ROOT, ask, eventually
from tests.fakes.installation import Installation
from tests.fakes.writers import write_case
from tests.servers.processes import die_with_parent, free_ports, wait_until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation with something to verify."""
    made = Installation(tmp_path / "data")
    for number in range(4):
        write_case(made, number)
    yield made
    made.close()


@pytest.fixture
def begin(place: Installation, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts commands beside the installation, and kills those the test leaves."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"log-{len(started)}").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", *arguments],
                cwd=ROOT,
                env={**clean, **place.env},
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def add(place: Installation, job_id: str) -> None:
    """A verification that waits for a worker."""
    moment = format_time(place.clock())
    record = JobRecord(job_id, "verify", "u-1", "waiting", 0, 0, {}, moment, moment, {"full": True})
    place.house.jobs.add(record)


def state(place: Installation, job_id: str) -> str:
    """How a job stands."""
    found = place.house.jobs.get(job_id)
    assert found is not None
    return found.state


def test_a_worker_signs_runs_jobs_and_ends_when_told(
    place: Installation, begin: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """With pages that do neither beside it; its own address answers probes and nothing else."""
    port, pages = free_ports(2)
    worker = begin("worker", "--port", str(port))
    server = begin("serve", "--port", str(pages), "--pages-only")
    wait_until(lambda: ask(port, "/readyz")[0] == 200, worker, tmp_path / "log-0", 90)
    wait_until(lambda: ask(pages, "/readyz")[0] == 200, server, tmp_path / "log-1", 90)
    assert "steward.publish" in ask(port, "/readyz")[1]["parts"]
    assert "steward.publish" not in ask(pages, "/readyz")[1]["parts"]
    add(place, "j1")
    assert eventually(lambda: state(place, "j1") == "done")
    found = place.house.jobs.get("j1")
    assert found is not None
    report = found.result["report"]
    assert isinstance(report, dict)
    assert report["verdict"] == "valid"
    assert eventually(lambda: not list(place.house.ledger.unsequenced()))
    for process in (worker, server):
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert "Traceback" not in (tmp_path / "log-0").read_text()


def test_without_a_worker_jobs_wait_and_a_worker_that_comes_takes_them(
    place: Installation, begin: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """Pages alone run none."""
    (pages,) = free_ports(1)
    server = begin("serve", "--port", str(pages), "--pages-only")
    wait_until(lambda: ask(pages, "/readyz")[0] == 200, server, tmp_path / "log-0", 90)
    add(place, "j1")
    time.sleep(2)
    assert state(place, "j1") == "waiting"
    begin("worker")
    assert eventually(lambda: state(place, "j1") == "done")


def test_jobs_of_killed_workers_are_done_by_others_and_each_ends_once(
    place: Installation, begin: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """Two workers, one killed again and again while a job is under way: every job ends, none is lost or forgotten."""
    steady = begin("worker", "--lease", "4", "--jobs", "1")
    victim = begin("worker", "--lease", "4", "--jobs", "2")
    ids, kills = [f"j{number:02d}" for number in range(12)], 0
    for job_id in ids:
        add(place, job_id)
    limit = time.monotonic() + 150
    while any(state(place, job_id) in {"waiting", "running"} for job_id in ids) and time.monotonic() < limit:
        if kills < 3 and any(state(place, job_id) == "running" for job_id in ids) and victim.poll() is None:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            kills += 1
            victim = begin("worker", "--lease", "4", "--jobs", "2")
        time.sleep(0.05)
    assert kills >= 1
    assert {state(place, job_id) for job_id in ids} == {"done"}
    assert steady.poll() is None


def test_a_stopped_worker_that_wakes_up_reports_nothing_over_another(
    place: Installation, begin: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """One that holds the job stands still; another does it; woken, the first one's end counts no more."""
    taken = place.house.jobs
    add(place, "j1")
    now = place.clock()
    held = taken.claim("stopped", now, timedelta(seconds=3))
    assert held is not None
    begin("worker", "--lease", "4")
    assert eventually(lambda: state(place, "j1") == "done")
    assert not taken.finish(held, "failed", {}, place.clock())
    assert state(place, "j1") == "done"
