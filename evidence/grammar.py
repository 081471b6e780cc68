r"""The canonical form of an entry as a grammar: a quick way to read one, beside `evidence.entry.parse_entry`.

RFC 8785 orders the members of an entry, so its spelling can be written down. What the grammar does not take, because it
is damaged, or rare, such as an escape in a string or the 29th of February, is no entry to it; the long way then says
what it is. Both agree on every entry that the grammar takes; tests hold them to it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from evidence.canonical import Json, NotCanonical, scan_canonical
from evidence.entry import MAX_ENTRY_BYTES, BlobRef, Entry, EntryKind
from evidence.shapes import Shapes, plain

_TEXT, _SOME, _HEX = r'[^"\\\x00-\x1f]*', r'[^"\\\x00-\x1f]+', "[0-9a-f]{64}"
_ENC = "age-v1:[0-9a-f]{32}"
_NATURAL = "[1-9][0-9]{0,14}"
_DAY = (
    "[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|"
    "(?:0[13578]|1[02])-31)"
)
_TIME = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{6}}Z"
_OBJECT = (
    rf'\{{(?:"enc":"{_ENC}",)?"key":"{_TEXT}","media":"{_TEXT}","retain_until":"(?:{_TIME})?","sha256":"{_HEX}",'
    rf'"size":(?:0|{_NATURAL}),"version":"{_TEXT}"\}}'
)
_EACH = re.compile(
    rf'\{{(?:"enc":"({_ENC})",)?"key":"({_TEXT})","media":"({_TEXT})","retain_until":"([^"]*)","sha256":"({_HEX})",'
    rf'"size":([0-9]+),"version":"({_TEXT})"\}}'
)
_HEAD = re.compile(rf'\{{"actor":"({_SOME})","at":"({_TIME})","case":"({_SOME})","facts":')
_REFS = rf'((?:"{_HEX}"(?:,"{_HEX}")*)?)'


def _tail(text: str, some: str, item: str, refs: str) -> re.Pattern[str]:
    """What follows the facts, its strings spelled like ``text`` or, not empty, ``some``."""
    return re.compile(
        rf',"kind":"({text})","log":"({some})","objects":\[((?:{item}(?:,{item})*)?)\],"payload":"({_HEX})",'
        rf'"prev":"({_HEX})","process":"({text})","refs":\[{refs}\],"role":"({some})",'
        rf'"seq":({_NATURAL}),"step":"({text})","v":1\}}'
    )


_TAIL = _tail(_TEXT, _SOME, _OBJECT, _REFS)
_PLAIN_TAIL = _tail('[^"]*', '[^"]+', _OBJECT.replace(_TEXT, '[^"]*'), f"(?:{_REFS[1:-1]})")
"""The same for bytes that are `plain`, of which every sign need not be looked at again; references are not captured."""
_AFTER_FACTS = ',"kind":"'
_KINDS = {kind.value: kind for kind in EntryKind}


Glimpse = tuple[str, str, str, str, str, str, str, str, str, str, str, str]
"""Of an entry: actor, at, case, kind, log, objects, payload, prev, process, role, seq, step; each as it is spelled."""


class Spelled(NamedTuple):
    """The members of an entry; ``objects`` and ``refs`` as they are spelled, without their brackets."""

    actor: str
    at: str
    case: str
    facts: dict[str, Json]
    kind: EntryKind
    log: str
    objects: str
    payload: str
    prev: str
    process: str
    refs: str
    role: str
    seq: int
    step: str

    def blobs(self) -> tuple[BlobRef, ...]:
        """The objects."""
        return blobs_in(self.objects)


def spelled(entry_bytes: bytes) -> Spelled | None:
    """The members of an entry in canonical form; ``None`` for what goes the long way."""
    try:
        text = entry_bytes.decode()
        if len(entry_bytes) > MAX_ENTRY_BYTES or (head := _HEAD.match(text)) is None:
            return None
        facts, end = scan_canonical(text, head.end())
    except (NotCanonical, UnicodeDecodeError):
        return None
    tail = _TAIL.fullmatch(text, end)
    if tail is None or not isinstance(facts, dict):
        return None
    kind, log, objects, payload, prev, process, refs, role, seq, step = tail.groups()
    known = _KINDS.get(kind)
    if known is None:
        return None
    actor, at, case = head.groups()
    return Spelled(
        actor, at, case, facts, known, log, objects, payload, prev, process, refs, role, int(seq), step
    )


def glimpsed(entry_bytes: bytes, shapes: Shapes) -> Glimpse | None:
    """What `spelled` captures, for whoever does not want the facts: whether those are canonical tells their shape."""
    found = _glimpsed(entry_bytes, shapes) if plain(entry_bytes) else None
    if found is None and (whole := spelled(entry_bytes)) is not None:
        actor, at, case, _, kind, log, objects, payload, prev, process, _, role, seq, step = whole
        found = actor, at, case, str(kind), log, objects, payload, prev, process, role, str(seq), step
    return found


def _glimpsed(entry_bytes: bytes, shapes: Shapes) -> Glimpse | None:
    """The same of bytes that are `plain`; ``None`` also for what `spelled` may still take."""
    try:
        text = entry_bytes.decode()
    except UnicodeDecodeError:
        return None
    if len(entry_bytes) > MAX_ENTRY_BYTES or (head := _HEAD.match(text)) is None:
        return None
    begin = head.end()
    # A guess at where the facts end, which holds only if they and all that follows are what they must be there.
    end = text.find(_AFTER_FACTS, begin)
    tail = _PLAIN_TAIL.fullmatch(text, end) if end > 0 and text[begin] == "{" else None
    if tail is None or tail[1] not in _KINDS or not shapes.canonical(text[begin:end]):
        return None
    kind, log, objects, payload, prev, process, role, seq, step = tail.groups()
    actor, at, case = head.groups()
    return actor, at, case, kind, log, objects, payload, prev, process, role, seq, step


def blobs_in(objects: str) -> tuple[BlobRef, ...]:
    """The objects of an entry from their spelling without brackets, which the grammar has taken."""
    if not objects:
        return ()
    return tuple(
        BlobRef(sha256, int(size), media, key, version, retain_until, enc)
        for enc, key, media, retain_until, sha256, size, version in _EACH.findall(objects)
    )


def quick_entry(entry_bytes: bytes) -> Entry | None:
    """The entry that `parse_entry` makes of the same bytes; ``None`` for what goes the long way."""
    found = spelled(entry_bytes)
    if found is None:
        return None
    actor, at, case, facts, kind, log, _, payload, prev, process, refs, role, seq, step = found
    listed = tuple(refs[1:-1].split('","')) if refs else ()
    return Entry(
        log, case, seq, prev, at, actor, role, kind, process, step, found.blobs(), listed, facts, payload
    )
