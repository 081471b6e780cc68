"""An installation with auditors, the house that invites them, and cases to audit."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, field
from datetime import date

from werkzeug.test import TestResponse

from identity.accounts import Role
from tests.browser.papers import PERSON, png
from tests.fakes.installation import Browser, Installation
from web.inception import settle

YEAR = date.today().year  # noqa: DTZ011 - the test only needs a period around now
NAME = PERSON["nombre"]


@dataclass
class Room:
    """An installation with two external auditors, one internal, a supervisor, a specialist, and cases."""

    place: Installation
    folios: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = self.place.client(Role.ESPECIALISTA, email="laura@desk.example")
        self.boss = self.place.client(Role.SUPERVISOR, email="boss@desk.example")
        self.out = self.place.client(Role.AUDITOR_EXTERNO, email="out@audit.example")
        self.other = self.place.client(Role.AUDITOR_EXTERNO, email="other@audit.example")
        self.inside = self.place.client(Role.AUDITOR_INTERNO, email="in@desk.example")
        for browser in (self.desk, self.boss, self.out, self.other, self.inside):
            whole(browser)
        self.folios = [self.case(n) for n in range(3)]
        settle(self.place.house)

    def id_of(self, email: str) -> str:
        """The account's id."""
        found = self.place.house.accounts.by_email(email, self.place.clock())
        assert found is not None
        return found.user.id

    def case(self, n: int) -> str:
        """A case of MA-001 with a screenshot in its second entry."""
        typed = {
            f"d.{name}": value for name, value in {**PERSON, "tipo": "alta", "ticket": f"TK-{n}"}.items()
        }
        typed["d.rfc"], typed["d.correo"] = f"MERL85010{n + 1}AB{n}", f"persona{n}@correo.example"
        answer = self.desk.post_form("/casos/nuevo/MA-001", typed)
        if answer.status_code != 303:
            typed["d.rfc"] = PERSON["rfc"]
            answer = self.desk.post_form("/casos/nuevo/MA-001", typed)
        assert answer.status_code == 303, answer.text
        folio = str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
        data = {
            "csrf_token": self.desk.token(),
            "idempotency_key": "",
            "file.estatus": (io.BytesIO(png(f"pendiente {n}")), f"captura de {NAME}.png"),
        }
        sealed = self.desk.client.post(
            f"/casos/{folio}/pasos/3", data=data, content_type="multipart/form-data"
        )
        assert sealed.status_code == 303, sealed.text
        return folio

    def open(self, *emails: str, **changed: str) -> str:
        """Open an engagement for these auditors; returns its address."""
        data: dict[str, object] = {
            "title": "Anual",
            "firm": "Despacho",
            "kind": "external",
            "process": ["MA-001"],
            "start": f"{YEAR - 1}-01-01",
            "end": f"{YEAR + 1}-12-31",
            "expires": f"{YEAR + 1}-12-31",
            "downloads": "si",
            "auditor": [self.id_of(email) for email in emails or ("out@audit.example",)],
            **changed,
            "csrf_token": self.boss.token(),
        }
        answer = self.boss.client.post("/auditoria/nueva", data=data)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def freeze(self, address: str, by: Browser | None = None) -> TestResponse:
        """Freeze the year's MA-001."""
        form = {"process": "MA-001", "start": f"{YEAR}-01-01", "end": f"{YEAR}-12-31"}
        return (by or self.out).post_form(f"{address}/poblaciones", form)

    def draw(self, address: str, n: int = 3, by: Browser | None = None) -> TestResponse:
        """Draw a sample of the first population."""
        form = {"method": "size", "n": str(n), "seed": "semilla"}
        return (by or self.out).post_form(f"{address}/poblaciones/P1/muestras", form)


def whole(browser: Browser) -> None:
    """Read answers to their end, so that files which are streamed are closed."""
    browser.client.get = functools.partial(browser.client.get, buffered=True)  # type: ignore[method-assign]
