"""How each bundled process is played where nothing particular is meant: what cannot be read off its definition."""

from __future__ import annotations

from tests.workflows.desk import PERSON, registry
from tests.workflows.replays import Play

_OPENINGS = {"MA-001": PERSON}
"""What a case is opened with, where the values made from the definition would not do."""

PLAYS = tuple(
    Play(definition.process, opening=_OPENINGS.get(definition.process, {}))
    for definition in registry().processes()
)
