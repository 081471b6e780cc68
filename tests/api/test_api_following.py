"""What is pending, the log as it grows, and audit packages, asked for by another system."""

from __future__ import annotations

import base64
import threading
import time
from pathlib import Path

from audit_exports.verify import main as verify_package
from evidence.entry import parse_entry
from evidence.tree import leaf_hash
from identity.accounts import Role
from tests.api.test_api_cases import opened
from tests.fakes.calling import System
from tests.fakes.installation import Installation
from web.inception import settle


def test_tasks_are_the_next_steps_by_due_time(place: Installation, person: dict[str, str]) -> None:
    """Each open case with its next step, whose it is, and whether the caller may record it."""
    system = System.of(place)
    folio = opened(system, person)
    told = system.get("/tasks").get_json()["tasks"]
    case = system.get(f"/cases/{folio}").get_json()
    assert [(task["folio"], task["step"]) for task in told] == [(folio, case["next_step"])]
    assert told[0]["mine"] is ("especialista" in told[0]["roles"])
    assert system.get("/tasks?mine=false").get_json()["tasks"] == []
    assert System.of(place, processes=("MA-002",)).get("/tasks").get_json()["tasks"] == []
    assert system.get("/tasks?cursor=e30").status_code == 400


def test_the_log_is_followed_byte_for_byte(place: Installation, person: dict[str, str]) -> None:
    """Every entry once, in order, with the bytes that were hashed; then nothing until it grows."""
    system = System.of(place)
    folio = opened(system, person)
    settle(place.house)
    since, seen = 0, []
    while True:
        page = system.get(f"/log/entries?since={since}&limit=3").get_json()
        if not page["entries"]:
            break
        seen += page["entries"]
        since = page["next"]
    assert [item["index"] for item in seen] == list(range(place.house.ledger.tree_size()))
    for item in seen:
        content = base64.b64decode(item["bytes"])
        assert leaf_hash(content).hex() == item["leaf"]
        assert parse_entry(content).case == item["folio"]
    assert seen[-1]["folio"] == folio
    head = system.get("/log").get_json()
    assert (head["size"], head["signed_size"], head["vkey"]) == (since, since, place.house.vkey.text)
    assert place.app.test_client().get(head["links"]["checkpoint"]).text == head["checkpoint"]
    agents = System.of(place, processes=("MA-002",))
    settle(place.house)
    assert agents.get("/log/entries?limit=200").get_json()["entries"] == []


def test_whoever_waits_is_told_when_the_log_grows(place: Installation, person: dict[str, str]) -> None:
    """A long poll ends with the first new entry, well before its time; one with nothing new ends by itself."""
    system = System.of(place)
    settle(place.house)
    size = place.house.ledger.tree_size()

    def grow() -> None:
        time.sleep(0.6)
        opened(System(place.app.test_client(), system.text), person)
        settle(place.house)

    thread = threading.Thread(target=grow)
    thread.start()
    page = system.get(f"/log/entries?since={size}&wait=25").get_json()
    thread.join()
    assert page["entries"][0]["index"] == size
    nothing = system.get(f"/log/entries?since={place.house.ledger.tree_size() + 5}&wait=1").get_json()
    assert nothing["entries"] == []


def test_a_package_is_started_fetched_and_valid(
    place: Installation, person: dict[str, str], tmp_path: Path
) -> None:
    """202 with its place, done, downloaded whole and in part, its receipt; the auditor's tool says valid."""
    system = System.of(place, Role.SUPERVISOR)
    opened(System.of(place), person)
    begun = system.post("/exports", {"processes": ["MA-001"]}, "e-1")
    assert begun.status_code == 202, begun.text
    where = begun.headers["Location"].removeprefix("/api/v1")
    again = system.post("/exports", {"processes": ["MA-001"]}, "e-1")
    assert (again.headers["Idempotency-Replayed"], again.headers["Location"]) == (
        "true",
        begun.headers["Location"],
    )
    for _ in range(300):
        told = system.get(where).get_json()
        if told["state"] not in {"waiting", "running"}:
            break
        early = system.get(f"{where}/package")
        assert early.status_code == 200 or early.get_json()["code"] == "export_running"
        early.close()
        time.sleep(0.1)
    assert told["state"] == "done", told
    answer = system.get(f"{where}/package")
    package = tmp_path / "paquete.zip"
    package.write_bytes(answer.data)
    answer.close()
    assert len(package.read_bytes()) == told["package"]["bytes"]
    assert verify_package([str(package), "--vkey", place.house.vkey.text]) == 0
    part = system.get(f"{where}/package", Range="bytes=0-3")
    assert (part.status_code, part.data) == (206, b"PK\x03\x04")
    part.close()
    beyond = system.get(f"{where}/package", Range="bytes=999999999-")
    assert beyond.status_code == 416
    settle(place.house)
    assert system.get(f"{where}/receipt").text.startswith("c2sp.org/tlog-proof@v1\n")
    entry = place.house.ledger.history("system:exports")[-1].entry
    assert (entry.actor, entry.role, entry.facts["via"]) == (system.service, "supervisor", "api")


def test_exports_are_for_who_may_and_of_what_may_be(place: Installation, person: dict[str, str]) -> None:
    """A specialist's system exports nothing; another's export is not there; a restricted token's scope is its own."""
    folio = opened(System.of(place), person)
    assert System.of(place).post("/exports", {}).get_json()["code"] == "role_cannot_export"
    boss = System.of(place, Role.SUPERVISOR)
    assert boss.post("/exports", {"from": "2026-02-01", "to": "2026-01-01"}).status_code == 400
    assert boss.post("/exports", {"folios": ["MA-001-2026-999999"]}).get_json()["code"] == "unknown_case"
    agents = System.of(place, Role.AUDITOR_INTERNO, processes=("MA-002",))
    for body in ({"processes": ["MA-001"]}, {"folios": [folio]}):
        assert agents.post("/exports", body).get_json()["code"] == "process_not_allowed"
    where = agents.post("/exports", {}).headers["Location"].removeprefix("/api/v1")
    for _ in range(300):
        told = agents.get(where).get_json()
        if told["state"] not in {"waiting", "running"}:
            break
        time.sleep(0.1)
    assert (told["state"], told["error"]["code"]) == ("failed", "export_nothing_in_scope"), (
        "MA-002 has no case"
    )
    assert boss.get(where).get_json()["code"] == "unknown_export"
