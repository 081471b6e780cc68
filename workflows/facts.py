"""The facts of an entry as typed values: the closed vocabulary from which state is derived.

``docs/formats/entry.md`` lists the members. Writing and reading them is in one module, so that they cannot drift.
Reading is tolerant where it must be (the verifier reads strangers' packages): what is malformed becomes a listed
problem and counts as absent, and nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from evidence.canonical import Json
from evidence.entry import Entry, format_time, parse_time
from workflows.ranges import format_ranges

ABSENT = -1
"""What a number is that no entry states."""

MOST = 2**31
"""The largest number that facts may state: sums of them still fit an entry's integers."""


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """One piece of evidence an entry brings.

    ``object`` is its index in the entry's objects, -1 for evidence that is no file. ``source`` is the ``seq`` of the
    entry that first brought a shared file, 0 for a new one.
    """

    slot: str
    type: str
    object: int = -1
    source: int = 0

    def as_json(self) -> dict[str, Json]:
        """The member of ``facts.evidence``; absent members are left out."""
        members: dict[str, Json] = {"slot": self.slot, "type": self.type}
        if self.object >= 0:
            members["object"] = self.object
        if self.source:
            members["from"] = self.source
        return members


@dataclass(frozen=True, slots=True)
class RowFact:
    """Rows of a campaign's sheet by number (``at``: ranges such as ``1-90,95``) and what they now are, by code.

    ``area`` and ``own`` (the actor id a row belongs to) come with the sheet; ``status``, ``decision`` and ``link`` (a
    case opened for the row) afterwards.
    """

    at: str
    area: str = ""
    own: str = ""
    status: str = ""
    decision: str = ""
    link: str = ""

    @classmethod
    def of(cls, numbers: Iterable[int], **values: str) -> RowFact:
        """The fact about those rows."""
        return cls(format_ranges(numbers), **values)

    def as_json(self) -> dict[str, Json]:
        """The member of ``facts.rows``; absent members are left out."""
        return {name: getattr(self, name) for name in _ROW_MEMBERS if getattr(self, name)}


_ROW_MEMBERS = ("at", "area", "own", "status", "decision", "link")


@dataclass(frozen=True, slots=True)
class Facts:
    """What one entry states. Every member is absent (empty, 0, false) unless the entry's kind calls for it."""

    occurred_at: str = ""
    actor_class: str = ""
    via: str = ""
    acting_for: str = ""
    definition: str = ""
    calendar: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)
    catalogues: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[EvidenceFact, ...] = ()
    choice: str = ""
    annul: bool = False
    rule: str = ""
    reason: str = ""
    destination: str = ""
    link: str = ""
    timer: str = ""
    mark: str = ""
    run: int = 0
    due_at: str = ""
    rows: tuple[RowFact, ...] = ()
    areas: tuple[str, ...] = ()
    sheet: str = ""
    queried_at: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    check: Mapping[str, str] = field(default_factory=dict)
    covers: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    homonyms: Mapping[str, str] = field(default_factory=dict)
    series: str = ""
    period: str = ""
    since: str = ""
    day: str = ""
    parent: str = ""
    request: str = ""
    purpose: str = ""
    signatory: str = ""
    delegate: str = ""
    digest: str = ""
    expires_at: str = ""
    through: str = ""
    factor: str = ""
    level: str = ""
    method: str = ""
    act: str = ""
    seal: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    count: int = ABSENT
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """The entry's ``facts``: absent members are left out."""
        members: dict[str, Json] = {name: getattr(self, name) for name in _TEXTS if getattr(self, name)}
        for name in _TABLES:
            if getattr(self, name):
                members[name] = dict(getattr(self, name))
        if self.evidence:
            members["evidence"] = [item.as_json() for item in self.evidence]
        if self.rows:
            members["rows"] = [item.as_json() for item in self.rows]
        for name in _LISTS:
            if getattr(self, name):
                members[name] = list(getattr(self, name))
        if self.annul:
            members["annul"] = True
        if self.run:
            members["run"] = self.run
        if self.count >= 0:
            members["count"] = self.count
        return members


_TEXTS = (
    "occurred_at actor_class via acting_for definition calendar choice rule reason destination link timer mark due_at "
    "sheet queried_at verdict series period since day parent request purpose signatory delegate digest expires_at "
    "through factor level method act"
).split()
_TIMES = ("occurred_at", "due_at", "queried_at", "expires_at")
_TABLES = "params parties homonyms catalogues counts check covers mail seal templates parts".split()
_LISTS = ("areas", "flags")
FACT_NAMES = frozenset({*_TEXTS, *_TABLES, *_LISTS, *"evidence rows annul run count".split()})


_MOST_READ = 8192
_READ: dict[int, tuple[Entry, Facts]] = {}
"""Facts by the identity of their entry, which is held so that the identity stays its own.

A case is derived several times for each command and all its entries are read each time; both values are frozen.
"""


def facts_of(entry: Entry) -> Facts:
    """The facts of an entry; members of an unknown name or form are named in ``problems``."""
    held = _READ.get(id(entry))
    if held is not None and held[0] is entry:
        return held[1]
    facts = _facts_of(entry)
    if len(_READ) >= _MOST_READ:
        _READ.clear()
    _READ[id(entry)] = (entry, facts)
    return facts


def _facts_of(entry: Entry) -> Facts:
    found = entry.facts
    problems = sorted(found.keys() - FACT_NAMES)
    members: dict[str, Any] = {name: _text(found, name, problems) for name in _TEXTS if name in found}
    for name in _TIMES:
        if members.get(name) and not is_time(members[name]):
            problems.append(name)
            members[name] = ""
    for name, read in _READERS.items():
        if name in found:  # few are
            members[name] = read(entry, name, problems)
    return Facts(**members, problems=tuple(problems))


def is_time(text: str) -> bool:
    """Whether a text is a ledger time."""
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def time_text(moment: datetime | None) -> str:
    """A ledger time, ``""`` for none."""
    return format_time(moment) if moment is not None else ""


def _number(found: Mapping[str, Json], name: str, absent: int, problems: list[str]) -> int:
    value = found.get(name, absent)
    if _integer(value, absent, MOST):
        return cast("int", value)
    problems.append(name)
    return absent


def _text(found: Mapping[str, Json], name: str, problems: list[str]) -> str:
    value = found.get(name, "")
    if isinstance(value, str):
        return value
    problems.append(name)
    return ""


def _texts(entry: Entry, name: str, problems: list[str]) -> dict[str, str]:
    value = entry.facts[name]
    if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return cast("dict[str, str]", value)
    problems.append(name)
    return {}


def _rows(value: Json, problems: list[str]) -> Iterator[RowFact]:
    for item in value if isinstance(value, list) else [None]:
        members = item if isinstance(item, dict) else {}
        texts = {name: text for name, text in members.items() if isinstance(text, str)}
        if not texts.get("at") or texts.keys() != members.keys() or texts.keys() - set(_ROW_MEMBERS):
            problems.append("rows")
        else:
            yield RowFact(**texts)


def _codes(found: Mapping[str, Json], name: str, problems: list[str]) -> tuple[str, ...]:
    value = found.get(name, [])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(cast("list[str]", value))
    problems.append(name)
    return ()


def _numbers(value: Json, problems: list[str]) -> dict[str, int]:
    if isinstance(value, dict) and all(_integer(item, 0, MOST) for item in value.values()):
        return cast("dict[str, int]", value)
    problems.append("counts")
    return {}


def _evidence(value: Json, objects: int, problems: list[str]) -> Iterator[EvidenceFact]:
    items = value if isinstance(value, list) else [None]
    for item in items:
        fact = _one_evidence(item, objects)
        if fact is None:
            problems.append("evidence")
        else:
            yield fact


def _one_evidence(item: Json, objects: int) -> EvidenceFact | None:
    if not isinstance(item, dict) or item.keys() - {"slot", "type", "object", "from"}:
        return None
    slot, kind = item.get("slot"), item.get("type")
    place, source = item.get("object", -1), item.get("from", 0)
    if not isinstance(slot, str) or not isinstance(kind, str):
        return None
    if not _integer(place, -1, objects - 1) or not _integer(source, 0, MOST):
        return None
    return EvidenceFact(slot, kind, cast("int", place), cast("int", source))


def _integer(value: Json, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_READERS: Mapping[str, Callable[[Entry, str, list[str]], object]] = {
    "params": _texts,
    "parties": _texts,
    "homonyms": _texts,
    "catalogues": _texts,
    "evidence": lambda entry, name, found: tuple(_evidence(entry.facts[name], len(entry.objects), found)),
    "annul": lambda entry, name, _found: entry.facts[name] is True,
    "run": lambda entry, name, found: _number(entry.facts, name, 0, found),
    "count": lambda entry, name, found: _number(entry.facts, name, ABSENT, found),
    "rows": lambda entry, name, found: tuple(_rows(entry.facts[name], found)),
    "areas": lambda entry, name, found: _codes(entry.facts, name, found),
    "flags": lambda entry, name, found: _codes(entry.facts, name, found),
    "counts": lambda entry, name, found: _numbers(entry.facts[name], found),
    "check": _texts,
    "covers": _texts,
    "mail": _texts,
    "seal": _texts,
    "templates": _texts,
    "parts": _texts,
}
"""How members that are no single text are read, in the order in which problems are told."""
