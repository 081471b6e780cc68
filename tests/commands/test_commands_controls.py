"""`flask controls`: the same capabilities as the page, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.documents.test_documents_agent_list import HEADER, ROW, book
from tests.fakes.installation import Installation

TUESDAY = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A house on a Tuesday morning."""
    made = Installation(tmp_path / "data")
    made.clock.offset = TUESDAY - datetime.now(UTC)
    yield made
    made.close()


def _run(place: Installation, *words: str) -> tuple[int, Any]:
    answer = place.app.test_cli_runner().invoke(args=["controls", *words])
    return answer.exit_code, json.loads(answer.stdout)


def test_record_import_and_list(place: Installation, tmp_path: Path) -> None:
    """A day is recorded, a list is previewed and imported, and the list of controls says what was done."""
    email = place.user().email
    code, receipt = _run(place, "record", "MA-008", "--actor", email, "--json")
    assert (code, receipt["folio"]) == (0, "MA-008-2026-000001")
    listing = tmp_path / "lista.xlsx"
    listing.write_bytes(book(HEADER, ROW, ROW).getvalue())
    code, shown = _run(place, "import", "MA-002", str(listing), "--actor", email, "--preview")
    assert (code, [row["key"] for row in shown["good"]]) == (0, ["AG10457"])
    code, done = _run(place, "import", "MA-002", str(listing), "--actor", email)
    assert (code, [case["folio"] for case in done["cases"]]) == (0, ["MA-002-2026-000002"])
    assert [(row["row"], row["problem"]) for row in done["refused"]] == [(3, "listed_twice")]
    code, found = _run(place, "list", "--json")
    told = {item["process"]: (item["recorded"], item["findings"], item["gaps"]) for item in found["controls"]}
    assert (code, told) == (0, {"MA-002": (True, 1, []), "MA-008": (True, 0, [])})


def test_refusals_are_json(place: Installation) -> None:
    """A day recorded twice, a process without controls, and a day to come exit with 1 and say why."""
    email = place.user().email
    _run(place, "record", "MA-008", "--actor", email, "--json")
    code, again = _run(place, "record", "MA-008", "--actor", email, "--json")
    assert (code, again["error"]["code"]) == (1, "day_recorded")
    code, none = _run(place, "record", "MA-001", "--actor", email, "--json")
    assert (code, none["error"]["code"]) == (1, "no_series")
    code, future = _run(place, "record", "MA-008", "--actor", email, "--day", "2026-11-30", "--json")
    assert (code, future["error"]["code"]) == (1, "field_invalid")
