"""A whole small ledger in memory, with its key, guard, objects and publisher, for tests of verification."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry
from evidence.findings import Report
from evidence.note import SigningKey
from evidence.ports import Composition
from evidence.publisher import Publisher
from evidence.verify import verify_ledger
from tests.fakes.memory import MemoryBlobStore, MemoryGuard, MemoryLedger

ORIGIN = "constancia.example/mesa-de-ayuda"
START = datetime(2026, 1, 2, 15, 4, 5, 678901, tzinfo=UTC)
CASES = ("MA-001-2026-000001", "MA-001-2026-000002", "MA-001-2026-000003")


@dataclass
class House:
    """A ledger with its surroundings, all in memory, on a clock that moves one second a reading."""

    ledger: MemoryLedger
    blobs: MemoryBlobStore
    guard: MemoryGuard
    key: SigningKey
    publisher: Publisher
    now: list[datetime] = field(default_factory=lambda: [START])

    def record(
        self,
        case: str,
        *,
        files: tuple[bytes, ...] = (),
        payload: Mapping[str, Json] | None = None,
        kind: EntryKind = EntryKind.EVIDENCE_RECORDED,
        refs: tuple[str, ...] = (),
    ) -> SealedEntry:
        """Append one entry to a case, with its files put first."""
        until = self.now[0] + timedelta(days=3653)
        objects = tuple(
            self.blobs.put(io.BytesIO(data), media="application/octet-stream", retain_until=until)
            for data in files
        )
        draft = EntryDraft("u-1", "especialista", kind, objects=objects, refs=refs, payload=payload or {})
        return self.ledger.append(case, lambda _history: Composition((draft,)))[0]

    def settle(self) -> bytes | None:
        """Sequence what waits and publish."""
        while self.ledger.sequence():
            pass
        return self.publisher.publish()

    def verify(self, *, full: bool = False, known: tuple[bytes, ...] = ()) -> Report:
        """The verification with the right key and the object store."""
        return verify_ledger(
            self.ledger,
            self.blobs,
            keys=[self.key.verifier],
            full=full,
            known_checkpoints=known,
            now=self.now[0],
        )


def empty_house() -> House:
    """A house without entries."""
    now = [START]

    def clock() -> datetime:
        now[0] += timedelta(seconds=1)
        return now[0]

    ledger = MemoryLedger(ORIGIN, clock=clock, new_salt=_salts())
    blobs, guard, key = MemoryBlobStore(), MemoryGuard(), SigningKey(ORIGIN, bytes(range(32)))
    return House(ledger, blobs, guard, key, Publisher(ledger, guard, key, clock, blobs), now)


def small_house() -> House:
    """Three cases with files and payloads, twelve entries, three checkpoints (of 3, 6 and 12), all sequenced."""
    house = empty_house()
    for turn in range(4):
        for case in CASES:
            house.record(case, files=(f"{case} {turn}".encode(),), payload={"note": f"turno {turn}"})
        if turn != 2:
            house.settle()
    return house


def _salts() -> Callable[[], bytes]:
    """Salts one can tell apart, the same in every run."""
    counter = itertools.count()
    return lambda: next(counter).to_bytes(32, "big")


def codes(report: Report) -> set[str]:
    """The finding codes of a report."""
    return {str(finding.code) for finding in report.findings}
