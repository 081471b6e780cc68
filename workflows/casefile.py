"""A case with what people typed: the entries, their payloads, and the projection lists and searches need.

Unlike `workflows.derive` this reads payloads, so it sees less once personal data was erased; states do not hang on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from documents.identifiers import fold
from evidence.canonical import Json, canonical_of_own
from evidence.entry import SealedEntry
from evidence.ports import Projection, Reference
from workflows.articles import article_of
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition, Field, FieldKind
from workflows.derive import Derivation
from workflows.facts import facts_of
from workflows.history import resolve
from workflows.keeping import NOTHING, Keeping, keeping_of, shown
from workflows.state import CaseState
from workflows.tally import tally_of
from workflows.timers import next_due, next_mark
from workflows.values import reference_value

PARENT_REFERENCE = "caso_padre"
"""Kind of the reference by which a case is found from the one it comes from."""

LINK_REFERENCE = "caso_ligado"
"""Kind of the reference by which a case is found from one it names as going together with it."""

OPEN_REFERENCE = "open"
"""Prefix of references that are unique only while their case is open."""

CONTROL = "control"
CONTROLS = "controls"
"""Kinds of references under which the cases of periodic controls are found: one by its period, all of a series."""

_FILE_TEXT = 8_000
_SEARCH_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a page shows it: its definition, its derived state, and the entries that state was derived from.

    ``keeping`` is how its data stands now; payloads that are not to be used are missing from ``entries``.
    """

    definition: Definition
    state: CaseState
    entries: Sequence[SealedEntry]
    keeping: Keeping = NOTHING

    def data(self) -> dict[str, dict[str, str]]:
        """What was typed and still counts, by step; the opening's fields stand under its step."""
        return typed_data(self.entries)

    def as_json(self) -> dict[str, Json]:
        """The object ``cases show --json`` prints."""
        entries: list[Json] = [_entry_json(sealed) for sealed in self.entries]
        return {**self.state.as_json(), "entries": entries}


def typed_data(entries: Sequence[SealedEntry]) -> dict[str, dict[str, str]]:
    """Values of the entries that count, by step; a later entry of a step overrides an earlier one."""
    return _by_step([(sealed.entry.step, entry_data(sealed)) for sealed in effective(entries)])


def _by_step(typed: Sequence[tuple[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for step, data in typed:
        found.setdefault(step, {}).update(data)
    return found


def effective(entries: Sequence[SealedEntry]) -> Iterator[SealedEntry]:
    """The entries that count, corrections applied."""
    by_seq = {sealed.entry.seq: sealed for sealed in entries}
    for item in resolve([sealed.entry for sealed in entries]).effective:
        yield by_seq[item.entry.seq]


def entry_data(sealed: SealedEntry) -> dict[str, str]:
    """The typed values of one entry; empty once erased."""
    data = sealed.payload().get("data", {})
    if not isinstance(data, dict):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, str)}


def entry_files(sealed: SealedEntry) -> list[dict[str, Json]]:
    """The payload's files, one for each object of the entry; nameless ones once erased."""
    return _files(sealed, len(sealed.entry.objects))


def _files(sealed: SealedEntry, objects: int) -> list[dict[str, Json]]:
    files = sealed.payload().get("files", [])
    known = [item for item in files if isinstance(item, dict)] if isinstance(files, list) else []
    missing = objects - len(known)
    return known + [{"name": "", "slot": "", "about": {}} for _ in range(missing)]


def project(
    definition: Definition,
    entries: Sequence[SealedEntry],
    calendar: BusinessCalendar,
    folded: Derivation | None = None,
) -> Projection:
    """The projection of a case: a function of its entries and the calendar alone, so that a rebuild finds the same.

    ``folded``: those very entries by that calendar, where somebody has them.
    """
    plain = [sealed.entry for sealed in entries]
    keeping = keeping_of(entries)
    entries = shown(entries, keeping)
    case = folded or Derivation.of(definition, plain, calendar)
    state = case.at(None, calendar)
    fields = _fields(definition)
    typed = [(sealed.entry.step, entry_data(sealed)) for sealed in (entries[n - 1] for n in case.counting)]
    opening = _by_step(typed).get(definition.opening.step, {})
    return Projection(
        case=state.folio,
        process=definition.process,
        version=definition.version,
        opened_at=state.opened_at,
        updated_at=entries[-1].entry.at,
        status=state.status,
        closed=state.closed,
        complete=state.complete,
        next_due=next_due(state.timers),
        next_mark=next_mark(state.timers),
        assignee=_assignee(definition, entries),
        title=_control_title(definition, state) or _title(definition, opening) or state.folio,
        document=canonical_of_own(state.as_json()),
        references=(
            *_control_references(state),
            *keeping.marks(),
            *_references(definition, state, fields, typed),
        ),
        search_text=_search_text(state.folio, entries),
        tally=tally_of(definition, state, plain),
        article=article_of(definition, state, entries),
    )


def _entry_json(sealed: SealedEntry) -> dict[str, Json]:
    entry = sealed.entry
    objects: list[Json] = [
        {"sha256": blob.sha256, "size": blob.size, "media": blob.media, "name": item.get("name", "")}
        for blob, item in zip(entry.objects, entry_files(sealed), strict=True)
    ]
    facts = facts_of(entry)
    return {
        "seq": entry.seq,
        "leaf": sealed.leaf,
        "kind": str(entry.kind),
        "step": entry.step,
        "recorded_at": entry.at,
        "occurred_at": facts.occurred_at or entry.at,
        "actor": entry.actor,
        "role": entry.role,
        "via": facts.via,
        "choice": facts.choice,
        "objects": objects,
    }


def _fields(definition: Definition) -> dict[tuple[str, str], Field]:
    """Every field by step and name; the opening's stand under its step."""
    fields = {(step.code, field.name): field for step in definition.steps for field in step.fields}
    for field in definition.opening.fields:
        fields[definition.opening.step, field.name] = field
    return fields


def _references(
    definition: Definition,
    state: CaseState,
    fields: Mapping[tuple[str, str], Field],
    typed: Sequence[tuple[str, dict[str, str]]],
) -> Iterator[Reference]:
    if state.parent:
        yield Reference(PARENT_REFERENCE, state.parent)
    for link in dict.fromkeys(route.link for route in state.routes if route.link):
        yield Reference(LINK_REFERENCE, link)
    seen: set[tuple[str, str]] = set()
    for step, data in typed:
        for name, value in data.items():
            field = fields.get((step, name))
            if field is None or not field.reference:
                continue
            spelled = reference_value(field, value)
            if (field.reference, spelled) in seen:
                continue
            seen.add((field.reference, spelled))
            yield Reference(field.reference, spelled, field.unique)
            if field.unique_open and not state.closed:
                kind = f"{OPEN_REFERENCE}:{definition.process}:{field.name}"
                yield Reference(kind, spelled, unique=True)


def _assignee(definition: Definition, entries: Sequence[SealedEntry]) -> str:
    """Who of the accountable role acted last."""
    accountable = next(role.code for role in definition.roles if role.accountable)
    actors = (sealed.entry.actor for sealed in reversed(entries) if sealed.entry.role == accountable)
    return next(actors, "")


def control_key(process: str, series: str, period: str = "") -> str:
    """How the case of a control (or, without a period, all of them) is found by reference."""
    return "/".join(part for part in (process, series, period) if part)


def _control_references(state: CaseState) -> Iterator[Reference]:
    if state.control is not None:
        found = state.control
        yield Reference(CONTROL, control_key(state.process, found.series, found.period), unique=True)
        yield Reference(CONTROLS, control_key(state.process, found.series))


def _control_title(definition: Definition, state: CaseState) -> str:
    if state.control is None:
        return ""
    return f"{definition.by_series[state.control.series].name.es} · {state.control.period}"


def _title(definition: Definition, opening: Mapping[str, str]) -> str:
    fields = {field.name: field for field in definition.opening.fields}
    words = []
    for name in definition.opening.title:
        value = opening.get(name, "")
        field = fields.get(name)
        if field is not None and field.kind is FieldKind.CHOICE:
            value = next((o.name.es for o in definition.options(field) if o.code == value), value)
        words.append(value)
    return " · ".join(word for word in words if word)


def _search_text(folio: str, entries: Sequence[SealedEntry]) -> str:
    """Everything people typed and what the files say, folded; bounded, the earliest first."""
    parts = [fold(folio)]
    length = len(parts[0])
    for sealed in entries:
        if length > _SEARCH_TEXT:
            break
        words = _words(sealed.payload_bytes, len(sealed.entry.objects)) if sealed.payload_bytes else ""
        if words:
            parts.append(words)
            length += 1 + len(words)
    return " ".join(parts)[:_SEARCH_TEXT]


@lru_cache(maxsize=4096)
def _words(payload_bytes: bytes, objects: int) -> str:
    """The folded words of one payload: words fold one by one, so that pieces folded apart are the whole folded."""
    said = SealedEntry(b"", "", payload_bytes, None)
    parts = [*entry_data(said).values(), str(said.payload().get("note", ""))]
    for item in _files(said, objects):
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
