"""What one version of a process changes in another, read off the two files: added, removed and changed, with places.

Tables in lists are matched by what names them (``code``, ``name``, an effect's machine), not by where they stand: a
step that moved is not another step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import Json
from workflows.definition import Definition

_NAMES = ("code", "name", "machine")


class Kind(StrEnum):
    """What became of a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``place`` as problems name it (``step.5.slot.carta.types``), the values as files have them."""

    kind: Kind
    place: str
    old: str = ""
    new: str = ""

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return {"kind": str(self.kind), "place": self.place, "old": self.old, "new": self.new}


def changes(old: Definition, new: Definition) -> tuple[Change, ...]:
    """Everything that differs between two versions, save the version itself."""
    first, second = tomllib.loads(old.source.decode()), tomllib.loads(new.source.decode())
    return tuple(change for change in _tables("", first, second) if change.place != "version")


def _tables(place: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for key in dict.fromkeys([*old, *new]):
        inner = f"{place}.{key}" if place else key
        if key not in new:
            yield from _whole(Kind.REMOVED, inner, old[key])
        elif key not in old:
            yield from _whole(Kind.ADDED, inner, new[key])
        else:
            yield from _values(inner, old[key], new[key])


def _values(place: str, old: object, new: object) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict) and not _flat(old) and not _flat(new):
        yield from _tables(place, old, new)
    elif _named(old) and _named(new):
        yield from _lists(place, _by_name(old), _by_name(new))
    elif old != new:
        yield Change(Kind.CHANGED, place, _text(old), _text(new))


def _lists(
    place: str, old: Mapping[str, Mapping[str, object]], new: Mapping[str, Mapping[str, object]]
) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        inner = f"{place}.{name}"
        if name not in new:
            yield Change(Kind.REMOVED, inner, old=_title(old[name]))
        elif name not in old:
            yield Change(Kind.ADDED, inner, new=_title(new[name]))
        else:
            yield from _tables(inner, old[name], new[name])
    kept = [name for name in old if name in new]
    order = [name for name in new if name in old]
    if kept != order:
        yield Change(Kind.MOVED, place, ", ".join(kept), ", ".join(order))


def _whole(kind: Kind, place: str, value: object) -> Iterator[Change]:
    if _named(value):
        for name, table in _by_name(value).items():
            title = _title(table)
            yield Change(kind, f"{place}.{name}", **{"old" if kind is Kind.REMOVED else "new": title})
    else:
        yield Change(kind, place, **{"old" if kind is Kind.REMOVED else "new": _text(value)})


def _named(value: object) -> bool:
    """Whether it is a list of tables that name themselves, each otherwise."""
    if not isinstance(value, list) or not value:
        return False
    if not all(isinstance(item, dict) and any(key in item for key in _NAMES) for item in value):
        return False
    return len(_by_name(value)) == len(value)


def _by_name(value: object) -> dict[str, Mapping[str, object]]:
    assert isinstance(value, Sequence)  # noqa: S101 - `_named` said so
    return {str(next(item[key] for key in _NAMES if key in item)): item for item in value}


def _flat(table: Mapping[str, object]) -> bool:
    """An inline condition or evidence (``{ tipo = ["alta"] }``) reads best as a whole."""
    return all(isinstance(item, list) and not _named(item) for item in table.values())


def _title(table: Mapping[str, object]) -> str:
    for key in ("name", "label", "question", "status"):
        if key in table:
            return str(table[key])
    return ""


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_text(item)}" for key, item in value.items()) + " }"
    return str(value)
