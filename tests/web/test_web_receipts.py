"""Receipts for who is on the other side: after a signature by link, on the public page, and for a ticket sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_exports.verify import main
from evidence.entry import EntryKind, parse_entry
from evidence.tlog_proof import parse_proof
from evidence.tree import leaf_hash
from signing.consent import consent_for
from tests.fakes.installation import Installation
from tests.fakes.signing_room import ADDRESS, SigningRoom
from tests.workflows.desk import TICKET

HTTPS = {"base_url": ADDRESS}
ASK = {f"d.{name}": value for name, value in {**TICKET, "correo": "eva@x.example"}.items() if name != "canal"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def test_who_signs_by_link_takes_a_receipt_that_a_package_is_held_against(
    room: SigningRoom, tmp_path: Path
) -> None:
    """Offered once it is signed, without anybody's name in it; later the verifier reaches A5 with it."""
    request = room.ask(room.case())
    token, phone = room.token(), room.place.app.test_client()
    form = phone.get("/sesion", **HTTPS).get_json()["csrf_token"]  # type: ignore[arg-type]
    there = str(phone.post(f"/s/{token}", data={"csrf_token": form}, **HTTPS).headers["Location"])  # type: ignore[arg-type]
    early = phone.get(f"{there}/{request.id}/acuse.tlog-proof", **HTTPS)  # type: ignore[arg-type]
    assert early.status_code == 404
    signed = {"carta": request.id, f"huella-{request.id}": request.digest, "csrf_token": form,
              "consentimiento": consent_for("es").version, "metodo": "typed", "nombre": "Jesús Quiriarte"}  # fmt: skip
    assert phone.post(f"{there}/firmar", data=signed, **HTTPS).status_code == 303  # type: ignore[arg-type]
    page = phone.get(there, **HTTPS).text  # type: ignore[arg-type]
    assert f"{there}/{request.id}/acuse.tlog-proof" in page
    assert request.digest in page
    answer = phone.get(f"{there}/{request.id}/acuse.tlog-proof", **HTTPS)  # type: ignore[arg-type]
    proof = parse_proof(answer.data)
    entry = parse_entry(proof.extra)
    assert (entry.case, entry.kind) == (request.folio, EntryKind.DOCUMENT_SIGNED)
    proof.verify(leaf_hash(proof.extra), room.place.house.vkeys, room.place.house.ledger.origin)
    for secret in ("Quiriarte", "Ortega", "director@", token):
        assert secret.encode() not in answer.data
    stranger = room.place.app.test_client()
    assert stranger.get(f"{there}/{request.id}/acuse.tlog-proof", **HTTPS).status_code in {404, 410}  # type: ignore[arg-type]

    (tmp_path / "acuse").write_bytes(answer.data)
    out = tmp_path / "case.zip"
    told = room.place.app.test_cli_runner().invoke(
        args=["packages", "export", "--case", request.folio, "--out", str(out)]
    )
    assert told.exit_code == 0, told.output
    line = [
        str(out),
        "--vkey",
        room.place.house.vkey.text,
        "--receipt",
        str(tmp_path / "acuse"),
        "--no-letters",
    ]
    assert main(line) == 0


def test_the_public_page_gives_the_receipt_of_each_letter_and_of_nothing_else(room: SigningRoom) -> None:
    """Whoever has a letter may take its receipt; other entries, and system chains, are not to be had there."""
    request = room.ask(room.case())
    anybody = room.place.app.test_client()
    page = anybody.get(f"/verificar/{request.folio}", **HTTPS).text  # type: ignore[arg-type]
    links = re.findall(r'href="(/verificar/[^"]+\.tlog-proof)"', page)
    assert links
    for link in links:
        proof = parse_proof(anybody.get(link, **HTTPS).data)  # type: ignore[arg-type]
        assert parse_entry(proof.extra).case == request.folio
    given = {int(link.rsplit("/", 1)[1].split(".")[0]) for link in links}
    for sealed in room.entries(request.folio):
        if sealed.entry.seq not in given:
            there = f"/verificar/{request.folio}/acuse/{sealed.entry.seq}.tlog-proof"
            assert anybody.get(there, **HTTPS).status_code == 404  # type: ignore[arg-type]
    for strange in (
        "/verificar/system:access/acuse/1.tlog-proof",
        "/verificar/MA-001-2020-000001/acuse/1.tlog-proof",
    ):
        assert anybody.get(strange, **HTTPS).status_code == 404  # type: ignore[arg-type]


def test_who_sends_a_ticket_takes_its_receipt_in_that_browser_alone(tmp_path: Path) -> None:
    """From the page that acknowledges it; another browser gets nothing."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_REQUESTS": "true"})
    eva, other = place.stranger(), place.stranger()
    assert eva.get("/solicitar/enviada/acuse.tlog-proof").status_code == 404
    sent = eva.post_form("/solicitar", ASK)
    assert sent.status_code == 303, sent.text
    assert "acuse.tlog-proof" in eva.get("/solicitar/enviada").text
    data = eva.get("/solicitar/enviada/acuse.tlog-proof").data
    assert parse_entry(parse_proof(data).extra).kind is EntryKind.CASE_OPENED
    assert b"eva@x.example" not in data
    assert other.get("/solicitar/enviada/acuse.tlog-proof").status_code == 404
    place.close()
