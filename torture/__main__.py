"""``python -m torture [KIND]... [--only TEXT] [--seconds S] [--kills N]``: the table of faults."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from torture.place import PLACES, PartMissing
from torture.scenarios import SIEGES
from torture.siege import Effort, Row, besiege

_SURVIVED, _BROKEN, _VOID = 0, 1, 3


def main(arguments: list[str] | None = None) -> int:
    """Suffer what was asked for; 0: everything was survived, 1: a promise was broken, 3: a part was missing."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(SIEGES)}; default: all")
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    parser.add_argument("--seconds", type=float, default=12, help="how long each fault lasts (default 12)")
    parser.add_argument(
        "--kills", type=int, default=60, help="workers killed at random, in each kind (default 60)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--out", type=Path, default=Path("var/torture/latest.json"))
    asked = parser.parse_args(arguments)
    if unknown := set(asked.kinds) - SIEGES.keys():
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    missing: list[str] = []
    for kind in asked.kinds or SIEGES:
        rows += _suffered(kind, asked.only, Effort(asked.seconds, asked.kills, asked.seed), missing)
    _write(asked.out, rows, missing)
    for line in missing:
        print(f"not run: {line}", file=sys.stderr)
    if any(row.wrong for row in rows):
        return _BROKEN
    return _VOID if missing or not rows else _SURVIVED


def _suffered(kind: str, only: str, effort: Effort, missing: list[str]) -> Iterator[Row]:
    scenarios = [scenario for scenario in SIEGES[kind] if only in scenario.name]
    if not scenarios:
        return
    try:
        with PLACES[kind]() as place:
            for row in besiege(kind, place, scenarios, effort):
                _print(row)
                yield row
    except PartMissing as error:
        missing.append(f"{kind}: {error}")


def _print(row: Row) -> None:
    verdict = "survived" if not row.wrong else "BROKEN"
    print(
        f"{row.place:9} {row.scenario:28} {verdict:9} kills {row.kills:3}  acknowledged {row.acknowledged:5}  "
        f"retried {row.retried:5}  unanswered {row.unanswered:2}  entries {row.entries:6}  orphans {row.orphans:4}  "
        f"{row.seconds:6.1f} s",
        flush=True,
    )
    for line in row.wrong:
        print(f"          ! {line}", flush=True)


def _write(path: Path, rows: list[Row], missing: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
    }
    told = {"machine": machine, "rows": [asdict(row) for row in rows], "not_run": missing}
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
