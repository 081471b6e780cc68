"""Telling one story through the case service: each method is a step with its real files."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from demo import letters, mails, screens, sheets
from demo.people import BY_KEY
from demo.stories import Story
from workflows.commands import Actor, OpenCase, Receipt, RecordStep, Reuse, Supersede, Upload, WaiveStep
from workflows.errors import OutOfScope
from workflows.values import NO_SECRETS

File = tuple[str, str, bytes]
"""Slot, name and content."""

DEPUTY = "carlos"


class Cases(Protocol):
    """What of `workflows.cases.CaseService` the stories use."""

    def open_case(self, command: OpenCase) -> Receipt: ...  # noqa: D102 - see the service
    def record(self, command: RecordStep) -> Receipt: ...  # noqa: D102
    def supersede(self, command: Supersede) -> Receipt: ...  # noqa: D102
    def waive(self, command: WaiveStep) -> Receipt: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Desk:
    """The service and the ids of the people who use it."""

    cases: Cases
    ids: Mapping[str, str]

    def actor(self, key: str, role: str) -> Actor:
        """Somebody of the desk, in a role. The stories are told as if from the pages; the log's origin says `demo`."""
        return Actor(id=self.ids[key], role=role)


class Teller:
    """One story and what has become of it: folio, numbers, and entries that later steps refer to."""

    def __init__(self, desk: Desk, story: Story) -> None:
        self.desk = desk
        self.story = story
        self.who = story.who
        self.folio = ""
        number = zlib.crc32(story.key.encode())
        self.ticket = f"TK-{48_000 + number % 1_999}"
        self.cam = f"CAM-{2_200 + number % 799}"
        self.dsn = ""
        self.operator = BY_KEY[story.specialist].name
        self.cam_history: list[tuple[datetime, str]] = []
        self._recorded: list[tuple[str, int]] = []

    # ---------------------------------------------------------------- opening

    def open(self, moment: datetime) -> None:
        """Step 1, by whoever captures CAM Pegasus or by a specialist; a request at the wrong door is refused here."""
        story, who = self.story, self.who
        role = "capturista" if story.opener == "martha" else "especialista"
        data = {
            "tipo": story.tipo, "usuario": who.usuario, "nombre": who.nombre, "rfc": who.rfc, "correo": who.correo,
            "zona": who.zona, "promotoria": who.promotoria, "ticket": self.ticket, "solicitud_cam": self.cam,
        }  # fmt: skip
        if story.tipo == "alta":
            data["paquete"] = who.paquete
        capture = screens.ticket(
            self.ticket, f"Solicitud de {story.tipo}: {who.nombre}", who.correo, "Nuevo", moment, "martha"
        )
        command = OpenCase(
            process="MA-001",
            actor=self.desk.actor(story.opener, role),
            data=data,
            uploads=()
            if story.twist == "door"
            else self.uploads((("ticket", f"ticket_{self.ticket}.png", capture),)),
            idempotency_key=self.key("open"),
        )
        try:
            self.folio = self.desk.cases.open_case(command).folio
        except OutOfScope as refused:
            self.folio = str(refused.fields["folio"])
        self.cam_history.append((moment, f"Solicitado · {BY_KEY[story.opener].name}"))

    # ---------------------------------------------------------------- reception

    def confirm(self, moment: datetime) -> None:
        """Step 2."""
        lines = [
            f"Estimada, estimado {self.who.nombre}:", "",
            f"Recibimos su solicitud {self.ticket}. Le avisaremos de cada avance.", "", "Mesa de Ayuda N1",
        ]  # fmt: skip
        self.record("2", [self.sent(f"Solicitud {self.ticket} recibida", lines, moment)])

    def pending(self, moment: datetime) -> None:
        """Step 3."""
        self._ticket_status("3", "Pendiente de atención", moment)

    def sheet(self, moment: datetime) -> None:
        """Step 4."""
        data = sheets.request_sheet(self.who, self.story.tipo, self.ticket, moment - timedelta(hours=1))
        self.record("4", [("formato", f"solicitud_{self.ticket}.xlsx", data)])

    def in_process(self, moment: datetime) -> None:
        """Step 5."""
        self._ticket_status("5", "En proceso", moment)

    # ---------------------------------------------------------------- how

    def record(
        self,
        step: str,
        files: Sequence[File] = (),
        data: Mapping[str, str] | None = None,
        *,
        choice: str = "",
        reuse: tuple[Reuse, ...] = (),
        occurred_at: datetime | None = None,
        acting_for: str = "",
        template: str = "",
    ) -> Receipt:
        """Record a step, by the story's specialist or, acting for them, by the deputy.

        ``template`` is the name of the template that made the step's letter.
        """
        values = dict(data or {})
        if any(name.endswith((".png", ".jpg")) for _, name, _ in files):
            values[NO_SECRETS] = "si"
        receipt = self.desk.cases.record(
            RecordStep(
                folio=self.folio,
                step=step,
                actor=self.desk.actor(DEPUTY if acting_for else self.story.specialist, "especialista"),
                uploads=self.uploads(files, template),
                data=values,
                choice=choice,
                reuse=reuse,
                occurred_at=occurred_at,
                acting_for=self.desk.ids[acting_for] if acting_for else "",
                idempotency_key=self.key(f"{step}:{self.times(step)}"),
            )
        )
        self._recorded.append((step, receipt.seq))
        return receipt

    def times(self, step: str) -> int:
        """How often a step has been told."""
        return sum(1 for told, _ in self._recorded if told == step)

    def entry_of(self, step: str) -> int:
        """The number of the step's last entry."""
        return next(seq for told, seq in reversed(self._recorded) if told == step)

    def key(self, what: str) -> str:
        """What makes telling it again change nothing."""
        return f"demo:{self.story.key}:{what}"

    def uploads(self, files: Sequence[File], template: str = "") -> tuple[Upload, ...]:
        """Files as they would come from a form, the letter with the template that made it."""
        used = letters.used(template) if template else None
        return tuple(
            Upload(name, io.BytesIO(data), slot, template=used if slot.startswith("carta") else None)
            for slot, name, data in files
        )

    def sent(
        self, subject: str, lines: Sequence[str], moment: datetime, attached: Sequence[mails.Attached] = ()
    ) -> File:
        """A mail of the desk to the person."""
        made = mails.mail(
            mails.DESK, (self.who.nombre, self.who.correo), subject, lines, moment, attached=attached
        )
        return "correo", f"{subject}.eml", made

    def cam_screen(self, status: str, moment: datetime) -> bytes:
        """The record in CAM Pegasus with its history up to now."""
        return screens.cam(self.who, self.cam, status, moment, self.operator, self.cam_history, self.dsn)

    def _ticket_status(self, step: str, status: str, moment: datetime) -> None:
        subject = f"Solicitud de {self.story.tipo}: {self.who.nombre}"
        picture = screens.ticket(self.ticket, subject, self.who.correo, status, moment, self.operator)
        self.record(step, [("estatus", f"ticket_{self.ticket}_{step}.png", picture)])
