"""Idempotency-Key: the same request is done once and answered alike, by whichever worker it is repeated to."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

from identity.accounts import Role
from identity.remembered import Claim, Remembered
from tests.api.test_api_cases import multipart, opened
from tests.fakes.calling import BY, System
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.api.serving import LEASE
from web.jobs import KEEP_ANSWERS


def test_the_same_key_and_body_give_the_same_answer_for_ever(
    either: Installation, person: dict[str, str]
) -> None:
    """Across applications, after other entries came, and after the remembered answer was cleared: one case."""
    system = System.of(either)
    body = {"process": "MA-001", "data": person}
    first = system.post("/cases", body, "k-1")
    folio = first.get_json()["folio"]
    assert multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml())).status_code == 201
    worker = System(either.make_app().test_client(), system.text)
    again = worker.post("/cases", body, "k-1")
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert (again.headers["Idempotency-Replayed"], again.headers["Location"]) == (
        "true",
        first.headers["Location"],
    )
    either.house.answers.purge(either.clock() + KEEP_ANSWERS)
    later = worker.post("/cases", body, "k-1")
    assert "Idempotency-Replayed" not in later.headers
    assert (later.status_code, later.get_json()["seq"], later.get_json()["folio"]) == (201, 1, folio)
    assert system.get("/cases").get_json()["total"] == 1


def test_the_same_key_with_another_body_is_refused(system: System, person: dict[str, str]) -> None:
    """422, whether a value, a file or the operation differs; nothing is sealed."""
    folio = opened(system, person, "k")
    other = system.post("/cases", {"process": "MA-001", "data": {**person, "zona": "GDL"}}, "k")
    assert (other.status_code, other.get_json()["code"]) == (422, "key_reused")
    path = f"/cases/{folio}/steps/2"
    assert multipart(system, path, {}, ("archivo", "c.eml", eml()), key="f").status_code == 201
    same = multipart(system, path, {}, ("archivo", "c.eml", eml()), key="f")
    assert (same.status_code, same.headers["Idempotency-Replayed"]) == (201, "true")
    for name, content in (("c.eml", eml("Otro")), ("d.eml", eml())):
        answer = multipart(system, path, {}, ("archivo", name, content), key="f")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "key_reused")
    assert system.post(f"/cases/{folio}/links", {"link": folio}, "f").get_json()["code"] == "key_reused"
    assert len(system.get(f"/cases/{folio}").get_json()["entries"]) == 2


def test_keys_of_two_services_do_not_meet(place: Installation, person: dict[str, str]) -> None:
    """A key is its service's own; another token of the same service shares it."""
    one, two = System.of(place), System.of(place)
    first = opened(one, person, "k")
    second = opened(two, {**person, "rfc": "RUOM900215AB2", "correo": "b@p.example", "ticket": "T-2"}, "k")
    assert first != second
    renewed = place.house.tokens.issue(
        one.service, scopes=list(place.house.tokens.store.tokens()[0].scopes), processes=(), days=1, by=BY
    )
    again = System(one.client, renewed.text).post("/cases", {"process": "MA-001", "data": person}, "k")
    assert (again.status_code, again.get_json()["folio"]) == (201, first)


def test_a_refusal_leaves_the_key_free(system: System, person: dict[str, str]) -> None:
    """What was refused left nothing: corrected, the same key works; a retry of the refused gets the same refusal."""
    wrong = {"process": "MA-001", "data": {**person, "rfc": "no"}}
    for _ in range(2):
        assert system.post("/cases", wrong, "k").get_json()["code"] == "field_invalid"
    assert system.post("/cases", {"process": "MA-001", "data": person}, "k").status_code == 201


def test_requests_at_once_with_one_key_make_one_case(either: Installation, person: dict[str, str]) -> None:
    """Eight threads: each gets the one folio, or is told to ask again."""
    system, answers = System.of(either), list[tuple[int, str]]()
    barrier = threading.Barrier(8)

    def ask() -> None:
        mine = System(either.app.test_client(), system.text)
        barrier.wait()
        answer = mine.post("/cases", {"process": "MA-001", "data": person}, "k")
        answers.append((answer.status_code, answer.get_json().get("folio") or answer.get_json()["code"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folio = system.post("/cases", {"process": "MA-001", "data": person}, "k").get_json()["folio"]
    assert set(answers) <= {(201, folio), (409, "key_busy")}
    assert (201, folio) in answers
    assert system.get("/cases").get_json()["total"] == 1


def test_a_worker_that_died_holds_a_key_for_a_minute(either: Installation) -> None:
    """A claim without an answer is busy, then free for the same request, and never for another one."""
    store, now = either.house.answers, either.clock()
    digest = hashlib.sha256(b"a").hexdigest()
    assert store.claim("s-a", "k", digest, now, LEASE) is Claim.OURS
    assert store.claim("s-a", "k", digest, now + LEASE / 2, LEASE) is Claim.BUSY
    assert store.claim("s-a", "k", "f" * 64, now + 2 * LEASE, LEASE) is Claim.OTHER
    assert store.claim("s-a", "k", digest, now + LEASE, LEASE) is Claim.OURS
    store.keep("s-a", "k", Remembered(201, {"Location": "/x"}, b"{}"))
    assert store.claim("s-a", "k", digest, now, LEASE) == Remembered(201, {"Location": "/x"}, b"{}")
    store.forget("s-a", "k")
    assert isinstance(store.claim("s-a", "k", digest, now, LEASE), Remembered), (
        "an answer is not forgotten by mistake"
    )
    assert store.purge(now + timedelta(days=8)) == 1


def test_a_key_must_be_short_and_plain(place: Installation, person: dict[str, str]) -> None:
    """Up to 80 visible ASCII signs; else 400, and nothing is done."""
    system = System.of(place, Role.ESPECIALISTA)
    for key in ("x" * 81, "a b", "ñ"):
        answer = system.post("/cases", {"process": "MA-001", "data": person}, key)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "request_invalid"), key
    assert system.get("/cases").get_json()["total"] == 0
