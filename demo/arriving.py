"""What makes the mail of the demonstration live: answers, one nobody expects, one that came back, a letter to sign.

Told once, in the present and through the same services as everything else; what is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Protocol

from demo.auditing import CaseReads
from demo.mails import DESK, mail, message_id
from demo.people import BY_KEY, DOMAIN
from evidence.entry import parse_time
from evidence.ports import Clock
from signing.desk import Wish
from signing.office import Place
from workflows.casefile import CaseView
from workflows.commands import Actor
from workflows.errors import Refusal
from workflows.ports import CaseIndex, CaseQuery

_STRANGER = ("Gerardo Salinas Peña", "gerardo.salinas@correo.example")
_NOBODYS = "La impresora no imprime"
_ASKED = (
    "Buenas tardes:",
    "",
    "Desde ayer la impresora del segundo piso no responde. ¿Me ayudan?",
    "",
    "Gerardo",
)
_MANY = 200
_LOST = ("Norma Aguilar", f"norma.aguilar@correo-viejo.{DOMAIN}")
_NOTE = "Cuando pueda, por favor; la persona empieza el lunes."


Taking = Callable[[bytes], object]
"""Takes a mail that arrived; one that is here already is not taken twice."""


class LiveHouse(Protocol):
    """What of the house is used here; `web.wiring.House` is one. Its rooms are as they are."""

    @property
    def inbox(self) -> Any: ...  # noqa: D102
    @property
    def index(self) -> CaseIndex: ...  # noqa: D102
    @property
    def cases(self) -> CaseReads: ...  # noqa: D102
    @property
    def directory(self) -> Any: ...  # noqa: D102
    @property
    def mail(self) -> Any: ...  # noqa: D102
    @property
    def links(self) -> Any: ...  # noqa: D102
    @property
    def clock(self) -> Clock: ...  # noqa: D102


def liven(house: LiveHouse, take: Taking) -> None:
    """See the module; repeating it changes nothing."""
    for raw in _answers(house):
        take(raw)
    if not house.inbox.of_message(message_id(_NOBODYS, _STRANGER[1].partition("@")[2])):
        take(mail(_STRANGER, DESK, _NOBODYS, _ASKED, house.clock() - timedelta(hours=2)))
    _came_back(house, take)
    _letter_to_sign(house)
    house.mail.sender.run()


def _open(house: LiveHouse, process: str) -> Iterator[CaseView]:
    for row in house.index.find(CaseQuery(process=process, closed=False, limit=_MANY)).rows:
        yield house.cases.view(row.folio)


def _first(house: LiveHouse, process: str, step: str) -> CaseView | None:
    """An open case that waits in that step, the latest."""
    return next((view for view in _open(house, process) if step in view.state.open_steps), None)


def _answers(house: LiveHouse) -> Iterator[bytes]:
    """Mails that answer what a case waits for, each clear enough to be proposed."""
    wanted = (
        (
            "MA-006",
            "16",
            "RE: ¿Ya quedó? [{folio}]",
            ["Ya quedó, muchas gracias por la ayuda.", "", "{name}"],
        ),
        ("MA-002", "6", "RE: Confirmación del alta [{folio}]", ["Sí, adelante con el alta.", "", "Saludos"]),
        (
            "MA-001",
            "26a",
            "RE: Valide su acceso [{folio}]",
            ["Todavía no puedo entrar: me marca error.", "", "{name}"],
        ),
    )
    for process, step, subject, lines in wanted:
        view = _first(house, process, step)
        if view is None:
            continue
        name, address = _person(view)
        moment = parse_time(view.entries[-1].entry.at) + timedelta(minutes=42)
        text = [line.format(name=name) for line in lines]
        yield mail((name, address), DESK, subject.format(folio=view.state.folio), text, moment)


def _person(view: CaseView) -> tuple[str, str]:
    """Who a case is about, or who answers for it."""
    typed = view.data().get(view.definition.opening.step, {})
    known = typed.get("correo") or f"asistencia@{DOMAIN}"
    return typed.get("nombre") or "Asistencia comercial", known


def _came_back(house: LiveHouse, take: Taking) -> None:
    """A mail of ours to an address that is gone, and the report that says so."""
    view = next(_open(house, "MA-006"), None)
    if view is None:
        return
    said = {
        "asunto": "Tu solicitud está en proceso",
        "mensaje": "Hola, Norma:\n\nYa estamos con tu solicitud.",
    }
    folio = view.state.folio
    wanted = house.mail.desk.enqueue(
        "mensaje", _LOST[1], said, key="demo/devuelto", case=folio, name=_LOST[0]
    )
    sent = house.mail.sender.send(wanted)
    if sent is not None:
        take(_report(sent.message_id(house.mail.head.domain)))


def _report(message_id: str) -> bytes:
    """RFC 3464: nobody has that address any more."""
    lines = (
        f"From: MAILER-DAEMON@mx.{DOMAIN}",
        f"To: {DESK[1]}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <devuelto@mx.{DOMAIN}>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "The mail could not be delivered.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; mx.{DOMAIN}",
        "",
        f"Final-Recipient: rfc822; {_LOST[1]}",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
        "",
        "--b",
        "Content-Type: message/rfc822",
        "",
        f"Message-ID: {message_id}",
        "",
        "--b--",
        "",
    )
    return "\r\n".join(lines).encode()


def _letter_to_sign(house: LiveHouse) -> None:
    """A letter that waits for the director's signature by link; its mail is in the outbox's folder."""
    director = house.directory.actor_of(BY_KEY["jesus.quiriarte"].email)
    if not director or house.links.office.store.waiting_for(director):
        return
    until = house.clock() + timedelta(days=10)
    for view in _open(house, "MA-001"):
        if not {"8", "9"} & set(view.state.open_steps):
            continue
        asker = next((item.entry for item in view.entries if item.entry.step == "7"), None)
        letters = house.links.desk.choices(view.state.folio, "9").letters
        if asker is None or not letters:
            continue
        wish = Wish(
            view.state.folio,
            "9",
            signatory=director,
            seq=letters[-1].seq,
            object=letters[-1].object,
            expires_at=until,
            note=_NOTE,
        )
        actor = Actor(asker.actor, asker.role)
        try:
            house.links.desk.ask(wish, actor, Place("127.0.0.1", account=asker.actor))
        except Refusal:
            continue
        return
