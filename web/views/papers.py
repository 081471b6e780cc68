"""What is said of a signed letter that was brought: confirmed by software, otherwise than sent, or for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from documents.inspection import Inspection
from evidence.canonical import Json
from evidence.entry import SealedEntry
from signing.report import Report
from web.i18n import N_, gettext
from web.views.signature_words import told
from workflows.casefile import entry_files
from workflows.errors import UnknownCase
from workflows.paper import PaperFinding, Sent, paper_findings
from workflows.signatories import Letter, letters_of, signing_slot, signs
from workflows.uploads import PAPER_FAMILIES, read_letter_back

if TYPE_CHECKING:
    from web.wiring import House

_SAID: Mapping[tuple[str, str], str] = {
    ("letter", "confirmed"): N_("Confirmado por software: empieza con la carta que se envió, byte por byte."),
    ("letter", "differs"): N_("Distinto: el archivo firmado no empieza con la carta que se envió. Revisa qué cambió."),
    ("letter", "person"): N_("Confirma tú: que el texto de la carta sea el que se envió."),
    ("folio", "confirmed"): N_("Confirmado por software: el folio es %(detail)s."),
    ("folio", "differs"): N_("Distinto: el código impreso dice %(detail)s. Quizá es la carta de otro caso."),
    ("folio", "person"): N_("Confirma tú: que el folio impreso sea el de este caso; el código no se pudo leer."),
    ("pages", "confirmed"): N_("Confirmado por software: páginas %(detail)s."),
    ("pages", "differs"): N_("Distinto: páginas %(detail)s. Falta o sobra alguna."),
    ("pages", "person"): N_("Confirma tú: que estén todas las páginas."),
    ("signature", "confirmed"): N_("Confirmado por software: trae firma digital (%(detail)s)."),
    ("signature", "person"): N_("Confirma tú: que esté firmada; no trae firma digital."),
    ("hand", "person"): N_("Confirma tú: que firmó quien debía. El software no reconoce manos ni rostros."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A sentence and how it stands: ``confirmed``, ``differs`` or ``person``."""

    state: str
    text: str


def paper_lines(findings: Sequence[PaperFinding]) -> tuple[PaperLine, ...]:
    """Findings in the request's language."""
    return tuple(
        PaperLine(item.state, gettext(_SAID[item.code, item.state], detail=item.detail))
        if "%(detail)s" in _SAID[item.code, item.state]
        else PaperLine(item.state, gettext(_SAID[item.code, item.state]))
        for item in findings
    )


def judged_lines(report: Report) -> tuple[PaperLine, ...]:
    """A judgement of digital signatures, its headline first."""
    said = told(report)
    state = {"valid": "confirmed", "invalid": "differs"}.get(said.verdict, "person")
    lines = [PaperLine(state, text) for text in (said.headline, *said.problems)]
    return (*lines, *(PaperLine(state, f"{title}: {' '.join(words)}") for title, words in said.signatures))


def brought_back(
    house: House, folio: str, step: str, slot: str, found: Inspection, stream: BinaryIO
) -> dict[str, Json]:
    """For a draft's file that is, or may be, the signed letter of a step: what was compared, what was judged."""
    if found.family not in PAPER_FAMILIES:
        return {}
    try:
        known = house.cases.definition(folio).by_step.get(step)
        if known is None or not signs(known) or slot not in ("", signing_slot(known)):
            return {}
        situation = house.cases.requests.situation(folio)
    except UnknownCase:
        return {}
    paper = read_letter_back(house.reader, stream, found.name)
    letter = next(iter(letters_of(situation)), None)
    about = {**found.about, "paper": dict(paper)}
    compared = paper_findings(about, folio, _sent(letter, situation.entries))
    made: dict[str, Json] = {"_paper": [[item.code, item.state, item.detail] for item in compared]}
    if _signed(found.about):
        report = house.judged(stream, name=found.name)
        made["_judged"] = [[line.state, line.text] for line in judged_lines(report)]
    stream.seek(0)
    return made


def told_of_draft(compared: Json, judgement: Json) -> tuple[PaperLine, ...]:
    """What `brought_back` left beside a draft's file."""
    rows = [row for row in compared if isinstance(row, list)] if isinstance(compared, list) else []
    lines = paper_lines([PaperFinding(*(str(part) for part in row)) for row in rows])
    more = [row for row in judgement if isinstance(row, list)] if isinstance(judgement, list) else []
    return (*lines, *(PaperLine(*(str(part) for part in row)) for row in more))


def sealed_lines(
    house: House, folio: str, seq: int, entries: Sequence[SealedEntry]
) -> Mapping[int, tuple[PaperLine, ...]]:
    """For an entry's files: what can be said of each that was read as a letter that came back."""
    files = entry_files(entries[seq - 1])
    abouts = {number: item.get("about") for number, item in enumerate(files)}
    read = {number: about for number, about in abouts.items() if isinstance(about, dict) and "paper" in about}
    if not read:
        return {}
    situation = house.cases.requests.situation(folio)
    letter = next((item for item in letters_of(situation) if item.seq < seq), None)
    sent = _sent(letter, situation.entries)
    return {
        number: paper_lines(paper_findings(about, folio, sent)) for number, about in _as_one(read).items()
    }


def _as_one(read: Mapping[int, dict[str, Json]]) -> Mapping[int, dict[str, Json]]:
    """Photographs of a letter's pages, one a file, are one letter: its pages are those of all of them."""
    papers = {number: paper for number, about in read.items() if isinstance(paper := about["paper"], dict)}
    counts = [paper.get("pages") for paper in papers.values()]
    if len(papers) < 2 or not all(isinstance(count, int) for count in counts):
        return read
    total = sum(count for count in counts if isinstance(count, int))
    return {
        number: {**about, "paper": {**papers[number], "pages": total}} if number in papers else about
        for number, about in read.items()
    }


def is_signed(about: Mapping[str, Json]) -> bool:
    """Whether a file that was inspected carries digital signatures."""
    return _signed(about)


def _sent(letter: Letter | None, entries: Sequence[SealedEntry]) -> Sent | None:
    if letter is None:
        return None
    about = entry_files(entries[letter.seq - 1])[letter.object].get("about")
    pages = about.get("pages") if isinstance(about, dict) else 0
    return Sent(letter.blob.sha256, letter.blob.size, pages if isinstance(pages, int) else 0)


def _signed(about: Mapping[str, Json]) -> bool:
    found = about.get("signatures")
    return isinstance(found, dict) and bool(found.get("count"))
