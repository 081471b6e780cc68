"""One recertification in mid-flight: 850 rows, areas that answered, areas that did not, a deadline ahead.

Told through the service of campaigns; its sheets are the same each time, so that a telling that was interrupted is
taken up.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from demo import mails
from demo.course import at_hour
from demo.diary import Beat, business_days_back
from demo.names import ZONES
from demo.people import METLIFE_DOMAIN
from demo.recert_papers import (
    OFFICE,
    RosterLine,
    area_answer,
    cam_extract,
    doubtful,
    metlife_workbook,
    roster,
)
from demo.rendering import long_day
from workflows.calendar import BusinessCalendar
from workflows.campaigncommands import AskAreas, CampaignDesk, DecideRows, TakeAnswers, TakeExtract
from workflows.commands import Actor, OpenCase, Receipt, RecordStep, Upload
from workflows.ranges import format_ranges

PROCESS = "MA-005"
ROWS = 850
AHEAD = 6
"""Business days from the present to the deadline."""
METLIFE = ("Mónica González", f"monica.gonzalez@{METLIFE_DOMAIN}")


class CampaignCases(Protocol):
    """What of `workflows.cases.CaseService` the campaign uses."""

    @property
    def campaigns(self) -> CampaignDesk: ...  # noqa: D102 - see the service
    def open_case(self, command: OpenCase) -> Receipt: ...  # noqa: D102
    def record(self, command: RecordStep) -> Receipt: ...  # noqa: D102


@dataclass(slots=True)
class Campaign:
    """The campaign while it is told."""

    cases: CampaignCases
    ids: Mapping[str, str]
    calendar: BusinessCalendar
    present: datetime
    rows: int = ROWS
    folio: str = ""
    _lines: tuple[RosterLine, ...] = field(default=())

    @property
    def about(self) -> str:
        """What the case is there to show."""
        return f"Recertificación de {self.rows} usuarios, a {AHEAD} días hábiles de su fecha límite"

    def beats(self) -> list[Beat]:
        """What happened in the last days, as far as the present has come."""
        days = business_days_back(self.calendar, self.present)
        told: Sequence[tuple[int, str, str, Callable[[datetime], None]]] = (
            (9, "10:05", "1", self.open),
            (9, "10:40", "3", self.terms),
            (9, "11:10", "4", self.priority),
            (8, "11:00", "5", self.review),
            (7, "12:30", "7", self.extract),
            (6, "09:40", "8", self.ask),
            (5, "13:05", "14", self.oaxaca),
            (4, "11:20", "14", self.capital),
            (2, "10:15", "8", self.ask_office),
            (2, "16:20", "16", self.director),
        )
        beats = [
            Beat(at_hour(days[back], hour, f"{PROCESS} {place}"), step, tell)
            for place, (back, hour, step, tell) in enumerate(told)
        ]
        return [beat for beat in beats if beat.moment < self.present]

    @property
    def lines(self) -> tuple[RosterLine, ...]:
        """MetLife's rows, made once."""
        if not self._lines:
            self._lines = roster(self.rows)
        return self._lines

    def open(self, moment: datetime) -> None:
        """Steps 1: MetLife's mail with its file."""
        book = metlife_workbook(self.lines, moment)
        deadline = long_day(self.deadline)
        lines = [
            "Buen día:",
            "",
            f"Se envía el archivo de recertificación. Fecha límite: {deadline}.",
            "",
            METLIFE[0],
        ]
        mail = mails.mail(METLIFE, mails.DESK, self._subject, lines, moment)
        command = OpenCase(
            PROCESS,
            self._specialist,
            {
                "asunto": "recertificacion",
                "requerimiento": self._subject,
                "aplicacion": "belife",
                "remitente": "si",
            },
            (
                _upload("recertificacion.eml", mail, "correo"),
                _upload("usuarios_belife.xlsx", book, "archivo"),
            ),
            idempotency_key=self._key("open"),
        )
        self.folio = self.cases.open_case(command).folio

    def terms(self, _moment: datetime) -> None:
        """Steps 2 and 3: the application, and the deadline as the mail words it."""
        self._record("2", {"aplicaciones": "BeLife"})
        quote = f"Fecha límite: {long_day(self.deadline)}."
        self._record("3", {"fecha_limite": self.deadline.isoformat(), "cita": quote})

    def priority(self, _moment: datetime) -> None:
        """Step 4, by the supervisor."""
        note = "Prioridad crítica: si no se envía a tiempo, MetLife da de baja a todos los usuarios."
        self._record("4", {"nota": note}, Actor(self.ids["abraham"], "supervisor"))

    def extract(self, moment: datetime) -> None:
        """Steps 6 and 7: what CAM says of each row."""
        files = (_upload("extracto_cam.csv", cam_extract(self.lines)),)
        key = self._key("extract")
        self.cases.campaigns.extract(
            TakeExtract(self.folio, self._specialist, files, moment, idempotency_key=key)
        )

    def review(self, _moment: datetime) -> None:
        """Step 5: rows the desk knows about before anybody is asked."""
        gone = [line.number for line in self.lines if line.number % 13 == 0 and line.number % 4 == 0]
        reason = "Baja ya tramitada este año; el caso de MA-001 está cerrado."
        self._decide(gone, "baja", reason, self._specialist, "review")

    def ask(self, moment: datetime) -> None:
        """Steps 8 to 12: the sheets leave for the zones."""
        self._ask(tuple(self._area(zone) for zone in ZONES), moment, "zonas")

    def ask_office(self, moment: datetime) -> None:
        """Step 8 for the office, days later: its term still runs."""
        self._ask((self._area(OFFICE),), moment, "oficinas")

    def oaxaca(self, moment: datetime) -> None:
        """Step 14: an area's sheet."""
        self._answers("Oaxaca", moment)

    def capital(self, moment: datetime) -> None:
        """Step 14: another's."""
        self._answers("CDMX", moment)

    def director(self, _moment: datetime) -> None:
        """Step 16: the director settles the first of the rows in doubt; others wait for him."""
        rows = doubtful([line for line in self.lines if line.zone == "Oaxaca"])[:3]
        actor = Actor(self.ids["jesus.quiriarte"], "director")
        self._decide(rows, "certifica", "Se confirmó con el área; es la misma persona.", actor, "director")

    @property
    def deadline(self) -> date:
        """MetLife's date."""
        return self.calendar.add(self.calendar.local_day(self.present), AHEAD, "habiles")

    @property
    def _subject(self) -> str:
        return f"RECERT-BELIFE-{self.deadline.year}"

    @property
    def _specialist(self) -> Actor:
        return Actor(self.ids["daniela.ortiz"], "especialista")

    def _key(self, what: str) -> str:
        return f"demo:{PROCESS}:{what}"

    def _area(self, zone: str) -> str:
        """The code of an area: areas are numbered as the sheet names them."""
        names = list(dict.fromkeys(line.zone for line in self.lines))
        return f"a{names.index(zone) + 1}"

    def _record(self, step: str, data: Mapping[str, str], actor: Actor | None = None) -> None:
        who = actor or self._specialist
        self.cases.record(RecordStep(self.folio, step, who, data=data, idempotency_key=self._key(step)))

    def _ask(self, areas: tuple[str, ...], moment: datetime, what: str) -> None:
        lines = [
            "Buen día:",
            "",
            "Se envían sus renglones. Responda en la hoja en 3 días hábiles.",
            "",
            "Mesa de Ayuda N1",
        ]
        mail = mails.mail(
            mails.DESK, ("Áreas", "areas@mesa.example"), f"{self._subject} · {what}", lines, moment
        )
        files = (_upload(f"solicitud_{what}.eml", mail),)
        self.cases.campaigns.ask(
            AskAreas(self.folio, self._specialist, files, areas, idempotency_key=self._key(what))
        )

    def _answers(self, zone: str, moment: datetime) -> None:
        sheet = area_answer([line for line in self.lines if line.zone == zone], moment)
        files = (_upload(f"respuesta_{self._area(zone)}.xlsx", sheet),)
        self.cases.campaigns.answers(
            TakeAnswers(
                self.folio, self._area(zone), self._specialist, files, idempotency_key=self._key(zone)
            )
        )

    def _decide(self, rows: Sequence[int], decision: str, reason: str, actor: Actor, what: str) -> None:
        if rows:
            ranges, key = format_ranges(rows), self._key(what)
            self.cases.campaigns.decide(
                DecideRows(self.folio, ranges, decision, reason, actor, idempotency_key=key)
            )


def _upload(name: str, data: bytes, slot: str = "") -> Upload:
    return Upload(name, io.BytesIO(data), slot)
