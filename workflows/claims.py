"""What somebody says happened, and the case in which they say it: the values that drafts are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from evidence.canonical import Json
from evidence.entry import BlobRef, Entry, SealedEntry
from workflows.calendar import BusinessCalendar
from workflows.catalogues import CatalogueVersion, own_catalogue, own_version
from workflows.commands import Actor
from workflows.definition import Branch, Definition, Field, Option, Step
from workflows.derive import Derivation
from workflows.facts import Facts, RowFact
from workflows.ports import Catalogues, Directory
from workflows.state import CaseState
from workflows.uploads import PreparedFile

Holding = Callable[[str, str], Sequence[str]]
"""The folios that hold a reference, by its kind and value."""


def nobody_holds(kind: str, value: str) -> Sequence[str]:
    """The `Holding` of a desk without an index."""
    del kind, value
    return ()


Known = Callable[[str], bool]
"""Whether the house has a case of that folio."""


def any_case(folio: str) -> bool:
    """The `Known` of a desk that is told of no cases, and of a folio still to be given."""
    return bool(folio)


@dataclass(frozen=True, slots=True)
class Situation:
    """A case at the moment of a command. ``state`` is ``None`` while the case is being opened.

    ``holding`` asks which cases hold a reference, ``there`` whether a case is there; like the directory they answer the
    same throughout a command. ``derivation`` are the entries folded, from which ``state`` was read.
    """

    definition: Definition
    entries: Sequence[SealedEntry]
    state: CaseState | None
    calendar: BusinessCalendar
    directory: Directory | None
    now: datetime
    holding: Holding = nobody_holds
    catalogues: Catalogues | None = None
    there: Known = any_case
    derivation: Derivation | None = None

    @classmethod
    def of(
        cls,
        definition: Definition,
        entries: Sequence[SealedEntry],
        calendar: BusinessCalendar,
        directory: Directory | None,
        now: datetime,
        holding: Holding = nobody_holds,
        catalogues: Catalogues | None = None,
        there: Known = any_case,
    ) -> Situation:
        """The situation after a history; for an empty one the case is being opened."""
        plain = [sealed.entry for sealed in entries]
        folded = Derivation.of(definition, plain, calendar) if plain else None
        state = folded.at(now, calendar) if folded is not None else None
        return cls(definition, entries, state, calendar, directory, now, holding, catalogues, there, folded)

    def then(self, entries: Iterable[Entry]) -> Derivation:
        """The case with more entries, the first of them of the opening where there were none.

        Raises:
            ValueError: there are none, nor were there any.
        """
        found = self.derivation
        for entry in entries:
            found = (
                Derivation.of(self.definition, (entry,), self.calendar)
                if found is None
                else found.then(entry)
            )
        if found is None:
            raise ValueError("a case without entries")
        return found

    def later(self, entries: Sequence[SealedEntry]) -> Situation:
        """The same desk at the same moment with more entries."""
        folded = self.then(sealed.entry for sealed in entries[len(self.entries) :])
        state = folded.at(self.now, self.calendar)
        return replace(self, entries=entries, state=state, derivation=folded)

    @property
    def params(self) -> Mapping[str, str]:
        """The case's params, none while it is being opened."""
        return self.state.params if self.state is not None else {}

    def catalogue(self, code: str, moment: datetime | None = None) -> CatalogueVersion:
        """The list in force at a moment (now): the published one, or else this very definition's own."""
        found = self.catalogues.in_force(code, moment or self.now) if self.catalogues is not None else None
        if found is not None and found.leaf:
            return found
        own = own_catalogue(self.definition, code)
        return own_version(code, own) if own is not None or found is None else found

    def listed(self) -> Definition:
        """The definition with the lists in force in place of its own, for forms."""
        day = self.calendar.local_day(self.now)
        lists = []
        for own in self.definition.catalogues:
            found = self.catalogue(own.code)
            lists.append(replace(own, version=found.version, items=found.valid(day)) if found.leaf else own)
        if tuple(lists) == self.definition.catalogues:
            return self.definition
        return replace(self.definition, catalogues=tuple(lists))

    def options(self, field: Field, moment: datetime | None = None) -> tuple[Option, ...]:
        """The values a field takes at a moment (now)."""
        if not field.catalogue:
            return field.options
        day = self.calendar.local_day(moment or self.now)
        return self.catalogue(field.catalogue, moment).options(day)


@dataclass(frozen=True, slots=True)
class Carried:
    """A file sealed before that this entry brings too: kept from the entry it corrects, or shared by another step."""

    blob: BlobRef
    about: Mapping[str, Json]
    slot: str
    type: str
    source: int = 0
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class RowClaim:
    """What a claim says of a campaign's rows: facts (see `workflows.facts.Facts`), and what payloads keep of it."""

    rows: tuple[RowFact, ...] = ()
    areas: tuple[str, ...] = ()
    sheet: str = ""
    queried_at: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    check: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Json] = field(default_factory=dict)

    def stated(self, facts: Facts) -> Facts:
        """The facts of an entry with these beside."""
        return replace(
            facts,
            rows=self.rows,
            areas=self.areas,
            sheet=self.sheet,
            queried_at=self.queried_at,
            counts=self.counts,
            check=self.check,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says happened in a step, whatever the command was.

    ``system`` are slots that the system's own record fills (type SYS): it sent the mail, or took the answer, itself.
    """

    step: Step
    actor: Actor
    files: tuple[PreparedFile, ...]
    data: Mapping[str, str]
    choice: str = ""
    note: str = ""
    carried: tuple[Carried, ...] = ()
    occurred_at: datetime | None = None
    acting_for: str = ""
    requester: str = ""
    parent: str = ""
    opening: bool = False
    complete: bool = True
    system: tuple[str, ...] = ()
    corrects: int = 0
    rows: RowClaim | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A checked claim: its facts and payload, with the branch taken and the ``leaves`` of entries it covers."""

    facts: Facts
    payload: Mapping[str, Json]
    branch: Branch | None
    leaves: tuple[str, ...] = ()
