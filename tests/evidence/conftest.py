"""Fixtures of the evidence tests: where the public vectors lie, and a small ledger with everything in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of public test vectors beside the checkout."""
    folder = Path(__file__).parents[3] / "shared" / "vectors"
    if not folder.is_dir():
        pytest.skip("the public test vectors (../shared/vectors) are not on this machine")
    return folder


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


@pytest.fixture
def make_house() -> Callable[[], House]:
    """Makes empty houses."""

    def make() -> House:
        now = [START]

        def clock() -> datetime:
            now[0] += timedelta(seconds=1)
            return now[0]

        ledger = MemoryLedger(ORIGIN, clock=clock)
        blobs, guard, key = MemoryBlobStore(), MemoryGuard(), SigningKey(ORIGIN, bytes(range(32)))
        return House(ledger, blobs, guard, key, Publisher(ledger, guard, key, clock, blobs), now)

    return make


@pytest.fixture
def house(make_house: Callable[[], House]) -> House:
    """Three cases with files and payloads, twelve entries, three checkpoints, all sequenced."""
    house = make_house()
    for turn in range(4):
        for case in ("MA-001-2026-000001", "MA-001-2026-000002", "MA-001-2026-000003"):
            house.record(case, files=(f"{case} {turn}".encode(),), payload={"note": f"turno {turn}"})
        if turn != 2:
            house.settle()
    return house


def codes(report: Report) -> set[str]:
    """The finding codes of a report."""
    return {str(finding.code) for finding in report.findings}
