"""What must be true after every fault: each acknowledged entry once, the ledger valid, no object unexplained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.entry import BlobRef, SealedEntry
from evidence.findings import Code
from evidence.ports import StoredBlob
from storage.ciphers.blobs import opened_by_any
from torture.clients import Journal
from torture.servers import ROOT, clean_environment
from web.settings import Settings
from web.wiring import House

_MARK = re.compile(rb"marca-[0-9a-f]{16}")
_SETTLED_SECONDS = 90
_AGAIN = "of a try that came to nothing; sent again, and sealed"
_NEVER = "of a request that was never answered"
_NO_HARM = {Code.OBJECT_UNREFERENCED, Code.TIME_BACKWARDS}
"""Told by `verify` and weighing nothing: orphans are judged here, and a clock that was moved is what happened."""


@dataclass
class Aftermath:
    """What was found; ``wrong`` is empty when the installation kept all its promises."""

    entries: int = 0
    once: set[str] = field(default_factory=set)
    """The acknowledged marks that are in exactly one entry, where the answer said."""
    verdict: str = ""
    """What ``flask ledger verify --full`` said."""
    orphans: Counter[str] = field(default_factory=Counter)
    """Objects that no entry names, by what they are."""
    wrong: list[str] = field(default_factory=list)


def examine(env: Mapping[str, str], journal: Journal) -> Aftermath:
    """Read the installation from outside its servers, which still run: they must sign everything first."""
    found = Aftermath()
    house = House(Settings.from_env(env))
    try:
        _wait_signed(house, found)
        _once(house, journal, found)
        _verified(house, env, journal, found)
    finally:
        house.close()
    found.wrong += [f"refused: {reason}" for reason in journal.refused[:3]]
    return found


def _wait_signed(house: House, found: Aftermath) -> None:
    """Everything recorded gets its index and a signature by itself, within a minute and a half."""
    if not signed_within(house, _SETTLED_SECONDS):
        found.wrong.append("not everything was signed in time")


def signed_within(house: House, seconds: float) -> bool:
    """Whether everything recorded has its index and is under a signature, before so long."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        latest = house.ledger.latest_checkpoint()
        waiting = any(True for _ in house.ledger.unsequenced())
        if not waiting and latest is not None and latest[0] >= house.ledger.tree_size():
            return True
        time.sleep(0.25)
    return False


def _once(house: House, journal: Journal, found: Aftermath) -> None:
    """Every acknowledged mark is in exactly one entry, where the answer said; an unanswered one in one at most."""
    where = marked(house)
    found.entries = house.ledger.tree_size()
    for told in journal.acknowledged:
        there = where.get(told.mark, [])
        if len(there) != 1:
            found.wrong.append(f"acknowledged {told.mark} is there {len(there)} times")
        elif told.seq and (there[0].entry.case, there[0].entry.seq) != (told.folio, told.seq):
            found.wrong.append(f"{told.mark} was promised as {told.folio} {told.seq} and is elsewhere")
        else:
            found.once.add(told.mark)
    found.wrong += [
        f"unanswered {mark} is there {len(where[mark])} times"
        for mark in journal.unanswered
        if len(where.get(mark, [])) > 1
    ]
    twice = Counter(told.mark for told in journal.acknowledged)
    found.wrong += [f"{mark} was acknowledged twice" for mark, count in twice.items() if count > 1]


def marked(house: House) -> dict[str, list[SealedEntry]]:
    """The entries of the log by the marks that clients put into them."""
    where: dict[str, list[SealedEntry]] = {}
    for sealed in house.ledger.entries():
        for mark in set(_MARK.findall(sealed.payload_bytes or b"")):
            where.setdefault(mark.decode(), []).append(sealed)
    return where


def _verified(house: House, env: Mapping[str, str], journal: Journal, found: Aftermath) -> None:
    """The ledger and every object verify, and an orphan is what a client sent whose entry never came."""
    told = run_flask(env, "ledger", "verify", "--full", "--json")
    report = json.loads(told.stdout or "{}")
    found.verdict = str(report.get("verdict"))
    findings = report.get("findings", [])
    orphans = [item["subject"] for item in findings if item["code"] == Code.OBJECT_UNREFERENCED]
    others = [item for item in findings if item["code"] not in _NO_HARM]
    if told.returncode != 0 or report.get("verdict") != "valid" or others:
        found.wrong.append(f"verify: exit {told.returncode} {others or told.stderr[-300:]}")
    answered = {told.mark for told in journal.acknowledged}
    held = {item.key: item for item in house.stored.list()} if orphans else {}
    for key in orphans:
        mark = journal.sent.get(_plain(house, held[key]))
        if mark is None:
            found.wrong.append(f"nobody sent what lies at {key}")
        else:
            found.orphans[_AGAIN if mark in answered else _NEVER] += 1


def run_flask(env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the program, as an operator of the installation runs it."""
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env={**clean_environment(), **env},
        capture_output=True,
        check=False,
        text=True,
    )


def _plain(house: House, held: StoredBlob) -> bytes:
    """What lies in the object store, opened by the case's key that it was encrypted to, if it was."""
    key = held.key
    ref = BlobRef(key.rpartition("/")[2], held.size, "", key, held.version)
    with house.stored.open(ref) as stream:
        stored = stream.read()
    opened = opened_by_any(stored, house.case_keys)
    return stored if opened is None else opened
