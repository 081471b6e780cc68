"""The one place where a package's states are derived, for builder and verifier alike."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import Entry, SealedEntry, parse_time
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition
from workflows.derive import derive
from workflows.state import CaseState


def state_of(
    definition: Definition, entries: Sequence[SealedEntry], *, as_of: str, calendar: BusinessCalendar
) -> CaseState:
    """A case's state for the package's date, or for its own last entry where a clock made that later."""
    moment = max(as_of, *(item.entry.at for item in entries))
    return derive(definition, [item.entry for item in entries], calendar=calendar, now=parse_time(moment))


def definition_digest(entry: Entry) -> str:
    """The digest (hex) of the definition a case was opened under, from its first entry; ``""`` when it names none."""
    value = entry.facts.get("definition", "")
    return value if isinstance(value, str) else ""
