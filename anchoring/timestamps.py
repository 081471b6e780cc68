"""RFC 3161 time stamps over the exact bytes of checkpoint notes, verified before they are believed.

The message is the note as it was signed. Stamps are renewed through the log (`anchoring.desk.AnchorDesk.ageing`): the
tree under a later note holds the digests of earlier notes and responses, as the hash tree of RFC 4998 section 5.2 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import tsp  # type: ignore[import-untyped]  # publishes no types
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from anchoring.transport import Post, post

QUERY_MEDIA = "application/timestamp-query"
REPLY_MEDIA = "application/timestamp-reply"


class BadToken(ValueError):
    """A time stamp that does not show what it should; the message says why."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A verified time stamp: the response's DER bytes, when it was made, and until when its signer was certified."""

    response: bytes
    made_at: datetime
    certified_until: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """Certificates by which stamps of one authority are judged; only ``roots`` are trusted by themselves."""

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    signers: tuple[x509.Certificate, ...] = ()

    @classmethod
    def from_pem(cls, pem: bytes) -> Chain:
        """Sort the certificates of a PEM file by what they are.

        Raises:
            ValueError: no PEM, or no self-signed certificate in it.
        """
        every = x509.load_pem_x509_certificates(pem)
        roots = tuple(item for item in every if item.issuer == item.subject)
        rest = [item for item in every if item.issuer != item.subject]
        if not roots:
            raise ValueError("no root: a self-signed certificate is needed")
        return cls(
            roots,
            tuple(item for item in rest if _is_authority(item)),
            tuple(item for item in rest if not _is_authority(item)),
        )


class Authority:
    """Speaks to one time-stamping authority.

    Args:
        name: for people and entries.
        url: where it takes queries.
        chain: certificates one trusts; nothing in a response is trusted by itself.
        send: how a request is made.
    """

    def __init__(self, name: str, url: str, chain: Chain, send: Post = post) -> None:
        self.name = name
        self._url = url
        self._chain = chain
        self._send = send

    def stamp(self, message: bytes) -> TimeStamp:
        """A verified time stamp over SHA-256 of ``message``, with the chain inside and our nonce in it.

        Raises:
            Unreachable: try again later.
            BadToken: it answered with something else.
        """
        query = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = self._send(self._url, query.as_bytes(), QUERY_MEDIA)
        if answer.status != 200 or answer.media != REPLY_MEDIA:
            raise BadToken(f"{self.name} answered {answer.status} {answer.media}")
        return verify_token(answer.body, message, self._chain, nonce=query.nonce)

    def judge(self, response: bytes, message: bytes) -> TimeStamp:
        """An earlier response of this authority, judged again; raises `BadToken`."""
        return verify_token(response, message, self._chain)


def verify_token(response: bytes, message: bytes, chain: Chain, *, nonce: int | None = None) -> TimeStamp:
    """Check a response against a message and the chain one trusts, as of the time that it states.

    Raises:
        BadToken: malformed, not granted, over other bytes, with another nonce, or not under these roots.
    """
    try:
        found = _decoded(response)
        signer = None if found.signed_data.certificates else _signer(found, chain)
        builder = VerifierBuilder(
            tsa_certificate=signer,
            roots=list(chain.roots),
            intermediates=list(chain.intermediates),
            nonce=nonce,
        )
        builder.build().verify_message(found, message)
        return TimeStamp(response, found.tst_info.gen_time, _certified_until(found, signer))
    except (VerificationError, ValueError, TypeError) as error:
        raise BadToken(str(error) or type(error).__name__) from error


def _decoded(response: bytes) -> TimeStampResponse:
    """The response, its certificates put in the order that DER asks of a set.

    OpenSSL writes them signer first, and a strict reader refuses that. They are not under the signature, so sorting
    them changes nothing that is verified; what is kept are the authority's own bytes.

    Raises:
        ValueError, TypeError: not DER, or not a response.
    """
    read = tsp.TimeStampResp.load(response, strict=True)
    token = read["time_stamp_token"]
    if token.native is not None and token["content"]["certificates"].native:
        signed = token["content"]
        signed["certificates"] = list(signed["certificates"])
        response = read.dump()
    return decode_timestamp_response(response)


def _signer(found: TimeStampResponse, chain: Chain) -> x509.Certificate | None:
    """The signer among the certificates one brought, for responses that carry none."""
    named = _named(found)
    return next((item for item in chain.signers if (item.issuer, item.serial_number) in named), None)


def _named(found: TimeStampResponse) -> set[tuple[x509.Name, int]]:
    return {(info.issuer, info.serial_number) for info in found.signed_data.signer_infos}


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _certified_until(found: TimeStampResponse, signer: x509.Certificate | None) -> datetime:
    """When the signer's certificate ends, as far as it is known: by then the stamp wants renewal."""
    known = [
        *map(x509.load_der_x509_certificate, found.signed_data.certificates),
        *([signer] if signer else []),
    ]
    named = _named(found)
    ends = [item.not_valid_after_utc for item in known if (item.issuer, item.serial_number) in named]
    return min(ends) if ends else found.tst_info.gen_time
