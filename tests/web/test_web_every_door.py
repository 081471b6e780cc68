# ruff: noqa: E501 - one sample and one door a line read as tables
"""Every way by which a file comes in says the same of the same file, in Spanish, and keeps nothing of what it refuses."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from documents.antivirus import Clamd, ScannerSilent
from signing.act import picture_of
from signing.errors import MethodInvalid
from signing.records import Request
from tests.fakes.calling import System
from tests.fakes.installation import PASSWORD
from tests.fakes.papers import png
from tests.fakes.returning_room import ReturningRoom
from tests.fakes.signing_room import ADDRESS, typed
from tests.servers.antivirus import HARMFUL, pretended
from tests.web.test_web_link_kinds import Telephone
from web.mailroom import MailRoom
from workflows.readers import DirectReader


def _mail(files: dict[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "Datos"
    message.set_content("Va lo pedido.\n")
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def _zip(base: bytes = b"", **members: bytes) -> bytes:
    buffer = io.BytesIO(base)
    with zipfile.ZipFile(buffer, "a") as package:
        for name, data in members.items():
            package.writestr(name.replace("__", "/").replace("_", "."), data)
    return buffer.getvalue()


def _sheet(*rows: list[str]) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _bomb() -> bytes:
    parts = b"\x89PNG\r\n\x1a\n"
    for chunk in (
        b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(bytes(1000)),
        b"IEND",
    ):
        parts += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return parts


def _script() -> bytes:
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>", b"<</S/JavaScript/JS(app.alert(1))>>",
    )  # fmt: skip
    data, rows = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, body in enumerate(bodies, start=1):
        rows += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    tail = b"xref\n0 5\n%strailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (rows, len(data))
    return data + tail


SAMPLES: dict[str, tuple[str, bytes, str, str]] = {
    "letter with a script": ("carta.pdf", _script(), "partes que se ejecutan (JavaScript)", "Imprímelo a un PDF nuevo"),
    "picture and archive in one": ("a.png", _zip(png(), a_exe=b"MZ"), "se puede leer de dos maneras", "guárdalo de nuevo"),
    "picture that would fill memory": ("a.png", _bomb(), "demasiado grande por dentro (pixeles", "Divídelo"),
    "page under a picture's name": ("a.png", b"<html><script>alert(1)</script></html>", "su contenido es html", "archivo original"),
    "program under a letter's name": ("carta.pdf", b"MZ\x90\0" + bytes(99), "su contenido es exe", "archivo original"),
    "workbook with macros": ("a.xlsx", _zip(_sheet(["x"]), xl__vbaProject_bin=b"x"), "contiene macros", "sin macros"),
    "workbook that opens in two ways": ("a.xlsx", _sheet(["x"]) + _zip(a=b"x"), "a.xlsx", ""),
    "archive": ("todo.zip", _zip(a_txt=b"hola"), "tipo que no se admite (zip)", "Se admiten PDF"),
    "nothing": ("carta.pdf", b"", "está vacío", "descargarlo"),
    "password in a text": ("a.txt", "Contraseña: Verano2026!".encode(), "parece contener una contraseña", "copia testada"),
    "password beside its label": ("a.xlsx", _sheet(["NIP", "4821"]), "en la celda Sheet!B1", "copia testada"),
    "password in a mail's attachment": (
        "m.eml", _mail({"x.txt": "Contraseña: Verano2026!".encode()}), "en el adjunto 1", "copia testada",
    ),
}  # fmt: skip


@dataclass
class House:
    """One desk with a case, a letter that somebody is to return, and another system."""

    room: ReturningRoom
    folio: str
    request: Request
    desk: Telephone
    phone: Telephone
    there: str
    system: System

    def kept(self) -> tuple[int, int, set[Path]]:
        """Entries of the log and of the case, and every file that lies in the data directory."""
        house = self.room.place.house
        files = {
            path for path in house.settings.data.rglob("*") if path.is_file() and "sqlite" not in path.name
        }
        logs = {path for path in files if path.suffix in {".log", ".lock"}}
        return (
            house.ledger.tree_size() + house.ledger.sequence(),
            len(self.room.entries(self.folio)),
            files - logs,
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Made once: nothing that is refused changes it."""
    room = ReturningRoom.begin(tmp_path_factory.mktemp("doors") / "data")
    folio = room.custody()
    request = room.wanted(folio)
    house = room.place.house
    assert isinstance(house.cases._reader, DirectReader)
    house.cases._reader = house.reader  # the tests' rooms put a quick one in its place
    desk = Telephone(room)
    assert desk.post("/entrar", {"email": room.specialist.email, "password": PASSWORD}).status_code == 303
    phone = Telephone(room)
    there = str(phone.post(f"/s/{room.token()}").headers["Location"])
    yield House(room, folio, request, desk, phone, there, System.of(room.place))
    room.place.close()


Door = Callable[[House, str, bytes], TestResponse]


def _file(name: str, data: bytes) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def _called(house: House, method: str, path: str, **more: object) -> TestResponse:
    headers = {"Authorization": f"Bearer {house.system.text}"}
    return house.system.client.open(  # type: ignore[no-any-return]  # passed through
        f"/api/v1{path}", method=method, headers=headers, base_url=ADDRESS, **more
    )


def _in_parts(house: House, name: str, data: bytes) -> TestResponse:
    part = FileStorage(io.BytesIO(data), name)
    boundary, sent = encode_multipart(MultiDict([("datos", json.dumps({"note": "x"})), ("archivo", part)]))
    kind = f"multipart/form-data; boundary={boundary}"
    return _called(house, "POST", f"/cases/{house.folio}/steps/24", data=sent, content_type=kind)


def _by_digest(house: House, name: str, data: bytes) -> TestResponse:
    digest = hashlib.sha256(data).hexdigest()
    _called(house, "PUT", f"/uploads/{digest}", data=data, content_type="application/octet-stream")
    body = {"note": "x", "files": [{"sha256": digest, "name": name}]}
    return _called(house, "POST", f"/cases/{house.folio}/steps/24", json=body)


DOORS: dict[str, Door] = {
    "page, by script": lambda h, n, d: h.desk.post(f"/borradores/{h.folio}/24/archivos", {"archivo": _file(n, d), "slot": ""}),
    "page, without script": lambda h, n, d: h.desk.post(f"/casos/{h.folio}/pasos/24", {"file.carta": _file(n, d), "note": "x"}),
    "page of a request": lambda h, n, d: h.desk.post("/casos/nuevo/MA-001", {"file.solicitud": _file(n, d)}),
    "spreadsheet that fills a request": lambda h, n, d: h.desk.post("/casos/nuevo/MA-001/leer", {"sheet": _file(n, d)}),
    "mail that fills a request": lambda h, n, d: h.desk.post("/casos/nuevo/MA-006/correo", {"mail": _file(n, d)}),
    "list of a control": lambda h, n, d: h.desk.post("/controles/MA-002/revision_diaria/lista", {"lista": _file(n, d)}),
    "link of somebody without an account": lambda h, n, d: h.phone.post(
        f"{h.there}/{h.request.id}/carta-firmada",
        {"huella": h.request.digest, "sin_contrasenas": "si", "archivo": [_file(n, d)]},
    ),
    "another system, in parts": _in_parts,
    "another system, by digest": _by_digest,
}  # fmt: skip
"""How a file is sent; each answers with a page or JSON."""


def _said(answer: TestResponse) -> str:
    told = answer.get_json() if answer.is_json else None
    return json.dumps(told, ensure_ascii=False) if told is not None else answer.text


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_no_door_takes_it(house: House, door: str, sample: str) -> None:
    """Refused with what is wrong and what to do; the log, the case and the disk are as before, and it shows no secret."""
    name, data, wrong, advice = SAMPLES[sample]
    before = house.kept()
    answer = DOORS[door](house, name, data)
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:500])
    said = _said(answer)
    assert wrong in said, said[-3000:]
    assert advice in said, said[-3000:]
    assert "Verano2026" not in said
    size, entries, files = house.kept()
    assert (size, entries) == before[:2]
    left = files - before[2]
    assert all("uploads" in path.as_posix() for path in left), left


@pytest.mark.parametrize("door", DOORS)
def test_no_door_opens_without_the_antivirus_and_none_for_what_it_knows(
    house: House, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail-closed: harmful by its word, and 503 while it says none, by every way."""
    name, good = ("m.eml", _mail({})) if "mail" in door else ("a.txt", b"hola\n")
    before = house.kept()
    with pretended() as (address, _seen):
        monkeypatch.setattr(house.room.place.house.reader, "_scanner", Clamd(address))
        answer = DOORS[door](house, name, good + HARMFUL)
        assert 400 <= answer.status_code < 500
        assert "antivirus" in _said(answer)
        assert "Prueba.Constancia" in _said(answer)
    answer = DOORS[door](house, name, good + b"-")
    assert answer.status_code == 503, answer.text[:500]
    assert "antivirus" in _said(answer)
    assert house.kept()[:2] == before[:2]


def test_the_picture_of_a_signature_is_a_file_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a signatory uploads as their signature is judged like any other file before it is drawn anew."""
    office = house.room.links.office
    asked: list[str] = []
    inspect = office.reader.inspect
    monkeypatch.setattr(
        office.reader, "inspect", lambda stream, *, name: (asked.append(name), inspect(stream, name=name))[1]
    )
    assert picture_of(office.reader, typed(house.request, method="uploaded", picture=png())).startswith(
        b"\x89PNG"
    )
    with pytest.raises(MethodInvalid):
        picture_of(office.reader, typed(house.request, method="uploaded", picture=_zip(png(), a_exe=b"MZ")))
    assert asked == ["firma.png", "firma.png"]


TYPED: dict[str, Callable[[House, str], TestResponse]] = {
    "note of a step": lambda h, t: h.desk.post(f"/casos/{h.folio}/pasos/24", {"note": t}),
    "field of a request": lambda h, t: h.desk.post("/casos/nuevo/MA-006", {"d.descripcion": t, "d.asunto": "x"}),
    "note of another system": lambda h, t: _called(h, "POST", f"/cases/{h.folio}/steps/24", json={"note": t}),
    "pasted list": lambda h, t: h.desk.post("/controles/MA-002/revision_diaria/lista", {"texto": f"clave\tnombre\n104\t{t}"}),
    "quick log": lambda h, t: h.desk.post("/atencion/nueva", {"d.situacion": t}),
}  # fmt: skip


@pytest.mark.parametrize("way", TYPED)
def test_a_password_that_is_typed_is_stopped(house: House, way: str) -> None:
    """By every form: told what to do, nothing sealed."""
    before = house.kept()
    answer = TYPED[way](house, "Contraseña: Verano2026!")
    assert answer.status_code == 422, (answer.status_code, answer.text[:300])
    assert "contraseña" in _said(answer)
    assert house.kept()[:2] == before[:2]


@pytest.mark.parametrize(
    ("sample", "refused", "marked"),
    [
        (_mail({"x.txt": b"NIP: 4821"}), "secret_found", ""),
        (_mail({"carta.pdf": _script()}), "", "active_content"),
        (_mail({"todo.zip": _zip(a_txt=b"hola")}), "", "type_not_allowed"),
        (_mail({"winmail.dat": b"\x78\x9f\x3e\x22" + bytes(40)}), "", "type_not_allowed"),
        (_mail({"carta.txt": b"hola\n"}), "", ""),
    ],
)
def test_mail_that_arrives_is_judged_with_what_it_brings(
    house: House, sample: bytes, refused: str, marked: str
) -> None:
    """A mailbox cannot be told to send another copy: the mail waits for a person, with what is wrong beside it."""
    place = house.room.place.house
    before = house.kept()
    MailRoom(place, dns=None).take(sample, "prueba")
    [mail] = [item for item in place.inbox.waiting() if item.id == hashlib.sha256(sample).hexdigest()]
    assert mail.text("refused") == refused
    listed = mail.about.get("attachments", [])
    assert [item.get("refused", "") for item in listed] == ([marked] if not refused else [])  # type: ignore[union-attr]
    page = house.desk.get(f"/correo/{mail.id}").text
    assert ("por sí solo no se admitiría" in page) >= bool(marked)
    assert "4821" not in page
    assert house.kept()[:2] == before[:2]


def test_mail_waits_in_its_mailbox_while_the_antivirus_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody judged it, so that it is not taken; what the antivirus knows waits for a person, marked."""
    place = house.room.place.house
    raw, known = _mail({"x.txt": b"hola\n"}), _mail({}) + HARMFUL
    with pretended() as (address, _seen):
        monkeypatch.setattr(place.reader, "_scanner", Clamd(address))
        MailRoom(place, dns=None).take(b"X-Other: 1\n" + known, "prueba")
    before = [mail.id for mail in place.inbox.waiting()]
    assert [mail.text("refused") for mail in place.inbox.waiting()].count("malware") == 1
    with pytest.raises(ScannerSilent):
        MailRoom(place, dns=None).take(b"X-Other: 2\n" + raw, "prueba")
    assert [mail.id for mail in place.inbox.waiting()] == before


def test_a_page_outlives_the_reader_of_its_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that is ended for what it takes costs the view, told in words, and neither the page nor the file."""
    place = house.room.place.house
    shown_as_text = ("message/rfc822", "text/plain", "spreadsheetml.sheet")
    seq = next(
        number
        for number, sealed in enumerate(house.room.entries(house.folio), 1)
        if sealed.entry.objects and sealed.entry.objects[0].media.endswith(shown_as_text)
    )
    where = f"/casos/{house.folio}/entradas/{seq}"
    assert "no se puede mostrar aquí" not in house.desk.get(where).text
    monkeypatch.setattr(place.reader, "_limits", replace(place.limits, wall_seconds=0))
    page = house.desk.get(where)
    assert page.status_code == 200
    assert "no se puede mostrar aquí" in page.text
    assert "Descárgalo" in page.text
    whole = house.desk.get(f"{where}/archivos/0")
    assert (whole.status_code, bool(whole.data)) == (200, True)
    whole.close()
    assert 400 <= house.desk.get(f"{where}/archivos/0/vista").status_code < 500
    monkeypatch.undo()
    assert "no se puede mostrar aquí" not in house.desk.get(where).text
