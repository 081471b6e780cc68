"""The demonstration seen by an auditor: a package of all seven processes, and what of persons its entries hold."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest

from audit_exports.builder import export
from audit_exports.record import Scope
from evidence.canonical import Json
from evidence.entry import SealedEntry
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.demo.conftest import Demonstration
from web.commands.packages import before_export
from web.settings import Settings
from web.wiring import House
from workflows.catalogues import CATALOGUES_CASE
from workflows.commands import Actor
from workflows.definition import FieldKind
from workflows.ports import CaseQuery
from workflows.registry import DefinitionRegistry

PROCESSES = ("MA-001", "MA-002", "MA-003", "MA-005", "MA-006", "MA-007", "MA-008")
PERSONAL = frozenset({FieldKind.EMAIL, FieldKind.RFC, FieldKind.PHONE, FieldKind.AGENT_KEY})
PATTERNS = (
    re.compile(rb"[\w.+-]+@[\w-]+\.[\w.]+"),
    re.compile(rb"(?<![A-Z0-9])[A-Z&]{3,4}[0-9]{6}[A-Z0-9]{3}(?![A-Z0-9])"),
    re.compile(rb"[^\x00-\x7f]"),
)
"""An address, an RFC, and a letter that no code has: outside lists and titles, no entry needs one."""


@pytest.fixture(scope="module")
def package(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A few cases of each process: the longest, the latest (of a control, where there is one), the campaign."""
    folder = (
        tmp_path_factory.mktemp("package") / "copy"
    )  # an export is an entry: others count the house's own
    shutil.copytree(demonstration.folder, folder)
    house = House(Settings.from_env({"CONSTANCIA_DATA": str(folder)}))
    before_export(house)
    chosen: set[str] = set()
    for process in PROCESSES:
        rows = house.index.find(CaseQuery(process=process, limit=200)).rows
        chosen |= {max(rows, key=lambda row: len(house.ledger.history(row.folio))).folio, rows[0].folio}
        chosen |= set([row.folio for row in rows if "control" in row.document][:1])
    out = folder.parent / "p.zip"
    actor = Actor("system", "system", via="console", kind="system")
    export(house.export_sources, Scope(folios=tuple(sorted(chosen))), out, actor=actor)
    house.close()
    return out.read_bytes()


def test_a_package_of_all_seven_processes_is_valid_and_whole(
    demonstration: Demonstration, package: bytes
) -> None:
    """Lists, controls and a campaign among them: a stranger derives every state again, and nothing was left out."""
    report = verify_bytes(package, demonstration.house.vkey.text)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    assert report.complete_as_of > 0
    states = [json.loads(data) for name, data in contents(package).items() if name.endswith("/state.json")]
    assert {state["process"] for state in states} == set(PROCESSES)
    assert any("roster" in state for state in states)
    assert any("control" in state for state in states)


@pytest.mark.parametrize(
    "kind",
    ["casos/MA-005.*/entries/3.json", "casos/MA-005.*/archivos/.*xlsx", "casos/MA-005.*/state.json",
     "casos/MA-008.*/entries/2.json", "casos/MA-007.*/payloads/2.json",
     "procesos/MA-006/.*"],
)  # fmt: skip
def test_a_change_in_what_the_new_processes_bring_is_found(
    demonstration: Demonstration, package: bytes, kind: str
) -> None:
    """Manifests made to fit again or not: rows, sheets, days of a control and sets are proved."""
    files = contents(package)
    name = next(name for name in files if re.fullmatch(f"data/{kind}", name))
    data = files[name]
    place = len(data) // 2
    changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    report = verify_bytes(reseal(files, {name: changed}), demonstration.house.vkey.text)
    assert report.verdict is Verdict.INVALID
    assert codes(report), name


def test_entries_hold_nothing_of_persons(demonstration: Demonstration) -> None:
    """Names, addresses, RFC, telephones, keys and file names of every payload: none stands in any entry's bytes."""
    entries = list(demonstration.house.ledger.entries())
    # published lists hold names of zones and the like, which people also type: not of persons
    whole = b"\n".join(item.entry_bytes for item in entries if item.entry.case != CATALOGUES_CASE)
    held = {value for item in entries for value in _personal(demonstration, item)}
    assert len(held) > 500
    assert [value for value in sorted(held) if _quoted(value) in whole] == []
    cases = b"\n".join(item.entry_bytes for item in entries if not item.entry.case.startswith("system:"))
    assert [pattern.findall(cases)[:3] for pattern in PATTERNS] == [[], [], []]


def _quoted(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False)[1:-1].encode()


def _personal(demonstration: Demonstration, item: SealedEntry) -> Iterator[str]:
    """What a payload says of persons: personal fields, texts typed at will, names of files, accounts and contacts."""
    if item.payload_bytes is None:
        return
    payload = item.payload()
    fields = _fields(demonstration.house.definitions, item)
    data = payload.get("data")
    for name, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, str) and (item.entry.case == "system:access" or name in fields):
            yield from _long(value)
    yield from _long(payload.get("note"))
    files = payload.get("files")
    for about in files if isinstance(files, list) else ():
        if isinstance(about, dict):
            yield from _long(about.get("name"))


def _long(value: Json) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= 6:
        yield value


def _fields(definitions: DefinitionRegistry, item: SealedEntry) -> set[str]:
    process = item.entry.process.partition("@")[0]
    if not process:
        return set()
    steps = definitions.current(process).steps
    fields = [field for step in steps for field in step.fields] + list(
        definitions.current(process).opening.fields
    )
    texts = {FieldKind.TEXT, FieldKind.LONG_TEXT}
    return {
        field.name
        for field in fields
        if (field.personal or field.kind in PERSONAL | texts) and not field.zone
    }
