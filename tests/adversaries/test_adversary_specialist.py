"""Somebody of the desk with a good password and bad intentions: forges, hides, smuggles, reaches further."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.adversaries.walking import path_of, sealed
from tests.browser.papers import PERSON, png
from tests.fakes.audit_room import Room
from tests.fakes.authorization import lines
from tests.fakes.papers import pdf

TAG = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
ACTING = pdf().replace(
    b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>"
)


def _zip() -> bytes:
    """A small archive with a program in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("a.exe", b"MZ")
    return stream.getvalue()


SMUGGLED = {
    "a page under a letter's name": ("carta.pdf", b"<!doctype html><script>alert(1)</script>"),
    "a program under a picture's name": ("captura.png", b"MZ" + bytes(200)),
    "a picture that is a zip as well": ("captura.png", png("x") + _zip()),
    "a letter that runs": ("carta.pdf", ACTING),
    "an empty file": ("captura.png", b""),
}


def test_what_the_form_says_of_actor_role_and_time_is_not_listened_to(desk: Room) -> None:
    """The entry names the session's account, the role it holds and the server's clock, whatever fields came along."""
    forged = {
        "actor": "u-otra",
        "role": "supervisor",
        "at": "2020-01-01T00:00:00Z",
        "seq": "1",
        "kind": "case.closed",
        "prev": "0" * 64,
    }
    folio = _case(desk)
    answer = _picture(desk, folio, png("x"), **forged)
    assert answer.status_code == 303
    entry = desk.place.house.ledger.history(folio)[-1].entry
    assert (entry.actor, entry.role) == (desk.id_of("laura@desk.example"), "especialista")
    assert entry.at.startswith(str(desk.place.clock().year))
    assert str(entry.kind) != "case.closed"


def test_a_script_in_every_field_runs_nowhere(desk: Room) -> None:
    """Typed into an opening form it comes back as text on every page that shows the case, and in no attribute."""
    typed = {f"d.{name}": value for name, value in {**PERSON, "tipo": "alta", "ticket": TAG}.items()}
    typed |= {"d.promotoria": TAG, "d.rfc": "MERL850109AB9", "d.correo": "otra@correo.example"}
    answer = desk.desk.post_form("/casos/nuevo/MA-001", typed)
    assert answer.status_code == 303, "it is taken as text"
    folio = answer.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    reads = (f"/casos/{folio}", f"/casos/{folio}/entradas/1", "/casos", "/bitacora", "/")
    pages = [desk.boss.get(path).text for path in reads]
    pages += [desk.boss.get("/buscar", query_string={"q": TAG}).text]
    assert any("&lt;script&gt;" in page for page in pages)
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page


def test_no_method_of_no_address_takes_an_entry_away(desk: Room) -> None:
    """Every address below an entry, by every method that HTTP has for changing: refused, and the bytes are the same."""
    folio = desk.folios[0]
    before = [entry.entry_bytes for entry in desk.place.house.ledger.history(folio)]
    known: dict[str, set[str]] = {}
    for line in lines():
        known.setdefault(line.rule, set()).update(line.methods)
    for rule, methods in known.items():
        if "/entradas/<int:seq>" not in rule or rule.startswith("/auditoria"):
            continue
        path = path_of(rule, {"folio": folio, "seq": "2", "number": "0"})
        for method in {"POST", "PUT", "PATCH", "DELETE"} - methods:
            headers = {"X-CSRFToken": desk.desk.token(), "X-HTTP-Method-Override": "GET"}
            answer = desk.desk.client.open(path, method=method, headers=headers)
            assert answer.status_code == 405, (method, rule)
    assert [entry.entry_bytes for entry in desk.place.house.ledger.history(folio)] == before


@pytest.mark.parametrize("case", SMUGGLED)
def test_what_acts_or_disguises_itself_is_not_sealed(desk: Room, case: str) -> None:
    """Refused with words, and the case is as before."""
    name, content = SMUGGLED[case]
    folio = _case(desk)
    before = sealed(desk)
    answer = _picture(desk, folio, content, name=name)
    assert answer.status_code in {400, 415, 422}, answer.status_code
    assert sealed(desk) == before


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.png",
        "/etc/passwd.png",
        "..\\..\\x.png",
        "a\r\nSet-Cookie: a=b.png",
        "x\u202egnp.png",
    ],
)
def test_a_name_leads_nowhere(desk: Room, name: str, tmp_path: Path) -> None:
    """The file is kept under its digest, handed out under one plain name, and no header grows from it."""
    folio = _case(desk)
    sent = _picture(desk, folio, png("n"), name=name)
    assert not list(tmp_path.rglob("*x.png"))
    assert not list(tmp_path.rglob("*passwd*"))
    if "\n" in name:  # the name ends at the line; what is left says nothing of a picture
        assert (sent.status_code, len(desk.place.house.ledger.history(folio))) == (422, 1)
        assert "a=b" not in sent.headers.get("Set-Cookie", "")
        return
    assert sent.status_code == 303
    answer = desk.desk.get(f"/casos/{folio}/entradas/2/archivos/0")
    assert answer.status_code == 200
    said = answer.headers["Content-Disposition"]
    assert said.startswith("attachment")
    assert not set("\r\n\\/\u202e") & set(said.partition("filename=")[2].partition(";")[0])
    assert "a=b" not in answer.headers.get("Set-Cookie", "")


def test_a_duty_of_supervision_is_refused(desk: Room) -> None:
    """Doing without a step, whatever role the form names: 403 for the role; a supervisor is told what is missing."""
    before = sealed(desk)
    form = {"reason": "Porque sí", "role": "supervisor", "idempotency_key": "k"}
    path = f"/casos/{desk.folios[0]}/pasos/3/dispensar"
    assert desk.desk.post_form(path, form).status_code == 403
    assert desk.boss.post_form(path, form).status_code == 422
    assert sealed(desk) == before


def test_the_key_of_a_press_does_not_make_it_somebody_elses(desk: Room) -> None:
    """Who sends a step again under the key of a colleague's press adds nothing and takes nothing over."""
    folio = _case(desk)
    assert _picture(desk, folio, png("a"), idempotency_key="clave-ajena").status_code == 303
    before = [entry.entry_bytes for entry in desk.place.house.ledger.history(folio)]
    other = desk.place.client(email="especialista@desk.example")
    data: dict[str, Any] = {
        "csrf_token": other.token(),
        "idempotency_key": "clave-ajena",
        "file.estatus": (io.BytesIO(png("b")), "b.png"),
    }
    other.client.post(f"/casos/{folio}/pasos/3", data=data, content_type="multipart/form-data")
    after = [entry.entry_bytes for entry in desk.place.house.ledger.history(folio)]
    assert after[: len(before)] == before
    mine = desk.id_of("especialista@desk.example")
    assert all(entry.entry.actor == mine for entry in desk.place.house.ledger.history(folio)[len(before) :])


def _case(desk: Room) -> str:
    """A case whose third step waits."""
    fields = {
        **PERSON,
        "tipo": "alta",
        "ticket": "TK-77",
        "rfc": "MERL850105AB7",
        "correo": "x7@correo.example",
    }
    answer = desk.desk.post_form("/casos/nuevo/MA-001", {f"d.{name}": text for name, text in fields.items()})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])


def _picture(
    desk: Room, folio: str, content: bytes, *, name: str = "captura.png", **more: str
) -> TestResponse:
    """Record the third step with this as its screenshot."""
    data: dict[str, Any] = {"csrf_token": desk.desk.token(), "idempotency_key": "", **more}
    data["file.estatus"] = (io.BytesIO(content), name)
    return desk.desk.client.post(f"/casos/{folio}/pasos/3", data=data, content_type="multipart/form-data")
