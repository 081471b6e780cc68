"""Asking an antivirus about a file before anything of ours reads it: clamd, by its own protocol, where one is named.

Fails shut: what was not judged is not taken. No word of it within `PATIENCE`, an error of its own, or a file larger
than it accepts are `ScannerSilent`, and the same upload may be tried again.
"""

from __future__ import annotations

import socket
from typing import BinaryIO, Protocol

from evidence.ports import StoreUnavailable

PATIENCE = 30.0
"""Seconds for one answer of clamd; its own limit for one file is shorter."""
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4_096


class ScannerSilent(StoreUnavailable):
    """The antivirus did not say whether a file is good; nothing was taken, and it may be tried again."""


class Scanner(Protocol):
    """Says what is known against a file."""

    def scan(self, stream: BinaryIO) -> str:
        """The name of what was recognised, ``""`` for a file nothing is known against. Reads from the start.

        Raises:
            ScannerSilent: no judgement was had.
        """
        ...


class Clamd:
    """clamd at ``host:port``, or at the path of its socket. Thread-safe: a connection for each file."""

    def __init__(self, address: str, *, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience

    def scan(self, stream: BinaryIO) -> str:
        """See `Scanner`: INSTREAM, so that clamd needs to see none of our files."""
        stream.seek(0)
        try:
            with self._connected() as connection:
                connection.sendall(b"zINSTREAM\0")
                while chunk := stream.read(_CHUNK):
                    connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
                connection.sendall(bytes(4))
                return _verdict(_answer(connection))
        except OSError as error:
            raise ScannerSilent(f"the antivirus does not answer: {type(error).__name__}") from error
        finally:
            stream.seek(0)

    def _connected(self) -> socket.socket:
        if self._address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._patience)
            try:
                connection.connect(self._address)
            except OSError:
                connection.close()
                raise
            return connection
        host, _, port = self._address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), self._patience)


def _answer(connection: socket.socket) -> bytes:
    """What it says, up to the zero that ends it."""
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return said


def _verdict(said: bytes) -> str:
    """``stream: OK``, ``stream: NAME FOUND``; whatever else is said is no judgement."""
    text = said.rstrip(b"\0\n").decode("utf-8", "replace")
    if not said.endswith(b"\0"):
        raise ScannerSilent("the antivirus broke off")
    if text == "stream: OK":
        return ""
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        return text.removeprefix("stream: ").removesuffix(" FOUND")[:120]
    raise ScannerSilent("the antivirus gave no judgement")
