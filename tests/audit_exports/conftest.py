"""One sample package for all tests of the package format."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.audit_exports.resealing import contents
from tests.audit_exports.sample_desk import Desk, two_cases


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Path]:
    """A desk and its exported package; both are read only."""
    desk = two_cases()
    out = tmp_path_factory.mktemp("sample") / "paquete.zip"
    desk.export(out)
    return desk, out


@pytest.fixture(scope="session")
def package(sample: tuple[Desk, Path]) -> bytes:
    """The sample package's bytes."""
    return sample[1].read_bytes()


@pytest.fixture(scope="session")
def files(package: bytes) -> dict[str, bytes]:
    """The sample package's files by name."""
    return contents(package)


@pytest.fixture(scope="session")
def vkey(sample: tuple[Desk, Path]) -> str:
    """The sample log's verifier key."""
    return sample[0].vkey


@pytest.fixture
def desk() -> Desk:
    """A desk of one's own."""
    return two_cases()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """The system's Chromium, quiet and without a network of its own."""
    switches = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    return {"executable_path": shutil.which("chromium"), "args": switches.split()}
