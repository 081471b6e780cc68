"""What the workflows ask of the outside world beside the ledger and the blobs, with each contract written out.

Adapters raise `evidence.ports.StoreUnavailable` when they cannot answer now, and nothing else that is not named here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Generic, Protocol, TypeVar

from documents.agent_list import AgentListing
from documents.request_form import FormReading
from documents.row_sheets import RowsReading
from evidence.canonical import Json
from evidence.ports import Article, Reference, Tally
from workflows.board import CaseSet
from workflows.catalogues import CatalogueVersion
from workflows.definition import Definition

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases. Empty members do not filter; ``processes`` are those that whoever asks may see.

    ``status`` is `CaseState.status`; ``due_until`` is a ledger time (cases whose next due moment is not later);
    ``text`` is folded by the index as `documents.identifiers.fold` does and matched within the search text, all words.
    ``counted`` are the cases that a number of the board counts. ``count_to``: of a search that finds more than so many
    no more are counted (0: all are).
    ``order`` is ``opened`` (newest first), ``due`` (earliest first, cases without a due moment last), ``folio``,
    ``status`` or ``exceptions`` (rising); ``turned`` turns it round, ties included. ``after`` is the opaque cursor of
    the page before.
    """

    process: str = ""
    processes: tuple[str, ...] = ()
    status: str = ""
    closed: bool | None = None
    complete: bool | None = None
    assignee: str = ""
    opened_from: str = ""
    opened_to: str = ""
    due_until: str = ""
    text: str = ""
    counted: CaseSet | None = None
    order: str = "opened"
    turned: bool = False
    limit: int = 50
    after: str = ""
    count_to: int = 0


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list: the members of `evidence.ports.Projection` that lists show, ``document`` parsed."""

    folio: str
    process: str
    version: str
    opened_at: str
    updated_at: str
    status: str
    closed: bool
    complete: bool
    next_due: str
    next_mark: str
    assignee: str
    title: str
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, the cursor of the next page (``""``: this was the last), and how many match in all.

    ``beyond``: more match than ``total`` says, and were not counted.
    """

    rows: tuple[Row, ...]
    next: str
    total: int
    beyond: bool = False


class CaseIndex(Protocol):
    """Reads of the projections. Never an authority: a decision is always made on a fresh derivation."""

    def find(self, query: CaseQuery) -> Page[CaseRow]:
        """A page by keyset: rows that appear meanwhile neither repeat nor shift what follows."""
        ...

    def counts(self, query: CaseQuery) -> Mapping[str, int]:
        """How many of the cases a query matches each process has, processes without one left out.

        Order, limit and cursor of the query play no part.
        """
        ...

    def get(self, folio: str) -> CaseRow | None:
        """The row of one case.

        Raises:
            BlobCorrupt: the row cannot be read; the rebuild makes it anew.
        """
        ...

    def due_before(self, moment: datetime) -> tuple[str, ...]:
        """Folios whose ``next_mark`` is not empty and not later than ``moment``, earliest first."""
        ...

    def by_reference(self, kind: str, value: str) -> tuple[str, ...]:
        """Folios that hold a reference (value normalised), oldest first."""
        ...

    def folios(self) -> Iterator[str]:
        """Every folio the caches know, by a row or a reference, sorted; for the rebuild."""
        ...

    def references(self, folio: str) -> frozenset[Reference]:
        """The references a case holds; for the rebuild."""
        ...

    def article(self, folio: str) -> Article | None:
        """What a case teaches; for the rebuild."""
        ...

    def search_text(self, folio: str) -> str:
        """The folded words by which a case is found, ``""`` for an unknown one; for the rebuild."""
        ...

    def index_anew(self) -> bool:
        """Make anew what searches go by, where texts are not simply read; whether there is such a thing."""
        ...

    def tally(self, folio: str) -> Tally | None:
        """What boards count of a case, ``None`` for one they do not know; for the rebuild."""
        ...


class Articles(Protocol):
    """Reads of the knowledge base's articles, each derived from the entry in force of its case."""

    def find(self, text: str = "", process: str = "", limit: int = 50) -> tuple[Article, ...]:
        """Articles whose own words hold every word of ``text`` (folded), the newest first."""
        ...

    def article(self, folio: str) -> Article | None:
        """The article of a case, ``None`` where it wrote none (or none that counts)."""
        ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a post in ``[since, until)`` (ledger times; ``until`` empty: still)."""

    actor: str
    post: str
    since: str
    until: str = ""


class Directory(Protocol):
    """People as posts with dates. Corrections are dated too: the answer for a past moment never changes."""

    def holders(self, post: str, moment: datetime) -> tuple[Holder, ...]:
        """Who holds a post at a moment, the principal first."""
        ...

    def actor_of(self, email: str) -> str:
        """The actor id of the account, or of the contact, with that address; ``""`` if there is none."""
        ...

    def actors_of(self, emails: Collection[str]) -> Mapping[str, str]:
        """The same for many addresses at once, each answer under the address as asked; unknown ones are absent."""
        ...

    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool:
        """Whether ``actor`` is a named backup of ``principal`` at that moment."""
        ...

    def appointed(self, actor: str, principal: str, moment: datetime) -> bool:
        """Whether that backup was appointed with a document, as who stands in for an authoriser must be."""
        ...


class Catalogues(Protocol):
    """Lists in force, by dated versions. What is published is never retroactive: a past answer never changes."""

    def in_force(self, code: str, moment: datetime) -> CatalogueVersion:
        """The version published last among those in force at a moment.

        Where none was published yet: the first list the definitions bring under that code, or an empty one; its
        ``leaf`` is then ``""``.
        """
        ...

    def named(self, definition: Definition) -> Definition:
        """A definition that also knows the names of items published since: for pages, never for derivation."""
        ...


class Inspected(Protocol):
    """What an inspector says of a file; the members of `documents.inspection.Inspection` used here."""

    @property
    def media(self) -> str: ...  # noqa: D102 - a member, described by the class it mirrors
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def about(self) -> Mapping[str, Json]: ...  # noqa: D102
    @property
    def warnings(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


class DocumentReader(Protocol):
    """Reads strangers' files; `documents.isolation.SeparateReader` does so in processes that die afterwards.

    Every method raises `documents.refusals.FileRefused` and leaves the stream at its start.
    """

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspected:
        """Recognise and check ``stream``, called ``name`` by its sender."""
        ...

    def account_requests(self, stream: BinaryIO, *, name: str) -> FormReading:
        """Read MA-001's request sheet."""
        ...

    def rows(self, stream: BinaryIO, *, form: str, name: str) -> RowsReading:
        """Read a sheet of rows with a key, of a kind in `documents.row_sheets.FORMS`."""
        ...

    def final_rows(self, stream: BinaryIO, words: Mapping[str, Sequence[int]], *, name: str) -> bytes:
        """The workbook in ``stream`` with a word in the decision column of each row."""
        ...

    def agent_list(self, stream: BinaryIO, *, name: str) -> AgentListing:
        """Read a list of agents."""
        ...

    def paper(self, stream: BinaryIO, *, name: str) -> Mapping[str, Json]:
        """Read what a letter that comes back says of itself: `documents.paper`."""
        ...


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a sealed file stands: the entry's case and ``seq``, its leaf, and the file's index in it."""

    folio: str
    seq: int
    object: int
    leaf: str


@dataclass(frozen=True, slots=True)
class TextHit:
    """A file that holds every word: where it stands, and a passage in pieces, the true ones being what was found."""

    folio: str
    seq: int
    object: int
    passage: tuple[tuple[str, bool], ...]


class TextIndex(Protocol):
    """What sealed files say, for searching: a cache that may be thrown away and filled again from the ledger.

    Safe for threads and processes; everything is idempotent. Words are compared without case and accents.
    """

    def position(self) -> int:
        """How many entries of the log have been looked at."""
        ...

    def known(self, sha256: str) -> bool:
        """Whether a file's text is there (perhaps empty)."""
        ...

    def add(self, sha256: str, text: str, places: Sequence[TextPlace]) -> None:
        """Keep a file's text, unless it is there, and where the file stands."""
        ...

    def forget(self, leaf: str) -> None:
        """Forget where an erased entry's files stand; a text that stands nowhere any more is destroyed."""
        ...

    def reached(self, position: int) -> None:
        """Note that all entries before ``position`` have been looked at; never goes back."""
        ...

    def search(self, words: Sequence[str], limit: int, processes: Sequence[str] = ()) -> tuple[TextHit, ...]:
        """Files that hold every word, or a word beginning so; the best first. ``processes``: in their cases alone."""
        ...

    def clear(self) -> None:
        """Throw everything away."""
        ...
