"""Evidence for any step of any definition, made from the definition itself: what a careful person would bring.

A test that needs something particular says so; everything else (the other twenty steps of its path) comes from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count

from tests.fakes.metlife import small_sheet as roster_sheet
from tests.workflows.desk import PERSON, eml, pdf, png, upload, xlsx
from workflows.commands import Upload
from workflows.definition import FILE_FAMILIES, Definition, Field, FieldKind, Slot, Step, applies
from workflows.values import NO_SECRETS

_FILES: Mapping[str, Callable[[str, str], Upload]] = {
    "image": lambda name, slot: png(f"{name}.png", slot),
    "pdf": lambda name, slot: pdf(f"{name}.pdf", slot),
    "eml": lambda name, slot: eml(f"{name}.eml", slot),
    "xlsx": lambda name, slot: xlsx(f"{name}.xlsx", slot),
}

_VALUES: Mapping[str, Callable[[int], str]] = {
    "text": lambda n: f"Texto {n}",
    "long_text": lambda n: f"Nota número {n}, con lo que pasó.",
    "rfc": lambda _n: PERSON["rfc"],
    "email": lambda _n: PERSON["correo"],
    "dsn": lambda n: f"DSN {n:05d}",
    "identifier": lambda n: f"ID-{n:05d}",
    "folio": lambda n: f"MA-006-2026-{n:06d}",
    "tick": lambda _n: "si",
    "date": lambda _n: "2026-02-27",
    "moment": lambda _n: "2026-01-12T09:00",
    "number": str,
    "agent_key": lambda n: f"AG{n:05d}",
    "phone": lambda _n: "55 1234 5678",
}
"""By the kind's word, so that a kind added to the vocabulary says here what a good value of it is."""


class Samples:
    """Values and files in endless supply; what must be unique is."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def opening(self, definition: Definition, given: Mapping[str, str]) -> dict[str, str]:
        """What opening a case takes: ``given`` first, a good value for whatever else is required."""
        step = definition.by_step[definition.opening.step]
        values = self._values(definition, definition.opening.fields, given, given)
        return {**values, **self._values(definition, self._of(step, "", given), values, values)}

    def opening_files(self, definition: Definition, given: Mapping[str, str]) -> tuple[Upload, ...]:
        """Files for the opening step, as far as no typed value given stands in for them."""
        step = definition.by_step[definition.opening.step]
        slots = [
            slot for slot in self._slots(step, "") if not (slot.fields and set(slot.fields) <= set(given))
        ]
        return tuple(self._file(slot) for slot in slots if _as_file(slot))

    def step(
        self, definition: Definition, step: Step, choice: str, params: Mapping[str, str]
    ) -> dict[str, object]:
        """``uploads``, ``data`` and ``choice`` that satisfy a step, on the branch ``choice`` (empty: the default)."""
        uploads = tuple(self._file(slot) for slot in self._slots(step, choice) if _as_file(slot))
        data = self._values(definition, self._of(step, choice, params), {}, params)
        if any(slot.secret_risk for slot in step.slots):
            data[NO_SECRETS] = "si"
        return {"uploads": uploads, "data": data, "choice": choice}

    def _slots(self, step: Step, choice: str) -> list[Slot]:
        """The slots of the first set of evidence that suffices."""
        branch = step.branch(choice) if choice else step.default_branch
        evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
        wanted = evidence.alternatives()[0]
        return [slot for slot in step.slots if slot.code in wanted]

    def _of(self, step: Step, choice: str, params: Mapping[str, str]) -> list[Field]:
        """Fields to fill: the required ones, and those that are evidence without a file."""
        typed = {name for slot in self._slots(step, choice) if not _as_file(slot) for name in slot.fields}
        return [
            field
            for field in step.fields
            if (field.required or field.name in typed) and applies(field.when, params)
        ]

    def _values(
        self,
        definition: Definition,
        fields: Iterable[Field],
        given: Mapping[str, str],
        params: Mapping[str, str],
    ) -> dict[str, str]:
        values = dict(given)
        for field in fields:
            known = {**params, **values}
            wanted = field.required or field.param or field not in definition.opening.fields
            if field.name in values or not wanted or not applies(field.when, known):
                continue
            value = self.value(definition, field)
            if value:
                values[field.name] = value
        return values

    def _file(self, slot: Slot) -> Upload:
        """A file of the slot's best type; a new one each time where the slot asks for that."""
        if slot.reader == "roster":
            return upload(f"{slot.code}.xlsx", roster_sheet(), slot.code)
        kind = next(kind for kind in slot.types if kind in FILE_FAMILIES)
        family = FILE_FAMILIES[kind][0]
        if slot.fresh and family == "eml":
            return eml(f"{slot.code}.eml", slot.code, body=f"Mensaje {next(self._numbers)}.")
        return _FILES[family](slot.code, slot.code)

    def value(self, definition: Definition, field: Field) -> str:
        """A good value; empty where the program knows it better (repeated, computed or by default)."""
        if field.same_as or field.default or field.compute or field.zone:
            return ""
        if field.current:
            return "2034-12-29"
        if field.kind is FieldKind.CHOICE:
            return next(option.code for option in definition.options(field) if not option.refusal)
        return _VALUES[str(field.kind)](next(self._numbers))


def _as_file(slot: Slot) -> bool:
    """Whether a file fills the slot; what can be typed is typed only where no file can be."""
    return any(kind in FILE_FAMILIES for kind in slot.types)
