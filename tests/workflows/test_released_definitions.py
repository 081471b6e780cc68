"""Released definitions are frozen, and versions of one process live side by side: no case changes its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflows.desk import ALTA, Desk
from tests.workflows.quick import QuickReader
from workflows.changes import Change, Kind, changes
from workflows.definition import Definition
from workflows.doubts import doubts_of
from workflows.errors import UnknownDefinition
from workflows.loader import load
from workflows.registry import DefinitionRegistry

FOLDER = Path(__file__).parents[2] / "workflows" / "definitions"
HOW = """
A released definition is frozen: open cases and audit packages pin its digest. To change a process:
  1. leave the released file as it is, and write the change into a new file <process>/<version>.toml, named after the
     date from which it is in force;
  2. flask definitions check FILE, and flask definitions diff OLD NEW;
  3. (cd workflows/definitions && sha256sum <process>/<version>.toml >> RELEASED), in the same commit as the file.
"""
"""What to do when the test below fails; docs/guias/dueno-de-proceso.md tells it to the process's owner."""


def _released() -> dict[str, str]:
    lines = (FOLDER / "RELEASED").read_text(encoding="ascii").splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def test_released_files_are_frozen() -> None:
    """The bytes of every released file are those of its line in RELEASED, and every bundled file has its line."""
    registry = DefinitionRegistry.bundled()
    found = {f"{item.process.lower()}/{item.version}.toml": item.digest for item in registry.all()}
    assert found == _released(), HOW


OLD = load((FOLDER / "ma-001" / "2025-12-15.toml").read_bytes())
NEW = load(
    OLD.source.decode()
    .replace('limit = 3\neffect = "close"', 'limit = 5\neffect = "close"', 1)
    .replace('version = "2025-12-15"', 'version = "2026-02-01"', 1)
    .encode()
)


def test_a_new_version_changes_no_case() -> None:
    """A case ends under the version it began with, open or closed when the new one comes; new cases take the new."""
    desk = Desk(definitions=DefinitionRegistry([OLD]), reader=QuickReader())
    closed = desk.open()
    desk.walk(closed, *ALTA)
    desk.record(closed, "26a", choice="funciona")
    running = desk.open(rfc="VECJ880326XK4")
    before = {folio: desk.cases.view(folio).state.as_json() for folio in (closed, running)}
    later = _upgraded(desk, OLD, NEW)
    fresh = later.open(rfc="GOMA850101QX1")
    assert [later.cases.view(folio).definition.version for folio in (closed, running, fresh)] == [
        "2025-12-15",
        "2025-12-15",
        "2026-02-01",
    ]
    for folio, state in before.items():
        assert {**later.cases.view(folio).state.as_json(), "as_of": ""} == {**state, "as_of": ""}
    assert later.cases.rebuild().differences == ()
    with pytest.raises(UnknownDefinition):
        desk.cases.view(fresh)


def test_each_version_counts_its_own_days() -> None:
    """Two cases of one day under two versions: the old closes after three business days, the new after five."""
    desk = Desk(definitions=DefinitionRegistry([OLD]), reader=QuickReader())
    old = desk.open()
    desk.walk(old, *ALTA)
    later = _upgraded(desk, OLD, NEW)
    new = later.open(rfc="GOMA850101QX1")
    _walk(later, new)
    later.clock.set("2026-01-15 18:01")
    later.cases.fire_due_timers()
    assert (later.cases.view(old).state.closed, later.cases.view(new).state.closed) == (True, False)
    later.clock.set("2026-01-19 18:01")
    later.cases.fire_due_timers()
    assert later.cases.view(new).state.status == "sin_respuesta"


def _walk(desk: Desk, folio: str) -> None:
    assert isinstance(desk.reader, QuickReader)
    desk.reader.others["rfc"] = "GOMA850101QX1"
    desk.walk(folio, *ALTA)


def _upgraded(desk: Desk, *definitions: Definition) -> Desk:
    """The same ledger under a program that knows more versions."""
    later = Desk(clock=desk.clock, definitions=DefinitionRegistry(definitions), reader=QuickReader())
    later.ledger = later.cases._writer.ledger = desk.ledger
    later.index = later.cases._index = desk.index
    return later


def test_changes_are_named_by_place() -> None:
    """Two versions side by side: what was added, removed, changed and moved, each where it is and what it was."""
    text = NEW.source.decode()
    text = text.replace('name = "Avisar que la baja está hecha"', 'name = "Avisar la baja"')
    text = text.replace('waiver_roles = ["supervisor", "director"]', 'waiver_roles = ["supervisor"]')
    text = text.replace('[[question]]\ncode = "', '[[question]]\ncode = "otra_', 1)
    found = {change.place: change for change in changes(OLD, load(text.encode()))}
    assert found["timer.validacion.limit"] == Change(Kind.CHANGED, "timer.validacion.limit", "3", "5")
    assert found["step.28d.name"].new == "Avisar la baja"
    assert found["waiver_roles"] == Change(
        Kind.CHANGED, "waiver_roles", "[supervisor, director]", "[supervisor]"
    )
    kinds = sorted(str(change.kind) for place, change in found.items() if place.startswith("question."))
    assert kinds == ["added", "removed"]
    assert len(found) == 5
    assert changes(OLD, OLD) == ()


def test_a_moved_step_is_not_another_step() -> None:
    """Steps are matched by their code: two that changed places are one change of order."""
    blocks = OLD.source.decode().split("\n[[step]]")
    codes = [block.split('"')[1] for block in blocks[1:]]
    there = codes.index("28b") + 1
    blocks[there], blocks[there - 1] = blocks[there - 1], blocks[there]
    (change,) = changes(OLD, load("\n[[step]]".join(blocks).encode()))
    assert (change.kind, change.place) == (Kind.MOVED, "step")


DOUBTFUL = [
    ('when = { tipo = ["baja"] }\nsource', 'when = { tipo = ["permisos"] }\nsource', "step.28", "ningún caso llega"),
    ('meets = ["26a"]', 'meets = ["28"]', "timer.validacion.meets", "nunca son del mismo caso"),
    ('statuses = ["Solicitado",', 'statuses = ["Perdido", "Solicitado",', "machine.cam_pegasus.statuses", "Perdido"),
    ('done = false\nreopens = ["23", "24"]', "done = false", "step.24.branch.devuelta", "ni lleva a ningún lado"),
    ("[[measure]]", '[[catalogue]]\ncode = "solo"\nversion = "1"\nname = "a"\nname_en = "b"\n\n[[measure]]',
     "catalogue.solo", "nada lo usa"),
    ('code = "rechazado"', 'code = "nadie"\nname = "x"\nname_en = "y"\n\n[[outcome]]\ncode = "rechazado"',
     "outcome.nadie", "termina así"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "place", "words"), DOUBTFUL, ids=[row[2] for row in DOUBTFUL])
def test_what_looks_like_a_slip_is_a_doubt(before: str, after: str, place: str, words: str) -> None:
    """A definition that runs and holds something idle or unreachable is told so, with the place, in both languages."""
    text = OLD.source.decode()
    assert before in text
    known = {(doubt.place, doubt.text.es) for doubt in doubts_of(OLD)}
    fresh = [
        d
        for d in doubts_of(load(text.replace(before, after, 1).encode()))
        if (d.place, d.text.es) not in known
    ]
    assert any(doubt.place.startswith(place) and words in doubt.text.es for doubt in fresh), fresh
    assert all(doubt.text.en and doubt.text.en != doubt.text.es for doubt in fresh)
