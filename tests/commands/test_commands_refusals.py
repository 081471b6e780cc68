"""Commands one by one, in this process: usage, refusals and inception that is never repeated over a past."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from evidence.entry import EntryKind
from evidence.processes import WorkerLost
from identity.accounts import Role
from storage.database import connect
from storage.ledger_tables import log_entry
from tests.fakes.installation import ORIGIN, PASSWORD, Installation
from web.app import create_app
from web.inception import LEDGER_CASE, initialise
from web.settings import SETTINGS_FILE, Settings
from web.wiring import HouseError


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def run(place: Installation, *arguments: str, stdin: str = "") -> Result:
    """Run a command on the installation."""
    return place.app.test_cli_runner().invoke(args=list(arguments), input=stdin)


def told(result: Result, code: int = 0) -> dict[str, Any]:
    """The JSON object of a command that ended with ``code``."""
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_inception_leaves_private_files_and_its_own_entries(place: Installation) -> None:
    """Key and settings are their owner's alone; the log begins with its start and the definitions."""
    for path in (place.settings.key_file, place.settings.data / SETTINGS_FILE):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.settings.data.stat().st_mode) == 0o700
    (started,) = place.house.ledger.history(LEDGER_CASE)
    assert started.entry.kind is EntryKind.LOG_STARTED
    assert started.entry.facts["vkey"] == place.house.vkey.text
    published = place.house.ledger.history("system:definitions")
    digests = {row.entry.facts["definition"] for row in published}
    assert {definition.digest for definition in place.house.definitions.processes()} <= digests
    assert all(row.entry.objects[0].sha256 == row.entry.facts["definition"] for row in published)
    assert place.house.guard.last() is not None
    from_file = Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})
    assert from_file.initialised
    assert from_file.secret_key == place.settings.secret_key


def test_init_again_changes_nothing_and_another_name_is_refused(place: Installation) -> None:
    """The same inception twice is one; the log's name is for ever."""
    before = place.house.ledger.tree_size()
    assert told(run(place, "init", "--origin", ORIGIN))["size"] == before
    assert told(run(place, "init", "--origin", "other.example/log"), 1)["error"]["code"] == "log_exists"
    assert run(place, "init").exit_code == 2


def test_an_empty_log_over_an_existing_past_is_refused(place: Installation) -> None:
    """With the database gone and the guard there, inception refuses: that is how a past would be forgotten (R9)."""
    place.house.close()
    for path in place.settings.data.glob("constancia.sqlite3*"):
        path.unlink()
    (place.settings.data / SETTINGS_FILE).unlink()
    bare = Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})
    with pytest.raises(HouseError) as refused:
        initialise(bare, ORIGIN, {}, "prueba")
    assert refused.value.code == "log_exists"


@pytest.mark.embedded("the database file is moved about")
def test_a_log_that_has_begun_never_gets_a_second_key(place: Installation) -> None:
    """With the key file gone, inception again refuses and commands say what is missing; put back, all is as before."""
    place.house.close()
    key, away = place.settings.key_file, place.settings.data / "away.key"
    key.rename(away)
    runner = create_app(Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})).test_cli_runner()
    assert told(runner.invoke(args=["init", "--origin", ORIGIN]), 1)["error"]["code"] == "key_missing"
    assert told(runner.invoke(args=["cases", "list", "--json"]), 1)["error"]["code"] == "key_missing"
    (place.settings.data / SETTINGS_FILE).rename(place.settings.data / "away.env")
    bare = create_app(Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})).test_cli_runner()
    assert told(bare.invoke(args=["init", "--origin", ORIGIN]), 1)["error"]["code"] == "key_missing"
    assert not key.exists()
    away.rename(key)
    assert told(bare.invoke(args=["init", "--origin", ORIGIN]))["vkey"] == place.house.vkey.text


def test_an_interrupted_inception_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any of its steps, it does not count as done, and running it again finishes with one entry of each."""
    for number, step in enumerate(
        ["upgrade", "start_log", "publish_definitions", "settle", "write_settings"]
    ):
        env = {"CONSTANCIA_DATA": str(tmp_path / str(number))}
        with monkeypatch.context() as broken:
            broken.setattr(f"web.inception.{step}", _dies)
            with pytest.raises(KeyboardInterrupt):
                initialise(Settings.from_env(env), ORIGIN, env, "prueba").close()
        assert not Settings.from_env(env).initialised
        house = initialise(Settings.from_env(env), ORIGIN, env, "prueba")
        kinds = [row.entry.kind for row in house.ledger.entries()]
        assert kinds.count(EntryKind.LOG_STARTED) == 1
        assert kinds.count(EntryKind.DEFINITION_PUBLISHED) == len(house.definitions.processes())
        house.close()


def _dies(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_settings_given_at_inception_are_kept_for_later_commands(tmp_path: Path) -> None:
    """What the environment said then needs not be said again."""
    env = {"CONSTANCIA_MAX_FILES": "7", "CONSTANCIA_PUBLIC_URL": "https://desk.example"}
    place = Installation(tmp_path / "data", env)
    settings = Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})
    assert (settings.max_files, settings.public_url) == (7, "https://desk.example")
    place.close()


def test_users_are_added_listed_granted_revoked_and_closed(place: Installation) -> None:
    """A generated password is shown once; a given one never; closing ends every role and session."""
    added = told(
        run(place, "users", "add", "--email", "eva@desk.example", "--name", "Eva", "--role", "supervisor")
    )
    assert len(added["password"]) >= 20
    assert told(run(place, "users", "grant", "--email", "eva@desk.example", "--role", "cpanel"))["roles"] == [
        "cpanel",
        "supervisor",
    ]
    told(run(place, "users", "revoke", "--email", "eva@desk.example", "--role", "cpanel"))
    changed = run(
        place, "users", "password", "--email", "eva@desk.example", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert "password" not in told(changed)
    browser = place.stranger()
    assert (
        browser.post_form("/entrar", {"email": "eva@desk.example", "password": PASSWORD}).status_code == 303
    )
    assert told(run(place, "users", "close", "--email", "eva@desk.example"))["sessions_ended"] == 1
    assert browser.get_json("/sesion").get_json()["signed_in"] is False
    (listed,) = told(run(place, "users", "list"))["users"]
    assert (listed["active"], listed["roles"]) == (False, [])


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (["--email", "x", "--name", "Eva", "--role", "director"], PASSWORD, "email_invalid"),
        (["--email", "e@d.mx", "--name", "\x07", "--role", "director"], PASSWORD, "name_invalid"),
        (["--email", "e@d.mx", "--name", "Eva", "--role", "director"], "corta", "password_short"),
        (["--email", "e@d.mx", "--name", "Eva", "--role", "director"], "passwordpassword", "password_common"),
        (["--email", "e@d.mx", "--name", "Eva", "--role", "director"], "x" * 300, "password_long"),
        (
            ["--email", "especialista@desk.example", "--name", "E", "--role", "director"],
            PASSWORD,
            "email_taken",
        ),
    ],
)
def test_refused_accounts_say_why(place: Installation, arguments: list[str], stdin: str, code: str) -> None:
    """Exit 1, the code and a sentence; no account is left."""
    place.user()
    error = told(run(place, "users", "add", *arguments, "--password-stdin", stdin=stdin + "\n"), 1)["error"]
    assert error["code"] == code
    assert error["message"]
    assert len(told(run(place, "users", "list"))["users"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["users", "add", "--email", "e@d.mx", "--name", "E", "--role", "king"],
        ["cases", "open", "MA-001", "--data", "{}"],
        ["cases", "open", "MA-001", "--actor", "a@b.mx", "--data", "[1]"],
        ["cases", "open", "MA-001", "--actor", "a@b.mx", "--data", "{"],
        ["cases", "show", "X", "--as-of", "yesterday"],
        ["cases", "record", "X"],
        ["ledger", "proof", "X", "0"],
        ["packages", "export"],
        ["packages", "export", "--out", "x.zip", "--from", "3/4/2026"],
        ["nonsense"],
    ],
)
def test_wrong_usage_exits_2_and_prints_no_object(place: Installation, arguments: list[str]) -> None:
    """Usage goes to stderr; stdout stays empty."""
    result = run(place, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["cases", "open", "MA-001", "--actor", "nobody@desk.example", "--json"], "unknown_user"),
        (["cases", "open", "MA-999", "--actor", "especialista@desk.example", "--json"], "unknown_process"),
        (["cases", "open", "MA-001", "--actor", "especialista@desk.example", "--json"], "field_invalid"),
        (
            ["cases", "open", "MA-001", "--actor", "auditor_interno@desk.example", "--json"],
            "role_not_allowed",
        ),
        (
            [
                "cases",
                "open",
                "MA-001",
                "--actor",
                "especialista@desk.example",
                "--role",
                "director",
                "--json",
            ],
            "no_such_role",
        ),
        (["cases", "show", "MA-001-2026-000001", "--json"], "unknown_case"),
        (
            ["cases", "record", "MA-001-2026-000001", "2", "--actor", "especialista@desk.example", "--json"],
            "unknown_case",
        ),
        (["cases", "schema", "MA-001", "99"], "unknown_step"),
        (["ledger", "proof", "MA-001-2026-000001", "1"], "unknown_case"),
    ],
)
def test_refusals_carry_their_code(place: Installation, arguments: list[str], code: str) -> None:
    """One error object on stdout, exit 1, and the sentence on stderr too."""
    place.user(Role.ESPECIALISTA)
    place.user(Role.AUDITOR_INTERNO)
    result = run(place, *arguments)
    error = told(result, 1)["error"]
    assert error["code"] == code
    assert error["message"] in result.stderr


def test_field_problems_are_told_one_by_one(place: Installation) -> None:
    """Each field with its code and its sentence."""
    place.user()
    data = json.dumps({"tipo": "alta", "nombre": "Ana", "rfc": "nada", "zona": "Marte", "extra": "x"})
    actor = ["--actor", "especialista@desk.example"]
    error = told(run(place, "cases", "open", "MA-001", *actor, "--data", data, "--json"), 1)["error"]
    problems = {item["field"]: item["problem"] for item in error["problems"]}
    assert problems["rfc"] == "rfc_malformed"
    assert problems["extra"] == "unknown"
    assert all(item["message"] for item in error["problems"])


@pytest.mark.embedded("a trigger is dropped in SQLite's words")
def test_verification_distinguishes_its_verdicts(place: Installation) -> None:
    """0 is valid; a row edited by hand is 1; the report says where."""
    assert run(place, "ledger", "verify").exit_code == 0
    engine = connect(place.settings.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER log_entry_no_update")
        connection.execute(
            log_entry.update().where(log_entry.c.case_id == LEDGER_CASE).values(actor="u-otro")
        )
    engine.dispose()
    result = run(place, "ledger", "verify", "--json")
    report = told(result, 1)
    assert report["verdict"] == "invalid"
    assert any(LEDGER_CASE in finding["subject"] for finding in report["findings"])


def test_a_verification_that_lost_a_process_decides_nothing(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2 and what to do: 1 would say that something is wrong with the ledger."""

    def lost(*_: object, **__: object) -> None:
        raise WorkerLost("killed")

    monkeypatch.setattr("web.commands.ledger.verify_ledger", lost)
    assert told(run(place, "ledger", "verify", "--json"), 2)["error"]["code"] == "verification_lost"
    assert "memoria libre" in run(place, "ledger", "verify").stderr


@pytest.mark.embedded("the database file is moved about")
def test_yesterdays_database_is_not_signed_and_verification_finds_it(place: Installation) -> None:
    """A restored backup is behind the guard: checkpoint refuses, and verification misses what was signed (R17)."""
    database = place.settings.data / "constancia.sqlite3"
    old = place.settings.data / "old.sqlite3"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(old)) as copy:
        source.backup(copy)
    place.user()
    assert run(place, "ledger", "checkpoint").exit_code == 0
    place.house.close()
    for path in place.settings.data.glob("constancia.sqlite3-*"):
        path.unlink()
    old.replace(database)
    restored = Settings.from_env({"CONSTANCIA_DATA": str(place.settings.data)})
    runner = create_app(restored).test_cli_runner()
    refused = runner.invoke(args=["ledger", "checkpoint"])
    assert told(refused, 1)["error"]["code"] == "rolled_back"
    assert told(runner.invoke(args=["ledger", "verify", "--json"]), 1)["verdict"] == "invalid"


def test_definitions_are_checked_with_every_problem(place: Installation, tmp_path: Path) -> None:
    """A good file is summed up; a bad one is refused with what is wrong."""
    bundled = next(Path(__file__).resolve().parents[2].glob("workflows/definitions/ma-001/*.toml"))
    assert told(run(place, "definitions", "check", str(bundled)))["process"] == "MA-001"
    bad = tmp_path / "bad.toml"
    bad.write_text("process = 'X'\nsurprise = 1\n", encoding="utf-8")
    result = run(place, "definitions", "check", str(bad))
    assert told(result, 1)["error"]["code"] == "definition_refused"
    assert "surprise" in result.stderr


def test_the_database_command_is_idempotent(place: Installation) -> None:
    """Nothing to migrate, nothing to publish: it says so and changes nothing."""
    before = place.house.ledger.tree_size()
    assert told(run(place, "db", "upgrade")) == {"upgraded": True, "definitions": [], "rebuilt": 0}
    assert place.house.ledger.tree_size() == before


def test_posts_change_hands_with_an_entry_each_and_never_backwards(place: Installation) -> None:
    """Appointed, listed, backed up and relieved; a past date is refused and leaves no entry."""
    ana, eva = place.user(email="ana@desk.example"), place.user(email="eva@desk.example")
    before = len(place.house.ledger.history("system:access"))
    told(run(place, "posts", "appoint", "--post", "zona:CDMX", "--email", ana.email))
    told(run(place, "posts", "backup", "--email", eva.email, "--for", ana.email))
    (holder,) = told(run(place, "posts", "list", "--json"))["posts"]
    assert (holder["post"], holder["actor"], holder["name"]) == ("zona:CDMX", ana.id, ana.name)
    past = ["--email", eva.email, "--since", "2020-01-01"]
    assert (
        told(run(place, "posts", "appoint", "--post", "zona:CDMX", *past), 1)["error"]["code"]
        == "retroactive"
    )
    told(run(place, "posts", "relieve", "--post", "zona:CDMX", "--email", ana.email))
    again = run(place, "posts", "relieve", "--post", "zona:CDMX", "--email", ana.email)
    assert told(again, 1)["error"]["code"] == "no_such_holder"
    unknown = run(place, "posts", "appoint", "--post", "x", "--email", "nobody@desk.example")
    assert told(unknown, 1)["error"]["code"] == "unknown_user"
    entries = [row.entry for row in place.house.ledger.history("system:access")[before:]]
    assert [str(entry.kind) for entry in entries] == ["access.granted", "access.granted", "access.revoked"]
    assert (entries[0].facts["post"], entries[1].facts["acting_for"]) == ("zona:CDMX", ana.id)
    assert place.house.directory.may_act_for(eva.id, ana.id, place.clock())
