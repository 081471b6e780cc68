"""What a process tells people by itself, as mails: asked for in the very append that gives occasion to them.

The acknowledgement of a request, and reminders where the definition has them: to the posts a timer names, or to the
person outside whose answer the case waits for. A mail never repeats what somebody typed: the acknowledgement of what a
stranger sent under another's address must not carry the stranger's words to that other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.ports import Errand
from workflows.casefile import typed_data
from workflows.claims import Situation
from workflows.definition import Definition, FieldKind, Step
from workflows.mailing import Addressee, MailRequest
from workflows.quarantinemails import quarantine_mails
from workflows.requests import requests_of
from workflows.term import TimerEffect

MESSAGE = "mensaje"
"""The kind of automatic step that sends a message."""

POST = "post:"
ACTOR = "actor:"

THEMSELVES = frozenset({"solicitante", "usuario", "usuario_final", "agente"})
"""Roles of the person a case is about: reached at the address the case has of them."""
ZONES_OWN = "asistente"
"""The role of who answers for the case's zone."""


def notices(situation: Situation, drafts: Sequence[EntryDraft], folio: str) -> tuple[Errand, ...]:
    """The mails that what is about to be sealed asks for."""
    asked = (*_requests(situation, drafts, folio), *quarantine_mails(situation, drafts, folio))
    return tuple(request.errand() for request in asked)


def contact_address(definition: Definition, typed: dict[str, dict[str, str]]) -> str:
    """The address a case has of the person it is about: the first field of its opening that is one, or of a step."""
    step = definition.by_step[definition.opening.step]
    opening = (*definition.opening.fields, *step.fields)
    for field in opening:
        if field.kind is FieldKind.EMAIL and typed.get(step.code, {}).get(field.name):
            return typed[step.code][field.name]
    return ""


def answering_actor(definition: Definition, typed: dict[str, dict[str, str]]) -> str:
    """Who answers for the case's zone, where one of its steps says who: the actor's id."""
    for step in definition.steps:
        for field in step.fields:
            value = typed.get(step.code, {}).get(field.name, "") if field.zone else ""
            if value:
                return value
    return ""


def outside(step: Step) -> bool:
    """Whether a step is somebody's answer that others record: who performs it does not."""
    return bool(step.roles) and step.performer not in step.roles


def _requests(situation: Situation, drafts: Sequence[EntryDraft], folio: str) -> Iterator[MailRequest]:
    definition = situation.definition
    for place, draft in enumerate(drafts, len(situation.entries) + 1):
        step = definition.by_step.get(draft.step)
        if draft.actor != SYSTEM or step is None:
            continue
        if (
            draft.kind is EntryKind.EVIDENCE_RECORDED
            and step.automatic == MESSAGE
            and step.message is not None
        ):
            to, template = _person(situation, drafts), "acuse"
        elif draft.kind is EntryKind.TIMER_EXPIRED:
            to, template = _reminded(situation, drafts, draft, step)
        else:
            continue
        if to:
            context = {
                "paso": step.name.es,
                "paso_en": step.name.en,
                "proceso": definition.name.es,
                "proceso_en": definition.name.en,
            }
            yield MailRequest(template, to, context, f"{template}/{folio}/{place}", folio, step.code)


def _reminded(
    situation: Situation, drafts: Sequence[EntryDraft], draft: EntryDraft, step: Step
) -> tuple[tuple[Addressee, ...], str]:
    """Whom a timer's mark is for, and by which template: its posts, or, of a reminder, who is waited for."""
    timer = situation.definition.by_timer.get(str(draft.facts.get("timer", "")))
    if timer is None:
        return (), ""
    if timer.notify:
        return tuple(Addressee(POST + post) for post in timer.notify), "aviso_plazo"
    if timer.effect is TimerEffect.REMIND and outside(step) and not _linked(situation, step):
        return _awaited(situation, drafts, step), "recordatorio"
    return (), ""


def _linked(situation: Situation, step: Step) -> bool:
    """Whether a personal link waits for the step's answer: its own reminders bring a link that opens."""
    entries = [sealed.entry for sealed in situation.entries]
    return any(item.step == step.code and item.waits for item in requests_of(entries))


def _awaited(situation: Situation, drafts: Sequence[EntryDraft], step: Step) -> tuple[Addressee, ...]:
    """Who is to answer a step: the holders of a role's post, the zone's own, or the person the case is about.

    Of other roles (the insurer, say) no address follows from the case: nobody is written to.
    """
    post = next((role.post for role in situation.definition.roles if role.code == step.performer), "")
    if post:
        return (Addressee(POST + post),)
    if step.performer == ZONES_OWN:
        answering = answering_actor(situation.definition, _typed(situation, drafts))
        return (Addressee(ACTOR + answering),) if answering else ()
    if step.performer not in THEMSELVES:
        return ()
    address = contact_address(situation.definition, _typed(situation, drafts))
    return (Addressee(address),) if address else ()


def _person(situation: Situation, drafts: Sequence[EntryDraft]) -> tuple[Addressee, ...]:
    typed = _typed(situation, drafts)
    answering = answering_actor(situation.definition, typed)
    if answering:
        return (Addressee(ACTOR + answering),)
    address = contact_address(situation.definition, typed)
    return (Addressee(address),) if address else ()


def _typed(situation: Situation, drafts: Sequence[EntryDraft]) -> dict[str, dict[str, str]]:
    typed = typed_data(situation.entries)
    for draft in drafts:
        data = draft.payload.get("data")
        if isinstance(data, dict):
            typed.setdefault(draft.step, {}).update({name: str(value) for name, value in data.items()})
    return typed
