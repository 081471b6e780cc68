"""Every operation answers well at least once, on both databases: one long story with nothing left out."""

from __future__ import annotations

import hashlib
import time

from identity.accounts import Role
from tests.api.test_api_cases import multipart, opened
from tests.api.test_api_webhooks import receiving
from tests.fakes.calling import System
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.api.registering import GROUPS
from web.inception import settle

OPERATIONS = {operation.id for group in GROUPS for operation in group.operations}


def test_a_story_through_every_operation(either: Installation, person: dict[str, str]) -> None:
    """Whatever the document offers was asked and granted; each answer had its documented form."""
    system, boss = System.of(either), System.of(either, Role.SUPERVISOR)
    folio = _writes(either, system, boss, person)
    for path in (
        "/me", "/processes", "/processes/MA-001", "/processes/MA-001/schema", "/processes/MA-001/steps/2/schema",
        "/cases?process=MA-001&closed=false&order=due&limit=1", f"/cases/{folio}", f"/cases/{folio}/entries?after=1",
        f"/cases/{folio}/data", f"/cases/{folio}/keeping",
        f"/cases/{folio}/entries/2/objects/0", f"/cases/{folio}/entries/2/proof",
        "/search?q=ruiz&limit=5", "/tasks?due_until=2999-01-01T00:00:00Z", "/log", "/log/entries?since=1&limit=2",
    ):  # fmt: skip
        answer = system.get(path)
        assert answer.status_code == 200, (path, answer.text)
        answer.close()
    _exports(either, boss)
    _webhooks(either, system)
    good = {name for name, status in system.seen | boss.seen if 200 <= status < 300}
    assert good == OPERATIONS


def _writes(either: Installation, system: System, boss: System, person: dict[str, str]) -> str:
    folio, mail = opened(system, person, "k-1"), eml()
    digest = hashlib.sha256(mail).hexdigest()
    assert system.call("PUT", f"/uploads/{digest}", data=mail).status_code == 201
    assert system.get(f"/uploads/{digest}").status_code == 200
    body = {"files": [{"sha256": digest, "name": "correo.eml"}], "note": "Recibido"}
    assert system.post(f"/cases/{folio}/steps/2", body, "k-2").status_code == 201
    more = {"reason": "Se capturó mal el nombre", "data": {**person, "nombre": "María Ruiz"}}
    assert multipart(system, f"/cases/{folio}/entries/1/supersede", more, key="k-3").status_code == 201
    other = opened(
        system, {**person, "rfc": "RUOM900215AB2", "correo": "b@p.example", "ticket": "T-2"}, "k-4"
    )
    assert system.post(f"/cases/{folio}/links", {"link": other}, "k-5").status_code == 201
    waivable = [
        step["step"]
        for step in system.get(f"/cases/{other}").get_json()["steps"]
        if step["status"] in {"abierto", "bloqueado"}
    ]
    told = [
        boss.post(f"/cases/{other}/steps/{step}/waive", {"reason": "Se acordó por teléfono"})
        for step in waivable
    ]
    assert 201 in {answer.status_code for answer in told}, [answer.text for answer in told][:3]
    ground = system.get("/processes/MA-001").get_json()["refusals"][0]["refusal"]
    assert system.post(f"/cases/{other}/refuse", {"refusal": ground}, "k-6").status_code == 201
    settle(either.house)
    return folio


def _exports(either: Installation, boss: System) -> None:
    begun = boss.post("/exports", {"processes": ["MA-001"]}, "k-7")
    where = begun.headers["Location"].removeprefix("/api/v1")
    for _ in range(600):
        if boss.get(where).get_json()["state"] not in {"waiting", "running"}:
            break
        time.sleep(0.1)
    settle(either.house)
    for path in (f"{where}/package", f"{where}/receipt"):
        answer = boss.get(path)
        assert answer.status_code == 200, answer.text
        answer.close()


def _webhooks(either: Installation, system: System) -> None:
    with receiving() as receiver:
        either.house.hooks.guard = type(either.house.hooks.guard)(frozenset({receiver.host}))
        made = system.post("/webhooks", {"url": receiver.url, "kinds": ["case.opened"]})
        assert made.status_code == 201, made.text
        hook = made.get_json()["id"]
        for path in ("secret", "test", "retry"):
            assert system.post(f"/webhooks/{hook}/{path}", {}).status_code in {200, 202}
        assert either.house.hooks.carry() == 1
        assert len(receiver.got) == 1
        for path in ("/webhooks", f"/webhooks/{hook}"):
            assert system.get(path).status_code == 200
        assert system.call("DELETE", f"/webhooks/{hook}").status_code == 204
