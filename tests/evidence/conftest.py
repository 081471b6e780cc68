"""Fixtures of the evidence tests: where the public vectors lie, and a small ledger with everything in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.house import House, small_house


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of public test vectors beside the checkout."""
    folder = Path(__file__).parents[3] / "shared" / "vectors"
    if not folder.is_dir():
        pytest.skip("the public test vectors (../shared/vectors) are not on this machine")
    return folder


@pytest.fixture
def house() -> House:
    """See `tests.fakes.house.small_house`."""
    return small_house()
