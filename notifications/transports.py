"""Ways by which a mail leaves: a server that speaks SMTP, or a folder of the data directory.

What may go wrong is of three kinds, and who sends must tell them apart: the server did not take it and may later
(`NotNow`), will not ever (`Refused`), or nobody knows (`InDoubt`: the mail was handed over and no answer came).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

_NAME = re.compile(r"<([0-9a-z]+)@[^>]+>")


class TransportError(Exception):
    """A mail was not taken; ``detail`` is what the other side said, one line."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class NotNow(TransportError):
    """Not taken, may be tried again: no connection, or an answer of the 400s."""


class Refused(TransportError):
    """Not taken, and trying again would change nothing: an answer of the 500s."""


class InDoubt(TransportError):
    """Handed over, and the connection died before the answer: the server may have taken it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail's bytes with whom they go from and to, which the server is told apart from the headers."""

    sender: str
    to: tuple[str, ...]
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The server's answer when it took the mail, and recipients it did not take it for, each with why."""

    answer: str
    refused: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """A way out."""

    def deliver(self, mail: Envelope, handing: Callable[[], None]) -> Taken:
        """Hand the mail over.

        Args:
            mail: what and to whom.
            handing: called once, when everything before has gone well and the other side may take the mail from then
                on; what it raises ends the delivery, and nothing was handed.

        Raises:
            NotNow, Refused, InDoubt.
        """
        ...

    def seen(self, message_id: str) -> bool | None:
        """Whether the other side has that mail; ``None`` where it cannot be asked."""
        ...


class FolderTransport:
    """Mails as ``.eml`` files in a folder only its owner can read: whole or not there, and never twice.

    A file holds the mail as it would have left, secret links included: it *is* the mail. Hence mode 600 in a folder of
    mode 700, outside of every backup of the database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, mail: Envelope, handing: Callable[[], None]) -> Taken:
        """See the port. A file of that name is this very mail, delivered before."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = self._path(mail.message_id)
            handing()
            if not target.exists():
                self._write(target, mail.content)
        except OSError as error:
            raise NotNow("folder", f"{type(error).__name__}: {error.strerror or error}") from error
        return Taken("")

    def seen(self, message_id: str) -> bool | None:
        """Whether the file is there."""
        return self._path(message_id).exists()

    def read(self, message_id: str) -> bytes | None:
        """The mail's bytes, ``None`` for one that is not there."""
        try:
            return self._path(message_id).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, message_id: str) -> Path:
        match = _NAME.fullmatch(message_id)
        if match is None:
            raise ValueError("not a Message-ID of this house")
        return self._folder / f"{match.group(1)}.eml"

    def _write(self, target: Path, content: bytes) -> None:
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
