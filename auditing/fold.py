"""From the entries of an engagement's chain to what it amounts to: a pure fold, the only way state comes about.

An entry that cannot be read, or speaks of what is not there, changes nothing and is named in ``unreadable``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from auditing import reading as read
from auditing.attributes import attributes_of
from auditing.model import (
    CHAINS,
    Attribute,
    Engagement,
    Finding,
    Invited,
    Item,
    ItemAct,
    ItemState,
    Kind,
    Method,
    Population,
    Response,
    Result,
    Retest,
    Sample,
    Severity,
    Standing,
    Terms,
    TestResult,
)
from auditing.reading import Malformed, act_of, said, word
from evidence.canonical import Json
from evidence.entry import EntryKind, MalformedEntry, SealedEntry

Step = Callable[[Engagement, SealedEntry], Engagement]
Numbered = TypeVar("Numbered", Finding, Item, Invited)


def fold(entries: Sequence[SealedEntry]) -> Engagement | None:
    """The engagement of a chain; ``None`` where the first entry does not open one."""
    if not entries or entries[0].entry.kind is not EntryKind.ENGAGEMENT_OPENED:
        return None
    try:
        state = _opened(entries[0])
    except Malformed:
        return None
    for sealed in entries[1:]:
        state = _next(state, sealed)
    return replace(state, entries=len(entries), head=entries[-1].leaf)


def _next(state: Engagement, sealed: SealedEntry) -> Engagement:
    try:
        step = _STEPS.get(sealed.entry.kind)
        if step is None:
            raise Malformed("kind")
        return step(state, sealed)
    except (Malformed, MalformedEntry, KeyError):
        return replace(state, unreadable=(*state.unreadable, sealed.entry.seq))


def terms_of(facts: Mapping[str, Json]) -> Terms:
    """The terms as an opening or a change states them.

    Raises:
        Malformed: a member is missing or of another form.
    """
    return Terms(
        kind=read.choice(Kind, facts, "kind"),
        processes=read.texts(facts, "processes"),
        start=read.day(facts, "start"),
        end=read.day(facts, "end"),
        expires=read.day(facts, "expires"),
        downloads=read.flag(facts, "downloads"),
        masked=read.flag(facts, "masked"),
        auditors=read.texts(facts, "auditors"),
    )


def _opened(sealed: SealedEntry) -> Engagement:
    facts, data = sealed.entry.facts, said(sealed)
    return Engagement(
        id=sealed.entry.case.removeprefix(CHAINS),
        title=word(data, "title"),
        firm=word(data, "firm"),
        purpose=word(data, "purpose"),
        terms=terms_of(facts),
        opened=act_of(sealed),
        attributes_version=read.text(facts, "attributes_version"),
    )


def _changed(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts, data = sealed.entry.facts, said(sealed)
    state = replace(state, changes=(*state.changes, (act_of(sealed), word(data, "reason"))))
    if "attributes" in facts:
        process = read.text(facts, "process")
        return replace(state, attributes={**state.attributes, process: _attributes(state, sealed, process)})
    if "grants" in facts:
        return replace(state, grants=(*state.grants, *read.names(facts, "grants")))
    return replace(state, terms=terms_of(facts))


def _attributes(state: Engagement, sealed: SealedEntry, process: str) -> tuple[Attribute, ...]:
    """The edited list: known ones by their code, new ones with the name in the payload."""
    known = {item.code: item for item in attributes_of(state, process)}
    typed = said(sealed).get("names")
    names = typed if isinstance(typed, dict) else {}
    return tuple(
        known.get(code, Attribute(process, code, word(names, code) or code))
        for code in read.texts(sealed.entry.facts, "attributes")
    )


def _closed(state: Engagement, sealed: SealedEntry) -> Engagement:
    return replace(state, closed=act_of(sealed), closing=word(said(sealed), "note"))


def _frozen(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts = sealed.entry.facts
    found = Population(
        id=read.text(facts, "population"),
        process=read.text(facts, "process"),
        start=read.day(facts, "start"),
        end=read.day(facts, "end"),
        zone=read.text(facts, "zone"),
        size=read.number(facts, "size"),
        rows=read.number(facts, "rows"),
        first=read.text(facts, "first"),
        last=read.text(facts, "last"),
        gaps=read.number(facts, "gaps"),
        digest=read.digest(facts, "digest"),
        frozen=act_of(sealed),
        title=word(said(sealed), "title"),
    )
    return replace(state, populations=(*state.populations, found))


def _drawn(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts = sealed.entry.facts
    if state.population(read.text(facts, "population")) is None:
        raise Malformed("population")
    found = Sample(
        id=read.text(facts, "sample"),
        population=read.text(facts, "population"),
        method=read.choice(Method, facts, "method"),
        detail=read.text(facts, "detail", ""),
        seed=read.text(facts, "seed", ""),
        of=read.number(facts, "of"),
        folios=read.texts(facts, "folios"),
        drawn=act_of(sealed),
        reason=word(said(sealed), "reason"),
    )
    return replace(state, samples=(*state.samples, found))


def _tested(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts = sealed.entry.facts
    key = (read.text(facts, "sample"), read.text(facts, "folio"), read.text(facts, "attribute"))
    sample = state.sample(key[0])
    if sample is None or key[1] not in sample.folios:
        raise Malformed("sample")
    earlier = state.tests.get(key)
    found = TestResult(
        sample=key[0],
        folio=key[1],
        attribute=key[2],
        result=read.choice(Result, facts, "result"),
        act=act_of(sealed),
        note=word(said(sealed), "note"),
        times=earlier.times + 1 if earlier else 1,
    )
    return replace(state, tests={**state.tests, key: found})


def _raised(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts, data = sealed.entry.facts, said(sealed)
    found = Finding(
        id=read.text(facts, "finding"),
        severity=read.choice(Severity, facts, "severity"),
        standing=Standing.RAISED,
        process=read.text(facts, "process", ""),
        attribute=read.text(facts, "attribute", ""),
        entries=read.names(facts, "entries"),
        folios=read.texts(facts, "folios"),
        raised=act_of(sealed),
        title=word(data, "title"),
        text=word(data, "text"),
        recommendation=word(data, "recommendation"),
    )
    return replace(state, findings=(*state.findings, found))


def _answered_finding(state: Engagement, sealed: SealedEntry) -> Engagement:
    found = _finding(state, sealed)
    due = read.day(sealed.entry.facts, "due", "")
    response = Response(act_of(sealed), word(said(sealed), "text"), due)
    changed = replace(found, standing=Standing.ANSWERED, responses=(*found.responses, response))
    return replace(state, findings=_put(state.findings, changed))


def _retested(state: Engagement, sealed: SealedEntry) -> Engagement:
    found = _finding(state, sealed)
    standing = read.choice(Standing, sealed.entry.facts, "standing")
    retest = Retest(act_of(sealed), standing, word(said(sealed), "text"))
    changed = replace(found, standing=standing, retests=(*found.retests, retest))
    return replace(state, findings=_put(state.findings, changed))


def _finding(state: Engagement, sealed: SealedEntry) -> Finding:
    found = state.finding(read.text(sealed.entry.facts, "finding"))
    if found is None:
        raise Malformed("finding")
    return found


def _added(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts, data = sealed.entry.facts, said(sealed)
    found = Item(
        id=read.text(facts, "item"),
        state=ItemState.ASKED,
        owner=read.text(facts, "owner"),
        due=read.day(facts, "due"),
        asked=act_of(sealed),
        title=word(data, "title"),
        text=word(data, "text"),
    )
    return replace(state, items=(*state.items, found))


def _item(to: ItemState) -> Step:
    def step(state: Engagement, sealed: SealedEntry) -> Engagement:
        facts = sealed.entry.facts
        found = state.item(read.text(facts, "item"))
        if found is None:
            raise Malformed("item")
        act = ItemAct(act_of(sealed), to, word(said(sealed), "text"), read.names(facts, "entries"))
        return replace(state, items=_put(state.items, replace(found, state=to, acts=(*found.acts, act))))

    return step


def _put(items: tuple[Numbered, ...], changed: Numbered) -> tuple[Numbered, ...]:
    return tuple(changed if item.id == changed.id else item for item in items)


def _invited(state: Engagement, sealed: SealedEntry) -> Engagement:
    facts = sealed.entry.facts
    found = Invited(
        read.text(facts, "invitation"), read.text(facts, "subject"), read.text(facts, "until"), act_of(sealed)
    )
    return replace(state, invited=(*state.invited, found))


def _admitted(state: Engagement, sealed: SealedEntry) -> Engagement:
    wanted = read.text(sealed.entry.facts, "invitation")
    found = next((item for item in state.invited if item.id == wanted), None)
    if found is None or found.account != sealed.entry.actor:
        raise Malformed("invitation")
    return replace(state, invited=_put(state.invited, replace(found, admitted=act_of(sealed))))


_STEPS: Mapping[EntryKind, Step] = {
    EntryKind.ENGAGEMENT_CHANGED: _changed,
    EntryKind.ENGAGEMENT_CLOSED: _closed,
    EntryKind.AUDITOR_INVITED: _invited,
    EntryKind.AUDITOR_ADMITTED: _admitted,
    EntryKind.ITEM_REQUESTED: _added,
    EntryKind.ITEM_ANSWERED: _item(ItemState.ANSWERED),
    EntryKind.ITEM_ACCEPTED: _item(ItemState.ACCEPTED),
    EntryKind.ITEM_RETURNED: _item(ItemState.RETURNED),
    EntryKind.POPULATION_FROZEN: _frozen,
    EntryKind.SAMPLE_DRAWN: _drawn,
    EntryKind.ATTRIBUTE_TESTED: _tested,
    EntryKind.FINDING_RAISED: _raised,
    EntryKind.FINDING_ANSWERED: _answered_finding,
    EntryKind.FINDING_RETESTED: _retested,
}
