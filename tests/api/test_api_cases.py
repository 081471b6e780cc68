"""Cases over the API on the real application: opened, recorded, read, corrected, each answer held to the document."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from auditing.views import ViewQuery
from evidence.verify import verify_ledger
from identity.accounts import Role
from identity.tokens import Scope
from tests.fakes.calling import System
from tests.fakes.installation import Installation
from tests.fakes.papers import eml, png
from web.inception import settle


def opened(system: System, person: dict[str, str], key: str = "") -> str:
    """A case of MA-001."""
    answer = system.post("/cases", {"process": "MA-001", "data": person}, key)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["folio"])


def multipart(
    system: System, path: str, body: object, *files: tuple[str, str, bytes], key: str = ""
) -> TestResponse:
    """POST of a JSON part and files, each with its part, name and bytes."""
    parts: list[tuple[str, object]] = [("datos", json.dumps(body))]
    parts += [(part, FileStorage(io.BytesIO(content), name)) for part, name, content in files]
    boundary, data = encode_multipart(MultiDict(parts))
    headers = {"Idempotency-Key": key} if key else {}
    kind = f"multipart/form-data; boundary={boundary}"
    return system.call("POST", path, headers=headers, data=data, content_type=kind)


def test_a_case_from_opening_to_proof(either: Installation, person: dict[str, str]) -> None:
    """What the pages do, another system does: the log verifies, and names the service, its role and the channel."""
    system = System.of(either)
    folio = opened(system, person)
    mail = eml()
    answer = multipart(system, f"/cases/{folio}/steps/2", {"note": "ñ"}, ("archivo", "correo.eml", mail))
    assert answer.status_code == 201, answer.text
    receipt = answer.get_json()
    assert (receipt["folio"], receipt["seq"]) == (folio, 2)
    assert receipt["objects"][0]["sha256"] == hashlib.sha256(mail).hexdigest()
    assert answer.headers["Location"] == f"/api/v1/cases/{folio}"
    case = system.get(f"/cases/{folio}").get_json()
    assert [item["seq"] for item in case["entries"]] == [1, 2]
    assert {(item["actor"], item["role"], item["via"]) for item in case["entries"]} == {
        (system.service, "especialista", "api")
    }
    assert system.get(f"/cases/{folio}/entries/2/proof").status_code == 409
    settle(either.house)
    proof = system.get(f"/cases/{folio}/entries/2/proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")
    report = verify_ledger(either.house.ledger, either.house.blobs, keys=[either.house.vkey], full=True)
    assert (str(report.verdict), report.findings) == ("valid", ())
    payload = either.house.ledger.history(folio)[1].payload()
    assert payload["via"] == {"channel": "api", "token": system.token}


def test_the_case_is_the_one_the_command_prints(
    place: Installation, system: System, person: dict[str, str]
) -> None:
    """`cases show --json` and GET /cases/{folio} are the same object, save the moment they were derived at."""
    folio = opened(system, person)
    shown = json.loads(place.app.test_cli_runner().invoke(args=["cases", "show", folio, "--json"]).stdout)
    told = system.get(f"/cases/{folio}").get_json()
    assert {**told, "as_of": ""} == {**shown, "as_of": ""}
    listed = json.loads(place.app.test_cli_runner().invoke(args=["cases", "list", "--json"]).stdout)
    assert system.get("/cases").get_json()["cases"] == listed["cases"]


def test_an_upload_goes_ahead_by_its_digest(
    place: Installation, system: System, person: dict[str, str]
) -> None:
    """PUT under the announced digest, then name it; other bytes are refused, and what was used is forgotten."""
    folio, mail = opened(system, person), eml()
    digest = hashlib.sha256(mail).hexdigest()
    assert system.get(f"/uploads/{digest}").status_code == 404
    wrong = system.call(
        "PUT", f"/uploads/{digest}", data=mail + b"x", content_type="application/octet-stream"
    )
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "upload_differs")
    assert system.get(f"/uploads/{digest}").status_code == 404
    for status in (201, 200):
        answer = system.call("PUT", f"/uploads/{digest}", data=mail, content_type="application/octet-stream")
        assert answer.status_code == status
    assert system.get(f"/uploads/{digest}").get_json()["size"] == len(mail)
    other = System.of(place)
    body = {"files": [{"sha256": digest, "name": "correo.eml"}]}
    stranger = other.post(f"/cases/{folio}/steps/2", body)
    assert (stranger.status_code, stranger.get_json()["code"]) == (422, "unknown_upload")
    assert system.post(f"/cases/{folio}/steps/2", body, "k1").status_code == 201
    assert system.get(f"/uploads/{digest}").status_code == 404
    assert list((place.settings.data / "uploads").rglob("*.part")) == []


def test_a_refusal_is_a_problem_in_the_callers_language(system: System, person: dict[str, str]) -> None:
    """The pages' refusals, their codes and problems by field; a title by Accept-Language; nothing was sealed."""
    person["rfc"] = "no"
    answer = system.post("/cases", {"process": "MA-001", "data": person})
    told = answer.get_json()
    assert (answer.status_code, answer.mimetype, told["code"]) == (
        422,
        "application/problem+json",
        "field_invalid",
    )
    assert (told["title"], told["status"]) == ("Hay algo por corregir", 422)
    assert told["type"] == "/api#problem-field_invalid"
    assert [item["field"] for item in told["problems"]] == ["rfc"]
    english = system.call(
        "POST",
        "/cases",
        json={"process": "MA-001", "data": person},
        headers={"Accept-Language": "en-GB, es;q=0.5"},
    )
    assert english.get_json()["title"] == "There is something to correct"
    assert system.get("/cases").get_json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, {"/process", "/data"}),
        ({"process": "MA-001", "data": {}, "extra": 1}, {"/extra"}),
        ({"process": "x", "data": []}, {"/process", "/data"}),
        ({"process": "MA-001", "data": {"nombre": 1.5}}, {"/data/nombre"}),
        ({"process": "MA-001", "data": {"nombre": "\ud800"}}, {"/data/nombre"}),
        ({"process": "MA-001", "data": {}, "occurred_at": "2026-02-30T00:00:00Z"}, {"/occurred_at"}),
        ([], {""}),
    ],
)
def test_what_the_document_does_not_describe_is_refused(
    system: System, body: object, where: set[str]
) -> None:
    """Each place that is wrong is named; nothing unknown is passed over."""
    answer = system.post("/cases", body)
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (400, "request_invalid")
    assert {item["field"] for item in told["problems"]} == where
    assert all(item["message"] for item in told["problems"])


def test_text_that_is_no_json_and_members_said_twice_are_refused(system: System) -> None:
    """So that two readers of one request can never disagree about it."""
    for text in (
        b"{",
        b'{"process": "MA-001", "process": "MA-002", "data": {}}',
        b"\xff",
        b'{"process": NaN}',
        b"[" * 5000,
    ):
        answer = system.call("POST", "/cases", data=text, content_type="application/json")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "request_invalid"), text[:20]
    answer = system.call("POST", "/cases", data=b"a=b", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.get_json()["code"]) == (415, "media_not_supported")


def test_lists_are_paged_by_key(system: System, person: dict[str, str]) -> None:
    """The Link leads through every case once, even while others are opened; a cursor of another list is refused."""
    folios = []
    for n in range(5):
        person |= {"rfc": f"RUOM90021{n}AB1", "correo": f"p{n}@promotoria.example", "ticket": f"T-{n}"}
        folios.append(opened(system, person))
    seen: list[str] = []
    target = "/cases?limit=2&process=MA-001"
    while target:
        answer = system.get(target)
        seen += [row["folio"] for row in answer.get_json()["cases"]]
        link = answer.headers.get("Link", "")
        target = link.partition("<")[2].partition(">")[0].removeprefix("/api/v1")
        assert bool(target) == bool(answer.get_json()["next"])
        person |= {
            "rfc": f"RUOM85010{len(seen)}AB1",
            "correo": f"q{len(seen)}@p.example",
            "ticket": f"Q-{len(seen)}",
        }
        opened(system, person)
    assert seen == folios[::-1]
    bad = system.get("/cases?cursor=e30")
    assert (bad.status_code, bad.get_json()["code"]) == (400, "cursor_invalid")
    entries = system.get(f"/cases/{folios[0]}/entries?limit=1")
    assert (len(entries.get_json()["entries"]), entries.get_json()["next"]) == (1, 0)


def test_the_past_is_read_as_it_was_known(
    place: Installation, system: System, person: dict[str, str]
) -> None:
    """as_of shows the case without what came later, and nothing before it began."""
    folio = opened(system, person)
    between = place.clock()
    place.clock.offset = timedelta(hours=1)
    answer = multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "correo.eml", eml()))
    assert answer.status_code == 201, answer.text
    then = system.get(f"/cases/{folio}?as_of={between.isoformat().replace('+00:00', 'Z')}").get_json()
    assert (then["length"], len(then["entries"])) == (1, 1)
    assert system.get(f"/cases/{folio}?as_of=2020-01-01T00:00:00Z").status_code == 404


def test_what_is_held_already_is_not_sent_again(system: System, person: dict[str, str]) -> None:
    """A second GET with the entity tag is a 304 without a body, until the case changes."""
    folio = opened(system, person)
    tag = system.get(f"/cases/{folio}").headers["ETag"]
    same = system.get(f"/cases/{folio}", If_None_Match=tag)
    assert (same.status_code, same.data) == (304, b"")
    assert multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml())).status_code == 201
    assert system.get(f"/cases/{folio}", If_None_Match=tag).status_code == 200


def test_a_correction_a_dispensation_and_a_refusal(place: Installation, person: dict[str, str]) -> None:
    """Supersede with a reason, annul, waive as supervisor, refuse on a listed ground: each an entry by the service."""
    system, boss = System.of(place), System.of(place, Role.SUPERVISOR)
    folio = opened(system, person)
    assert multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml())).status_code == 201
    fixed = system.post(
        f"/cases/{folio}/entries/1/supersede",
        {"reason": "El nombre estaba mal escrito", "data": {**person, "nombre": "María Ruiz"}},
        "fix",
    )
    assert fixed.status_code == 201, fixed.text
    assert system.get(f"/cases/{folio}/data").get_json()["data"]["1"]["nombre"] == "María Ruiz"
    short = system.post(f"/cases/{folio}/entries/2/supersede", {"reason": "x", "annul": True})
    assert (short.status_code, short.get_json()["code"]) == (422, "reason_missing")
    gone = system.post(
        f"/cases/{folio}/entries/2/supersede", {"reason": "Era de otro caso, se anula", "annul": True}
    )
    assert gone.status_code == 201, gone.text
    waived = system.post(f"/cases/{folio}/steps/2/waive", {"reason": "No hizo falta, se habló por teléfono"})
    assert (waived.status_code, waived.get_json()["code"]) == (403, "role_not_allowed")
    refused = boss.post(f"/cases/{folio}/steps/1/waive", {"reason": "No hizo falta, se habló por teléfono"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "not_waivable")
    ground = system.get("/processes/MA-001").get_json()["refusals"][0]["refusal"]
    end = system.post(f"/cases/{folio}/refuse", {"refusal": ground, "note": "Fuera de alcance"}, "no")
    assert end.status_code == 201, end.text
    assert system.get(f"/cases/{folio}").get_json()["closing"]["refusal"] == ground


def test_a_sealed_file_comes_back_byte_for_byte(
    place: Installation, system: System, person: dict[str, str]
) -> None:
    """The object as a download that nobody runs; what an auditor's system fetches is in the log of views."""
    folio, mail = opened(system, person), eml("Recibido ñ")
    assert (
        multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "recibido.eml", mail)).status_code == 201
    )
    answer = system.get(f"/cases/{folio}/entries/2/objects/0")
    assert answer.data == mail
    answer.close()
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert system.get(f"/cases/{folio}/entries/2/objects/1").status_code == 404
    assert system.get(f"/cases/{folio}/entries/9/objects/0").status_code == 404
    assert place.house.room.views.page(ViewQuery(actor=system.service)).total == 0
    auditor = System.of(place, Role.AUDITOR_INTERNO)
    auditor.get(f"/cases/{folio}/entries/2/objects/0").close()
    seen = place.house.room.views.page(ViewQuery(actor=auditor.service)).rows
    assert [(view.what, view.subject) for view in seen] == [("api.object", f"{folio}/2/0")]


def test_search_finds_cases_by_what_was_typed(place: Installation, person: dict[str, str]) -> None:
    """Words without accents; a token of other processes finds nothing of this one."""
    system = System.of(place)
    folio = opened(system, person)
    found = system.get("/search?q=maria ruiz").get_json()
    assert [row["folio"] for row in found["cases"]] == [folio]
    other = System.of(place, processes=("MA-002",))
    assert other.get("/search?q=maria").get_json() == {"cases": [], "total": 0, "files": []}
    assert system.get("/search?q=%20").status_code == 400


def test_cases_go_together_and_go_on_from_one_another(place: Installation, person: dict[str, str]) -> None:
    """Two cases are linked by an entry; linking twice is refused in words."""
    system = System.of(place)
    first = opened(system, person)
    second = opened(
        system, {**person, "rfc": "RUOM900215AB2", "correo": "otra@promotoria.example", "ticket": "T-2"}
    )
    assert system.post(f"/cases/{first}/links", {"link": second}, "l1").status_code == 201
    again = system.post(f"/cases/{first}/links", {"link": second}, "l2")
    assert (again.status_code, again.get_json()["code"]) == (409, "link_not_possible")
    assert system.get(f"/cases/{first}").get_json()["routes"][0]["link"] == second


def test_the_schema_says_what_opening_and_recording_take(system: System) -> None:
    """JSON Schemas of the process in force; an unknown process or step is a 404 in words."""
    assert "nombre" in system.get("/processes/MA-001/schema").get_json()["properties"]
    assert system.get("/processes/MA-001/steps/2/schema").get_json()["x-slots"]
    assert system.get("/processes/ZZ-999").get_json()["code"] == "unknown_process"
    assert system.get("/processes/MA-001/steps/99/schema").get_json()["code"] == "unknown_step"


def test_a_screenshot_says_what_it_shows(system: System, person: dict[str, str]) -> None:
    """`system` and `taken` of an uploaded screenshot are sealed with it."""
    folio, shot = opened(system, person), png()
    digest = hashlib.sha256(shot).hexdigest()
    assert system.call("PUT", f"/uploads/{digest}", data=shot).status_code == 201
    named = {
        "sha256": digest,
        "name": "cam.png",
        "slot": "no-hay",
        "system": "CAM Pegasus",
        "taken": "2026-01-01",
    }
    answer = system.post(f"/cases/{folio}/steps/2", {"files": [named]})
    assert answer.status_code == 422
    assert system.get(f"/uploads/{digest}").status_code == 200, "a refusal costs no upload"


def test_every_scope_has_an_operation(place: Installation) -> None:
    """No scope is given out that opens nothing."""
    paths = place.app.test_client().get("/api/v1/openapi.json").get_json()["paths"]
    used = {item["x-scope"] for methods in paths.values() for item in methods.values()} - {""}
    assert used <= {str(scope) for scope in Scope}
