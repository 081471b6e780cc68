"""Why personal data of a case is not held, blocked or erased, and why a case whose data is gone takes nothing more."""

from __future__ import annotations

from workflows.refusal import Refusal

__all__ = [
    "CaseErased",
    "CaseHeld",
    "CaseStillOpen",
    "DataBlocked",
    "DataInUse",
    "KeepingNotAllowed",
    "KeepingUnneeded",
    "NoSuchHold",
    "NoSuchQuarantine",
    "NothingToQuarantine",
    "QuarantineOwn",
    "Quarantined",
    "SamePerson",
    "StillRetained",
    "TooManyReports",
    "UnknownLegalGround",
]


class KeepingNotAllowed(Refusal):
    """``role``, ``allowed``: the act belongs to other roles."""

    code = "keeping_not_allowed"


class CaseStillOpen(Refusal):
    """``folio``: work goes on in the case, so its data cannot be blocked or erased."""

    code = "case_still_open"


class CaseHeld(Refusal):
    """``folio``, ``seq``: a legal hold stands, placed by that entry."""

    code = "case_held"


class NoSuchHold(Refusal):
    """``folio``, ``seq``: that entry places no hold, or the hold was lifted."""

    code = "no_such_hold"


class StillRetained(Refusal):
    """``folio``, ``until`` (a date): the data must be kept until then, and the ground given does not shorten that."""

    code = "still_retained"


class DataInUse(Refusal):
    """``folio``, ``why``: ``links`` (personal links are open), ``exports`` (a package is being made), ``mail``."""

    code = "data_in_use"


class DataBlocked(Refusal):
    """``folio``, ``seq``: the case's data is blocked since that entry: it is kept and not used."""

    code = "data_blocked"


class CaseErased(Refusal):
    """``folio``, ``seq``: the case's data was erased by that entry; nothing more is added to it."""

    code = "case_erased"


class KeepingUnneeded(Refusal):
    """``folio``, ``why``: ``blocked``, ``not_blocked``, ``requested``, ``not_requested``: it stands so already."""

    code = "keeping_unneeded"


class SamePerson(Refusal):
    """``folio``: who asked for an erasure cannot be the one who approves it."""

    code = "same_person"


class UnknownLegalGround(Refusal):
    """``ground``, ``options``: no ground on which personal data is erased."""

    code = "unknown_legal_ground"


class NoSuchQuarantine(Refusal):
    """``folio``, ``seq``: that entry places no quarantine, or somebody has decided about it."""

    code = "no_such_quarantine"


class NothingToQuarantine(Refusal):
    """``folio``, ``seq``, ``why``: ``parts`` (nothing was named), ``file``, ``payload`` (it has none), ``withheld``."""

    code = "nothing_to_quarantine"


class QuarantineOwn(Refusal):
    """``folio``, ``seq``: who reported it cannot be the one who decides."""

    code = "quarantine_own"


class Quarantined(Refusal):
    """``folio``, ``seq``: this very file stands in quarantine, or was destroyed in it, since that entry."""

    code = "quarantined"


class TooManyReports(Refusal):
    """``count``, ``limit``: so many reports of the same person already wait for a decision."""

    code = "too_many_reports"
