"""Where the master key comes from: a file, the environment, a command that prints it, or a program that keeps it.

The last never gives it away: it is asked for each key of a case (`storage.ciphers.remote`), as JSON over the standard
input and output of a process that is started without a shell for each question.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence

from evidence.atrest import KeysUnavailable
from evidence.canonical import Json
from web.settings import PREFIX, Settings

MASTER = "master.key"
KEYS_MASTER = f"keys/{MASTER}"
"""Its name among the keys that a backup holds."""
SECONDS = 30
UNWRAP_SECONDS = 10
LARGEST = 1 << 16
Asking = Callable[[Mapping[str, Json]], Mapping[str, Json]]


def master_text(settings: Settings) -> str | None:
    """The text of the master key, ``None`` where there is none, or where it is somebody else's to keep.

    Raises:
        KeysUnavailable: the file cannot be read, or the command fails; what it printed is told to nobody.
    """
    if settings.master_key:
        return settings.master_key
    if settings.master_key_unwrap:
        return None
    if settings.master_key_command:
        return _printed(settings.master_key_command)
    try:
        return settings.master_file.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeysUnavailable(f"the master key file cannot be read: {type(error).__name__}") from error


def master_source(
    settings: Settings, files: Mapping[str, bytes] | None = None
) -> Callable[[], str | Asking | None]:
    """What gives the master key's text when it is needed, or how to ask who keeps it.

    From where the settings say, else from a backup's keys.
    """
    if settings.master_key_unwrap:
        command = shlex.split(settings.master_key_unwrap)
        return lambda: lambda question: asked(command, question)
    printed: list[str | None] = []  # a command is run once a process: it may cost a call to a key service

    def found() -> str | None:
        if not (settings.master_key_command and printed):
            printed[:] = [master_text(settings)]
        text = printed[0]
        if text is None and files and KEYS_MASTER in files:
            return files[KEYS_MASTER].decode("ascii")
        return text

    return found


def asked(command: Sequence[str], question: Mapping[str, Json]) -> Mapping[str, Json]:
    """One question to who keeps the master key.

    Raises:
        KeysUnavailable: it did not answer in `UNWRAP_SECONDS`, or nothing that could be read. What it printed is told
            to nobody.
    """
    name = f"{PREFIX}MASTER_KEY_UNWRAP"
    said = json.dumps(question).encode("ascii")
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own setting, and no shell
            command, input=said, capture_output=True, timeout=UNWRAP_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KeysUnavailable(f"{name}: {type(error).__name__}") from error
    if done.returncode:
        raise KeysUnavailable(f"{name} ended with {done.returncode}")
    try:
        answer = json.loads(done.stdout) if len(done.stdout) <= LARGEST else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise KeysUnavailable(f"{name} answered nothing that could be read")
    return answer


def _printed(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own setting, and no shell
            shlex.split(command), capture_output=True, timeout=SECONDS, check=False
        )
        text = done.stdout.decode("ascii")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise KeysUnavailable(f"{PREFIX}MASTER_KEY_COMMAND: {type(error).__name__}") from error
    if done.returncode:
        raise KeysUnavailable(f"{PREFIX}MASTER_KEY_COMMAND ended with {done.returncode}")
    return text
