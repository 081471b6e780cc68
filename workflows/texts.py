"""What sealed files say, made searchable after they were sealed: from the ledger and the object store alone.

Reading a file again takes a confined process and a fraction of a second, which nobody who seals should wait for, and it
must be possible to do it all again. So the index follows the log: entry after entry, by its index, each once.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Protocol, cast

from documents.refusals import FileRefused
from evidence.entry import EntryKind, SealedEntry
from evidence.ports import BlobCorrupt, BlobMissing, BlobStore, LedgerStore, Reference
from evidence.quarantine import KINDS, NOTHING, Withheld, quarantine_of
from workflows.keeping import BLOCKED, ERASED, MARK
from workflows.ports import CaseIndex, TextHit, TextIndex, TextPlace
from workflows.withholding import PLACE

READABLE: Mapping[str, str] = {
    "application/pdf": "pdf",
    "message/rfc822": "eml",
    "application/vnd.ms-outlook": "msg",
}
"""Media types whose text is searched, with the extension under which they are read."""


_IN_MEMORY = 8 * 1024 * 1024


class TextReader(Protocol):
    """Reads a file's text; `documents.isolation.SeparateReader` in a process that dies afterwards."""

    def text(self, stream: BinaryIO, *, name: str) -> str:
        """The text; raises `documents.refusals.FileRefused`."""
        ...


@dataclass(frozen=True, slots=True)
class Caught:
    """What one run did: entries looked at, files read, files that could not be, and whether the end was reached."""

    entries: int
    files: int
    unread: int
    done: bool


def catch_up(
    ledger: LedgerStore, blobs: BlobStore, index: TextIndex, reader: TextReader, *, most_files: int = 0
) -> Caught:
    """Look at the entries that came since the last run.

    Args:
        ledger: the entries; those without an index yet come next time.
        blobs: the sealed files.
        index: what is filled.
        reader: reads a file's text. One that cannot be read any more counts as without text.
        most_files: stop after reading so many files; 0 reads all.
    """
    entries = files = unread = 0
    for sealed in ledger.entries(index.position()):
        if most_files and files >= most_files:
            return Caught(entries, files, unread, done=False)
        if sealed.entry.kind is EntryKind.ERASURE_EXECUTED:
            for leaf in sealed.entry.refs:
                index.forget(leaf)
        elif sealed.entry.kind in KINDS and sealed.entry.kind is not EntryKind.QUARANTINE_VIEWED:
            again(ledger, sealed, blobs, index, reader)
        for n, name in _readable(sealed):
            read, failed = _take(sealed, n, name, blobs, index, reader)
            files += read
            unread += failed
        entries += 1
        index.reached((sealed.index or 0) + 1)
    return Caught(entries, files, unread, done=True)


def again(
    ledger: LedgerStore, decided: SealedEntry, blobs: BlobStore, index: TextIndex, reader: TextReader
) -> None:
    """Index the entries that one about a quarantine names as they now stand: without what is withheld, if it is."""
    entries = ledger.history(decided.entry.case)
    told = quarantine_of(entries)
    for sealed in entries:
        if sealed.leaf in decided.entry.refs:
            index.forget(sealed.leaf)
            for n, name in _readable(sealed, told):
                _take(sealed, n, name, blobs, index, reader)


def _readable(sealed: SealedEntry, told: Withheld = NOTHING) -> list[tuple[int, str]]:
    """The entry's files that have a text, by index; of an entry whose payload was erased there are none."""
    entry = sealed.entry
    if (
        ":" in entry.case
        or not entry.objects
        or (sealed.payload_bytes is None and not told.payload(entry.seq))
    ):
        return []
    return [
        (n, f"{n}.{READABLE[blob.media]}")
        for n, blob in enumerate(entry.objects)
        if blob.media in READABLE and told.file(entry.seq, blob.sha256) is None
    ]


def _take(
    sealed: SealedEntry, n: int, name: str, blobs: BlobStore, index: TextIndex, reader: TextReader
) -> tuple[bool, bool]:
    """Index one file; whether it was read now, and whether that failed."""
    blob = sealed.entry.objects[n]
    place = TextPlace(sealed.entry.case, sealed.entry.seq, n, sealed.leaf)
    if index.known(blob.sha256):
        index.add(blob.sha256, "", (place,))
        return False, False
    text, failed = "", False
    try:
        with blobs.open(blob) as stream, SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            shutil.copyfileobj(
                stream, copy
            )  # to its end: there the store compares the bytes with their digest
            text = reader.text(cast("BinaryIO", copy), name=name)
    except (FileRefused, BlobMissing, BlobCorrupt):
        failed = True  # told by `flask ledger verify --full`, which looks for just that
    index.add(blob.sha256, text, (place,))
    return True, failed


def open_hits(index: CaseIndex, hits: Sequence[TextHit]) -> tuple[TextHit, ...]:
    """What was found in files, without those of cases whose data is blocked or erased, and those in quarantine."""
    shut = {Reference(MARK, BLOCKED), Reference(MARK, ERASED)}
    closed = {folio for folio in {hit.folio for hit in hits} if shut & index.references(folio)}
    return free_hits(index, [hit for hit in hits if hit.folio not in closed])


def free_hits(index: CaseIndex, hits: Sequence[TextHit]) -> tuple[TextHit, ...]:
    """What was found in files, without those that stand in quarantine: the index may not have forgotten them yet."""
    told = {folio: index.references(folio) for folio in {hit.folio for hit in hits}}
    return tuple(hit for hit in hits if Reference(PLACE, f"{hit.seq}/{hit.object}") not in told[hit.folio])
