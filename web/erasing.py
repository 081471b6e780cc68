"""Blocking and erasing the data of a case: what forbids either now, and the destruction that follows the entry.

The order is the point. ``erasure.executed`` is sealed first; only then are payloads and files destroyed
(`evidence.shredding`). A crash between the two leaves an entry that `sweep` completes: pages, lists and packages heed
the entry from the moment it stands, whether or not what it destroys has been destroyed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind, SealedEntry, format_time
from evidence.ports import StoreError, StoreUnavailable
from evidence.shredding import Shredded
from notifications.outbox import SETTLED
from signing.records import Status
from web.exporting import AUDIT_KIND, KIND, discard_packages
from web.logs import LOG
from web.wiring import House
from workflows.commands import Receipt
from workflows.keeping import ERASED, MARK, keeping_of
from workflows.keepingacts import ApproveErasure, BlockData, RequestErasure
from workflows.keepingerrors import DataInUse


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What an erasure was, without a word of what was erased: people are opaque ids, ``at`` is the ledger's time.

    ``pending`` counts payloads that the entry names and that are still there: the sweep destroys them.
    """

    folio: str
    seqs: tuple[int, ...]
    leaf: str
    at: str
    requested_by: str
    approved_by: str
    ground: str
    payloads: int
    files: int
    pending: int

    def as_json(self) -> dict[str, Json]:
        """The receipt as the page and the command give it."""
        return {**asdict(self), "seqs": [*self.seqs]}


def block(house: House, command: BlockData) -> Receipt:
    """Block a case. What is on its way out would be used all the same; packages made before lie here no more.

    Raises:
        DataInUse, and what `KeepDesk.block` raises.
    """
    require_idle(house, command.folio)
    receipt = house.cases.keeping.block(command)
    discard_packages(house, command.folio)
    return receipt


def request(house: House, command: RequestErasure) -> Receipt:
    """Ask for an erasure.

    Raises:
        DataInUse, and what `KeepDesk.request` raises.
    """
    require_idle(house, command.folio)
    return house.cases.keeping.request(command)


def approve(house: House, command: ApproveErasure) -> tuple[Receipt, Shredded | None]:
    """Approve a request, and destroy; ``None`` where a store did not answer: the sweep goes on with it.

    Raises:
        DataInUse, and what `KeepDesk.approve` raises: nothing was sealed or destroyed.
    """
    require_idle(house, command.folio)
    receipt = house.cases.keeping.approve(command)
    try:
        return receipt, shred(house, command.folio)
    except StoreUnavailable as error:
        LOG.error("erasure", exc_info=error, extra={"what": command.folio})
        return receipt, None


def require_idle(house: House, folio: str) -> None:
    """Refuse while somebody outside, a package under way or a mail still uses the case's data. Raises `DataInUse`."""
    now = format_time(house.clock())
    if any(item.waits(now) or item.status is Status.NEW for item in house.links.office.store.of_case(folio)):
        raise DataInUse(folio=folio, why="links")
    if any(mail.state not in SETTLED for mail in house.outbox.of_case(folio)):
        raise DataInUse(folio=folio, why="mail")
    if any(house.jobs.active(kind) for kind in (KIND, AUDIT_KIND)):
        raise DataInUse(folio=folio, why="exports")


def shred(house: House, folio: str) -> Shredded:
    """Destroy what a case's ``erasure.executed`` names; packages that hold it lie in no folder of ours any more.

    Raises:
        NotErased: no such entry. StoreUnavailable: to be called again.
    """
    found = house.shredder.shred(folio)
    house.index.tidy()
    discard_packages(house, folio)
    return found


def sweep(
    house: House, *, whole: bool = False, clean: set[str] | None = None
) -> tuple[list[Shredded], list[tuple[str, str]]]:
    """Complete every erasure that a crash left, or that a restored backup brought back.

    ``whole``: every case that was ever erased is gone through again, not only those of which something is still there.
    ``clean`` remembers, for who asks every minute, the cases of which nothing is left.
    Gives what was destroyed, and ``(folio, what)`` of the cases that a store kept from being done.
    """
    done: list[Shredded] = []
    failed: list[tuple[str, str]] = []
    for folio in house.index.by_reference(MARK, ERASED):
        if clean is not None and folio in clean:
            continue
        if not whole and not pending(house.ledger.history(folio)):
            if clean is not None:
                clean.add(folio)
            continue
        try:
            done.append(shred(house, folio))
        except StoreError as error:
            failed.append((folio, type(error).__name__))
            LOG.error("erasure", exc_info=error, extra={"what": folio})
    return done, failed


def pending(entries: Sequence[SealedEntry]) -> int:
    """How many payloads an erasure names that are still there."""
    gone = keeping_of(entries).gone
    return sum(item.leaf in gone and item.payload_bytes is not None for item in entries)


def receipt_of(entries: Sequence[SealedEntry]) -> ErasureReceipt | None:
    """The receipt of a case's erasure; ``None`` where there was none."""
    executed = [item for item in entries if item.entry.kind is EntryKind.ERASURE_EXECUTED]
    if not executed:
        return None
    first = executed[0].entry
    return ErasureReceipt(
        folio=first.case,
        seqs=tuple(item.entry.seq for item in executed),
        leaf=executed[0].leaf,
        at=first.at,
        requested_by=_party(first, "solicita"),
        approved_by=_party(first, "autoriza"),
        ground=str(first.facts.get("reason", "")),
        payloads=sum(_count(item.entry, "payloads") for item in executed),
        files=sum(_count(item.entry, "files") for item in executed),
        pending=pending(entries),
    )


def _party(entry: Entry, duty: str) -> str:
    parties = entry.facts.get("parties")
    return str(parties.get(duty, "")) if isinstance(parties, dict) else ""


def _count(entry: Entry, name: str) -> int:
    counts = entry.facts.get("counts")
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) else 0
