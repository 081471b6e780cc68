"""A log in memory, a running witness and a running authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.policy import Witness as Named
from tests.fakes.anchored import Log, serving
from tests.servers.timestamping import TimestampAuthority, timestamp_authority


@pytest.fixture
def log() -> Log:
    """A log with some entries."""
    return Log.of(30)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Named]:
    """A running witness."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running
