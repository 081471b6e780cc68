"""Asks an advisory database about every pin of the locks, by pip-audit, and never mistakes silence for a good answer.

    make advisories                     # both databases that pip-audit knows, one after the other
    make advisories ARGS=--keep         # writes a whole answer to supply/advisories.json, with its date
    make advisories ARGS=--strict       # silence is a failure, too (before a release)

Ends with 0 (a database answered for every pin: nothing known, or only what ``supply/advisories-allowed.toml`` allows
with a reason and a date), with 1 (something is known, or an allowance has ended) or, where no database answered, with
a plain word and 0; under ``--strict`` 3. pip-audit itself answers "No known vulnerabilities found" where the index
serves no advisories: each pin that it skipped is an unanswered one here. The kept answer counts for the locks that it
names and for no others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements-dev.txt"
ALLOWED, KEPT = Path("supply/advisories-allowed.toml"), Path("supply/advisories.json")
SERVICES = ("osv", "pypi")
PATIENCE = 10
"""Seconds that pip-audit waits for one answer."""
LONGEST = 180
"""Seconds for all of them: it asks pin after pin, and a slow network would hold up `make check` for an hour."""


class Unanswered(RuntimeError):
    """The database did not answer, or not for every pin; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Known:
    """An advisory about a pin: its identifiers (the first names it), and versions without it."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """An advisory that somebody has judged, why it does not matter here, and until when."""

    id: str
    package: str
    reason: str
    until: date


def ask(lock: Path, service: str, url: str = "", *, longest: float = LONGEST) -> list[Known]:
    """Everything a database knows about the pins of ``lock``; ``url`` is another one that speaks OSV's protocol.

    Raises:
        Unanswered: it could not be reached, left pins out, or was not done after ``longest`` seconds.
    """
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip"]
    command += ["-f", "json", "-s", service, "--timeout", str(PATIENCE), "--progress-spinner", "off"]
    command += ["--osv-url", url] if url else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=longest)
    except subprocess.TimeoutExpired:
        raise Unanswered(f"{service}: it was not done after {longest:g} s") from None
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise Unanswered(f"{service}: {last[:200]}") from None
    if skipped := [item["name"] for item in told if "skip_reason" in item]:
        raise Unanswered(
            f"{service}: no answer for {len(skipped)} of {len(told)} pins, {skipped[0]} among them"
        )
    if not told:
        raise Unanswered(f"{service}: it was asked about no pin")
    return [
        Known(item["name"], item["version"], (one["id"], *one["aliases"]), tuple(one["fix_versions"]))
        for item in told
        for one in item["vulns"]
    ]


def allowances(root: Path) -> list[Allowed]:
    """The allow-list; a line of it without a reason or a date is an error."""
    rows = tomllib.loads((root / ALLOWED).read_text()).get("allowed", [])
    found = [Allowed(row["id"], row["package"], row["reason"], row["until"]) for row in rows]
    for item in found:
        if len(item.reason.split()) < 4 or not isinstance(item.until, date):
            raise ValueError(f"{ALLOWED}: {item.id} needs a reason in words and a date")
    return found


def judge(known: list[Known], allowed: list[Allowed], today: date) -> list[str]:
    """One line for each advisory that is not allowed today."""
    open_ids = {(item.package, item.id) for item in allowed if item.until >= today}
    return [
        f"{item.package} {item.version}: {item.ids[0]}, mended in {', '.join(item.fixed) or 'no version'}"
        for item in known
        if not any((item.package, one) in open_ids for one in item.ids)
    ]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Ask, tell, and answer with the module's exit codes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--strict", action="store_true", help="no answer is a failure")
    parser.add_argument("--keep", action="store_true", help="write the answer down, with its date")
    parser.add_argument("--osv-url", default="", help="another database that speaks OSV's protocol")
    asked = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    allowed, silent = allowances(root), []
    for service in SERVICES[:1] if asked.osv_url else SERVICES:
        try:
            known = ask(root / LOCK, service, asked.osv_url)
        except Unanswered as trouble:
            silent.append(str(trouble))
            continue
        if asked.keep:
            _keep(root, service, known, today)
        bad = judge(known, allowed, today)
        print(
            "\n".join(bad) or f"{service} knows of nothing against these pins ({len(known)} allowed), {today}"
        )
        return 1 if bad else 0
    print("DEPENDENCIES NOT AUDITED: no advisory database answered.", *silent, sep="\n  ", file=sys.stderr)
    return _from_kept(root, allowed, today, strict=asked.strict)


def _keep(root: Path, service: str, known: list[Known], today: date) -> None:
    rows = [
        {"package": item.package, "version": item.version, "ids": item.ids, "fixed": item.fixed}
        for item in known
    ]
    kept = {"asked": today.isoformat(), "database": service, LOCK: digest(root / LOCK), "known": rows}
    (root / KEPT).write_text(json.dumps(kept, indent=1) + "\n")


def _from_kept(root: Path, allowed: list[Allowed], today: date, *, strict: bool) -> int:
    """What the last kept answer says, where it is about these very locks."""
    if not (root / KEPT).exists():
        print("  Nor is there an answer that was kept: ask from a machine that reaches one.", file=sys.stderr)
        return 3 if strict else 0
    kept = json.loads((root / KEPT).read_text())
    if kept[LOCK] != digest(root / LOCK):
        print(
            f"  The kept answer of {kept['asked']} is about other pins: it says nothing of these.",
            file=sys.stderr,
        )
        return 3 if strict else 0
    known = [
        Known(row["package"], row["version"], tuple(row["ids"]), tuple(row["fixed"])) for row in kept["known"]
    ]
    bad = judge(known, allowed, today)
    print(
        f"  Of {kept['asked']}, by {kept['database']}:",
        *(bad or ["nothing known"]),
        sep="\n  ",
        file=sys.stderr,
    )
    return 1 if bad else 3 if strict else 0


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
