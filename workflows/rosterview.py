"""The read model of a campaign: its rows with what the sheet says of them and what the entries made of them.

Joined from entries and the sealed workbook, whose digest is checked whenever it is read; kept per head of the case, so
that another page of the same grid costs milliseconds. Never an authority: commands decide on a fresh derivation.
`workflows.campaigns.CampaignService.roster` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

from documents.identifiers import fold
from evidence.canonical import Json
from workflows.ranges import format_ranges
from workflows.roster import RosterState

OWN = "own"
SILENT = "silent"
OPEN = "open"
FIRM = "firm"
CHANGED = "changed"
REMOVES = "removes"
REMOVED = "removed"
FLAGS = (OWN, SILENT, OPEN, FIRM, CHANGED, REMOVES, REMOVED)
"""Flags of a row. ``own``: it belongs to somebody of the desk or to who signs (self-certification). ``silent``: decided
because its area did not answer. ``open``: awaits the director. ``firm``: the director decided, only he changes it.
``changed``: another decision stood before. ``removes``: access ends. ``removed``: that was carried out."""

UNDECIDED = "sin_decision"
"""The value of `RosterQuery.decision` (and of `RosterQuery.status`) that asks for rows without one."""


@dataclass(frozen=True)
class RosterRow:
    """One row of the sheet, joined.

    ``number`` is the row as the spreadsheet program shows it; ``hid`` its key. ``area`` is the opaque code that facts
    use, ``area_name`` what the sheet calls it. ``kind``, ``email``, ``rfc`` are ``""`` where the sheet has no such
    column. ``status`` and ``decision`` are codes of the definition's ``[roster]``. Of the decision: ``by`` (actor id),
    ``role``, ``at`` (recorded), ``occurred_at``, ``why`` (personal, ``""`` once erased), ``seq``. ``link``: folio of
    the removal opened for it; ``removed_at``: when that case ended as carried out.
    """

    number: int
    hid: str
    name: str
    area: str
    area_name: str
    kind: str
    email: str
    rfc: str
    status: str
    decision: str
    by: str
    role: str
    at: str
    occurred_at: str
    why: str
    seq: int
    step: str
    flags: tuple[str, ...]
    earlier: tuple[int, ...]
    link: str
    removed_at: str

    @cached_property
    def words(self) -> str:
        """The folded text in which a search looks."""
        return fold(f"{self.hid} {self.name} {self.email} {self.area_name} {self.number}")

    def as_json(self) -> dict[str, Json]:
        """The members by name, as ``flask campaign rows`` prints them."""
        found: dict[str, Json] = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**found, "flags": list(self.flags), "earlier": list(self.earlier)}


@dataclass(frozen=True, slots=True)
class AreaProgress:
    """How far one area is. ``status``: ``por_enviar``, ``esperando``, ``vencida`` (silence is due), ``resuelta``.

    ``due_at`` is when silence resolves it, ``""`` before it was asked. ``by_decision`` counts rows by code.
    """

    area: str
    name: str
    rows: int
    decided: int
    silent: int
    open: int
    sent_at: str
    due_at: str
    status: str
    by_decision: Mapping[str, int]

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        found: dict[str, Json] = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**found, "by_decision": dict(self.by_decision)}


@dataclass(frozen=True, slots=True)
class RosterQuery:
    """Which rows; empty members do not filter. ``text``: all words, folded, in HID, name, address, area or number.

    ``status`` and ``decision`` also take `UNDECIDED`; ``flag`` is one of `FLAGS`. ``sort`` is ``number``, ``hid``,
    ``name``, ``area``, ``status``, ``decision`` or ``at``, with a hyphen before it for the other way round. ``limit``
    0 is all.
    """

    text: str = ""
    area: str = ""
    status: str = ""
    decision: str = ""
    flag: str = ""
    numbers: tuple[int, ...] = ()
    sort: str = "number"
    offset: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class RosterPage:
    """Some rows in order, how many match in all, and the numbers of all that match as ranges (for a bulk decision)."""

    rows: tuple[RosterRow, ...]
    total: int
    matching: str


@dataclass(frozen=True)
class RosterView:
    """All rows of a campaign as of entry ``head`` (hex leaf), with counts (`workflows.roster.RosterState`).

    ``decidable``: decisions may be recorded now (the final sheet is not made, or a new round began).
    """

    folio: str
    head: str
    sheet: str
    state: RosterState
    rows: tuple[RosterRow, ...]
    areas: tuple[AreaProgress, ...]
    decidable: bool

    @cached_property
    def by_number(self) -> Mapping[int, RosterRow]:
        """Rows by number."""
        return {row.number: row for row in self.rows}

    @cached_property
    def by_hid(self) -> Mapping[str, RosterRow]:
        """Rows by key."""
        return {row.hid: row for row in self.rows}

    def find(self, query: RosterQuery) -> RosterPage:
        """The rows that match, in order, cut to the page asked for."""
        words = fold(query.text).split()
        wanted = set(query.numbers)
        found = [row for row in self.rows if _matches(row, query, words, wanted)]
        key = query.sort.removeprefix("-")
        if key not in _SORTS:
            key = "number"
        found.sort(key=lambda row: row.number)
        found.sort(key=lambda row: _sortable(row, key), reverse=query.sort.startswith("-"))
        end = query.offset + query.limit if query.limit else len(found)
        matching = format_ranges(row.number for row in found)
        return RosterPage(tuple(found[query.offset : end]), len(found), matching)

    def as_json(self) -> dict[str, Json]:
        """Counts and areas; rows are asked for with `find`."""
        return {
            "folio": self.folio,
            "head": self.head,
            "roster": self.state.as_json(),
            "areas": [area.as_json() for area in self.areas],
            "decidable": self.decidable,
        }


_SORTS = frozenset({"number", "hid", "name", "area", "status", "decision", "at"})


def _sortable(row: RosterRow, key: str) -> tuple[int, str]:
    if key == "number":
        return row.number, ""
    if key == "area":
        return 0, fold(row.area_name)
    return 0, fold(str(getattr(row, key)))


def _matches(row: RosterRow, query: RosterQuery, words: list[str], wanted: set[int]) -> bool:
    if query.area and row.area != query.area:
        return False
    if not _is(row.status, query.status) or not _is(row.decision, query.decision):
        return False
    if query.flag and query.flag not in row.flags:
        return False
    if wanted and row.number not in wanted:
        return False
    return not words or all(word in row.words for word in words)


def _is(value: str, wanted: str) -> bool:
    return not wanted or value == ("" if wanted == UNDECIDED else wanted)
