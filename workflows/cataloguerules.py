"""What a list must be before it is published: every problem of it at once, item by item."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from documents.identifiers import is_email
from documents.secrets_scan import scan
from evidence.canonical import canonical_bytes
from workflows.catalogues import ITEM_CODE, SHAPES, Shape, is_day, item_json
from workflows.definition import CatalogueItem
from workflows.errors import FieldInvalid, FieldProblem

MAX_ITEMS = 300
MAX_BYTES = 30_000
"""Of all items as facts: an entry has a limit of its own, and the rest of it needs some place."""

NAME_LENGTH = 60
NOTE_LENGTH = 1000

_POST = re.compile(r"[a-z0-9][a-z0-9_:]{0,63}")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_PHONE = re.compile(r"\d[\d ()+.-]{6,}\d")
_YEARS = re.compile(r"[1-9][0-9]?")
_VALUES: Mapping[str, re.Pattern[str]] = {"post": _POST, "years": _YEARS}
_CODES: Mapping[str, Callable[[str], object]] = {
    "": lambda _code: True,
    "day": is_day,
    "domain": _DOMAIN.fullmatch,
}


def check_items(code: str, items: Sequence[CatalogueItem], notes: Mapping[str, str]) -> None:
    """Refuse a list with problems; each names the item's code as its field.

    Raises:
        FieldInvalid.
    """
    shape = SHAPES.get(code) or Shape(code, items[0].name if items else _NAMELESS)
    problems = [problem for item in items for problem in _item(shape, item)]
    codes = [item.code for item in items]
    problems += [FieldProblem(one, "repeated") for one in sorted({c for c in codes if codes.count(c) > 1})]
    problems += [FieldProblem(one, "unknown") for one in sorted(notes.keys() - set(codes))]
    problems += [
        FieldProblem(one, "too_long", 0, str(len(note)), str(NOTE_LENGTH))
        for one, note in notes.items()
        if len(note) > NOTE_LENGTH
    ]
    problems += [
        FieldProblem(one, "secret")
        for one, note in notes.items()
        if any(found.blocks for found in scan(note))
    ]
    if len(items) > MAX_ITEMS:
        problems.append(FieldProblem(code, "too_many", 0, str(len(items)), str(MAX_ITEMS)))
    if not problems and len(canonical_bytes([item_json(item) for item in items])) > MAX_BYTES:
        problems.append(FieldProblem(code, "list_too_long", 0, "", str(MAX_BYTES)))
    if problems:
        raise FieldInvalid(tuple(problems))


def settled_days(items: Sequence[CatalogueItem], today: date) -> frozenset[str]:
    """The days among the items that are not to come any more."""
    return frozenset(item.code for item in items if item.code <= today.isoformat())


def _item(shape: Shape, item: CatalogueItem) -> Iterator[FieldProblem]:
    if not ITEM_CODE.fullmatch(item.code) or not _CODES[shape.codes](item.code):
        yield FieldProblem(item.code[:NAME_LENGTH] or shape.code, "malformed")
        return
    yield from _names(shape, item)
    for name, value in item.values.items():
        pattern = _VALUES.get(name)
        if name not in shape.values or pattern is None or not pattern.fullmatch(value):
            yield FieldProblem(item.code, "malformed", 0, f"{name}: {value}"[:NAME_LENGTH])
    for day in (item.since, item.until):
        if day and not is_day(day):
            yield FieldProblem(item.code, "malformed", 0, day[:NAME_LENGTH])
    if item.since and item.until and item.until < item.since:
        yield FieldProblem(item.code, "ends_before", 0, item.since, item.until)


def _names(shape: Shape, item: CatalogueItem) -> Iterator[FieldProblem]:
    """A name stays in the entry for ever: none where items are people, no address and no number anywhere."""
    if shape.people and (item.name.es or item.name.en):
        yield FieldProblem(item.code, "personal")
        return
    if not shape.people and not item.name.es.strip():
        yield FieldProblem(item.code, "required")
    for name in (item.name.es, item.name.en):
        words = name.replace("<", " ").replace(">", " ").split()
        if any(is_email(word) for word in words) or _PHONE.search(name):
            yield FieldProblem(item.code, "personal", 0, name[:NAME_LENGTH])
        if len(name) > NAME_LENGTH:
            yield FieldProblem(item.code, "too_long", 0, str(len(name)), str(NAME_LENGTH))
        if not name.isprintable():
            yield FieldProblem(item.code, "control_characters")
        if any(finding.blocks for finding in scan(name)):
            yield FieldProblem(item.code, "secret")


_NAMELESS = SHAPES["paquetes"].name
