"""What the system records beside a contact: the verdict of every standing rule that watches the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry, parse_time
from workflows import standing
from workflows.calendar import BusinessCalendar
from workflows.claims import Situation
from workflows.commands import OpenCase, Receipt
from workflows.corrections import known_ground, refusal
from workflows.definition import Definition, Standing, Step, applies
from workflows.errors import FieldInvalid, FieldProblem, OutsideHours
from workflows.facts import EvidenceFact, Facts, facts_of, time_text
from workflows.standing import Judgement, Verdict

Judged = tuple[Step, Standing, Judgement]


def judged(situation: Situation, step: str, moment: datetime, said: Mapping[str, str]) -> tuple[Judged, ...]:
    """The rules that watch a step with what they say of a moment. ``said``: what the recording itself says."""
    known = {**situation.params, **said}
    found = []
    for rule in situation.definition.steps:
        watch = rule.standing
        if watch is not None and step in watch.judges and applies(watch.when, known):
            found.append((rule, watch, standing.judge(situation.calendar, moment, watch)))
    return tuple(found)


def beside_opening(
    situation: Situation, command: OpenCase, said: Mapping[str, str]
) -> tuple[EntryDraft, ...]:
    """The verdicts on an opening, and its refusal where it came outside and nobody asked to queue it.

    Raises:
        FieldInvalid: it was to be queued, but came within the hours.
    """
    moment = command.occurred_at or situation.now
    found = judged(situation, situation.definition.opening.step, moment, said)
    outside = [rule for _, rule, judgement in found if judgement.verdict is Verdict.OUTSIDE]
    for _, rule, _ in found:
        if not outside and _queued(rule, said):
            raise FieldInvalid((FieldProblem(rule.queue[0] if rule.queue else "", "within_hours"),))
    drafts = _drafts(situation, found, moment, said)
    ground = next((rule.refusal for rule in outside if rule.refusal), "")
    if not ground or any(_queued(rule, said) for rule in outside):
        return drafts
    return (*drafts, refusal(situation, known_ground(situation.definition, ground), command, ""))


def beside_step(
    situation: Situation, step: Step, moment: datetime | None, said: Mapping[str, str]
) -> tuple[tuple[EntryDraft, ...], bool]:
    """The verdicts on a later contact, and whether it may stand: outside, only the verdicts are recorded."""
    when = moment or situation.now
    found = judged(situation, step.code, when, said)
    outside = any(judgement.verdict is Verdict.OUTSIDE for _, _, judgement in found)
    return _drafts(situation, found, when, said), not outside


def outside_of(
    calendar: Callable[[], BusinessCalendar],
    definition: Definition,
    history: Callable[[str], Sequence[SealedEntry]],
    receipt: Receipt,
) -> OutsideHours | None:
    """What to say where a command left only the refusal of its contact, or the verdict; ``None`` where it stands."""
    refused = {step.standing.refusal for step in definition.steps if step.standing} - {""}
    closing = receipt.state.closing
    alone = receipt.role == SYSTEM or (closing is not None and closing.refusal in refused)
    written = history(receipt.folio)[receipt.first - 1 : receipt.last] if alone else ()
    facts = ((item.entry, facts_of(item.entry)) for item in written)
    found = next(((entry, said) for entry, said in facts if said.verdict == Verdict.OUTSIDE), None)
    if found is None:
        return None
    opens = f"{calendar().local(parse_time(found[1].due_at)):%Y-%m-%d %H:%M}" if found[1].due_at else ""
    return OutsideHours(rule=found[0].step, opens=opens, folio=receipt.folio, seq=found[0].seq)


def _queued(rule: Standing, said: Mapping[str, str]) -> bool:
    return rule.queue is not None and said.get(rule.queue[0], "") == rule.queue[1]


def _drafts(
    situation: Situation, found: Sequence[Judged], moment: datetime, said: Mapping[str, str]
) -> tuple[EntryDraft, ...]:
    return tuple(_draft(situation, item, moment, said) for item in found)


def _draft(situation: Situation, item: Judged, moment: datetime, said: Mapping[str, str]) -> EntryDraft:
    step, rule, judgement = item
    data: dict[str, str] = {}
    if rule.opens_field and judgement.opens is not None:
        data[rule.opens_field] = f"{situation.calendar.local(judgement.opens):%Y-%m-%dT%H:%M}"
    queued = rule.queue if judgement.verdict is Verdict.OUTSIDE and _queued(rule, said) else None
    facts = Facts(
        occurred_at=time_text(moment),
        actor_class="system",
        via="system",
        calendar=situation.calendar.id,
        params={**data, queued[0]: queued[1]} if queued else data,
        evidence=tuple(EvidenceFact(slot, "SYS") for slot in step.evidence.all),
        rule=rule.rule,
        due_at=time_text(judgement.opens),
        verdict=str(judgement.verdict),
    )
    payload: dict[str, Json] = {"files": [], "data": dict(data), "note": ""}
    return EntryDraft(
        actor=SYSTEM,
        role=SYSTEM,
        kind=EntryKind.EVIDENCE_RECORDED,
        process=situation.definition.label,
        step=step.code,
        facts=facts.as_json(),
        payload=payload,
    )
