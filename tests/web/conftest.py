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
