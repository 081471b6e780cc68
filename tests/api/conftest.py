"""One installation for each test of the API: on the embedded default, and where asked on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.calling import System
from tests.fakes.homes import EITHER_DATABASE, database_named
from tests.fakes.installation import Installation

PERSON = {
    "tipo": "alta",
    "nombre": "María Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Uno",
    "ticket": "T-1",
}
"""Someone for whom MA-001 is opened."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture(params=EITHER_DATABASE)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """The same on each of the two databases."""
    made = Installation(tmp_path / "data", database_named(request))
    yield made
    made.close()


@pytest.fixture
def system(place: Installation) -> System:
    """A system with every scope, acting as a specialist."""
    return System.of(place)


@pytest.fixture
def person() -> dict[str, str]:
    """What opening MA-001 takes."""
    return dict(PERSON)
