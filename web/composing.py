"""Mails that somebody writes from a step: to whom, in which words to begin with, and what they become.

A step offers it when its own people perform it, a mail is evidence of it, and that mail with typed values and files
that go with it (`web.attaching`) is enough. What is proposed is filled from the case; what is sent is what the person
leaves in the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from evidence.canonical import Json
from notifications.cleaning import one_line, several_lines
from notifications.outbox import mail_id
from notifications.sender import SentCopy
from web.attaching import Attachments
from web.mailtelling import recording
from web.wiring import House
from workflows.campaigncommands import AskAreas
from workflows.casefile import CaseView
from workflows.commands import Actor
from workflows.definition import Definition, EvidenceType, FieldKind, Role, Slot, Step
from workflows.errors import FieldInvalid, FieldProblem
from workflows.mailing import Addressee, MailRequest
from workflows.notices import ACTOR, POST, answering_actor, outside
from workflows.values import NO_SECRETS

MESSAGES = Path(__file__).parent.parent / "templates" / "messages"
TO, SUBJECT, MESSAGE, AREAS = "para", "asunto", "mensaje", "area"
_NONE = Attachments()

__all__ = ["checked", "judged", "mail_id", "mail_slot", "propose", "request_of"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a form begins with: addresses known to the case (the likeliest first), a subject and a text."""

    addresses: tuple[Addressee, ...]
    subject: str
    message: str


def mail_slot(definition: Definition, step: Step) -> Slot | None:
    """The place of a step's evidence that a mail written here fills, if it offers one."""
    if step.code == definition.opening.step or not step.roles or outside(step):
        return None
    if step.performer not in step.roles:
        return None
    beside = {slot.code for slot in step.slots if slot.fields or EvidenceType.EML not in slot.types}
    branch = step.default_branch
    evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
    for slot in step.slots:
        if EvidenceType.EML not in slot.types or _received(definition, slot):
            continue
        if any(
            slot.code in group and set(group) - {slot.code} <= beside for group in evidence.alternatives()
        ):
            return slot
    return None


def _received(definition: Definition, slot: Slot) -> bool:
    """Whether the place is for a mail that came in at another step."""
    return any(outside(definition.by_step[code]) for code, _other in slot.shares)


def propose(house: House, view: CaseView, step: Step, writer: str) -> Proposal:
    """What to begin with; ``writer`` is the name of who will sign."""
    addresses = _addresses(house, view, step)
    values = _values(view, step)
    first = addresses[0].name.split()[0] if addresses and addresses[0].name else ""
    words = {**values, "firma": writer, "saludo": f", {first}" if first else ""}
    subject, message = _worded(view.definition, step, words)
    return Proposal(addresses, subject, message)


def _worded(definition: Definition, step: Step, values: Mapping[str, str]) -> tuple[str, str]:
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415 - only this page words anything

    own = f"{definition.process.lower()}/{step.code}.txt"
    file = own if (MESSAGES / own).is_file() else "general.txt"
    engine = Environment(loader=FileSystemLoader(MESSAGES), autoescape=False)  # noqa: S701 - text, escaped where shown
    clean = {name: one_line(value, 300) for name, value in values.items()}
    subject, _, message = engine.get_template(file).render(clean).partition("\n")
    return one_line(subject, 200), message.strip("\n")


def _values(view: CaseView, step: Step) -> dict[str, str]:
    """What was typed in the case, by field, with the names of what was chosen."""
    definition, found = view.definition, dict[str, str]()
    for code, data in view.data().items():
        fields = definition.by_step[code].fields if code in definition.by_step else ()
        for field in (*definition.opening.fields, *fields):
            value = data.get(field.name, "")
            if value and field.kind is FieldKind.CHOICE:
                named = (option.name.es for option in definition.options(field) if option.code == value)
                found[f"{field.name}_nombre"] = next(named, value).lower()
        found.update(data)
    found["asunto_caso"] = found.pop("asunto", "")
    return {**found, "folio": view.state.folio, "paso": step.name.es, "proceso": definition.name.es}


def _addresses(house: House, view: CaseView, step: Step) -> tuple[Addressee, ...]:
    definition, typed = view.definition, view.data()
    asked = [who for who in _who_answers(definition, step) if who.post]
    named = [ACTOR + actor for actor in [answering_actor(definition, typed)] if actor]
    named += [POST + role.post for role in asked]
    found = [who for name in named for who in house.mail.addresses(Addressee(name))]
    found += _typed_addresses(definition, typed)
    known: dict[str, Addressee] = {}
    for who in found:
        known.setdefault(who.address, who)
    return tuple(known.values())


def _typed_addresses(definition: Definition, typed: Mapping[str, Mapping[str, str]]) -> Iterator[Addressee]:
    """Every address somebody typed in the case; that of the person it is about goes by their name."""
    person = typed.get(definition.opening.step, {}).get("nombre", "")
    for code, data in typed.items():
        fields = definition.by_step[code].fields if code in definition.by_step else ()
        for field in (*definition.opening.fields, *fields):
            if field.kind is FieldKind.EMAIL and data.get(field.name):
                yield Addressee(data[field.name], person if field.name == "correo" else "")


def _who_answers(definition: Definition, step: Step) -> list[Role]:
    """The roles outside that a step is answered by: those who perform what comes right after it."""
    roles = {role.code: role for role in definition.roles}
    after = (item for item in definition.steps if step.code in item.requires and outside(item))
    return [roles[item.performer] for item in after if item.performer in roles]


def checked(to: str, subject: str, message: str) -> None:
    """Refuse what cannot be sent. Raises `FieldInvalid`."""
    problems = []
    plain = one_line(to, 320)
    local, at, domain = plain.partition("@")
    if (
        plain != to
        or not (local and at and "." in domain)
        or not plain.isascii()
        or " " in plain
        or "@" in domain
    ):
        problems.append(FieldProblem(TO, "email_malformed" if to else "required", 0, to[:80], ""))
    if not one_line(subject):
        problems.append(FieldProblem(SUBJECT, "required", 0, "", ""))
    if not several_lines(message):
        problems.append(FieldProblem(MESSAGE, "required", 0, "", ""))
    if problems:
        raise FieldInvalid(tuple(problems))


def area_missing() -> NoReturn:
    """Refuse a mail that asks no area. Raises `FieldInvalid`."""
    raise FieldInvalid((FieldProblem(AREAS, "required"),))


def request_of(  # noqa: PLR0913 - a mail has as many parts
    view: CaseView,
    step: Step,
    slot: Slot,
    actor: Actor,
    said: Mapping[str, str],
    data: Mapping[str, str],
    key: str,
    files: Attachments = _NONE,
    areas: Sequence[str] = (),
) -> MailRequest:
    """The mail, with what it becomes once it has gone: the evidence of its step, by who wrote it.

    ``areas``: those of a campaign that it asks.
    """
    pictured = any(files.files[int(place)].media.startswith("image/") for place in files.places)
    typed = {name: value for name, value in data.items() if name != NO_SECRETS or pictured}
    record: dict[str, Json] = {
        "step": step.code,
        "slot": slot.code,
        "actor": actor.id,
        "role": actor.role,
        "via": actor.via,
        "choice": said.get("choice", ""),
        "note": said.get("note", ""),
        "acting_for": said.get("acting_for", ""),
        "name": f"{one_line(said[SUBJECT], 60)}.eml",
        "data": dict(typed),
        "places": dict(files.places),
        "reuse": [list(item) for item in files.reuse],
    }
    if areas:
        record["areas"] = list(areas)
    return MailRequest(
        template="mensaje",
        to=(Addressee(said[TO], said.get("nombre", "")),),
        context={"asunto": said[SUBJECT], "mensaje": said[MESSAGE]},
        key=f"step/{view.state.folio}/{step.code}/{actor.id}/{key}",
        case=view.state.folio,
        step=step.code,
        record=record,
        files=files.files,
    )


def judged(house: House, request: MailRequest, files: Attachments = _NONE) -> SentCopy:
    """The copy the mail would leave, after asking whether the step would take it now; nothing is sent or written.

    Raises:
        What `CaseService.record` raises, and `FieldInvalid` for what no mail can hold.
    """
    try:
        copy = house.mail.sender.preview(request, files.content)
    except ValueError as error:
        raise FieldInvalid((FieldProblem(TO, "email_malformed", 0, "", ""),)) from error
    command = recording(request, "", copy, "")
    if isinstance(command, AskAreas):
        house.cases.campaigns.would_ask(command)
    else:
        house.cases.would_record(command)
    return copy
