"""A desk with cases, auditors and a signatory, fresh for each adversary that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.audit_room import Room
from tests.fakes.installation import Installation
from tests.fakes.signing_room import SigningRoom


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Room]:
    """Specialist, supervisor, auditors from inside and outside, three cases with a screenshot each."""
    place = Installation(tmp_path / "data")
    yield Room(place)
    place.close()


@pytest.fixture
def letters(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk at an address of https, and a director who signs by link."""
    made = SigningRoom.begin(tmp_path / "letters")
    yield made
    made.place.close()
