"""The form of a step: what to do, what counts as evidence, who may, what follows, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from web.i18n import gettext as _
from web.views.entries import EntryLine
from web.views.fields import PREFIX, FormField, step_fields
from web.views.kinds import Sign, class_word, evidence_sign
from web.views.lens import Due, Lens
from web.views.standing import Principal
from web.views.waiving import Waiver, waiver_of
from workflows import shots
from workflows.definition import FILE_FAMILIES, Branch, Definition, EvidenceType, Slot, Step
from workflows.state import CaseState, StepStatus, TimerState
from workflows.values import NO_SECRETS

SHOT = "shot."
"""Names of what is typed about the screenshots of a place: ``shot.<slot>.system`` and ``shot.<slot>.date``."""

_ACCEPT = {
    "image": "image/png,image/jpeg,image/webp,.png,.jpg,.jpeg,.webp",
    "pdf": "application/pdf,.pdf",
    "eml": "message/rfc822,.eml",
    "msg": ".msg",
    "xlsx": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Staged:
    """A file waiting in the draft."""

    id: str
    name: str
    mark: str
    size: str
    slot: str


@dataclass(frozen=True, slots=True)
class Reusable:
    """A sealed file of the case that may serve here too; ``value`` is what the form posts."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ShotFields:
    """What may be typed of a place's screenshots: names and values of system and date, and systems to propose."""

    system: FormField
    day: FormField
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A place for evidence. ``accept`` is empty where no file fits: typed fields alone fill it."""

    code: str
    name: str
    signs: tuple[Sign, ...]
    accept: str
    picture: bool
    fields: tuple[FormField, ...]
    reusable: tuple[Reusable, ...]
    secret_risk: bool
    shot: ShotFields | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A way the step can turn out, and what it brings about."""

    code: str
    name: str
    effect: str
    checked: bool
    alternatives: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed and staged before, and what was wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Staged, ...] = ()
    choice: str = ""
    note: str = ""
    occurred: str = ""
    acting_for: str = ""
    reuse: frozenset[str] = frozenset()
    errors: Mapping[str, str] = field(default_factory=dict)
    shots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepForm:
    """Everything the step's form shows. ``barred`` are the reasons why it cannot be sealed now; empty: it can."""

    code: str
    name: str
    need: str
    instruction: str
    example: str
    after: str
    performer: str
    may: tuple[str, ...]
    repeat: bool
    slots: tuple[SlotRow, ...]
    fields: tuple[FormField, ...]
    choices: tuple[Choice, ...]
    alternatives: tuple[tuple[str, ...], ...]
    barred: tuple[str, ...]
    due: Due | None
    waiver: Waiver | None
    draft: Draft
    assumption: str = ""
    no_secrets: FormField | None = None
    principals: tuple[Principal, ...] = ()

    @property
    def evidence_words(self) -> tuple[str, ...]:
        """Each sufficient set of evidence as one phrase."""
        names = {slot.code: slot.name for slot in self.slots}
        return tuple(
            " + ".join(names.get(code, code) for code in group) for group in self.alternatives if group
        )

    @property
    def takes_files(self) -> bool:
        """Whether any place takes a file."""
        return any(slot.accept for slot in self.slots)


def step_form(
    step: Step,
    definition: Definition,
    state: CaseState,
    lines: Sequence[EntryLine],
    lens: Lens,
    draft: Draft,
    stand_for: tuple[Principal, ...] = (),
    answering: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
) -> StepForm:
    """The form of one step of one case.

    ``stand_for`` are those the person may act for; ``answering`` who may be chosen where a field asks who answers for
    the case's zone: by field, id and name, the principal first.
    """
    mine = state.step(step.code)
    taken = {name for slot in step.slots for name in slot.fields}
    by_name = {
        item.name.removeprefix("d."): item
        for item in step_fields(step.fields, definition, lens, state.params, draft.values, draft.errors)
    }
    for name, people in (answering or {}).items():
        if people and name in by_name:
            item = by_name[name]
            by_name[name] = replace(item, kind="choice", options=people, value=item.value or people[0][0])
    return StepForm(
        code=step.code,
        name=lens.say(step.name),
        need=class_word(step.kind),
        instruction=lens.say(step.instruction),
        example=lens.say(step.example),
        after=lens.say(step.after),
        performer=lens.role(definition, step.performer),
        may=tuple(lens.role(definition, role) for role in step.roles),
        repeat=mine.repeatable and mine.status is StepStatus.DONE,
        slots=tuple(
            replace(_slot(slot, by_name, definition, lines, lens), shot=_shot(slot, definition, lens, draft))
            for slot in step.slots
        ),
        fields=tuple(item for name, item in by_name.items() if name not in taken),
        choices=_choices(step, definition, lens, draft.choice),
        alternatives=step.evidence.alternatives(),
        barred=barred(step, definition, state, lens),
        due=next((lens.due(timer.due_at) for timer in running(state, step.code)), None),
        waiver=waiver_of(step, definition, state, lens),
        draft=draft,
        assumption=lens.say(step.assumption) if step.assumption else "",
        no_secrets=_no_secrets(step, draft),
        principals=stand_for,
    )


def _no_secrets(step: Step, draft: Draft) -> FormField | None:
    """The tick asked for where a picture could show a password."""
    risky = any(
        slot.secret_risk and any("image" in FILE_FAMILIES.get(kind, ()) for kind in slot.types)
        for slot in step.slots
    )
    if not risky:
        return None
    label = _("Las imágenes no muestran contraseñas: las revisé una por una")
    value, error = draft.values.get(NO_SECRETS, ""), draft.errors.get(NO_SECRETS, "")
    return FormField(PREFIX + NO_SECRETS, label, "tick", value, error=error)


def _choices(step: Step, definition: Definition, lens: Lens, chosen: str) -> tuple[Choice, ...]:
    """Nobody is asked which way a step turned out that has only one."""
    if len(step.branches) == 1 and step.default_branch is not None:
        return ()
    return tuple(_choice(item, definition, lens, chosen) for item in step.branches)


def running(state: CaseState, step: str) -> tuple[TimerState, ...]:
    """The timers that a step is waited for by."""
    return tuple(timer for timer in state.timers if timer.step == step and timer.deadline)


def barred(step: Step, definition: Definition, state: CaseState, lens: Lens) -> tuple[str, ...]:
    """Why this person cannot seal this step now, each as a sentence that names what is missing."""
    reasons = []
    mine = state.step(step.code)
    if state.closed and not step.after_closing:
        reasons.append(
            _("El caso está cerrado; lo que falte se documenta como corrección o en un caso nuevo.")
        )
    if step.by_system:
        reasons.append(_("Lo registra el sistema cuando vence el plazo; nadie lo captura."))
    elif lens.roles.isdisjoint(step.roles):
        allowed = ", ".join(lens.role(definition, role) for role in step.roles)
        if state.waiting is not None and state.waiting.who in lens.roles:
            reasons.append(
                _("El caso espera tu respuesta. Cuando la des, la registra: %(roles)s.", roles=allowed)
            )
        else:
            reasons.append(
                _("Este paso lo registra: %(roles)s. Tu cuenta no tiene ese papel.", roles=allowed)
            )
    if mine.status is StepStatus.BLOCKED:
        names = "; ".join(
            f"{code} · {lens.say(definition.by_step[code].name)}"
            for code in mine.unmet
            if code in definition.by_step
        )
        reasons.append(
            _("Antes falta: %(steps)s.", steps=names) if names else _("Todavía no le toca a este paso.")
        )
    if mine.status is StepStatus.DONE and not mine.repeatable:
        reasons.append(
            _(
                "El paso ya está registrado en la entrada %(seq)s; si algo está mal, corrígela.",
                seq=mine.entries[-1] if mine.entries else "—",
            )
        )
    if mine.status is StepStatus.NOT_APPLICABLE:
        reasons.append(_("Este paso no aplica a este caso."))
    if mine.status is StepStatus.WAIVED:
        reasons.append(_("El paso fue dispensado con motivo."))
    return tuple(reasons)


def _slot(
    slot: Slot,
    fields: Mapping[str, FormField],
    definition: Definition,
    lines: Sequence[EntryLine],
    lens: Lens,
) -> SlotRow:
    families = [family for kind in slot.types for family in FILE_FAMILIES.get(kind, ())]
    return SlotRow(
        code=slot.code,
        name=lens.say(slot.name),
        signs=tuple(evidence_sign(kind) for kind in slot.types),
        accept=",".join(dict.fromkeys(_ACCEPT[family] for family in families)),
        picture="image" in families,
        fields=tuple(fields[name] for name in slot.fields if name in fields),
        reusable=tuple(_reusable(slot, definition, lines, lens)),
        secret_risk=slot.secret_risk or EvidenceType.CRED in slot.types,
    )


def _shot(slot: Slot, definition: Definition, lens: Lens, draft: Draft) -> ShotFields | None:
    """Where a screenshot may come, which system it shows and of when is asked; the machines' names are proposed."""
    if EvidenceType.SCR not in slot.types:
        return None
    system, day = f"{SHOT}{slot.code}.system", f"{SHOT}{slot.code}.date"
    values, errors = draft.shots, draft.errors
    return ShotFields(
        FormField(system, _("Sistema"), "text", values.get(system, ""), error=errors.get(shots.SYSTEM, "")),
        FormField(
            day, _("Fecha de la captura"), "date", values.get(day, ""), error=errors.get(shots.TAKEN, "")
        ),
        tuple(lens.say(machine.name) for machine in definition.machines),
    )


def _reusable(slot: Slot, definition: Definition, lines: Sequence[EntryLine], lens: Lens) -> list[Reusable]:
    found = []
    for code, other in slot.shares:
        step = definition.by_step[code]
        source = step.slot(other)
        name = lens.say(source.name) if source else other
        for line in lines:
            if line.step == code and not line.void_by:
                found += [
                    Reusable(
                        f"{slot.code}:{line.seq}:{item.number}",
                        _(
                            "%(file)s, de la entrada %(seq)s (paso %(step)s)",
                            file=item.name,
                            seq=line.seq,
                            step=code,
                        ),
                    )
                    for item in line.files
                    if item.slot == name
                ]
    return found


def _choice(branch: Branch, definition: Definition, lens: Lens, chosen: str) -> Choice:
    effect = ""
    if branch.closes:
        effect = _(
            "El caso se cierra: %(outcome)s", outcome=lens.say(definition.by_outcome[branch.closes].name)
        )
    elif branch.reopens:
        effect = _("Se repite desde el paso %(step)s", step=branch.reopens[0])
    elif branch.destination:
        effect = _("Sigue en %(place)s", place=branch.destination)
    return Choice(
        code=branch.code,
        name=lens.say(branch.name),
        effect=effect,
        checked=branch.code == chosen or (not chosen and branch.default),
        alternatives=branch.evidence.alternatives() if branch.evidence else (),
    )
