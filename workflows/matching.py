"""Which file is evidence of what: each file finds its slot, and each slot says which type of evidence it got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import Json
from workflows.definition import FILE_FAMILIES, Evidence, EvidenceType, Slot, Step
from workflows.errors import EvidenceNotAccepted
from workflows.facts import EvidenceFact
from workflows.progress import lacking


@dataclass(frozen=True, slots=True)
class Piece:
    """A file looking for its slot; an empty ``slot`` lets the rules choose."""

    name: str
    family: str
    slot: str = ""


def evidence_type(slot: Slot, family: str) -> EvidenceType | None:
    """What a file of that family is in that slot, ``None`` where it has no place: the type it suits best."""
    if family in slot.also:
        return next(kind for kind in slot.types if kind in FILE_FAMILIES)
    suited = [kind for kind in slot.types if family in FILE_FAMILIES.get(kind, ())]
    return min(suited, key=lambda kind: FILE_FAMILIES[kind].index(family), default=None)


def accepted_families(slot: Slot) -> tuple[str, ...]:
    """Families of files a slot takes, the best first."""
    families = [family for kind in slot.types for family in FILE_FAMILIES.get(kind, ())]
    return tuple(dict.fromkeys((*families, *slot.also)))


def assign(step: Step, evidence: Evidence, pieces: Sequence[Piece], taken: Sequence[str] = ()) -> list[Slot]:
    """The slot of every piece, in their order.

    Pieces that name a slot go there. The others, those with fewest possible slots first, take a slot the evidence
    still lacks, else any with room; among equals the one whose types suit their family best.

    Raises:
        EvidenceNotAccepted: a piece has no slot that takes it.
    """
    room = Counter({slot.code: slot.most for slot in step.slots})
    room.subtract(taken)
    found: dict[int, Slot] = {}
    for n, piece in enumerate(pieces):
        if piece.slot:
            found[n] = _named(step, piece, room)
    free = [n for n, piece in enumerate(pieces) if not piece.slot]
    for n in sorted(free, key=lambda n: len(_possible(step, pieces[n], room))):
        filled = [*taken, *(slot.code for slot in found.values())]
        found[n] = _best(step, evidence, pieces[n], room, filled)
    return [found[n] for n in range(len(pieces))]


def typed_evidence(step: Step, values: Mapping[str, str]) -> tuple[EvidenceFact, ...]:
    """Evidence without a file: slots whose fields all have a value."""
    facts = []
    for slot in step.slots:
        if slot.fields and all(values.get(name) for name in slot.fields):
            kind = next(k for k in slot.types if k not in FILE_FAMILIES or k is EvidenceType.TKT)
            facts.append(EvidenceFact(slot.code, str(kind)))
    return tuple(facts)


def _possible(step: Step, piece: Piece, room: Counter[str]) -> list[Slot]:
    return [s for s in step.slots if room[s.code] > 0 and evidence_type(s, piece.family) is not None]


def _named(step: Step, piece: Piece, room: Counter[str]) -> Slot:
    slot = step.slot(piece.slot)
    if slot is None or evidence_type(slot, piece.family) is None or room[slot.code] < 1:
        raise _refusal(step, piece, slot)
    room[slot.code] -= 1
    return slot


def _best(step: Step, evidence: Evidence, piece: Piece, room: Counter[str], filled: Sequence[str]) -> Slot:
    possible = _possible(step, piece, room)
    if not possible:
        raise _refusal(step, piece, None)
    wanted = lacking(evidence, filled)
    slot = min(possible, key=lambda slot: (slot.code not in wanted, _rank(slot, piece.family)))
    room[slot.code] -= 1
    return slot


def _rank(slot: Slot, family: str) -> int:
    kind = evidence_type(slot, family)
    if kind is None or family in slot.also:
        return 99
    return FILE_FAMILIES[kind].index(family)


def _refusal(step: Step, piece: Piece, slot: Slot | None) -> EvidenceNotAccepted:
    slots = [slot] if slot is not None else step.slots
    accepted = dict.fromkeys(family for item in slots for family in accepted_families(item))
    fields: dict[str, Json] = {
        "step": step.code,
        "name": piece.name,
        "family": piece.family,
        "slot": piece.slot,
        "accepted": list(accepted),
    }
    if piece.family in accepted:  # it would do, but for those that are there
        fields |= {"why": "full", "limit": sum(_takes(item, piece.family) for item in slots)}
    return EvidenceNotAccepted(**fields)


def _takes(slot: Slot, family: str) -> int:
    """How many files of a family a slot has room for when it is empty."""
    return slot.most if evidence_type(slot, family) is not None else 0
