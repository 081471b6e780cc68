"""Steps that the system records by itself, in the same append as the entry that gave it occasion.

A step of the system whose requirements are met says with ``automatic`` what it records: that it happened (``nota``),
the message the process sends (``mensaje``), the term that runs from it (``plazo``), or what became of the case
(``medidas``). Everything is computed from the case; nobody types it, and nothing happens without occasion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, format_time
from workflows.claims import Situation
from workflows.definition import Step
from workflows.derive import Derivation
from workflows.facts import EvidenceFact, Facts
from workflows.provisional import after, folded
from workflows.state import CaseState, ExceptionCode, StepState, StepStatus

VIA = "system"


@dataclass(frozen=True, slots=True)
class Said:
    """What an automatic step says: a note, typed values by field, and the term it sets."""

    note: str = ""
    data: Mapping[str, str] | None = None
    timer: str = ""
    due_at: str = ""


def following(situation: Situation, drafts: Sequence[EntryDraft], folio: str) -> tuple[EntryDraft, ...]:
    """The entries that the system adds to what is about to be sealed, in the order of the steps."""
    waiting = [step for step in situation.definition.steps if step.automatic]
    found: list[EntryDraft] = []
    while drafts and (near := _near(situation, waiting, [*drafts, *found])):
        whole = [*drafts, *found]
        later = folded(situation, whole)
        step = next((item for item in near if _in_turn(later, item)), None)
        if step is None:
            break
        waiting.remove(step)
        found.append(_draft(after(situation, whole), step, folio))
    return tuple(found)


def measures(state: CaseState) -> dict[str, int]:
    """What became of a case, by name: its spans that are known, and how often things went round."""
    found = {item.measure: item.days for item in state.measures if item.days >= 0}
    codes = [item.code for item in state.exceptions]
    found["reaperturas"] = codes.count(ExceptionCode.REOPENED)
    found["vencidos"] = codes.count(ExceptionCode.OVERDUE)
    found["entradas"] = state.length
    return found


def _near(situation: Situation, waiting: Sequence[Step], drafts: Sequence[EntryDraft]) -> Sequence[Step]:
    """The steps whose turn such drafts might bring: which it is, only the case with the drafts in it tells.

    Evidence of a step changes how far that step has come, and those that one of its branches reopens. It makes no other
    step done or undone, and changes no condition unless it sets params.
    """
    definition = situation.definition
    plain = all(item.kind is EntryKind.EVIDENCE_RECORDED and not item.facts.get("params") for item in drafts)
    if situation.state is None or definition.roster is not None or not plain:
        return waiting
    touched = {item.step for item in drafts}
    for step in [definition.by_step[code] for code in touched if code in definition.by_step]:
        for branch in step.branches:
            touched.update(branch.reopens)
    return [step for step in waiting if not _stays(situation.state.step(step.code), touched)]


def _stays(now: StepState, touched: set[str]) -> bool:
    """Whether a step is over, or waits for another, and nothing of that is touched."""
    if now.step in touched:
        return False
    waits = now.status is StepStatus.BLOCKED and not touched.issuperset(now.unmet)
    return waits or now.status in {StepStatus.DONE, StepStatus.WAIVED}


def _in_turn(later: Derivation, step: Step) -> bool:
    found = later.step(step.code)
    ready = found.status is StepStatus.BLOCKED and not found.unmet
    return ready and (later.closed or not step.only_closed)


def _draft(situation: Situation, step: Step, folio: str) -> EntryDraft:
    said = COMPOSERS[step.automatic](situation, step, folio)
    shown = tuple(EvidenceFact(slot, "SYS") for slot in step.evidence.all)
    facts = Facts(
        actor_class=SYSTEM,
        via=VIA,
        evidence=shown,
        timer=said.timer,
        due_at=said.due_at,
        calendar=situation.calendar.id if said.due_at else "",
    )
    data: dict[str, Json] = dict(said.data or {})
    payload: dict[str, Json] = {"files": [], "data": data, "note": said.note}
    return EntryDraft(
        actor=SYSTEM,
        role=SYSTEM,
        kind=EntryKind.EVIDENCE_RECORDED,
        process=situation.definition.label,
        step=step.code,
        facts=facts.as_json(),
        payload=payload,
    )


def _note(_situation: Situation, _step: Step, _folio: str) -> Said:
    return Said()


def _message(_situation: Situation, step: Step, folio: str) -> Said:
    return Said(note=step.message.es.replace("{folio}", folio) if step.message is not None else "")


def _term(situation: Situation, step: Step, _folio: str) -> Said:
    timer = next(
        item for item in situation.definition.timers if any(t.step == step.code for t in item.starts)
    )
    due = situation.calendar.due(situation.now, timer.limit, timer.unit)
    return Said(timer=timer.code, due_at=format_time(due))


def _measures(situation: Situation, step: Step, _folio: str) -> Said:
    known = measures(situation.state) if situation.state is not None else {}
    return Said(data={field.name: str(known[field.name]) for field in step.fields if field.name in known})


COMPOSERS: Mapping[str, Callable[[Situation, Step, str], Said]] = {
    "nota": _note,
    "mensaje": _message,
    "plazo": _term,
    "medidas": _measures,
}
"""By the word of the definition. `workflows.continuation_checks` holds definitions to them."""
