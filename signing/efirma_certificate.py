"""Whether a certificate is an e.firma that may sign here: whose, by whom issued, in force, no CSD, perhaps revoked.

SAT issues two kinds under the same authorities. An e.firma is a person's; a CSD (certificado de sello digital) belongs
to invoicing software and may be in anybody's hands. A CSD carries a branch (OU), and its key usage is bare signing;
an e.firma has no OU, and its key usage adds data encipherment and key agreement. Either mark is enough to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError, ValidationError

from signing.apart import finish
from signing.certificates import person_of
from signing.expected import RFC
from signing.report import Person
from signing.revocation import Revocations
from signing.revoked import REVOKED, UNKNOWN, revocation_of
from signing.trust import Trust

MOST_CERTIFICATE = 16_384
_ENCIPHERING = {"data_encipherment", "key_agreement"}
_LEAST_BITS = 2048


class EfirmaRefused(Exception):
    """This certificate signs nothing here; ``code`` is a word of `CODES`, ``fields`` what the message is made from."""

    def __init__(self, code: str, **fields: str) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


CODES = (
    "unreadable",
    "not_rsa",
    "csd",
    "no_rfc",
    "other_rfc",
    "not_yet",
    "expired",
    "untrusted",
    "revoked",
    "no_roots",
    "no_expected_rfc",
    "bad_signature",
    "gone",
)


@dataclass(frozen=True, slots=True)
class Efirma:
    """An accepted certificate; ``revocation`` is a state of `signing.revoked`, never ``revoked``."""

    certificate: x509.Certificate
    person: Person
    revocation: str


def judge_certificate(
    der: bytes, expected_rfc: str, trust: Trust, at: datetime, revocations: Revocations
) -> Efirma:
    """The certificate, if it may sign for whom is expected.

    Args:
        der: the .cer file.
        expected_rfc: the RFC of who was asked, as the request says.
        trust: with SAT's authorities among the roots.
        at: now.
        revocations: asks whether it was revoked; nobody answering is not a refusal but is told.

    Raises:
        EfirmaRefused: see `CODES`.
    """
    certificate = _read(der)
    person = person_of(certificate)
    _is_efirma(certificate)
    _is_whose(person, expected_rfc)
    _in_force(certificate, at)
    if not trust.roots:
        raise EfirmaRefused("no_roots")
    return Efirma(certificate, person, _under_trust(certificate, trust, revocations, at))


def _read(der: bytes) -> x509.Certificate:
    if not der or len(der) > MOST_CERTIFICATE:
        raise EfirmaRefused("unreadable")
    try:
        certificate = x509.Certificate.load(der, strict=True)
        person_of(certificate)
        algorithm, bits = certificate.public_key.algorithm, certificate.public_key.bit_size
        certificate.key_usage_value  # noqa: B018 - parsed here, so that what is malformed is refused here
    except (ValueError, TypeError, KeyError) as error:
        raise EfirmaRefused("unreadable") from error
    if algorithm != "rsa" or bits < _LEAST_BITS:
        raise EfirmaRefused("not_rsa")
    return certificate


def _is_efirma(certificate: x509.Certificate) -> None:
    names = {pair["type"].native for relative in certificate.subject.chosen for pair in relative}
    usage = certificate.key_usage_value
    used = usage.native if usage is not None else set()
    if "organizational_unit_name" in names or not used & _ENCIPHERING:
        raise EfirmaRefused("csd")
    if not {"digital_signature", "non_repudiation"} <= used or certificate.ca:
        raise EfirmaRefused("unreadable")


def _is_whose(person: Person, expected: str) -> None:
    wanted = expected.strip().upper()
    if not RFC.fullmatch(wanted):
        raise EfirmaRefused("no_expected_rfc")
    if not RFC.fullmatch(person.rfc):
        raise EfirmaRefused("no_rfc")
    if person.rfc != wanted:
        raise EfirmaRefused("other_rfc")


def _in_force(certificate: x509.Certificate, at: datetime) -> None:
    if at < certificate.not_valid_before:
        raise EfirmaRefused("not_yet", when=certificate.not_valid_before.isoformat())
    if at > certificate.not_valid_after:
        raise EfirmaRefused("expired", when=certificate.not_valid_after.isoformat())


def _under_trust(certificate: x509.Certificate, trust: Trust, revocations: Revocations, at: datetime) -> str:
    """What is known of its revocation; nobody is asked about a certificate that no trusted authority issued."""
    validator = CertificateValidator(certificate, validation_context=trust.context(None, at, stamps=False))
    try:
        path = finish(validator.async_validate_usage({"non_repudiation"}))  # type: ignore[no-untyped-call]  # untyped in pyHanko
    except RevokedError as error:
        raise EfirmaRefused("revoked") from error
    except (PathBuildingError, PathValidationError, ValidationError) as error:
        raise EfirmaRefused("untrusted") from error
    gathered = revocations(certificate, trust)
    if gathered is None:
        return UNKNOWN
    known = gathered.told
    told = finish(
        revocation_of(
            path, lambda when, latest: known.until(latest).context(None, when, stamps=False), at, at
        )
    )
    if told.state == REVOKED:
        raise EfirmaRefused("revoked")
    return told.state
