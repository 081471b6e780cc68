"""What a store has of an entry, before anybody has checked it."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """An entry as a store holds it, unchecked, with the columns beside it that repeat a member of it.

    ``log_index`` is ``None`` for an entry that is not sequenced yet; payload and salt are ``None`` once erased. Columns
    hold whatever is found there: a row is for verification, which wants to see damage.
    """

    log_index: int | None
    leaf: str
    entry_bytes: bytes
    payload_bytes: bytes | None
    salt: bytes | None
    case_id: str
    case_seq: int
    prev: str
    recorded_at: str
    actor: str
    role: str
    kind: str
    process: str
    step: str
