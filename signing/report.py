"""What a judgement of a signed file says, as plain values: they cross processes, and stand in entries and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """A certificate's subject: ``name``, ``organisation``, ``rfc`` and ``curp`` where it has them, ``issuer``.

    ``not_before`` and ``not_after`` are ISO dates with time. ``serial`` is decimal.
    """

    name: str
    organisation: str
    rfc: str
    curp: str
    issuer: str
    serial: str
    not_before: str
    not_after: str


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of a page: ``page`` from 0, corner and size in points, from the lower left corner."""

    page: int
    left: float
    bottom: float
    width: float
    height: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, bottom, right, top, as PDF writes a rectangle."""
        left, bottom = round(self.left), round(self.bottom)
        return left, bottom, left + round(self.width), bottom + round(self.height)


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature, or one document time stamp, as it was found.

    ``kind`` is ``signature`` or ``time_stamp``. ``good`` is the judgement; ``problems`` says in codes why not:
    ``digest_mismatch``, ``signature_broken``, ``untrusted``, ``expired``, ``revoked``, ``altered``, ``partial``,
    ``stamp_untrusted``, ``unreadable``. ``covers`` is ``file`` (every byte but its own), ``revision`` (the file as it
    was then; something was added later) or ``part``. ``added`` says of a revision what came later: ``none``, ``stamps``
    (time stamps and what is needed to check them), ``signatures`` (besides, further signatures) or ``other``.
    ``claimed_at`` is the signer's own clock; ``stamped_at`` a time that a trusted authority gives; ``judged_at`` the
    moment as of which certificates were judged. ``certified`` is the DocMDP level (1: no changes) or 0.
    ``revocation`` is a state of `signing.revoked.Revocation` (of time stamps always ``unknown``), ``revoked_at`` since
    when; ``lasting`` says that the file itself carries what shows that nothing was revoked.
    """

    field_name: str
    kind: str
    good: bool
    problems: tuple[str, ...]
    covers: str
    added: str
    signer: Person
    certificate: str
    claimed_at: str
    stamped_at: str
    judged_at: str
    revocation: str
    revoked_at: str
    lasting: bool
    certified: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """All signatures of a file in the order they were made; ``problems`` are of the file itself.

    ``profile`` is the lowest that all signatures reach: ``""`` without any, ``B-B``, ``B-T``, ``B-LT``, ``B-LTA``.
    """

    signatures: tuple[SignatureFacts, ...]
    profile: str = ""
    problems: tuple[str, ...] = ()
    pages: int = 0

    @property
    def every_problem(self) -> tuple[str, ...]:
        """Of the file and of each signature, once each."""
        found = [*self.problems, *(code for item in self.signatures for code in item.problems)]
        return tuple(dict.fromkeys(found))

    @property
    def good(self) -> bool:
        """There is a signature, every one is good, and nothing stands in the file that none covers."""
        return any(item.kind == "signature" for item in self.signatures) and not self.every_problem


def report_from(found: Mapping[str, Any]) -> Report:
    """The report that ``dataclasses.asdict`` took apart, lists for tuples."""
    signatures = tuple(
        SignatureFacts(**{**item, "problems": tuple(item["problems"]), "signer": Person(**item["signer"])})
        for item in found["signatures"]
    )
    return Report(signatures, found["profile"], tuple(found["problems"]), found["pages"])
