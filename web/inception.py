"""The beginning of an installation: directory, keys, secret, log and definitions. Explicit, once, and safe to repeat.

The settings file is written last: an installation counts as initialised only when everything before is in place, and an
interrupted inception is completed by running it again.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from evidence.atrest import KeysUnavailable
from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry
from evidence.keyring import LEDGER_CASE
from evidence.note import MalformedKey, SigningKey
from evidence.ports import Composition
from web.masterkey import master_text
from web.releases import proposals, publish, registry_of, releases, unreleased
from web.sealtelling import tell_seal_if_any
from web.settings import PREFIX, SEAL_ROOT_KEY_FILE, SETTINGS_FILE, SPECS, Settings
from web.wiring import House, HouseError, WrongLog, log_begun, start_log, upgrade

LOG = logging.getLogger(__name__)


def initialise(
    settings: Settings,
    origin: str,
    env: Mapping[str, str],
    os_user: str,
    make: Callable[[Settings], House] = House,
) -> House:
    """Begin the log ``origin`` in the data directory, or complete an interrupted beginning.

    Raises:
        HouseError: ``log_exists`` when another log, or an older life of this one, has been here; ``key_missing`` when
            its key has gone since;
            ``not_allowed_here`` when the name cannot be a log's.
        StoreUnavailable: database or object store do not answer.
    """
    if settings.origin and settings.origin != origin:
        raise HouseError("log_exists", origin=settings.origin)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.staging.mkdir(mode=0o700, exist_ok=True)
    secret = settings.secret_key or secrets.token_urlsafe(48)
    house = make(replace(settings, origin=origin, secret_key=secret))
    upgrade(house.engine)
    _no_second_key(house)
    _key(settings.key_file, origin)
    make_seal_files(house.settings, house.clock())
    make_master_key(house)
    _start(house)
    _log_started(house, os_user)
    if problem := tell_seal_if_any(house, os_user):
        LOG.warning("the seal of letters is not told: %s", problem)
    publish_definitions(house, os_user)
    settle(house)
    write_settings(settings.data / SETTINGS_FILE, house.settings, env)
    return house


def publish_definitions(house: House, os_user: str) -> list[str]:
    """Seal every definition of the program and of the installation that the log does not know; returns their labels.

    They are in force for houses opened from now on.

    Raises:
        web.releases.DefinitionsUnfit: the installation's own files cannot be released; nothing was.
    """
    own = proposals(house.settings.definitions)
    registry = registry_of(house.ledger, house.blobs)
    published = [release.digest for release in releases(house.ledger)]
    waiting = unreleased(registry, published, own)
    return publish(house.ledger, house.blobs, waiting, _via(os_user))


def make_seal_files(settings: Settings, now: datetime) -> bool:
    """A seal for signed letters, unless one is there or configured; whether one was made.

    The chain is written first: a key without its certificate would be of no use, and is what says that all is there.
    """
    if settings.seal_pkcs12 or settings.seal_pkcs11 or settings.seal_key_file.exists():
        return False
    from signing.sealkeys import make_seal  # noqa: PLC0415 - only needed when one is made

    made = make_seal(settings.origin, now)
    settings.seal_chain_file.unlink(missing_ok=True)
    root_key = settings.data / SEAL_ROOT_KEY_FILE
    root_key.unlink(missing_ok=True)
    write_private(settings.seal_chain_file, made.chain)
    write_private(root_key, made.root_key)
    write_private(settings.seal_key_file, made.key)
    return True


def make_master_key(house: House) -> bool:
    """A master key for the keys of cases, unless there is one or encryption is off; whether one was made.

    Raises:
        HouseError: ``master_key_missing``: keys of cases are there already, and only their own master key opens them.
    """
    settings = house.settings
    if not settings.encryption or settings.master_key_unwrap or master_text(settings) is not None:
        return False
    try:
        house.case_keys.active()
    except KeysUnavailable as error:
        raise HouseError("master_key_missing", file=str(settings.master_file)) from error
    settings.master_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(settings.master_file, house.case_keys.new_master())
    house.case_keys.look_again()
    return True


def renew_seal_files(settings: Settings, now: datetime) -> list[Path]:
    """A new seal under the authority made here; returns where the former key and chain were put.

    Raises:
        HouseError: ``seal_unusable``: the seal is configured elsewhere, or the authority's key is not here.
    """
    root_key = settings.data / SEAL_ROOT_KEY_FILE
    if settings.seal_pkcs12 or settings.seal_pkcs11:
        raise HouseError("seal_unusable", detail="the seal is not one made here")
    from signing.sealkeys import renew_seal  # noqa: PLC0415 - as above

    try:
        chain = settings.seal_chain_file.read_bytes()
        made = renew_seal(chain, root_key.read_bytes(), settings.origin, now)
    except (OSError, ValueError) as error:
        raise HouseError("seal_unusable", detail=str(error)) from error
    kept = []
    for path in (settings.seal_key_file, settings.seal_chain_file):
        former = path.with_name(f"{path.stem}-until-{now:%Y%m%dT%H%M%SZ}{path.suffix}")
        path.rename(former)
        kept.append(former)
    write_private(settings.seal_chain_file, made.chain)
    write_private(settings.seal_key_file, made.key)
    return kept


def settle(house: House) -> bytes | None:
    """Give every entry its index, sign the head and copy the note; returns the note if there is a new one."""
    note = sign(house)
    return house.publisher.copy() or note


def sign(house: House) -> bytes | None:
    """Give every entry its index and sign the head, which needs the database alone; the note if there is a new one."""
    while house.ledger.sequence():
        pass
    return house.publisher.sign()


def _no_second_key(house: House) -> None:
    """A log that has begun has its key: another one under the same name would disown everything signed before."""
    file = house.settings.key_file
    if not file.exists() and (house.guard.last() is not None or log_begun(house.engine)):
        raise HouseError("key_missing", file=str(file))


def _start(house: House) -> None:
    """Never an empty log over an existing guard: that is how a past would be forgotten."""
    signed = house.guard.last()
    if signed is not None:
        try:
            size = house.ledger.tree_size()
        except WrongLog as error:
            raise HouseError("log_exists", origin=house.settings.origin) from error
        if size < signed[0]:
            raise HouseError("rolled_back", signed=signed[0], found=size)
        return
    try:
        start_log(house.engine, house.settings.origin)
    except WrongLog as error:
        raise HouseError("log_exists", origin=house.settings.origin) from error


def _log_started(house: House, os_user: str) -> None:
    facts: dict[str, Json] = {"vkey": house.vkey.text, "via": "console"}
    draft = EntryDraft(
        actor=SYSTEM, role=SYSTEM, kind=EntryKind.LOG_STARTED, facts=facts, payload={"via": _via(os_user)}
    )
    _append(house, LEDGER_CASE, draft, "log.started")


def _append(house: House, case: str, draft: EntryDraft, key: str) -> None:
    def compose(_history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft,))

    house.ledger.append(case, compose, idempotency_key=key, request_digest=key)


def _via(os_user: str) -> dict[str, Json]:
    return {"channel": "console", "os_user": os_user}


def _key(path: Path, origin: str) -> None:
    try:
        fresh = SigningKey.generate(origin)
    except MalformedKey as error:
        raise HouseError("not_allowed_here", detail=f"--origin {origin}") from error
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        write_private(path, fresh.text + "\n")
    except FileExistsError:
        kept = SigningKey.from_text(path.read_text(encoding="ascii").strip())
        if kept.name != origin:
            raise HouseError("log_exists", origin=kept.name) from None


def write_settings(path: Path, settings: Settings, env: Mapping[str, str]) -> None:
    """Keep the log's name, its secret and what the environment said; an existing file stays as it is."""
    if path.exists():
        return
    given = {
        PREFIX + spec.name: env[PREFIX + spec.name]
        for spec in SPECS
        if spec.name not in {"DATA", "MASTER_KEY"} and env.get(PREFIX + spec.name)
    }
    given |= {PREFIX + "ORIGIN": settings.origin, PREFIX + "SECRET_KEY": settings.secret_key}
    lines = ["# Written by `flask init`. The environment wins over this file, variable by variable."]
    lines += [f"{name}={value}" for name, value in sorted(given.items())]
    write_private(path, "\n".join(lines) + "\n")


def write_private(path: Path, text: str) -> None:
    """Create a file only its owner can read, durably and whole: raises ``FileExistsError`` rather than replace one."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(part, path)  # unlike a rename, a link never replaces
    finally:
        part.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
