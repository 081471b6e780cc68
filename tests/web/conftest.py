"""One installation for each test of the web, on the embedded default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.homes import EITHER_DATABASE, database_named
from tests.fakes.installation import Installation


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture(params=EITHER_DATABASE)
def either_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation on each of the two databases."""
    made = Installation(tmp_path / "data", database_named(request))
    yield made
    made.close()
