"""MA-006 by the generic harness: every end, what pauses and what reopens."""

from __future__ import annotations

import threading

import pytest

from tests.workflows.desk import SUPERVISOR, TICKET, eml
from tests.workflows.replays import Path, Play, Table, Walk, act, clock, refused
from workflows.commands import RefuseRequest
from workflows.errors import CaseClosed, CaseNotClosed, GuardUnmet, StepNotOpen, WindowClosed

TABLE = Table(
    Play("MA-006", opening=TICKET),
    (
        Path("acknowledged and queued with the opening", status="Pendiente de atención", open_steps=("4",),
             machines={"ticket": "Pendiente de atención"}, timers={"respuesta_media": "running"}, closed=False),
        Path("no answer in time", (clock("2026-01-13 18:01"),), timers={"respuesta_media": "overdue"},
             exceptions=("overdue",)),
        Path("low priority has longer", (clock("2026-01-13 18:01"),), timers={"respuesta_baja": "running"},
             opening={"prioridad": "baja"}, exceptions=()),
        Path("under way", "4 5:acceso 6 7", status="En proceso", machines={"ticket": "En proceso"},
             timers={"respuesta_media": "met", "solucion_media": "running"}),
        Path("an account goes on elsewhere", "4 5:cuentas_agentes", destinations=("MA-002",), closed=False),
        Path("actions and messages repeat", "4 5:soporte 6 7 8 9 8 9 8", status="En proceso", exceptions=()),
        Path("no validation without a documented solution", ("4 5:soporte 6 7 8 9", refused("14", GuardUnmet)),
             status="En proceso"),
        Path("waits for a third party", "4 5:soporte 6 7 8 9 10:espera", status="espera_tercero",
             waiting=("espera_tercero", "areas_apoyo"), timers={"respuesta_media": "met", "solucion_media": "paused"}),
        Path("weeks of waiting cost nothing", ("4 5:soporte 6 7 8 9 10:espera", clock("2026-02-20 12:00"),
                                               "10:respondio"), status="En proceso",
             timers={"respuesta_media": "met", "solucion_media": "running"}, exceptions=()),
        Path("waits again after an answer", "4 5:soporte 6 7 8 9 10:espera 10:respondio 10:espera",
             status="espera_tercero"),
        Path("time for the user", "4 5:soporte 6 7 8 9 11 14", status="espera_validacion",
             waiting=("espera_validacion", "usuario"), open_steps=("8", "9", "10", "12", "13", "16")[2:]),
        Path("reminded on the second day", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-14 18:01")),
             status="espera_validacion", closed=False,
             timers={"respuesta_media": "met", "solucion_media": "met", "recordatorio_validacion": "fired",
                     "validacion": "running"}),
        Path("validated", "4 5:soporte 6 7 8 9 11 14 16:validado", status="validado", closed=True, complete=False,
             missing=("18", "19"), machines={"ticket": "Cerrado"}, open_steps=("16a", "18")),
        Path("not solved goes back to the actions", "4 5:soporte 6 7 8 9 11 14 16:no_resuelto", status="En proceso",
             closed=False, missing=("8", "11", "14", "15", "18", "19"), exceptions=("repeated",),
             timers={"respuesta_media": "met", "solucion_media": "met", "validacion": "cancelled",
                     "recordatorio_validacion": "met"}),
        Path("solved the second time", "4 5:soporte 6 7 8 9 11 14 16:no_resuelto 8 11 14 16:validado 18:articulo",
             status="validado", closed=True, complete=True, exceptions=("repeated",)),
        Path("closes by itself", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-15 18:01")), status="sin_respuesta",
             closed=True, complete=False, machines={"ticket": "Cerrado"}),
        Path("never on a day without service", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-18 18:01")),
             status="espera_validacion", closed=False, start="2026-01-14 09:00"),
        Path("a late answer reopens", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-15 18:01"),
                                       clock("2026-01-22 17:50"), "16a:no_resuelto"),
             status="En proceso", machines={"ticket": "En proceso"}, closed=False,
             exceptions=("reopened", "repeated")),
        Path("too late for reopening", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-15 18:01"),
                                        clock("2026-01-22 18:01"), refused("16a", WindowClosed, choice="no_resuelto"),
                                        "16a:caso_nuevo"),
             status="sin_respuesta", closed=True, destinations=("MA-006",)),
        Path("closed again after reopening", ("4 5:soporte 6 7 8 9 11 14", clock("2026-01-15 18:01"),
                                              "16a:no_resuelto 8 11 14", clock("2026-01-20 18:01")),
             status="sin_respuesta", closed=True, exceptions=("reopened", "repeated")),
        Path("an answer after the closing needs a closing", ("4 5:soporte 6 7 8 9 11 14",
                                                             refused("16a", CaseNotClosed, choice="conforme"),
                                                             refused("18", CaseNotClosed, choice="articulo")),
             closed=False),
        Path("documented: closed and complete", "4 5:soporte 6 7 8 9 11 14 16:validado 18:articulo",
             status="validado", closed=True, complete=True, missing=()),
        Path("no value, with a reason, completes too", "4 5:soporte 6 7 8 9 11 14 16:validado 18:sin_valor",
             status="validado", closed=True, complete=True),
        Path("the article is late", ("4 5:soporte 6 7 8 9 11 14 16:validado", clock("2026-01-20 18:01")),
             closed=True, complete=False, exceptions=("overdue",)),
        Path("nothing is done in a closed ticket", ("4 5:soporte 6 7 8 9 11 14 16:validado",
                                                    refused("8", StepNotOpen)), closed=True),
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
    ("ground", "destination", "status"),
    [
        ("aplicacion_fuera", "N3", "fuera_de_alcance"),
        ("desarrollo", "desarrollo", "fuera_de_alcance"),
        ("infraestructura", "infraestructura", "fuera_de_alcance"),
        ("proyectos", "proyectos", "fuera_de_alcance"),
        ("duplicado", "MA-006", "duplicado"),
    ],
)
def test_refused_with_its_destination(ground: str, destination: str, status: str) -> None:
    """What is not for the desk is refused where it is classified, closed as such, and sent on; nothing stays owed."""

    def refuse(walk: Walk) -> None:
        walk.desk.cases.refuse(RefuseRequest(SUPERVISOR, ground, folio=walk.folio))

    walk = TABLE.walk(Path("refused", ("4", refuse)))
    state = walk.state
    assert (state.status, state.closed, state.complete) == (status, True, True)
    assert [route.destination for route in state.routes] == [destination]
    assert state.open_steps == ()
    assert state.machine_values() == {"ticket": "Cerrado"}
    with pytest.raises((CaseClosed, StepNotOpen)):
        walk.record("5", "acceso")


def test_the_last_step_holds_what_became_of_the_case() -> None:
    """Metrics are the system's: days by the calendar, reopenings, deadlines missed; nobody typed them."""
    path = Path(
        "measured",
        (
            "4 5:soporte 6 7 8 9 11",
            clock("2026-01-14 10:00"),
            "14",
            act("16", choice="validado", uploads=(eml(),)),
            "18:articulo",
        ),
    )
    walk = TABLE.walk(path)
    last = walk.desk.ledger.history(walk.folio)[-1]
    assert (last.entry.step, last.entry.actor, last.entry.facts["actor_class"]) == ("19", "system", "system")
    data = last.payload()["data"]
    assert isinstance(data, dict)
    assert {name: data[name] for name in ("solucion", "validacion", "reaperturas", "vencidos")} == {
        "solucion": "2",
        "validacion": "0",
        "reaperturas": "0",
        "vencidos": "0",
    }


def test_several_processes_close_a_ticket_once() -> None:
    """However many run the timers at the same moment, each mark and the closing are recorded once."""
    walk = TABLE.walk(Path("at once", "4 5:soporte 6 7 8 9 11 14"))
    walk.desk.clock.set("2026-01-15 18:01")
    start = threading.Barrier(6)

    def fire() -> None:
        start.wait()
        walk.desk.cases.fire_due_timers()

    threads = [threading.Thread(target=fire) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    marks = [
        (item.facts.get("timer"), item.facts.get("mark")) for item in walk.entries if item.facts.get("mark")
    ]
    assert marks == [("validacion", "limit"), ("validacion", "close")]
    assert walk.desk.cases.view(walk.folio).state.closed
