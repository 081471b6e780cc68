"""What the process says of itself: the schema of every form, the RACI matrix, and the offline half of the house."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.desk import ALTA, PERSON, Desk, registry, usual
from tests.workflows.quick import QuickReader
from workflows.raci import raci
from workflows.schema import opening_schema, step_schema

ROOT = Path(__file__).parents[2]
MA001 = registry().current("MA-001")


def _valid(schema: dict[str, Any], data: dict[str, str]) -> bool:
    """Whether data satisfies a schema, as far as these schemas go (JSON Schema 2020-12)."""
    properties = schema["properties"]
    required = set(schema["required"])
    for rule in schema.get("allOf", []):
        conditions = rule["if"]["properties"]
        if all(data.get(name) in condition["enum"] for name, condition in conditions.items()):
            required |= set(rule["then"]["required"])
    for name, value in data.items():
        found = properties.get(name)
        if found is None or ("enum" in found and value not in found["enum"]):
            return False
        if "pattern" in found and not re.search(found["pattern"], value):
            return False
        if len(value) > found.get("maxLength", 10_000):
            return False
    return required <= data.keys()


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"apodo": "Fer"}, False),
        ({"tipo": "reactivar"}, False),
        ({"paquete": None}, False),
        ({"paquete": None, "tipo": "baja"}, True),
        ({"rfc": "corto"}, False),
        ({"ticket": None}, True),
        ({"nombre": None}, False),
    ],
)
def test_opening_schema(changes: dict[str, str | None], valid: bool) -> None:
    """The schema takes what opening a case takes, condition and all, with the names people rely on."""
    data = {name: value for name, value in {**PERSON, **changes}.items() if value is not None}
    assert _valid(opening_schema(MA001), data) is valid
    assert {*PERSON} <= set(opening_schema(MA001)["properties"])


def test_every_step_has_a_schema_that_its_usual_values_satisfy() -> None:
    """For each step the schema names slots, families and sufficient sets, and takes what a person would type."""
    for step in MA001.steps:
        schema: dict[str, Any] = step_schema(MA001, step)
        data: Any = usual(step.code)["data"]
        texts = {
            name: value for name, value in data.items() if schema["properties"][name]["type"] == "string"
        }
        assert _valid({**schema, "required": []}, texts)
        slots = {slot["slot"]: slot for slot in schema["x-slots"]}
        for alternative in [schema["x-evidence"]["all"], *schema["x-evidence"]["any"]]:
            assert set(alternative) <= slots.keys()
        assert "note" in schema["properties"]
    answer: dict[str, Any] = step_schema(MA001, MA001.by_step["26a"])
    assert answer["required"] == ["choice"]
    assert [item["const"] for item in answer["properties"]["choice"]["oneOf"]] == ["funciona", "no_funciona"]
    letter: dict[str, Any] = step_schema(MA001, MA001.by_step["24"])
    assert letter["properties"]["sin_contrasenas"]["type"] == "boolean"
    assert letter["properties"]["choice"]["default"] == "firmada"
    assert letter["x-evidence"]["by_choice"]["devuelta"] == {
        "all": [],
        "any": [["carta_firmada"], ["motivo"]],
    }


def test_raci() -> None:
    """Every step has one who does it and one who answers for it; the director answers for the authorisation."""
    rows = {row.step: row.letters for row in raci(MA001)}
    assert rows["1"] == {"especialista": "RA", "solicitante": "I"}
    assert rows["9"] == {"director": "RA"}
    assert rows["18"] == {"metlife": "R", "especialista": "A"}
    assert rows["14"] == {"especialista": "RA", "capturista": "C"}
    for letters in rows.values():
        together = "".join(letters.values())
        assert together.count("R") == together.count("A") == 1


OFFLINE = """
import sys
sys.path.insert(0, {root!r})
from evidence.entry import parse_entry
from workflows.calendar import BusinessCalendar
from workflows.derive import derive
from workflows.loader import load
definition = load(open({definition!r}, "rb").read())
entries = [parse_entry(bytes.fromhex(line.strip())) for line in sys.stdin]
state = derive(definition, entries, calendar=BusinessCalendar.bundled())
print(state.status, state.complete, len(state.steps))
assert not any("site-packages" in (getattr(m, "__file__", "") or "") for m in sys.modules.values())
"""


def test_derivation_runs_on_the_standard_library(tmp_path: Path) -> None:
    """An auditor's Python without one installed package derives the same state from the same bytes."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA)
    script = tmp_path / "offline.py"
    definition = ROOT / "workflows/definitions/ma-001/2025-12-15.toml"
    script.write_text(OFFLINE.format(root=str(ROOT), definition=str(definition)), encoding="utf-8")
    lines = "\n".join(sealed.entry_bytes.hex() for sealed in desk.ledger.history(folio))
    run = subprocess.run(
        [sys.executable, "-S", "-I", str(script)], input=lines, capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == (f"espera_validacion True {len(MA001.steps)}\n", "")
