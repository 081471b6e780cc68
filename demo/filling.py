"""Evidence for a step of an everyday case: what its definition asks for, with words that suit the step.

Nothing of a process is repeated here: slots, fields and branches are read off the definition; only what people would
type is a table (`demo.phrases`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo import mails, papers, sheets
from demo.course import Word
from demo.names import Subject
from demo.people import DOMAIN, METLIFE_DOMAIN
from demo.phrases import CODED, NAMED, OUTSIDERS, SPOKEN, SYSTEMS
from demo.rendering import ZONE, long_date
from workflows.definition import FILE_FAMILIES, Definition, Field, FieldKind, Slot, Step, applies
from workflows.values import NO_SECRETS

DESK_ROLES = frozenset({"especialista", "cpanel", "supervisor", "capturista", "system"})


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step is told in: of whom, by whom, when, and under which reference."""

    subject: Subject
    operator: str
    moment: datetime
    key: str
    turn: int

    def pick(self, among: Sequence[str], what: str) -> str:
        """One of several, always the same for the same case, step and turn."""
        return among[zlib.crc32(f"{self.key} {what} {self.turn}".encode()) % len(among)]

    def number(self, what: str, size: int) -> int:
        """A number below ``size``, likewise."""
        return zlib.crc32(f"{self.key} {what} {self.turn}".encode()) % size


@dataclass(frozen=True, slots=True)
class Filled:
    """Files as (slot, name, bytes), and values."""

    files: tuple[tuple[str, str, bytes], ...]
    data: Mapping[str, str]


def fill_opening(definition: Definition, word: Word, params: Mapping[str, str], scene: Scene) -> Filled:
    """What opening a case takes."""
    step = definition.by_step[definition.opening.step]
    data = _values(definition, definition.opening.fields, word.given, params, scene, everything=True)
    filled = _fill(definition, step, word, {**params, **data}, scene)
    return Filled(filled.files, {**filled.data, **data})


def fill_step(definition: Definition, word: Word, params: Mapping[str, str], scene: Scene) -> Filled:
    """What a step takes, on the branch the word says."""
    return _fill(definition, definition.by_step[word.step], word, params, scene)


def _fill(definition: Definition, step: Step, word: Word, params: Mapping[str, str], scene: Scene) -> Filled:
    slots = _slots(step, word)
    typed = {name for slot in slots if not _as_file(slot) for name in slot.fields}
    wanted = [one for one in step.fields if one.required or one.name in typed or one.name in word.given]
    data = _values(definition, wanted, word.given, params, scene)
    files = tuple(_file(step, slot, scene, data) for slot in slots if _as_file(slot))
    if any(name.endswith(".png") for _, name, _ in files):
        data[NO_SECRETS] = "si"
    return Filled(files, data)


def _slots(step: Step, word: Word) -> list[Slot]:
    """The slots of the set of evidence that costs least to make: typed ones, then mails, then pictures."""
    branch = step.branch(word.choice) if word.choice else step.default_branch
    evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
    by_code = {slot.code: slot for slot in step.slots}
    given = set(word.given)

    def cost(codes: Sequence[str]) -> int:
        slots = [by_code[code] for code in codes]
        asked = any(given & set(slot.fields) for slot in slots)
        return sum(2 if _as_file(slot) else 1 for slot in slots) - 10 * asked

    return [by_code[code] for code in min(evidence.alternatives(), key=cost)]


def _as_file(slot: Slot) -> bool:
    """Whether a file fills the slot: where values can, they do."""
    return not slot.fields


def _values(
    definition: Definition,
    fields: Iterable[Field],
    given: Mapping[str, str],
    params: Mapping[str, str],
    scene: Scene,
    *,
    everything: bool = False,
) -> dict[str, str]:
    """Good values: those given, those the program does not know better, in the order of the form."""
    values: dict[str, str] = {}
    for field in fields:
        if not applies(field.when, {**params, **values}):
            continue
        if field.name in given:
            values[field.name] = scene.pick(given[field.name].split("|"), field.name)
        elif not _left(field) and (field.required or not everything or _known(field)):
            value = _value(definition, field, scene)
            if value:
                values[field.name] = value
    return values


def _left(field: Field) -> bool:
    """Whether the program knows the value better: it repeats another, has a default or is computed or proposed."""
    return bool(field.same_as or field.default or field.compute or getattr(field, "zone", ""))


def _known(field: Field) -> bool:
    """Whether an optional field of an opening is filled: what a person's record has is, the rest is left."""
    return field.name in NAMED


def _value(definition: Definition, field: Field, scene: Scene) -> str:
    if field.kind is FieldKind.CHOICE:
        options = [option.code for option in definition.options(field) if not option.refusal]
        coded = CODED.get(field.name)
        wanted = coded(scene.subject) if coded else ""
        return wanted if wanted in options else scene.pick(options, field.name) if options else ""
    named = NAMED.get(field.name)
    if named:
        return named(scene.subject)
    spoken = SPOKEN.get(f"{definition.process} {field.name}") or SPOKEN.get(field.name)
    if spoken:
        return scene.pick(spoken, field.name)[: field.max_length]
    return _by_kind(field, scene)[: field.max_length]


def _by_kind(field: Field, scene: Scene) -> str:
    local = scene.moment.astimezone(ZONE)
    subject, number = scene.subject, scene.number(field.name, 90_000) + 10_000
    made = {
        FieldKind.RFC: subject.who.rfc,
        FieldKind.EMAIL: subject.who.correo,
        FieldKind.DSN: f"DSN-{local:%Y%m%d}-{number}",
        FieldKind.IDENTIFIER: f"{field.name[:3].upper()}-{number}",
        FieldKind.TICK: "si",
        FieldKind.DATE: f"{local:%Y-%m-%d}",
        FieldKind.MOMENT: f"{local + timedelta(days=1):%Y-%m-%dT%H:%M}",
        FieldKind.NUMBER: str(scene.number(field.name, 9) + 1),
        FieldKind.AGENT_KEY: subject.agent_key,
        FieldKind.PHONE: subject.phone,
    }
    return made.get(field.kind) or field.example or field.label.es


def _file(step: Step, slot: Slot, scene: Scene, data: Mapping[str, str]) -> tuple[str, str, bytes]:
    kind = next(kind for kind in slot.types if kind in FILE_FAMILIES)
    family = FILE_FAMILIES[kind][0]
    who = scene.subject.who
    stem = f"{slot.code}_{scene.key.rpartition(':')[2]}_{step.code}" + (
        f"_{scene.turn}" if scene.turn else ""
    )
    if family == "eml":
        return slot.code, f"{stem}.eml", _mail(step, slot, scene)
    if family == "xlsx":
        return (
            slot.code,
            f"{stem}.xlsx",
            sheets.request_sheet(who, "alta", scene.subject.ticket, scene.moment),
        )
    rows = [("Persona", who.nombre), ("RFC", who.rfc), ("Clave", scene.subject.agent_key)]
    rows += [(name.replace("_", " ").capitalize(), value) for name, value in data.items() if value != "si"][
        :3
    ]
    if family == "image":
        system = next((name for word, name in SYSTEMS if word in step.name.es.lower()), "Tickets")
        return slot.code, f"{stem}.png", papers.shot(system, step.name.es, rows, scene.moment, scene.operator)
    signed = scene.key if kind == "SGN" else ""
    lines = [long_date(scene.moment), "", *(f"{name}: {value}" for name, value in rows), "", slot.name.es]
    return slot.code, f"{stem}.pdf", papers.letter(slot.name.es, lines, scene.moment, signed=signed)


def _mail(step: Step, slot: Slot, scene: Scene) -> bytes:
    """A mail of the desk, or to it where somebody else performs the step."""
    subject = f"{scene.subject.ticket} · {step.name.es}"
    person = (scene.subject.who.nombre, scene.subject.who.correo)
    received = step.performer not in DESK_ROLES or slot.code in {
        "respuesta",
        "confirmacion",
        "correo_recibido",
    }
    other = OUTSIDERS.get(step.performer, person)
    when = scene.moment - timedelta(minutes=3)
    lines = [f"Estimada, estimado {person[0]}:" if not received else "Buen día:", "", step.name.es + ".",
             f"Referencia {scene.subject.ticket}.", "", other[0] if received else scene.operator]  # fmt: skip
    if received:
        return mails.mail(other, mails.DESK, f"RE: {subject}", lines, when)
    return mails.mail(mails.DESK, other, subject, lines, when)


__all__ = ["DOMAIN", "METLIFE_DOMAIN", "Filled", "Scene", "fill_opening", "fill_step"]
