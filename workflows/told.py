"""What the payloads of a case say, read on entry by entry: an append must not read the whole case again to project it.

The same entries always tell the same; what is kept is kept under the leaf of the last one, which commits to all before
it, and under how many payloads were erased, which it does not: after an erasure everything is read anew, so that
nothing destroyed comes back into a search or a title.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from documents.identifiers import fold
from evidence.canonical import Json
from evidence.entry import SealedEntry
from workflows.definition import Definition, Field
from workflows.values import reference_value

MOST = 512
"""Cases kept: up to some sixty KB each, mostly a few."""
_BACK = 8
"""Entries that are read on at most."""
_FILE_TEXT = 8_000
_SEARCH_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class Told:
    """What the first ``length`` entries of a case say; ``erased`` of them have no payload any more.

    ``opening``: the values of the opening's step. ``references``: fields that are references, with their value as it is
    compared, each once in the order they first counted. ``assignee``: who of the accountable role acted last.
    """

    folio: str
    length: int = 0
    erased: int = 0
    opening: Mapping[str, str] = field(default_factory=dict)
    references: tuple[tuple[Field, str], ...] = ()
    assignee: str = ""
    _search: str = ""

    @classmethod
    def of(cls, definition: Definition, entries: Sequence[SealedEntry], counting: Iterable[int]) -> Told:
        """A whole case; ``counting``: the ``seq`` of the entries that count, in their order."""
        found = cls(entries[0].entry.case)
        for sealed in entries:
            found = found.said(definition, sealed)
        for seq in counting:
            found = found.typed(definition, entries[seq - 1])
        return found

    def then(self, definition: Definition, sealed: SealedEntry) -> Told:
        """With the next entry, which corrects nothing and counts."""
        return self.said(definition, sealed).typed(definition, sealed)

    @property
    def search(self) -> str:
        """The folio, everything people typed and what the files say, folded; bounded, the earliest first."""
        return (self._search or fold(self.folio))[:_SEARCH_TEXT]

    def said(self, definition: Definition, sealed: SealedEntry) -> Told:
        """With the words of the next entry, whether it counts or not."""
        search = self._search or fold(self.folio)
        if sealed.payload_bytes and len(search) <= _SEARCH_TEXT:
            words = _words(sealed.payload_bytes, len(sealed.entry.objects))
            search = f"{search} {words}" if words else search
        acted = sealed.entry.role == definition.accountable
        return replace(
            self,
            length=self.length + 1,
            erased=self.erased + (sealed.payload_bytes is None),
            assignee=sealed.entry.actor if acted else self.assignee,
            _search=search,
        )

    def typed(self, definition: Definition, sealed: SealedEntry) -> Told:
        """With the values of an entry that counts."""
        step, data = sealed.entry.step, entry_data(sealed)
        if not data:
            return self
        opening = {**self.opening, **data} if step == definition.opening.step else self.opening
        fields, seen = definition.fields, {(known.reference, value) for known, value in self.references}
        fresh = []
        for name, value in data.items():
            known = fields.get((step, name))
            if known is None or not known.reference:
                continue
            spelled = reference_value(known, value)
            if (known.reference, spelled) not in seen:
                seen.add((known.reference, spelled))
                fresh.append((known, spelled))
        return replace(self, opening=opening, references=(*self.references, *fresh))


class Tellings:
    """What cases told, by the leaf of their last entry; safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: OrderedDict[str, Told] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, definition: Definition, entries: Sequence[SealedEntry], counting: Sequence[int]) -> Told:
        """What a case tells; ``counting``: the ``seq`` of its entries that count, in their order."""
        found = self._nearest(entries) if len(counting) == len(entries) else None
        if found is None:
            found = Told.of(definition, entries, counting)
        for sealed in entries[found.length :]:
            found = found.then(definition, sealed)
        if len(counting) == len(entries):
            self._keep(entries[-1].leaf, found)
        return found

    def _nearest(self, entries: Sequence[SealedEntry]) -> Told | None:
        """What is known of the longest beginning of these entries, payload by payload."""
        with self._lock:
            for back in range(min(_BACK, len(entries))):
                held = self._held.get(entries[-1 - back].leaf)
                if held is not None:
                    known = entries[: held.length]
                    erased = sum([sealed.payload_bytes is None for sealed in known])
                    return held if (held.length, held.erased) == (len(entries) - back, erased) else None
        return None

    def _keep(self, leaf: str, found: Told) -> None:
        with self._lock:
            self._held[leaf] = found
            self._held.move_to_end(leaf)
            while len(self._held) > self._most:
                self._held.popitem(last=False)


def entry_data(sealed: SealedEntry) -> dict[str, str]:
    """The typed values of one entry; empty once erased."""
    data = sealed.payload().get("data", {})
    if not isinstance(data, dict):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, str)}


def files_said(sealed: SealedEntry, objects: int) -> list[dict[str, Json]]:
    """The payload's files, one for each of so many objects; nameless ones once erased."""
    files = sealed.payload().get("files", [])
    known = [item for item in files if isinstance(item, dict)] if isinstance(files, list) else []
    missing = objects - len(known)
    return known + [{"name": "", "slot": "", "about": {}} for _ in range(missing)]


@lru_cache(maxsize=4096)
def _words(payload_bytes: bytes, objects: int) -> str:
    """The folded words of one payload: words fold one by one, so that pieces folded apart are the whole folded."""
    said = SealedEntry(b"", "", payload_bytes, None)
    parts = [*entry_data(said).values(), str(said.payload().get("note", ""))]
    for item in files_said(said, objects):
        parts.append(str(item.get("name", "")))
        parts.append(" ".join(_strings(item.get("about", {})))[:_FILE_TEXT])
    return fold(" ".join(part for part in parts if part))


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
