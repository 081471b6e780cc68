from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_exports.bagreader import Bag
from audit_exports.containers import ZipContainer
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


def every_layer_position(package: bytes) -> Iterator[int]:
    """Every byte of headers, directory, tag files and small files' beginnings: all that is not a long file's middle."""
    container = ZipContainer(io.BytesIO(package))
    assert container.problems() == []
    members = list(container._members.values())
    container.close()
    for member, following in zip(members, [*members[1:], None], strict=True):
        end = following.offset if following else len(package)
        length = end - member.offset
        yield from range(member.offset, min(end, member.offset + 220))
        yield from range(member.offset + 220, end, 211 if length > 4096 else 23)


def test_no_flipped_byte_passes_the_first_layer(small: tuple[bytes, str]) -> None:
    """Every byte of a package in turn: none is without a check. There are no unauthenticated bytes.

    Whatever this layer finds makes the verdict invalid, as the next test shows for the whole verifier. Flipping a byte
    of a long file's content can only change that file's digest, so of those one in 61 is tried.
    """
    package, _ = small
    changed = bytearray(package)
    assert intact(changed)
    passed = []
    for position in sorted({*every_layer_position(package), *range(0, len(package), 61)}):
        changed[position] ^= 1 << (position % 8)
        if intact(changed):
            passed.append(position)
        changed[position] ^= 1 << (position % 8)
    assert passed == []


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
