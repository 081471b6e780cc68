"""Whoever owns the disk on which files lie: changes, swaps, removes, adds, links."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from evidence.verify import verify_ledger
from tests.fakes.audit_room import Room

pytestmark = pytest.mark.embedded("the disk is that of the embedded home")

Attack = Callable[[Path, Path], None]


def _flip(one: Path, _other: Path) -> None:
    content = bytearray(one.read_bytes())
    content[len(content) // 2] ^= 1
    _write(one, bytes(content))


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    _write(one, second)
    _write(other, first)


def _cut(one: Path, _other: Path) -> None:
    _write(one, one.read_bytes()[:-1])


def _lengthen(one: Path, _other: Path) -> None:
    _write(one, one.read_bytes() + b"<script>alert(1)</script>")


def _remove(one: Path, _other: Path) -> None:
    one.unlink()


def _link(one: Path, _other: Path) -> None:
    one.unlink()
    one.symlink_to("/etc/passwd")


ATTACKS: dict[str, Attack] = {
    "a bit flipped": _flip,
    "two files swapped": _swap,
    "its last byte cut": _cut,
    "a script behind it": _lengthen,
    "removed": _remove,
    "a link to the machine's accounts": _link,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_file_that_is_not_what_was_sealed_is_found_and_not_handed_out(desk: Room, name: str) -> None:
    """Verification names it; the page gives an error or breaks off, and never the whole of something else."""
    one, other = (_object(desk, folio) for folio in desk.folios[:2])
    good = desk.desk.get(f"/casos/{desk.folios[0]}/entradas/2/archivos/0").data
    ATTACKS[name](one, other)
    house = desk.place.house
    told = verify_ledger(house.ledger, house.blobs, keys=[house.vkey], full=True)
    assert str(told.verdict) == "invalid"
    assert told.findings
    path = f"/casos/{desk.folios[0]}/entradas/2/archivos/0"
    got = _fetched(desk, path)
    assert got != good
    assert len(got) < len(good)
    assert not got.startswith(b"root:")
    assert desk.desk.get(f"/casos/{desk.folios[2]}/entradas/2/archivos/0").status_code == 200


def test_files_that_nobody_recorded_say_nothing(desk: Room) -> None:
    """Something put among the objects is in no entry: it changes no verdict and is handed out by no address."""
    stray = _object(desk, desk.folios[0]).parent / ("f" * 64)
    stray.write_bytes(b"puesto por otra mano")
    house = desk.place.house
    told = verify_ledger(house.ledger, house.blobs, keys=[house.vkey], full=True)
    assert str(told.verdict) == "valid"
    assert desk.desk.get(f"/casos/{desk.folios[0]}/entradas/2/archivos/1").status_code == 404


def _fetched(desk: Room, path: str) -> bytes:
    """What a browser has at the end: nothing of an error page counts as the file; a stream may break off."""
    pieces: list[bytes] = []
    answer = desk.desk.client.get(path, buffered=False)
    if answer.status_code != 200:
        return b""
    with suppress(Exception):  # the server closes the connection: a browser sees a download that failed
        pieces.extend(answer.iter_encoded())
    answer.close()
    return b"".join(pieces)


def _object(desk: Room, folio: str) -> Path:
    """Where the screenshot of a case lies on the disk."""
    entry = desk.place.house.ledger.history(folio)[1].entry
    ref = next(iter(entry.objects))
    found = [
        path
        for path in desk.place.settings.data.rglob("*")
        if path.is_file() and path.name.startswith(ref.sha256)
    ]
    if not found:
        found = [
            path
            for path in desk.place.settings.data.rglob("*")
            if path.is_file() and str(path).endswith(str(ref.key))
        ]
    assert len(found) == 1, ref
    return found[0]


def _write(path: Path, content: bytes) -> None:
    """Past the mode that makes the file read-only."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)
