"""The parts of this room that read strangers' bytes, each call in a confined process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from documents.isolation import SeparateReader
from evidence.canonical import Json

_NAME = "correo.eml"


class OriginReader(SeparateReader):
    """`SeparateReader` for where a mail comes from. Thread-safe."""

    worker = "notifications.worker"

    def origin(
        self,
        stream: BinaryIO,
        *,
        results: Sequence[str],
        sender: str,
        known: Mapping[str, str | None],
        authserv: str,
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """`notifications.authenticity.origin_of`, as facts.

        Raises:
            documents.refusals.FileRefused: too_costly, damaged, too_large: nothing is known then.
        """
        options = {
            "name": _NAME,
            "results": list(results),
            "sender": sender,
            "known": dict(known),
            "authserv": authserv,
        }
        answer, _ = self._run("origin", stream, options, None)
        return dict(answer["facts"]), tuple(answer["wanted"])

    def headers(self, stream: BinaryIO) -> dict[str, Json]:
        """`documents.mail.headers_of`. Raises as `origin`."""
        answer, _ = self._run("headers", stream, {"name": _NAME}, None)
        return dict(answer["headers"])
