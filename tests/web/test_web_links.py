"""Personal links over HTTP: what fetching changes, what a press begins, what is said and what never leaves."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence.entry import EntryKind
from identity.accounts import Role
from signing.consent import consent_for
from signing.records import Request, Status
from signing.tokens import new_token
from tests.fakes.installation import Browser
from tests.fakes.signing_room import ADDRESS, SigningRoom

HTTPS = {"base_url": ADDRESS}


class Telephone:
    """A browser of somebody without an account, on the house's public address."""

    def __init__(self, room: SigningRoom) -> None:
        self.client: FlaskClient = room.place.app.test_client()

    def get(self, path: str, **more: object) -> TestResponse:
        """GET."""
        return self.client.get(path, **{**HTTPS, **more})  # type: ignore[arg-type]  # passed through

    def post(self, path: str, data: dict[str, object] | None = None, **more: object) -> TestResponse:
        """A form with its token."""
        token = self.client.get("/sesion", **HTTPS).get_json()["csrf_token"]
        sent = {**(data or {}), "csrf_token": token}
        return self.client.post(path, data=sent, **{**HTTPS, **more})  # type: ignore[arg-type]  # passed through


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director, at an address of https."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def asked(room: SigningRoom) -> tuple[SigningRoom, Request, str]:
    """A letter asked for, and the secret that was mailed."""
    request = room.ask(room.case())
    return room, request, room.token()


def _opened(room: SigningRoom, token: str) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{token}")
    assert answer.status_code == 303, answer.text
    return phone, str(answer.headers["Location"])


def _form(request: Request, **changes: object) -> dict[str, object]:
    found: dict[str, object] = {
        "carta": request.id,
        f"huella-{request.id}": request.digest,
        "consentimiento": consent_for("es").version,
        "metodo": "typed",
        "nombre": "Jesús Quiriarte",
    }
    return {**found, **changes}


def test_t1_get_head_and_options_change_nothing(asked: tuple[SigningRoom, Request, str]) -> None:
    """T1: the page has a button and nothing of the letter; a hundred fetches later everything is as before."""
    room, request, token = asked
    before = room.links.office.store.request(request.id)
    for n in range(100):
        method = ("GET", "HEAD", "OPTIONS")[n % 3]
        answer = room.place.app.test_client().open(f"/s/{token}", method=method, **HTTPS)  # type: ignore[arg-type]
        assert answer.status_code == 200
        for secret in (request.name, request.folio, request.digest, "Ortega", "Quiriarte", "María"):
            assert secret not in answer.text
    assert room.links.office.store.request(request.id) == before
    assert "link.opened" not in room.kinds(request.folio)
    assert room.kinds(request.folio).count("link.fetched") <= 2


def test_t2_t9_a_press_leads_to_an_address_without_the_token_under_a_narrow_cookie(
    asked: tuple[SigningRoom, Request, str],
) -> None:
    """T2, T9: POST with a form token; HttpOnly, Secure, Strict, and for the visit's own path alone."""
    room, request, token = asked
    bare = room.place.app.test_client()
    assert bare.post(f"/s/{token}", **HTTPS).status_code == 400  # type: ignore[arg-type]
    assert "link.opened" not in room.kinds(request.folio)
    phone = Telephone(room)
    answer = phone.post(f"/s/{token}", headers={"Origin": "https://mala.example"})
    assert answer.status_code == 403
    answer = phone.post(f"/s/{token}", headers={"Origin": ADDRESS})
    there = str(answer.headers["Location"])
    assert token not in there
    jar = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        jar.load(line)
    cookie = jar["enlace"]
    assert (cookie["path"], cookie["httponly"], cookie["secure"], cookie["samesite"]) == (
        there,
        True,
        True,
        "Strict",
    )
    page = phone.get(there)
    assert page.status_code == 200
    assert request.digest in page.text
    assert token not in page.text
    assert Telephone(room).get(there).status_code == 404
    assert room.kinds(request.folio).count("link.opened") == 1


def test_t10_headers_keep_the_pages_to_themselves(asked: tuple[SigningRoom, Request, str]) -> None:
    """T10: no referrer, no store, no index, no frame, nothing of third parties, on every page and file of a link."""
    room, request, token = asked
    phone, there = _opened(room, token)
    for path in (
        f"/s/{token}",
        f"/s/{new_token()}",
        there,
        f"{there}/{request.id}/carta.pdf",
        f"{there}/{request.id}/pagina/1",
        f"{there}/{request.id}/texto",
    ):
        answer = phone.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert "noindex" in answer.headers["X-Robots-Tag"], path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        if answer.mimetype == "text/html":
            assert not re.findall(
                r"(?:src|href|action)=\"(?:https?:)?//(?!constancia\.example/)", answer.text
            )


def test_t11_dead_links_answer_alike(asked: tuple[SigningRoom, Request, str]) -> None:
    """T11: unknown, malformed, revoked and used: the same page to the byte, save what every answer has of its own."""
    room, request, token = asked
    phone, there = _opened(room, token)
    assert phone.post(f"{there}/firmar", _form(request)).status_code == 303
    other = room.ask(room.case(2))
    revoked = room.token()
    room.links.desk.withdraw(other.id, room.actor, "Llegó firmada en papel")
    pages = set()
    for dead in (token, revoked, new_token(), "abc"):
        for method in ("GET", "POST"):
            client = Telephone(room)
            answer = client.get(f"/s/{dead}") if method == "GET" else client.post(f"/s/{dead}")
            assert answer.status_code == 404
            pages.add(re.sub(r"nonce-[\w-]+|value=\"[^\"]+\"", "", answer.text))
    assert len(pages) == 1


def test_t12_a_foreign_host_is_refused(asked: tuple[SigningRoom, Request, str]) -> None:
    """T12: no address of ours is ever made from the Host header."""
    room, _request, token = asked
    answer = room.place.app.test_client().get(f"/s/{token}", base_url="https://mala.example")
    assert answer.status_code == 400


def test_the_whole_way_over_http(asked: tuple[SigningRoom, Request, str]) -> None:
    """Pages, text, file, signature, thanks, signed file: each where it belongs, and the step is done."""
    room, request, token = asked
    phone, there = _opened(room, token)
    assert phone.get(f"{there}/{request.id}/pagina/1").mimetype == "image/png"
    shown = phone.get(f"{there}/{request.id}/carta.pdf").data
    assert phone.get(f"{there}/{request.id}/texto").status_code == 200
    assert phone.get(f"{there}/r-otra/carta.pdf").status_code == 404
    answer = phone.post(f"{there}/firmar", _form(request))
    assert answer.status_code == 303
    page = phone.get(there)
    assert "Firmada" in page.text
    with phone.get(f"{there}/{request.id}/firmada.pdf") as answer:
        assert answer.data.startswith(shown)
    again = phone.post(f"{there}/firmar", _form(request))
    assert again.status_code in {200, 303}
    assert room.kinds(request.folio).count("document.signed") == 1
    assert room.kinds(request.folio).count("document.downloaded") == 1


def test_d1_d2_what_the_form_says_of_the_document_is_compared_and_no_file_replaces_it(
    asked: tuple[SigningRoom, Request, str],
) -> None:
    """D1, D2: another digest is 409 with an entry; PDF bytes in any field are no signature and no document."""
    room, request, token = asked
    phone, there = _opened(room, token)
    answer = phone.post(f"{there}/firmar", _form(request, **{f"huella-{request.id}": "f" * 64}))
    assert answer.status_code == 409
    assert room.kinds(request.folio)[-1] == "document.differed"
    for name in ("imagen", "carta.pdf", "documento"):
        sent = _form(request, metodo="uploaded", **{name: (io.BytesIO(b"%PDF-1.7 otra"), "otra.pdf")})
        assert phone.post(f"{there}/firmar", sent).status_code == 422
    assert room.links.office.store.request(request.id).status is Status.PENDING  # type: ignore[union-attr]


def test_declining_and_reporting_are_told_to_the_desk(room: SigningRoom) -> None:
    """A reason is asked for; afterwards the page says so, and the desk's page too."""
    request = room.ask(room.case())
    phone, there = _opened(room, room.token())
    assert phone.post(f"{there}/{request.id}/rechazar", {"motivo": "no"}).status_code == 422
    assert phone.post(f"{there}/{request.id}/rechazar", {"motivo": "No procede este año"}).status_code == 303
    assert "no firmas" in phone.get(there).text
    other = room.ask(room.case(2))
    phone, there = _opened(room, room.token())
    assert phone.post(f"{there}/{other.id}/no-reconozco", {"nota": ""}).status_code == 303
    assert phone.get(there).status_code == 404
    assert room.kinds(other.folio)[-1] == "link.reported"


class Desk(Browser):
    """A signed-in browser on the public address."""

    def token(self) -> str:
        """A form token of this session."""
        return str(self.client.get("/sesion", **HTTPS).get_json()["csrf_token"])  # type: ignore[arg-type]

    def page(self, path: str) -> TestResponse:
        """GET."""
        return self.client.get(path, **HTTPS)  # type: ignore[arg-type]

    def send_form(self, path: str, data: dict[str, str]) -> TestResponse:
        """POST a form."""
        return self.client.post(path, data={**data, "csrf_token": self.token()}, **HTTPS)  # type: ignore[arg-type]


def _desk(room: SigningRoom, role: Role = Role.ESPECIALISTA) -> Desk:
    from tests.fakes.installation import PASSWORD  # noqa: PLC0415 - only here

    user = room.place.user(role, name="Laura Ortega")
    found = Desk(room.place.app.test_client())
    answer = found.send_form("/entrar", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 303
    return found


def test_the_desk_asks_follows_and_takes_back(room: SigningRoom) -> None:
    """By the page: ask, see each event, mail a new link, read out a code once, withdraw with a reason."""
    folio = room.case()
    desk = _desk(room)
    page = desk.page(f"/casos/{folio}/firmas")
    assert "Pedir firma por enlace" in page.text
    letter = room.links.desk.choices(folio, "9").letters[0]
    wish = {"paso": "9", "firmante": room.director.id, "carta": f"{letter.seq}.{letter.object}", "dias": "5"}
    assert desk.send_form(f"/casos/{folio}/firmas", {**wish, "dias": "0"}).status_code == 422
    assert desk.send_form(f"/casos/{folio}/firmas", {**wish, "factor": "code"}).status_code == 303
    request = room.links.office.store.of_case(folio)[0]
    assert desk.send_form(f"/casos/{folio}/firmas", wish).status_code == 409
    phone, there = _opened(room, room.token())
    assert request.digest not in phone.get(there).text
    assert phone.get(f"{there}/{request.id}/carta.pdf").status_code == 403
    assert phone.post(f"{there}/codigo/pedir").status_code == 303
    visit = room.links.codes.callers(request.id)[0]
    assert visit.call in desk.page(f"/casos/{folio}/firmas").text
    answer = desk.send_form(f"/casos/{folio}/firmas/{request.id}/codigo/{visit.id}", {})
    code = "".join(re.findall(r"code-read\">(\d{3}) (\d{3})<", answer.text)[0])
    assert code not in desk.page(f"/casos/{folio}/firmas").text
    assert phone.post(f"{there}/codigo", {"codigo": "x"}).status_code == 422
    assert phone.post(f"{there}/codigo", {"codigo": code}).status_code == 303
    assert request.digest in phone.get(there).text
    assert desk.send_form(f"/casos/{folio}/firmas/{request.id}/reenviar", {}).status_code == 303
    assert phone.get(there).status_code == 404
    away = {"motivo": "Llegó firmada en papel"}
    assert desk.send_form(f"/casos/{folio}/firmas/{request.id}/retirar", {"motivo": "x"}).status_code == 422
    assert desk.send_form(f"/casos/{folio}/firmas/{request.id}/retirar", away).status_code == 303
    assert room.kinds(folio)[-1] == "signature.withdrawn"
    assert _desk(room, Role.AUDITOR_INTERNO).page(f"/casos/{folio}/firmas").status_code == 403


def test_t3_no_page_log_export_or_command_holds_the_token(
    room: SigningRoom, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """T3: the desk's pages, entries, log of requests, audit package (which is valid) and commands know no link."""
    folio = room.case()
    request = room.ask(folio)
    token = room.token()
    with caplog.at_level(logging.INFO, logger="constancia"):
        logging.getLogger("constancia").propagate = True
        phone, there = _opened(room, token)
        phone.get(f"/s/{token}")
        phone.post(f"{there}/firmar", _form(request))
    assert caplog.records
    assert all(token not in json.dumps(record.__dict__, default=str) for record in caplog.records)
    desk = _desk(room)
    paths = [f"/casos/{folio}", f"/casos/{folio}/firmas"]
    paths += [f"/casos/{folio}/entradas/{sealed.entry.seq}" for sealed in room.entries(folio)]
    assert all(token not in desk.page(path).text for path in paths)
    room.place.house.publisher.publish()
    out = tmp_path / "case.zip"
    runner = room.place.app.test_cli_runner()
    told = runner.invoke(args=["signatures", "list"])
    assert request.id in told.output
    assert token not in told.output
    exported = runner.invoke(args=["packages", "export", "--case", folio, "--out", str(out)])
    assert exported.exit_code == 0, exported.output
    with zipfile.ZipFile(out) as package:
        assert all(token.encode() not in package.read(name) for name in package.namelist())
    argued = [sys.executable, "-m", "audit_exports.verify", str(out), "--vkey", room.place.house.vkey.text]
    verdict = subprocess.run(argued, capture_output=True, text=True, check=False)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_the_public_check_page_says_facts_and_nobodys_name(asked: tuple[SigningRoom, Request, str]) -> None:
    """Digest, date, level and state of each letter; no person, address or reason; an unknown folio is not there."""
    room, request, token = asked
    phone, there = _opened(room, token)
    phone.post(f"{there}/firmar", _form(request))
    page = Telephone(room).get(f"/verificar/{request.folio}")
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert request.digest in page.text
    assert signed.objects[0].sha256 in page.text
    assert "N1" in page.text
    for secret in ("Quiriarte", "Ortega", "María", "director@", "RUOM", "CDMX", request.id):
        assert secret not in page.text
    assert Telephone(room).get("/verificar/MA-001-2026-999999").status_code == 404
    assert Telephone(room).get("/verificar/system:ledger").status_code == 404


def test_commands_ask_list_resend_and_revoke(room: SigningRoom) -> None:
    """As JSON, with the actor claimed from the console, and never a link in the output."""
    folio = room.case()
    runner = room.place.app.test_cli_runner()
    email = room.specialist.email
    made = runner.invoke(args=["signatures", "request", folio, "9", "--actor", email, "--note", "Urge"])
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout)
    assert (found["status"], found["signatory"]) == ("pending", room.director.id)
    again = runner.invoke(args=["signatures", "request", folio, "9", "--actor", email])
    assert (again.exit_code, json.loads(again.stdout)["error"]["code"]) == (1, "request_waits")
    assert runner.invoke(args=["signatures", "resend", found["id"], "--actor", email]).exit_code == 0
    gone = runner.invoke(
        args=["signatures", "revoke", found["id"], "--actor", email, "--reason", "Llegó firmada en papel"]
    )
    assert json.loads(gone.stdout)["status"] == "withdrawn"
    listed = json.loads(runner.invoke(args=["signatures", "list", "--case", folio]).stdout)["requests"]
    assert [item["status"] for item in listed] == ["withdrawn"]
    assert "/s/" not in made.output
    assert room.entries(folio)[-1].payload()["via"] == {"channel": "console", "os_user": _os_user()}


def _os_user() -> str:
    from web.commands.console import os_user  # noqa: PLC0415 - only here

    return os_user()
