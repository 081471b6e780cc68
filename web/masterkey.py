"""Where the master key comes from: a file, the environment, or a command such as the client of a key service."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping

from evidence.atrest import KeysUnavailable
from web.settings import PREFIX, Settings

MASTER = "master.key"
KEYS_MASTER = f"keys/{MASTER}"
"""Its name among the keys that a backup holds."""
SECONDS = 30


def master_text(settings: Settings) -> str | None:
    """The text of the master key, ``None`` where there is none.

    Raises:
        KeysUnavailable: the file cannot be read, or the command fails; what it printed is told to nobody.
    """
    if settings.master_key:
        return settings.master_key
    if settings.master_key_command:
        return _printed(settings.master_key_command)
    try:
        return settings.master_file.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeysUnavailable(f"the master key file cannot be read: {type(error).__name__}") from error


def master_source(settings: Settings, files: Mapping[str, bytes] | None = None) -> Callable[[], str | None]:
    """What gives the master key's text when it is needed: from where the settings say, else from a backup's keys."""
    printed: list[str | None] = []  # a command is run once a process: it may cost a call to a key service

    def found() -> str | None:
        if not (settings.master_key_command and printed):
            printed[:] = [master_text(settings)]
        text = printed[0]
        if text is None and files and KEYS_MASTER in files:
            return files[KEYS_MASTER].decode("ascii")
        return text

    return found


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
