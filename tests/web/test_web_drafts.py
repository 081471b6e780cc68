"""Drafts on the server: nothing typed or uploaded is lost, nothing refused stays, and limits hold."""

from __future__ import annotations

import errno
import io
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from evidence.ports import StoreUnavailable
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml, pdf, png
from web import drafts
from web.drafts import DraftDesk
from web.pages import recording
from web.pages.drafts import file_json
from workflows.commands import Actor, OpenCase, RecordStep, Upload

OPENING = "/borradores/nuevo-MA-001/apertura"
DATA = {
    "tipo": "alta",
    "nombre": "María Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Uno",
    "ticket": "T-1",
}


def upload(browser: Browser, base: str, *files: tuple[str, bytes], slot: str = "") -> TestResponse:
    """Upload files as the page does."""
    parts: list[tuple[str, object]] = [("slot", slot)]
    parts += [("archivo", FileStorage(io.BytesIO(content), name)) for name, content in files]
    boundary, body = encode_multipart(
        MultiDict(parts)
    )  # in memory: the test client leaves its own spool files open
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.send("POST", f"{base}/archivos", data=body, content_type=kind)


def staged(place: Installation) -> list[Path]:
    """Every file in the staging directory."""
    return sorted(path for path in place.settings.staging.rglob("*") if path.is_file())


def test_what_is_typed_and_uploaded_survives_reload_and_login(place: Installation) -> None:
    """The same draft comes back to the same person in another session, in the order things came."""
    browser = place.client()
    sent = browser.send("PUT", f"{OPENING}/campos", json={"fields": {"nombre": "Ñandú", "zona": ["a", "b"]}})
    assert sent.status_code == 200
    answer = upload(browser, OPENING, ("carta.pdf", pdf()), ("captura.png", png()), slot="ticket")
    assert answer.status_code == 201
    assert [item["family"] for item in answer.get_json()["files"]] == ["pdf", "image"]
    again = place.client().get_json(OPENING).get_json()
    assert again["fields"] == {"nombre": "Ñandú", "zona": ["a", "b"]}
    assert [(item["name"], item["slot"]) for item in again["files"]] == [
        ("carta.pdf", "ticket"),
        ("captura.png", "ticket"),
    ]
    assert again["bytes"] == sum(item["size"] for item in again["files"])
    assert place.client(Role.SUPERVISOR).get_json(OPENING).get_json()["files"] == []


def test_a_file_can_be_named_for_its_slot_fetched_and_removed(place: Installation) -> None:
    """The bytes come back as a download nobody runs; removed, they are gone from the disk too."""
    browser, content = place.client(), eml()
    (file,) = upload(browser, OPENING, ("correo ñ.eml", content)).get_json()["files"]
    assert file["about"]["subject"] == "Recibido"
    path = f"{OPENING}/archivos/{file['id']}"
    assert browser.send("PATCH", path, json={"slot": "correo"}).get_json()["files"][0]["slot"] == "correo"
    answer = browser.get(path)
    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    assert "correo%20%C3%B1.eml" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()
    assert place.client(Role.SUPERVISOR).get_json(path).status_code == 404
    assert browser.send("DELETE", path).get_json()["files"] == []
    assert browser.send("DELETE", path).status_code == 200
    assert staged(place) == []


def test_refused_files_say_why_in_spanish_and_good_ones_beside_them_stay(place: Installation) -> None:
    """Empty, disguised and hostile files are refused one by one; nothing of them stays on the disk."""
    browser = place.client()
    answer = upload(
        browser,
        OPENING,
        ("vacío.pdf", b""),
        ("../../etc/passwd.exe", b"MZ" + b"\x00" * 200),
        ("carta.pdf", b"<html><script>alert(1)</script></html>"),
        ("buena.png", png()),
    )
    assert answer.status_code == 201
    told = answer.get_json()
    assert [item["name"] for item in told["files"]] == ["buena.png"]
    assert [item["code"] for item in told["refused"]] == [
        "file_empty",
        "file_type_not_allowed",
        "file_content_mismatch",
    ]
    assert all(item["message"] and item["advice"] for item in told["refused"])
    assert len(staged(place)) == 1
    nothing = upload(browser, OPENING, ("vacío.pdf", b""))
    assert nothing.status_code == 422
    assert upload(browser, OPENING).get_json()["error"]["code"] == "no_upload"
    assert place.settings.data in staged(place)[0].parents


def test_limits_of_file_draft_and_count_hold(tmp_path: Path) -> None:
    """Too large a file, one file too many, and bytes too many are refused with the limit."""
    env = {"CONSTANCIA_MAX_UPLOAD_MB": "1", "CONSTANCIA_MAX_FILES": "2", "CONSTANCIA_MAX_DRAFT_MB": "1"}
    place = Installation(tmp_path / "data", env)
    browser = place.client()
    noise = os.urandom(700 * 700 * 3)

    def photo(width: int) -> bytes:
        stream = io.BytesIO()
        Image.frombytes("RGB", (width, 300), noise[: width * 900]).save(stream, "PNG")
        return stream.getvalue()

    big = photo(1400)
    assert len(big) > 2**20
    assert upload(browser, OPENING, ("a.png", big)).get_json()["refused"][0]["code"] == "file_too_large"
    assert upload(browser, OPENING, ("b.png", photo(800))).status_code == 201
    told = upload(browser, OPENING, ("c.png", photo(800))).get_json()
    assert told["refused"][0]["code"] == "draft_bytes"
    assert upload(browser, OPENING, ("d.png", png())).status_code == 201
    assert upload(browser, OPENING, ("e.png", png(1))).get_json()["refused"][0]["code"] == "draft_files"
    assert len(staged(place)) == 2
    huge = browser.send("PUT", f"{OPENING}/campos", data=b"x" * (3 * 2**20), content_type="application/json")
    assert huge.status_code in {400, 413}
    place.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    place: Installation, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """507 with what to do; the part that was written is removed; earlier files stay."""
    browser = place.client()
    upload(browser, OPENING, ("uno.png", png()))

    def full(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as disk:
        disk.setattr(drafts.os, "fsync", full)
        answer = upload(browser, OPENING, ("dos.png", png(1)))
    assert answer.status_code == 507
    assert answer.get_json()["error"]["code"] == "disk_full"
    assert answer.headers["Retry-After"]
    assert [item["name"] for item in browser.get_json(OPENING).get_json()["files"]] == ["uno.png"]
    assert len(staged(place)) == 1


def test_a_database_that_does_not_answer_leaves_no_file(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, retry; the staged bytes are taken back."""
    browser = place.client()

    def down(*_args: object, **_more: object) -> None:
        raise StoreUnavailable("database: gone")

    monkeypatch.setattr(place.house.drafts, "add_file", down)
    answer = upload(browser, OPENING, ("uno.png", png()))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "unavailable")
    assert staged(place) == []


@pytest.mark.parametrize(
    "path",
    [
        "/borradores/nuevo-../apertura",
        "/borradores/MA-001-2026-999999/2",
        "/borradores/nuevo-MA-001/..%2F..",
        "/borradores/system:access/1",
        f"{OPENING}/archivos/..%2F..%2Fkeys",
    ],
)
def test_names_that_are_no_case_reach_nothing(place: Installation, path: str) -> None:
    """Unknown folios, system chains and paths are nowhere."""
    assert place.client().get_json(path).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"fields": "x"}, {"fields": {"a": 1}}, {"fields": {"a": [1]}}, {"fields": {"a" * 81: "x"}}, [], {}],
)
def test_fields_of_another_shape_are_refused(place: Installation, body: object) -> None:
    """Only texts and lists of texts by short names."""
    answer = place.client().send("PUT", f"{OPENING}/campos", json=body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "draft_field")


def test_two_tabs_share_one_draft(place: Installation) -> None:
    """Eight uploads at once all arrive, each once, in one draft."""
    browser = place.client()
    token = browser.token()
    cookie = browser.client.get_cookie("constancia")
    assert cookie is not None
    start, codes = threading.Barrier(8), list[int]()

    def one(number: int) -> None:
        client = place.app.test_client()
        client.set_cookie("constancia", cookie.value)
        start.wait()
        data = {"archivo": (io.BytesIO(png(number)), f"{number}.png")}
        headers = {"Accept": "application/json", "X-CSRFToken": token}
        codes.append(client.post(f"{OPENING}/archivos", data=data, headers=headers).status_code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [201] * 8
    assert sorted(item["name"] for item in browser.get_json(OPENING).get_json()["files"]) == [
        f"{number}.png" for number in range(8)
    ]


def test_a_draft_is_sealed_once_and_then_gone(place: Installation) -> None:
    """Its id is the idempotency key: sealing the same draft twice is one entry; a new draft has another key."""
    user, desk = place.user(), DraftDesk(place.house)
    actor = Actor(user.id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    base, browser = f"/borradores/{folio}/2", place.client()
    assert upload(browser, base, ("correo.eml", eml())).status_code == 201
    key, receipts, keys = desk.key(user.id, folio, "2"), [], []
    for _ in range(2):
        with desk.submission(key) as ready:
            command = RecordStep(folio, "2", actor, ready.uploads, idempotency_key=ready.idempotency_key)
            receipts.append(place.house.cases.record(command))
            keys.append(ready.idempotency_key)
    assert receipts[0].leaf == receipts[1].leaf
    assert len(place.house.ledger.history(folio)) == 2
    desk.discard(key)
    desk.discard(key)
    assert staged(place) == []
    with desk.submission(key) as fresh:
        keys.append(fresh.idempotency_key)
        assert fresh.uploads == ()
    assert len(set(keys)) == 2


def test_cleaning_takes_old_drafts_and_orphans_and_nothing_else(place: Installation) -> None:
    """After the configured days a draft goes; what a killed process left goes after a day; young things stay."""
    browser, desk = place.client(), DraftDesk(place.house)
    upload(browser, OPENING, ("uno.png", png()))
    orphan = place.settings.staging / "abandoned" / ("0" * 32)
    orphan.parent.mkdir()
    orphan.write_bytes(b"left behind")
    part = place.settings.staging / "incoming" / "in-x.part"
    part.write_bytes(b"half")
    assert desk.clean() == 0
    old = place.clock().timestamp() - 2 * 86_400
    for path in (orphan.parent, part):
        os.utime(path, (old, old))
    assert desk.clean() == 2
    assert [path.name for path in staged(place)] == [browser.get_json(OPENING).get_json()["files"][0]["id"]]
    place.clock.offset += timedelta(days=15)
    assert desk.clean() >= 1
    assert staged(place) == []
    assert desk.find(desk.key(place.user().id, "nuevo-MA-001", "apertura")).files == ()


def test_warnings_are_told_as_sentences(place: Installation) -> None:
    """A scan without text, a corrected name: the person reads it, the file is taken."""
    browser = place.client()
    (file,) = upload(browser, OPENING, ("escaneo.pdf", pdf(2))).get_json()["files"]
    assert any("no contiene texto" in text for text in file["warnings"])
    assert "_warnings" not in file["about"]
    draft = DraftDesk(place.house).find(
        DraftDesk(place.house).key(place.user().id, "nuevo-MA-001", "apertura")
    )
    assert file_json(draft.files[0])["sha256"] == file["sha256"]


@pytest.mark.parametrize("when", ["staged", "sealing"])
def test_the_later_of_two_deliveries_hears_that_it_is_sealed(
    place: Installation, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Its twin seals and empties the draft at any moment: it is told where the entry is, not that none was made."""
    browser = place.client()
    actor = Actor(place.user().id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    token, mail, twin = browser.token(), eml(), place.client()

    def deliver(by: Browser) -> TestResponse:
        form = {"csrf_token": token, "note": "Uno", "idempotency_key": "k" * 32}
        parts: list[tuple[str, object]] = [*form.items(), ("archivo", FileStorage(io.BytesIO(mail), "c.eml"))]
        boundary, body = encode_multipart(MultiDict(parts))
        kind = f"multipart/form-data; boundary={boundary}"
        return by.client.post(f"/casos/{folio}/pasos/2", data=body, content_type=kind)

    owner, name = (recording, "see_unchanged") if when == "staged" else (DraftDesk, "submission")
    real = getattr(owner, name)

    def overtaken(*args: object) -> object:
        monkeypatch.setattr(owner, name, real)
        nonlocal token
        ours, token = token, twin.token()
        assert deliver(twin).location.startswith(f"/casos/{folio}?sellada=2")
        token = ours
        return real(*args)

    monkeypatch.setattr(owner, name, overtaken)
    answer = deliver(browser)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/casos/{folio}?sellada=2")
    assert len(place.house.ledger.history(folio)) == 2


def test_a_second_file_that_was_not_sealed_is_not_said_to_be(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tab sealed the first of two files and emptied the draft under this delivery: that is no twin of it."""
    browser, user = place.client(), place.user()
    actor, first = Actor(user.id, "especialista"), eml()
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    desk = DraftDesk(place.house)
    real = recording.see_unchanged

    def overtaken(*args: object) -> object:
        upload = Upload("c.eml", io.BytesIO(first))
        place.house.cases.record(RecordStep(folio, "2", actor, uploads=(upload,), note="Uno"))
        desk.discard(desk.key(user.id, folio, "2"))
        return real(*args)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(recording, "see_unchanged", overtaken)
    files = [(io.BytesIO(first), "c.eml"), (io.BytesIO(png()), "captura.png")]
    answer = browser.client.post(
        f"/casos/{folio}/pasos/2",
        data={"csrf_token": browser.token(), "note": "Uno", "idempotency_key": "k" * 32, "archivo": files},
    )
    assert answer.status_code != 303
