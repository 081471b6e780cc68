"""The format's document says what the program does: its example, its vocabulary, its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.workflows.desk import Desk, pdf
from tests.workflows.quick import QuickReader
from workflows.commands import Actor, OpenCase, RecordStep
from workflows.definition import EvidenceType, FieldKind, StepClass, TimerEffect
from workflows.loader import load
from workflows.registry import DefinitionRegistry
from workflows.state import StepStatus, TimerStatus
from workflows.validation import READERS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/formats/process-definition.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_example_is_what_it_says() -> None:
    """The example loads, and a case under it stands as the text below it says."""
    assert EXAMPLE is not None
    definition = load(EXAMPLE.group(1).encode())
    desk = Desk(reader=QuickReader(), definitions=DefinitionRegistry([definition]))
    clerk = Actor("u-1", "mesa")
    receipt = desk.cases.open_case(OpenCase("XX-001", clerk, {"persona": "Ana"}, (pdf(),)))
    state = receipt.state
    assert state.step("1").status is StepStatus.DONE
    assert state.machine_values() == {"equipo": "Prestado"}
    assert (state.open_steps, state.complete, state.closed) == (("2",), False, False)
    (timer,) = state.timers
    assert (timer.state, timer.due_at) == (TimerStatus.RUNNING, "2026-01-20T00:00:00.000000Z")
    after = desk.cases.record(RecordStep(receipt.folio, "2", clerk, data={"lugar": "Anaquel 4"})).state
    assert (after.status, after.complete, after.closed) == ("devuelto", True, True)
    assert after.machine_values() == {"equipo": "Devuelto"}
    assert desk.cases.rebuild().differences == ()


@pytest.mark.parametrize("kind", [kind for kind in StepClass if kind is not StepClass.MANDATORY])
def test_only_mandatory_steps_can_be_missing(kind: StepClass) -> None:
    """Conditional and optional steps, standing rules and periodic ones never count as missing."""
    assert EXAMPLE is not None
    start = EXAMPLE.group(1).index('code = "2"')
    text = EXAMPLE.group(1)[:start] + EXAMPLE.group(1)[start:].replace('"obligatorio"', f'"{kind}"', 1)
    desk = Desk(reader=QuickReader(), definitions=DefinitionRegistry([load(text.encode())]))
    opened = OpenCase("XX-001", Actor("u-1", "mesa"), {"persona": "Ana"}, (pdf(),))
    state = desk.cases.open_case(opened).state
    assert (state.missing, state.complete, state.open_steps) == ((), True, ("2",))


def test_a_status_reached_twice_is_no_transition() -> None:
    """When step and outcome both say «Devuelto», the machine moves once and nothing is an exception."""
    assert EXAMPLE is not None
    again = '\n[[step.effect]]\nmachine = "equipo"\nstatus = "Devuelto"\n'
    definition = load((EXAMPLE.group(1) + again).encode())
    desk = Desk(reader=QuickReader(), definitions=DefinitionRegistry([definition]))
    clerk = Actor("u-1", "mesa")
    folio = desk.cases.open_case(OpenCase("XX-001", clerk, {"persona": "Ana"}, (pdf(),))).folio
    state = desk.cases.record(RecordStep(folio, "2", clerk, data={"lugar": "Anaquel 4"})).state
    assert (state.machine_values(), state.exceptions) == ({"equipo": "Devuelto"}, ())


def test_every_key_the_loader_reads_is_in_the_document() -> None:
    """No key is read that the document does not name."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "workflows").glob("*loader*.py")]
    source = "\n".join(sources)
    keys = set(re.findall(r'table\.\w+\(\s*"(\w+)"', source)) | set(
        re.findall(r'(?:_all|every)\(table, "(\w+)"', source)
    )
    assert len(keys) > 60
    named = set(re.findall(r"`(\w+)`", DOCUMENT))
    assert keys <= named, sorted(keys - named)


def test_every_word_of_the_vocabularies_is_in_the_document() -> None:
    """Classes, types, kinds, effects, readers and statuses are all named."""
    words = [*StepClass, *EvidenceType, *FieldKind, *TimerEffect, *READERS, *StepStatus, *TimerStatus]
    missing = [str(word) for word in words if not re.search(rf"\b{word}\b", DOCUMENT)]
    assert missing == []


def test_days_of_the_document() -> None:
    """The table of due days is what the calendar gives."""
    desk = Desk()
    rows = re.findall(r"\| (\d{4}-\d\d-\d\d) \| (\d+) \| (\w+) \| (\d{4}-\d\d-\d\d)", DOCUMENT)
    assert len(rows) == 7
    for event, days, unit, due in rows:
        start = desk.calendar.first.fromisoformat(event)
        assert desk.calendar.add(start, int(days), unit).isoformat() == due
