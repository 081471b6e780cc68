"""A real installation with cases in which somebody is asked by link, or gets credentials by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from identity.contacts import Contact
from signing.kinds.asking import Ask
from signing.kinds.onetime import Left
from signing.records import Request
from tests.fakes.signing_room import BY, DESK_PLACE, SigningRoom
from tests.workflows.desk import TICKET
from tests.workflows.quick import QuickReader
from tests.workflows.samples import Samples
from workflows.commands import Actor, OpenCase, RecordStep

SECRET = "Zx7-palabra-Ñandú-42"
"""What is looked for everywhere, and must be nowhere."""


@dataclass
class AskingRoom(SigningRoom):
    """The same desk, with somebody who answers and the means to walk any process to a step."""

    samples: Samples = field(default_factory=Samples)

    @property
    def reader(self) -> Contact:
        """Who answers for the zone, and who gets credentials: a contact without an account."""
        return next(item for item in self.place.house.directory.contacts() if item.name == "Marcela Ríos")

    @classmethod
    def begin(cls, data: Path, env: Mapping[str, str] | None = None) -> AskingRoom:
        """A fresh one, with its assistant of Acapulco."""
        made = super().begin(data, env)
        assert isinstance(made, AskingRoom)
        contacts, posts = made.place.house.contacts, made.place.house.posts
        who = contacts.add("Marcela Ríos", BY, email="marcela@zona.example")
        for zone in ("acapulco", "oaxaca", "edomex", "cdmx", "nl"):
            posts.appoint(f"asistente_{zone}", who.id, BY)
        return made

    def walk(self, process: str, *moves: str, opening: Mapping[str, str] | None = None) -> str:
        """Open a case and record steps (``6:adelante`` on a branch); gives the folio."""
        house = self.place.house
        reader = QuickReader()
        house.cases._reader = reader
        definition = house.definitions.current(process)
        given = opening or (TICKET if process == "MA-006" else {})
        data = self.samples.opening(definition, given)
        reader.others.update(data)
        opener = Actor(self.specialist.id, definition.opening.roles[0])
        files = self.samples.opening_files(definition, data)
        folio = house.cases.open_case(OpenCase(process, opener, data, files)).folio
        for move in moves:
            code, _, choice = move.partition(":")
            self.record(folio, code, choice)
        return folio

    def record(self, folio: str, code: str, choice: str = "") -> None:
        """Record one step with evidence that suffices."""
        view = self.place.house.cases.view(folio)
        step = view.definition.by_step[code]
        made = self.samples.step(view.definition, step, choice, view.state.params)
        actor = Actor(self.specialist.id, step.roles[0])
        self.place.house.cases.record(RecordStep(folio, code, actor, **made))  # type: ignore[arg-type]

    def kinds(self, folio: str) -> list[str]:
        """What happened in the case."""
        return [str(sealed.entry.kind) for sealed in self.entries(folio)]

    def question(self, folio: str, step: str, **changes: object) -> Request:
        """Ask the assistant."""
        found = {
            "person": self.reader.id,
            "expires_at": self.place.clock() + timedelta(days=5),
            "about": "AG10457 · Ana Prueba",
        }
        ask = Ask(folio, step, **{**found, **changes})  # type: ignore[arg-type]
        return self.links.answers.ask(self.links.desk, ask, self.actor, DESK_PLACE)

    def leave(self, folio: str, step: str, secret: str = SECRET, **changes: object) -> Request:
        """Leave a secret."""
        found = {"person": self.reader.id, "expires_at": self.place.clock() + timedelta(days=2)}
        ask = Ask(folio, step, **{**found, **changes})  # type: ignore[arg-type]
        return self.links.onetime.leave(self.links.desk, Left(ask, secret), self.actor, DESK_PLACE)
