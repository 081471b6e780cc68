"""How a command becomes entries: try, store the objects, append, and tell what was sealed.

The order matters: an object without an entry is a harmless orphan, an entry without its object must never be. No lock
is held while objects are stored. A command with an idempotency key used before gets the receipt of then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime

from evidence.canonical import Json
from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.ports import (
    BlobStore,
    Clock,
    Composition,
    IdempotencyMismatch,
    LedgerStore,
    Projection,
    ReferenceTaken,
)
from workflows.answeracts import AnswerCommand
from workflows.automatic import following
from workflows.calendar import BusinessCalendar
from workflows.campaigncommands import RowCommand
from workflows.casefile import OPEN_REFERENCE, entry_files, project
from workflows.claims import Situation
from workflows.commands import (
    Actor,
    LinkCase,
    NoteMail,
    OpenCase,
    OpenSet,
    Part,
    Receipt,
    RecordSet,
    RecordStep,
    RefuseRequest,
    Reuse,
    SealedObject,
    Supersede,
    WaiveStep,
)
from workflows.definition import Definition
from workflows.errors import (
    DuplicateCase,
    DuplicateReference,
    FileChanged,
    Refusal,
    RequestReused,
    UnknownCase,
)
from workflows.facts import Facts, facts_of, time_text
from workflows.notices import notices
from workflows.ports import CaseIndex, Catalogues, Directory
from workflows.registry import DefinitionRegistry
from workflows.remembered import (
    RememberedCatalogues,
    RememberedDirectory,
    remembered_cases,
    remembered_holding,
)
from workflows.returnacts import ReturnCommand
from workflows.reviewacts import ReviewCommand
from workflows.signatureacts import SignatureCommand
from workflows.uploads import PreparedFile

Command = (
    LinkCase
    | NoteMail
    | OpenCase
    | OpenSet
    | RecordSet
    | RecordStep
    | Supersede
    | WaiveStep
    | RefuseRequest
    | RowCommand
    | SignatureCommand
    | AnswerCommand
    | ReturnCommand
    | ReviewCommand
)

Calendars = Callable[[], BusinessCalendar]
"""Gives the table in force, with its revisions."""

Drafts = Callable[[Situation, Sequence[BlobRef]], tuple[EntryDraft, ...]]
"""Makes the drafts of a command on a situation, with the references of its files; pure, raises a `Refusal`."""


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

    def definition_of(self, entries: Sequence[SealedEntry]) -> Definition:
        """The definition a case pinned. Raises `UnknownDefinition`."""
        return self.definitions.by_digest(facts_of(entries[0].entry).definition)

    def named(self, definition: Definition) -> Definition:
        """The definition with the names of what was published since it was released."""
        return self._catalogues.named(definition) if self._catalogues is not None else definition

    def blank(self, definition: Definition, moment: datetime | None = None) -> Situation:
        """The moment before a case is opened."""
        return self._desk(moment)(definition, ())

    def situation(self, entries: Sequence[SealedEntry], now: datetime | None = None) -> Situation:
        """A case at this moment."""
        return self._desk(now)(self.definition_of(entries), entries)

    def projecting(
        self, calendar: BusinessCalendar | None = None
    ) -> Callable[[Sequence[SealedEntry]], Projection]:
        """What entries project to, by a table known beforehand: inside a transaction nobody is asked for it."""
        table = calendar or self.calendar
        return lambda entries: project(self.definition_of(entries), entries, table)

    def append(self, folio: str, drafts: Drafts, files: Sequence[PreparedFile], command: Command) -> Receipt:
        """Add what ``drafts`` makes to an existing case."""
        key, digest = _key(command, folio), request_digest(command, files)
        history = self.history(folio)
        desk = self._desk()
        blobs, refusal = self._try(drafts, desk(self.definition_of(history), history), files, key)

        def compose(entries: Sequence[SealedEntry]) -> Composition:
            if refusal is not None:
                raise refusal
            return self._composed(drafts, desk(self.definition_of(entries), entries), blobs, folio)

        with _translated(command):
            written = self.ledger.append(folio, compose, idempotency_key=key, request_digest=digest)
        return self.receipt(written)

    def judge(self, folio: str, drafts: Drafts, files: Sequence[PreparedFile]) -> None:
        """Make the drafts of a command on the case as it stands, and forget them. Raises a `Refusal`."""
        drafts(self.situation(self.history(folio)), [file.placeholder() for file in files])

    def open(
        self, definition: Definition, drafts: Drafts, files: Sequence[PreparedFile], command: Command
    ) -> Receipt:
        """Begin a case with what ``drafts`` makes."""
        key, digest = _key(command, definition.process), request_digest(command, files)
        desk = self._desk()
        situation = desk(definition, ())
        blobs, refusal = self._try(drafts, situation, files, key)
        year = self.calendar.local_day(situation.now).year

        def compose(folio: str) -> Composition:
            if refusal is not None:
                raise refusal
            return self._composed(drafts, situation, blobs, folio)

        with _translated(command):
            written = self.ledger.open_case(
                f"{definition.process}-{year}", compose, idempotency_key=key, request_digest=digest
            )
        return self.receipt(written)

    def append_by_system(self, folio: str, drafts: Drafts, now: datetime, key: str) -> Receipt | None:
        """Append what the system says happened; ``None`` when the key shows that it was recorded before."""
        composed = False
        desk = self._desk(now)

        def compose(entries: Sequence[SealedEntry]) -> Composition:
            nonlocal composed
            situation = desk(self.definition_of(entries), entries)
            composition = self._composed(drafts, situation, (), folio)
            composed = True
            return composition

        digest = hashlib.sha256(key.encode()).hexdigest()
        written = self.ledger.append(folio, compose, idempotency_key=key, request_digest=digest)
        return self.receipt(written) if composed else None

    def _composed(
        self, drafts: Drafts, situation: Situation, blobs: Sequence[BlobRef], folio: str
    ) -> Composition:
        """What the command makes, and what the system adds to it by itself."""
        made = drafts(situation, blobs)
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

    def receipt(self, written: Sequence[SealedEntry]) -> Receipt:
        """What was sealed: the last entry written that a person made, and the case's state now."""
        last = next((item for item in reversed(written) if item.entry.actor != SYSTEM), written[-1])
        names = [str(item.get("name", "")) for item in entry_files(last)]
        history = self.history(last.entry.case)
        state = self.situation(history).state
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

    def _desk(self, now: datetime | None = None) -> Callable[[Definition, Sequence[SealedEntry]], Situation]:
        """Situations of one command: one moment, and each question to the directory asked once.

        Drafts are made again inside the ledger's transaction, where nothing may be asked of another store.
        """
        moment, calendar = now or self.clock(), self.calendar
        holding, there = remembered_holding(self._index), remembered_cases(self.ledger)
        directory = RememberedDirectory(self._directory) if self._directory is not None else None
        lists = RememberedCatalogues(self._catalogues) if self._catalogues is not None else None

        def situation(definition: Definition, entries: Sequence[SealedEntry]) -> Situation:
            return Situation.of(definition, entries, calendar, directory, moment, holding, lists, there)

        return situation

    def _try(
        self, drafts: Drafts, situation: Situation, files: Sequence[PreparedFile], key: str
    ) -> tuple[Sequence[BlobRef], Refusal | None]:
        """Make the drafts once before anything is stored.

        A refusal is kept, not raised, where there is an idempotency key: the same request may have been done before,
        and then its receipt is the answer. Only the ledger knows.
        """
        try:
            drafts(situation, [file.placeholder() for file in files])
        except Refusal as error:
            if not key:
                raise
            return (), error
        return self._store(files), None

    def _store(self, files: Sequence[PreparedFile]) -> tuple[BlobRef, ...]:
        """Put the objects, and see that what was stored is what was read."""
        until = self._retain_until()
        blobs = []
        for file in files:
            file.stream.seek(0)
            blob = self._blobs.put(file.stream, media=file.media, retain_until=until)
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


def request_digest(command: Command, files: Sequence[PreparedFile]) -> str:
    """Hex SHA-256 of what a command asks, its files by content: equal for a repeated click, different for another."""
    asked: dict[str, Json] = {"command": type(command).__name__, **_members(command)}
    asked["files"] = [
        [file.name, file.slot, file.sha256, file.system, file.taken] for file in files if not file.made
    ]
    text = json.dumps(asked, sort_keys=True)  # ASCII: a form may hold what no entry may, and is refused later
    return hashlib.sha256(text.encode()).hexdigest()


def _members(command: Command | Part) -> dict[str, Json]:
    """What is asked, by name; files are told by their content, and the key is not part of the question."""
    names = (item.name for item in fields(command))
    return {
        name: _plain(getattr(command, name))
        for name in names
        if name not in {"uploads", "idempotency_key", "by_link"}
    }


def _plain(value: object) -> Json:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Actor):
        return [value.id, value.role]
    if isinstance(value, Facts):
        return value.as_json()
    if isinstance(value, Reuse):
        return [value.slot, value.seq, value.object]
    if isinstance(value, OpenCase | Part):
        return _members(value)
    if isinstance(value, Mapping):
        return {str(name): str(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a request")


def _key(command: Command, place: str) -> str:
    """The ledger's key: one person's key on one case for one kind of command cannot meet another's."""
    if not command.idempotency_key:
        return ""
    return f"{type(command).__name__}/{place}/{command.actor.id}/{command.idempotency_key}"


@contextmanager
def _translated(command: Command) -> Iterator[None]:
    """The ledger's refusals in the words of cases."""
    try:
        yield
    except IdempotencyMismatch as error:
        raise RequestReused(idempotency_key=command.idempotency_key) from error
    except ReferenceTaken as error:
        prefix, _, rest = error.kind.partition(":")
        if prefix == OPEN_REFERENCE and rest:
            process, _, name = rest.partition(":")
            raise DuplicateCase(process=process, field=name, folio=error.case) from error
        raise DuplicateReference(kind=error.kind, value=error.value, folio=error.case) from error
