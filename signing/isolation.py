"""The parts of this room that read strangers' bytes, each call in a confined process of its own."""

from __future__ import annotations

import shutil
import tempfile
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from documents.isolation import SeparateReader
from signing.report import Place, Report, report_from

Ask = Callable[[Sequence[bytes]], str | None]
"""From certificates (DER) of a file's signatures to a trust with what could be had of their revocation, if anything."""

_CERTAIN = frozenset({"good", "revoked", "revoked_later"})


class SignatureReader(SeparateReader):
    """`SeparateReader` for signatures and scans. Thread-safe."""

    worker = "signing.worker"

    def free_place(self, stream: BinaryIO, page: int, size: tuple[float, float]) -> Place | None:
        """`signing.pades_place.free_place`."""
        options = {"name": "carta.pdf", "page": page, "size": list(size)}
        answer, _ = self._run("free_place", stream, options, None)
        found = answer["place"]
        return Place(**found) if found is not None else None

    def judge(
        self,
        stream: BinaryIO,
        *,
        trust: str,
        at: datetime,
        known: datetime | None = None,
        name: str = "carta.pdf",
        ask: Ask | None = None,
    ) -> Report:
        """`signing.validation.judge`; ``trust`` is `Trust.as_text`.

        With ``ask``, whoever issued the certificates is asked about revocation where the file does not carry it: only
        of signatures that are good otherwise, for nobody else's certificate may send us anywhere.

        Raises:
            documents.refusals.FileRefused: too_costly, too_large.
        """
        options = {
            "name": name,
            "at": at.isoformat(),
            "known": known.isoformat() if known is not None else "",
        }
        report, signers = self._judged(stream, trust, options)
        if ask is None:
            return report
        signatures = [item for item in report.signatures if item.kind == "signature"]
        open_ones = [
            der
            for item, der in zip(signatures, signers, strict=True)
            if item.good and item.revocation not in _CERTAIN
        ]
        more = ask(open_ones) if open_ones else None
        return self._judged(stream, more, options)[0] if more is not None else report

    def _judged(
        self, stream: BinaryIO, trust: str, options: Mapping[str, str]
    ) -> tuple[Report, tuple[bytes, ...]]:
        """The trust, which may hold long lists, travels before the file, its length as an argument."""
        head = trust.encode()
        with tempfile.TemporaryFile() as both:
            both.write(head)
            stream.seek(0)
            shutil.copyfileobj(stream, both)
            stream.seek(0)
            answer, _ = self._run("judge", both, {**options, "trust": len(head)}, None)
        return report_from(answer["report"]), tuple(b64decode(item) for item in answer["signers"])
