"""The rows of all sittings in one file of JSON lines, each with the machine it was made on; and the table of them."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torture.siege import Row


def facts() -> dict[str, object]:
    """The machine, and the moment."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def append(path: Path, row: Row, machine: Mapping[str, object]) -> None:
    """Add a row; what is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as sink:
        sink.write(json.dumps({"machine": machine, "row": asdict(row)}, ensure_ascii=False) + "\n")


def read(path: Path) -> list[Row]:
    """All rows of all sittings, oldest first; none where there is no file."""
    if not path.exists():
        return []
    return [_row(json.loads(line)["row"]) for line in path.read_text(encoding="utf-8").splitlines()]


def _row(told: dict[str, Any]) -> Row:
    return Row(**{**told, "notes": tuple(told["notes"]), "wrong": tuple(told["wrong"])})


def table(rows: Sequence[Row]) -> str:
    """Markdown: a line a row, then the sums of kills."""
    lines = [
        "| installation | fault | killed | acknowledged | sent again | found once | verify --full | orphans | "
        "back in (s) | longest silence (s) | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    return "\n".join([*lines, "", f"Killed: {_counted(rows)}."])


def _line(row: Row) -> str:
    orphans = _counts(row.orphans) or "none"
    verdict = "survived" if not row.wrong else "**broken**: " + "; ".join(row.wrong)
    cells = (
        row.place, row.scenario, _counts(row.kills) or "", f"{row.acknowledged:,}", f"{row.retried:,}",
        f"{row.once:,}", row.verdict, orphans, "" if row.recovery is None else f"{row.recovery:.1f}",
        f"{row.silence:.1f}", verdict,
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counted.items())


def _counted(rows: Iterable[Row]) -> str:
    found: Counter[str] = Counter()
    for row in rows:
        found.update(row.kills)
    return f"{found.total()} in all ({_counts(found)})"
