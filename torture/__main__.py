"""``python -m torture [KIND]... [--short] [--only TEXT]``: the table of faults."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from torture.blow import Effort, Scenario
from torture.place import PLACES, PartMissing
from torture.rows import append, facts, read, table
from torture.scenarios import SHORT, SIEGES
from torture.siege import Row, besiege

_SURVIVED, _BROKEN, _VOID = 0, 1, 3
_SHORT = Effort(seconds=3, deaths=2, kills=8, seed=1)


def main(arguments: list[str] | None = None) -> int:
    """Suffer what was asked for; 0: everything was survived, 1: a promise was broken, 3: a part was missing."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    if unknown := set(asked.kinds) - SIEGES.keys():
        _parser().error(f"no such kind: {', '.join(sorted(unknown))}")
    if asked.table:
        print(table(read(asked.out)))
        return _SURVIVED
    effort = _SHORT if asked.short else Effort(asked.seconds, asked.deaths, asked.kills, asked.seed)
    print(f"{effort}; rows are added to {asked.out}", flush=True)
    rows: list[Row] = []
    missing: list[str] = []
    for kind in asked.kinds or SIEGES:
        chosen = wanted(kind, short=asked.short, only=asked.only, resume=asked.out if asked.resume else None)
        rows += _suffered(kind, chosen, effort, asked.out, missing)
    for line in missing:
        print(f"not run: {line}", file=sys.stderr)
    if any(row.wrong for row in rows):
        return _BROKEN
    return _VOID if missing or not (rows or asked.resume) else _SURVIVED


def _end(*_given: object) -> NoReturn:
    """Leave through every `with`: servers are ended and folders removed."""
    sys.exit(128 + signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(SIEGES)}; default: all")
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    parser.add_argument("--short", action="store_true", help="a few scenarios, short: a couple of minutes")
    parser.add_argument("--seconds", type=float, default=12, help="how long each fault lasts (default 12)")
    parser.add_argument("--deaths", type=int, default=5, help="at each named point (default 5)")
    parser.add_argument("--kills", type=int, default=60, help="at random, in each kind (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (default 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("var/torture/rows.jsonl"), help="rows are added here"
    )
    parser.add_argument("--resume", action="store_true", help="leave out what --out says was survived")
    parser.add_argument(
        "--table", action="store_true", help="suffer nothing: print what --out holds, as Markdown"
    )
    return parser


def wanted(kind: str, *, short: bool = False, only: str = "", resume: Path | None = None) -> list[Scenario]:
    """The scenarios of a kind that were asked for, in their order; ``resume``: without what that file says survived."""
    done: set[str] = set()
    if resume is not None:
        done = {row.scenario for row in read(resume) if row.place == kind and not row.wrong}
    return [
        scenario for scenario in SIEGES[kind]
        if only in scenario.name
        and scenario.name not in done
        and (not short or scenario.name in SHORT.get(kind, ()))
    ]  # fmt: skip


def _suffered(
    kind: str, scenarios: Sequence[Scenario], effort: Effort, out: Path, missing: list[str]
) -> Iterator[Row]:
    if not scenarios:
        return
    try:
        with PLACES[kind]() as place:
            for row in besiege(kind, place, scenarios, effort):
                append(out, row, facts())
                _print(row)
                yield row
    except PartMissing as error:
        missing.append(f"{kind}: {error}")


def _print(row: Row) -> None:
    verdict = "survived" if not row.wrong else "BROKEN"
    print(
        f"{row.place:9} {row.scenario:36} {verdict:9} kills {row.killed:3}  acknowledged {row.acknowledged:5}  "
        f"retried {row.retried:5}  unanswered {row.unanswered:2}  entries {row.entries:6}  "
        f"orphans {sum(row.orphans.values()):4}  back in {row.recovery or 0:5.1f} s  {row.seconds:6.1f} s",
        flush=True,
    )
    for line in row.notes:
        print(f"          - {line}", flush=True)
    for line in row.wrong:
        print(f"          ! {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
