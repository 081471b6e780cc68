"""What an unrelated implementation (golang.org/x/mod's note and tlog) says of our packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.audit_exports.resealing import contents, plain_zip, unpack
from tests.audit_exports.sample_desk import Desk
from tests.audit_exports.sample_room import TERMS, Room, packed

SOURCE = Path(__file__).parent / "oracle" / "main.go"
GOPATH = Path("/usr/share/gocode")  # where Debian keeps Go libraries


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program."""
    go = shutil.which("go")
    if go is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go with golang.org/x/mod is not installed (Debian: golang-go golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("oracle")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GO")},
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    command = [go, "build", "-o", str(folder / "oracle"), str(SOURCE)]
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=280)
    return folder / "oracle"


def judged(oracle: Path, folder: Path, vkey: str) -> subprocess.CompletedProcess[str]:
    """What it says of an unpacked package."""
    return subprocess.run(
        [str(oracle), str(folder), vkey], capture_output=True, text=True, timeout=60, check=False
    )


def test_it_agrees_on_signature_proofs_links_payloads_and_growth(
    oracle: Path, desk: Desk, tmp_path: Path
) -> None:
    """Every entry, link, payload and earlier checkpoint of a package holds by its arithmetic too."""
    desk.export(tmp_path / "1.zip")
    desk.open("Una más")
    desk.publish()
    desk.export(tmp_path / "2.zip")
    package = (tmp_path / "2.zip").read_bytes()
    files = contents(package)
    entries = [name for name in files if "/entries/" in name]
    payloads = [name for name in files if "/payloads/" in name and name.endswith(".json")]
    said = judged(oracle, unpack(package, tmp_path / "bag"), desk.vkey)
    assert (said.returncode, said.stderr) == (0, "")
    words = said.stdout.split()
    assert (words[1], words[5], words[7]) == (str(len(entries)), str(len(payloads)), "1")
    assert int(words[3]) >= len(entries) - 1  # the heads' entry travels without the one before it


def test_it_agrees_on_a_masked_package(oracle: Path, desk: Desk, tmp_path: Path) -> None:
    """What is withheld leaves no hole in its arithmetic: every entry, link and payload that travels holds."""
    found = Room(desk).opened(replace(TERMS, masked=True))
    package = packed(desk, tmp_path, found.id)
    files = contents(package)
    entries = [name for name in files if "/entries/" in name]
    payloads = [name for name in files if "/payloads/" in name and name.endswith(".json")]
    said = judged(oracle, unpack(package, tmp_path / "bag"), desk.vkey)
    assert (said.returncode, said.stderr) == (0, "")
    words = said.stdout.split()
    assert (words[1], words[5]) == (str(len(entries)), str(len(payloads)))
    assert payloads == ["data/auditoria/payloads/1.json"]


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("data/casos/ZZ-001-2026-000001/entries/2.json", b'"seq":2', b'"seq":9'),
        ("data/casos/ZZ-001-2026-000001/payloads/1.json", b"nombre", b"numbre"),
        ("data/cadena/checkpoint", b"\n8\n", b"\n7\n"),
        ("data/cadena/proofs/ZZ-001-2026-000001-1.tlog-proof", b"index 2", b"index 3"),
    ],
)
def test_it_refuses_what_was_changed(
    oracle: Path, files: dict[str, bytes], vkey: str, tmp_path: Path, place: str, old: bytes, new: bytes
) -> None:
    """A check that cannot fail would agree with anything."""
    assert files[place].count(old) >= 1
    changed = plain_zip({**files, place: files[place].replace(old, new)})
    assert judged(oracle, unpack(changed, tmp_path / "bag"), vkey).returncode == 1


def test_it_refuses_another_key(oracle: Path, package: bytes, tmp_path: Path) -> None:
    """Trust comes from the argument."""
    other = "constancia.example/x+04876f65+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
    assert judged(oracle, unpack(package, tmp_path / "bag"), other).returncode == 1
