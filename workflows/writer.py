"""How a command becomes entries: try, store the objects, append, and tell what was sealed.

The order matters: an object without an entry is a harmless orphan, an entry without its object must never be. No lock
is held while objects are stored. A command with an idempotency key used before gets the receipt of then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.atrest import unnamed_case
from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.ports import (
    BlobStore,
    Clock,
    Compose,
    Composition,
    LedgerStore,
    Projection,
)
from workflows.asking import Command, in_words_of_cases, ledger_key, request_digest
from workflows.automatic import following
from workflows.calendar import BusinessCalendar
from workflows.casefile import entry_files, project
from workflows.claims import Situation
from workflows.commands import (
    Receipt,
    SealedObject,
)
from workflows.definition import Definition
from workflows.errors import (
    FileChanged,
    UnknownCase,
)
from workflows.facts import facts_of
from workflows.folds import Folds
from workflows.keeping import require_usable, shown
from workflows.notices import notices
from workflows.ports import CaseIndex, Catalogues, Directory
from workflows.registry import DefinitionRegistry
from workflows.remembered import (
    RememberedCatalogues,
    RememberedDirectory,
    remembered_cases,
    remembered_holding,
)
from workflows.told import Tellings
from workflows.trials import Drafts, Trial, trial, usable
from workflows.uploads import PreparedFile
from workflows.withholding import refuse_withheld

Calendars = Callable[[], BusinessCalendar]
"""Gives the table in force, with its revisions."""


def _noting(compose: Compose, made: set[str]) -> Compose:
    """``compose``, with the last leaf of every attempt noted: what is written was made by one of them, or before.

    That something was composed says nothing: another process may have written the same under the same key meanwhile.
    """

    def noted(entries: Sequence[SealedEntry]) -> Composition:
        composition = compose(entries)
        project = composition.project
        assert project is not None  # noqa: S101 - every composition of a case projects

        def projected(whole: Sequence[SealedEntry]) -> Projection:
            made.add(whole[-1].leaf)
            return project(whole)

        return replace(composition, project=projected)

    return noted


class CaseWriter:
    """Reads and appends cases; knows nothing of what commands mean."""

    def __init__(  # noqa: PLR0913 - the ports are its parameters
        self,
        *,
        ledger: LedgerStore,
        blobs: BlobStore,
        definitions: DefinitionRegistry,
        calendar: Calendars,
        clock: Clock,
        directory: Directory | None,
        index: CaseIndex | None = None,
        catalogues: Catalogues | None = None,
        retention_years: int,
        mailing: bool = False,
    ) -> None:
        self.ledger = ledger
        self.definitions = definitions
        self._calendars = calendar
        self.clock = clock
        self._blobs = blobs
        self._directory = directory
        self._index = index
        self._catalogues = catalogues
        self._retention_years = retention_years
        self._mailing = mailing
        self._folds = Folds()
        self._told = Tellings()

    @property
    def calendar(self) -> BusinessCalendar:
        """The table by which days are counted now."""
        return self._calendars()

    def history(self, folio: str) -> Sequence[SealedEntry]:
        """All entries of a case. Raises `UnknownCase`."""
        entries = self.ledger.history(folio)
        if not entries or entries[0].entry.kind is not EntryKind.CASE_OPENED:
            raise UnknownCase(folio=folio)
        return entries

    def known(self, folio: str) -> Sequence[SealedEntry]:
        """A case as this process saw it last, which another may have continued; read where it never saw it.

        What never changes may be told by it: that there is the case, and its definition. Raises `UnknownCase`.
        """
        entries = self.ledger.known(folio)
        return entries if entries and entries[0].entry.kind is EntryKind.CASE_OPENED else self.history(folio)

    def seen(self, folio: str) -> Situation:
        """A case now, as forms read it: payloads that are blocked or erased are missing. Raises `UnknownCase`."""
        return self.situation(shown(self.history(folio)))

    def definition_of(self, entries: Sequence[SealedEntry]) -> Definition:
        """The definition a case pinned. Raises `UnknownDefinition`."""
        return self.definitions.by_digest(facts_of(entries[0].entry).definition)

    def named(self, definition: Definition) -> Definition:
        """The definition with the names of what was published since it was released."""
        return self._catalogues.named(definition) if self._catalogues is not None else definition

    def blank(self, definition: Definition, moment: datetime | None = None) -> Situation:
        """The moment before a case is opened."""
        return self._desk(moment)(definition, ())

    def situation(
        self,
        entries: Sequence[SealedEntry],
        now: datetime | None = None,
        calendar: BusinessCalendar | None = None,
    ) -> Situation:
        """A case at this moment; ``calendar``: the table it is counted by, where it is known already."""
        return self._desk(now, calendar)(self.definition_of(entries), entries)

    def projecting(
        self, calendar: BusinessCalendar | None = None
    ) -> Callable[[Sequence[SealedEntry]], Projection]:
        """What entries project to, by a table known beforehand: inside a transaction nobody is asked for it."""
        table = calendar or self.calendar

        def projected(entries: Sequence[SealedEntry]) -> Projection:
            definition = self.definition_of(entries)
            folded = self._folds.of(definition, entries, table)
            return project(definition, entries, table, folded, self._told)

        return projected

    def append(self, folio: str, drafts: Drafts, files: Sequence[PreparedFile], command: Command) -> Receipt:
        """Add what ``drafts`` makes to an existing case.

        Without files it is tried on the case as this process knows it: the ledger writes what was composed on the case
        as it stands, or nothing. What refuses, and what stores objects, looks at the case first.
        """
        key, digest = ledger_key(command, folio), request_digest(command, files)
        calendar = self.calendar
        drafts, desk = usable(drafts, command), self._desk(calendar=calendar)

        def judged(entries: Sequence[SealedEntry]) -> Trial:
            return trial(drafts, desk(self.definition_of(entries), entries), files)

        tried = judged(self.history(folio) if files else self.known(folio))
        if tried.refusal is not None and (present := self.history(folio)) is not tried.situation.entries:
            tried = judged(present)
        blobs = self._stored(tried, files, key, folio)
        before: Sequence[SealedEntry] = ()

        def compose(entries: Sequence[SealedEntry]) -> Composition:
            nonlocal before
            if tried.refusal is not None:
                raise tried.refusal
            before = entries
            if entries is not tried.situation.entries:  # the same leaves may have lost payloads meanwhile
                return self._composed(drafts, desk(self.definition_of(entries), entries), blobs, folio)
            return self._composed(drafts, tried.situation, blobs, folio, () if files else tried.made)

        with in_words_of_cases(command):
            written = self.ledger.append(folio, compose, idempotency_key=key, request_digest=digest)
        return self.receipt(written, before, calendar)

    def judge(self, folio: str, drafts: Drafts, files: Sequence[PreparedFile]) -> None:
        """Make the drafts of a command on the case as it stands, and forget them. Raises a `Refusal`."""
        entries = self.history(folio)
        require_usable(entries, keepers=False)
        refuse_withheld(entries, drafts(self.situation(entries), [file.placeholder() for file in files]))

    def open(
        self, definition: Definition, drafts: Drafts, files: Sequence[PreparedFile], command: Command
    ) -> Receipt:
        """Begin a case with what ``drafts`` makes."""
        key, digest = ledger_key(command, definition.process), request_digest(command, files)
        desk = self._desk()
        situation = desk(definition, ())
        tried = trial(drafts, situation, files)
        blobs = self._stored(tried, files, key, unnamed_case())
        year = self.calendar.local_day(situation.now).year

        def compose(folio: str) -> Composition:
            if tried.refusal is not None:
                raise tried.refusal
            return self._composed(drafts, situation, blobs, folio)

        with in_words_of_cases(command):
            written = self.ledger.open_case(
                f"{definition.process}-{year}", compose, idempotency_key=key, request_digest=digest
            )
        return self.receipt(written)

    def append_by_system(self, folio: str, drafts: Drafts, now: datetime, key: str) -> Receipt | None:
        """Append what the system says happened; ``None`` when the key shows that it was recorded before."""
        made: set[str] = set()
        desk = self._desk(now)

        def compose(entries: Sequence[SealedEntry]) -> Composition:
            situation = desk(self.definition_of(entries), entries)
            return self._composed(drafts, situation, (), folio)

        digest = hashlib.sha256(key.encode()).hexdigest()
        written = self.ledger.append(
            folio, _noting(compose, made), idempotency_key=key, request_digest=digest
        )
        return self.receipt(written) if written[-1].leaf in made else None

    def _composed(
        self,
        drafts: Drafts,
        situation: Situation,
        blobs: Sequence[BlobRef],
        folio: str,
        known: tuple[EntryDraft, ...] = (),
    ) -> Composition:
        """What the command makes (``known``: has made of this very situation), and what the system adds by itself."""
        made = known or drafts(situation, blobs)
        whole = (*made, *following(situation, made, folio))
        errands = notices(situation, whole, folio) if self._mailing else ()
        return Composition(whole, self.projecting(situation.calendar), errands)

    def open_by_system(
        self, definition: Definition, drafts: Drafts, now: datetime, key: str
    ) -> Receipt | None:
        """Begin a case for the system; ``None`` when the key shows that it was begun before."""
        composed = False
        situation = self._desk(now)(definition, ())

        def compose(_folio: str) -> Composition:
            nonlocal composed
            composed = True
            return Composition(drafts(situation, ()), self.projecting(situation.calendar))

        digest = hashlib.sha256(key.encode()).hexdigest()
        year = self.calendar.local_day(now).year
        written = self.ledger.open_case(
            f"{definition.process}-{year}", compose, idempotency_key=key, request_digest=digest
        )
        return self.receipt(written) if composed else None

    def receipt(
        self,
        written: Sequence[SealedEntry],
        before: Sequence[SealedEntry] = (),
        calendar: BusinessCalendar | None = None,
    ) -> Receipt:
        """What was sealed: the last entry written that a person made, and the case's state now.

        ``before``: the case as it was composed on last; where that is not what was written to, it is read again.
        ``calendar``: the table by which it was composed.
        """
        last = next((item for item in reversed(written) if item.entry.actor != SYSTEM), written[-1])
        names = [str(item.get("name", "")) for item in entry_files(last)]
        follows = bool(before) and written[0].entry.prev == before[-1].leaf
        history = (*before, *written) if follows else self.history(last.entry.case)
        state = self.situation(history, calendar=calendar).state
        if state is None:
            raise UnknownCase(folio=last.entry.case)
        return Receipt(
            folio=last.entry.case,
            seq=last.entry.seq,
            leaf=last.leaf,
            recorded_at=last.entry.at,
            objects=tuple(
                SealedObject(blob.sha256, blob.size, name)
                for blob, name in zip(last.entry.objects, names, strict=True)
            ),
            state=state,
            step=last.entry.step,
            role=last.entry.role,
            first=written[0].entry.seq,
            last=written[-1].entry.seq,
        )

    def _desk(
        self, now: datetime | None = None, calendar: BusinessCalendar | None = None
    ) -> Callable[[Definition, Sequence[SealedEntry]], Situation]:
        """Situations of one command: one moment, and each question to the directory asked once.

        Drafts are made again inside the ledger's transaction, where nothing may be asked of another store.
        """
        moment, calendar = now or self.clock(), calendar or self.calendar
        holding, there = remembered_holding(self._index), remembered_cases(self.ledger)
        directory = RememberedDirectory(self._directory) if self._directory is not None else None
        lists = RememberedCatalogues(self._catalogues) if self._catalogues is not None else None

        def situation(definition: Definition, entries: Sequence[SealedEntry]) -> Situation:
            folded = self._folds.of(definition, entries, calendar) if entries else None
            state = folded.at(moment, calendar) if folded is not None else None
            return Situation(
                definition, entries, state, calendar, directory, moment, holding, lists, there, folded
            )

        return situation

    def _stored(
        self, tried: Trial, files: Sequence[PreparedFile], key: str, case: str
    ) -> tuple[BlobRef, ...]:
        """The files' references, once their command was judged.

        A refusal is kept, not raised, where there is an idempotency key: the same request may have been done before,
        and then its receipt is the answer. Only the ledger knows.
        """
        if tried.refusal is None:
            return self._store(files, case)
        if not key:
            raise tried.refusal
        return ()

    def _store(self, files: Sequence[PreparedFile], case: str) -> tuple[BlobRef, ...]:
        """Put the objects of a case, and see that what was stored is what was read."""
        until = self._retain_until()
        blobs = []
        for file in files:
            file.stream.seek(0)
            blob = self._blobs.put(file.stream, media=file.media, retain_until=until, case=case)
            if (blob.sha256, blob.size) != (file.sha256, file.size):
                raise FileChanged(name=file.name)
            blobs.append(blob)
        return tuple(blobs)

    def _retain_until(self) -> datetime | None:
        if not self._retention_years:
            return None
        now = self.clock()
        leap = (now.month, now.day) == (2, 29)
        return now.replace(year=now.year + self._retention_years, day=28 if leap else now.day)
