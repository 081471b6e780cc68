"""A signed letter that was brought, beside the letter that was sent: what software confirms, and what a person must.

Everything follows from what was read off the file (its member ``paper`` of the payload) and from the case; nothing is
decided by it: a letter signed by hand is evidence because somebody records it and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evidence.canonical import Json

CONFIRMED, DIFFERS, PERSON = "confirmed", "differs", "person"
STATES = (CONFIRMED, DIFFERS, PERSON)
"""Confirmed by software; read by software and otherwise than expected; for a person to see."""

_FOLIO = re.compile(r"/verificar/([A-Z0-9-]{3,40})/?$")


@dataclass(frozen=True, slots=True)
class Sent:
    """The letter that was sent to be signed: its digest, size in bytes and pages (0: not known)."""

    sha256: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class PaperFinding:
    """One thing compared: ``code`` is letter, folio, pages, signature or hand; ``detail`` what was read."""

    code: str
    state: str
    detail: str = ""


def paper_findings(about: Mapping[str, Json], folio: str, sent: Sent | None) -> tuple[PaperFinding, ...]:
    """What can be said of a file that was brought as a signed letter.

    Args:
        about: what was read off it; without the member ``paper`` (an old entry, a mail) nothing is said.
        folio: of the case.
        sent: the letter in force, where the case has one.
    """
    paper = about.get("paper")
    if not isinstance(paper, dict):
        return ()
    same = sent is not None and _grown_from(paper, sent)
    digital = _signatures(about)
    found = [
        _letter(paper, sent, same=same, digital=bool(digital)),
        _folio(paper, folio, same=same),
        _pages(paper, sent, same=same),
        PaperFinding("signature", CONFIRMED if digital else PERSON, str(digital)),
    ]
    return (*found, PaperFinding("hand", PERSON))


def _grown_from(paper: Mapping[str, Json], sent: Sent) -> bool:
    revisions = paper.get("revisions")
    wanted = {"size": sent.size, "sha256": sent.sha256}
    return isinstance(revisions, list) and wanted in revisions


def _letter(paper: Mapping[str, Json], sent: Sent | None, *, same: bool, digital: bool) -> PaperFinding:
    """Whether the file begins with the very bytes that were sent; only a PDF signed digitally can."""
    if same:
        return PaperFinding("letter", CONFIRMED)
    if sent is not None and digital and paper.get("revisions"):
        return PaperFinding("letter", DIFFERS)
    return PaperFinding("letter", PERSON)


def _folio(paper: Mapping[str, Json], folio: str, *, same: bool) -> PaperFinding:
    codes = paper.get("codes")
    texts = (
        [str(item.get("text", "")) for item in codes if isinstance(item, dict)]
        if isinstance(codes, list)
        else []
    )
    read = [match.group(1) for text in texts if (match := _FOLIO.search(text))]
    if folio in read:
        others = sorted({item for item in read if item != folio})
        return (
            PaperFinding("folio", DIFFERS, ", ".join(others))
            if others
            else PaperFinding("folio", CONFIRMED, folio)
        )
    if read:
        return PaperFinding("folio", DIFFERS, read[0])
    return PaperFinding("folio", CONFIRMED, folio) if same else PaperFinding("folio", PERSON)


def _pages(paper: Mapping[str, Json], sent: Sent | None, *, same: bool) -> PaperFinding:
    pages = paper.get("pages")
    if sent is None or not sent.pages or not isinstance(pages, int):
        return PaperFinding("pages", PERSON, str(pages or ""))
    agrees = pages == sent.pages or (same and pages == sent.pages + 1)  # our own mark may have added one
    return PaperFinding("pages", CONFIRMED if agrees else DIFFERS, f"{pages}/{sent.pages}")


def _signatures(about: Mapping[str, Json]) -> int:
    found = about.get("signatures")
    count = found.get("count") if isinstance(found, dict) else 0
    return count if isinstance(count, int) else 0
