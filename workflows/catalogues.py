"""Catalogues in force: lists with dated versions, published as entries of ``system:catalogues`` and never retroactive.

A definition's own list is the first version. Each later one is an entry whose facts hold the whole list, so that the
answer for a moment follows from entries alone; notes, which people may fill with anything, stay in the payload.
``docs/formats/entry.md`` ("Catalogues") is the normative text. Standard library and `evidence` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from evidence.canonical import Json
from evidence.entry import EntryKind, SealedEntry, format_time, parse_time
from workflows.definition import Catalogue, CatalogueItem, Definition
from workflows.step import Option, Text

CATALOGUES_CASE = "system:catalogues"
"""The chain in which catalogues are published."""

HOLIDAYS = "dias_inhabiles"
ZONES = "zonas"
PACKAGES = "paquetes"
WHATSAPP = "whatsapp_autorizados"
RETENTION = "conservacion"
FIRST_VERSION = "1"
"""What a list is called that nobody wrote down: the empty one before the first publication."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the items of a catalogue are made of.

    ``values`` are the names an item's values may have. ``people``: items are opaque ids or posts, whose names the
    directory knows, so that the entry holds none. ``codes`` are ``day`` (dates), ``domain``, or anything.
    """

    code: str
    name: Text
    values: tuple[str, ...] = ()
    people: bool = False
    codes: str = ""


SHAPES: Mapping[str, Shape] = {
    shape.code: shape
    for shape in (
        Shape(PACKAGES, Text("Paquetes de aplicaciones", "Application packages")),
        Shape(ZONES, Text("Zonas", "Zones"), values=("post",)),
        Shape(WHATSAPP, Text("WhatsApp autorizados", "Authorised WhatsApp users"), people=True),
        Shape("dominios", Text("Dominios de correo", "Mail domains"), codes="domain"),
        Shape("aplicaciones", Text("Aplicaciones", "Applications")),
        Shape(
            RETENTION,
            Text("Años de conservación por proceso", "Years of retention by process"),
            values=("years",),
        ),
        Shape(HOLIDAYS, Text("Días inhábiles de la empresa", "Company days off"), codes="day"),
    )
}
"""The catalogues every house has, beside those its definitions bring."""


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    """One version of a list. ``leaf`` is its entry's (``""``: a definition's own, or nothing yet).

    ``since`` is the ledger time from which it is in force, ``seq`` and ``at`` its entry's number and time.
    """

    code: str
    version: str
    items: tuple[CatalogueItem, ...] = ()
    leaf: str = ""
    since: str = ""
    seq: int = 0
    at: str = ""
    actor: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def item(self, code: str) -> CatalogueItem | None:
        """The item of that code, valid or not."""
        return next((item for item in self.items if item.code == code), None)

    def valid(self, day: date) -> tuple[CatalogueItem, ...]:
        """The items that may be used on a day."""
        return tuple(item for item in self.items if item.valid_on(day))

    def options(self, day: date) -> tuple[Option, ...]:
        """The items a form offers on a day."""
        return tuple(Option(item.code, item.name) for item in self.valid(day))


Timeline = Mapping[str, tuple[CatalogueVersion, ...]]
"""Published versions by catalogue, in the order of publication."""


def timeline_of(entries: Sequence[SealedEntry]) -> Timeline:
    """Every version the chain tells of; an entry that is not one in every member says nothing."""
    found: dict[str, list[CatalogueVersion]] = {}
    for sealed in entries:
        version = _version(sealed)
        if version is not None:
            found.setdefault(version.code, []).append(version)
    return {code: tuple(versions) for code, versions in found.items()}


def published_at(timeline: Timeline, code: str, moment: datetime) -> CatalogueVersion | None:
    """The version published last among those in force at a moment; ``None``: none was yet.

    What is published later is in force later, so the answer for a past moment never changes.
    """
    limit = format_time(moment)
    versions = timeline.get(code, ())
    return next((version for version in reversed(versions) if version.since <= limit), None)


def own_version(code: str, catalogue: Catalogue | None) -> CatalogueVersion:
    """A definition's own list as the first version, or an empty one."""
    if catalogue is None:
        return CatalogueVersion(code, FIRST_VERSION)
    return CatalogueVersion(code, catalogue.version, catalogue.items)


def own_catalogue(definition: Definition, code: str) -> Catalogue | None:
    """The list a definition brings under a code."""
    return next((item for item in definition.catalogues if item.code == code), None)


def with_names(definition: Definition, timeline: Timeline) -> Definition:
    """A definition that also knows the names of items published since, for pages that show what was once chosen."""
    lists = []
    for own in definition.catalogues:
        items = {item.code: item for item in own.items}
        for version in timeline.get(own.code, ()):
            for item in version.items:
                items.setdefault(item.code, item)
        lists.append(replace(own, items=tuple(items.values())) if len(items) > len(own.items) else own)
    return (
        definition if tuple(lists) == definition.catalogues else replace(definition, catalogues=tuple(lists))
    )


def name_of(code: str, bundled: Mapping[str, Catalogue]) -> Text:
    """What a catalogue is called."""
    if code in SHAPES:
        return SHAPES[code].name
    return bundled[code].name if code in bundled else Text(code, code)


def bundled_catalogues(definitions: Sequence[Definition]) -> dict[str, Catalogue]:
    """The first list of each code among definitions, in their order."""
    found: dict[str, Catalogue] = {}
    for definition in definitions:
        for catalogue in definition.catalogues:
            found.setdefault(catalogue.code, catalogue)
    return found


def item_json(item: CatalogueItem) -> dict[str, Json]:
    """An item as facts hold it: what is empty is left out."""
    texts = {
        "code": item.code,
        "name": item.name.es,
        "name_en": item.name.en,
        "since": item.since,
        "until": item.until,
    }
    members: dict[str, Json] = {name: text for name, text in texts.items() if text}
    if item.values:
        members["values"] = dict(item.values)
    return members


def read_item(value: Json) -> CatalogueItem | None:
    """The inverse of `item_json`; ``None`` for anything that is no item."""
    if not isinstance(value, dict) or value.keys() - _ITEM_MEMBERS:
        return None
    texts = {name: value.get(name, "") for name in _ITEM_TEXTS}
    values = value.get("values", {})
    if not all(isinstance(text, str) for text in texts.values()) or not isinstance(values, dict):
        return None
    if not all(isinstance(text, str) for text in values.values()):
        return None
    code, name, english, since, until = (str(texts[member]) for member in _ITEM_TEXTS)
    if not ITEM_CODE.fullmatch(code) or not all(is_day(day) for day in (since, until) if day):
        return None
    plain = {key: str(text) for key, text in values.items()}
    return CatalogueItem(code, Text(name, english or name), Text("", ""), plain, since, until)


def is_day(text: str) -> bool:
    """Whether a text is a date, ``yyyy-mm-dd``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


_VERSION = re.compile(r"[1-9][0-9]{0,8}")
ITEM_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ITEM_TEXTS = ("code", "name", "name_en", "since", "until")
_ITEM_MEMBERS = frozenset({*_ITEM_TEXTS, "values"})


def _version(sealed: SealedEntry) -> CatalogueVersion | None:
    entry = sealed.entry
    facts = entry.facts
    code, version = facts.get("catalogue"), facts.get("version")
    since, raw = facts.get("since", ""), facts.get("items")
    if entry.kind is not EntryKind.CATALOGUE_PUBLISHED or not isinstance(raw, list):
        return None
    if not isinstance(code, str) or not isinstance(version, str) or not isinstance(since, str):
        return None
    if not _VERSION.fullmatch(version) or (since and not _is_time(since)):
        return None
    items = [read_item(item) for item in raw]
    known = tuple(item for item in items if item is not None)
    if len(known) != len(items):
        return None
    # Never before its own entry, whatever it claims: that is what makes a past answer stand.
    return CatalogueVersion(
        code=code,
        version=version,
        items=known,
        leaf=sealed.leaf,
        since=max(since, entry.at),
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        notes=_notes(sealed),
    )


def _notes(sealed: SealedEntry) -> dict[str, str]:
    data = sealed.payload().get("data", {}) if sealed.payload_bytes is not None else {}
    notes = data.get("notes", {}) if isinstance(data, dict) else {}
    if not isinstance(notes, dict):
        return {}
    return {code: text for code, text in notes.items() if isinstance(text, str)}
