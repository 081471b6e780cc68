"""Quarantine as the house does it: withheld in every way out at once, decided by another person, destroyed for good.

The order is that of erasures: the entry first, then the destruction. From the entry ``quarantine.placed`` on nobody is
given what it names; after ``quarantine.destroyed`` it is made unreadable, by this very request or, where a crash came
in between, by `sweep` within a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from audit_exports.exportlog import EXPORTS
from evidence.canonical import Json
from evidence.entry import BlobRef, EntryKind, SealedEntry, format_time
from evidence.ports import BlobMissing, StoreError, StoreUnavailable
from evidence.quarantine import Quarantine, quarantine_of
from evidence.shredding import ShreddedParts
from web.exporting import discard_packages
from web.logs import LOG
from web.wiring import House
from workflows.commands import Receipt
from workflows.keeping import MARK
from workflows.keepingacts import DestroyQuarantined, ReleaseQuarantine, ReportQuarantine
from workflows.keepingerrors import TooManyReports
from workflows.texts import again
from workflows.withholding import DESTROYED, WAITING

MOST_WAITING = 20
"""Reports of one person that may wait at a time: whoever reports more is asked to wait for the officer."""


@dataclass(frozen=True, slots=True)
class Left:
    """A package that was handed over with what is in quarantine: ``sure``, or only ``False`` where it may have it."""

    seq: int
    at: str
    actor: str
    name: str
    sure: bool


def report(house: House, command: ReportQuarantine) -> Receipt:
    """Withhold it now; packages lying here that have it lie here no more.

    Raises:
        TooManyReports, and what `QuarantineDesk.report` raises.
    """
    waiting = sum(item.actor == command.actor.id for _folio, item in waiting_of(house))
    if waiting >= MOST_WAITING:
        raise TooManyReports(count=waiting, limit=MOST_WAITING)
    receipt = house.cases.quarantine.report(command)
    _followed(house, receipt)
    return receipt


def release(house: House, command: ReleaseQuarantine) -> Receipt:
    """Give it back; searches find it again. Raises what `QuarantineDesk.release` raises."""
    receipt = house.cases.quarantine.release(command)
    _followed(house, receipt)
    return receipt


def destroy(house: House, command: DestroyQuarantined) -> tuple[Receipt, ShreddedParts | None]:
    """Destroy it; ``None`` where a store did not answer: the sweep goes on with it.

    Raises:
        What `QuarantineDesk.destroy` raises: nothing was sealed or destroyed.
    """
    receipt = house.cases.quarantine.destroy(command)
    try:
        found = shred(house, command.folio)
    except StoreUnavailable as error:
        LOG.error("quarantine", exc_info=error, extra={"what": command.folio})
        return receipt, None
    _followed(house, receipt)
    return receipt, found


def shred(house: House, folio: str) -> ShreddedParts:
    """Destroy what the ``quarantine.destroyed`` of a case name.

    Raises:
        NotErased: there is none. StoreUnavailable: to be called again.
    """
    found = house.part_shredder.shred_parts(folio)
    house.index.tidy()
    discard_packages(house, folio)
    return found


def sweep(
    house: House, *, whole: bool = False, clean: set[tuple[str, int]] | None = None
) -> tuple[list[ShreddedParts], list[tuple[str, str]]]:
    """Complete every destruction that a crash left, or that a restored backup brought back.

    ``whole``: every case is gone through again, not only those of which something can still be read. ``clean``
    remembers, for who asks every minute, the cases and how long they were when nothing was left to do.
    Gives what was destroyed, and ``(folio, what)`` of the cases that a store kept from being done.
    """
    done: list[ShreddedParts] = []
    failed: list[tuple[str, str]] = []
    for folio in house.index.by_reference(MARK, DESTROYED):
        entries = house.ledger.unwithheld(folio)
        seen = (folio, entries[-1].entry.seq)
        if clean is not None and seen in clean:
            continue
        try:
            fresh = clean is not None and _just_now(house, entries)
            if whole or fresh or pending(house, entries):
                found = shred(house, folio)
                if whole or found != ShreddedParts(folio, plain=found.plain):
                    done.append(found)
            if clean is not None:
                clean.add(seen)
        except StoreError as error:
            failed.append((folio, type(error).__name__))
            LOG.error("quarantine", exc_info=error, extra={"what": folio})
    return done, failed


def _just_now(house: House, entries: Sequence[SealedEntry]) -> bool:
    """Whether something was destroyed within the day: the database's own files may still have to be wiped of it."""
    since = format_time(house.clock() - timedelta(days=1))
    return any(item.decided_at > since for item in quarantine_of(entries).destroyed)


def pending(house: House, entries: Sequence[SealedEntry]) -> bool:
    """Whether something that was destroyed in quarantine can still be read: ``entries`` with what is withheld."""
    told = quarantine_of(entries)
    for item in told.destroyed:
        for seq, part in item.parts.items():
            sealed = entries[seq - 1]
            if part.payload and sealed.payload_bytes is not None:
                return True
            for blob in sealed.entry.objects if part.files else ():
                if (
                    blob.sha256 in part.files and blob.enc and _there(house, blob)
                ):  # a plain one stays: it is told
                    return True
    return False


def _there(house: House, blob: BlobRef) -> bool:
    try:
        house.unwithheld.stat(blob)
    except BlobMissing:
        return False
    return True


def waiting_of(house: House) -> Iterator[tuple[str, Quarantine]]:
    """Every quarantine that waits for a decision, with its case."""
    for folio in house.index.by_reference(MARK, WAITING):
        for item in quarantine_of(house.ledger.history(folio)).waiting:
            yield folio, item


def packages_with(house: House, folio: str, about: Quarantine) -> tuple[Left, ...]:
    """Packages that were handed over before it was reported and have the case: whoever has them is to be told.

    From the log of exports alone: one cut for this very case is sure; one of its process, of a sample or of an
    engagement may have it.
    """
    entries = house.ledger.history(folio)
    process = folio.rpartition("-")[0].rpartition("-")[0]
    first = entries[min(about.parts) - 1]
    placed = entries[about.seq - 1]
    found = []
    for sealed in house.ledger.history(EXPORTS):
        entry = sealed.entry
        if (
            entry.kind is not EntryKind.PACKAGE_EXPORTED
            or entry.at < first.entry.at
            or entry.at > placed.entry.at
        ):
            continue
        scope = sealed.payload().get("scope")
        told = scope if isinstance(scope, dict) else {}
        sure = folio in _texts(told.get("folios"))
        wide = not _texts(told.get("folios")) and process in (_texts(told.get("processes")) or [process])
        if sure or wide:
            name = sealed.payload().get("file")
            found.append(Left(entry.seq, entry.at, entry.actor, str(name or ""), sure))
    return tuple(found)


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _followed(house: House, receipt: Receipt) -> None:
    """What lies here beside the ledger follows at once; where it cannot, doors that ask the ledger still hold."""
    discard_packages(house, receipt.folio)
    try:
        decided = house.ledger.history(receipt.folio)[receipt.seq - 1]
        again(house.ledger, decided, house.blobs, house.texts, house.reader)
    except StoreUnavailable as error:
        LOG.error("quarantine", exc_info=error, extra={"what": receipt.folio})
