"""Members of facts and payloads, read as strictly as a stranger's are: another type is a `Malformed` entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from auditing.model import Act, EntryName
from evidence.canonical import Json
from evidence.entry import SealedEntry

Choice = TypeVar("Choice", bound=StrEnum)
_HEX64 = re.compile(r"[0-9a-f]{64}")


class Malformed(ValueError):
    """An entry of an engagement's chain that says nothing readable."""


def text(members: Mapping[str, Json], name: str, fallback: str | None = None) -> str:
    """A text; ``fallback`` where it is absent."""
    value = members.get(name, fallback)
    if not isinstance(value, str):
        raise Malformed(name)
    return value


def number(members: Mapping[str, Json], name: str) -> int:
    """A whole number from 0."""
    value = members.get(name)
    if type(value) is not int or value < 0:
        raise Malformed(name)
    return value


def flag(members: Mapping[str, Json], name: str) -> bool:
    """True or false."""
    value = members.get(name)
    if not isinstance(value, bool):
        raise Malformed(name)
    return value


def texts(members: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """A list of texts; none where it is absent."""
    value = members.get(name, [])
    if not isinstance(value, list):
        raise Malformed(name)
    found = tuple(item for item in value if isinstance(item, str))
    if len(found) != len(value):
        raise Malformed(name)
    return found


def objects(members: Mapping[str, Json], name: str) -> Iterator[Mapping[str, Json]]:
    """A list of objects; none where it is absent."""
    value = members.get(name, [])
    if not isinstance(value, list):
        raise Malformed(name)
    for item in value:
        if not isinstance(item, dict):
            raise Malformed(name)
        yield item


def choice(kind: type[Choice], members: Mapping[str, Json], name: str) -> Choice:
    """One word of a closed vocabulary."""
    try:
        return kind(text(members, name))
    except ValueError as error:
        raise Malformed(name) from error


def day(members: Mapping[str, Json], name: str, fallback: str | None = None) -> str:
    """A date, ``yyyy-mm-dd``; ``""`` only as the fallback."""
    value = text(members, name, fallback)
    try:
        if value != fallback and date.fromisoformat(value).isoformat() != value:
            raise Malformed(name)
    except ValueError as error:
        raise Malformed(name) from error
    return value


def digest(members: Mapping[str, Json], name: str) -> str:
    """A SHA-256 as 64 lower-case hex digits."""
    value = text(members, name)
    if _HEX64.fullmatch(value) is None:
        raise Malformed(name)
    return value


def names(members: Mapping[str, Json], name: str) -> tuple[EntryName, ...]:
    """Sealed entries: objects of ``folio``, ``seq`` and ``leaf``."""
    return tuple(
        EntryName(text(item, "folio"), number(item, "seq"), digest(item, "leaf"))
        for item in objects(members, name)
    )


def act_of(sealed: SealedEntry) -> Act:
    """Who, when, and in which entry."""
    entry = sealed.entry
    return Act(entry.actor, entry.role, entry.at, entry.seq)


def said(sealed: SealedEntry) -> Mapping[str, Json]:
    """The texts of the payload's ``data``; none once it was erased."""
    data = sealed.payload().get("data")
    return data if isinstance(data, dict) else {}


def word(members: Mapping[str, Json], name: str) -> str:
    """A text of the payload; ``""`` for anything else."""
    value = members.get(name)
    return value if isinstance(value, str) else ""
