"""What revocation data says of a certificate and of the authorities above it, in five words.

The data is judged by pyHanko (RFC 6960 section 3.2, RFC 5280 section 6.3): who signed it, whether it is about this
certificate, whether it is fresh. It is read twice, as of now and as of the moment at which the certificate was used: a
certificate that is not revoked today was not revoked then, and what a file carries may be fresh for that moment alone.
What was issued after a certificate had ended says nothing of it: lists forget ended certificates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from evidence.entry import format_time

GOOD = "good"
ISSUER_UNKNOWN = "issuer_unknown"
REVOKED = "revoked"
REVOKED_LATER = "revoked_later"
UNKNOWN = "unknown"
UNPUBLISHED = "unpublished"

NOT_REVOKED = frozenset({GOOD, REVOKED_LATER})
"""Everything under the root was asked about, and nothing speaks against the signature."""

Contexts = Callable[[datetime, datetime], ValidationContext]
"""The certificates and revocation data at hand, as of a moment, without what was issued after another."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """``state`` of a certificate at a moment, and ``since`` when it is revoked, if it is.

    ``good``: neither it nor an authority above it was revoked. ``issuer_unknown``: it was not, of an authority nothing
    is known. ``revoked``: at that moment it, or an authority, was. ``revoked_later``: afterwards, so that what was
    signed before stands. ``unknown``: nobody said. ``unpublished``: its issuer names no place where it would be said.
    """

    state: str
    since: str = ""


async def revocation_of(
    path: ValidationPath, contexts: Contexts, moment: datetime, now: datetime
) -> Revocation:
    """What the contexts' revocation data says of the last certificate of a validated path."""
    leaf, *authorities = reversed(list(path.iter_certs(include_root=False)))
    own = await _of(leaf, path, contexts, moment, now)
    above = [await _of(item, path, contexts, moment, now) for item in authorities]
    for found in (own, *above):
        if found.state == REVOKED:
            return found
    if own.state == UNKNOWN and not declared(leaf):
        return Revocation(UNPUBLISHED)
    if own.state in NOT_REVOKED and any(item.state == UNKNOWN for item in above):
        return Revocation(ISSUER_UNKNOWN)
    return own


def declared(certificate: x509.Certificate) -> bool:
    """Whether a certificate says where its revocation would be told."""
    return bool(certificate.ocsp_urls or certificate.crl_distribution_points)


async def _of(
    certificate: x509.Certificate, path: ValidationPath, contexts: Contexts, moment: datetime, now: datetime
) -> Revocation:
    for when in (now, moment):
        context = contexts(when, certificate.not_valid_after)
        for ask in (verify_ocsp_response, verify_crl):
            try:
                await ask(certificate, path, context)
            except RevokedError as error:
                later = error.revocation_dt > moment
                return Revocation(REVOKED_LATER if later else REVOKED, format_time(error.revocation_dt))
            except (OCSPValidationError, CRLValidationError, ValidationError):
                continue  # nothing usable of this kind: the other is asked, and at the end it is unknown
            return Revocation(GOOD)
    return Revocation(UNKNOWN)
