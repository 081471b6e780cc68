"""``python -m benchmarks [SECTION]... [--rounds N] [--out FILE]``: measure, print a table, write JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    ages,
    appends,
    campaigns,
    encryption,
    exporting,
    letters,
    packages,
    pages,
    sealing,
    steps,
    submitting,
    throughput,
    uploads,
    verification,
)
from benchmarks.measure import Figure, SectionUnavailable, table

Section = Callable[[Path, int], Iterator[Figure]]
SECTIONS: dict[str, Section] = {
    "sealing": sealing.run,
    "appends": appends.run,
    "appends-postgresql": appends.run_postgresql,
    "throughput": throughput.run,
    "throughput-crowds": throughput.run_crowds,
    "throughput-postgresql": throughput.run_postgresql,
    "uploads": uploads.run,
    "uploads-s3": uploads.run_s3,
    "encryption": encryption.run,
    "encryption-http": encryption.run_http,
    "encryption-s3": encryption.run_s3,
    "encryption-postgresql": encryption.run_postgresql,
    "submitting": submitting.run,
    "submitting-s3": submitting.run_s3,
    "steps": steps.run,
    "verification": verification.run,
    "exporting": exporting.run,
    "letters": letters.run,
    "packages": packages.run,
    "pages": pages.run,
    "ages": ages.run,
    "ages-whole": ages.run_whole,
    "import_900": campaigns.run,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for (all by default); 0 once every figure is written."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; default: all"
    )
    parser.add_argument("--rounds", type=int, default=5, help="times that each side is taken (default 5)")
    parser.add_argument("--out", type=Path, default=Path("var/bench/latest.json"))
    asked = parser.parse_args(arguments)
    unknown = set(asked.sections) - SECTIONS.keys()
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in asked.sections or SECTIONS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        figures += _section(name, asked.rounds)
    print(
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n"
    )
    print(table(figures))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")
    print(f"\nwritten to {asked.out}")
    return 0


def _section(name: str, rounds: int) -> list[Figure]:
    """One section in a folder of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True) as scratch:
        try:
            return list(SECTIONS[name](Path(scratch), rounds))
        except SectionUnavailable as missing:
            print(f"not measured: {name}: {missing}", file=sys.stderr)
            return []


if __name__ == "__main__":
    sys.exit(main())
