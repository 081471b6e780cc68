"""Attributes to test: the versioned defaults by process, and whether what was recorded kept the order they ask for.

A creation without a prior approval is the classic failure, and presence alone does not show it: both steps are there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from auditing.errors import AuditRefused
from auditing.model import Attribute, Engagement

FOLDER = files("auditing") / "attributes"  # also inside the verifier, which is one file
CURRENT = "2026-11-30"
"""The version that engagements opened from now on begin with."""


class Order(StrEnum):
    """What the entries say about the order an attribute asks for."""

    KEPT = "kept"
    BROKEN = "broken"
    PENDING = "pending"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ordering:
    """The verdict with the entries it rests on: ``first`` came before, ``then`` after; 0 for none recorded."""

    order: Order
    first: int = 0
    then: int = 0


@cache
def defaults(version: str = CURRENT) -> Mapping[str, tuple[Attribute, ...]]:
    """Attributes by process.

    Raises:
        AuditRefused: ``attribute_unknown``: no such version was ever shipped.
    """
    path = FOLDER / f"{version}.toml"
    if f"{version}.toml" not in {item.name for item in FOLDER.iterdir()}:
        raise AuditRefused("attribute_unknown", attribute=version[:64])
    found: dict[str, list[Attribute]] = {}
    for item in tomllib.loads(path.read_text(encoding="utf-8"))["attribute"]:
        for name in ("steps", "before", "after"):
            item[name] = tuple(item.get(name, ()))
        attribute = Attribute(**item)
        found.setdefault(attribute.process, []).append(attribute)
    return {process: tuple(items) for process, items in found.items()}


def attributes_of(engagement: Engagement, process: str) -> tuple[Attribute, ...]:
    """What an engagement tests in a process: its own list, else the defaults it began with."""
    edited = engagement.attributes.get(process)
    return edited if edited is not None else defaults(engagement.attributes_version).get(process, ())


def ordering(attribute: Attribute, done: Mapping[str, tuple[int, ...]]) -> Ordering:
    """Whether the order was kept. ``done`` holds, by step, the numbers of the entries that stand for it.

    Broken: a step of ``after`` was first recorded when none of ``before`` had been, or none ever was. Pending: none of
    ``after`` has been recorded yet.
    """
    if not attribute.before or not attribute.after:
        return Ordering(Order.NONE)
    firsts = [min(done[step]) for step in attribute.before if done.get(step)]
    thens = [min(done[step]) for step in attribute.after if done.get(step)]
    first, then = min(firsts, default=0), min(thens, default=0)
    if not then:
        return Ordering(Order.PENDING, first)
    return Ordering(Order.KEPT if first and first < then else Order.BROKEN, first, then)
