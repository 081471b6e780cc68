"""One installation for each test of the web, on the embedded default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.installation import Installation


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation on each of the two databases."""
    env = {}
    if request.param == "postgresql":
        env["CONSTANCIA_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    made = Installation(tmp_path / "data", env)
    yield made
    made.close()
