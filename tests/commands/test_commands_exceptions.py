"""Commands for what departs from the plain way: corrections, waivers, refusals, a lost guard, a damaged case."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import text

from evidence.entry import EntryKind
from evidence.ports import Reference
from identity.accounts import Role
from storage.database import connect
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.app import create_app
from web.settings import Settings

OPENING = {
    "tipo": "alta",
    "nombre": "Ana Ruiz Ortega",
    "rfc": "RUOA900215AB1",
    "correo": "ana@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Uno",
    "ticket": "T-1",
}
ACTOR = ("--actor", "especialista@desk.example")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation with a specialist and a supervisor."""
    made = Installation(tmp_path / "data")
    made.user(Role.ESPECIALISTA)
    made.user(Role.SUPERVISOR)
    yield made
    made.close()


def run(place: Installation, *arguments: str) -> Result:
    """Run a command on the installation."""
    return place.app.test_cli_runner().invoke(args=list(arguments))


def told(result: Result, code: int = 0) -> dict[str, Any]:
    """The JSON object of a command that ended with ``code``."""
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def a_case(place: Installation) -> str:
    """An open case with its second step done."""
    data = json.dumps(OPENING)
    folio = str(told(run(place, "cases", "open", "MA-001", *ACTOR, "--data", data, "--json"))["folio"])
    mail = place.settings.data / "aviso.eml"
    mail.write_bytes(eml())
    told(run(place, "cases", "record", folio, "2", *ACTOR, "--file", str(mail), "--json"))
    return folio


def damage(place: Installation, statement: str, **values: object) -> None:
    """What somebody does to the database by hand."""
    engine = connect(place.settings.database)
    with engine.begin() as connection:
        for trigger in connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).scalars():
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text(statement), values)
    engine.dispose()


def test_an_entry_is_superseded_and_annulled_with_a_reason(place: Installation) -> None:
    """The correction takes the entry's place and both stay; annulled, the step is open again."""
    folio = a_case(place)
    why = ("--reason", "El correo era de otro caso")
    first = told(run(place, "cases", "supersede", folio, "2", *ACTOR, *why, "--keep", "0", "--json"))
    assert (first["seq"], len(first["objects"])) == (3, 1)
    told(run(place, "cases", "supersede", folio, "3", *ACTOR, *why, "--annul", "--json"))
    kinds = [row.entry.kind for row in place.house.ledger.history(folio)]
    assert kinds[2:] == [EntryKind.EVIDENCE_SUPERSEDED] * 2
    assert "2" in told(run(place, "cases", "show", folio, "--json"))["open_steps"]


def test_corrections_that_cannot_be_are_refused(place: Installation) -> None:
    """An entry that is not there, one corrected before, no reason, a role that may not; nothing is written."""
    folio = a_case(place)
    why = ("--reason", "El correo era de otro caso")
    absent = told(run(place, "cases", "supersede", folio, "9", *ACTOR, *why, "--annul", "--json"), 1)
    assert absent["error"]["code"] == "unknown_entry"
    short = told(run(place, "cases", "supersede", folio, "2", *ACTOR, "--reason", "", "--annul", "--json"), 1)
    assert short["error"]["code"] == "reason_missing"
    assert run(place, "cases", "supersede", folio, "2", *ACTOR, *why, "--annul", "--keep", "0").exit_code == 2
    place.user(Role.AUDITOR_INTERNO)
    auditor = ("--actor", "auditor_interno@desk.example")
    other = told(run(place, "cases", "supersede", folio, "2", *auditor, *why, "--annul", "--json"), 1)
    assert other["error"]["code"] == "role_not_allowed"
    assert len(place.house.ledger.history(folio)) == 2


def test_a_step_is_waived_by_whom_the_process_lets(place: Installation) -> None:
    """The supervisor, with a reason and once under one key; a specialist may not."""
    folio = a_case(place)
    arguments = (
        "cases",
        "waive",
        folio,
        "3",
        "--reason",
        "El estatus lo puso el sistema de tickets",
        "--json",
    )
    refused = told(run(place, *arguments, *ACTOR), 1)["error"]["code"]
    assert refused == "role_not_allowed"
    found = told(run(place, *arguments, "--actor", "supervisor@desk.example", "--key", "k"))
    again = told(run(place, *arguments, "--actor", "supervisor@desk.example", "--key", "k"))
    assert (again["seq"], again["leaf"]) == (found["seq"], found["leaf"])


def test_a_request_is_refused_at_the_door_and_in_an_open_case(place: Installation) -> None:
    """Both are cases with their refusal and destination on record; an unknown ground lists those there are."""
    ground = next(iter(place.house.definitions.current("MA-001").by_ground.values()))
    door = told(
        run(place, "cases", "refuse", "MA-001", ground.code, *ACTOR, "--data", '{"nombre": "Eva"}', "--json")
    )
    kinds = [row.entry.kind for row in place.house.ledger.history(door["folio"])]
    assert kinds == [EntryKind.CASE_OPENED, EntryKind.CASE_REFUSED]
    folio = a_case(place)
    told(run(place, "cases", "refuse", folio, ground.code, *ACTOR, "--json"))
    last = place.house.ledger.history(folio)[-1].entry
    assert (last.kind, last.facts["destination"]) == (EntryKind.CASE_REFUSED, ground.destination)
    unknown = told(run(place, "cases", "refuse", folio, "porque-no", *ACTOR, "--json"), 1)["error"]
    assert unknown["code"] == "unknown_refusal"
    assert ground.code in unknown["fields"]["options"]


def test_texts_for_strangers_also_come_as_json(place: Installation) -> None:
    """The same text, as a member of the one object."""
    folio = a_case(place)
    for arguments, member in (
        (("ledger", "checkpoint"), "checkpoint"),
        (("ledger", "vkey"), "vkey"),
        (("ledger", "proof", folio, "1"), "proof"),
    ):
        plain = run(place, *arguments)
        assert told(run(place, *arguments, "--json"))[member].rstrip("\n") == plain.stdout.rstrip("\n")


def test_a_lost_guard_is_told_and_given_the_newest_checkpoint(place: Installation, tmp_path: Path) -> None:
    """Nothing is signed without it; a kept checkpoint brings it back; one that is there is never changed (R17)."""
    note = tmp_path / "kept.note"
    note.write_text(run(place, "ledger", "checkpoint").stdout, encoding="utf-8")
    kept = told(run(place, "ledger", "guard", "show"))
    assert kept["size"] == kept["database_size"]
    assert told(run(place, "ledger", "guard", "restore", str(note)), 1)["error"]["code"] == "guard_kept"
    engine = connect(f"sqlite:///{place.settings.data / 'guard.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM checkpoint_guard"))
    engine.dispose()
    folio = a_case(place)  # recorded, though it cannot be signed
    assert told(run(place, "ledger", "checkpoint"), 1)["error"]["code"] == "guard_empty"
    alien = tmp_path / "alien.note"
    alien.write_text("not a note\n", encoding="utf-8")
    assert (
        told(run(place, "ledger", "guard", "restore", str(alien)), 1)["error"]["code"] == "not_a_checkpoint"
    )
    restored = told(run(place, "ledger", "guard", "restore", str(note)))
    assert (restored["size"], restored["signed"]) == (kept["size"], True)
    assert run(place, "ledger", "proof", folio, "2").exit_code == 0
    assert run(place, "ledger", "verify").exit_code == 0


def test_what_is_recorded_but_cannot_be_signed_is_never_told_as_a_refusal(place: Installation) -> None:
    """With a spoilt key file an entry is sealed all the same: exit 0, the receipt, and the trouble on stderr."""
    place.settings.key_file.write_text("PRIVATE+KEY+nonsense\n", encoding="ascii")
    fresh = create_app(Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})).test_cli_runner()
    data = json.dumps(OPENING)
    result = fresh.invoke(args=["cases", "open", "MA-001", *ACTOR, "--data", data, "--json"])
    assert told(result)["seq"] == 1
    assert "not yet signed" in result.stderr


@pytest.mark.embedded("triggers are dropped in SQLite's words")
def test_a_damaged_case_is_an_integrity_finding_and_keeps_no_other_case_waiting(place: Installation) -> None:
    """Show and record say which entry it is; timers and the rebuild go on with the other cases and name this one."""
    folio = a_case(place)
    damage(
        place,
        "UPDATE log_entry SET entry_bytes = CAST(replace(CAST(entry_bytes AS TEXT), 'evidence', 'evidencf') AS BLOB) "
        "WHERE case_id = :case AND case_seq = 2",
        case=folio,
    )
    error = told(run(place, "cases", "show", folio, "--json"), 1)["error"]
    assert (error["code"], error["fields"]["subject"]) == ("ledger_damaged", f"{folio}/2")
    recorded = told(run(place, "cases", "record", folio, "3", *ACTOR, "--note", "hola", "--json"), 1)
    assert recorded["error"]["code"] == "ledger_damaged"
    page = place.client(Role.ESPECIALISTA).get(f"/casos/{folio}")
    assert page.status_code == 500
    assert f"{folio}/2" in page.text
    damage(
        place,
        "UPDATE projection SET next_mark = '2020-01-01T00:00:00.000000Z' WHERE case_id = :case",
        case=folio,
    )
    timers = told(run(place, "timers", "run"), 1)["error"]
    assert (timers["code"], timers["fields"]["folios"]) == ("timers_incomplete", [folio])
    (failure,) = told(run(place, "cases", "rebuild"))["failures"]
    assert failure["folio"] == folio


def unique_references(place: Installation, *folios: str) -> list[Reference]:
    """One unique reference of each case, all of one kind."""
    held = [
        {item.kind: item for item in place.house.index.references(folio) if item.unique} for folio in folios
    ]
    kind = min(set.intersection(*(set(each) for each in held)))
    return [each[kind] for each in held]


@pytest.mark.embedded("triggers are dropped in SQLite's words")
def test_the_rebuild_finds_and_mends_every_cache_edited_by_hand(place: Installation) -> None:
    """Documents, words, references taken by another case, rows of cases that never were: told once, then mended."""
    first = a_case(place)
    other = json.dumps(OPENING | {"rfc": "LOPE850101XY2", "nombre": "Eva López", "ticket": "T-2"})
    second = str(told(run(place, "cases", "open", "MA-001", *ACTOR, "--data", other, "--json"))["folio"])
    damage(
        place,
        "UPDATE projection SET search_text = 'x', document = CAST('{' AS BLOB) WHERE case_id = :case",
        case=first,
    )
    mine, theirs = unique_references(place, first, second)
    turn = "UPDATE reference SET value = :value WHERE case_id = :case AND kind = :kind AND is_unique"
    for case, value in ((first, "between"), (second, mine.value), (first, theirs.value)):
        damage(place, turn, case=case, value=value, kind=mine.kind)
    damage(place, "INSERT INTO reference VALUES ('MA-001-2026-000999', 'ticket', 'GHOST', 1)")
    place.client(Role.SUPERVISOR).get("/tablero")
    damage(place, "UPDATE board_sum SET cases = 77 WHERE which = 'abiertos-en'")
    assert (
        told(run(place, "cases", "list", "--json"), 1)["error"]["fields"]["subject"]
        == f"projection of {first}"
    )
    report = told(run(place, "cases", "rebuild"))
    differences = report["differences"]
    assert report["board_days"]
    found = {(item["folio"], item["member"]) for item in differences}
    assert {(first, "document"), (first, "search_text"), ("MA-001-2026-000999", "projection")} <= found
    assert any(member.startswith("reference ") for folio, member in found if folio == second)
    again = told(run(place, "cases", "rebuild"))
    assert (again["differences"], again["failures"], again["board_days"]) == ([], [], [])
    assert told(run(place, "cases", "list", "--json"))["total"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["cases", "show", "MA\udcff"],
        ["cases", "show", "X", "--as-of", "9999-12-31T23:59:59"],
        ["cases", "record", "X", "2", *ACTOR, "--data", "[" * 100_000],
        ["packages", "export", "--out", "no/such/folder/x.zip"],
        ["ledger", "guard", "restore", "no-such-file"],
    ],
)
def test_hostile_usage_exits_2(place: Installation, arguments: list[str]) -> None:
    """Bytes that are no text, a moment outside the calendar, JSON of a hundred thousand levels: usage, no fault."""
    result = run(place, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_commands_do_not_pay_for_what_they_do_not_use() -> None:
    """Neither the migrations' library nor the object store's is loaded until somebody needs it."""
    code = "import sys, web.app; sys.exit(bool({'alembic', 'minio'} & sys.modules.keys()))"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
