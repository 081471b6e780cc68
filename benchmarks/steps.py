"""A step as the desk records it, and the state derived from a whole case.

Recording runs everything a page causes below HTTP: the file is inspected, stored and synced, the rules are checked, the
entry is sealed and committed, the projection rewritten. The baseline stores the same file and commits one row.
"""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.appends import PlainSqlite
from benchmarks.desk import BenchDesk
from benchmarks.measure import Figure, compare, milliseconds
from benchmarks.uploads import durable_write
from tests.workflows.desk import ALTA, png
from workflows.derive import derive

DERIVATIONS = 50


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Milliseconds a step and a derivation."""
    desk = BenchDesk(scratch)
    yield _record(desk, scratch, rounds)
    yield _derive(desk, rounds)


def _record(desk: BenchDesk, scratch: Path, rounds: int) -> Figure:
    plain = PlainSqlite(scratch / "plain.sqlite3")
    folder = scratch / "plain"
    folder.mkdir()
    names = itertools.count()
    screen = png().stream.read()

    def ours() -> float:
        """All steps of a creation after its opening, which is not measured."""
        folio = desk.open()
        begun = time.perf_counter()
        for step in ALTA:
            desk.record(folio, step)
        return (time.perf_counter() - begun) * 1000 / len(ALTA)

    def write() -> None:
        for _ in ALTA:
            durable_write(folder, str(next(names)), screen)
            plain.insert_each(1)

    return compare(
        "record a step with its evidence",
        ours,
        "one file synced and renamed, one row committed",
        lambda: milliseconds(len(ALTA), write),
        unit="ms",
        better="lower",
        rounds=rounds,
    )


def _derive(desk: BenchDesk, rounds: int) -> Figure:
    folio = desk.whole_case()
    history = desk.ledger.history(folio)
    entries = [sealed.entry for sealed in history]
    definition = desk.cases.view(folio).definition
    texts = [sealed.entry_bytes for sealed in history]

    def ours() -> None:
        for _ in range(DERIVATIONS):
            derive(definition, entries, calendar=desk.calendar)

    def plain() -> None:
        for _ in range(DERIVATIONS):
            for text in texts:
                json.load(io.BytesIO(text))

    return compare(
        f"derive the state of a case of {len(entries)} entries",
        lambda: milliseconds(DERIVATIONS, ours),
        "json.load of each of its entries",
        lambda: milliseconds(DERIVATIONS, plain),
        unit="ms",
        better="lower",
        rounds=rounds,
    )
