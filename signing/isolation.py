"""The parts of this room that read strangers' bytes, each call in a confined process of its own."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from documents.isolation import SeparateReader
from signing.report import Place, Report, report_from

_LONGEST_TRUST = 100_000  # characters: it travels as an argument


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
    ) -> Report:
        """`signing.validation.judge`; ``trust`` is `Trust.as_text`.

        Raises:
            documents.refusals.FileRefused: too_costly, too_large.
            ValueError: more certificates than can be handed over.
        """
        if len(trust) > _LONGEST_TRUST:
            raise ValueError(f"the trusted certificates take more than {_LONGEST_TRUST} characters")
        options = {
            "name": name,
            "trust": trust,
            "at": at.isoformat(),
            "known": known.isoformat() if known is not None else "",
        }
        answer, _ = self._run("judge", stream, options, None)
        return report_from(answer["report"])
