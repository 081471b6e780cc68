"""A case as it would stand once drafts are sealed: seen before anything is written, and thrown away.

What is sealed here has the same facts as what the ledger seals; nothing that is kept refers to its hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import SALT_BYTES, EntryDraft, format_time, genesis_hash, seal
from workflows.claims import Situation

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
