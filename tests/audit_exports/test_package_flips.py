from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from audit_exports.bagreader import Bag
from audit_exports.containers import ZipContainer
from audit_exports.ziplayout import local_record
from evidence.findings import Finding, Verdict
from tests.audit_exports.resealing import verify_bytes
from tests.audit_exports.sample_desk import Desk

CASE = "ZZ-001-2026-000001"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The smallest honest package there is: one case with one entry."""
    desk = Desk()
    desk.open("Ñ")
    desk.publish()
    out = tmp_path_factory.mktemp("small") / "p.zip"
    desk.export(out)
    return out.read_bytes(), desk.vkey


def intact(package: bytes | bytearray) -> bool:
    """Whether the first layer of the verifier (zip, tag files, manifests, digests) finds nothing at all."""
    found: list[Finding] = []
    container = ZipContainer(io.BytesIO(package))
    try:
        bag = Bag(container, found.append)
        if bag.open():
            for path in bag.paths():
                bag.digest(path)
    finally:
        container.close()
    return not found


def test_no_flipped_byte_passes_the_first_layer(small: tuple[bytes, str]) -> None:
    """Every byte of a package in turn: none is without a check. There are no unauthenticated bytes.

    Whatever this layer finds makes the verdict invalid, as the next test shows for the whole verifier. A flip inside a
    file under data/ is held against that file's digest alone; any other flip goes through the whole layer.
    """
    package, _ = small
    stream = io.BytesIO(package)
    buffer = stream.getbuffer()
    container = ZipContainer(stream)
    found: list[Finding] = []
    bag = Bag(container, found.append)
    assert bag.open()
    inside = {}
    for path in bag.paths():
        member = container._members["data/" + path]
        start = member.offset + len(local_record(member))
        inside.update(dict.fromkeys(range(start, start + member.size), path))
    passed = []
    for position in range(len(package)):
        buffer[position] ^= 1 << (position % 8)
        path = inside.get(position)
        if bag.digest(path) is not None if path else intact(bytes(buffer)):
            passed.append(position)
        buffer[position] ^= 1 << (position % 8)
    assert passed == []
    assert len(package) - len(inside) > 4000
    assert intact(bytes(buffer))
    buffer.release()
    container.close()


def test_no_flipped_byte_is_called_valid(package: bytes, vkey: str) -> None:
    """The whole verifier over flipped bytes spread evenly: the verdict is always invalid."""
    changed = bytearray(package)
    verdicts = set()
    for position in range(0, len(package), max(1, len(package) // 150)):
        changed[position] ^= 0x20
        verdicts.add(verify_bytes(bytes(changed), vkey).verdict)
        changed[position] ^= 0x20
    assert verdicts == {Verdict.INVALID}
    assert verify_bytes(bytes(changed), vkey).verdict is Verdict.VALID


def test_no_truncation_is_called_valid(small: tuple[bytes, str]) -> None:
    """A package cut anywhere, or with anything appended, is invalid."""
    package, vkey = small
    for length in range(0, len(package), len(package) // 60):
        assert verify_bytes(package[:length], vkey).verdict is Verdict.INVALID
    assert verify_bytes(package + b"\x00", vkey).verdict is Verdict.INVALID
    assert verify_bytes(package + package, vkey).verdict is Verdict.INVALID


def test_a_flip_that_is_undone_is_no_flip(package: bytes, sample: tuple[Desk, Path]) -> None:
    """The sweeps work on the package that the other tests call valid."""
    assert hashlib.sha256(package).digest() == hashlib.sha256(sample[1].read_bytes()).digest()
    assert intact(package)
