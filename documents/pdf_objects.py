"""Every object of a PDF, reachable or not, looked at for what acts or hides.

A reader that finds a damaged index builds its own from whatever looks like an object, so that an object which the index
leaves out, marks as free, or has replaced in a later revision is part of the file all the same.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, StreamObject, read_object

from documents.limits import Limits
from documents.refusals import Refuse

_ACTIONS = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/ImportData": "remote_action",
    "/SubmitForm": "remote_action",
    "/GoToR": "remote_action",
    "/GoToE": "embedded_files",
    "/Rendition": "embedded_files",
    "/RichMediaExecute": "embedded_files",
}
_CARRIERS = frozenset({"/FileAttachment", "/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"})
_OBJECT = re.compile(rb"(?<![0-9])[0-9]{1,10}[\s\0]{1,16}[0-9]{1,5}[\s\0]{1,16}obj(?![a-z])[\s\0]{0,16}")
_BLANK = re.compile(rb"[\s\0]*")
_MAX_NESTING = 50


def refuse_active(reader: PdfReader, stream: BinaryIO, limits: Limits) -> None:
    """Look at what the index lists, then at what it does not.

    Raises:
        Refuse: active_content, over_limit (objects, depth).
    """
    numbers = [(number, generation) for generation, table in reader.xref.items() for number in table]
    numbers += [(number, 0) for number in reader.xref_objStm]
    _bounded(len(numbers), limits)
    for number, generation in numbers:
        if number == 0 or reader.xref_free_entry.get(generation, {}).get(number):
            continue
        _judge(reader.get_object(IndirectObject(number, generation, reader)))
    seen = len(numbers)
    for found in _unlisted(reader, stream):
        seen += 1
        _bounded(seen, limits)
        _judge(found)
        for inner in _packed(reader, found):
            seen += 1
            _bounded(seen, limits)
            _judge(inner)


def _bounded(found: int, limits: Limits) -> None:
    if found > limits.pdf_objects:
        raise Refuse("over_limit", family="pdf", what="objects", found=found, limit=limits.pdf_objects)


def _judge(value: PdfObject | None) -> None:
    for dictionary in _dictionaries(value, 0):
        what = _activity(dictionary)
        if what:
            raise Refuse("active_content", family="pdf", what=what)


def _unlisted(reader: PdfReader, stream: BinaryIO) -> Iterator[PdfObject]:
    """Objects where the index has none. What cannot be read as one is none: text of a page may say «1 0 obj» too."""
    stream.seek(0)
    content = stream.read()
    listed = {place for table in reader.xref.values() for place in table.values()}
    known = {blank.end() for place in listed if (blank := _BLANK.match(content, place))}
    copy = io.BytesIO(content)
    for match in _OBJECT.finditer(content):
        if match.start() not in known:
            copy.seek(match.end())
            found = _read(copy, reader)
            if found is not None:
                yield found


def _packed(reader: PdfReader, found: PdfObject) -> Iterator[PdfObject]:
    """The objects inside an object stream that the index does not list (ISO 32000-1, 7.5.7)."""
    if not isinstance(found, StreamObject) or _name(found, "/Type") != "/ObjStm":
        return
    try:
        data, first, count = found.get_data(), int(str(found["/First"])), int(str(found["/N"]))
        places = [int(number) for number in data[:first].split()[1 : 2 * count : 2]]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises nearly anything on bytes that are no stream of objects
        return
    copy = io.BytesIO(data)
    for place in places:
        blank = _BLANK.match(data, first + place)
        copy.seek(blank.end() if blank else first + place)
        inner = _read(copy, reader)
        if inner is not None:
            yield inner


def _read(copy: io.BytesIO, reader: PdfReader) -> PdfObject | None:
    try:
        return read_object(copy, reader)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above: what cannot be read is no object
        return None


def _dictionaries(value: PdfObject | None, depth: int) -> Iterator[DictionaryObject]:
    """The dictionaries inside one object, without following references (those are visited by number)."""
    if depth > _MAX_NESTING:
        raise Refuse("over_limit", family="pdf", what="depth", found=depth, limit=_MAX_NESTING)
    if isinstance(value, DictionaryObject):
        yield value
        for key in value:
            yield from _dictionaries(value.raw_get(key), depth + 1)
    elif isinstance(value, ArrayObject):
        for item in list.__iter__(value):
            yield from _dictionaries(item, depth + 1)


def _activity(dictionary: DictionaryObject) -> str:
    action = _name(dictionary, "/S")
    if action in _ACTIONS:
        return _ACTIONS[action]
    if "/JS" in dictionary:
        return "javascript"
    if "/XFA" in dictionary:
        return "xfa"
    if "/EmbeddedFiles" in dictionary or "/EF" in dictionary or _name(dictionary, "/Type") == "/EmbeddedFile":
        return "embedded_files"
    if isinstance(dictionary, StreamObject) and "/F" in dictionary:
        return "remote_action"  # the stream's content stands in another file
    return "embedded_files" if _name(dictionary, "/Subtype") in _CARRIERS else ""


def _name(dictionary: DictionaryObject, key: str) -> str:
    """A name, also where the dictionary only refers to it."""
    value = dictionary.raw_get(key) if key in dictionary else None
    if isinstance(value, IndirectObject):
        value = value.get_object()
    return str(value) if value is not None else ""
