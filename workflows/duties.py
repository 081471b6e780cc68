"""Who takes which duty of a case by an entry, and whether that person may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workflows import rules
from workflows.claims import Claim, Situation
from workflows.definition import Definition, FieldKind
from workflows.state import ExceptionCode


def parties_of(situation: Situation, claim: Claim, values: Mapping[str, str]) -> dict[str, str]:
    """Who takes which duty by this entry."""
    if claim.opening:
        return _opening_parties(situation, claim, values)
    step = claim.step
    if not step.duty:
        return {}
    chosen = next((item.name for item in step.fields if item.zone), "")
    if chosen:
        return {step.duty: values[chosen]} if values.get(chosen) else {}
    if not step.duty_post:
        return {step.duty: claim.actor.id}
    posts = {role.code: role.post for role in situation.definition.roles}
    if posts.get(claim.actor.role) == step.duty_post:
        return {step.duty: claim.actor.id}
    moment = claim.occurred_at or situation.now
    holders = situation.directory.holders(step.duty_post, moment) if situation.directory else ()
    return {step.duty: holders[0].actor} if holders else {}


def _opening_parties(situation: Situation, claim: Claim, values: Mapping[str, str]) -> dict[str, str]:
    parties = {}
    for duty in situation.definition.duties:
        if duty.opening == "requester":
            holder = claim.requester or (claim.actor.id if claim.actor.role in duty.roles else "")
        elif duty.opening == "beneficiary":
            holder = _beneficiary(situation, values)
        else:
            continue
        if holder:
            parties[duty.code] = holder
    return parties


def _beneficiary(situation: Situation, values: Mapping[str, str]) -> str:
    """The account of the person the request is for, where one of its addresses is known here."""
    if situation.directory is None:
        return ""
    definition = situation.definition
    fields = (*definition.opening.fields, *definition.by_step[definition.opening.step].fields)
    addresses = (values.get(item.name, "") for item in fields if item.kind is FieldKind.EMAIL)
    accounts = (situation.directory.actor_of(address) for address in addresses if address)
    return next((account for account in accounts if account), "")


def check_duties(situation: Situation, claim: Claim, parties: Mapping[str, str]) -> None:
    """Refuse a person who would hold two duties that must lie apart, unless that was waived for this step."""
    state = situation.state
    if state is None:
        return
    waived = any(
        item.code is ExceptionCode.DUTIES_WAIVED and item.step == claim.step.code for item in state.exceptions
    )
    if waived:
        return
    held = [(duty, actor) for duty, actor, seq in state.parties if seq != claim.corrects]
    rules.duties_apart(situation.definition, claim.step.code, held, parties)


def deciding_posts(definitions: Iterable[Definition]) -> frozenset[str]:
    """The posts whose holders authorise: who stands in for one of them needs an appointment."""
    return frozenset(step.duty_post for item in definitions for step in item.steps if step.duty_post)
