"""MA-003, TuAgente mailboxes: each way from a request to its end, and who may do what on it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.workflows.desk import Desk, eml, local, png
from tests.workflows.replays import Path, Play, Table, Walk, act, begin, refused
from workflows.commands import Actor, OpenCase, RefuseRequest, Supersede
from workflows.errors import DuplicateReference, GuardUnmet, NoDelegate, NotHolder, OutOfScope, RoleNotAllowed

CINTHYA, CARLOS = "u-cinthya", "u-carlos"
MAIL = "persona@correo.example"
PERSONAL = {"correo_personal": MAIL}


def _desk(desk: Desk) -> None:
    """One holder of cPanel, with a named backup."""
    desk.directory.posts["cpanel"] = CINTHYA
    desk.directory.backups.add((CARLOS, CINTHYA))


def _usual(step: str) -> dict[str, object]:
    return {"data": PERSONAL} if step == "7" else {}


def _arrives(here: str, there: str) -> dict[str, str]:
    return {"llega_tuagente": here, "llega_personal": there, "sin_contrasenas": "si"}


AGENT = {"flujo": "alta", "usuario": "agente", "clave": "AG48213"}
UPDATE = {"flujo": "actualizacion", "solicitante": "capacitacion", "correo_nuevo": MAIL}
TROUBLE = {"flujo": "problema", "sintoma": "no_llega", "buzon": "ag1@tuagente.example"}
FAILED = act("11", choice="no_recibido", uploads=(), data={"falla": "No le llegó"})

TABLE = Table(
    Play("MA-003", opening=AGENT, usual=_usual, prepare=_desk),
    (
        Path("just opened", status="Recibida", open_steps=("2",), closed=False),
        Path("an agent's mailbox", "2 3 5..14", status="activo", machines={"buzon": "Activa"}, closed=True,
             complete=True, missing=(), exceptions=()),
        Path("an assistant's mailbox", "2 4..14", status="activo", closed=True, complete=True,
             opening={"usuario": "asistente", "clave": "", "promotoria": "Norte"}),
        Path("waits for the personal address", ("2 3 5 6", act("7", choice="pedido", uploads=(eml(),), data={})),
             status="espera_dato", waiting=("espera_dato", "usuario_final"), timers={"dato": "running"}),
        Path("the personal address may come first", ("2 7 3 5 6 8 9 10"), machines={"buzon": "En prueba"}),
        Path("no forwarding without an address", ("2 3 5 6", refused("8", GuardUnmet)), open_steps=("7", "9")),
        Path("no notice before both confirmations", ("2 3 5..11", refused("13", GuardUnmet)),
             waiting=("espera_capacitacion", "capacitacion")),
        Path("the test fails: diagnose", ("2 3 5..10", FAILED), machines={"buzon": "En prueba"},
             open_steps=("11", "12", "18"), closed=False),
        Path("fails, mended by the user, tested again", ("2 3 5..10", FAILED,
             act("18", data=_arrives("si", "no")), "19:corregido 10 11 12 13 14"), status="activo", complete=True,
             closed=True),
        Path("fails, arrives at both, tested again", ("2 3 5..10", FAILED, act("18", data=_arrives("si", "si")),
             "18b 10..14"), status="activo", complete=True),
        Path("the two receptions in the other order", "2 3 5..10 12 11 13 14", status="activo", complete=True,
             exceptions=()),
        Path("one failed, the other arrived: still diagnosed", ("2 3 5..10", FAILED, "12", refused("13", GuardUnmet)),
             open_steps=("11", "18"), closed=False),
        Path("the copy arrived first, then the other failed", ("2 3 5..10 12", FAILED, refused("13", GuardUnmet)),
             open_steps=("11", "18"), closed=False),
        Path("update", "15 16 16a 16b 16c 17", status="actualizado", machines={"buzon": "Actualizada"}, closed=True,
             complete=True, missing=(), opening={**UPDATE, "usuario": "", "clave": ""}),
        Path("an update is not told before it is tested", ("15 16 16a 16b", refused("17", GuardUnmet)), closed=False,
             opening={**UPDATE, "usuario": "", "clave": ""}),
        Path("trouble of the user", (act("18", data=_arrives("si", "no")), "19:usuario"), status="resp_usuario",
             machines={"buzon": "Usuario"}, destinations=("usuario",), closed=True, complete=True,
             opening={**TROUBLE, "usuario": "", "clave": ""}),
        Path("trouble of MetLife", (act("18", data=_arrives("no", "no")), "20:metlife"), status="resp_metlife",
             machines={"buzon": "MetLife"}, destinations=("MetLife",), closed=True, complete=True,
             opening={**TROUBLE, "usuario": "", "clave": ""}),
        Path("escalated to MetLife, waits", (act("18", data=_arrives("no", "si")), "20:escalado"),
             status="espera_metlife", closed=False, opening={**TROUBLE, "usuario": "", "clave": ""}),
        Path("our own hosting, waits, mended, no fault left", (act("18", data=_arrives("no", "no")), "20:hosting",
             "20:corregido", act("18", data=_arrives("si", "si")), "18a"), status="sin_falla", closed=True,
             complete=True, opening={**TROUBLE, "usuario": "", "clave": ""}),
        Path("no fault", (act("18", data=_arrives("si", "si")), "18a"), status="sin_falla", closed=True,
             machines={"buzon": "Sin falla"}, opening={**TROUBLE, "usuario": "", "clave": ""}),
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


@pytest.mark.parametrize("step", ["5", "6", "8", "9", "16", "18"])
def test_steps_in_cpanel_have_its_post(step: str) -> None:
    """The six steps done in cPanel name its post and its role; no other does."""
    definition = TABLE.walked("just opened").definition
    assert (definition.by_step[step].post, definition.by_step[step].roles) == ("cpanel", ("cpanel",))
    assert {found.code for found in definition.steps if found.post} == {"5", "6", "8", "9", "16", "18"}


def test_only_the_holder_or_a_named_backup_enters_cpanel() -> None:
    """Role alone is not enough; the backup says for whom, and the entry names both."""
    walk = TABLE.walk("just opened")
    walk.go("2 3")
    with pytest.raises(RoleNotAllowed):
        walk.record("5", actor=Actor(CINTHYA, "especialista"))
    with pytest.raises(NotHolder) as refused_one:
        walk.record("5", actor=Actor("u-otra", "cpanel"))
    assert refused_one.value.fields["principals"] == []
    backup = Actor(CARLOS, "cpanel")
    with pytest.raises(NotHolder) as silent:
        walk.record("5", actor=backup)
    assert silent.value.fields["principals"] == [CINTHYA]
    with pytest.raises(NoDelegate):
        walk.record("5", actor=Actor("u-otra", "cpanel"), acting_for=CINTHYA)
    with pytest.raises(NoDelegate):
        walk.record("5", actor=backup, acting_for="u-nadie")
    receipt = walk.record("5", actor=backup, acting_for=CINTHYA)
    entry = walk.entries[receipt.seq - 1]
    assert (entry.actor, entry.facts["acting_for"]) == (CARLOS, CINTHYA)
    walk.go("6")
    assert walk.entries[-1].actor == CINTHYA
    assert "acting_for" not in walk.entries[-1].facts


def test_a_supervisor_corrects_without_the_post() -> None:
    """A correction by those who may correct anything is an exception of its own; one by the role needs the post."""
    walk = TABLE.walk("just opened")
    walk.go("2 3 5")
    command = Supersede(walk.folio, 4, Actor("u-otra", "cpanel"), "Se anotó mal", data={"declaro": "si"})
    with pytest.raises(NotHolder):
        walk.desk.cases.supersede(command)
    walk.desk.cases.supersede(replace(command, actor=Actor("u-sonia", "supervisor")))
    assert [str(item.code) for item in walk.state.exceptions] == ["superseded"]


@pytest.mark.parametrize(
    ("asked", "destination", "words"),
    [
        ({"usuario": "administrativo"}, "MA-006", "agentes y asistentes"),
        ({"usuario": "ejecutivo"}, "MA-006", "agentes y asistentes"),
        ({"flujo": "cliente_correo"}, "MA-006", "MA-006"),
        ({"flujo": "almacenamiento"}, "sin_servicio", "no guarda correos"),
        ({"flujo": "baja"}, "otro_proceso", "supervisión"),
        ({**UPDATE, "solicitante": "otra_persona"}, "capacitacion", "pide que pase por Capacitación"),
    ],
)
def test_what_is_refused_says_where_to_go(asked: dict[str, str], destination: str, words: str) -> None:
    """Out of scope at the door: recorded with a folio, with a destination and words for whoever asked."""
    walk = begin(TABLE.play)
    data = {"flujo": "alta", "nombre": "Ana", "apellido": "Ruiz", **asked}
    with pytest.raises(OutOfScope) as found:
        walk.desk.cases.open_case(OpenCase("MA-003", Actor("u-ana", "especialista"), data))
    assert found.value.fields["destination"] == destination
    assert words in str(found.value.fields["message"])
    walk.folio = str(found.value.fields["folio"])
    assert (walk.state.status, walk.state.closed) == ("fuera_de_alcance", True)


def test_found_out_to_be_office_staff_later() -> None:
    """What turns out to be out of scope once the case is open is refused on the same grounds."""
    walk = TABLE.walk("just opened")
    by = Actor("u-ana", "especialista")
    walk.desk.cases.refuse(RefuseRequest(by, "administrativos", walk.folio))
    assert (walk.state.status, walk.state.complete) == ("fuera_de_alcance", True)


def test_an_agents_key_has_one_mailbox() -> None:
    """The same key a second time is no homonym but a duplicate, and says which case has it."""
    first = TABLE.walk("just opened")
    first.go("2 3")
    second = Walk(first.play, first.desk)
    second.open()
    second.go("2")
    with pytest.raises(DuplicateReference) as taken:
        second.record("3")
    assert taken.value.fields["folio"] == first.folio


def test_nothing_personal_is_in_the_entries() -> None:
    """Names, keys and addresses are in payloads alone: no entry's bytes hold any of them."""
    walk = begin(
        Play(
            "MA-003", opening={**AGENT, "nombre": "Rodrigo", "apellido": "Peña"}, usual=_usual, prepare=_desk
        )
    )
    walk.open()
    walk.go("2 3 5..14")
    assert walk.state.closed
    for entry in walk.entries:
        text = json.dumps(entry.facts, ensure_ascii=False).casefold()
        assert not [word for word in ("48213", "rodrigo", "peña", "persona@", "@tuagente") if word in text]
    data = walk.desk.cases.view(walk.folio).data()
    assert data["3"]["direccion"] == "ag48213@tuagente.example"
    assert data["14"]["redireccion"] == MAIL


def test_the_reminder_of_the_personal_address_returns() -> None:
    """Asked on a Monday, the user is reminded after three business days and again three later, until it comes."""
    walk = TABLE.walk("waits for the personal address")
    walk.desk.clock.set("2026-01-15 18:01")
    walk.desk.cases.fire_due_timers()
    walk.desk.clock.set("2026-01-20 18:01")
    walk.desk.cases.fire_due_timers()
    (timer,) = walk.state.timers
    assert timer.fired == ("remind-1", "remind-2")
    walk.go("7:recibido")
    assert [item.ended_seq > 0 for item in walk.state.timers] == [True]
    assert walk.desk.clock.now > local("2026-01-20 18:00")


def test_both_screenshots_of_an_update_are_needed() -> None:
    """The forwarding before and after, each in its place."""
    walk = begin(replace(TABLE.play, opening={**UPDATE}))
    walk.open()
    walk.go("15")
    with pytest.raises(Exception, match="evidence_missing"):
        walk.record("16", uploads=(png("antes.png", "antes"),), data={"sin_contrasenas": "si"})
    walk.go("16")
    assert walk.state.machine_values() == {"buzon": "Actualizada"}
