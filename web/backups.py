"""Backups and their restoration as an installation needs them: stores, guard, keys, settings, proposals together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.entry import format_time
from evidence.findings import Report
from evidence.keyring import Keyring, read_keyring
from evidence.note import MalformedKey, NoteError
from evidence.ports import RolledBack, StoreError
from evidence.proofs import head_of
from evidence.publisher import check_not_behind, restore_guard
from web.errors import answer_for
from web.inception import settle, write_private, write_settings
from web.keysafe import lock_keys, secrets_of, unlock_keys
from web.masterkey import master_source
from web.releases import proposals
from web.settings import PREFIX, SETTINGS_FILE, Settings
from web.wiring import (
    Backup,
    BackupReport,
    Beside,
    House,
    HouseError,
    MovingRefused,
    now,
    open_backup,
    restore_backup,
    restore_target,
    write_backup,
)

KEY_NAMES = (
    "keys/log.key",
    "keys/log.retired",
    "keys/seal.pem",
    "keys/seal-root.key",
    "keys/seal.key",
    "keys/master.key",
)
"""In the order they are written: a seal's key without its certificate would be of no use."""


def back_up(house: House, out: Path, *, objects: bool, passphrase: str | None) -> tuple[BackupReport, str]:
    """Write a backup of the running installation; gives the code of what keeps the log from being signed, or ``""``.

    Raises:
        HouseError: what `web.wiring.write_backup` refuses, and ``passphrase_short``.
    """
    unsigned = _settled(house)
    beside = Beside(
        created_at=format_time(house.clock()),
        guard=house.guard.last(),
        definitions=_proposals(house.settings.definitions),
        keys=lock_keys(house.settings, passphrase) if passphrase is not None else None,
        objects=objects,
    )
    with refusals():
        return write_backup(house.engine, house.stored, out, beside), unsigned


@dataclass(frozen=True, slots=True)
class Restored:
    """``report`` is the full verification; ``signing`` the code of what keeps the log from being signed, or ``""``."""

    report: Report
    signing: str
    created_at: str
    keys: str
    secret_kept: bool


def bring_back(
    settings: Settings,
    file: Path,
    env: Mapping[str, str],
    *,
    passphrase: Callable[[], str],
    note: bytes | None,
    make: Callable[[Settings], House] = House,
) -> Restored:
    """Restore ``file`` into the empty installation that the environment describes.

    Args:
        settings: of the installation to be.
        file: the backup.
        env: what was set, as `flask init` keeps it.
        passphrase: asked when the keys come out of the backup.
        note: the newest checkpoint known from outside, for an empty guard; ``None``: the guard stays as it is.
        make: opens the house.

    Raises:
        HouseError: the restoration is refused; the installation is as empty as before.
    """
    with refusals(), open_backup(file) as backup:
        origin = backup.contents.origin
        if settings.origin and settings.origin != origin:
            raise HouseError("log_exists", origin=settings.origin)
        _no_half_settings(settings)
        found = _keys(settings, backup, passphrase)
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = restore_target(settings, now, master_source(settings, found.files))
        report = restore_backup(backup, target, found.ring.verifiers)
        secret = settings.secret_key or found.secrets.get(f"{PREFIX}SECRET_KEY", "")
        whole = _complete(replace(settings, origin=origin, secret_key=secret), backup, found, env)
        created = str(backup.contents.manifest["created_at"])
    house = make(whole)
    try:
        signing = _signing(house, note)
    finally:
        house.close()
    return Restored(report, signing, created, found.where, bool(secret))


def _no_half_settings(settings: Settings) -> None:
    """A settings file that was put back is never written over, so it must have what only it can have."""
    file = settings.data / SETTINGS_FILE
    if file.exists() and not (settings.origin and settings.secret_key):
        raise HouseError("not_allowed_here", detail=f"{file}: {PREFIX}ORIGIN, {PREFIX}SECRET_KEY")


@dataclass(frozen=True, slots=True)
class _Keys:
    ring: Keyring
    files: Mapping[str, bytes]
    secrets: Mapping[str, str]
    where: str


def _keys(settings: Settings, backup: Backup, passphrase: Callable[[], str]) -> _Keys:
    """The keys in the data directory, where somebody put them back; else those of the backup."""
    if settings.key_file.is_file():
        retired = settings.key_file.with_name("log.retired")
        text = retired.read_text(encoding="ascii") if retired.is_file() else ""
        return _Keys(_ring(settings.key_file.read_text(encoding="ascii"), text, backup), {}, {}, "data")
    locked = backup.member("keys.age")
    if locked is None:
        raise HouseError("restore_keyless", file=str(settings.key_file))
    files = unlock_keys(locked, passphrase())
    signing, retired_keys = files.get("keys/log.key", b""), files.get("keys/log.retired", b"")
    ring = _ring(signing.decode("ascii"), retired_keys.decode("ascii"), backup)
    return _Keys(ring, files, secrets_of(files), "backup")


def _ring(signing: str, retired: str, backup: Backup) -> Keyring:
    try:
        ring = read_keyring(signing, retired)
    except MalformedKey as error:
        raise HouseError("restore_keyless", file="keys/log.key") from error
    if ring.current.name != backup.contents.origin:
        raise HouseError("log_exists", origin=ring.current.name)
    return ring


def _complete(settings: Settings, backup: Backup, found: _Keys, env: Mapping[str, str]) -> Settings:
    """Keys, proposals and, last, the settings file: from then on there is an installation."""
    for name in KEY_NAMES:
        path = settings.data / name
        if name in found.files and not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_private(path, found.files[name].decode("ascii"))
    for name, data in backup.definitions():
        path = settings.data / "definitions" / name
        if not path.exists() and path.resolve().is_relative_to((settings.data / "definitions").resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    settings.staging.mkdir(mode=0o700, exist_ok=True)
    whole = replace(settings, secret_key=settings.secret_key or secrets.token_urlsafe(48))
    write_settings(settings.data / SETTINGS_FILE, whole, env)
    return whole


def _signing(house: House, note: bytes | None) -> str:
    """Whether the log can be signed here; the guard outside has the last word."""
    if note is not None and house.guard.last() is None:
        try:
            restore_guard(house.ledger, house.guard, note, house.vkeys)
        except NoteError as error:
            raise HouseError("not_a_checkpoint", detail=str(error)) from error
        except RolledBack as error:
            return _code(error)
    try:
        check_not_behind(house.ledger, house.guard.last(), head_of(house.ledger))
    except RolledBack as error:
        return _code(error)
    return _settled(house)


def _settled(house: House) -> str:
    try:
        settle(house)
    except (StoreError, HouseError) as error:
        return _code(error)
    return ""


def _code(error: Exception) -> str:
    answer = answer_for(error)
    return answer.code if answer is not None else type(error).__name__


def _proposals(folder: Path | None) -> Mapping[str, bytes]:
    return {f"{item.process.lower()}/{item.version}.toml": item.source for item in proposals(folder)}


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what storage refuses into the house's own word for it."""
    try:
        yield
    except MovingRefused as error:
        raise HouseError(error.code, **error.fields) from error
