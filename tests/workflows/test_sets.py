"""Several steps in one append: all of them or none, once however often it is asked, each on the case before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.workflows.desk import Desk, eml, local, png
from tests.workflows.quick import QuickReader
from tests.workflows.replays import Play, Walk, check_replay
from web.quicklog import LATER, PENDING, SOLVED, opening_of, parts_of
from workflows.commands import Actor, OpenCase, Part, RecordSet, Reuse
from workflows.errors import (
    EvidenceMissing,
    FieldInvalid,
    GuardUnmet,
    OutOfScope,
    OutsideHours,
    Refusal,
    RequestReused,
    ReuseNotAllowed,
    UnknownStep,
)

ANA = Actor("u-ana", "especialista")
CALL = {
    "canal": "telefono",
    "clave": "ag-48213",
    "asunto": "pro99",
    "motivo": "No entra a Pro99",
    "duracion": "4",
    "identificacion": "clave_nombre",
    "urgencia": "media",
    "diagnostico": "Bloqueado por intentos",
    "sistema": "pro99",
}
KNOWN = {**CALL, "solucion": "si", "hecho": "Se limpió la sesión", "articulo": "MA-006-2026-000012"}
SHOWN = {"sin_contrasenas": "si"}
RESET = {**CALL, "reseteo": "si", "reseteo_hecho": "completado", "verificacion": "devolucion"}


@pytest.fixture
def desk() -> Desk:
    """An empty desk on a Monday morning."""
    found = Desk(reader=QuickReader())
    found.clock.set("2026-11-23 10:00")
    return found


def _log(desk: Desk, flat: Mapping[str, str], end: str = SOLVED, key: str = "") -> Walk:
    definition = desk.definitions.current("MA-007")
    command = OpenCase("MA-007", ANA, opening_of(definition, flat), idempotency_key=key)
    receipt = desk.cases.open_with(command, parts_of(definition, flat, end, None))
    return Walk(Play("MA-007"), desk, receipt.folio)


@pytest.mark.parametrize(
    ("flat", "end", "steps", "status"),
    [
        (KNOWN, SOLVED, "1 19 2 3 4 5 6 7 16 18", "resuelto"),
        (RESET, SOLVED, "1 19 2 2a 3 4 5 6 8 16 18", "resuelto"),
        ({**CALL, "orientacion": "si", "hecho": "Consulta"}, SOLVED, "1 19 2 3 4 5 6 9 16 18", "resuelto"),
        ({**KNOWN, **RESET}, SOLVED, "1 19 2 2a 3 4 5 6 7 8 16 18", "resuelto"),
        (KNOWN, LATER, "1 19 2 3 4 5 6 7", "Resuelta"),
        ({**CALL, "pendiente": "Falta"}, PENDING, "1 19 2 3 4 5 6", "Abierta"),
        ({**CALL, "pendiente": "Falta", "promesa": "2026-11-25T12:00"}, PENDING, "1 19 2 3 4 5 6 11", "Abierta"),
        (
            {**CALL, "pendiente": "Falta", "metlife": "si", "imposible": "Sin línea", "folio_metlife": "INC-7"},
            PENDING,
            "1 19 2 3 4 5 6 13 14",
            "Escalada a MetLife",
        ),
    ],
)  # fmt: skip
def test_a_contact_in_one_go(desk: Desk, flat: Mapping[str, str], end: str, steps: str, status: str) -> None:
    """One submit records the contact and exactly what was done in it; nothing else counts as missing."""
    walk = _log(desk, flat, end)
    assert " ".join(entry.step for entry in walk.entries) == steps
    assert walk.state.status == status
    assert walk.state.closed == (end == SOLVED)
    if end == SOLVED:
        assert (walk.state.complete, walk.state.missing, walk.state.exceptions) == (True, (), ())
    check_replay(walk)


@pytest.mark.parametrize(
    ("changes", "why", "step"),
    [
        ({"diagnostico": ""}, FieldInvalid, "4"),
        ({"sistema": ""}, EvidenceMissing, "5"),
        ({"solucion": ""}, EvidenceMissing, "6"),
        ({"hecho": ""}, FieldInvalid, "7"),
        ({"hecho": "la contraseña es: Norte2026"}, FieldInvalid, "7"),
        ({"reseteo": "si", "reseteo_hecho": "completado"}, GuardUnmet, "8"),
        ({"motivo": ""}, FieldInvalid, "1"),
    ],
)
def test_a_refusal_anywhere_leaves_nothing(
    desk: Desk, changes: Mapping[str, str], why: type[Refusal], step: str
) -> None:
    """Whichever part is refused, no entry, no file and no folio is left; the refusal says which part it was."""
    with pytest.raises(why) as refused:
        _log(desk, {**KNOWN, **changes})
    assert refused.value.fields["in_step"] == step
    assert (desk.ledger.rows, desk.blobs.objects) == ([], {})
    assert _log(desk, KNOWN).folio == "MA-007-2026-000001"


def test_no_reset_without_an_identity(desk: Desk) -> None:
    """What is missing is the check of the identity, by its name."""
    with pytest.raises(GuardUnmet) as refused:
        _log(desk, {name: value for name, value in RESET.items() if name != "verificacion"})
    assert refused.value.fields["unmet"] == [{"step": "2a", "name": "Verificar la identidad"}]


def test_a_value_that_no_step_knows_is_refused(desk: Desk) -> None:
    """A misspelt name is a mistake, not something to leave out quietly."""
    with pytest.raises(FieldInvalid, match="unknown"):
        _log(desk, {**KNOWN, "diagnosis": "x"})


def test_the_same_set_twice_is_recorded_once(desk: Desk) -> None:
    """A double click gets the receipt of the first; the same key for another set is refused."""
    first = _log(desk, KNOWN, key="k1")
    length = len(desk.ledger.rows)
    assert _log(desk, KNOWN, key="k1").folio == first.folio
    assert len(desk.ledger.rows) == length
    with pytest.raises(RequestReused):
        _log(desk, {**KNOWN, "hecho": "Otra cosa"}, key="k1")


def test_what_belongs_elsewhere_is_refused_at_the_door(desk: Desk) -> None:
    """A portfolio goes to the commercial area with a folio, whatever else the screen had."""
    with pytest.raises(OutOfScope) as refused:
        _log(desk, {**KNOWN, "asunto": "cartera"})
    assert refused.value.fields["destination"] == "comercial"
    walk = Walk(Play("MA-007"), desk, str(refused.value.fields["folio"]))
    assert (walk.state.status, len(walk.entries)) == ("fuera_de_alcance", 2)


def test_outside_the_hours_only_the_contact_is_recorded(desk: Desk) -> None:
    """The steps of a call at night are not: it is refused, on record; queued it cannot go on at all."""
    desk.clock.set("2026-11-23 20:00")
    with pytest.raises(OutsideHours) as refused:
        _log(desk, KNOWN)
    walk = Walk(Play("MA-007"), desk, str(refused.value.fields["folio"]))
    assert [entry.step for entry in walk.entries] == ["1", "19", ""]
    before = len(desk.ledger.rows)
    with pytest.raises(OutsideHours) as queued:
        _log(desk, {**KNOWN, "fuera_horario": "cola"})
    assert (queued.value.fields["why"], len(desk.ledger.rows)) == ("queued", before)


def test_what_happened_in_time_may_be_recorded_after_it(desk: Desk) -> None:
    """The hour that is judged is that of the contact, not that of its recording."""
    desk.clock.set("2026-11-23 18:20")
    definition = desk.definitions.current("MA-007")
    moment = local("2026-11-23 17:55")
    command = OpenCase("MA-007", ANA, opening_of(definition, KNOWN), occurred_at=moment)
    receipt = desk.cases.open_with(command, parts_of(definition, KNOWN, SOLVED, moment))
    assert receipt.state.closed
    assert receipt.state.exceptions == ()


def _parts(*codes: str) -> Sequence[Part]:
    data = {"12": {}, "15": {"avance": "Sigue", "canal": "ninguno"}, "3": {"urgencia": "alta"}}
    return [Part(code, data=data.get(code, {})) for code in codes]


def test_steps_of_an_open_case_as_a_set(desk: Desk) -> None:
    """Of a case that exists, too: together, in order, and none where one cannot be."""
    walk = _log(desk, {**CALL, "pendiente": "Falta"}, PENDING)
    before = len(walk.entries)
    with pytest.raises(UnknownStep):
        desk.cases.record_all(RecordSet(walk.folio, ANA, (*_parts("15"), Part("99"))))
    with pytest.raises(GuardUnmet) as refused:
        desk.cases.record_all(
            RecordSet(walk.folio, ANA, (*_parts("15"), Part("16", data={"canal": "telefono"})))
        )
    assert (refused.value.fields["in_step"], len(walk.entries)) == ("16", before)
    receipt = desk.cases.record_all(RecordSet(walk.folio, ANA, (*_parts("15"), *_parts("15"))))
    assert (receipt.first, receipt.last, receipt.step) == (before + 1, before + 2, "15")
    check_replay(walk)


def test_each_part_brings_its_own_files(desk: Desk) -> None:
    """Files go with the part they came with; one of the set itself cannot be shared within the set."""
    walk = _log(desk, {**CALL, "pendiente": "Falta"}, PENDING)
    definition = desk.definitions.current("MA-007")
    flat = {name: value for name, value in KNOWN.items() if name != "sistema"}
    files = {"5": png("pro99.png"), "16": eml()}
    parts = [
        replace(part, uploads=(files[part.step],), data={**part.data, **SHOWN}) if part.step == "5"
        else replace(part, uploads=(files[part.step],), data={}) if part.step == "16"
        else part
        for part in parts_of(definition, flat, SOLVED, None)
    ]  # fmt: skip
    command = OpenCase("MA-007", ANA, opening_of(definition, flat))
    receipt = desk.cases.open_with(command, parts)
    other = Walk(Play("MA-007"), desk, receipt.folio)
    brought = [
        (entry.step, [blob.media for blob in entry.objects]) for entry in other.entries if entry.objects
    ]
    assert brought == [("5", ["image/png"]), ("16", ["message/rfc822"])]
    reusing = replace(parts[4], reuse=(Reuse("verificado", 6, 0),))
    with pytest.raises(ReuseNotAllowed):
        desk.cases.open_with(command, [*parts[:4], reusing, *parts[5:]])
    assert walk.folio != other.folio
