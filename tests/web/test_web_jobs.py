"""Long jobs and the steward: progress any worker can read, trouble that is told, and work that goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, format_time
from evidence.ports import StoreUnavailable
from identity.accounts import Role
from storage.jobs import MOST_ATTEMPTS, JobRecord
from tests.fakes.homes import EITHER_DATABASE, database_named
from tests.fakes.installation import Installation
from tests.fakes.people import cheap_passwords
from tests.web.test_web_drafts import DATA
from web import crew
from web.crew import MOST_JOBS, Progress, Work
from web.downloads import disposition
from web.health import needed
from web.jobs import MOST_WAITING, Duty, JobDesk, Steward
from web.wiring import House, HouseError
from workflows.claims import Situation
from workflows.commands import SYSTEM_ACTOR, Actor, OpenCase
from workflows.corrections import bare
from workflows.errors import UnknownCase
from workflows.facts import Facts


def wait_for(house: House, job_id: str) -> JobRecord:
    """The job once it has ended."""
    for _ in range(1500):
        found = house.jobs.get(job_id)
        assert found is not None
        if found.state not in {"waiting", "running"}:
            return found
        time.sleep(0.01)
    raise AssertionError("the job did not end")


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], str]:
    """Registers work of the test's own under a name that is forgotten afterwards."""

    def register(work: Work) -> str:
        monkeypatch.setitem(crew._KINDS, "prueba", crew._Kind(work, None))
        return "prueba"

    return register


def waiting(house: House, name: str, job_id: str = "j1", **args: Json) -> str:
    """A job that waits, put there by another process."""
    moment = format_time(house.clock())
    house.jobs.add(JobRecord(job_id, name, "u-1", "waiting", 0, 0, {}, moment, moment, args))
    return job_id


def test_a_job_tells_its_progress_and_its_result_to_its_owner_alone(
    place: Installation, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Work], str]
) -> None:
    """Read from another application on the same data, as another worker would; nobody else sees it."""
    monkeypatch.setattr(crew, "_BEAT_SECONDS", 0)
    go, seen = threading.Event(), threading.Event()

    def work(_house: House, task: JobRecord, progress: Progress) -> Mapping[str, Json]:
        progress(3, 10)
        seen.set()
        assert go.wait(10)
        return {"verdict": "valid", "told": task.args["told"]}

    owner = place.user()
    desk = JobDesk(place.app, place.house)
    job_id = desk.start(kind(work), owner.id, {"told": "algo"})
    assert seen.wait(10)
    browser = place.client()
    place.app = place.make_app()
    running = browser.get_json(f"/tareas/{job_id}").get_json()
    assert (running["state"], running["done"], running["total"]) == ("running", 3, 10)
    assert place.client(Role.SUPERVISOR).get_json(f"/tareas/{job_id}").status_code == 404
    go.set()
    ended = wait_for(place.house, job_id)
    assert ended.result == {"verdict": "valid", "told": "algo"}
    assert ended.args == {}
    assert browser.get_json(f"/tareas/{job_id}").get_json()["state"] == "done"
    assert browser.get_json("/tareas/unknown").status_code == 404


@pytest.mark.parametrize(
    ("error", "code"), [(UnknownCase(folio="X"), "unknown_case"), (RuntimeError("texto ajeno"), "internal")]
)
def test_a_job_that_fails_says_why_and_frees_its_place(
    place: Installation, error: Exception, code: str, kind: Callable[[Work], str]
) -> None:
    """Refusals with their words, faults as such; neither keeps others from starting."""

    def work(_house: House, _task: JobRecord, _progress: Progress) -> Mapping[str, Json]:
        raise error

    desk, name = JobDesk(place.app, place.house), kind(work)
    for _ in range(MOST_JOBS + 1):
        found = wait_for(place.house, desk.start(name, "u-1"))
        assert found.state == "failed"
        told = found.result["error"]
        assert isinstance(told, dict)
        assert told["code"] == code
        assert "texto ajeno" not in str(told)


def test_only_so_many_jobs_run_at_once_and_the_others_wait_their_turn(
    place: Installation, kind: Callable[[Work], str]
) -> None:
    """More than there are threads wait in their table; more than that are told to come back."""
    go, lock = threading.Event(), threading.Lock()
    at_once: list[int] = [0, 0]

    def work(_house: House, _task: JobRecord, _progress: Progress) -> Mapping[str, Json]:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        assert go.wait(20)
        with lock:
            at_once[0] -= 1
        return {}

    desk, name = JobDesk(place.app, place.house), kind(work)
    ids = [desk.start(name, "u-1") for _ in range(MOST_JOBS + 2)]
    for _ in range(1000):
        if at_once[0] == MOST_JOBS:
            break
        time.sleep(0.01)
    for _ in range(MOST_WAITING - 2):
        ids.append(desk.start(name, "u-1"))  # noqa: PERF401 - each is asked for
    with pytest.raises(HouseError, match="busy"):
        desk.start(name, "u-1")
    go.set()
    assert {wait_for(place.house, job_id).state for job_id in ids} == {"done"}
    assert at_once[1] == MOST_JOBS


def test_of_many_who_want_the_same_jobs_each_gets_others(database_home: House) -> None:
    """Threads of several workers claim from one table: no job is given twice, none is forgotten."""
    for number in range(40):
        waiting(database_home, "verify", f"j{number:02d}")
    taken: list[str] = []

    def claim(worker: str) -> None:
        while (found := database_home.jobs.claim(worker, database_home.clock(), crew.LEASE)) is not None:
            taken.append(found.id)

    crowd = [threading.Thread(target=claim, args=(f"w{n}",)) for n in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(taken) == [f"j{number:02d}" for number in range(40)]


@pytest.fixture(params=EITHER_DATABASE)
def database_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on each database."""
    made = Installation(tmp_path / "home", database_named(request))
    yield made.house
    made.close()


@pytest.mark.parametrize("heir", ["b", "a"], ids=["of another process", "of the same process"])
def test_a_silent_worker_loses_its_job_to_another_and_its_end_counts_no_more(
    database_home: House, heir: str
) -> None:
    """Whoever was stopped and wakes up again can report neither progress nor a result, whoever has the job now."""
    jobs, now = database_home.jobs, database_home.clock()
    waiting(database_home, "verify")
    first = jobs.claim("a", now, crew.LEASE)
    assert first is not None
    assert first.attempts == 1
    assert jobs.claim("b", now, crew.LEASE) is None
    assert jobs.beat(first, now, crew.LEASE, 3, 10)
    later = now + crew.LEASE + timedelta(seconds=1)
    second = jobs.claim(heir, later, crew.LEASE)
    assert second is not None
    assert second.attempts == 2
    assert not jobs.beat(first, later, crew.LEASE, 4, 10)
    assert not jobs.finish(first, "done", {"who": "first"}, later)
    assert jobs.finish(second, "done", {"who": "second"}, later)
    assert getattr(jobs.get("j1"), "result", None) == {"who": "second"}


def test_a_job_that_kills_its_workers_is_lost_after_some(database_home: House) -> None:
    """It is not handed round for ever; one that was given back in peace has not been tried."""
    jobs, now = database_home.jobs, database_home.clock()
    waiting(database_home, "verify")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        for _ in range(2):  # once in vain: a worker that ends gives it back
            assert getattr(jobs.claim("w", now, crew.LEASE), "attempts", 0) == attempt
            if _ == 0:
                assert jobs.give_back("w") == 1
        now += crew.LEASE + timedelta(seconds=1)
    assert jobs.claim("w", now, crew.LEASE) is None
    assert getattr(jobs.get("j1"), "state", "") == "lost"


def test_a_job_of_a_kind_this_program_does_not_know_fails_aloud(place: Installation) -> None:
    """A newer program's job in an older worker."""
    waiting(place.house, "desconocido")
    Steward(place.house, crew.Crew(place.app, place.house)).run_due(0.0)
    assert wait_for(place.house, "j1").state == "failed"


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


def test_what_another_process_recorded_meanwhile_is_not_counted_as_ours(place: Installation) -> None:
    """Two stewards with the same mark: the one whose composition came too late learns that nothing was left to do."""
    actor = Actor(place.user().id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    other = House(place.settings, clock=place.clock, passwords=cheap_passwords())
    receipts: list[object] = []

    def mark(situation: Situation, _blobs: object) -> tuple[EntryDraft, ...]:
        return (bare(situation, SYSTEM_ACTOR, EntryKind.TIMER_EXPIRED, "2", Facts(timer="x", run=1)),)

    def late(situation: Situation, blobs: object) -> tuple[EntryDraft, ...]:
        if not receipts:
            receipts.append(other.cases._writer.append_by_system(folio, mark, place.clock(), "timer/k"))
        return mark(situation, blobs)

    ours = place.house.cases._writer.append_by_system(folio, late, place.clock(), "timer/k")
    other.close()
    assert receipts != [None]
    assert ours is None
    kinds = [sealed.entry.kind for sealed in place.house.ledger.history(folio)]
    assert kinds.count(EntryKind.TIMER_EXPIRED) == 1
