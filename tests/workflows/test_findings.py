"""Cases from a list: good rows open, bad rows say why, one spreadsheet is evidence of all, and nothing twice."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.documents.test_documents_agent_list import HEADER, ROW, book
from tests.workflows.desk import ANA, BETO, MARTHA, Desk, png
from workflows.commands import OpenCase, OpenFindings, RecordStep, Upload
from workflows.controldesk import Opened
from workflows.errors import DuplicateCase, NoSeries, RoleNotAllowed

SECOND = ("AG20881", "Rosa Lara", "Sur", "Oaxaca", "", "", "Solicitado")
BPN = (*HEADER, "Tipo"), (*ROW, "Consultor BPN")


def listing(*rows: tuple[object, ...], name: str = "cam.xlsx") -> Upload:
    """A list to import."""
    return Upload(name, book(*rows))


def load(desk: Desk, *rows: tuple[object, ...], day: str = "", who: object = ANA) -> Opened:
    """Import a list into MA-002."""
    command = OpenFindings("MA-002", "revision_diaria", who, listing(HEADER, *rows), day)  # type: ignore[arg-type]
    return desk.cases.controls.open_findings(command)


def test_good_rows_become_cases() -> None:
    """One control entry with its count, and for each row a case that names it, refers to it and shares its file."""
    desk = Desk()
    found = load(desk, ROW, SECOND)
    assert found.control is not None
    control = desk.ledger.history(found.control.folio)[-1]
    assert (control.entry.facts["day"], control.entry.facts["count"]) == ("2026-01-12", 2)
    assert [receipt.folio for receipt in found.cases] == ["MA-002-2026-000002", "MA-002-2026-000003"]
    for receipt, key in zip(found.cases, ("AG10457", "AG20881"), strict=True):
        view = desk.cases.view(receipt.folio)
        first = view.entries[0].entry
        assert (first.facts["parent"], first.refs) == (found.control.folio, (control.leaf,))
        assert first.objects[0].sha256 == control.entry.objects[0].sha256
        assert view.data()["1a"]["clave"] == key
        assert view.state.machine_values()["cam_pegasus"] == "Solicitado"
    assert len(desk.blobs.objects) == 1
    assert view.data()["1a"]["zona_cam"] == "Oaxaca"
    assert desk.cases.rebuild().differences == ()


def test_what_the_list_said_begins_the_next_form() -> None:
    """Agency, zone (by its name) and licence are proposed for step 2, and may be mended: the list is no authority."""
    desk = Desk()
    other = ("AG30992", "Luz Paz", "Sur", "Zona 51", "", "", "Solicitado")
    known, bare, odd = (receipt.folio for receipt in load(desk, ROW, SECOND, other).cases)
    listed = desk.cases.view(known).data()["1a"]
    found = desk.cases.proposed(known, "2")
    assert found["promotoria"] == listed["promotoria_cam"]
    assert (found["cedula"], found["vigencia"]) == (listed["cedula_cam"], listed["vigencia_cam"])
    assert found["zona"] == "cdmx"
    assert desk.cases.proposed(bare, "2") == {"promotoria": "Sur", "zona": "oaxaca"}
    assert desk.cases.proposed(odd, "2") == {"promotoria": "Sur"}
    mended = {**found, "promotoria": "Otra", "zona": "oaxaca"}
    desk.cases.record(RecordStep(known, "2", ANA, data=mended))
    assert desk.cases.view(known).data()["2"]["promotoria"] == "Otra"


def test_bad_rows_are_named_and_the_others_go_on() -> None:
    """Row and column of each fault: in the cell, twice in the list, with an open or held case; other statuses wait."""
    desk = Desk()
    known = load(desk, ROW).cases[0].folio
    stopped = load(desk, SECOND).cases[0].folio
    for step, data in (("2", {"promotoria": "Sur", "zona": "oaxaca", "cedula": "B-1", "vigencia": "2030-01-01"}),
                       ("3", {"asistente_nombre": "Mariana"})):  # fmt: skip
        desk.cases.record(RecordStep(stopped, step, ANA, data=data))
    found = load(
        desk,
        ROW,
        ("ag 20881", "Rosa Lara"),
        ("AG3", "Nueva"),
        ("AG3", "Nueva otra vez"),
        ("", "Sin clave"),
        ("AG5", "Cinco", "", "", "", "no es fecha"),
        ("AG6", "Seis", "", "", "", "", "Activo"),
    )
    assert [(item.row, item.column, item.problem, item.folio) for item in found.refused] == [
        (2, "clave", "open_case", known),
        (3, "clave", "open_case", stopped),
        (5, "clave", "listed_twice", ""),
        (6, "clave", "required", ""),
        (7, "vigencia", "date_malformed", ""),
    ]
    assert [desk.cases.view(r.folio).data()["1a"]["clave"] for r in found.cases] == ["AG3"]


def test_what_belongs_elsewhere_is_recorded_once() -> None:
    """A BPN consultant is a refused case with its destination; the next day's list does not refuse the person again."""
    desk = Desk()
    command = OpenFindings("MA-002", "revision_diaria", ANA, listing(*BPN))
    found = desk.cases.controls.open_findings(command)
    assert [(row, destination) for row, _, destination in found.routed] == [(2, "enrolamiento")]
    assert desk.cases.view(found.routed[0][1]).state.status == "fuera_de_alcance"
    desk.clock.set("2026-01-13 09:00")
    again = desk.cases.controls.open_findings(command)
    assert (again.routed, again.cases) == ((), ())
    assert [(item.problem, item.folio) for item in again.refused] == [("routed_before", found.routed[0][1])]


def test_a_preview_writes_nothing() -> None:
    """The preview says what would happen, row by row, and the ledger stays as it was."""
    desk = Desk()
    proposal = desk.cases.controls.propose("MA-002", "revision_diaria", listing(HEADER, ROW, ROW))
    assert [row.key for row in proposal.good] == ["AG10457"]
    assert [(row.row, row.problem) for row in proposal.bad] == [(3, "listed_twice")]
    assert desk.ledger.rows == []


def test_the_same_list_twice_is_once() -> None:
    """A repeated click gives the same receipts and adds nothing."""
    desk = Desk()
    first = load(desk, ROW, SECOND)
    before = len(desk.ledger.rows)
    upload = listing(HEADER, ROW, SECOND)
    upload.stream.seek(0)
    second = desk.cases.controls.open_findings(
        OpenFindings("MA-002", "revision_diaria", ANA, Upload("cam.xlsx", _same(desk, first)))
    )
    assert [r.folio for r in second.cases] == [r.folio for r in first.cases]
    assert len(desk.ledger.rows) == before


def test_two_people_with_one_list() -> None:
    """Two imports of the same agents at once open each agent's case once; the other is told who has it."""
    desk = Desk()
    desk.cases.controls.run()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda who: load(desk, ROW, SECOND, who=who), (ANA, BETO)))
    opened = [receipt.folio for found in both for receipt in found.cases]
    assert len(opened) == len(set(opened)) == 2
    assert sum(item.problem == "open_case" for found in both for item in found.refused) == 2


def test_a_list_of_nothing_new_still_covers_its_day() -> None:
    """Everybody on the list has a case: the day is recorded with no findings, once."""
    desk = Desk()
    load(desk, ROW)
    desk.clock.set("2026-01-13 09:00")
    found = load(desk, ROW)
    assert found.control is not None
    state = desk.cases.view(found.control.folio).state
    assert state.control is not None
    assert [(day, count) for day, count, _ in state.control.days] == [("2026-01-12", 1), ("2026-01-13", 0)]
    assert load(desk, ROW, ("AG10457", "Otra vez")).control is None


def test_pasted_text_is_a_file_like_any_other() -> None:
    """What was pasted is sealed as it was pasted, and opens cases of MA-008 too."""
    desk = Desk()
    text = (
        "Clave\tNombre\tCorreo\tCédula\tVigencia\nHE1\tLaura Ibarra\tlaura@agentes.example\tA-1\t31/12/2026\n"
    )
    found = desk.cases.controls.open_findings(
        OpenFindings("MA-008", "control_diario", ANA, Upload("pegado.txt", io.BytesIO(text.encode())))
    )
    view = desk.cases.view(found.cases[0].folio)
    assert view.entries[0].entry.objects[0].media == "text/plain"
    assert view.data()["2"]["vigencia_lista"] == "2026-12-31"
    assert view.state.status == "Detectado"


def test_only_who_may_open_may_import() -> None:
    """The role is checked before anything is read or written."""
    desk = Desk()
    with pytest.raises(RoleNotAllowed):
        load(desk, ROW, who=MARTHA)
    with pytest.raises(NoSeries):
        desk.cases.controls.propose("MA-001", "revision_diaria", listing(HEADER, ROW))
    assert desk.ledger.rows == []


def test_a_detained_agents_key_is_not_opened_by_hand() -> None:
    """The list and the form share one guard: the key of an agent with an open case."""
    desk = Desk()
    load(desk, ROW)
    with pytest.raises(DuplicateCase):
        desk.cases.open_case(OpenCase("MA-002", ANA, {"nombre": "J", "clave": "ag10457"}, (png(),)))


def _same(desk: Desk, first: Opened) -> io.BytesIO:
    """The very bytes imported before."""
    assert first.control is not None
    key = desk.ledger.history(first.control.folio)[-1].entry.objects[0].key
    return io.BytesIO(desk.blobs.objects[key][1])
