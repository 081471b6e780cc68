"""What the core asks of the outside world, with each contract written out.

Two kinds of error leave a port, and nothing else: `StoreUnavailable` (try again later; nothing is known to be lost) and
the refusals named in each method. Adapters translate their SDK's errors at the border.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from evidence.entry import BlobRef, EntryDraft, SealedEntry
from evidence.heads import CaseHead
from evidence.rows import Row

Clock = Callable[[], datetime]
"""Gives the present as an aware datetime; a parameter everywhere, so that tests own time."""


class StoreError(Exception):
    """Base of what a store may raise."""


class StoreUnavailable(StoreError):
    """The store cannot answer now (network, disk full, locked too long); the caller may retry."""


class StoreSlow(StoreUnavailable):
    """The store has been silent for too long: nothing was sent to it, so that nobody waits for it."""


class StoreBusy(StoreUnavailable):
    """More work waits for the store than it can do in good time: nothing was begun."""


class AppendConflict(StoreUnavailable):
    """Five attempts in a row lost the race for the head of the same case."""


class IdempotencyMismatch(StoreError):
    """The idempotency key was used before for a different request."""


class ReferenceTaken(StoreError):
    """A reference that must be unique (such as a DSN) already belongs to another case."""

    def __init__(self, kind: str, value: str, case: str) -> None:
        super().__init__(f"{kind} {value!r} already belongs to {case}")
        self.kind = kind
        self.value = value
        self.case = case


class BlobMissing(StoreError):
    """The object an entry points to is not there (or not in that version)."""


class BlobCorrupt(StoreError):
    """The bytes about to be used are not the bytes that were sealed."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(f"{key}: expected {expected}, found {found}")
        self.key = key
        self.expected = expected
        self.found = found


class RolledBack(StoreError):
    """The database is behind the last signed checkpoint: signing would fork the log."""

    def __init__(self, signed_size: int, found_size: int, detail: str) -> None:
        super().__init__(f"signed up to {signed_size}, database holds {found_size}: {detail}")
        self.signed_size = signed_size
        self.found_size = found_size
        self.detail = detail


class GuardEmpty(RolledBack):
    """Checkpoints have been signed and the guard knows of none: it was lost, or moved without its content."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A business identifier of a case. ``value`` is normalised; ``unique`` refuses the same value in another case."""

    kind: str
    value: str
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing of a case that boards count: ``kind`` and ``code`` say what, ``at`` since when or at which entry.

    A ``deadline`` also has ``due_at`` and, once it was met or lost its object, ``ended_at``. ``days`` is a length where
    the kind has one (how late, how long), ``detail`` a word that belongs to the code. All derived, nothing personal.
    """

    kind: str
    code: str
    at: str
    step: str = ""
    detail: str = ""
    due_at: str = ""
    ended_at: str = ""
    days: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What boards and reports count of a case, beside its projection and as reproducible.

    ``closed_at`` is empty while the case is open. ``waits_for`` is the role an open case waits for (``""``: the desk's
    own turn), ``waits`` what for, ``waits_since`` since when. ``days_open`` are whole natural days from opening to
    closing, -1 while open; ``days_late`` those by which the worst of its ended deadlines was missed, 0 for none, -1
    where no deadline has ended.
    """

    outcome: str = ""
    closed_at: str = ""
    waits_for: str = ""
    waits: str = ""
    waits_since: str = ""
    days_open: int = -1
    days_late: int = -1
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """What a case teaches, as its entry ``seq`` says: for the knowledge base. ``at`` is a ledger time."""

    case_id: str
    seq: int
    step: str
    title: str
    problem: str
    solution: str
    words: str
    at: str


@dataclass(frozen=True, slots=True)
class Projection:
    """A case as lists and searches need it: a cache, reproducible from the entries, never an authority.

    ``document`` is canonical JSON of the derived state. Times are ledger times: ``next_due`` is the earliest deadline
    nobody has met (it may have passed), ``next_mark`` the next moment at which a timer has something to record; each is
    ``""`` for none. ``search_text`` is folded (lower case, no accents). ``status`` is the word lists are filtered by.
    """

    case: str
    process: str
    version: str
    opened_at: str
    updated_at: str
    status: str
    closed: bool
    complete: bool
    next_due: str
    next_mark: str
    assignee: str
    title: str
    document: bytes
    references: tuple[Reference, ...] = ()
    search_text: str = ""
    tally: Tally = Tally()
    article: Article | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be done in the world outside because of what is written, such as a mail to be sent.

    It is kept in the transaction that writes the entries and done afterwards, by somebody else: never lost, never done
    for entries that were not written. An errand whose ``key`` is there already is the same one. ``body`` is canonical
    JSON that the ``kind`` gives its form.
    """

    kind: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Composition:
    """What `LedgerStore.append` shall write: at least one draft, how to project the case afterwards, and errands."""

    drafts: tuple[EntryDraft, ...]
    project: Callable[[Sequence[SealedEntry]], Projection] | None = None
    errands: tuple[Errand, ...] = ()


Compose = Callable[[Sequence[SealedEntry]], Composition]
"""From the case's whole history to what shall be added. Pure and quick: it runs inside the transaction and may run
again after a conflict. It refuses by raising; then nothing is written."""


class LedgerStore(Protocol):
    """Durable, append-only entries with their payloads, tree and projections.

    Durability: when `append` returns, the entries survive the death of the process and of the machine.
    Atomicity: all drafts of a composition, their payloads, projection, references and errands, or nothing.
    Concurrency: any number of threads and processes; per case, entries are dense and linear.
    """

    @property
    def origin(self) -> str:
        """The log's name, fixed at inception."""
        ...

    def append(
        self, case: str, compose: Compose, *, idempotency_key: str = "", request_digest: str = ""
    ) -> Sequence[SealedEntry]:
        """Add entries to an existing or new case.

        A conflict re-reads, re-composes and retries, at most five times. With an ``idempotency_key`` used before by
        the same ``request_digest`` the entries written then are returned, whatever ``compose`` made or raised.

        Raises:
            AppendConflict, IdempotencyMismatch, ReferenceTaken, StoreUnavailable, or what ``compose`` raises.
        """
        ...

    def open_case(
        self,
        series: str,
        compose: Callable[[str], Composition],
        *,
        idempotency_key: str = "",
        request_digest: str = "",
    ) -> Sequence[SealedEntry]:
        """Like `append` to a new case whose folio is ``series`` + ``-`` + the next number, six digits, without gaps."""
        ...

    def history(self, case: str) -> Sequence[SealedEntry]:
        """All entries of a case by ``seq``, none for an unknown one; payloads in quarantine are missing for all."""
        ...

    def known(self, case: str) -> Sequence[SealedEntry]:
        """A case as this process checked it last, some time ago: for trying what `history` and `append` decide."""
        ...

    def unwithheld(self, case: str) -> Sequence[SealedEntry]:
        """`history` with the payloads that stand in quarantine: for who decides about them, and to verify them."""
        ...

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[SealedEntry]:
        """Sequenced entries by log index in ``[start, stop)``, streamed in constant memory."""
        ...

    def unsequenced(self) -> Iterator[SealedEntry]:
        """Entries that have no log index yet, in the order they were committed."""
        ...

    def let_go(self) -> None:
        """Keep no idle connection: the process is about to be copied, and no two may speak on the same one."""

    def stored_rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """What `entries` gives, with the columns beside each."""
        ...

    def unsequenced_rows(self) -> Iterator[Row]:
        """What `unsequenced` gives, with the columns beside each."""

    def cases(self) -> Iterator[str]:
        """Every case that has an entry, sorted."""
        ...

    def heads(self, size: int) -> Iterator[CaseHead]:
        """The last entry of each case among the first ``size`` of the log, sorted by the bytes of the case's name.

        Taken from the entries' rows, not from a cache; streamed.
        """
        ...

    def sequence(self, limit: int = 1024) -> int:
        """Give dense log indices to at most ``limit`` entries and extend tree and tiles; returns how many.

        One active sequencer at a time. The batch is read again and re-hashed before the commit; a difference raises
        `BlobCorrupt` and leaves nothing changed.
        """
        ...

    def tree_size(self) -> int:
        """Number of sequenced entries."""
        ...

    def root(self) -> bytes:
        """RFC 6962 root over all sequenced entries, from the stored frontier."""
        ...

    def tile(self, level: int, n: int, width: int) -> bytes:
        """The bytes of a tlog-tiles Merkle tile: ``width`` hashes of 32 bytes.

        Any width up to what the tree has there now: readers of an earlier size ask for a narrower tile.

        Raises:
            BlobMissing: no such tile.
        """
        ...

    def save_checkpoint(self, size: int, note: bytes, published_at: str) -> None:
        """Keep a signed checkpoint; the first note of a size stays."""
        ...

    def checkpoints(self, since: int = 0) -> Iterator[tuple[int, bytes]]:
        """``(size, note)`` of kept checkpoints with size >= ``since``, ascending."""
        ...

    def latest_checkpoint(self) -> tuple[int, bytes] | None:
        """The largest kept checkpoint."""
        ...

    def cache_discrepancies(self) -> Iterator[tuple[str, str, str]]:
        """Heads of cases and the log's size where they differ from the rows, as ``(subject, expected, found)``.

        The columns of the rows themselves are the verifier's to check (`evidence.rowcheck`). Streamed.
        """
        ...

    def replace_projection(self, projection: Projection) -> None:
        """Write a projection and its references anew; used by the rebuild.

        Raises:
            ReferenceTaken, StoreUnavailable; then nothing is changed.
        """
        ...

    def remove_projection(self, case: str) -> None:
        """Remove what the caches hold of a case without entries (a rebuild); `ValueError` where it has some."""
        ...


class CheckpointGuard(Protocol):
    """The last signed tree head, kept outside the main database, so that a restored backup cannot fork the log."""

    def last(self) -> tuple[int, bytes] | None:
        """``(size, root hash)`` last signed, or ``None`` before the first."""
        ...

    def advance(self, expected: tuple[int, bytes] | None, new: tuple[int, bytes]) -> bool:
        """Compare-and-swap; durable when it returns ``True``; ``False`` when another signer was quicker."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """An object as the store lists it; ``retain_until`` as in `BlobRef`."""

    key: str
    version: str
    size: int
    retain_until: str


def blob_key(sha256: str) -> str:
    """The key every store gives to content: ``sha256/ab/<64 hex digits>``, the same after a move to another store."""
    return f"sha256/{sha256[:2]}/{sha256}"


class BlobStore(Protocol):
    """Content-addressed, write-once objects under the `blob_key` of the bytes that are stored.

    Durability: when `put` returns, the bytes survive. Idempotence: putting the same bytes again gives a reference to
    the same content. Concurrency: any number of writers. Nothing here deletes or rewrites.
    """

    def put(
        self, source: BinaryIO, *, media: str, retain_until: datetime | None = None, case: str = ""
    ) -> BlobRef:
        """Store a stream, hashing it on the way, in constant memory; reads ``source`` once to its end.

        ``case``: whose it is, for stores that encrypt by case (`evidence.atrest`); ``""`` for what is public by nature.

        Raises:
            StoreUnavailable: nothing was stored under the content's key.
        """
        ...

    def open(self, ref: BlobRef) -> AbstractContextManager[BinaryIO]:
        """The object's bytes as a stream, in exactly the referenced version (``""``: the only or current one).

        The stream checks itself: a read that reaches the end raises `BlobCorrupt` when digest or size differ.

        Raises:
            BlobMissing, StoreUnavailable.
        """
        ...

    def stat(self, ref: BlobRef) -> StoredBlob:
        """What the store says of that version, without reading it. Raises `BlobMissing`."""
        ...

    def list(self) -> Iterator[StoredBlob]:
        """Every object, for the file-system check."""
        ...
