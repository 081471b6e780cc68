"""From a command and the case's history to the entry to be written: pure, quick, and repeatable after a conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, parse_time
from workflows import rules
from workflows.assignees import assigned, unlapsed
from workflows.casefile import entry_files, typed_data
from workflows.claims import Carried, Claim, Situation, Stated
from workflows.commands import Reuse
from workflows.controldays import looked, with_today
from workflows.covering import covered
from workflows.definition import Branch, Definition, EvidenceType, Field, Slot, Step
from workflows.duties import check_duties, parties_of
from workflows.errors import EvidenceNotAccepted, FieldInvalid, FieldProblem, ReuseNotAllowed
from workflows.facts import ABSENT, EvidenceFact, Facts, facts_of, time_text
from workflows.matching import accepted_families, assign, evidence_type, typed_evidence
from workflows.proposals import filled
from workflows.rowclaims import rows_of
from workflows.shots import check_shots, shot_json
from workflows.uploads import PreparedFile
from workflows.values import NO_SECRETS, Values, check_note, check_values, is_ticked, reference_value


def state_claim(situation: Situation, claim: Claim) -> Stated:
    """Check a claim against the step's form and evidence, and write it as facts and payload.

    Raises:
        FieldInvalid, ChoiceMissing, ChoiceUnknown, EvidenceMissing, EvidenceNotAccepted, DutiesConflict,
        NoDelegate, DateNotCredible.
    """
    definition, step = situation.definition, claim.step
    branch = _allowed(situation, claim)
    form, note, homonyms = _form(situation, claim)
    values = form.data
    unlapsed(situation, step.fields, values, branch)
    slots = _slots(situation, claim, branch)
    _readings(situation, claim, slots, values)
    check_shots(claim.files, situation.calendar.local_day(situation.now))
    facts = _evidence(claim, slots, values)
    if not claim.opening:
        rules.sufficient_evidence(step, branch, facts)
    parties = parties_of(situation, claim, values)
    check_duties(situation, claim, parties)
    control = looked(situation, claim, values)
    rows = claim.rows or rows_of(situation, claim)
    covers = covered(situation, claim)
    stated = Facts(
        occurred_at=time_text(claim.occurred_at or (control.occurred if control else None)),
        actor_class=claim.actor.kind,
        via=claim.actor.via,
        acting_for=claim.acting_for,
        parent=claim.parent,
        definition=definition.digest if claim.opening and not claim.corrects else "",
        calendar=situation.calendar.id if claim.opening and not claim.corrects else "",
        params={**form.params, **(branch.sets if branch is not None else {})},
        parties=parties,
        catalogues=_catalogues(situation, claim, values),
        evidence=facts,
        choice=branch.code if branch is not None else "",
        destination=branch.destination if branch is not None else "",
        link=_linked(situation, step, branch, values),
        homonyms=homonyms,
        day=control.day if control else "",
        count=control.count if control else ABSENT,
        covers=covers.digests,
        templates=_templates(claim, slots),
    )
    payload = {**payload_of(claim, slots, values, note), **rows.payload}
    return Stated(rows.stated(stated), payload, branch, covers.leaves)


def _allowed(situation: Situation, claim: Claim) -> Branch | None:
    """The branch chosen, once it is clear that this person may record it now."""
    definition, step, moment = situation.definition, claim.step, claim.occurred_at or situation.now
    rules.credible_date(claim.occurred_at, situation.now, situation.calendar)
    rules.may_act_for(definition, step, claim.actor, claim.acting_for, situation.directory, situation.now)
    if not claim.corrects or claim.actor.role in step.roles:
        rules.holds_post(step, claim.actor, claim.acting_for, situation.directory, moment)
    branch = None if claim.opening else rules.chosen_branch(step, claim.choice)
    if situation.state is not None and not claim.corrects:
        rules.within_window(situation.state, step, branch, moment)
    return branch


def _linked(situation: Situation, step: Step, branch: Branch | None, values: Mapping[str, str]) -> str:
    """The case in which work goes on, where the step names one: another one, that is there."""
    name = step.continuation(branch)[1]
    link = values.get(name, "")
    own = situation.state.folio if situation.state is not None else ""
    if link and (link == own or not situation.there(link)):
        raise FieldInvalid((FieldProblem(name, "no_such_case", found=link),))
    return link


def _listed_at(situation: Situation, claim: Claim) -> datetime:
    """The moment whose lists count: that of the recording, which a correction repeats."""
    if claim.corrects:
        return parse_time(situation.entries[claim.corrects - 1].entry.at)
    return situation.now


def _catalogues(situation: Situation, claim: Claim, values: Mapping[str, str]) -> dict[str, str]:
    """The version of every list from which a value was chosen."""
    moment = _listed_at(situation, claim)
    fields = form_fields(situation.definition, claim.step, opening=claim.opening)
    used = {item.catalogue for item in fields if item.catalogue and item.name in values}
    return {code: situation.catalogue(code, moment).version for code in sorted(used)}


def entry_kind(step: Step, branch: Branch | None) -> EntryKind:
    """What an entry of this step and branch says happened."""
    closes = step.closes or (branch.closes if branch is not None else "")
    return EntryKind.CASE_CLOSED if closes else EntryKind.EVIDENCE_RECORDED


def draft(
    situation: Situation,
    claim: Claim,
    stated: Stated,
    kind: EntryKind,
    blobs: Sequence[BlobRef],
    refs: tuple[str, ...] = (),
) -> EntryDraft:
    """The entry of a checked claim; ``blobs`` are those of its files, in order."""
    shared = tuple(item.leaf for item in claim.carried if item.leaf)
    return EntryDraft(
        actor=claim.actor.id,
        role=claim.actor.role,
        kind=kind,
        process=situation.definition.label,
        step=claim.step.code,
        objects=(*blobs, *(item.blob for item in claim.carried)),
        refs=tuple(dict.fromkeys((*refs, *shared, *stated.leaves))),
        facts=stated.facts.as_json(),
        payload=stated.payload,
    )


def reused(situation: Situation, step: Step, wanted: Sequence[Reuse]) -> tuple[Carried, ...]:
    """Files of other steps that a slot of this step shares.

    Raises:
        ReuseNotAllowed: the slot shares no such evidence, or it no longer counts.
    """
    return tuple(_reused(situation, step, item) for item in wanted)


def kept(sealed: SealedEntry, indices: Sequence[int], step: Step) -> tuple[Carried, ...]:
    """Files that a correction takes over from the entry it corrects.

    Raises:
        ReuseNotAllowed: the entry has no such object, or it was evidence of nothing.
    """
    facts = {fact.object: fact for fact in facts_of(sealed.entry).evidence}
    files = entry_files(sealed)
    carried = []
    for index in indices:
        fact = facts.get(index) if 0 <= index < len(sealed.entry.objects) else None
        if fact is None:
            raise ReuseNotAllowed(step=step.code, slot="", seq=sealed.entry.seq, object=index)
        blob = sealed.entry.objects[index]
        carried.append(Carried(blob, files[index], fact.slot, fact.type, fact.source))
    return tuple(carried)


def payload_of(
    claim: Claim, slots: Sequence[Slot | None], values: Mapping[str, str], note: str
) -> dict[str, Json]:
    """The payload: files by name (aligned with the entry's objects), typed values, note, and who was at the console."""
    files: list[Json] = [_file_json(file, slot) for file, slot in zip(claim.files, slots, strict=True)]
    files += [{**item.about, "slot": item.slot} for item in claim.carried]
    data: dict[str, Json] = dict(values)
    if is_ticked(claim.data.get(NO_SECRETS, "")):
        data[NO_SECRETS] = "si"
    return {"files": files, "data": data, "note": note, **claim.actor.channel()}


def form_fields(definition: Definition, step: Step, *, opening: bool) -> tuple[Field, ...]:
    """The fields a command on this step may fill."""
    return (*definition.opening.fields, *step.fields) if opening else step.fields


def _file_json(file: PreparedFile, slot: Slot | None) -> dict[str, Json]:
    code = slot.code if slot is not None else ""
    found: dict[str, Json] = {"name": file.name, "slot": code, "about": dict(file.about)}
    if file.warnings:
        found["warnings"] = list(file.warnings)
    if file.template is not None:
        used = file.template
        found["template"] = {"name": used.name, "version": used.version, "sha256": used.sha256}
    shot = shot_json(file) if slot is not None and _type(slot, file) == EvidenceType.SCR else {}
    return {**found, "shot": shot} if shot else found


def _form(situation: Situation, claim: Claim) -> tuple[Values, str, Mapping[str, str]]:
    """Typed values, note and homonyms; every problem of the form is reported at once."""
    fields = form_fields(situation.definition, claim.step, opening=claim.opening)
    data, problems = _repeated(situation, claim, fields)
    data, foreign = assigned(situation, fields, with_today(situation, claim, data))
    data, homonyms, computed = filled(situation, fields, data, complete=claim.complete)
    moment = _listed_at(situation, claim)
    values = check_values(
        situation.definition,
        fields,
        data,
        situation.params,
        complete=claim.complete,
        options=lambda field: situation.options(field, moment),
    )
    note, noted = check_note(claim.note)
    problems = (*problems, *foreign, *computed, *values.problems, *noted)
    if problems:
        raise FieldInvalid(problems)
    return values, note, homonyms


def _repeated(
    situation: Situation, claim: Claim, fields: Sequence[Field]
) -> tuple[Mapping[str, str], tuple[FieldProblem, ...]]:
    """Fields that must repeat a value in force: taken from there when left out, compared when typed."""
    data = dict(claim.data)
    problems: list[FieldProblem] = []
    for item in fields:
        if item.same_as is None:
            continue
        expected = typed_data(situation.entries).get(item.same_as[0], {}).get(item.same_as[1], "")
        typed = data.get(item.name, "").strip()
        if not typed:
            data[item.name] = expected
        elif reference_value(item, typed) != reference_value(item, expected):
            problems.append(FieldProblem(item.name, "differs", 0, typed[:80], expected))
    return data, tuple(problems)


def _fresh(situation: Situation, claim: Claim, slots: Sequence[Slot]) -> None:
    """A slot that asks for something new takes no file that the case has already, from an entry that counts or not."""
    if not any(slot.fresh for slot in slots):
        return
    known = {
        blob.sha256: sealed.entry.seq
        for sealed in reversed(situation.entries)
        for blob in sealed.entry.objects
        if sealed.entry.seq != claim.corrects
    }
    for slot, file in zip(slots, claim.files, strict=True):
        if slot.fresh and file.sha256 in known:
            raise EvidenceNotAccepted(
                step=claim.step.code,
                name=file.name,
                family=file.family,
                slot=slot.code,
                accepted=list(accepted_families(slot)),
                why="known",
                seq=known[file.sha256],
            )


def _slots(situation: Situation, claim: Claim, branch: Branch | None) -> list[Slot]:
    evidence = claim.step.evidence
    if branch is not None and branch.evidence is not None:
        evidence = branch.evidence
    taken = [item.slot for item in claim.carried]
    slots = assign(claim.step, evidence, [file.piece for file in claim.files], taken)
    _fresh(situation, claim, slots)
    risky = any(
        slot.secret_risk and file.family == "image" for slot, file in zip(slots, claim.files, strict=True)
    )
    if risky and not is_ticked(claim.data.get(NO_SECRETS, "")):
        raise FieldInvalid((FieldProblem(NO_SECRETS, "not_declared"),))
    return slots


def _readings(situation: Situation, claim: Claim, slots: Sequence[Slot], values: Mapping[str, str]) -> None:
    """Compare what a file says with the case, where its slot asks for it."""
    read = [(slot, file) for slot, file in zip(slots, claim.files, strict=True) if slot.reader]
    if not read:
        return
    opening = typed_data(situation.entries).get(situation.definition.opening.step, values)
    problems: list[FieldProblem] = []
    for slot, file in read:
        problems += file.readings[slot.reader](opening, slot.compare)
    if problems:
        raise FieldInvalid(tuple(problems))


def _evidence(claim: Claim, slots: Sequence[Slot], values: Mapping[str, str]) -> tuple[EvidenceFact, ...]:
    facts = [
        EvidenceFact(slot.code, _type(slot, file), n)
        for n, (slot, file) in enumerate(zip(slots, claim.files, strict=True))
    ]
    facts += [
        EvidenceFact(item.slot, item.type, len(claim.files) + n, item.source)
        for n, item in enumerate(claim.carried)
    ]
    facts += [EvidenceFact(slot, EvidenceType.SYS) for slot in claim.system]
    return (*facts, *typed_evidence(claim.step, values))


def _templates(claim: Claim, slots: Sequence[Slot]) -> dict[str, str]:
    """The digest of the template that made a file, by the slot of the file."""
    made = {
        slot.code: file.template.sha256
        for slot, file in zip(slots, claim.files, strict=True)
        if file.template is not None
    }
    for item in claim.carried:
        known = item.about.get("template", {})
        if isinstance(known, dict) and known.get("sha256"):
            made[item.slot] = str(known["sha256"])
    return made


def _type(slot: Slot, file: PreparedFile) -> str:
    found = evidence_type(slot, file.family)
    if found is None:
        raise ValueError(f"slot {slot.code} does not take {file.family}")
    return str(found)


def _reused(situation: Situation, step: Step, wanted: Reuse) -> Carried:
    refusal = ReuseNotAllowed(step=step.code, slot=wanted.slot, seq=wanted.seq, object=wanted.object)
    slot = step.slot(wanted.slot)
    if slot is None or not 1 <= wanted.seq <= len(situation.entries):
        raise refusal
    sealed = situation.entries[wanted.seq - 1]
    fact = next((item for item in facts_of(sealed.entry).evidence if item.object == wanted.object >= 0), None)
    state = situation.state
    counts = state is not None and any(wanted.seq in found.entries for found in state.steps)
    if fact is None or not counts or (sealed.entry.step, fact.slot) not in slot.shares:
        raise refusal
    about = entry_files(sealed)[wanted.object]
    blob = sealed.entry.objects[wanted.object]
    return Carried(blob, about, slot.code, fact.type, wanted.seq, sealed.leaf)
