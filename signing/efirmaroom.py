"""`signing.efirmaports.EfirmaSigner` with pyHanko: certificates judged by the house's trust, letters by its seal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signing.efirma import Prepared, complete, prepare
from signing.efirma_certificate import EfirmaRefused, judge_certificate
from signing.efirmaports import Accepted
from signing.errors import EfirmaInvalid
from signing.pades import PadesSigner
from signing.ports import SignedDocument, Stamp
from signing.revocation import Revocations, no_revocations
from signing.trust import Trust


@dataclass(frozen=True, slots=True)
class EfirmaRoom:
    """See the module.

    Args:
        signer: the organisation's seal.
        trust: the authorities whose certificates may sign; none, and nobody's is accepted.
        revocations: who is asked whether a certificate was revoked.
    """

    signer: PadesSigner
    trust: Trust
    revocations: Revocations

    def accept(self, certificate: bytes, rfc: str, at: datetime) -> Accepted:
        """See `EfirmaSigner`."""
        try:
            found = judge_certificate(certificate, rfc, self.trust, at, self.revocations)
        except EfirmaRefused as error:
            raise EfirmaInvalid(why=error.code, **error.fields) from error
        return Accepted(
            certificate,
            found.person.name,
            {
                "sha256": found.certificate.sha256.hex(),
                "serial": found.person.serial,
                "issuer": found.person.issuer,
                "name": found.person.name,
                "rfc": found.person.rfc,
                "not_before": found.person.not_before,
                "not_after": found.person.not_after,
                "revocation": found.revocation,
            },
        )

    def prepare(
        self, pdf: bytes, accepted: Accepted, *, reason: str, stamp: Stamp, at: datetime
    ) -> tuple[bytes, bytes]:
        """See `EfirmaSigner`."""
        rfc = str(accepted.facts["rfc"])
        efirma = judge_certificate(accepted.certificate, rfc, self.trust, at, no_revocations)
        made = prepare(self.signer, pdf, efirma, reason=reason, stamp=stamp, at=at)
        return made.as_bytes(), made.to_sign

    def complete(self, prepared: bytes, signature: bytes, shown: bytes, at: datetime) -> SignedDocument:
        """See `EfirmaSigner`."""
        try:
            return complete(self.signer, Prepared.from_bytes(prepared), signature, shown, at)
        except EfirmaRefused as error:
            raise EfirmaInvalid(why=error.code, **error.fields) from error
