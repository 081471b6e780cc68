"""What a mail seems to say to the step a case waits in: a proposal for a person to confirm, with the words it rests on.

A closed list of phrases, by the code of the branch they mean. Only the part above what is quoted is read. Where phrases
of two branches are found, nothing is proposed: an honest blank costs a glance, a wrong guess more.
"""

from __future__ import annotations

import re

from documents.identifiers import fold
from notifications.cleaning import several_lines
from notifications.inbox import Answer
from workflows.definition import Definition, EvidenceType, Slot, Step
from workflows.notices import outside
from workflows.state import CaseState

_GO = r"si[,;.: ]+adelante|\badelante\b|\bproced[ae]n?\b|\bprocedamos\b|confirmo (?:el|la) alta"
_STOP = r"det[e]n(?:lo|er|gan(?:lo)?)\b|no (?:se )?proced[ae]n?\b|\bcancel(?:a|ar|en|alo)\b|no (?:sigas|sigan|avancen)"
_LATER = r"(?:te|les|yo) avis[oa]\b|(?:yo )?(?:te|les) aviso|cuando proceda|\ben espera\b|todavia no|aun no"
_WORKS = (
    r"ya (?:quedo|funciona|pude|puedo|entre|me dejo|lo tengo|esta)\b|quedo (?:listo|lista|resuelto|perfecto|bien)|"
    r"funciona (?:bien|correctamente|perfecto)|si,? (?:ya )?funciona|todo bien|confirmo (?:el )?acceso|esta resuelto"
)
_FAILS = (
    r"no (?:me )?(?:funciona|funciono|quedo|deja|dejo|puedo|pude|entra|abre|ha quedado|esta resuelto)\b|"
    r"sigue (?:sin|igual|fallando|con)|mismo (?:error|problema)|persiste|todavia no (?:puedo|funciona|quedo)"
)
_CAME = r"\b(?:si )?(?:me )?llego\b|lo recibi\b|recibido\b"
_NOT_CAME = r"no (?:me )?(?:llego|ha llegado|lo recibi|aparece)"

PHRASES = {
    "adelante": _GO,
    "detenlo": _STOP,
    "espera": _LATER,
    "funciona": _WORKS,
    "validado": _WORKS,
    "conforme": _WORKS,
    "no_funciona": _FAILS,
    "no_resuelto": _FAILS,
    "recibido": _CAME,
    "no_recibido": _NOT_CAME,
}
"""What is looked for in a mail, folded (lower case, no accents), by the code of the branch it means."""

_STRONGER = {"adelante": ("detenlo", "espera"), "recibido": ("no_recibido",)}
"""A branch whose phrases may stand inside another's: «no proceda» holds «proceda»."""

_QUOTED = re.compile(
    r"^\s*>|^-{2,} ?(?:mensaje original|original message|forwarded message)|^_{10,}|"
    r"^(?:el|on) .{5,200}(?:escribio|wrote):?\s*$|^(?:de|from): .+@",
    re.IGNORECASE,
)
_MOST = 4_000


def own_words(text: str) -> str:
    """What the writer added: everything above the first line that quotes; nothing in it hides or turns around."""
    kept = []
    for line in text.splitlines():
        if _QUOTED.search(fold(line)):
            break
        kept.append(line)
    return several_lines("\n".join(kept), _MOST).strip()


def proposed_answer(definition: Definition, state: CaseState, text: str) -> Answer | None:
    """Which open step of a case a mail answers, and how; ``None`` where no step waits for a mail from outside."""
    words = fold(own_words(text))
    waiting = [
        (step, slot) for step in _open_steps(definition, state) if (slot := answer_slot(step)) is not None
    ]
    for step, slot in waiting:
        choice, phrase = _choice(step, words)
        if choice:
            return Answer(state.folio, step.code, slot.code, choice, phrase)
    if len(waiting) == 1:
        step, slot = waiting[0]
        return Answer(state.folio, step.code, slot.code, "", "")
    return None


def answer_slot(step: Step) -> Slot | None:
    """The place of a step that a mail fills."""
    return next((slot for slot in step.slots if EvidenceType.EML in slot.types), None)


def _open_steps(definition: Definition, state: CaseState) -> list[Step]:
    """Open steps whose answer comes from outside, those in their turn first."""
    turns = {item.step: item.in_turn for item in state.steps}
    found = [definition.by_step[code] for code in state.open_steps]
    return sorted((step for step in found if outside(step)), key=lambda step: not turns[step.code])


def _choice(step: Step, words: str) -> tuple[str, str]:
    """The one branch whose phrases are found, and the phrase; nothing where there are none, or several."""
    found: dict[str, str] = {}
    for branch in step.branches:
        match = re.search(PHRASES[branch.code], words) if branch.code in PHRASES else None
        if match is not None:
            found[branch.code] = " ".join(match.group(0).split())
    for weaker, stronger in _STRONGER.items():
        if weaker in found and any(code in found for code in stronger):
            del found[weaker]
    if len(found) != 1:
        return "", ""
    return next(iter(found.items()))
