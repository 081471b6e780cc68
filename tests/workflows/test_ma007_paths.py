"""MA-007, attention to agents: each way from a contact to its end."""

from __future__ import annotations

import json

import pytest

from tests.workflows.replays import Path, Play, Table, act, clock, refused
from workflows.commands import Actor, OpenCase
from workflows.errors import DateNotCredible, FieldInvalid, GuardUnmet, OutOfScope, StepNotOpen

pytestmark = pytest.mark.usefixtures("other_cases")

CALL = {"canal": "telefono", "clave": "AG48213", "asunto": "pro99", "motivo": "No entra", "duracion": "4"}
NOW = {"canal": "telefono"}


def _six(choice: str, **ticks: str) -> object:
    data = {**ticks, **({"pendiente": "Falta revisarlo"} if choice == "no" else {})}
    return act("6", choice=choice, data=data)


def _promise(moment: str) -> object:
    return act("11", data={"promesa": moment})


CONFIRM = act("16", choice="resuelto", uploads=(), data=NOW)
AGAIN = act("16", choice="no_resuelto", uploads=(), data=NOW)
FIRST = "2 3 4 5"
PENDING = (FIRST, _six("no"), "10", _promise("2026-01-14T12:00"))
ESCALATED = (FIRST, _six("no", metlife="si"), "10", _promise("2026-01-14T12:00"))

TABLE = Table(
    Play("MA-007", opening=CALL),
    (
        Path("just opened", status="Abierta", machines={"atencion": "Abierta"}, open_steps=("2",), closed=False),
        Path("known solution", (FIRST, _six("si", solucion="si"), "7", CONFIRM, "18"), status="resuelto", closed=True,
             complete=True, missing=(), exceptions=(), machines={"atencion": "Cerrada"}),
        Path("guided reset", ("2 2a 3 4 5", _six("si", reseteo="si"), "8", CONFIRM, "18"), status="resuelto",
             closed=True, complete=True),
        Path("guidance", (FIRST, _six("si", orientacion="si"), "9", CONFIRM, "18"), status="resuelto", closed=True),
        Path("all three at once", ("2 2a 3 4 5", _six("si", solucion="si", reseteo="si", orientacion="si"), "7 8 9",
             CONFIRM, "18"), status="resuelto", complete=True),
        Path("no reset without an identity", (FIRST, _six("si", reseteo="si"), refused("8", GuardUnmet)),
             status="Abierta", open_steps=("2a",)),
        Path("what was announced must be done", (FIRST, _six("si", solucion="si", orientacion="si"), "7",
             refused("16", GuardUnmet)), status="Resuelta", open_steps=("2a", "9")),
        Path("no closing before a confirmation", (FIRST, _six("si", solucion="si"), "7", refused("18", StepNotOpen)),
             status="Resuelta"),
        Path("investigation", PENDING, status="En investigación", destinations=("MA-006",),
             timers={"promesa": "running", "seguimiento": "running"}, open_steps=("2a", "12", "15", "16")),
        Path("investigated and solved", (*PENDING, "15 12 15", CONFIRM, "18"), status="resuelto", closed=True,
             complete=True, timers={"promesa": "met", "seguimiento": "met"}, machines={"atencion": "Cerrada"}),
        Path("the promise is broken", (*PENDING, clock("2026-01-14 12:01")), timers={"promesa": "overdue"},
             exceptions=("overdue",), closed=False),
        Path("kept to the minute", (*PENDING, clock("2026-01-14 11:58"), CONFIRM), timers={"promesa": "met"}),
        Path("late, and seen to be", (*PENDING, clock("2026-01-14 12:30"), CONFIRM), timers={"promesa": "met_late"},
             exceptions=("overdue",)),
        Path("escalated with a three-way call", (*ESCALATED, "13:hecha 14", CONFIRM, "18"), status="resuelto",
             closed=True, complete=True),
        Path("no call was possible", (*ESCALATED, act("13", choice="no_posible", uploads=(),
             data={"imposible": "El agente no podía"}), "14"), status="Escalada a MetLife"),
        Path("escalated is not closed without MetLife's folio", (*ESCALATED, "13:hecha", refused("16", GuardUnmet)),
             status="Escalada a MetLife"),
        Path("not solved", (FIRST, _six("si", solucion="si"), "7", AGAIN), open_steps=("2a", "17"),
             missing=("17",), closed=False),
        Path("one more round", (FIRST, _six("si", solucion="si"), "7", AGAIN, "17"), status="Abierta",
             exceptions=("repeated",), open_steps=("2a", "4"), closed=False),
        Path("three rounds, counted", (FIRST, *(item for _ in range(2) for item in (
             _six("si", solucion="si"), "7", AGAIN, "17 4 5")), _six("si", orientacion="si"), "9", CONFIRM, "18"),
             status="resuelto", complete=True, exceptions=("repeated", "repeated")),
        Path("a round that goes on to MetLife", (FIRST, _six("si", solucion="si"), "7", AGAIN, "17 4 5",
             _six("no", metlife="si"), "10", _promise("2026-01-14T12:00"), "13:hecha 14", CONFIRM, "18"),
             status="resuelto", complete=True, closed=True),
    ),
)  # fmt: skip


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_path(path: Path) -> None:
    """Each way through the process ends where the table says."""
    TABLE.check_end(path)


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_replay(path: Path) -> None:
    """Entries alone give the stored state, at every length of the history."""
    TABLE.check_replay(path)


@pytest.mark.parametrize(
    ("asked", "destination"),
    [
        ({"asunto": "comercial"}, "comercial"),
        ({"asunto": "administrativo"}, "administracion"),
        ({"asunto": "masivo"}, "sin_servicio"),
        ({"asunto": "cartera"}, "comercial"),
        ({"canal": "whatsapp_otro"}, "telefono"),
    ],
)
def test_what_is_refused_says_where_to_go(asked: dict[str, str], destination: str) -> None:
    """Out of scope, or by a channel nobody authorised: recorded, with a destination."""
    walk = TABLE.walk("just opened")
    with pytest.raises(OutOfScope) as found:
        walk.desk.cases.open_case(OpenCase("MA-007", Actor("u-ana", "especialista"), {**CALL, **asked}))
    assert found.value.fields["destination"] == destination


@pytest.mark.parametrize("line", ["", "linea_9"])
def test_whatsapp_is_for_the_lines_in_force(line: str) -> None:
    """A contact by WhatsApp names a line of the list in force, or is none."""
    walk = TABLE.walk("just opened")
    with pytest.raises(FieldInvalid, match="autorizado"):
        walk.desk.cases.open_case(
            OpenCase(
                "MA-007", Actor("u-ana", "especialista"), {**CALL, "canal": "whatsapp", "autorizado": line}
            )
        )


def test_rounds_are_counted_on_every_step() -> None:
    """After two rounds the diagnosis is in its third, with the entries of the earlier ones kept."""
    state = TABLE.walked("three rounds, counted").state
    assert (state.step("4").round, len(state.step("4").past)) == (3, 2)
    assert state.step("2").round == 1


def test_the_follow_up_is_reminded_of_again_and_again() -> None:
    """Two business days after the ticket, and every two from then on, until the agent confirms."""
    walk = TABLE.walk("investigation")
    for moment in ("2026-01-14 18:01", "2026-01-16 15:01"):
        walk.desk.clock.set(moment)
        walk.desk.cases.fire_due_timers()
    timer = next(item for item in walk.state.timers if item.timer == "seguimiento")
    assert timer.fired == ("remind-1", "remind-2")


def test_nothing_personal_is_in_the_entries() -> None:
    """The agent's key, name and telephone are in payloads alone."""
    walk = TABLE.walk(Path("personal", opening={"nombre": "Rodrigo Peña", "telefono": "55 1234 5678"}))
    walk.go(
        *(
            FIRST,
            _six("no", metlife="si"),
            act("13", choice="hecha", data={"participantes": "Rodrigo y Mónica"}),
        )
    )  # type: ignore[arg-type]
    for entry in walk.entries:
        text = json.dumps(entry.facts, ensure_ascii=False).casefold()
        assert not [word for word in ("48213", "rodrigo", "5512345678", "mónica") if word in text]
    assert walk.desk.cases.view(walk.folio).data()["1"]["telefono"] == "5512345678"


def test_a_contact_is_not_in_the_future() -> None:
    """Nobody moves a contact into the hours by dating it ahead."""
    walk = TABLE.walk("just opened")
    late = walk.desk.clock.now.replace(hour=23)
    with pytest.raises(DateNotCredible):
        walk.desk.cases.open_case(OpenCase("MA-007", Actor("u-ana", "especialista"), CALL, occurred_at=late))
