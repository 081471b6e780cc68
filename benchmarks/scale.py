"""``python -m benchmarks.scale``: what an installation of a given size needs, from unit costs measured here.

First the unit costs: whole cases of MA-001 through the same service as the pages, their bytes on either database, the
processor's seconds of each stage. Then arithmetic over them for several sizes, and a simulation by the second of one
day at the largest, with its peaks and with faults. What cannot be run on one machine is calculated, and says so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks.desk import BenchDesk
from documents.isolation import SeparateReader
from documents.limits import DEFAULT_LIMITS
from evidence.verify import verify_ledger
from storage.database import connect, upgrade
from storage.moving.backup import revision_of, snapshot
from storage.moving.restore import load_all
from storage.moving.rows import digest, layouts, lines
from tests.servers import postgresql

DAY = 86_400
YEAR = 365
GIB, TIB = 1 << 30, 1 << 40


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Per entry, where nothing else is said; seconds are of one processor.

    Attributes:
        entries: how many were measured.
        database_bytes: tables and indexes of the ledger, payloads and caches.
        entry_bytes: the hashed bytes alone.
        objects: files an entry names, on average.
        append_seconds: a step through the case service: derive, read its files in confined processes, store, seal.
        sequence_seconds: index, tree, tiles, re-hash.
        verify_seconds: chain, tree, columns, object presence.
        hash_bytes_per_second: SHA-256 by one processor.
    """

    entries: int
    database_bytes: float
    entry_bytes: float
    objects: float
    append_seconds: float
    sequence_seconds: float
    verify_seconds: float
    hash_bytes_per_second: float


@dataclass(frozen=True, slots=True)
class Load:
    """A size of installation: entries a day, how much busier its busiest second is, and mean bytes of a file."""

    name: str
    entries_a_day: int
    peak: float
    file_bytes: int


LOADS = (
    Load("one desk of thirty", 3_000, 6, 200_000),
    Load("a company's desks", 100_000, 5, 200_000),
    Load("1 M entries a day", 1_000_000, 4, 100_000),
    Load("10 M entries a day", 10_000_000, 3, 30_000),
)


def measure(cases: int) -> UnitCosts:
    """Whole cases on the embedded default; bytes are those of PostgreSQL where there is one to load them into."""
    with tempfile.TemporaryDirectory(prefix="constancia-scale-") as name:
        folder = Path(name)
        desk = BenchDesk(folder, SeparateReader(DEFAULT_LIMITS))
        append = _processor(lambda: [desk.whole_case() for _ in range(cases)])
        size = sum(1 for _ in desk.ledger.unsequenced())
        sequence = _processor(desk.settle)
        verify = _processor(lambda: verify_ledger(desk.ledger, desk.blobs, keys=[desk.key.verifier]))
        rows = list(desk.ledger.entries())
        return UnitCosts(
            entries=size,
            database_bytes=_database_bytes(folder) / size,
            entry_bytes=sum(len(row.entry_bytes) for row in rows) / size,
            objects=sum(len(row.entry.objects) for row in rows) / size,
            append_seconds=append / size,
            sequence_seconds=sequence / size,
            verify_seconds=verify / size,
            hash_bytes_per_second=_hash_rate(),
        )


def needs(load: Load, cost: UnitCosts) -> dict[str, float]:
    """Arithmetic: what this load takes, per second at its peak and per year."""
    peak = load.entries_a_day / DAY * load.peak
    year = load.entries_a_day * YEAR
    objects = year * cost.objects
    return {
        "peak entries/s": peak,
        "web processors at peak (60 % busy)": max(1.0, math.ceil(peak * cost.append_seconds / 0.6)),
        "sequencer busy at peak (%)": 100 * peak * cost.sequence_seconds,
        "database, a year (GiB)": year * cost.database_bytes / GIB,
        "objects, a year (million)": objects / 1e6,
        "object store, a year, two copies (TiB)": 2 * objects * load.file_bytes / TIB,
        "into the object store at peak (MB/s)": peak * cost.objects * load.file_bytes / 1e6,
        "tree tiles, a year (GiB)": year * 32 * (1 + 1 / 255) / GIB,
        "proof length after a year (hashes)": math.ceil(math.log2(max(2, year))),
        "verify a year's entries (hours, 1 processor)": year * cost.verify_seconds / 3600,
        "read a year's objects (days, 8 processors)": objects
        * load.file_bytes
        / cost.hash_bytes_per_second
        / 8
        / DAY,
    }


def shape(second: int, peak: float) -> float:
    """How much busier than its mean a second of the day is: quiet nights, two humps, the busier one ``peak`` high."""
    hour = second / 3600
    humps = math.exp(-((hour - 10.5) ** 2) / 4.5) + 0.8 * math.exp(-((hour - 16.5) ** 2) / 6)
    return 0.05 + humps * (peak - 0.05)


@dataclass(frozen=True, slots=True)
class Fault:
    """From ``start`` (second of the day) for ``seconds`` the part stands still."""

    name: str
    part: str
    start: int
    seconds: int


FAULTS = (
    Fault("nothing", "", 0, 0),
    Fault("the worker with the sequencer is killed, another takes over", "sequencer", 37_800, 10),
    Fault("all workers away for five minutes", "sequencer", 37_800, 300),
    Fault("a stopped volume server: writes wait 30 s", "store", 37_800, 30),
    Fault("the database fails over in 60 s", "database", 37_800, 60),
)


def simulate(load: Load, cost: UnitCosts, fault: Fault, logs: int, slots: int) -> dict[str, float]:
    """One day by the second: what arrives is sealed by a log's share of ``slots`` processors, then sequenced.

    The sequencer works in rounds of a second, as the steward does, and is one processor a log. Gives the longest queue
    and lag: of requests that wait to be sealed, and of entries that wait for their index.
    """
    scale = load.entries_a_day / sum(shape(second, load.peak) for second in range(DAY)) / logs
    rate, placing = slots / logs / cost.append_seconds, 1 / cost.sequence_seconds
    asked = sealed = placed = 0.0
    longest = {
        "requests waiting": 0.0,
        "request lag (s)": 0.0,
        "entries without index": 0.0,
        "index lag (s)": 0.0,
    }
    for second in range(DAY):
        still = fault.part if fault.start <= second < fault.start + fault.seconds else ""
        asked += scale * shape(second, load.peak)
        if still not in {"store", "database"}:
            sealed = min(asked, sealed + rate)
        if still not in {"sequencer", "database"}:
            placed = min(sealed, placed + placing)
        now = scale * shape(second, load.peak)
        for name, value in (
            ("requests waiting", asked - sealed), ("request lag (s)", (asked - sealed) / now),
            ("entries without index", sealed - placed), ("index lag (s)", (sealed - placed) / now),
        ):  # fmt: skip
            longest[name] = max(longest[name], value)
    return longest


def _processor(work: Callable[[], object]) -> float:
    began = _used()
    work()
    return _used() - began


def _used() -> float:
    """Processor's seconds of this process, of those it waited for, and of those that run for it with all of theirs.

    Files are read by children of a process that stays: nobody has waited for that one yet.
    """
    ended = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return ended + sum(_running()) / os.sysconf("SC_CLK_TCK")


def _running() -> Iterator[int]:
    """Ticks of each living child, its own and those of the children it waited for (proc(5), Linux)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended while we looked: then it was waited for, or is not ours
            continue
        if int(fields[1]) == os.getpid():
            yield sum(map(int, fields[11:15]))


def _hash_rate() -> float:
    import hashlib  # noqa: PLC0415 - one use

    data = bytes(64 << 20)
    return len(data) / _processor(lambda: hashlib.sha256(data).digest())


def _database_bytes(folder: Path) -> float:
    """Of the same rows in PostgreSQL, less what empty tables take; else the SQLite file."""
    binaries = postgresql.binaries()
    source = connect(f"sqlite:///{folder / 'desk.sqlite3'}")
    if binaries is None:
        return (folder / "desk.sqlite3").stat().st_size
    tables = layouts()
    with (
        postgresql.postgresql_server(binaries) as server,
        server.database() as url,
        server.database() as bare,
    ):
        target, empty = connect(url), connect(bare)
        upgrade(empty)
        with snapshot(source) as rows:
            digests = {item.name: digest(rows, item) for item in tables}
            load_all(
                target, revision_of(rows), tables,
                lambda item: (line.rstrip(b"\n") for line in lines(rows, item)), digests,
            )  # fmt: skip
        found = _size(target) - _size(empty)
        for engine in (target, empty, source):
            engine.dispose()
    return found


def _size(engine: Engine) -> float:
    """Bytes of all tables with their indexes."""
    sizes = text(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
        "relnamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        return float(connection.execute(sizes).scalar_one())


def report(cost: UnitCosts) -> Iterator[str]:
    """The tables that docs/scale.md quotes."""
    yield "| unit cost | measured |\n|---|---|"
    for name, value in asdict(cost).items():
        yield f"| {name.replace('_', ' ')} | {_shown(value)} |"
    yield ""
    found = [needs(load, cost) for load in LOADS]
    yield "| | " + " | ".join(load.name for load in LOADS) + " |\n|---|" + "---|" * len(LOADS)
    for name in found[0]:
        yield f"| {name} | " + " | ".join(_shown(item[name]) for item in found) + " |"
    yield ""
    yield "| 10 M entries a day, and | logs | requests waiting | request lag (s) | without index | index lag (s) |"
    yield "|---|---|---|---|---|---|"
    slots = int(found[-1]["web processors at peak (60 % busy)"])
    for logs in (1, 4):
        for fault in FAULTS:
            lag = simulate(LOADS[-1], cost, fault, logs, slots)
            yield f"| {fault.name} | {logs} | " + " | ".join(f"{value:,.0f}" for value in lag.values()) + " |"


def _shown(value: float) -> str:
    """Three significant digits, in figures that people read."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    """Measure, or take measured costs from a file, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--cases", type=int, default=60, help="whole cases to measure with")
    parser.add_argument("--costs", type=Path, help="a JSON file of unit costs to calculate from instead")
    given = parser.parse_args()
    cost = UnitCosts(**json.loads(given.costs.read_text())) if given.costs else measure(given.cases)
    print("\n".join(report(cost)))
    print("\n" + json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
