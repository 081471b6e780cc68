"""The antivirus at the door: asked before anything of ours reads a file, and nothing is taken without its word."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest

from documents.antivirus import Clamd, ScannerSilent
from identity.accounts import Role
from tests.fakes.audit_room import Room
from tests.fakes.installation import Installation
from tests.servers.antivirus import HARMFUL, READS, TAKES, pretended, program, real
from tests.workflows.desk import xlsx
from web.settings import Settings, SettingsInvalid

GOOD = b"Quedo recibido.\n"


def test_a_file_is_judged_by_the_protocol_in_pieces_of_any_size() -> None:
    """Good and harmful, small and of many pieces; the stream stands at its start afterwards."""
    with pretended() as (address, seen):
        scanner = Clamd(address)
        for content, found in (
            (GOOD, ""),
            (GOOD * 100_000, ""),
            (b"x" * 700_000 + HARMFUL, "Prueba.Constancia"),
        ):
            stream = io.BytesIO(content)
            stream.seek(3)
            assert scanner.scan(stream) == found
            assert stream.tell() == 0
        assert seen == [len(GOOD), len(GOOD) * 100_000, 700_000 + len(HARMFUL)]


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"stream: OK",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"OK\0",
        b"\xff\xfe\0",
        b"stream: OK FOUND ERROR\0",
        b"x" * 9000,
    ],
)
def test_whatever_is_no_judgement_is_no_good_judgement(says: bytes) -> None:
    """Broken off, an error, something else: the file is not taken, and may be tried again."""
    with pretended(says) as (address, _seen), pytest.raises(ScannerSilent):
        Clamd(address).scan(io.BytesIO(GOOD))


def test_nobody_at_the_address_and_one_who_says_nothing() -> None:
    """A closed door and a silent one are the same: no judgement."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(ScannerSilent):
            Clamd(address, patience=0.3).scan(io.BytesIO(GOOD))
        listening.listen()
        with pytest.raises(ScannerSilent):
            Clamd(address, patience=0.3).scan(io.BytesIO(GOOD))
    with pytest.raises(ScannerSilent):
        Clamd("/nowhere/clamd.sock").scan(io.BytesIO(GOOD))


@pytest.mark.skipif(program() is None, reason="no clamd: apt-get install clamav-daemon")
def test_the_real_one_says_the_same(tmp_path: Path) -> None:
    """Clamd itself, with one signature of ours: good, harmful, larger than it reads, and larger than it takes."""
    with real(tmp_path / "av") as address:
        scanner = Clamd(address)
        assert scanner.scan(io.BytesIO(GOOD)) == ""
        assert scanner.scan(io.BytesIO(HARMFUL)).startswith("Prueba.Constancia")
        assert scanner.scan(io.BytesIO(bytes(READS + 1))).startswith("Heuristics.Limits.Exceeded")
        with pytest.raises(ScannerSilent):
            scanner.scan(io.BytesIO(bytes(TAKES * 2)))


def test_what_it_recognises_is_refused_and_without_it_nothing_is_taken(tmp_path: Path) -> None:
    """A draft's file: taken when good, refused by name when harmful, 503 when it is away; nothing stays behind."""
    with pretended() as (address, seen):
        place = Installation(tmp_path / "data", {"CONSTANCIA_CLAMD": address})
        room = Room(place)
        path = f"/borradores/{room.folios[0]}/2/archivos"

        def send(content: bytes) -> tuple[int, str]:
            upload = {"archivo": (io.BytesIO(content), "acuse.txt"), "slot": ""}
            answer = room.desk.send("POST", path, data=upload)
            return answer.status_code, answer.text

        status, told = send(GOOD)
        assert status == 201, told
        before = len(seen)
        status, told = send(GOOD + HARMFUL)
        assert len(seen) == before + 1
        assert "Prueba.Constancia" in told
        assert "antivirus" in told
    status, told = send(GOOD * 2)
    assert status == 503
    assert "antivirus_silent" in told
    files = room.desk.get_json(f"/borradores/{room.folios[0]}/2").get_json()["files"]
    assert len(files) == 1
    assert place.client(Role.ESPECIALISTA).get(f"/casos/{room.folios[0]}").status_code == 200
    place.close()


def test_a_sheet_that_fills_a_form_is_judged_before_it_is_read(tmp_path: Path) -> None:
    """The request's spreadsheet is refused by the antivirus' name for it, and does not wait as a draft."""
    with pretended() as (address, seen):
        place = Installation(tmp_path / "data", {"CONSTANCIA_CLAMD": address})
        desk = place.client(Role.ESPECIALISTA)

        def send(content: bytes) -> tuple[int, str]:
            answer = desk.send(
                "POST", "/casos/nuevo/MA-001/leer", data={"sheet": (io.BytesIO(content), "solicitud.xlsx")}
            )
            return answer.status_code, answer.text

        good = xlsx(nombre="Ana Ruiz Mora").stream.read()
        status, told = send(good)
        assert (status, "Ana Ruiz Mora" in told) == (200, True)
        assert seen == [len(good)], "asked about once"
        _status, told = send(HARMFUL)  # what no reader of ours would have taken
        assert "Prueba.Constancia" in told
        place.close()


@pytest.mark.parametrize("wrong", ["clamd", "clamd:", ":3310", "clamd:99999", "relative/clamd.sock"])
def test_an_address_that_is_none_stops_the_program(wrong: str) -> None:
    """Said at start, not at the first file."""
    with pytest.raises(SettingsInvalid, match="CLAMD"):
        Settings.from_env({"CONSTANCIA_CLAMD": wrong})
