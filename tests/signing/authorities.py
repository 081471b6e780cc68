"""Signers that ask real authorities on loopback: for the time, and whether a certificate was revoked."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from anchoring.guarded import Guarded
from anchoring.transport import Answer, Unreachable
from signing.pades import PadesSigner
from signing.pades_time import NoAnswer, StampSource
from signing.revocation import Registry
from signing.seal import Seal, seal_from_pkcs12
from tests.fakes.sat import Issued, Sat
from tests.servers.timestamping import TimestampAuthority


def sending(*urls: str, plain: bool = False) -> Guarded:
    """The real transport, with these hosts allowed inside."""
    return Guarded(frozenset(urlsplit(url).netloc for url in urls), plain=plain)


def source(*urls: str, allowed: bool = True) -> StampSource:
    """Authorities at these addresses."""
    guard = sending(*urls) if allowed else Guarded()

    def send(url: str, body: bytes, media: str) -> Answer:
        try:
            return guard.post(url, body, media)
        except Unreachable as error:
            raise NoAnswer(str(error)) from error

    return StampSource(urls, send)


def stamping(signer: PadesSigner, authority: TimestampAuthority, *, allowed: bool = True) -> PadesSigner:
    """The signer with that authority."""
    root = x509.Certificate.load(authority.root.public_bytes(Encoding.DER))
    trust = replace(signer.trust, stamp_roots=(root,))
    return replace(signer, source=source(authority.url, allowed=allowed), trust=trust)


def registry(sat: Sat, *responders: str) -> Registry:
    """Asks that authority, over plain HTTP."""
    guard = sending(sat.url, plain=True)

    def get(url: str) -> Answer:
        try:
            return guard.get(url)
        except Unreachable as error:
            raise NoAnswer(str(error)) from error

    def post(url: str, body: bytes, media: str) -> Answer:
        try:
            return guard.post(url, body, media)
        except Unreachable as error:
            raise NoAnswer(str(error)) from error

    return Registry(post, get, responders)


def bought(sat: Sat, **told: bool) -> Seal:
    """A seal that another authority issued, from a PKCS #12 file."""
    return seal_of(sat, sat.person(**told))


def seal_of(sat: Sat, issued: Issued) -> Seal:
    """The same, of a certificate that is at hand."""
    chain = [sat.issuer.certificate, sat.root.certificate]
    content = serialize_key_and_certificates(b"s", issued.key, issued.certificate, chain, NoEncryption())
    return seal_from_pkcs12(content, "")
