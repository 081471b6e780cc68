"""A real installation with a campaign of two areas, each of which has a contact without an account."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evidence.entry import parse_time
from identity.contacts import Contact
from signing.kinds.review import Decision, Invite
from signing.records import Request
from tests.fakes.metlife import extract_csv, people, statuses, workbook
from tests.fakes.papers import eml
from tests.fakes.signing_room import BY, DESK_PLACE, SigningRoom
from workflows.campaigncommands import TakeExtract
from workflows.commands import OpenCase, RecordStep, Upload
from workflows.readers import DirectReader
from workflows.rosterview import RosterView

REASON = "Sigue en mi equipo, lo confirmé hoy"
NORTH, SOUTH = "a1", "a2"


@dataclass
class ReviewRoom(SigningRoom):
    """The same desk, with a campaign and two people to ask."""

    made: int = 0

    @classmethod
    def begin(cls, data: Path, env: Mapping[str, str] | None = None) -> ReviewRoom:
        """A fresh one, with its contacts of north and south."""
        made = super().begin(data, env)
        assert isinstance(made, ReviewRoom)
        for name, email in (("Norma Norte", "usuario1@promotoria.example"), ("Sara Sur", "sara@sur.example")):
            made.place.house.contacts.add(name, BY, email=email)
        return made

    def contact(self, name: str) -> Contact:
        """One of the contacts."""
        return next(item for item in self.place.house.directory.contacts() if item.name == name)

    @property
    def norma(self) -> Contact:
        """Who answers for the north; a row of it is her own."""
        return self.contact("Norma Norte")

    @property
    def sara(self) -> Contact:
        """Who answers for the south."""
        return self.contact("Sara Sur")

    def campaign(self, rows: int = 8) -> str:
        """A campaign with its deadline and its extract, no area asked; gives the folio."""
        house = self.place.house
        house.cases._reader = DirectReader()
        self.made += 1
        found = people(rows, zones=("Norte", "Sur"))
        data = {"requerimiento": f"RECERT-{self.made}", "aplicacion": "pro99", "remitente": "si"}
        files = (
            Upload("correo.eml", io.BytesIO(eml())),
            Upload("usuarios.xlsx", io.BytesIO(workbook(found))),
        )
        folio = house.cases.open_case(OpenCase("MA-005", self.actor, data, files)).folio
        limit = f"{self.place.clock() + timedelta(days=21):%Y-%m-%d}"
        for step, said in (
            ("2", {"aplicaciones": "Pro99"}),
            ("3", {"fecha_limite": limit, "cita": "A más tardar en tres semanas"}),
            ("4", {"nota": "Prioridad absoluta"}),
        ):
            house.cases.record(RecordStep(folio, step, self.actor, data=said))
        sheet = (Upload("cam.csv", io.BytesIO(extract_csv(statuses(found)))),)
        house.cases.campaigns.extract(TakeExtract(folio, self.actor, sheet, self.place.clock()))
        return folio

    def invite(self, folio: str, areas: Mapping[str, str] | None = None, **more: str) -> Request:
        """Ask the north (or the areas given); the first request."""
        wanted = areas or {NORTH: self.norma.id}
        invite = Invite(folio, wanted, **more)
        return self.links.reviews.ask(self.links.desk, invite, self.actor, DESK_PLACE)[0]

    def rows(self, folio: str) -> RosterView:
        """All rows now."""
        return self.place.house.cases.campaigns.roster(folio)

    def numbers(self, folio: str, area: str = NORTH) -> list[int]:
        """The rows of an area."""
        return [row.number for row in self.rows(folio).rows if row.area == area]

    def window(self, request: Request) -> str:
        """When the days of a request's area end, as a ledger time."""
        return self.links.reviews.rows(request).areas[0].due_at

    def wait_until(self, at: str) -> None:
        """Move the clock to a moment after a ledger time."""
        self.place.clock.offset += parse_time(at) - self.place.clock() + timedelta(seconds=1)

    def all_kinds(self, folio: str) -> list[str]:
        """What happened in the campaign."""
        return [str(sealed.entry.kind) for sealed in self.entries(folio)]


def press(request: Request, rows: object, decision: str = "certifica", **more: object) -> Decision:
    """A decision as the page sends it."""
    found: dict[str, object] = {"reason": REASON, "seen": 0, "key": "", **more}
    return Decision(request.digest, str(rows), decision, **found)  # type: ignore[arg-type]
