"""The whole chain of commands, each in a process of its own, as an operator or a script runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.papers import eml, png

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "constancia.example/cadena"
OPENING = {
    "tipo": "alta",
    "nombre": "María Ruiz Ortega",
    "rfc": "RUOM900215AB1",
    "correo": "maria@promotoria.example",
    "zona": "CDMX",
    "paquete": "1",
    "promotoria": "Promotoría Uno",
    "ticket": "T-1",
}


@dataclass
class Shell:
    """Runs commands in one data directory, with nothing else of ours in the environment."""

    data: Path

    def run(
        self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python -m`` something."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
        clean |= {"CONSTANCIA_DATA": str(self.data), "PYTHONWARNINGS": "error", **(env or {})}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT, env=clean, input=stdin, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def flask(self, *arguments: str, code: int = 0, stdin: str = "") -> str:
        """A command's stdout; it must end with ``code``."""
        done = self.run("flask", *arguments, stdin=stdin)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout

    def json(self, *arguments: str, code: int = 0, stdin: str = "") -> dict[str, Any]:
        """A command's one JSON object."""
        found = json.loads(self.flask(*arguments, code=code, stdin=stdin))
        assert isinstance(found, dict)
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A directory nobody has used."""
    return Shell(tmp_path / "data")


@pytest.mark.timeout(900)  # some thirty processes one after the other, on a machine that may be busy
def test_from_inception_to_a_verified_package(shell: Shell, tmp_path: Path) -> None:
    """init, users, open, record, show, list, verify, checkpoint, proof, export; offline: valid, tampered, keyless."""
    begun = shell.json("init", "--origin", ORIGIN)
    assert begun["origin"] == ORIGIN
    vkey = shell.flask("ledger", "vkey").strip()
    assert vkey == begun["vkey"]
    added = shell.json(
        *("users", "add", "--email", "ana@desk.example", "--name", "Ana Ñuñez", "--role", "especialista"),
        "--password-stdin",
        stdin="una frase larga y buena\n",
    )
    assert "password" not in added
    assert [user["email"] for user in shell.json("users", "list")["users"]] == ["ana@desk.example"]
    opening = json.dumps(OPENING)
    folio = shell.flask("cases", "open", "MA-001", "--actor", "ana@desk.example", "--data", opening).strip()
    assert folio.startswith("MA-001-")
    schema = shell.json("cases", "schema", "MA-001", "2", "--json")
    assert schema["x-slots"][0]["slot"] == "correo"
    mail, screen = tmp_path / "correo ñ.eml", tmp_path / "captura.png"
    mail.write_bytes(eml())
    screen.write_bytes(png())
    actor = ("--actor", "ana@desk.example", "--json")
    receipt = shell.json("cases", "record", folio, "2", "--file", str(mail), *actor)
    assert (receipt["folio"], receipt["seq"]) == (folio, 2)
    assert receipt["objects"][0] == {**receipt["objects"][0], "size": len(eml()), "name": "correo ñ.eml"}
    done = shell.json("cases", "record", folio, "2", "--file", str(mail), *actor, code=1)
    assert done["error"]["code"] == "step_not_open"
    assert "entrada 2" in done["error"]["message"]
    _record_third(shell, folio, screen, actor)
    _check_show_and_list(shell, folio, receipt)
    _check_ledger(shell, folio, vkey)
    _check_package(shell, folio, vkey, tmp_path)


def _record_third(shell: Shell, folio: str, screen: Path, actor: tuple[str, ...]) -> None:
    missing = shell.json("cases", "record", folio, "3", *actor, code=1)
    assert missing["error"]["code"] == "evidence_missing"
    third = shell.json(
        *("cases", "record", folio, "3", "--file", f"estatus={screen}", *actor),
        *("--occurred-at", "2099-03-04T09:30:00-06:00"),
        code=1,
    )
    assert third["error"]["code"] == "date_not_credible"
    third = shell.json("cases", "record", folio, "3", "--file", f"estatus={screen}", "--key", "k1", *actor)
    again = shell.json("cases", "record", folio, "3", "--file", f"estatus={screen}", "--key", "k1", *actor)
    assert third["leaf"] == again["leaf"]
    assert third["state"]["ticket"] == "Pendiente de atención"


def _check_show_and_list(shell: Shell, folio: str, receipt: Mapping[str, Any]) -> None:
    shown = shell.json("cases", "show", folio, "--json")
    wanted = {"folio", "process", "version", "state", "open_steps", "missing", "complete", "closed", "steps"}
    assert wanted | {"entries", "timers"} <= shown.keys()
    assert {"step", "status", "entries"} <= shown["steps"][0].keys()
    entry = shown["entries"][1]
    names = {"seq", "leaf", "kind", "step", "recorded_at", "occurred_at", "actor", "objects"}
    assert names <= entry.keys()
    assert (entry["leaf"], entry["kind"]) == (receipt["leaf"], "evidence.recorded")
    before = shell.json("cases", "show", folio, "--as-of", receipt["recorded_at"], "--json")
    assert before["state"]["ticket"] == ""
    assert [
        case["folio"] for case in shell.json("cases", "list", "--process", "MA-001", "--json")["cases"]
    ] == [folio]
    assert shell.json("cases", "rebuild")["differences"] == []
    assert shell.json("timers", "run")["fired"] == []


def _check_ledger(shell: Shell, folio: str, vkey: str) -> None:
    report = shell.json("ledger", "verify", "--full", "--json")
    assert (report["verdict"], report["findings"]) == ("valid", [])
    assert report["entries_checked"] == report["size"] >= 6
    note = shell.flask("ledger", "checkpoint")
    assert note.splitlines()[:2] == [ORIGIN, str(report["size"])]
    assert f"— {ORIGIN} " in note
    assert vkey.startswith(f"{ORIGIN}+")
    proof = shell.flask("ledger", "proof", folio, "2")
    assert proof.startswith("c2sp.org/tlog-proof@v1\n")
    assert proof.endswith(note)
    assert shell.json("ledger", "proof", folio, "99", code=1)["error"]["code"] == "unknown_entry"


def _check_package(shell: Shell, folio: str, vkey: str, folder: Path) -> None:
    package = folder / "paquete.zip"
    exported = shell.json("packages", "export", "--out", str(package), "--case", folio)
    assert (exported["cases"], exported["bytes"]) == (1, package.stat().st_size)
    verify = ("audit_exports.verify", str(package), "--json")
    good = shell.run(*verify, "--vkey", vkey)
    assert (good.returncode, json.loads(good.stdout)["verdict"]) == (0, "valid"), good.stderr
    assert shell.run(*verify).returncode == 2
    receipt = folder / "acuse.tlog-proof"
    receipt.write_text(shell.flask("packages", "receipt", str(exported["seq"])))
    proved = shell.run(*verify, "--vkey", vkey, "--receipt", str(receipt))
    assert (proved.returncode, json.loads(proved.stdout)["receipt"]) == (0, True), proved.stderr
    assert shell.json("packages", "receipt", "99", code=1)["error"]["code"] == "unknown_entry"
    content = bytearray(package.read_bytes())
    with zipfile.ZipFile(package) as archive:
        inside = next(item for item in archive.infolist() if "/entries/" in item.filename)
    place = content.index(inside.filename.encode()) + len(inside.filename) + 40
    content[place] ^= 1
    package.write_bytes(content)
    assert shell.run(*verify, "--vkey", vkey).returncode == 1
    nothing = shell.json("packages", "export", "--out", str(package), "--process", "MA-999", code=1)
    assert nothing["error"]["code"] == "export_nothing_in_scope"


def test_a_console_entry_says_so(shell: Shell) -> None:
    """The payload of what a command recorded names the console and the operating-system user."""
    shell.json("init", "--origin", ORIGIN)
    shell.json("users", "add", "--email", "a@desk.example", "--name", "Ana", "--role", "especialista")
    folio = shell.flask(
        "cases", "open", "MA-001", "--actor", "a@desk.example", "--data", json.dumps(OPENING)
    ).strip()
    code = (
        "import os, json; from web.settings import Settings; from web.wiring import House;"
        "house = House(Settings.from_env(os.environ));"
        f"row = house.ledger.history({folio!r})[0];"
        "print(json.dumps([row.entry.facts['via'], row.payload()['via']])); house.close()"
    )
    env = {**os.environ, "CONSTANCIA_DATA": str(shell.data)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    via, payload = json.loads(done.stdout)
    assert via == "console"
    assert payload["os_user"]


def test_before_inception_every_command_says_what_to_do(shell: Shell) -> None:
    """Exit 1, an error object with a code, and the advice; nothing is created."""
    for arguments in (
        ("users", "list"),
        ("cases", "list", "--json"),
        ("ledger", "verify", "--json"),
        ("db", "upgrade"),
        ("serve",),
        ("packages", "export", "--out", "x.zip"),
    ):
        error = shell.json(*arguments, code=1)["error"]
        assert error["code"] == "not_initialised"
        assert "flask init" in error["advice"]
    assert not shell.data.exists()


def test_bad_settings_are_all_told_and_exit_2(shell: Shell) -> None:
    """Before anything else, in plain words."""
    env = {"CONSTANCIA_MAX_UPLOAD_MB": "lots", "CONSTANCIA_TZ": "Nowhere"}
    done = shell.run("flask", "users", "list", env=env)
    assert done.returncode == 2
    assert "CONSTANCIA_MAX_UPLOAD_MB" in done.stderr
    assert "CONSTANCIA_TZ" in done.stderr
    assert "Traceback" not in done.stderr
