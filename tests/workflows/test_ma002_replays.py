"""MA-002: every way an agent's account goes, from the day it is seen in CAM to the assistant's thanks."""

from __future__ import annotations

import pytest

from tests.workflows.desk import ANA, Desk, eml
from tests.workflows.replays import Path, Play, Table, Walk, act, clock, refused
from workflows.commands import OpenCase, Reuse
from workflows.errors import (
    CaseClosed,
    DuplicateCase,
    DutiesConflict,
    EvidenceMissing,
    EvidenceNotAccepted,
    FieldInvalid,
    GuardUnmet,
    OutOfScope,
    StepNotOpen,
)

MARCELA = "u-marcela"
DONE = {"cam_pegasus": "Activo", "pro99": "En proceso"}
ASKED = {"cam_pegasus": "Solicitado", "pro99": ""}


def _people(desk: Desk) -> None:
    desk.directory.posts |= {"asistente_acapulco": MARCELA, "gerente_comercial": "u-gerente"}


PLAY = Play("MA-002", prepare=_people)

MAIL = eml("respuesta.eml", "correo", body="Detenlo por favor")


def _same_mail(walk: Walk) -> None:
    """The mail that held the case does not set it going again."""
    with pytest.raises(EvidenceNotAccepted) as refusal:
        walk.record("6", "adelante", uploads=(eml("otra.eml", "correo", body="Detenlo por favor"),))
    assert (refusal.value.fields["why"], refusal.value.fields["seq"]) == ("known", 6)


def _shared(walk: Walk) -> None:
    """Steps 12 and 13 take the files of 9 and 6 by reference: an object stored once, its source named."""
    seqs = {entry.step: entry.seq for entry in walk.entries}
    stored = len(walk.desk.blobs.objects)
    walk.record("12", uploads=(), reuse=(Reuse("captura", seqs["9"], 0),))
    walk.record("13", uploads=(), reuse=(Reuse("correo", seqs["6"], 0),))
    facts = [entry.facts["evidence"][0] for entry in walk.entries[-2:]]  # type: ignore[index]
    assert [(item["slot"], item["from"]) for item in facts] == [("captura", seqs["9"]), ("correo", seqs["6"])]  # type: ignore[index]
    assert len(walk.desk.blobs.objects) == stored


TABLE = Table(
    PLAY,
    (
        Path("detected", status="Solicitado", machines=ASKED, open_steps=("2",), closed=False, complete=False),
        Path("waits for the assistant", "2..5", status="espera_asistente",
             waiting=("espera_asistente", "asistente"), timers={"respuesta": "running"}),
        Path("the assistant is reminded every three days", ("2..5", clock("2026-01-15 18:01"),
             clock("2026-01-20 18:01")), status="espera_asistente", timers={"respuesta": "fired"}),
        Path("goes ahead", "2..5 6:adelante", status="Solicitado", open_steps=("7", "10", "13", "20"),
             timers={"respuesta": "met"}),
        Path("held", ("2..5", act("6", choice="detenlo", uploads=(MAIL,))), status="detenido",
             waiting=("detenido", "asistente"), closed=False, timers={"respuesta": "met"}),
        Path("held and nothing wakes it by itself", ("2..5 6:detenlo", clock("2026-06-30 12:00")), status="detenido",
             timers={"respuesta": "met"}, closed=False),
        Path("held until a new mail", ("2..5", act("6", choice="detenlo", uploads=(MAIL,)), _same_mail, "6:adelante"),
             status="Solicitado", open_steps=("7", "10", "13", "20")),
        Path("no account while held", ("2..5 6:detenlo", refused("7", GuardUnmet), refused("9", GuardUnmet))),
        Path("waits for word, asked every week",
             ("2..5 6:espera", clock("2026-01-19 18:01"), clock("2026-01-26 18:01")), status="en_espera",
             waiting=("en_espera", "asistente"), timers={"respuesta": "met", "aviso": "fired"}),
        Path("word comes", ("2..5 6:espera", clock("2026-01-21 12:00"), "6:adelante"), status="Solicitado",
             timers={"respuesta": "met", "aviso": "met_late"}),
        Path("waits, then held", "2..5 6:espera 6:detenlo", status="detenido",
             timers={"respuesta": "met", "aviso": "met"}),
        Path("data missing", "2..5 6:adelante 7 8:faltan", open_steps=("5", "10", "13", "20"),
             exceptions=("repeated",)),
        Path("data missing, then whole", "2..5 6:adelante 7 8:faltan 5 8:completos 9..13", status="espera_metlife",
             machines={"cam_pegasus": "Solicitado", "pro99": "En proceso"}),
        Path("evidence by reference", ("2..5 6:adelante 7..11", _shared), status="espera_metlife"),
        Path("MetLife in ten days", ("2..5 6:adelante 7..13", clock("2026-01-22 18:01")), status="espera_metlife",
             timers={"respuesta": "met", "metlife_previsto": "fired", "metlife": "running"}, exceptions=()),
        Path("MetLife in twelve days", ("2..5 6:adelante 7..13", clock("2026-01-24 18:01")),
             timers={"respuesta": "met", "metlife_previsto": "fired", "metlife": "warned"}, exceptions=()),
        Path("MetLife after fifteen days", ("2..5 6:adelante 7..13", clock("2026-01-27 18:01"), "14a"),
             timers={"respuesta": "met", "metlife_previsto": "fired", "metlife": "overdue"}, exceptions=("overdue",)),
        Path("MetLife refuses and accepts", "2..5 6:adelante 7..13 14:rechazada 8 9 12 14", status="Solicitado",
             open_steps=("14a", "15", "20"), exceptions=("repeated",)),
        Path("nothing is delivered before the notice", ("2..5 6:adelante 7..14", refused("16", GuardUnmet),
             refused("17", GuardUnmet), refused("18", GuardUnmet)), open_steps=("14a", "15", "20")),
        Path("no «Activo» before MetLife", ("2..5 6:adelante 7..13", refused("17", GuardUnmet)),
             machines={"cam_pegasus": "Solicitado", "pro99": "En proceso"}),
        Path("in the text's order", "2..5 6:adelante 7..19", status="cerrado", machines=DONE, closed=True,
             complete=True, missing=(), exceptions=()),
        Path("delivered first", "2..5 6:adelante 7..15 18 17 16 19", status="cerrado", machines=DONE, closed=True,
             complete=True, exceptions=()),
        Path("asked last", "2..5 6:adelante 7..15 17 18 18a 16 19", status="cerrado", machines=DONE, exceptions=()),
        Path("no closing without all three", ("2..5 6:adelante 7..17", refused("19", GuardUnmet)), closed=False,
             missing=("18", "19")),
        Path("nobody thanks", ("2..5 6:adelante 7..18", clock("2026-01-15 18:01"), clock("2026-01-27 12:00")),
             status="espera_cierre", closed=False, exceptions=("overdue",)),
        Path("doubts become a ticket", "2..5 20", destinations=(), status="espera_asistente"),
        Path("doubts after closing", "2..5 6:adelante 7..19 20", status="cerrado", complete=True),
        Path("licence not active", ("2:inactiva", refused("3", CaseClosed)), status="sin_cedula", closed=True,
             complete=True, machines=ASKED),
        Path("licence lapsed", refused("2", FieldInvalid, data={"promotoria": "Del Valle", "zona": "cdmx",
             "cedula": "A-1", "vigencia": "2026-01-11"}), open_steps=("2",)),
        Path("a step is done once", ("2", refused("2", StepNotOpen)), open_steps=("3",)),
        Path("an answer is one of three", ("2..5", refused("6", EvidenceMissing, choice="adelante", uploads=()))),
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
    ("posts", "zone", "typed", "found"),
    [
        ({"asistente_cdmx": "u-julio"}, "cdmx", "", "u-julio"),
        ({"asistente_cdmx": "u-julio"}, "cdmx", "u-julio", "u-julio"),
        ({"gerente_comercial": "u-gerente"}, "cdmx", "", "u-gerente"),
        ({"gerente_comercial": "u-gerente"}, "otra", "", "u-gerente"),
        ({"asistente_cdmx": "u-julio"}, "cdmx", "u-otro", "not_answering"),
        ({}, "cdmx", "u-julio", "not_answering"),
    ],
)
def test_the_assistant_is_the_zones(posts: dict[str, str], zone: str, typed: str, found: str) -> None:
    """The directory says who answers today, the manager where nobody holds the zone; nobody else is taken."""
    walk = _at_three(posts, zone)
    data = {"asistente": typed} if typed else {}
    if found == "not_answering":
        with pytest.raises(FieldInvalid) as refusal:
            walk.record("3", uploads=(), data=data)
        assert [item.problem for item in refusal.value.problems] == [found]
        return
    walk.record("3", uploads=(), data=data)
    assert walk.entries[-1].facts["parties"] == {"autorizador": found}


def test_a_zone_nobody_answers_for_takes_a_name() -> None:
    """Where the directory has neither assistant nor manager, the name is written down, and no party is claimed."""
    walk = _at_three({}, "otra")
    with pytest.raises(EvidenceMissing):
        walk.record("3", uploads=(), data={})
    walk.record("3", uploads=(), data={"asistente_nombre": "Rosa Méndez"})
    assert "parties" not in walk.entries[-1].facts


def test_who_confirms_does_not_carry_out() -> None:
    """The assistant that answers for the case cannot be who enters DES 3.0."""
    walk = _at_three({"asistente_cdmx": ANA.id}, "cdmx")
    walk.go("3..5 6:adelante")
    with pytest.raises(DutiesConflict):
        walk.record("7", actor=ANA)


@pytest.mark.parametrize(
    ("kind", "destination"),
    [("bpn", "enrolamiento"), ("cartera", "comercial"), ("ipad", "MA-007"), ("soporte", "MA-006")],
)
def test_what_is_not_an_agents_account_is_refused_and_routed(kind: str, destination: str) -> None:
    """Each exclusion is recorded with its reason and its destination, and the case is over."""
    desk = Desk(reader=PLAY.reader())
    with pytest.raises(OutOfScope) as refusal:
        desk.cases.open_case(OpenCase("MA-002", ANA, {"tipo": kind, "nombre": "N", "clave": "AG1"}))
    state = desk.cases.view(str(refusal.value.fields["folio"])).state
    assert (state.status, state.closed, state.complete) == ("fuera_de_alcance", True, True)
    assert [route.destination for route in state.routes] == [destination]


def test_no_custody_letter_is_asked_for() -> None:
    """The process has no letter to sign: neither slot nor step of signed letters; asking for one is refused."""
    definition = TABLE.walk("detected").definition
    assert not [
        s for step in definition.steps for s in step.slots if {"SGN", "DOC"} & {str(k) for k in s.types}
    ]
    assert definition.by_ground["carta_custodia"].destination == "MA-001"


@pytest.mark.parametrize("path", ["detected", "held", "waits for word, asked every week"])
def test_an_agent_has_one_open_case(path: str) -> None:
    """The same key is refused while its case is open, held or waiting, however it is spelled."""
    walk = TABLE.walk(path)
    clave = walk.desk.cases.view(walk.folio).data()["1a"]["clave"]
    before = len(walk.desk.ledger.rows)
    with pytest.raises(DuplicateCase) as refusal:
        walk.desk.cases.open_case(
            OpenCase("MA-002", ANA, {"nombre": "Otra vez", "clave": clave.lower(), "detalle": "x"})
        )
    assert refusal.value.fields["folio"] == walk.folio
    assert len(walk.desk.ledger.rows) == before


def test_machines_are_apart() -> None:
    """CAM and Pro99 move by steps of their own: going into Pro99 says nothing of CAM, nor CAM of Pro99."""
    states = {
        path: TABLE.walk(path).state.machine_values() for path in ("goes ahead", "evidence by reference")
    }
    assert states["goes ahead"] == ASKED
    assert states["evidence by reference"] == {"cam_pegasus": "Solicitado", "pro99": "En proceso"}


def _at_three(posts: dict[str, str], zone: str) -> Walk:
    walk = TABLE.walk("detected")
    for post in ("asistente_acapulco", "gerente_comercial"):
        walk.desk.directory.posts.pop(post)
    walk.desk.directory.posts |= posts
    data = {"promotoria": "Del Valle", "zona": zone, "cedula": "A-55213", "vigencia": "2030-01-31"}
    walk.record("2", uploads=(), data=data)
    return walk
