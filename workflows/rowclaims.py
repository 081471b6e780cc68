"""From a campaign's sheet to what its opening says of rows: numbers and opaque codes as facts, names in the payload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from documents.identifiers import fold, normalise_email
from documents.row_sheets import SheetRow
from evidence.canonical import Json
from workflows.claims import Claim, RowClaim, Situation
from workflows.errors import NotSupersedable
from workflows.facts import RowFact, facts_of
from workflows.readers import RosterComparison
from workflows.uploads import PreparedFile

AREAS = "areas"
"""Member of a campaign's first payload: what the sheet calls each area, by code."""

_NOTHING = RowClaim()


def rows_of(situation: Situation, claim: Claim) -> RowClaim:
    """What an ordinary claim says of rows: the sheet it brings, or those of the entry it corrects.

    Raises:
        NotSupersedable: another sheet for a campaign on whose rows something was said already.
    """
    if situation.definition.roster is None:
        return _NOTHING
    for file in claim.files:
        found = file.readings.get("roster")
        if isinstance(found, RosterComparison):
            _replaceable(situation, claim)
            return _imported(situation, found.reading.rows, file)
    return _kept(situation, claim) if claim.corrects else _NOTHING


def _replaceable(situation: Situation, claim: Claim) -> None:
    later = situation.entries[claim.corrects :] if claim.corrects else ()
    if any(facts_of(sealed.entry).rows for sealed in later):
        raise NotSupersedable(seq=claim.corrects, why="kind")


def _kept(situation: Situation, claim: Claim) -> RowClaim:
    """A correction of the rest of an entry leaves what it said of rows as it was."""
    sealed = situation.entries[claim.corrects - 1]
    facts = facts_of(sealed.entry)
    payload = {name: value for name, value in sealed.payload().items() if name in {AREAS, "why"}}
    return RowClaim(
        facts.rows, facts.areas, facts.sheet, facts.queried_at, facts.counts, facts.check, payload
    )


def _imported(situation: Situation, rows: Sequence[SheetRow], file: PreparedFile) -> RowClaim:
    codes: dict[str, str] = {}
    names: dict[str, Json] = {}
    groups: dict[tuple[str, str], list[int]] = {}
    owners = _owners(situation, rows)
    for row in rows:
        name = row.cells.get("zona") or row.cells.get("jefe") or ""
        code = codes.setdefault(fold(name), f"a{len(codes) + 1}")
        names.setdefault(code, name)
        groups.setdefault((code, owners.get(_address(row), "")), []).append(row.row)
    facts = tuple(RowFact.of(numbers, area=area, own=own) for (area, own), numbers in groups.items())
    return RowClaim(facts, sheet=file.sha256, counts={"rows": len(rows)}, payload={AREAS: names})


def _owners(situation: Situation, rows: Sequence[SheetRow]) -> Mapping[str, str]:
    """Accounts by address, of the rows that are somebody's of this desk, or of who signs."""
    if situation.directory is None:
        return {}
    return situation.directory.actors_of(sorted({_address(row) for row in rows} - {""}))


def _address(row: SheetRow) -> str:
    return normalise_email(row.cells.get("correo", ""))
