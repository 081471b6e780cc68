"""A case with what people typed: the entries, their payloads, and the projection lists and searches need.

Unlike `workflows.derive` this reads payloads, so it sees less once personal data was erased; states do not hang on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evidence.canonical import Json, canonical_object, canonical_of_own
from evidence.entry import SealedEntry
from evidence.ports import Projection, Reference
from evidence.quarantine import NOTHING as UNTOUCHED
from evidence.quarantine import Quarantine, Withheld, quarantine_of, without
from workflows.articles import article_of
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition, FieldKind
from workflows.derive import Derivation
from workflows.facts import facts_of
from workflows.history import resolve
from workflows.keeping import NOTHING, Keeping, keeping_of, shown
from workflows.state import CaseState, StepState
from workflows.tally import tally_of
from workflows.timers import next_due, next_mark
from workflows.told import Tellings, Told, entry_data, files_said
from workflows.withholding import quarantine_marks

PARENT_REFERENCE = "caso_padre"
"""Kind of the reference by which a case is found from the one it comes from."""

LINK_REFERENCE = "caso_ligado"
"""Kind of the reference by which a case is found from one it names as going together with it."""

OPEN_REFERENCE = "open"
"""Prefix of references that are unique only while their case is open."""

CONTROL = "control"
CONTROLS = "controls"
"""Kinds of references under which the cases of periodic controls are found: one by its period, all of a series."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a page shows it: its definition, its derived state, and the entries that state was derived from.

    ``keeping`` is how its data stands now; payloads that are not to be used are missing from ``entries``. ``withheld``
    is what stands in quarantine, or was destroyed in it.
    """

    definition: Definition
    state: CaseState
    entries: Sequence[SealedEntry]
    keeping: Keeping = NOTHING
    withheld: Withheld = UNTOUCHED

    def data(self) -> dict[str, dict[str, str]]:
        """What was typed and still counts, by step; the opening's fields stand under its step."""
        return typed_data(self.entries)

    def shuts(self, sealed: SealedEntry) -> bool:
        """Whether payload and files of an entry are not to be used: blocked for who looks, or erased."""
        return self.keeping.shut and sealed.payload_bytes is None

    def as_json(self) -> dict[str, Json]:
        """The object ``cases show --json`` prints."""
        entries: list[Json] = [_entry_json(sealed, self.withheld) for sealed in self.entries]
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


def entry_files(sealed: SealedEntry) -> list[dict[str, Json]]:
    """The payload's files, one for each object of the entry; nameless ones once erased."""
    return files_said(sealed, len(sealed.entry.objects))


def project(
    definition: Definition,
    entries: Sequence[SealedEntry],
    calendar: BusinessCalendar,
    folded: Derivation | None = None,
    tellings: Tellings | None = None,
) -> Projection:
    """The projection of a case: a function of its entries and the calendar alone, so that a rebuild finds the same.

    ``folded``: those very entries by that calendar, where somebody has them. ``tellings``: what cases told before.
    """
    case = folded or Derivation.of(definition, [sealed.entry for sealed in entries], calendar)
    keeping, withheld = keeping_of(entries), quarantine_of(entries)
    entries = shown(without(entries, withheld), keeping)
    counting = tuple(case.counting)
    said = (tellings or Tellings()).of(definition, entries, counting)
    state = case.at(None, calendar)
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
        assignee=said.assignee,
        title=_control_title(definition, state) or _title(definition, said.opening) or state.folio,
        document=_document(state),
        references=(
            *_control_references(state),
            *keeping.marks(),
            *(() if keeping.erased else quarantine_marks(entries, withheld)),
            *_references(definition, state, said),
        ),
        search_text=said.search,
        tally=tally_of(definition, state, case.entries),
        article=article_of(definition, state, entries),
    )


def quarantine_json(found: Quarantine | None) -> Json:
    """What withholds something, as the API and commands tell it; ``None`` where nothing does."""
    if found is None:
        return None
    return {"seq": found.seq, "since": found.at, "reason": found.reason, "outcome": str(found.outcome)}


def _entry_json(sealed: SealedEntry, withheld: Withheld) -> dict[str, Json]:
    entry = sealed.entry
    objects: list[Json] = [
        {
            "sha256": blob.sha256,
            "size": blob.size,
            "media": blob.media,
            "name": item.get("name", ""),
            "quarantine": quarantine_json(withheld.file(entry.seq, blob.sha256)),
        }
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
        "quarantine": quarantine_json(withheld.payload(entry.seq)),
    }


def _references(definition: Definition, state: CaseState, told: Told) -> Iterator[Reference]:
    if state.parent:
        yield Reference(PARENT_REFERENCE, state.parent)
    for link in dict.fromkeys(route.link for route in state.routes if route.link):
        yield Reference(LINK_REFERENCE, link)
    for field, spelled in told.references:
        yield Reference(field.reference, spelled, field.unique)
        if field.unique_open and not state.closed:
            kind = f"{OPEN_REFERENCE}:{definition.process}:{field.name}"
            yield Reference(kind, spelled, unique=True)


def _document(state: CaseState) -> bytes:
    """`CaseState.as_json` in canonical form; a step that did not move is spelled as it was."""
    spelled = {name: canonical_of_own(value) for name, value in state.as_json(steps=False).items()}
    steps = b",".join([_step_spelled(step) for step in state.steps])
    return canonical_object({**spelled, "steps": b"[%b]" % steps})


@lru_cache(maxsize=4096)
def _step_spelled(step: StepState) -> bytes:
    return canonical_of_own(step.as_json())


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
