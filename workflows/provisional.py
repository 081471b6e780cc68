"""A case as it would stand once drafts are sealed: seen before anything is written, and thrown away.

What is sealed here has the same facts as what the ledger seals; nothing that is kept refers to its hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import SALT_BYTES, Entry, EntryDraft, format_time, genesis_hash, seal
from workflows.claims import Situation
from workflows.derive import Derivation

_NOWHERE = "provisional"


def after(situation: Situation, drafts: Sequence[EntryDraft]) -> Situation:
    """The situation with the drafts sealed at its moment."""
    entries = list(situation.entries)
    at = format_time(situation.now)
    for item in drafts:
        log = entries[-1].entry.log if entries else _NOWHERE
        case = entries[-1].entry.case if entries else _NOWHERE
        prev = entries[-1].leaf if entries else genesis_hash(log, case)
        sealed = seal(
            item, log=log, case=case, seq=len(entries) + 1, prev=prev, at=at, salt=bytes(SALT_BYTES)
        )
        entries.append(sealed)
    return situation.later(entries)


def folded(situation: Situation, drafts: Sequence[EntryDraft]) -> Derivation:
    """The case with the drafts as its next entries, without sealing them: nothing here is to be referred to."""
    last = situation.entries[-1] if situation.entries else None
    at, prev, seq = format_time(situation.now), last.leaf if last else "", len(situation.entries)
    made: list[Entry] = []
    for item in drafts:
        seq += 1
        made.append(
            Entry(
                log=_NOWHERE,
                case=last.entry.case if last else _NOWHERE,
                seq=seq,
                prev=prev,
                at=at,
                actor=item.actor,
                role=item.role,
                kind=item.kind,
                process=item.process,
                step=item.step,
                objects=item.objects,
                refs=item.refs,
                facts=item.facts,
                payload="",
            )
        )
        prev = ""
    return situation.then(made)
