"""Files as they come, read once: recognised, hashed, and compared where a slot's reader asks for it.

All slow work on a file happens here, before any transaction is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from documents.refusals import FileRefused
from evidence.canonical import Json
from evidence.entry import BlobRef
from workflows.commands import Upload, UsedTemplate
from workflows.definition import EvidenceType, Step
from workflows.errors import TooManyFiles
from workflows.matching import Piece, accepted_families
from workflows.ports import DocumentReader
from workflows.readers import READ, Comparison

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file that may be sealed. ``readings`` hold, by reader, what compares its content with the case."""

    stream: BinaryIO
    name: str
    slot: str
    media: str
    family: str
    about: Mapping[str, Json]
    warnings: tuple[str, ...]
    sha256: str
    size: int
    readings: Mapping[str, Comparison]
    made: bool = False
    system: str = ""
    taken: str = ""
    template: UsedTemplate | None = None

    @property
    def piece(self) -> Piece:
        """The file as the matching of slots sees it."""
        return Piece(self.name, self.family, self.slot)

    def placeholder(self) -> BlobRef:
        """A reference for trying a draft before anything is stored."""
        return BlobRef(self.sha256, self.size, self.media, key="")


PAPER_FAMILIES = frozenset({"pdf", "image"})
"""What a letter signed by hand, or signed elsewhere, comes back as."""


def prepare(
    uploads: Sequence[Upload], step: Step | None, reader: DocumentReader, most: int, *, ours: bool = False
) -> tuple[PreparedFile, ...]:
    """Read every upload.

    Args:
        uploads: as they came; their streams are read to the end and left at their start.
        step: whose slots may ask for a reader.
        reader: recognises a file; its `FileRefused` passes.
        most: files one entry may have.
        ours: the files were made here; a signed letter among them needs no reading.

    Raises:
        TooManyFiles, documents.refusals.FileRefused.
    """
    if len(uploads) > most:
        raise TooManyFiles(found=len(uploads), limit=most)
    return tuple(_prepare(upload, step, reader, ours=ours) for upload in uploads)


def _prepare(upload: Upload, step: Step | None, reader: DocumentReader, *, ours: bool) -> PreparedFile:
    found = reader.inspect(upload.stream, name=upload.name)
    digest, size = _digest(upload.stream)
    readers = {
        slot.reader
        for slot in (step.slots if step is not None else ())
        if slot.reader and found.family in accepted_families(slot)
    }
    readings = {}
    for kind in sorted(readers):
        readings[kind] = READ[kind](reader, upload.stream, found.name)
        upload.stream.seek(0)
    about = dict(found.about)
    if not ours and found.family in PAPER_FAMILIES and _is_signed_letter(upload, step):
        paper = read_letter_back(reader, upload.stream, found.name)
        about |= {"paper": dict(paper)} if paper else {}
    return PreparedFile(
        stream=upload.stream,
        name=found.name,
        slot=upload.slot,
        media=found.media,
        family=found.family,
        about=about,
        warnings=found.warnings,
        sha256=digest,
        size=size,
        readings=readings,
        system=upload.system,
        taken=upload.taken,
        template=upload.template,
    )


def read_letter_back(reader: DocumentReader, stream: BinaryIO, name: str) -> Mapping[str, Json]:
    """What a letter that comes back says of itself; one that cannot be read is evidence all the same: ``unread``."""
    try:
        return reader.paper(stream, name=name)
    except FileRefused as refusal:
        return {"unread": refusal.code}


def _is_signed_letter(upload: Upload, step: Step | None) -> bool:
    """Whether a file is brought as the signed letter of a step, or may be: its place is not said yet."""
    slots = step.slots if step is not None else ()
    signed = {slot.code for slot in slots if EvidenceType.SGN in slot.types}
    return bool(signed) and (not upload.slot or upload.slot in signed)


def _digest(stream: BinaryIO) -> tuple[str, int]:
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    return digest.hexdigest(), size
