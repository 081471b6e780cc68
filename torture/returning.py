"""A backup taken under load, its restoration, and the guard that refuses to sign what was rolled back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.servers.processes import free_ports
from torture.aftermath import marked, run_flask
from torture.blow import Blow
from torture.clients import Told
from torture.servers import Web, ask
from web.settings import Settings
from web.wiring import House

_NOTICED_SECONDS = 90
_WRITTEN_BEFORE = 50


def backed_up_and_rolled_back(blow: Blow) -> None:
    """A backup is taken while people write, restored elsewhere and verified; with the guard of now it is not signed."""
    while len(blow.crowd.journal.acknowledged) < _WRITTEN_BEFORE:
        blow.pause(0.1)
    before = tuple(blow.crowd.journal.acknowledged)
    file = blow.place.folder / "backup.tar"
    saved = _done(blow, "backup", blow.place.env, "backup", "--out", str(file))
    later = len(blow.crowd.journal.acknowledged) - len(before)
    env = blow.place.elsewhere()
    restored = _done(blow, "restore", env, "restore", str(file))
    blow.expect(restored.get("verdict") == "valid", f"the restored log is {restored.get('verdict')}")
    house = House(Settings.from_env(env))
    try:
        _all_there(blow, house, before)
        _not_signed(blow, house, env, int(saved.get("size", 0)))
    finally:
        house.close()
    shutil.rmtree(env["CONSTANCIA_DATA"])
    file.unlink()
    blow.notes.append(
        f"backup of {saved.get('entries')} entries while {later} more were acknowledged; all {len(before)} "
        f"acknowledged before it are in the restored log, {restored.get('verdict')}; rolled_back: nothing signed"
    )


def _done(blow: Blow, what: str, env: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    told = run_flask(env, *arguments)
    blow.expect(
        told.returncode == 0, f"{what}: exit {told.returncode} {told.stdout[-200:]} {told.stderr[-300:]}"
    )
    answer = json.loads(told.stdout or "{}")
    assert isinstance(answer, dict)
    return answer


def _all_there(blow: Blow, house: House, before: tuple[Told, ...]) -> None:
    """What was acknowledged before the backup began is in it, once."""
    where = marked(house)
    for told in before:
        count = len(where.get(told.mark, []))
        blow.expect(count == 1, f"acknowledged before the backup, {told.mark} is in it {count} times")


def _not_signed(blow: Blow, house: House, env: Mapping[str, str], size: int) -> None:
    """Served beside the guard of the log that went on, it says ``rolled_back``, and signs nothing."""
    here, there = Path(blow.place.env["CONSTANCIA_DATA"]), Path(env["CONSTANCIA_DATA"])
    _grown(blow, size)
    for old in there.glob("guard.sqlite3*"):
        old.unlink()
    with (
        closing(sqlite3.connect(here / "guard.sqlite3")) as now,
        closing(sqlite3.connect(there / "guard.sqlite3")) as copy,
    ):
        now.backup(copy)
    signed = house.ledger.latest_checkpoint()
    (port,) = free_ports(1)
    web = Web(env, port, blow.place.folder / "web-elsewhere.log", workers=1)
    web.start(wait=False)
    try:
        blow.expect(_says_rolled_back(port), "a rolled-back log was not noticed")
    finally:
        web.end()
    blow.expect(house.ledger.latest_checkpoint() == signed, "a rolled-back log was signed")


def _grown(blow: Blow, size: int) -> None:
    """The log went on, and was signed, since the backup."""
    house = House(Settings.from_env(blow.place.env))
    limit = time.monotonic() + _NOTICED_SECONDS
    try:
        while time.monotonic() < limit:
            last = house.guard.last()
            if last is not None and last[0] > size:
                return
            time.sleep(0.2)
    finally:
        house.close()
    blow.wrong.append("the log was not signed after the backup")


def _says_rolled_back(port: int) -> bool:
    limit = time.monotonic() + _NOTICED_SECONDS
    while time.monotonic() < limit:
        status, told = ask(port, "/readyz")
        parts = told.get("parts")
        if isinstance(parts, dict) and parts.get("steward.publish", {}).get("code") == "rolled_back":
            return status == 503
        time.sleep(0.5)
    return False
