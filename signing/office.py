"""What all desks of this room share: the ports, the place somebody acts from, and small readings of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from evidence.entry import format_time
from evidence.ports import BlobStore, Clock
from evidence.words import digest_words
from identity.throttle import Limit, ThrottleStore
from signing.efirmaports import EfirmaSigner, PreparationStore
from signing.errors import NoAddress, NoPublicAddress, TooManyTries, UnknownPerson
from signing.factors.records import FactorStore
from signing.levels import OWN
from signing.ports import People, Person, PictureReader, Postman, Signer
from signing.records import Request
from signing.store import LinkStore
from signing.tokens import Marks
from workflows.calendar import BusinessCalendar
from workflows.cases import CaseService
from workflows.signatureacts import RequestNote


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody acts from.

    ``raw`` is the address that connected, ``address`` what trusted proxies say it is; ``user_agent`` and ``locale``
    are the browser's words, ``zone`` the house's, ``account`` who is signed in there.
    """

    address: str
    raw: str = ""
    user_agent: str = ""
    locale: str = "es"
    zone: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """The ports, as `web.wiring` hands them in. ``public_url`` is scheme and host of the house, from its settings."""

    store: LinkStore
    cases: CaseService
    blobs: BlobStore
    people: People
    reader: PictureReader
    signer: Callable[[], Signer]
    postman: Postman
    throttle: ThrottleStore
    marks: Marks
    clock: Clock
    public_url: str
    zone: str = "America/Mexico_City"
    phone: str = ""
    efirma: Callable[[], EfirmaSigner] | None = None
    preparations: PreparationStore | None = None
    factors: FactorStore | None = None

    def now(self) -> str:
        """The present as a ledger time."""
        return format_time(self.clock())

    @property
    def calendar(self) -> BusinessCalendar:
        """The business calendar."""
        return self.cases.calendar

    def person(self, actor: str) -> Person:
        """Who is behind an id. Raises `UnknownPerson`."""
        found = self.people.person(actor)
        if found is None:
            raise UnknownPerson
        return found

    def reachable(self, actor: str) -> Person:
        """Somebody known who has an address. Raises `UnknownPerson`, `NoAddress`."""
        found = self.person(actor)
        if not found.email:
            raise NoAddress(name=found.name)
        return found

    def enrolled(self, actor: str, factor: str) -> bool:
        """Whether somebody can prove a second factor; those that are not their own, everybody can."""
        if factor not in OWN:
            return True
        return self.factors is not None and any(item.kind == factor for item in self.factors.of(actor))

    def address_of(self, path: str) -> str:
        """An address of the house: its host comes from the settings and from nowhere else. Raises `NoPublicAddress`."""
        if not self.public_url:
            raise NoPublicAddress
        return self.public_url + path

    def check_page(self, folio: str) -> str:
        """The public page that says what is known of a case's letters."""
        return self.address_of(f"/verificar/{quote(folio)}")

    def limit(self, kind: str, value: str, limit: Limit) -> None:
        """Count an attempt before it is judged. Raises `TooManyTries`."""
        key = f"{kind}:{self.marks.of('throttle', kind, value)}"
        if self.throttle.attempt(key, limit, self.clock()) is not None:
            raise TooManyTries

    def succeeded(self, kind: str, value: str) -> None:
        """The attempt that `limit` counted was good: the count starts anew."""
        self.throttle.forget(f"{kind}:{self.marks.of('throttle', kind, value)}")

    def note(self, told: RequestNote) -> bool:
        """Record something that happened to a request; whether this was the first time it was told."""
        return self.cases.requests.note(told) is not None

    def words_of(self, request: Request, *, asker: str = "") -> dict[str, str]:
        """What every mail about a request says of it."""
        return {
            "quien": asker or self._name(request.asked_by),
            "carta": request.title,
            "palabras": " · ".join(digest_words(request.digest)),
            "huella": request.digest,
            "vence": self.day(request.expires_at),
            "vence_en": f"{self.calendar.local(datetime.fromisoformat(request.expires_at)):%Y-%m-%d %H:%M}",
            "telefono": self.phone,
            "comprobar": self.check_page(request.folio),
            "nota": request.note,
            "folio": request.folio,
        }

    def day(self, at: str) -> str:
        """A ledger time as people read it in the house's zone."""
        local = self.calendar.local(datetime.fromisoformat(at))
        return f"{local:%d/%m/%Y %H:%M}"

    def _name(self, actor: str) -> str:
        found = self.people.person(actor)
        return found.name if found is not None else "Mesa de Ayuda"
