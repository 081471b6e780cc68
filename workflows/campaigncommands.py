"""What people ask of a campaign, and what `workflows.campaigns.CampaignService` promises to do with it.

Each command is one append to the ledger, or nothing: a refusal names every row at once. The idempotency key works as
everywhere: the same request with the same key is the same entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from evidence.canonical import Json
from workflows.commands import Actor, Receipt, Upload
from workflows.reviewacts import ByLink
from workflows.rosterview import RosterView


@dataclass(frozen=True, slots=True)
class TakeExtract:
    """Take in an extract of the house's register (xlsx or csv): ``queried_at`` is when it was queried, by the person.

    It becomes the evidence of the extract and, matched by key, the status of every row.
    """

    folio: str
    actor: Actor
    uploads: tuple[Upload, ...]
    queried_at: datetime
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class AskAreas:
    """Record that areas were asked, with the mail(s) sent; their days begin. ``areas`` empty: all not yet asked.

    ``linked``: each is asked by a personal link, whose own entries stand for the mail.
    """

    folio: str
    actor: Actor
    uploads: tuple[Upload, ...]
    areas: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class DecideRows:
    """Decide many rows at once: ``rows`` as ranges (``1-90,95``), one decision, one reason, one entry.

    The step follows from where the campaign stands and who acts: the review before areas are asked, the answers
    afterwards, and the director's resolution for rows that await one. A specialist who records the director's decision
    brings his mail among ``uploads``.

    ``seen`` is the last entry (``seq``) of the case that the person had before them, 0 for one who says nothing of it:
    rows that somebody decided in a later entry are refused as `workflows.errors.RowsDecided`, within the append.

    ``by_link``: an area's person decides through her personal link (`workflows.reviewing`): her rows, while she may.
    """

    folio: str
    rows: str
    decision: str
    reason: str
    actor: Actor
    uploads: tuple[Upload, ...] = ()
    seen: int = 0
    occurred_at: datetime | None = None
    acting_for: str = ""
    idempotency_key: str = ""
    by_link: ByLink | None = None


@dataclass(frozen=True, slots=True)
class TakeAnswers:
    """Take in an area's answered sheet (made by ``export``): the first .xlsx among ``uploads``; a mail beside it.

    Refused with every row at once: keys that are unknown, changed, repeated or missing, values that are no decision.
    """

    folio: str
    area: str
    actor: Actor
    uploads: tuple[Upload, ...]
    occurred_at: datetime | None = None
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class MakeFinal:
    """Make the final sheet from the original workbook and the decisions, and seal it."""

    folio: str
    actor: Actor
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class CheckLetter:
    """Compare the letter with the final sheet and the campaign.

    ``confirmed`` holds what a person read with their own eyes where the letter's text could not be read: any of
    ``fecha`` (yyyy-mm-dd), ``aplicativo`` (code), ``cantidad``.
    """

    folio: str
    actor: Actor
    confirmed: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveCampaign:
    """Archive the campaign: the system makes the index of every file; ``place`` is where the file is kept."""

    folio: str
    actor: Actor
    place: str
    note: str = ""
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class OpenRemovals:
    """Open one case of removal for every row decided so and without one; may be repeated, never opens one twice.

    ``supplied`` gives what the sheet lacks, by row number and field (``rfc``, ``correo``, ``zona``, ``usuario``).
    """

    folio: str
    actor: Actor
    supplied: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    idempotency_key: str = ""


RowCommand = (
    TakeExtract
    | AskAreas
    | DecideRows
    | TakeAnswers
    | MakeFinal
    | CheckLetter
    | ArchiveCampaign
    | OpenRemovals
)
"""Everything that is asked of a campaign's rows."""


@dataclass(frozen=True, slots=True)
class LetterReading:
    """What the letter in force says, and what it should say. A value that cannot be read is ``""``.

    ``unread`` names what a person must confirm, ``differs`` what is read and does not agree.
    """

    found: Mapping[str, str]
    expected: Mapping[str, str]
    unread: tuple[str, ...]
    differs: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """The four members by name."""
        return {
            "found": dict(self.found),
            "expected": dict(self.expected),
            "unread": list(self.unread),
            "differs": list(self.differs),
        }


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """What came of opening removals: ``opened`` and ``already`` are ``(row, folio)``.

    ``lacking`` are ``(row, what)``: fields to supply, or ``sin_proceso`` where no process removes such an account.
    ``executed`` counts the cases that ended as carried out, of ``total`` opened; ``days`` is how long each took, in
    business days from the campaign's archive.
    """

    opened: tuple[tuple[int, str], ...]
    already: tuple[tuple[int, str], ...]
    lacking: tuple[tuple[int, tuple[str, ...]], ...]
    executed: int
    total: int
    days: tuple[int, ...]

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {
            "opened": [{"row": row, "folio": folio} for row, folio in self.opened],
            "already": [{"row": row, "folio": folio} for row, folio in self.already],
            "lacking": [{"row": row, "fields": list(names)} for row, names in self.lacking],
            "executed": self.executed,
            "total": self.total,
            "days": list(self.days),
        }


class CampaignDesk(Protocol):
    """The service of campaigns. One is opened as any case is (`CaseService.open_case`), where its sheet is read.

    Every method may raise a `workflows.errors.Refusal`, a `documents.refusals.FileRefused`, or a
    `evidence.ports.StoreError`.
    """

    def roster(self, folio: str) -> RosterView:
        """All rows joined; kept per head."""
        ...

    def export(self, folio: str, area: str, target: BinaryIO) -> str:
        """Write the sheet an area answers on into ``target``; gives its file name. ``area`` empty: all rows."""
        ...

    def extract(self, command: TakeExtract) -> Receipt:
        """Seal the extract and give every row its status."""
        ...

    def ask(self, command: AskAreas) -> Receipt:
        """Record the mail to areas, the term, and what was asked with it, as one set."""
        ...

    def decide(self, command: DecideRows) -> Receipt:
        """Record one decision on many rows."""
        ...

    def answers(self, command: TakeAnswers) -> Receipt:
        """Take in an answered sheet, whole."""
        ...

    def final(self, command: MakeFinal) -> Receipt:
        """Make and seal the final sheet; refused while a row has no decision or awaits the director."""
        ...

    def letter(self, folio: str) -> LetterReading:
        """What the letter says beside what it should; writes nothing."""
        ...

    def check(self, command: CheckLetter) -> Receipt:
        """Record the comparison: it agrees, or (also an entry) it does not and the file is made again."""
        ...

    def archive(self, command: ArchiveCampaign) -> Receipt:
        """Seal the index and close the case."""
        ...

    def removals(self, command: OpenRemovals) -> RemovalReport:
        """Open what is to be opened, and tell what was carried out."""
        ...
