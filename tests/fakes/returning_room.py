"""A real installation with a creation whose custody letter is made, and somebody who returns it signed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta

from signing.kinds.asking import Ask
from signing.kinds.returns import ReturnForm
from signing.records import Request
from tests.documents.test_documents_paper import letter, scan
from tests.fakes.asking_room import AskingRoom
from tests.fakes.papers import png
from tests.fakes.signing_room import DESK_PLACE
from tests.workflows.desk import PERSON
from workflows.commands import RecordStep, Upload
from workflows.readers import DirectReader

ADDRESS = "https://constancia.example/verificar/{}"


@dataclass
class ReturningRoom(AskingRoom):
    """The same desk; the contact is who returns letters."""

    def custody(self, *, pages: int = 1, opening: dict[str, str] | None = None) -> str:
        """A case whose custody letter stands in step 22, with its own folio in the code."""
        folio = self.walk("MA-001", opening=opening or dict(PERSON))
        state = self.place.house.cases.view(folio).state
        while "22" not in state.open_steps:
            self.record(folio, state.open_steps[0])
            state = self.place.house.cases.view(folio).state
        self.letter_of(folio, pages)
        return folio

    def letter_of(self, folio: str, pages: int = 1) -> bytes:
        """Record step 22 with the letter; gives its bytes."""
        content = letter(ADDRESS.format(folio), pages)
        house = self.place.house
        house.cases._reader = DirectReader()
        uploads = (Upload("carta_custodia.pdf", io.BytesIO(content)),)
        house.cases.record(RecordStep(folio, "22", self.actor, uploads, {}))
        return content

    def sent_letter(self, folio: str) -> bytes:
        """The bytes of the letter in step 22."""
        entry = next(s.entry for s in self.entries(folio) if s.entry.step == "22")
        with self.place.house.blobs.open(entry.objects[0]) as stream:
            return bytes(stream.read())

    def wanted(self, folio: str, **changes: object) -> Request:
        """Ask for the letter."""
        found = {
            "person": self.reader.id,
            "expires_at": self.place.clock() + timedelta(days=5),
            "about": "Ana Prueba",
        }
        ask = Ask(folio, "24", **{**found, **changes})  # type: ignore[arg-type]
        return self.links.returns.ask(self.links.desk, ask, self.actor, DESK_PLACE)

    def signed(self, folio: str) -> bytes:
        """What a scanner makes of the signed letter."""
        return scan(self.sent_letter(folio))

    def form(self, request: Request, *contents: tuple[str, bytes], ticked: bool = True) -> ReturnForm:
        """A sending of these files."""
        files = tuple(Upload(name, io.BytesIO(data)) for name, data in contents)
        return ReturnForm(request.digest, files, ticked)


def photograph(colour: int = 90) -> bytes:
    """A picture that shows no code."""
    return png(colour, (300, 400))
