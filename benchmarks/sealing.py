"""Sealing an entry (canonical bytes, commitment, leaf hash) beside `json.dumps` and one SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.material import draft
from benchmarks.measure import Figure, compare, per_second
from evidence.entry import genesis_hash, parse_entry, seal

COUNT = 2000
LOG, CASE = "bench.example/log", "MA-001-2026-000001"


def run(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Entries a second, one thread: written, and read back."""
    drafts = [draft(number) for number in range(COUNT)]
    genesis = genesis_hash(LOG, CASE)
    salt = bytes(32)

    def ours() -> None:
        for item in drafts:
            seal(item, log=LOG, case=CASE, seq=1, prev=genesis, at="2026-02-03T16:45:13.000000Z", salt=salt)

    one = seal(
        drafts[0], log=LOG, case=CASE, seq=1, prev=genesis, at="2026-02-03T16:45:13.000000Z", salt=salt
    )
    document, payload = json.loads(one.entry_bytes), dict(drafts[0].payload)

    def plain() -> None:
        for _ in drafts:
            payload_text = json.dumps(payload, sort_keys=True).encode()
            document["payload"] = hashlib.sha256(salt + payload_text).hexdigest()
            hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    yield compare(
        "seal an entry",
        lambda: per_second(COUNT, ours),
        "json.dumps + sha256 of entry and payload",
        lambda: per_second(COUNT, plain),
        unit="entries/s",
        rounds=rounds,
    )

    def read() -> None:
        for _ in drafts:
            parse_entry(one.entry_bytes)

    def read_plain() -> None:
        for _ in drafts:
            json.loads(one.entry_bytes)

    yield compare(
        "parse an entry",
        lambda: per_second(COUNT, read),
        "json.loads of its bytes",
        lambda: per_second(COUNT, read_plain),
        unit="entries/s",
        rounds=rounds,
    )
