"""What is asked about the personal data of a whole case: held, blocked, erased; see `workflows.keepdesk`.

``reason`` is for people and goes to the entry's payload; it is destroyed with the rest when the case is erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflows.commands import Actor


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Keep everything of a case, whatever its retention says, until the hold is lifted."""

    folio: str
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class LiftHold:
    """Lift the hold that entry ``seq`` placed; others of the case stay."""

    folio: str
    seq: int
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class BlockData:
    """Keep the data of a closed case and use it no more."""

    folio: str
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class UnblockData:
    """Use the data of a blocked case again."""

    folio: str
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class RequestErasure:
    """Ask that the data of a case be erased on ``ground``, one of `workflows.retention.GROUNDS`."""

    folio: str
    actor: Actor
    ground: str
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawErasure:
    """Take the waiting request of a case back, or turn it down."""

    folio: str
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ApproveErasure:
    """Approve the request that entry ``seq`` made: the erasure is decided, and cannot be taken back."""

    folio: str
    seq: int
    actor: Actor
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ReportQuarantine:
    """Say that entry ``seq`` shows what must not be here: ``files`` of it by number, its ``payload``, or both.

    ``ground`` is one of `workflows.quarantinedesk.GROUNDS`.
    """

    folio: str
    seq: int
    files: tuple[int, ...]
    payload: bool
    actor: Actor
    ground: str
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ViewQuarantined:
    """Look once at what the quarantine that entry ``seq`` placed withholds, in order to decide."""

    folio: str
    seq: int
    actor: Actor
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseQuarantine:
    """A false alarm: give back what the quarantine that entry ``seq`` placed withholds."""

    folio: str
    seq: int
    actor: Actor
    reason: str
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class DestroyQuarantined:
    """It was true: what the quarantine that entry ``seq`` placed withholds is destroyed, and cannot be had back."""

    folio: str
    seq: int
    actor: Actor
    reason: str
    idempotency_key: str = ""


QuarantineCommand = ReportQuarantine | ViewQuarantined | ReleaseQuarantine | DestroyQuarantined
KeepingCommand = (
    PlaceHold
    | LiftHold
    | BlockData
    | UnblockData
    | RequestErasure
    | WithdrawErasure
    | ApproveErasure
    | QuarantineCommand
)
