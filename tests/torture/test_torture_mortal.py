"""Whose processes die by their own hand, and whose do not."""

from __future__ import annotations

import os
import signal

import pytest

from torture.mortal import Fate

MANY = 50


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Who was killed, with what; nobody is."""
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: told.append((pid, number)))
    return told


def test_who_passes_often_enough_dies(killed: list[tuple[int, int]]) -> None:
    """A worker kills itself, by the signal nobody can answer."""
    fate = Fate()
    for _ in range(MANY):
        fate.passed()
    assert killed[0] == (os.getpid(), signal.SIGKILL)


def test_the_server_that_starts_workers_again_is_spared(killed: list[tuple[int, int]]) -> None:
    """It stores a signed note as it starts, and nobody would start it again."""
    fate = Fate(spared=os.getpid())
    for _ in range(MANY):
        fate.passed()
    assert killed == []
