"""Moving an installation to other stores, whole: objects, rows, guard, keys and drafts, verified before it counts.

`transfer` may be interrupted anywhere and run again: what is done is recognised. The order makes two living logs
impossible: the source is shut before its rows are read, its guard before the target's knows anything, and the target
has its settings file last.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.canonical import Json
from evidence.entry import format_time
from evidence.findings import Report
from web.backups import KEY_NAMES, refusals
from web.inception import settle, write_private, write_settings
from web.settings import PREFIX, SETTINGS_FILE, Settings, file_values
from web.wiring import House, HouseError, moving, object_store

JOURNAL = "transfer.json"


@dataclass(frozen=True, slots=True)
class Transferred:
    """``rows`` by table, and what the full verification said of the target."""

    rows: Mapping[str, int]
    report: Report


def transfer(
    source: House, env_file: Path, told: Callable[[str], None], make: Callable[[Settings], House] = House
) -> Transferred:
    """Move the installation of ``source`` to the one that ``env_file`` describes; ``told`` hears of each stage.

    Raises:
        HouseError: it is refused, ``transfer_source`` where the source is not on SQLite; up to the last stage the
            source can be taken back by `abandon`.
        StoreUnavailable: run it again when the stores answer.
    """
    _embedded(source)
    env = _environment(env_file)
    wanted = _target_settings(source.settings, env)
    journal = Journal(source.settings.data / JOURNAL, wanted)
    journal.check()
    wanted.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with refusals():
        target = make(wanted)
        try:
            return _moved(source, target, journal, env, told)
        finally:
            target.close()


def abandon(source: House) -> None:
    """Take a source back into service whose move was given up.

    Raises:
        HouseError: ``transfer_source``, or ``transfer_done``: the other installation may have been at work since.
    """
    _embedded(source)
    journal = source.settings.data / JOURNAL
    if journal.exists() and json.loads(journal.read_text())["state"] in {"handing", "done"}:
        raise HouseError("transfer_done")
    moving.reopen(source.engine)
    journal.unlink(missing_ok=True)


def _embedded(source: House) -> None:
    """Only SQLite is shut by its own means; another database has its own ways to be moved."""
    if not source.settings.database.startswith("sqlite:"):
        raise HouseError("transfer_source")


class Journal:
    """What a move has come to, in the source's data directory: a second one to another place is refused."""

    def __init__(self, path: Path, target: Settings) -> None:
        self._path = path
        self._to = (
            f"{target.database.rpartition('@')[2]} {target.s3_endpoint}/{target.s3_bucket} {target.data}"
        )

    def check(self) -> None:
        """Refuse a target other than the one that was begun."""
        if self._path.exists():
            found = json.loads(self._path.read_text())
            if found["to"] != self._to:
                raise HouseError("transfer_elsewhere", detail=str(found["to"]))

    def write(self, state: str, at: str) -> None:
        """Keep how far it is, durably."""
        part = self._path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as stream:
            json.dump({"to": self._to, "state": state, "at": at}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self._path)


def _moved(
    source: House, target: House, journal: Journal, env: Mapping[str, str], told: Callable[[str], None]
) -> Transferred:
    def stage(state: str, words: str) -> None:
        journal.write(state, format_time(source.clock()))
        told(words)

    there = object_store(target.settings, target.clock)
    if not moving.is_shut(source.engine):
        stage("objects", "copying objects; people may go on working")
        moving.copy_objects(source.engine, source.stored, there)
        settle(source)
        moving.shut(source.engine)
    stage("shut", "the source can only be read now; copying what came since, and the rows")
    moves = moving.copy_objects(source.engine, source.stored, there)
    rows = moving.copy_rows(source.engine, target.engine, moves)
    told("verifying everything where it lies now")
    keys = source.case_keys.elsewhere(target.engine)
    report = moving.verify_there(
        target.engine, there, source.settings.origin, source.vkeys, source.clock, keys
    )
    stage("handing", "handing over guard, keys and drafts")
    _hand_over(source, target)
    _private_files(source.settings, target.settings, env)
    stage("done", "done: start the services with the new environment")
    return Transferred(rows, report)


def _hand_over(source: House, target: House) -> None:
    """The source's guard is shut before the target's knows the head: never do two let something be signed."""
    head = source.guard.last()
    if head is None or _same_guard(source.settings, target.settings):
        return
    moving.shut_guard(source.guard.engine)
    kept = target.guard.last()
    if kept != head and (kept is not None or not target.guard.advance(None, head)):
        raise HouseError("guard_kept", size=kept[0] if kept else 0)


def _same_guard(source: Settings, target: Settings) -> bool:
    return source.guard_url == target.guard_url and (bool(source.guard_url) or source.data == target.data)


def _private_files(source: Settings, target: Settings, env: Mapping[str, str]) -> None:
    """Keys, drafts' files and, last, the settings file: from then on the target is an installation."""
    if source.data == target.data:
        return
    for name in KEY_NAMES:
        path = target.data / name
        if (source.data / name).is_file() and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, (source.data / name).read_text(encoding="ascii"))
    if source.staging.is_dir():
        shutil.copytree(source.staging, target.staging, dirs_exist_ok=True)
    target.staging.mkdir(mode=0o700, exist_ok=True)
    write_settings(target.data / SETTINGS_FILE, target, env)


def _environment(file: Path) -> dict[str, str]:
    problems: list[str] = []
    values = file_values(file, problems)
    if problems or not values.get(f"{PREFIX}DATA"):
        raise HouseError("transfer_env", detail="; ".join(problems) or f"{PREFIX}DATA")
    return values


def _target_settings(source: Settings, env: Mapping[str, str]) -> Settings:
    target = Settings.from_env(env)
    mine: dict[str, Json] = {"origin": source.origin, "secret_key": source.secret_key}
    other = [name for name, value in mine.items() if getattr(target, name) not in {"", value}]
    if other:
        raise HouseError("transfer_env", detail=", ".join(f"{PREFIX}{name.upper()}" for name in other))
    if target.database == source.database:
        raise HouseError("transfer_env", detail=f"{PREFIX}DATABASE_URL")
    return replace(target, origin=source.origin, secret_key=source.secret_key)
