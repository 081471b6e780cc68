"""The keys of an installation in one encrypted file: age (C2SP) under a passphrase, with a small tar inside.

``age -d keys.age | tar x`` opens it without this program. Inside: ``keys/…`` as in the data directory, and
``secrets.env`` with the log's name and the installation's secret, without which second factors and waiting secrets
could not be read again.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from web.masterkey import MASTER, master_text
from web.readiness import HouseError
from web.settings import PREFIX, Settings

SECRETS = "secrets.env"
SHORTEST = 12
_KEYS = ("log.key", "log.retired", "seal.key", "seal.pem", "seal-root.key", "master.key")
_LARGEST = 1 << 20


def lock_keys(settings: Settings, passphrase: str) -> bytes:
    """The encrypted file.

    Raises:
        HouseError: ``passphrase_short``.
    """
    _check(passphrase)
    import pyrage  # type: ignore[import-untyped]  # noqa: PLC0415 - compiled, for one command; publishes no types

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in _files(settings).items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600
            tar.addfile(info, io.BytesIO(data))
    return bytes(pyrage.passphrase.encrypt(content.getvalue(), passphrase))


def unlock_keys(locked: bytes, passphrase: str) -> Mapping[str, bytes]:
    """The files inside, by name.

    Raises:
        HouseError: ``passphrase_wrong``: it opens nothing, or what it opens is no such file.
    """
    import pyrage  # noqa: PLC0415 - see above

    try:
        content = bytes(pyrage.passphrase.decrypt(locked, passphrase))
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            return {item.name: _read(tar, item) for item in tar}
    except (pyrage.DecryptError, tarfile.TarError, ValueError) as error:
        raise HouseError("passphrase_wrong") from error


def secrets_of(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """The settings in ``secrets.env``, by full name."""
    lines = files.get(SECRETS, b"").decode().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _read(tar: tarfile.TarFile, item: tarfile.TarInfo) -> bytes:
    known = {SECRETS, *(f"keys/{name}" for name in _KEYS)}
    stream = tar.extractfile(item) if item.isreg() and item.size <= _LARGEST and item.name in known else None
    if stream is None:
        raise ValueError("no file of keys")
    return stream.read()


def _files(settings: Settings) -> Mapping[str, bytes]:
    folder = settings.key_file.parent
    found = {f"keys/{name}": folder / name for name in _KEYS}
    files = {name: Path(path).read_bytes() for name, path in found.items() if path.is_file()}
    master = master_text(settings)
    if master is not None:  # wherever it comes from: without it what the backup holds cannot be read
        files[f"keys/{MASTER}"] = master.encode()
    told = f"{PREFIX}ORIGIN={settings.origin}\n{PREFIX}SECRET_KEY={settings.secret_key}\n"
    return {**files, SECRETS: told.encode()}


def _check(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise HouseError("passphrase_short", minimum=SHORTEST)
