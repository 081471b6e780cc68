"""Stories of two cases: a ticket that goes on in another process, a refusal that is followed up; and lists published.

Told as everyday cases are (`demo.tales`): only where one case is opened out of the other, and where a list is
published, something of its own happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from demo.course import Course
from demo.diary import Beat, business_days_back
from demo.names import Subject
from demo.tales import OPEN, Stage, Tale
from evidence.entry import SealedEntry
from workflows.calendar import BusinessCalendar
from workflows.catalogues import CatalogueVersion
from workflows.commands import Actor
from workflows.definition import CatalogueItem
from workflows.published import PublishCatalogue
from workflows.step import Text

GOES_ON = "goes_on"
"""The word of a script at which the other case is opened."""

_TICKET = Course("MA-006", "correo", 0, """
    0 09:15 open
    0 09:50 4
    0 10:20 goes_on
    0 10:50 6 7 8 9
    3 11:00 11 14
    1 10:20 16:validado
    0 16:10 18
""", {"asunto": "Un agente nuevo necesita su correo TuAgente"})  # fmt: skip
_MAILBOX = Course("MA-003", "de_ticket", 0, """
    0 10:20 open
    0 11:20 2 3
    0 12:20 7:pedido
    1 11:10 7:recibido
    0 12:00 5 6 8 9
    0 12:20 10
    1 09:40 11 12
    0 10:00 13 14
""", {"flujo": "alta", "usuario": "agente"})  # fmt: skip
_REFUSED = Course("MA-001", "es_agente", 0, """
    0 09:40 open
    0 10:30 goes_on
""", {"tipo": "alta", "usuario": "agente"})  # fmt: skip
_FOLLOWED = Course("MA-002", "de_rechazo", 0, """
    0 10:30 open
    0 11:10 2 3 4 5
    2 12:15 6:adelante
    0 13:00 7 8 9 10 11
    0 13:40 12 13
""")  # fmt: skip

_NOBODY = Text("", "")
_LINES = tuple(
    CatalogueItem(post, _NOBODY, _NOBODY)
    for post in ("asistente_edomex", "asistente_nl", "gerente_comercial")
)
"""Posts whose holders may write by WhatsApp: the directory knows their names, the list does not."""
_FURTHER = CatalogueItem(
    "queretaro", Text("Querétaro", "Querétaro"), _NOBODY, {"post": "asistente_queretaro"}
)
"""A zone without a holder: the commercial manager answers for it."""


class Lists(Protocol):
    """What of the lists in force is read."""

    def versions(self, code: str) -> tuple[CatalogueVersion, ...]: ...  # noqa: D102 - see the port


class ListDesk(Protocol):
    """Who publishes lists."""

    def publish(self, command: PublishCatalogue) -> SealedEntry: ...  # noqa: D102 - see `workflows.published`


@dataclass(slots=True)
class Pair:
    """A case and the one that is opened out of it. ``about`` says what they show."""

    first: Tale
    second: Tale
    about: str
    step: str = ""
    choice: str = ""

    def beats(self, calendar: BusinessCalendar, present: datetime) -> list[Beat]:
        """What happens in both, in no order."""

        def goes_on(moment: datetime) -> None:
            self.second.open_from(self.first, self.step, self.choice, moment)

        told = [
            Beat(beat.moment, beat.step, goes_on) if beat.step == GOES_ON else beat
            for beat in self.first.beats(calendar, present)
        ]
        return told + [beat for beat in self.second.beats(calendar, present) if beat.step != OPEN]


def pairs(stages: Mapping[str, Stage], calendar: BusinessCalendar, present: datetime) -> tuple[Pair, ...]:
    """The pairs of the demonstration, of the processes there are."""
    days = business_days_back(calendar, present)
    told = (
        (
            _TICKET,
            _MAILBOX,
            12,
            "Ticket que siguió como correo TuAgente en un caso hijo",
            "5",
            "cuentas_correo",
        ),
        (_REFUSED, _FOLLOWED, 9, "Rechazado: es de agente; siguió en MA-002", "", ""),
    )
    return tuple(
        Pair(
            Tale(stages[first.process], first, Subject(number), days[back]),
            Tale(stages[second.process], second, Subject(number), days[back]),
            about,
            step,
            choice,
        )
        for number, (first, second, back, about, step, choice) in enumerate(told, 9001)
        if first.process in stages and second.process in stages
    )


def publish_lists(lists: Lists, desk: ListDesk, actor: Actor) -> None:
    """Publish whose WhatsApp lines are authorised, and the zones with one more; nothing where that was done."""
    wanted: tuple[tuple[str, Sequence[CatalogueItem]], ...] = (
        ("whatsapp_autorizados", _LINES),
        ("zonas", (*lists.versions("zonas")[-1].items, _FURTHER)),
    )
    for code, items in wanted:
        known = lists.versions(code)
        if len(known) == 1:
            desk.publish(PublishCatalogue(code, tuple(items), actor, known[-1].version))
