"""Files as they come, read once: recognised, hashed, and compared where a slot's reader asks for it.

All slow work on a file happens here, before any transaction is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from evidence.canonical import Json
from evidence.entry import BlobRef
from workflows.commands import Upload, UsedTemplate
from workflows.definition import Step
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


def prepare(
    uploads: Sequence[Upload], step: Step | None, reader: DocumentReader, most: int
) -> tuple[PreparedFile, ...]:
    """Read every upload.

    Args:
        uploads: as they came; their streams are read to the end and left at their start.
        step: whose slots may ask for a reader.
        reader: recognises a file; its `FileRefused` passes.
        most: files one entry may have.

    Raises:
        TooManyFiles, documents.refusals.FileRefused.
    """
    if len(uploads) > most:
        raise TooManyFiles(found=len(uploads), limit=most)
    return tuple(_prepare(upload, step, reader) for upload in uploads)


def _prepare(upload: Upload, step: Step | None, reader: DocumentReader) -> PreparedFile:
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
    return PreparedFile(
        stream=upload.stream,
        name=found.name,
        slot=upload.slot,
        media=found.media,
        family=found.family,
        about=found.about,
        warnings=found.warnings,
        sha256=digest,
        size=size,
        readings=readings,
        system=upload.system,
        taken=upload.taken,
        template=upload.template,
    )


def _digest(stream: BinaryIO) -> tuple[str, int]:
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    stream.seek(0)
    return digest.hexdigest(), size
