"""The witness behind HTTP: one method, small bodies, no state of its own."""

from __future__ import annotations

import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from evidence.note import VerifierKey
from witness.protocol import MAX_BODY_BYTES, PATH
from witness.witness import TEXT_MEDIA, Refused, Witness

LOG = logging.getLogger("witness")


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness. ``GET /`` tells its verifier key, for a policy file."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, key: VerifierKey) -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self.key = key


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 10  # a slow client holds one thread for no longer
    server_version = "constancia-witness"
    sys_version = ""

    def do_GET(self) -> None:
        """The verifier key, and nothing else."""
        if self.path != "/":
            self._answer(HTTPStatus.NOT_FOUND, b"not here\n")
            return
        self._answer(HTTPStatus.OK, f"{self.server.key.text}\n".encode())

    def do_POST(self) -> None:
        """``add-checkpoint``."""
        if self.path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, b"not here\n", close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._answer(HTTPStatus.LENGTH_REQUIRED, b"a Content-Length is needed\n", close=True)
        elif int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"too long\n", close=True)
        else:
            self._decide(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Into the log: addresses and paths, never bodies."""
        LOG.info("%s %s", self.address_string(), format % args)

    def _decide(self, body: bytes) -> None:
        try:
            lines = self.server.witness.add_checkpoint(body)
        except Refused as refused:
            self._answer(refused.status, refused.body.encode(), refused.media)
        except Exception:
            LOG.exception("could not decide")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"could not decide\n", close=True)
        else:
            self._answer(HTTPStatus.OK, lines)

    def _answer(
        self, status: HTTPStatus, body: bytes, media: str = TEXT_MEDIA, *, close: bool = False
    ) -> None:
        self.close_connection = self.close_connection or close
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
