"""Rows of the table of faults: kept over several sittings, told in one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torture.__main__ import wanted
from torture.rows import append, facts, read, table
from torture.scenarios import SHORT, SIEGES
from torture.siege import Row


def row(**more: object) -> Row:
    """A line of the table."""
    made = Row(
        place="embedded", scenario="calm", done="No fault.", kills={"web worker": 2}, acknowledged=1200, retried=3,
        unanswered=0, once=1200, entries=1220, verdict="valid", orphans={}, recovery=0.25, silence=1.0, seconds=20.0,
        seed=1, notes=("a", "b"), wrong=(),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # members of a row


def test_rows_of_several_sittings_are_kept_in_one_file_and_told_in_one_table(tmp_path: Path) -> None:
    """Each is added to what is there, and is read back as it was; kills are summed up over all of them."""
    out = tmp_path / "var" / "rows.jsonl"
    rows = [row(), row(scenario="clock steps", kills={"worker": 3}, wrong=("lost",), orphans={"x": 1})]
    for one in rows:
        append(out, one, facts())
    assert read(out) == rows
    told = table(read(out))
    assert (
        "| embedded | calm | 2 web worker | 1,200 | 3 | 1,200 | valid | none | 0.2 | 1.0 | survived |" in told
    )
    assert "**broken**: lost" in told
    assert told.endswith("Killed: 5 in all (2 web worker, 3 worker).")


def test_what_is_asked_for_is_chosen_by_name_and_what_was_survived_is_left_out(tmp_path: Path) -> None:
    """Another sitting goes on with what has not been suffered yet, or was broken."""
    out = tmp_path / "rows.jsonl"
    append(out, row(scenario="clock steps"), {})
    append(out, row(scenario="calm", wrong=("lost",)), {})
    every = {scenario.name for scenario in SIEGES["embedded"]}
    assert {one.name for one in wanted("embedded")} == every
    assert {one.name for one in wanted("embedded", resume=out)} == every - {"clock steps"}
    assert [one.name for one in wanted("embedded", only="clock")] == ["clock steps"]
    for kind, names in SHORT.items():
        assert {one.name for one in wanted(kind, short=True)} == set(names)
