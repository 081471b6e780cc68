"""``ocel2.json``: the OCEL 2.0 rules by hand, and an unrelated reader of such logs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.audit_exports.sample_desk import Desk

CASE = "ZZ-001-2026-000001"
PYTHON_TYPES = {"string": str, "integer": int, "boolean": bool, "time": str, "float": float}

READ = """
import json, sys
import r4pm
from r4pm import bindings
log = bindings.slim_link_ocel(ocel=r4pm.import_item("OCEL", sys.argv[1]))
print(json.dumps([bindings.num_events(ocel=log), bindings.num_objects(ocel=log),
                  sorted(bindings.locel_get_ev_types(ocel=log)), sorted(bindings.locel_get_ob_types(ocel=log))]))
"""


@pytest.fixture(scope="module")
def log(files: dict[str, bytes]) -> dict[str, Any]:
    """The sample package's event log."""
    found = json.loads(files["data/ocel2.json"])
    assert isinstance(found, dict)
    return found


def test_it_has_the_four_members_of_the_format_and_no_other(log: dict[str, Any]) -> None:
    """OCEL 2.0, JSON: types of objects and events, objects, events."""
    assert list(log) == ["objectTypes", "eventTypes", "objects", "events"]
    assert {item["name"] for item in log["objectTypes"]} >= {
        "caso",
        "persona",
        "rol",
        "documento",
        "aplicacion",
    }


@pytest.mark.parametrize(("rows", "types"), [("objects", "objectTypes"), ("events", "eventTypes")])
def test_every_value_is_declared_with_its_type(log: dict[str, Any], rows: str, types: str) -> None:
    """No undeclared type or attribute; values are what the declaration says; ids are unique."""
    declared = {item["name"]: {one["name"]: one["type"] for one in item["attributes"]} for item in log[types]}
    assert len(declared) == len(log[types])
    assert len({item["id"] for item in log[rows]}) == len(log[rows]) > 0
    for item in log[rows]:
        for value in item["attributes"]:
            kind = declared[item["type"]][value["name"]]
            assert type(value["value"]) is PYTHON_TYPES[kind]
            times = [value["value"]] if kind == "time" else []
            times += [value["time"]] if rows == "objects" else []
            assert all(datetime.fromisoformat(time).tzinfo for time in times)


def test_events_and_objects_are_linked_to_objects_that_are_there(log: dict[str, Any]) -> None:
    """Every event has at least its case, its person and its role; every link is qualified and leads somewhere."""
    known = {item["id"]: item["type"] for item in log["objects"]}
    for item in [*log["objects"], *log["events"]]:
        for link in item["relationships"]:
            assert set(link) == {"objectId", "qualifier"}
            assert link["objectId"] in known
    for event in log["events"]:
        assert {known[link["objectId"]] for link in event["relationships"]} >= {"caso", "persona", "rol"}
        assert datetime.fromisoformat(event["time"]).tzinfo


def test_events_are_the_entries(log: dict[str, Any], sample: tuple[Desk, Path]) -> None:
    """One event an entry, with its leaf; documents by their digest; nobody's name."""
    leaves = {
        value["value"] for event in log["events"] for value in event["attributes"] if value["name"] == "hoja"
    }
    entries = [item for folio in (CASE, "ZZ-001-2026-000002") for item in sample[0].ledger.history(folio)]
    assert leaves == {item.leaf for item in entries}
    assert len(log["events"]) == len(entries)
    documents = [item for item in log["objects"] if item["type"] == "documento"]
    assert len(documents) == sum(len(item.entry.objects) for item in entries)
    assert "Muñoz" not in json.dumps(log, ensure_ascii=False)


@pytest.mark.skipif(find_spec("r4pm") is None, reason="r4pm, a reader of OCEL logs, is not installed")
def test_an_unrelated_reader_finds_the_same_log(
    log: dict[str, Any], files: dict[str, bytes], tmp_path: Path
) -> None:
    """Rust4PM reads it: the same numbers of events and objects, the same types."""
    path = tmp_path / "ocel2.json"
    path.write_bytes(files["data/ocel2.json"])
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    events, objects, event_types, object_types = json.loads(done.stdout.splitlines()[-1])
    assert (events, objects) == (len(log["events"]), len(log["objects"]))
    assert event_types == sorted(item["name"] for item in log["eventTypes"])
    assert object_types == sorted(item["name"] for item in log["objectTypes"])
