"""What the readable files of a package are made from: one case, told once, whoever tells it.

The builder makes these records from the ledger, the verifier from the files it has just verified. Everything readable
(pages, workbook, tables) is a pure function of them, so the verifier can make it again and compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from audit_exports.layout import case_folder
from audit_exports.people import Roster
from workflows.definition import Definition
from workflows.roster import RowState
from workflows.state import CaseState, StepState


@dataclass(frozen=True, slots=True)
class FileItem:
    """One evidence file. ``path`` is relative to ``data/``; ``name`` is what its owner called it.

    ``type`` says what kind of evidence it is (`workflows.step.EvidenceType`), ``""`` where its entry does not.
    ``signatures``: how many digital signatures its reader counted in the PDF when it was sealed, -1 where it says none.
    A file that is ``withheld`` (see `masking`) is not in the package and has no path and no name of its own.
    """

    path: str
    name: str
    size: int
    media: str
    sha256: str
    slot: str = ""
    type: str = ""
    withheld: bool = False
    signatures: int = -1


@dataclass(frozen=True, slots=True)
class SigningFacts:
    """What an entry that signs a document recorded of it.

    Level (N1…N4), method, and of its seal the profile, the certificate's SHA-256, ``stamp`` (none, made, pending) and
    when; ``flags`` say what of the place it was signed at is that of where it was asked for.
    """

    level: str
    method: str
    profile: str
    certificate: str
    stamp: str
    stamped_at: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry as people read it; times are ledger times.

    ``payload`` says ``kept``, ``absent``, or why it is not there (`masking`). ``people`` are the actor ids it names
    (who acts, for whom, parties to duties), sorted and without the program;
    ``role_held`` says whether the actor held the role at that place of the log. ``erased_by``, ``superseded_by`` and
    ``supersedes`` are entry numbers of the same case, 0 for none.
    """

    seq: int
    index: int
    kind: str
    step: str
    at: str
    occurred_at: str
    actor: str
    role: str
    acting_for: str
    via: str
    reason: str
    choice: str
    leaf: str
    note: str
    data: tuple[tuple[str, str], ...]
    files: tuple[FileItem, ...]
    payload: str
    people: tuple[str, ...] = ()
    role_held: bool = True
    erased_by: int = 0
    superseded_by: int = 0
    supersedes: int = 0
    signing: SigningFacts | None = None


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as the package tells it; ``state`` is what the verifier derives again from the entries.

    ``title`` names the case in its owner's words (it comes from the payload, so it is empty once that is erased).
    ``roster`` knows who the actor ids are; ``campaign`` are the rows of a recertification, and
    ``calendar`` the id of the table by which its days were counted.
    """

    folio: str
    title: str
    definition: Definition
    state: CaseState
    entries: tuple[EntryRow, ...]
    roster: Roster
    campaign: tuple[RowState, ...] = ()
    calendar: str = ""

    @property
    def folder(self) -> str:
        """Where the case lies, relative to ``data/``."""
        return case_folder(self.folio)

    def rows_of(self, step: StepState) -> Iterator[EntryRow]:
        """The entries that made a step what it is, in order, those annulled since included."""
        for seq in sorted({*step.entries, *step.past}):
            yield self.entries[seq - 1]

    def name_of(self, actor: str) -> str:
        """A person's name for places that hold plain text: the id where there is none, ``""`` for nobody."""
        return self.roster.person(actor).name if actor else ""

    def files(self) -> Iterator[tuple[EntryRow, FileItem]]:
        """Every evidence file with its entry."""
        for row in self.entries:
            for item in row.files:
                yield row, item


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases: all of them unless limited. Limits of different kinds must all hold.

    ``start`` and ``end`` are dates (``YYYY-MM-DD``, both included, in the calendar's time zone); a case lies in the
    period when one of its entries was recorded in it, and is exported whole. ``sample`` takes that many of the cases
    found, in the order of SHA-256(seed || folio), so that anybody can draw the same sample again. ``engagement`` is the
    id of an audit engagement whose cases and chain are exported; then there are no other limits.
    """

    processes: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    folios: tuple[str, ...] = ()
    sample: int = 0
    seed: str = ""
    engagement: str = ""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What a package is about. Origin, size and root (hex) are the checkpoint's; all else is the exporter's word.

    ``as_of`` is the ledger time for which states are derived; ``population`` how many cases the scope's limits left
    before sampling, 0 without a sample, and ``members`` their folios, sorted; ``calendar`` names the calendar in the
    package.
    """

    origin: str
    size: int
    root: str
    as_of: str
    calendar: str
    scope: Scope
    members: tuple[str, ...] = ()

    @property
    def population(self) -> int:
        """How many ``members`` there are."""
        return len(self.members)


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is in a package; files that are withheld are not."""

    cases: int = 0
    entries: int = 0
    files: int = 0
    file_bytes: int = 0
    exceptions: int = 0

    def plus(self, record: CaseRecord, exceptions: int) -> Totals:
        """The totals with one more case, in which an auditor would ask about that many things."""
        files = [item for _, item in record.files() if not item.withheld]
        return Totals(
            self.cases + 1,
            self.entries + len(record.entries),
            self.files + len(files),
            self.file_bytes + sum(item.size for item in files),
            self.exceptions + exceptions,
        )
