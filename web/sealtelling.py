"""The log is told of the seal of letters: at inception, when it is renewed, and when another one is configured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry
from evidence.ports import Composition, StoreUnavailable
from evidence.seals import SEALS_CASE, SealFact, next_fact, seal_of_entry
from web.wiring import House, HouseError


def tell_seal(house: House, os_user: str) -> SealFact | None:
    """Publish the seal that signs letters from now on, unless the log knows it; what was published.

    Raises:
        HouseError: ``seal_unusable``: there is none that could be read.
        evidence.ports.StoreUnavailable: nothing was written.
    """
    chain = certificates_of(house)
    certificate, root = (fingerprint(item) for item in (chain[0], chain[-1]))
    pem = "".join(item.public_bytes(Encoding.PEM).decode() for item in chain)
    payload: dict[str, Json] = {"certificates": pem, "via": {"channel": "console", "os_user": os_user}}

    def compose(history: Sequence[SealedEntry]) -> Composition:
        fact = next_fact((item.entry for item in history), certificate, root)
        if fact is None:
            raise _Known
        facts: dict[str, Json] = {**fact.as_facts(), "via": "console"}
        return Composition(
            (EntryDraft(SYSTEM, SYSTEM, EntryKind.SEAL_PUBLISHED, facts=facts, payload=payload),)
        )

    try:
        (sealed,) = house.ledger.append(SEALS_CASE, compose)
    except _Known:
        return None
    return seal_of_entry(sealed.entry)


class _Known(Exception):
    """The log tells it already: nothing is to be written."""


def tell_seal_if_any(house: House, os_user: str) -> str:
    """`tell_seal`, for where nobody is kept from working by it; what keeps it from being told: the next start tells."""
    try:
        tell_seal(house, os_user)
    except (HouseError, StoreUnavailable) as error:
        return str(error)
    return ""


def certificates_of(house: House) -> tuple[x509.Certificate, ...]:
    """The seal's certificate and those above it, its root last.

    Raises:
        HouseError: ``seal_unusable``.
    """
    settings = house.settings
    if settings.seal_pkcs11 or settings.seal_pkcs12:
        text = house.signer.seal.pem.encode()  # opened once: strangers' requests decrypt no key
    else:
        try:
            text = settings.seal_chain_file.read_bytes()
        except OSError as error:
            raise HouseError("seal_unusable", detail=f"{error.filename}: {error.strerror}") from error
    try:
        return upwards(x509.load_pem_x509_certificates(text))
    except (ValueError, LookupError) as error:
        raise HouseError("seal_unusable", detail="no chain of certificates up to a root") from error


def upwards(found: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """From the first certificate, which is the seal's, to its root, whatever order a file has.

    Raises:
        LookupError: one above is missing.
    """
    chain = [found[0]]
    while chain[-1].issuer != chain[-1].subject:
        above = next((item for item in found if item.subject == chain[-1].issuer and item not in chain), None)
        if above is None:
            raise LookupError(chain[-1].issuer)
        chain.append(above)
    return tuple(chain)


def fingerprint(certificate: x509.Certificate) -> str:
    """Hex SHA-256 of a certificate (DER): what programs show as its fingerprint."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
