"""`flask attention` and `flask cases open --set`: several steps by one command, and what the hours say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.fakes.installation import Installation
from tests.workflows.desk import local

CALL = {
    "canal": "telefono", "clave": "AG1", "asunto": "pro99", "motivo": "No entra", "duracion": 3,
    "identificacion": "clave_nombre", "urgencia": "media", "diagnostico": "Sesión trabada", "sistema": "pro99",
    "solucion": True, "hecho": "Se limpió la sesión",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation on a Monday morning, with one specialist."""
    made = Installation(tmp_path / "data")
    made.clock.offset = local("2026-11-23 10:00") - datetime.now(UTC)
    made.user()
    yield made
    made.close()


def _run(place: Installation, *arguments: str) -> Result:
    return place.app.test_cli_runner().invoke(args=list(arguments))


def _log(place: Installation, data: dict[str, Any], *more: str) -> Result:
    given = ("--actor", "especialista@desk.example", "--data", json.dumps(data))
    return _run(place, "attention", "log", *given, "--json", *more)


def test_a_contact_by_command(place: Installation) -> None:
    """One command is the whole contact, closed; the same key again is the same case."""
    first = _log(place, CALL, "--key", "k")
    assert first.exit_code == 0, first.output
    folio = json.loads(first.stdout)["folio"]
    state = place.house.cases.view(folio).state
    assert (state.closed, state.complete) == (True, True)
    assert json.loads(_log(place, CALL, "--key", "k").stdout)["folio"] == folio


def test_a_refused_part_is_named_and_leaves_nothing(place: Installation) -> None:
    """The refusal says in which step, and there is no case."""
    size = place.house.ledger.tree_size()
    result = _log(place, {**CALL, "diagnostico": ""})
    assert result.exit_code != 0
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["fields"]) == ("field_invalid", {"in_step": "4"})
    assert place.house.ledger.tree_size() == size
    assert list(place.house.index.folios()) == []


def test_the_hours_by_command(place: Installation) -> None:
    """What the rules say of a moment and a channel; a contact outside can be queued."""
    late = json.loads(_run(place, "attention", "hours", "--at", "2026-11-27T15:00:00-06:00").stdout)
    assert (late["verdict"], late["rule"], late["opens"]) == ("fuera", "19", "2026-11-30T14:00:00.000000Z")
    near = ("attention", "hours", "--at", "2026-11-23T17:31:00-06:00", "--channel", "whatsapp")
    assert json.loads(_run(place, *near).stdout)["verdict"] == "aviso"
    place.clock.offset = local("2026-11-23 20:00") - datetime.now(UTC)
    result = _log(place, {**CALL, "fuera_horario": "cola"})
    assert result.exit_code == 0, result.output
    assert place.house.cases.view(json.loads(result.stdout)["folio"]).state.status == "En cola"


def test_a_case_with_steps_by_command(place: Installation) -> None:
    """`cases open --set` takes what `cases schema --set` describes."""
    opening = {name: CALL[name] for name in ("canal", "clave", "asunto", "motivo", "duracion")}
    parts = [
        {"step": "2", "data": {"identificacion": "conocido"}},
        {"step": "3", "data": {"urgencia": "alta"}},
    ]
    given = ("--actor", "especialista@desk.example", "--set", json.dumps({"data": opening, "parts": parts}))
    result = _run(place, "cases", "open", "MA-007", *given, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["seq"] == 4
    schema = json.loads(_run(place, "cases", "schema", "MA-007", "--set").stdout)
    steps = [item["properties"]["step"]["const"] for item in schema["properties"]["parts"]["items"]["oneOf"]]
    assert {"2", "3", "16", "18"} <= set(steps)
    assert not {"1", "19", "20"} & set(steps)
