"""A demonstration, seeded once for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.seed import DemoSummary, begin, seed
from tests.fakes.people import cheap_passwords
from web import inception
from web.settings import Settings
from web.wiring import House
from workflows.readers import DirectReader

PRESENT = datetime(2026, 11, 23, 17, 40, tzinfo=UTC)
ORIGIN = "constancia.demo/mesa-de-ayuda"


@dataclass
class Demonstration:
    """A seeded house with its summary and data directory."""

    house: House
    summary: DemoSummary
    folder: Path

    def folio(self, about: str) -> str:
        """The case whose description contains the words."""
        (found,) = [case.folio for case in self.summary.cases if about in case.about]
        return found


SCALE = 0.1
"""How much of the year's everyday work the tests tell: fewer cases of the same courses."""


def open_house(folder: Path, present: datetime = PRESENT, scale: float = 0.0) -> tuple[House, DemoSummary]:
    """What the command does: begin, initialise at the story's time, seed (without ``scale``: no everyday work)."""
    clock = begin(folder, present)
    settings = Settings.from_env({"CONSTANCIA_DATA": str(folder)})

    def make(found: Settings) -> House:
        return House(found, clock=clock, passwords=cheap_passwords(), documents=DirectReader(), mailing=False)

    house = inception.initialise(settings, ORIGIN, {}, "tests", make)
    return house, seed(house, folder, clock, scale=scale)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The whole demonstration, a tenth of its everyday work."""
    folder = tmp_path_factory.mktemp("demo")
    house, summary = open_house(folder, scale=SCALE)
    yield Demonstration(house, summary, folder)
    house.close()
