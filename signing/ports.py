"""What signatures ask of the outside world, with each contract written out.

`signing.pades` seals and validates documents, an outbox sends mail, a directory knows people; all are handed in by
`web.wiring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from documents.inspection import Inspection
from documents.preview import Preview


class SigningUnavailable(Exception):
    """The document could not be signed now (key, stamp or time-stamping out of reach); asking again may do."""


class DocumentUnfit(Exception):
    """The document cannot be signed as it is; ``code`` says why in one word of `documents.refusals` or its own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the visible mark on a signed page says.

    ``name`` and ``post`` are the signatory's, ``acting_for`` the name of whom they stand in for (``""``: nobody).
    ``level`` is N1 to N4, ``digest`` the hex SHA-256 of the document as it was shown, ``check_url`` the public page
    where anybody checks it. ``picture`` is a PNG of the signature as drawn or uploaded, empty where it was typed.
    """

    name: str
    post: str
    folio: str
    level: str
    digest: str
    check_url: str
    picture: bytes = b""
    acting_for: str = ""


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A document with its signature.

    ``pdf`` begins with the exact bytes that were given. ``profile`` is that of ETSI EN 319 142 reached (``B-B``,
    ``B-T``, ``B-LT``, ``B-LTA``); ``certificate`` the hex SHA-256 of the sealing certificate. ``stamp`` says how it
    stands with the time stamp: ``none`` (no authority is configured), ``made`` (at ``stamped_at``, a ledger time) or
    ``pending`` (the authority did not answer; to be tried again).
    """

    pdf: bytes
    profile: str
    certificate: str
    stamp: str = "none"
    stamped_at: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """What an independent reading of a signed document found.

    ``good``: there is exactly what should be: signatures that are intact, trusted here and cover the whole file.
    ``problems`` are codes in English (``digest_mismatch``, ``untrusted``, ``extended``, …), empty when good.
    """

    good: bool
    profile: str
    certificate: str
    stamped_at: str = ""
    problems: tuple[str, ...] = ()


class Signer(Protocol):
    """Seals documents with the organisation's certificate, and says what a sealed one is worth. Safe for threads."""

    def sign(self, pdf: bytes, *, signatory: str, reason: str, stamp: Stamp, at: datetime) -> SignedDocument:
        """Stamp and sign ``pdf``; its bytes stay the beginning of the result.

        Args:
            pdf: the document exactly as it was shown.
            signatory: the name that the signature carries.
            reason: ends with the commitment to what was recorded of the act (64 hex digits).
            stamp: what the visible mark says.
            at: the moment of the act.

        Raises:
            DocumentUnfit, SigningUnavailable: nothing was signed.
        """
        ...

    def add_stamp(self, pdf: bytes) -> SignedDocument:
        """A signed document with the time stamp it lacks, appended. Raises `SigningUnavailable`."""
        ...

    def validate(self, pdf: bytes, *, at: datetime | None = None) -> Validity:
        """Read a signed document anew and judge it at a moment (now). Never raises for what the bytes are."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known here, with an account or without: ``post`` is what they are called, such as «Director General»."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    post: str = ""


class People(Protocol):
    """Who is behind an opaque id."""

    def person(self, actor: str) -> Person | None:
        """The account or contact of that id; ``None`` for nobody, and for an account that is shut."""
        ...

    def stand_ins(self, principal: str, moment: datetime) -> tuple[str, ...]:
        """Who was appointed, with a document, to stand in for somebody at a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one person: ``template`` is a folder of ``templates/email``, ``context`` what it is filled with.

    What people typed is cleaned and escaped where it is used. ``key`` makes asking twice the same as asking once.
    ``secrets`` are values that no store may hold in the clear (a link): encrypted until the mail has gone, then
    destroyed; the kept copy shows a mark in their place.
    """

    template: str
    address: str
    name: str
    context: Mapping[str, str]
    key: str
    case: str
    step: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)


class Postman(Protocol):
    """Hands notices to the outbox. Safe for threads and processes."""

    def post(self, notice: Notice) -> None:
        """Keep the notice to be mailed, durably; a key that is known keeps nothing.

        Raises:
            evidence.ports.StoreUnavailable: nothing was kept.
        """
        ...


class PictureReader(Protocol):
    """Draws a stranger's picture anew, in a process that dies afterwards."""

    def preview(self, stream: BinaryIO, *, name: str, page: int = 1, width: int = 1_000) -> Preview:
        """See `documents.isolation.SeparateReader.preview`. Raises `documents.refusals.FileRefused`."""
        ...

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        """See `documents.isolation.SeparateReader.inspect`. Raises `documents.refusals.FileRefused`."""
        ...
