"""What each process of a crowd does; started from a fork server so that sixteen of them start quickly."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime

from storage.database import connect
from storage.ledger import SqlLedger
from tests.storage.support import ORIGIN, draft, writes

PROCESSES = 16


def append_many(url: str, name: int, cases: list[str]) -> None:
    """Append one entry to each case, in the order given."""
    engine = connect(url)
    ledger = SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))
    for number, case in enumerate(cases):
        ledger.append(case, writes(draft(f"{name}/{number}")))
    engine.dispose()


def sequence_while(url: str, flag: str) -> None:
    """Sequence in small batches until the flag file is gone, then the rest."""
    engine = connect(url)
    ledger = SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))
    while os.path.exists(flag) or ledger.sequence(16):  # noqa: PTH110 - a flag, not a path of ours
        ledger.sequence(16)
    engine.dispose()


def run(targets: list[tuple[Callable[..., None], tuple[object, ...]]]) -> list[Callable[[], int | None]]:
    """Start a process for each target; returns a function for each that waits and gives the exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.crowd"])
    processes = [context.Process(target=target, args=args) for target, args in targets]
    for process in processes:
        process.start()

    def waits(process: multiprocessing.process.BaseProcess) -> Callable[[], int | None]:
        def wait() -> int | None:
            process.join(120)
            return process.exitcode

        return wait

    return [waits(process) for process in processes]
