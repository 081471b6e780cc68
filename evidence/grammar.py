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
_TAIL = re.compile(
    rf',"kind":"({_TEXT})","log":"({_SOME})","objects":\[((?:{_OBJECT}(?:,{_OBJECT})*)?)\],"payload":"({_HEX})",'
    rf'"prev":"({_HEX})","process":"({_TEXT})","refs":\[((?:"{_HEX}"(?:,"{_HEX}")*)?)\],"role":"({_SOME})",'
    rf'"seq":({_NATURAL}),"step":"({_TEXT})","v":1\}}'
)
_KINDS = {kind.value: kind for kind in EntryKind}


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
        if not self.objects:
            return ()
        return tuple(
            BlobRef(sha256, int(size), media, key, version, retain_until, enc)
            for enc, key, media, retain_until, sha256, size, version in _EACH.findall(self.objects)
        )


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
