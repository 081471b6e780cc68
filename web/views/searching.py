"""Search over what the house knows: processes and their steps, articles, cases, and the texts inside sealed files.

Words are compared without case or accents, all of them must be there, and what was found is shown in the text as it
stands. The process documents are few (some hundred places), so they are searched as they are: no index can be stale.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from documents.identifiers import fold
from web.i18n import gettext as _
from web.views.lens import Lens
from workflows.definition import Definition, Step

Marked = tuple[tuple[str, bool], ...]
"""A text in pieces; the true ones are what was searched for."""

_ROOM = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be found: where it is (``process`` and ``anchor``), what it is called, and what it says."""

    kind: str
    process: str
    anchor: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that was found, its words marked. ``code`` is shown before the title."""

    kind: str
    process: str
    anchor: str
    code: str
    title: Marked
    excerpt: Marked


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a search."""
    return tuple(dict.fromkeys(fold(text).split()))


def search(places: Iterable[Place], words: Sequence[str]) -> tuple[Hit, ...]:
    """Places that hold every word, those first whose title says most of it; else in the order given."""
    if not words:
        return ()
    found = []
    for n, place in enumerate(places):
        title, body = fold(f"{place.process} {place.title}"), fold(place.body)
        if all(word in title or word in body for word in words):
            found.append((-sum(word in title for word in words), n, place))
    return tuple(_hit(place, words) for _rank, _n, place in sorted(found, key=lambda item: item[:2]))


def places_of(definitions: Iterable[Definition], lens: Lens) -> Iterator[Place]:
    """Everything the process documents say, in the language of the reader."""
    for definition in definitions:
        yield from _document(definition, lens)
        for step in definition.steps:
            yield _step(definition, step, lens)


def marked(text: str, words: Sequence[str]) -> Marked:
    """The text in pieces, every occurrence of a word marked; the pieces put together are the text."""
    folded, origin = _folded(text)
    hit = [False] * len(text)
    for word in words:
        at = folded.find(word)
        while at >= 0:
            for k in range(origin[at], origin[at + len(word) - 1] + 1):
                hit[k] = True
            at = folded.find(word, at + 1)
    pieces: list[tuple[str, bool]] = []
    for character, marks in zip(text, hit, strict=True):
        if pieces and pieces[-1][1] == marks:
            pieces[-1] = (pieces[-1][0] + character, marks)
        else:
            pieces.append((character, marks))
    return tuple(pieces)


def excerpt(text: str, words: Sequence[str], room: int = _ROOM) -> Marked:
    """The part of a text around the first word found, at most about ``room`` characters, words marked."""
    text = " ".join(text.split())
    folded, origin = _folded(text)
    first = min((at for at in (folded.find(word) for word in words) if at >= 0), default=0)
    middle = origin[first] if origin else 0
    start = max(0, middle - room // 3)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    stop = min(len(text), start + room)
    stop = text.find(" ", stop) if stop < len(text) and text.find(" ", stop) >= 0 else len(text)
    shown = ("… " if start else "") + text[start:stop] + (" …" if stop < len(text) else "")
    return marked(shown, words)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as `fold` compares it, letter by letter, with the place each folded letter came from."""
    letters: list[str] = []
    origin: list[int] = []
    for k, character in enumerate(text):
        for letter in unicodedata.normalize("NFKD", character.casefold()).casefold():
            if not unicodedata.combining(letter):
                letters.append(letter)
                origin.append(k)
    return "".join(letters), origin


def _hit(place: Place, words: Sequence[str]) -> Hit:
    code = place.process
    return Hit(
        place.kind,
        place.process,
        place.anchor,
        code,
        marked(place.title, words),
        excerpt(place.body, words),
    )


def _document(definition: Definition, lens: Lens) -> Iterator[Place]:
    say, doc = lens.say, definition.document
    name = say(definition.name)
    parts = (
        ("objetivo", name, say(doc.objective)),
        ("alcance", _("Alcance"), say(doc.scope)),
        ("descripcion", _("Descripción"), say(doc.description)),
        ("incluye", _("Qué incluye"), " · ".join(map(say, doc.includes))),
        ("excluye", _("Qué no incluye"), " · ".join(map(say, doc.excludes))),
        ("entradas", _("Entradas"), " · ".join(map(say, doc.inputs))),
        ("salidas", _("Salidas"), " · ".join(map(say, doc.outputs))),
        *(("raci", say(role.name), say(role.duty)) for role in definition.roles),
        *(("negativas", say(item.name), say(item.message)) for item in definition.grounds),
        *(
            ("plazos", say(item.name), say(item.assumption) if item.assumption else "")
            for item in definition.timers
        ),
        *(("preguntas", say(item.question), say(item.meanwhile)) for item in definition.questions),
    )
    for anchor, title, body in parts:
        yield Place("process", definition.process, anchor, title, body)


def _step(definition: Definition, step: Step, lens: Lens) -> Place:
    say = lens.say
    said = [say(step.instruction), say(step.after), step.source, say(step.example)]
    said += [say(slot.name) for slot in step.slots] + [say(branch.name) for branch in step.branches]
    said += [say(step.assumption)] if step.assumption else []
    title = _("Paso %(n)s", n=step.code) + " · " + say(step.name)
    return Place("step", definition.process, f"paso-{step.code}", title, " · ".join(filter(None, said)))
