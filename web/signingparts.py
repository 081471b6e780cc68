"""The parts of the house that deal with signed files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from documents.antivirus import Scanner
from documents.limits import Limits
from evidence.ports import Clock
from signing.isolation import SignatureReader
from signing.report import Report
from web.settings import Settings

if TYPE_CHECKING:
    from signing.efirmaroom import EfirmaRoom
    from signing.pades import PadesSigner


class SigningParts(ABC):
    """Mixed into the house, which has settings, clock and limits."""

    settings: Settings
    clock: Clock

    @property
    @abstractmethod
    def limits(self) -> Limits:
        """How much of a file is read."""

    @property
    @abstractmethod
    def scanner(self) -> Scanner | None:
        """The antivirus that is asked first, where one is named."""

    @cached_property
    def signatures(self) -> SignatureReader:
        """Reads signed files and scans that come from outside, each in a confined process of its own."""
        return SignatureReader(self.limits, scanner=self.scanner)

    @cached_property
    def signer(self) -> PadesSigner:
        """Seals letters, and says what sealed ones are worth."""
        from web.sealing import signer_of  # noqa: PLC0415 - pyHanko costs each command that signs nothing

        return signer_of(self.settings, self.clock, self.signatures)

    def judged(
        self, stream: BinaryIO, *, name: str, known: datetime | None = None, ask: bool = False
    ) -> Report:
        """The digital signatures of a file by the house's trust, in a confined process.

        With ``ask``, issuers are asked about revocation where the file does not carry their answer: for judgements that
        somebody called for, since it may take seconds.
        """
        from web.sealing import asking  # noqa: PLC0415 - as above

        return self.signatures.judge(
            stream,
            trust=self.signer.trust.as_text(),
            at=self.clock(),
            known=known,
            name=name,
            ask=asking(self.signer) if ask else None,
        )

    @cached_property
    def efirma(self) -> EfirmaRoom:
        """Judges certificates of signatories, and completes what they sign."""
        from web.sealing import efirma_of  # noqa: PLC0415 - as above

        return efirma_of(self.settings, self.signer)
