"""A signature with the signatory's own e.firma: the server prepares, the browser signs, the server completes.

The key never comes here. `prepare` stamps the letter, leaves room for the signature and gives the bytes to be signed
(the CMS signed attributes, which hold the letter's digest and the certificate's); `complete` takes the signature,
checks it by the certificate's public key, puts it in its room and adds the organisation's seal beside it. Between the
two a `Prepared` is kept here, never in the browser.
"""

from __future__ import annotations

import hashlib
import io
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, x509  # type: ignore[import-untyped]  # publishes no types
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko.sign import fields
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_cms import ExternalSigner, PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfTBSDocument
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.apart import finish
from signing.efirma_certificate import Efirma, EfirmaRefused
from signing.pades import CMS_ROOM, DIGEST, SEAL_FIELD, CertificateRevoked, PadesSigner, mark_style
from signing.pades_document import opened, placed
from signing.pades_stamp import drawn
from signing.ports import SignedDocument, Stamp

EFIRMA_FIELD = "e.firma"
_MECHANISM = "sha256_rsa"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter that waits for its signature. ``to_sign`` is what the browser signs: the signed attributes, DER."""

    pdf: bytes
    digest: bytes
    start: int
    end: int
    to_sign: bytes
    certificate: bytes
    shown: str

    def as_bytes(self) -> bytes:
        """For a store."""
        binary = {
            "pdf": self.pdf,
            "digest": self.digest,
            "to_sign": self.to_sign,
            "certificate": self.certificate,
        }
        text = {name: b64encode(value).decode() for name, value in binary.items()}
        return json.dumps({**text, "start": self.start, "end": self.end, "shown": self.shown}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Prepared:
        """The inverse of `as_bytes`."""
        found = json.loads(content)
        binary = {name: b64decode(found[name]) for name in ("pdf", "digest", "to_sign", "certificate")}
        return cls(**binary, start=found["start"], end=found["end"], shown=found["shown"])


def prepare(
    signer: PadesSigner, pdf: bytes, efirma: Efirma, *, reason: str, stamp: Stamp, at: datetime
) -> Prepared:
    """Stamp the letter and leave room for the signatory's signature, and a field for the organisation's.

    The signatory's is the certification (DocMDP 2: nothing but filling the fields that are there), so that the seal may
    follow it and nothing else.

    Raises:
        DocumentUnfit: see `signing.pades_document.opened`.
    """
    return finish(_prepare(signer, pdf, efirma, reason, stamp, at))


async def _prepare(
    signer: PadesSigner, pdf: bytes, efirma: Efirma, reason: str, stamp: Stamp, at: datetime
) -> Prepared:
    meta = PdfSignatureMetadata(
        field_name=EFIRMA_FIELD,
        md_algorithm=DIGEST,
        name=efirma.person.name,
        reason=reason,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
    )
    outside = _outside(efirma.certificate, signer, bytes(efirma.certificate.public_key.bit_size // 8))
    writer = opened(pdf)
    place = placed(pdf, writer, signer.place)
    fields.append_signature_field(writer, fields.SigFieldSpec(SEAL_FIELD))
    with drawn(stamp, at, signer.zone) as mark:
        spec = fields.SigFieldSpec(EFIRMA_FIELD, on_page=place.page, box=place.box)
        made = PdfSigner(meta, outside, stamp_style=mark_style(mark), new_field_spec=spec)
        session = made.init_signing_session(writer)
        session.system_time = at
        document = session.prepare_tbs_document(validation_info=None, bytes_reserved=CMS_ROOM)
        digest, output = document.digest_tbs_document()
    attributes = await outside.signed_attrs(
        digest.document_digest, DIGEST, attr_settings=PdfCMSSignedAttributes(signing_time=at), use_pades=True
    )
    return Prepared(
        pdf=output.getvalue(),  # type: ignore[attr-defined]  # BytesIO, as nothing else was asked for
        digest=digest.document_digest,
        start=digest.reserved_region_start,
        end=digest.reserved_region_end,
        to_sign=attributes.dump(),
        certificate=efirma.certificate.dump(),
        shown=hashlib.sha256(pdf).hexdigest(),
    )


def complete(
    signer: PadesSigner, prepared: Prepared, signature: bytes, shown: bytes, at: datetime
) -> SignedDocument:
    """Put the signature in its room, add the organisation's seal, and judge both before they count.

    Args:
        signer: the organisation's seal; its trust must hold the e.firma's authorities.
        prepared: as `prepare` made it.
        signature: RSASSA-PKCS1-v1_5 with SHA-256 over ``to_sign``.
        shown: the letter, read again from its store.
        at: the moment of completion.

    Raises:
        EfirmaRefused: ``bad_signature``: not by the certificate's key, or over something else; ``gone``: the letter is
            not the one that was prepared; ``revoked``: what was told of the certificate since.
        SigningUnavailable: the seal, or the whole, is not good.
    """
    if hashlib.sha256(shown).hexdigest() != prepared.shown or not prepared.pdf.startswith(shown):
        raise EfirmaRefused("gone")
    certificate = x509.Certificate.load(prepared.certificate)
    _signed_by(certificate, signature, prepared.to_sign)
    try:
        return signer.seal_beside(finish(_completed(signer, prepared, certificate, signature)), at)
    except CertificateRevoked as error:
        raise EfirmaRefused("revoked") from error


async def _completed(
    signer: PadesSigner, prepared: Prepared, certificate: x509.Certificate, signature: bytes
) -> bytes:
    outside = _outside(certificate, signer, signature)
    content = await outside.async_sign_prescribed_attributes(DIGEST, cms.CMSAttributes.load(prepared.to_sign))
    output = io.BytesIO(prepared.pdf)
    digest = PreparedByteRangeDigest(prepared.digest, prepared.start, prepared.end)
    await PdfTBSDocument.async_finish_signing(output, digest, content)
    return output.getvalue()


def _outside(certificate: x509.Certificate, signer: PadesSigner, signature: bytes) -> ExternalSigner:
    """A signer that is told the signature; the chain that the trust knows travels with it."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko types parts of itself
    store.register_multiple([item for item in signer.trust.others if item.subject == certificate.issuer])
    return ExternalSigner(
        signing_cert=certificate,
        cert_registry=store,
        signature_value=signature,
        signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": _MECHANISM}),
    )


def _signed_by(certificate: x509.Certificate, signature: bytes, content: bytes) -> None:
    key = serialization.load_der_public_key(certificate.public_key.dump())
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - no other certificate was accepted
    try:
        key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise EfirmaRefused("bad_signature") from error
