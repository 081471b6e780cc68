"""Long jobs and the steward: progress any worker can read, trouble that is told, and work that goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import timedelta

import pytest

from evidence.canonical import Json
from evidence.entry import format_time
from evidence.ports import StoreUnavailable
from identity.accounts import Role
from storage.jobs import JobRecord
from tests.fakes.installation import Installation
from web import jobs
from web.downloads import disposition
from web.health import needed
from web.jobs import MOST_JOBS, Duty, JobDesk, Progress, Steward
from web.wiring import HouseError
from workflows.errors import UnknownCase


def wait_for(desk: JobDesk, job_id: str) -> JobRecord:
    """The job once it has ended."""
    for _ in range(500):
        found = desk.get(job_id)
        assert found is not None
        if found.state != "running":
            return found
        time.sleep(0.01)
    raise AssertionError("the job did not end")


def test_a_job_tells_its_progress_and_its_result_to_its_owner_alone(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from another application on the same data, as another worker would; nobody else sees it."""
    monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0)
    go, seen = threading.Event(), threading.Event()

    def work(progress: Progress) -> Mapping[str, Json]:
        progress(3, 10)
        seen.set()
        assert go.wait(10)
        return {"verdict": "valid"}

    owner = place.user()
    desk = JobDesk(place.app, place.house)
    job_id = desk.start("verify", owner.id, work)
    assert seen.wait(10)
    browser = place.client()
    place.app = place.make_app()
    running = browser.get_json(f"/tareas/{job_id}").get_json()
    assert (running["state"], running["done"], running["total"]) == ("running", 3, 10)
    assert place.client(Role.SUPERVISOR).get_json(f"/tareas/{job_id}").status_code == 404
    go.set()
    assert wait_for(desk, job_id).result == {"verdict": "valid"}
    assert browser.get_json(f"/tareas/{job_id}").get_json()["state"] == "done"
    assert browser.get_json("/tareas/unknown").status_code == 404


@pytest.mark.parametrize(
    ("error", "code"), [(UnknownCase(folio="X"), "unknown_case"), (RuntimeError("texto ajeno"), "internal")]
)
def test_a_job_that_fails_says_why_and_frees_its_place(
    place: Installation, error: Exception, code: str
) -> None:
    """Refusals with their words, faults as such; neither keeps others from starting."""

    def work(_progress: Progress) -> Mapping[str, Json]:
        raise error

    desk = JobDesk(place.app, place.house)
    for _ in range(MOST_JOBS + 1):
        found = wait_for(desk, desk.start("export", "u-1", work))
        assert found.state == "failed"
        told = found.result["error"]
        assert isinstance(told, dict)
        assert told["code"] == code
        assert "texto ajeno" not in str(told)
        for _again in range(200):
            if jobs._slots._value == MOST_JOBS:
                break
            time.sleep(0.01)


def test_only_so_many_jobs_run_at_once(place: Installation) -> None:
    """The next one is told to wait, and starts when there is a place."""
    go = threading.Event()

    def work(_progress: Progress) -> Mapping[str, Json]:
        assert go.wait(10)
        return {}

    desk = JobDesk(place.app, place.house)
    ids = [desk.start("verify", "u-1", work) for _ in range(MOST_JOBS)]
    with pytest.raises(HouseError, match="busy"):
        desk.start("verify", "u-1", work)
    go.set()
    assert [wait_for(desk, job_id).state for job_id in ids] == ["done"] * MOST_JOBS


def test_a_job_whose_worker_died_is_lost_not_running_for_ever(place: Installation) -> None:
    """No sign of life for two minutes."""
    moment = format_time(place.clock())
    place.house.jobs.add(JobRecord("j1", "verify", "u-1", "running", 1, 2, {}, moment, moment))
    desk = JobDesk(place.app, place.house)
    place.clock.offset += timedelta(minutes=1)
    assert getattr(desk.get("j1"), "state", "") == "running"
    place.clock.offset += timedelta(minutes=2)
    assert getattr(desk.get("j1"), "state", "") == "lost"


def test_the_steward_sequences_and_signs_what_was_recorded(place: Installation) -> None:
    """An entry without index gets one, and the head covers it."""
    place.user()
    assert list(place.house.ledger.unsequenced())
    steward = Steward(place.house)
    steward.run_due(0.0)
    assert not list(place.house.ledger.unsequenced())
    head = place.house.guard.last()
    assert head is not None
    assert head[0] == place.house.ledger.tree_size()


def test_the_steward_outlives_trouble_waits_longer_and_tells_it(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away is tried again, ever later; /readyz names the duty; afterwards all is well again."""
    steward = Steward(place.house)
    publish = steward.duties[0]
    place.app.extensions["constancia.steward"] = steward

    def away(_limit: int = 0) -> int:
        raise StoreUnavailable("database: gone")

    pauses = []
    with monkeypatch.context() as broken:
        broken.setattr(place.house.ledger, "sequence", away)
        moment = 0.0
        for _ in range(12):
            steward.run_due(moment)
            pauses.append(publish.due - moment)
            moment = publish.due
    assert pauses[:5] == [2.0, 4.0, 8.0, 15.0, 15.0]
    assert pauses[-1] == 15.0
    parts = place.stranger().get_json("/readyz")
    assert parts.status_code == 503
    assert parts.get_json()["parts"]["steward.publish"]["code"] == "unavailable"
    steward.run_due(moment)
    assert (publish.failures, publish.trouble) == (0, "")


@pytest.mark.parametrize(
    ("every", "pauses"), [(1.0, [2, 15, 15]), (60.0, [2, 60, 60]), (3600.0, [2, 256, 300])]
)
def test_a_duty_that_fails_is_tried_again_soon_and_no_later_than_it_would_be_due(
    every: float, pauses: list[float]
) -> None:
    """The first pause is two seconds whatever the duty; later its own rhythm is the ceiling."""
    duty = Duty("x", every, lambda _house: None)
    found = []
    for failures in (1, 8, 40):
        duty.failures = failures
        found.append(duty.pause)
    assert found == pauses


def test_what_can_wait_makes_the_house_degraded_not_unready(place: Installation) -> None:
    """A mail server that is away is told by /readyz and takes nobody's evidence away; what is not signed does."""
    steward = Steward(place.house)
    place.app.extensions["constancia.steward"] = steward
    for duty in steward.duties:
        duty.failures = int(duty.name == "mail")
    steward.start()
    try:
        told = place.stranger().get_json("/readyz")
    finally:
        steward.stop()
    assert (told.status_code, told.get_json()["status"]) == (200, "degraded")
    assert told.get_json()["parts"]["steward.mail"]["ok"] is False
    assert needed({"steward.publish"})
    assert needed({"database", "steward.mail"})
    assert not needed({"steward.anchors", "steward.timers"})


def test_the_steward_thread_starts_works_and_stops(place: Installation) -> None:
    """Started, it does its duties by itself; stopped, it is gone and says so."""
    place.user()
    steward = Steward(place.house)
    steward.start()
    for _ in range(500):
        if all(part["ok"] and part["at"] for part in steward.status().values()):
            break
        time.sleep(0.01)
    assert all(part["ok"] for part in steward.status().values()), steward.status()
    steward.stop()
    assert not any(part["ok"] for part in steward.status().values())


def test_cleaning_forgets_old_sessions_jobs_and_counts(place: Installation) -> None:
    """What has expired is removed with its files; what lives stays."""
    browser = place.client()
    moment = format_time(place.clock())
    place.house.jobs.add(JobRecord("j1", "export", "u-1", "done", 1, 1, {}, moment, moment))
    left = place.settings.data / "exports" / "j1.zip"
    left.parent.mkdir()
    left.write_bytes(b"zip")
    steward = Steward(place.house)
    steward.run_due(0.0)
    assert left.exists()
    assert browser.get_json("/sesion").get_json()["signed_in"] is True
    place.clock.offset += timedelta(days=8)
    steward.run_due(10_000.0)
    assert not left.exists()
    assert place.house.jobs.get("j1") is None


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("carta.pdf", "attachment; filename=\"carta.pdf\"; filename*=UTF-8''carta.pdf"),
        ("captura ñ.png", "attachment; filename=\"captura n.png\"; filename*=UTF-8''captura%20%C3%B1.png"),
    ],
)
def test_download_names_follow_rfc_6266(name: str, header: str) -> None:
    """An ASCII name for old readers and the true one in UTF-8."""
    assert disposition(name) == header


@pytest.mark.parametrize(
    "name", ['a"\r\nSet-Cookie: x=1.pdf', "../../etc/passwd", "a\x00b.pdf", "a;b=c.pdf", "\u202efdp.exe"]
)
def test_hostile_names_cannot_leave_the_header(name: str) -> None:
    """Whatever was sealed as a name, the header is one line with two quoted names."""
    header = disposition(name)
    assert "\r" not in header
    assert "\n" not in header
    assert "/" not in header.replace("UTF-8''", "")
    assert header.count('"') == 2
