"""A real installation with a case whose letter waits to be signed, and the director who gets the mail."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

from evidence.entry import SealedEntry
from identity.access import Granter
from identity.accounts import User
from identity.contacts import Contact
from identity.posts import Paper
from signing.act import SignForm
from signing.consent import consent_for
from signing.desk import Wish
from signing.errors import LinkError
from signing.links import Standing
from signing.office import Place
from signing.records import Request
from tests.fakes.installation import Installation
from tests.fakes.papers import eml, pdf, png
from tests.workflows.desk import xlsx
from web.linkroom import LinkRoom
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.readers import DirectReader

ADDRESS = "https://constancia.example"
BY = Granter(via="console", os_user="prueba")
PERSON = {
    "tipo": "alta",
    "nombre": "María Fernanda Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria.ruiz@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Norte",
    "ticket": "TK-48213",
}
DESK_PLACE = Place("192.0.2.10", "192.0.2.10", "Escritorio/1.0", account="")
PHONE_PLACE = Place("198.51.100.7", "203.0.113.9", "Mozilla/5.0 (Telefono)", "es", "America/Mexico_City")
LINK = re.compile(r"https?://[^\s/]+/s/([A-Za-z0-9_-]{43})")


CONSENT = consent_for("es")


def typed(request: Request, **changes: object) -> SignForm:
    """A signature of what the page showed, by the typed name."""
    found = SignForm(request.digest, CONSENT.version, "typed", "Jesús Quiriarte")
    return replace(found, **changes)  # type: ignore[arg-type]


def at_once(act: Callable[[int], object], times: int = 20) -> list[str]:
    """Do something from so many threads at once: ``done``, or the code of what refused it, for each."""

    def attempt(number: int) -> str:
        try:
            act(number)
        except LinkError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(attempt, range(times)))


@dataclass
class SigningRoom:
    """The installation, its specialist and its director."""

    place: Installation
    specialist: User
    director: Contact

    @classmethod
    def begin(cls, data: Path, env: Mapping[str, str] | None = None) -> SigningRoom:
        """A fresh one; its public address is `ADDRESS` unless the environment says otherwise."""
        place = Installation(
            data,
            {"CONSTANCIA_PUBLIC_URL": ADDRESS, "CONSTANCIA_DESK_PHONE": "55 1234 5678", **(env or {})},
        )
        director = place.house.contacts.add("Jesús Quiriarte", BY, email="director@empresa.example")
        place.house.posts.appoint("director_general", director.id, BY)
        return cls(place, place.user(name="Laura Ortega"), director)

    @property
    def links(self) -> LinkRoom:
        """The desks."""
        return self.place.house.links

    @property
    def actor(self) -> Actor:
        """The specialist at work."""
        return Actor(self.specialist.id, "especialista")

    def case(self, number: int = 1) -> str:
        """A creation whose letter is made and not sent."""
        data = {**PERSON, "rfc": f"RUOM900215A{number:02}", "ticket": f"TK-{number:05}"}
        self.place.house.cases._reader = DirectReader()
        cases = self.place.house.cases
        folio = cases.open_case(OpenCase("MA-001", self.actor, data)).folio
        sheet = xlsx(**{name: data[name] for name in ("nombre", "rfc", "correo", "zona", "paquete")})
        for step, uploads, values in (
            ("2", (_upload("correo.eml", eml()),), {}),
            ("3", (_upload("captura.png", png(number % 200)),), {}),
            ("4", (sheet,), {}),
            ("5", (), {"declaro": "si"}),
            ("6", (), {"paquete": "1"}),
            ("7", (_upload(f"carta-{number}.pdf", pdf(1 + number % 2)),), {}),
        ):
            cases.record(RecordStep(folio, step, self.actor, uploads, values))
        return folio

    def wish(self, folio: str, **changes: object) -> Wish:
        """The signature of the case's letter, in five days."""
        letter = self.links.desk.choices(folio, "9").letters[0]
        until = self.place.clock() + timedelta(days=5)
        found: dict[str, object] = {
            "signatory": self.director.id,
            "seq": letter.seq,
            "object": letter.object,
            "expires_at": until,
        }
        return Wish(folio, "9", **{**found, **changes})  # type: ignore[arg-type]

    def ask(self, folio: str, **changes: object) -> Request:
        """Ask for it."""
        return self.links.desk.ask(self.wish(folio, **changes), self.actor, DESK_PLACE)

    def deputy(self, *, appointed: bool = True) -> Contact:
        """Somebody who stands in for the director, once appointed."""
        found = self.place.house.contacts.add("Suplente Uno", BY, email="suplente@empresa.example")
        if appointed:
            self.appoint(found)
        return found

    def appoint(self, deputy: Contact) -> None:
        """Name a deputy of the director's, with a document."""
        house = self.place.house
        blob = house.blobs.put(io.BytesIO(b"%PDF-1.4 nombramiento"), media="application/pdf")
        paper = Paper(blob, "nombramiento.pdf")
        house.posts.name_backup(deputy.id, self.director.id, BY, paper=paper)

    def mails(self) -> list[str]:
        """Send what waits; every mail in the outbox's folder as text, the oldest first."""
        self.place.house.mail.sender.run(limit=100)
        folder = self.place.settings.data / "outbox"
        files = sorted(folder.rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        texts = []
        for path in files:
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            texts.append(
                f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{body.get_content() if body else ''}"
            )
        return texts

    def token(self) -> str:
        """The secret of the last link that was mailed."""
        found = [match for text in self.mails() for match in LINK.findall(text)]
        return found[-1]

    def open(self, token: str, place: Place = PHONE_PLACE) -> Standing:
        """Open a link, and stand behind it."""
        visit, secret = self.links.links.open(token, place)
        return self.links.links.stand(visit.id, secret, place)

    def entries(self, folio: str) -> list[SealedEntry]:
        """The case's entries."""
        return list(self.place.house.ledger.history(folio))

    def kinds(self, folio: str) -> list[str]:
        """What happened in the case since the letter was made."""
        return [str(sealed.entry.kind) for sealed in self.entries(folio)][7:]


def _upload(name: str, data: bytes) -> Upload:
    return Upload(name, io.BytesIO(data))
