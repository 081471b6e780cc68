"""A log in memory that is published, and a witness behind HTTP, for tests of anchors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from anchoring.desk import AnchorDesk
from anchoring.timestamps import Authority
from anchoring.witnesses import WitnessClient
from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.note import SigningKey
from evidence.policy import Witness as Named
from tests.fakes.memory import MemoryBlobStore, MemoryLedger
from tests.storage.support import ORIGIN, fill, sequence_all
from witness.book import SqliteBook
from witness.server import WitnessServer
from witness.witness import Witness

LOG_KEY = SigningKey(ORIGIN, bytes(32))
WITNESS_KEY = SigningKey("testigo.example/w1", bytes([7]) * 32)


@dataclass
class Log:
    """A ledger in memory with its objects."""

    ledger: MemoryLedger
    blobs: MemoryBlobStore

    @classmethod
    def of(cls, count: int) -> Log:
        """A log of so many entries."""
        ledger = MemoryLedger(ORIGIN)
        fill(ledger, count)
        return cls(ledger, MemoryBlobStore())

    def publish(self) -> bytes:
        """Sequence, sign and keep the head."""
        sequence_all(self.ledger)
        size = self.ledger.tree_size()
        note = sign_checkpoint(Checkpoint(ORIGIN, size, self.ledger.root()), LOG_KEY)
        self.ledger.save_checkpoint(size, note, "2026-11-20T15:00:00.000000Z")
        return note

    def desk(self, *witnesses: WitnessClient, authorities: tuple[Authority, ...] = ()) -> AnchorDesk:
        """A desk on this log."""
        return AnchorDesk(self.ledger, self.blobs, lambda: datetime.now(UTC), witnesses, authorities)


@contextmanager
def serving(folder: Path) -> Iterator[Named]:
    """A witness with its book in a folder, as a policy would name it."""
    witness = Witness(WITNESS_KEY, [LOG_KEY.verifier], SqliteBook(folder / "book"), lambda: datetime.now(UTC))
    server = WitnessServer(("127.0.0.1", 0), witness, WITNESS_KEY.cosigner)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Named("w1", WITNESS_KEY.cosigner, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
