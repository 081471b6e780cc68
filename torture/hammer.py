"""``python -m torture.hammer [--leaves N]``: clients of the log who believe nothing, while many write to it.

Two web servers with two workers each, over one PostgreSQL and one object store. Readers fetch what any stranger may
(C2SP tlog-tiles under ``/log/``), from whichever server luck gives them, and check every signature, the consistency of
every two checkpoints they have seen, and the inclusion of every entry under the newest of them. In the end, every
acknowledged entry must have been seen, each case must be dense, and no two places of the log may hold the same entry.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import urllib3

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.entry import parse_entry
from evidence.note import VerifierKey
from evidence.tiles import TILE_WIDTH, Tile, TileHashReader, decode_bundle, tile_width
from evidence.tree import consistency_proof, inclusion_proof, leaf_hash, verify_consistency, verify_inclusion
from torture.aftermath import signed_within
from torture.clients import Crowd
from torture.place import CLIENTS, ORIGIN, PartMissing, Place, scaled
from web.settings import Settings
from web.wiring import House

_ENTRIES = -1
"""The level at which tlog-tiles keeps entry bundles."""


@dataclass
class Seen:
    """What a reader has checked so far."""

    heads: dict[int, Checkpoint] = field(default_factory=dict)
    pairs: int = 0
    inclusions: int = 0
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    """Case and position of every entry, with its leaf hash."""
    alarms: list[str] = field(default_factory=list)
    size: int = 0


class Reader(threading.Thread):
    """A stranger who follows the log; `seen` is his."""

    def __init__(self, ports: Sequence[int], key: VerifierKey, seed: int) -> None:
        super().__init__(name=f"reader {seed}", daemon=True)
        self.seen = Seen()
        self._ports = ports
        self._key = key
        self._chance = random.Random(seed)
        self._pool = urllib3.PoolManager(timeout=30, retries=3)
        self._tiles: dict[tuple[int, int, int], bytes] = {}
        self._stop_asked = threading.Event()

    def finish(self) -> None:
        """Look once more, then end."""
        self._stop_asked.set()
        self.join(300)

    def run(self) -> None:
        """Follow until told to stop, and once more after that."""
        while True:
            last = self._stop_asked.is_set()
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - whatever a reader trips over is an alarm, and is reported
                self.seen.alarms.append(f"{type(error).__name__}: {error}")
            if last:
                return
            self._stop_asked.wait(self._chance.uniform(0.1, 0.6))

    def _look(self) -> None:
        head = open_checkpoint(self._fetch("checkpoint"), [self._key], ORIGIN)
        known = self.seen.heads.get(head.size)
        if known is not None:
            if known.root != head.root:
                self.seen.alarms.append(f"two roots of size {head.size}")
            return
        newest = max(self.seen.heads, default=0)
        if head.size < newest:  # another worker, a moment behind: allowed, but it must be the same tree
            self._consistent(head, self.seen.heads[newest])
        else:
            read = TileHashReader(head.size, self._tile)
            for old in self.seen.heads.values():
                self._consistent(old, head, read)
            self._entries(head, read)
        self.seen.heads[head.size] = head

    def _consistent(self, old: Checkpoint, new: Checkpoint, read: TileHashReader | None = None) -> None:
        reader = read or TileHashReader(new.size, self._tile)
        verify_consistency(
            old.size, new.size, old.root, new.root, consistency_proof(old.size, new.size, reader)
        )
        self.seen.pairs += 1

    def _entries(self, head: Checkpoint, read: TileHashReader) -> None:
        """Every entry since the last look: its inclusion, and its place in its case."""
        for number in range(self.seen.size // TILE_WIDTH, -(-head.size // TILE_WIDTH)):
            start = number * TILE_WIDTH
            bundle = decode_bundle(self._tile(_ENTRIES, number, tile_width(0, number, head.size)))
            for index, entry in enumerate(bundle, start):
                if index >= self.seen.size:
                    self._entry(index, entry, head, read)
        self.seen.size = head.size

    def _entry(self, index: int, data: bytes, head: Checkpoint, read: TileHashReader) -> None:
        leaf = leaf_hash(data)
        verify_inclusion(leaf, index, head.size, inclusion_proof(index, head.size, read), head.root)
        self.seen.inclusions += 1
        entry = parse_entry(data)
        if (entry.case, entry.seq) in self.seen.places:
            self.seen.alarms.append(f"{entry.case} {entry.seq} is in the log twice")
        self.seen.places[entry.case, entry.seq] = leaf.hex()

    def _tile(self, level: int, n: int, width: int) -> bytes:
        """A tile is for ever: what was fetched once is fetched again now and then, and must not have changed."""
        known = self._tiles.get((level, n, width))
        if known is not None and self._chance.random() > 0.02:
            return known
        data = self._fetch(Tile(level, n, width).path)
        if known is not None and known != data:
            self.seen.alarms.append(f"tile {level}/{n} changed")
        self._tiles[level, n, width] = data
        return data

    def _fetch(self, path: str) -> bytes:
        port = self._chance.choice(self._ports)
        answer = self._pool.request("GET", f"http://127.0.0.1:{port}/log/{path}")
        if answer.status != HTTPStatus.OK:
            raise OSError(f"{answer.status} {path}")
        return answer.data


def hammer(place: Place, leaves: int, readers: int) -> dict[str, object]:
    """Write until the log has grown by ``leaves``; what readers and the end of it found."""
    house = House(Settings.from_env(place.env))
    webs = [place.web(number=number) for number in (1, 2)]
    began = time.monotonic()
    try:
        for web in webs:
            web.start()
        ports = [web.port for web in webs]
        following = [Reader(ports, house.vkey, seed) for seed in range(readers)]
        half = CLIENTS // 2
        shares = (place.people[:half], place.people[half:CLIENTS])
        crowds = [Crowd(port, people) for port, people in zip(ports, shares, strict=True)]
        for reader in following:
            reader.start()
        for crowd in crowds:
            crowd.start()
        goal = house.ledger.tree_size() + leaves
        while house.ledger.tree_size() < goal:
            time.sleep(1)
        for crowd in crowds:
            crowd.finish(60)
        signed_within(house, 60)  # what is not is missed by every reader, and told
        for reader in following:
            reader.finish()
        return _found(house, crowds, following, time.monotonic() - began)
    finally:
        for web in webs:
            web.end()
        house.close()


def _found(
    house: House, crowds: Sequence[Crowd], readers: Sequence[Reader], seconds: float
) -> dict[str, object]:
    alarms = [alarm for reader in readers for alarm in reader.seen.alarms]
    told = [told for crowd in crowds for told in crowd.journal.acknowledged if told.seq]
    for number, reader in enumerate(readers):
        alarms += [
            f"reader {number} never saw {item.folio} {item.seq}"
            for item in told
            if (item.folio, item.seq) not in reader.seen.places
        ]
        alarms += _gaps(reader.seen)
    alarms += [reason for crowd in crowds for reason in crowd.journal.refused]
    return {
        "leaves": house.ledger.tree_size(),
        "acknowledged": len(told),
        "readers": len(readers),
        "checkpoints": [len(reader.seen.heads) for reader in readers],
        "consistency_proofs": sum(reader.seen.pairs for reader in readers),
        "inclusion_proofs": sum(reader.seen.inclusions for reader in readers),
        "seconds": round(seconds, 1),
        "alarms": alarms,
    }


def _gaps(seen: Seen) -> list[str]:
    """Every case is dense from 1, and every index of the log was seen."""
    highest: dict[str, int] = {}
    for case, seq in seen.places:
        highest[case] = max(seq, highest.get(case, 0))
    every = ((case, seq) for case, top in highest.items() for seq in range(1, top + 1))
    found = [f"{case} lacks {seq}" for case, seq in every if (case, seq) not in seen.places]
    if len(seen.places) != seen.size:
        found.append(f"{len(seen.places)} entries seen under a head of {seen.size}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run, print what was found as JSON; 0: no alarm, 1: alarms, 3: a part is missing here."""
    parser = argparse.ArgumentParser(prog="python -m torture.hammer", description=__doc__)
    parser.add_argument("--leaves", type=int, default=1000, help="by how much the log grows (default 1000)")
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("var/torture/hammer.json"))
    asked = parser.parse_args(arguments)
    try:
        with scaled() as place:
            found = hammer(place, asked.leaves, asked.readers)
    except PartMissing as error:
        print(f"not run: {error}", file=sys.stderr)
        return 3
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 1 if found["alarms"] else 0


if __name__ == "__main__":
    sys.exit(main())
