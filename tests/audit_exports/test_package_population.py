"""Which cases the log had: one that the package leaves out is named, however well everything else was made to fit."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from audit_exports.heads import parse_range, range_bytes
from audit_exports.record import Scope
from evidence.canonical import canonical_bytes
from evidence.findings import Verdict
from evidence.tree import InvalidProof
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import Desk

ALL, OF_PROCESS = "data/cadena/cabezas/series/todas.json", "data/cadena/cabezas/series/ZZ-001.json"
FIRST, SECOND = "ZZ-001-2026-000001", "ZZ-001-2026-000002"


def taken(desk: Desk, tmp_path: Path, scope: Scope) -> bytes:
    """A package of a scope."""
    desk.export(tmp_path / "p.zip", scope)
    return (tmp_path / "p.zip").read_bytes()


@pytest.mark.parametrize(("scope", "path"), [(Scope(), ALL), (Scope(processes=("ZZ-001",)), OF_PROCESS)])
def test_a_case_left_out_of_a_whole_process_is_named(
    desk: Desk, tmp_path: Path, scope: Scope, path: str
) -> None:
    """The exporter leaves a case out and makes all manifests fit: the log's own commitment has it."""
    files = contents(taken(desk, tmp_path, scope))
    assert path in files
    assert verify_bytes((tmp_path / "p.zip").read_bytes(), desk.vkey).verdict is Verdict.VALID
    gone = [name for name in files if SECOND in name]
    report = verify_bytes(reseal(files, dict.fromkeys(gone)), desk.vkey)
    found = next(item for item in report.findings if item.code == "population.incomplete")
    assert SECOND in found.found
    assert report.verdict is Verdict.INVALID


def test_a_member_left_out_of_the_drawn_population_is_named(desk: Desk, tmp_path: Path) -> None:
    """Nor can a case be kept out of the draw."""
    files = contents(taken(desk, tmp_path, Scope(processes=("ZZ-001",), sample=1, seed="x")))
    kept = next(
        folio for folio in (FIRST, SECOND) if any(folio in name for name in files if "casos/" in name)
    )
    told = json.loads(files["data/alcance.json"])
    told["scope"]["members"], told["scope"]["population"] = [kept], 1
    report = verify_bytes(reseal(files, {"data/alcance.json": canonical_bytes(told)}), desk.vkey)
    assert "population.incomplete" in codes(report)


def test_cases_outside_a_period_are_counted_and_named(desk: Desk, tmp_path: Path) -> None:
    """It is no fault that a period leaves cases out; that it does is said, with their names."""
    desk.now += timedelta(days=30)
    desk.open("Después")
    desk.publish()
    day = f"{desk.now:%Y-%m-%d}"
    report = verify_bytes(
        taken(desk, tmp_path, Scope(processes=("ZZ-001",), start="2026-03-20", end=day)), desk.vkey
    )
    outside = next(item for item in report.findings if item.code == "population.outside")
    assert (report.verdict, report.cases_checked) == (Verdict.VALID, 1)
    assert (outside.expected, outside.found) == ("3 cases at 9", f"2 not named: {FIRST}, {SECOND}")


def test_cases_named_one_by_one_claim_no_whole(desk: Desk, tmp_path: Path) -> None:
    """A package of some folios says nothing of others, and has no such file."""
    package = taken(desk, tmp_path, Scope(folios=(FIRST,)))
    assert not [name for name in contents(package) if "series/" in name]
    assert verify_bytes(package, desk.vkey).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: b"",
        lambda data: b" " + data,
        lambda data: data.replace(b'"prefix":"ZZ-001-"', b'"prefix":"ZZ-002-"'),
        lambda data: data.replace(b'"start":0', b'"start":1'),
        lambda data: canonical_bytes({**json.loads(data), "more": 1}),
        lambda data: canonical_bytes({**json.loads(data), "heads": json.loads(data)["heads"][1:]}),
        lambda data: canonical_bytes({**json.loads(data), "path": ["xx"]}),
        lambda data: canonical_bytes({**json.loads(data), "heads": 1}),
    ],
)
def test_a_run_that_does_not_hold_is_found(desk: Desk, tmp_path: Path, change: object) -> None:
    """Missing, malformed, of another process, shortened: which cases there were is then not shown."""
    files = contents(taken(desk, tmp_path, Scope(processes=("ZZ-001",))))
    report = verify_bytes(reseal(files, {OF_PROCESS: change(files[OF_PROCESS])}), desk.vkey)  # type: ignore[operator]
    assert "population.unproved" in codes(report)
    assert report.verdict is Verdict.INVALID


def test_a_run_has_one_spelling(desk: Desk, tmp_path: Path) -> None:
    """What is read is what was written."""
    data = contents(taken(desk, tmp_path, Scope()))[ALL]
    assert range_bytes(parse_range(data)) == data
    with pytest.raises(InvalidProof):
        parse_range(b"[]")
