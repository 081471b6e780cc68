"""MA-008: from an eligible agent seen in Hermes to the account told and documented, and every way out before."""

from __future__ import annotations

import pytest

from tests.workflows.desk import ANA, Desk
from tests.workflows.replays import Path, Play, Table, act, clock, refused
from workflows.commands import Actor, OpenCase, RecordControl
from workflows.errors import (
    CaseClosed,
    DuplicateCase,
    DutiesConflict,
    EvidenceMissing,
    FieldInvalid,
    GuardUnmet,
    OutOfScope,
)

PLAY = Play("MA-008")
LAPSED = {"cedula": "A-1", "vigencia": "2026-01-11"}
LAST_DAY = {"cedula": "A-1", "vigencia": "2026-01-12"}
REASON = {"motivo": "Cédula vencida desde enero"}

TABLE = Table(
    PLAY,
    (
        Path("detected", status="Detectado", open_steps=("3", "5", "6"), closed=False, complete=False),
        Path("eligible", "3 4", status="Elegible", machines={"hermes": "Elegible"}, open_steps=("5", "6")),
        Path("filtered out", ("3:inactiva", refused("4", CaseClosed)), status="descartado", closed=True, complete=True,
             machines={"hermes": "Detectado"}),
        Path("no discarding without a reason", refused("3", EvidenceMissing, choice="inactiva", uploads=(), data={}),
             status="Detectado"),
        Path("licence not active", ("3", act("4", choice="inactiva", data=REASON)), status="descartado", closed=True,
             complete=True, machines={"hermes": "Detectado"}),
        Path("a lapsed licence is not confirmed", ("3", refused("4", FieldInvalid, data=LAPSED)), status="Detectado"),
        Path("a licence is valid through its last day", ("3", act("4", data=LAST_DAY)), status="Elegible"),
        Path("a lapsed licence is discarded", ("3", act("4", choice="inactiva", data={**LAPSED, **REASON})),
             status="descartado", closed=True),
        Path("nothing without number and validity", ("3", refused("4", EvidenceMissing, data={"cedula": "A-1"}))),
        Path("data missing", "3 4 5:faltan", status="espera_datos", waiting=("espera_datos", "agente"),
             timers={"datos": "running"}),
        Path("data missing, asked every week", ("3 4 5:faltan", clock("2026-01-19 18:01"), clock("2026-01-26 18:01")),
             status="espera_datos", timers={"datos": "fired"}),
        Path("data come", ("3 4 5:faltan", clock("2026-01-14 12:00"), "5:completos"), status="Elegible",
             timers={"datos": "met"}),
        Path("had an account", "3..5 6:existe", status="duplicado", closed=True, complete=True),
        Path("nothing after a duplicate", ("3..5 6:existe", refused("7", CaseClosed)), status="duplicado"),
        Path("nothing is entered before all is checked", ("3 4", refused("7", GuardUnmet), "5",
             refused("7", GuardUnmet), "6 7"), status="En alta"),
        Path("active", "3..10", status="Activo", open_steps=("11", "12")),
        Path("never told without a record of delivery", ("3..12", refused("13", FieldInvalid, data={})),
             status="Activo"),
        Path("told", "3..13", status="Comunicado", open_steps=("14", "15"), closed=False),
        Path("documented", "3..13 15", status="cerrado", closed=True, complete=True, missing=(), exceptions=(),
             machines={"hermes": "Comunicado"}, open_steps=("14",)),
        Path("with instructions", "3..15", status="cerrado", closed=True, complete=True),
    ),
)  # fmt: skip


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_path(path: Path) -> None:
    """Each way through the process ends where the table says."""
    TABLE.check_end(path) if path.expected() else TABLE.walk(path)


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_replay(path: Path) -> None:
    """Entries alone give the stored state, at every length of the history."""
    TABLE.check_replay(path)


@pytest.mark.parametrize(
    ("kind", "destination"),
    [
        ("santorini", "responsable_hermes"),
        ("soporte", "MA-006"),
        ("acceso", "MA-006"),
        ("polizas", "MA-007"),
        ("consulta", "MA-007"),
    ],
)
def test_the_rest_is_refused_and_routed(kind: str, destination: str) -> None:
    """Santorini and what is no account are recorded with their destination."""
    desk = Desk(reader=PLAY.reader())
    with pytest.raises(OutOfScope) as refusal:
        desk.cases.open_case(OpenCase("MA-008", ANA, {"tipo": kind, "nombre": "N", "clave": "AG1"}))
    state = desk.cases.view(str(refusal.value.fields["folio"])).state
    assert (state.status, state.closed) == ("fuera_de_alcance", True)
    assert [route.destination for route in state.routes] == [destination]


def test_an_agent_has_one_open_case() -> None:
    """The same key is refused while its case is open; once it was discarded it may be seen again."""
    walk = TABLE.walk("detected")
    clave = walk.desk.cases.view(walk.folio).data()["2"]["clave"]
    again = OpenCase("MA-008", ANA, {"nombre": "N", "clave": clave, "detalle": "Lista"})
    with pytest.raises(DuplicateCase):
        walk.desk.cases.open_case(again)
    walk.record("3", "inactiva")
    assert walk.desk.cases.open_case(again).folio != walk.folio


def test_nobody_makes_an_account_of_their_own() -> None:
    """A specialist whose address the agent has cannot carry out the account."""
    walk = TABLE.walk("detected")
    walk.desk.directory.emails["ana@mesa.example"] = ANA.id
    data = {"nombre": "Ana", "clave": "AG777", "correo": "ana@mesa.example", "detalle": "Lista"}
    walk.folio = walk.desk.cases.open_case(OpenCase("MA-008", Actor("u-otra", "especialista"), data)).folio
    walk.go("3..6")
    with pytest.raises(DutiesConflict):
        walk.record("7", actor=ANA)


@pytest.mark.parametrize(("accounts", "observed"), [(0, True), (2, True), (3, False), (4, False), (5, True)])
def test_the_months_volume_is_reported(accounts: int, observed: bool) -> None:
    """Step 16 counts the accounts activated in the month, names its reader, and observes what is not 3 or 4."""
    desk = TABLE.walk("detected").desk
    desk.directory.posts["responsable_hermes"] = "u-erik"
    folio = desk.cases.controls.record(RecordControl("MA-008", "control_diario", ANA)).folio
    for n in range(accounts):
        walk = TABLE.walk("detected")
        walk.desk = desk
        walk.open({"clave": f"HE{n:04d}"})
        walk.go("3..10")
    desk.clock.set("2026-02-04 09:00")
    desk.cases.controls.run()
    state = desk.cases.view(folio).state
    assert state.control is not None
    assert state.control.counts["volume"] == accounts
    assert ("volume" in [item.code for item in state.exceptions]) is observed
    assert (state.step("16").status, state.closed, state.status) == ("hecho", True, "mes_cerrado")
    last = desk.ledger.history(folio)[-1].entry
    assert (last.step, last.facts["parties"]) == ("16", {"responsable_hermes": "u-erik"})
