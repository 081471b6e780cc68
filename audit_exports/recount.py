"""From verified entries to the record people read; used by builder and verifier alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit_exports import layout
from audit_exports.labels import Labels
from audit_exports.masking import DESTROYED, STAND_INS, Mask
from audit_exports.names import evidence_name, media_extension
from audit_exports.people import Roster, people_of, text_of
from audit_exports.record import CaseRecord, EntryRow, FileItem, SigningFacts
from evidence.canonical import Json, NotCanonical
from evidence.entry import Entry, EntryKind, MalformedEntry, SealedEntry
from evidence.quarantine import Outcome
from workflows.commands import UNIDENTIFIED
from workflows.definition import Definition
from workflows.facts import facts_of
from workflows.requests import BEGINNINGS, LINK_ROLE
from workflows.roster import RowState, fold_roster
from workflows.state import CaseState

Words = tuple[Mapping[str, Json], tuple[FileItem, ...]]
"""An entry's payload, empty where it is no object or not there, and its files."""


def recount(
    definition: Definition,
    state: CaseState,
    entries: Sequence[SealedEntry],
    roster: Roster,
    calendar: str,
    mask: Mask | None = None,
    told: Mapping[int, Words] | None = None,
) -> CaseRecord:
    """The record of one case; ``entries`` are as ``mask`` lets them be seen.

    Payloads are the case's own words: what does not have the expected shape is left out. ``told`` are the `words_of`
    the entries by number, under the same mask, where the caller has read them already.
    """
    mask = mask or Mask()
    superseded = dict(state.superseded)
    supersedes = {by: seq for seq, by in state.superseded}
    erasers, excused = _gone_by(entries, mask), without_role(definition, entries)
    rows = tuple(
        _row(
            item,
            told[item.entry.seq] if told else words_of(item, mask),
            roster,
            erasers.get(item.leaf, 0),
            superseded.get(item.entry.seq, 0),
            supersedes.get(item.entry.seq, 0),
            withheld=mask.why(item.entry),
            excused=item.entry.seq in excused,
        )
        for item in entries
    )
    campaign: tuple[RowState, ...] = ()
    if definition.roster is not None:
        campaign = tuple(fold_roster(definition.roster, [item.entry for item in entries]).rows())
    return CaseRecord(
        state.folio, _title(definition, rows), definition, state, rows, roster, campaign, calendar
    )


def erased_by(entries: Sequence[SealedEntry]) -> dict[str, int]:
    """Leaf of each erased payload, and the number of the entry that says so."""
    return {
        leaf: item.entry.seq
        for item in reversed(entries)
        if item.entry.kind is EntryKind.ERASURE_EXECUTED
        for leaf in item.entry.refs
    }


def _gone_by(entries: Sequence[SealedEntry], mask: Mask) -> dict[str, int]:
    """The same, also of what was destroyed in quarantine."""
    found = erased_by(entries)
    for item in entries:
        held = mask.quarantine.payload(item.entry.seq)
        if held is not None and held.outcome is Outcome.DESTROYED:
            found.setdefault(item.leaf, held.decided)
    return found


def without_role(definition: Definition, entries: Sequence[SealedEntry]) -> frozenset[int]:
    """Numbers of the entries whose actor needs no role for them.

    Who signs, answers or reviews behind a personal link has no account: the request, an earlier entry of the same case
    by somebody who had a role, is what allows it, to whom it names or whom that person delegated to. Nobody in
    particular may fetch such a link, and open a case where the definition lets strangers.
    """
    asked: dict[str, set[str]] = {}
    found = set()
    for entry in (item.entry for item in entries):
        request = text_of(entry.facts, "request")
        if entry.actor in asked.get(request, ()) or _of_a_stranger(definition, entry, asked=request in asked):
            found.add(entry.seq)
        party = "delegate" if entry.kind is EntryKind.SIGNATURE_DELEGATED else "signatory"
        if request and (party == "delegate" or entry.kind in BEGINNINGS):
            asked.setdefault(request, set()).add(text_of(entry.facts, party))
    return frozenset(found)


def _of_a_stranger(definition: Definition, entry: Entry, *, asked: bool) -> bool:
    """Whether an entry is one that somebody unidentified may cause; ``asked``: its request was made before."""
    if entry.actor != UNIDENTIFIED:
        return False
    if entry.kind is EntryKind.CASE_OPENED:
        return entry.role == definition.opening.public.get("role")
    return asked and (entry.kind, entry.role) == (EntryKind.LINK_FETCHED, LINK_ROLE)


def words_of(item: SealedEntry, mask: Mask | None = None) -> Words:
    """What an entry's payload says, read once, and its files with their place in the package.

    What is withheld (see `masking.Mask.why_file`) has no place and no name: kind, size and digest are the sealed ones.
    """
    payload = _payload(item)
    return payload, _file_items(item, payload, mask or Mask())


def _file_items(item: SealedEntry, payload: Mapping[str, Json], mask: Mask) -> tuple[FileItem, ...]:
    """Names come from the payload, where it is still there."""
    words = _files(payload)
    types = {fact.object: fact.type for fact in facts_of(item.entry).evidence}
    found = []
    for position, blob in enumerate(item.entry.objects, 1):
        about = words[position - 1] if position <= len(words) else {}
        name, slot = text_of(about, "name"), text_of(about, "slot")
        withheld = mask.why_file(item.entry, blob.sha256)
        if withheld:
            kind = types.get(position - 1, "")
            name = STAND_INS[withheld]
            found.append(FileItem("", name, blob.size, blob.media, blob.sha256, "", kind, withheld=True))
            continue
        safe = evidence_name(item.entry.seq, position, name, media_extension(blob.media))
        path = layout.file_path(item.entry.case, safe)
        found.append(
            FileItem(
                path,
                name or safe,
                blob.size,
                blob.media,
                blob.sha256,
                slot,
                types.get(position - 1, ""),
                signatures=_signatures(about.get("about")),
            )
        )
    return tuple(found)


def _row(
    item: SealedEntry,
    told: Words,
    roster: Roster,
    erased: int,
    superseded_by: int,
    supersedes: int,
    *,
    withheld: str,
    excused: bool,
) -> EntryRow:
    entry, (payload, files), facts = item.entry, told, item.entry.facts
    index = -1 if item.index is None else item.index
    gone = "erased" if erased and withheld != DESTROYED else withheld or "absent"
    return EntryRow(
        seq=entry.seq,
        index=index,
        kind=str(entry.kind),
        step=entry.step,
        at=entry.at,
        occurred_at=text_of(facts, "occurred_at"),
        actor=entry.actor,
        role=entry.role,
        acting_for=text_of(facts, "acting_for"),
        via=text_of(facts, "via"),
        reason=text_of(payload, "reason") or text_of(facts, "reason"),
        choice=text_of(facts, "choice"),
        leaf=item.leaf,
        note=text_of(payload, "note"),
        data=_pairs(payload.get("data")),
        files=files,
        payload=gone if item.payload_bytes is None else "kept",
        people=people_of(entry),
        role_held=excused or roster.held(entry.actor, entry.role, index),
        erased_by=erased,
        superseded_by=superseded_by,
        supersedes=supersedes,
        signing=_signing(facts) if entry.kind is EntryKind.DOCUMENT_SIGNED else None,
    )


def _signing(facts: Mapping[str, Json]) -> SigningFacts:
    seal, flags = facts.get("seal"), facts.get("flags")
    told = seal if isinstance(seal, dict) else {}
    return SigningFacts(
        level=text_of(facts, "level"),
        method=text_of(facts, "method"),
        profile=text_of(told, "profile"),
        certificate=text_of(told, "certificate"),
        stamp=text_of(told, "stamp"),
        stamped_at=text_of(told, "stamped_at"),
        flags=tuple(flag for flag in flags if isinstance(flag, str)) if isinstance(flags, list) else (),
    )


def _signatures(about: Json) -> int:
    """How many digital signatures were counted in a PDF; -1 where nobody did."""
    found = about.get("signatures") if isinstance(about, dict) else None
    count = found.get("count") if isinstance(found, dict) else None
    return count if type(count) is int and count >= 0 else -1


def _payload(item: SealedEntry) -> Mapping[str, Json]:
    """The payload's members; a payload that is no object has none (its bytes are still in the package)."""
    try:
        return item.payload()
    except (MalformedEntry, NotCanonical):
        return {}


def _files(payload: Mapping[str, Json]) -> list[dict[str, Json]]:
    files = payload.get("files")
    return [item if isinstance(item, dict) else {} for item in files] if isinstance(files, list) else []


def _pairs(value: Json) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        return ()
    pairs = [(name, text) for name, text in sorted(value.items()) if isinstance(text, str) and text]
    return tuple(pairs)


def _title(definition: Definition, rows: Sequence[EntryRow]) -> str:
    """What the definition says names a case, from the words it was opened with."""
    words = dict(rows[0].data) if rows else {}
    labels = Labels(definition, definition.opening.step)
    return " · ".join(labels.plain(name, words[name]) for name in definition.opening.title if words.get(name))
