"""What a page, a proof, a rebuild and a verification cost at a million entries, beside the same at fewer.

Pages go through the test client (everything but the network), at two sizes by turns; p95 of each, in processor time:
what a shared machine does meanwhile is not the page's. What lies behind the desk grows a hundredfold; what is open
today, and how many cases a day come, does not (`benchmarks.million`). A million entries take their time to seal: where
``BENCH_DESKS`` names a folder, desks are kept there and found again.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from operator import methodcaller
from pathlib import Path

from benchmarks.measure import Figure, compare
from benchmarks.million import fill
from evidence.checkpoint import sign_checkpoint
from evidence.findings import Verdict
from evidence.processes import loaded_for_good
from evidence.proofs import head_of, prove_entry
from evidence.verify import verify_ledger
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from workflows.ports import CaseQuery

SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
REQUESTS = 30
PROOFS = 200
PAGES = {
    "inbox": "/",
    "case list": "/casos",
    "search": "/casos?q=equipo+{number}",
    "case page": "/casos/{folio}",
    "board": "/tablero",
}


class Desk:
    """An installation with so many entries, and a supervisor who looks at its pages."""

    def __init__(self, folder: Path, entries: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.entries = entries
        self.place = Installation(folder)
        self.browser: Browser = self.place.client(Role.SUPERVISOR)
        ledger = self.place.house.ledger
        if ledger.tree_size() < entries:
            fill(self.place.house, entries)
        self.size = ledger.tree_size()
        self.folios = self.place.house.index.find(CaseQuery(limit=400)).rows
        self._turn = itertools.count()

    def page_p95(self, path: str, requests: int = REQUESTS) -> float:
        """Milliseconds of processor time that nineteen of twenty requests are answered within."""
        taken = []
        for _ in range(requests):
            turn = next(self._turn)
            address = path.format(folio=self.folios[turn % len(self.folios)].folio, number=turn % 400)
            begun = time.process_time()
            answer = self.browser.get(address)
            taken.append((time.process_time() - begun) * 1000)
            if answer.status_code != HTTPStatus.OK:
                raise AssertionError(f"{address}: {answer.status}")
        return sorted(taken)[int(len(taken) * 0.95)]

    def proof(self) -> float:
        """Milliseconds for the proof of an entry under the present head, entries all over the log."""
        house = self.place.house
        note = sign_checkpoint(head_of(house.ledger), house.key)
        begun = time.process_time()
        for turn in range(PROOFS):
            prove_entry(house.ledger, turn * 7919 % self.size, note)
        return (time.process_time() - begun) * 1000 / PROOFS

    def rebuild(self) -> float:
        """Microseconds an entry to derive every case anew and compare it with what is stored."""
        begun = time.perf_counter()
        report = self.place.house.cases.rebuild()
        if report.differences or report.failures:
            raise AssertionError(report.differences[:2] or report.failures[:2])
        return (time.perf_counter() - begun) * 1e6 / self.size

    def verify(self) -> float:
        """Microseconds an entry for a full verification, files included."""
        house = self.place.house
        begun = time.perf_counter()
        report = verify_ledger(house.ledger, house.blobs, keys=house.vkeys, full=True)
        if report.verdict is not Verdict.VALID:
            raise AssertionError(report.findings[:2])
        return (time.perf_counter() - begun) * 1e6 / self.size

    def close(self) -> None:
        """Let go."""
        self.place.close()


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Pages and proofs: a million entries beside ten thousand; garbage is looked for as in a worker of the server."""
    with ExitStack() as stack:
        small, large = (_desk(scratch, size, stack) for size in (SMALL, LARGE))
        for desk, path in itertools.product((small, large), PAGES.values()):
            desk.page_p95(path, 1)
        loaded_for_good()
        figures = [
            _beside(f"page_1m_vs_10k: {name}", large, small, methodcaller("page_p95", path), rounds)
            for name, path in PAGES.items()
        ]
        yield replace(max(figures, key=lambda figure: figure.ratio), name="page_1m_vs_10k")
        yield from figures
        yield _beside("proof_1m_vs_10k", large, small, Desk.proof, rounds)


def run_whole(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Rebuild and full verification, each entry's share: a million entries beside a hundred thousand."""
    with ExitStack() as stack:
        middle, large = (_desk(scratch, size, stack) for size in (MIDDLE, LARGE))
        few = max(1, rounds // 5)
        yield _beside("rebuild", large, middle, Desk.rebuild, few, unit="us/entry")
        yield _beside("verify --full", large, middle, Desk.verify, few, unit="us/entry")


def _desk(scratch: Path, entries: int, stack: ExitStack) -> Desk:
    folder = Path(os.environ.get("BENCH_DESKS", scratch)) / f"desk-{entries}"
    desk = Desk(folder, entries)
    stack.callback(desk.close)
    return desk


def _beside(
    name: str, ours: Desk, other: Desk, cost: Callable[[Desk], float], rounds: int, unit: str = "ms"
) -> Figure:
    return compare(
        name,
        lambda: cost(ours),
        f"the same at {other.entries:,} entries",
        lambda: cost(other),
        unit=unit,
        better="lower",
        rounds=rounds,
    )
