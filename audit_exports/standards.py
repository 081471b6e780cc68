"""The standards map, a versioned data file: which references of public standards each process serves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

MAP_VERSION = "2026-2"
_FOLDER = files("audit_exports") / "norms"  # also inside the verifier, which is one file


@dataclass(frozen=True, slots=True)
class Reference:
    """A clause or practice.

    ``checked`` false: from general knowledge. True: number and title stand in a public ``source``, an address; the
    standard's own text decides all the same.
    """

    code: str
    standard: str
    clause: str
    name: str
    name_en: str
    checked: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class StandardsMap:
    """One version of the map; ``source`` are its file's bytes."""

    version: str
    source: bytes
    by_process: Mapping[str, tuple[Reference, ...]]


@cache
def standards() -> StandardsMap:
    """The map of this version of the program."""
    source = (_FOLDER / f"{MAP_VERSION}.toml").read_bytes()
    values = tomllib.loads(source.decode())
    known = {item["code"]: _reference(item) for item in values["reference"]}
    return StandardsMap(
        values["version"],
        source,
        {item["code"]: tuple(known[code] for code in item["references"]) for item in values["process"]},
    )


def _reference(item: Mapping[str, Any]) -> Reference:
    return Reference(
        item["code"],
        item["standard"],
        item["clause"],
        item["name"],
        item["name_en"],
        item["checked"],
        item.get("source", ""),
    )
