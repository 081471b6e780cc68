"""The organisation's seal on a document: visible mark, PAdES signature, time stamp, and a judgement before it counts.

`PadesSigner` implements `signing.ports.Signer`. The signed file is the given one followed by increments (D3), the
signature is a certification that permits no change (DocMDP 1), and nothing is returned that `signing.validation` does
not find good. An authority that does not answer, or answers with what cannot be trusted, leaves the document signed and
its time stamp visibly ``pending``: `add_stamp` tries again, as a document time stamp in an increment of its own, so
that what is already stored stays as it is.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyhanko.pdf_utils.content import ImportedPdfPage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.sign import fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    TimestampDSSContentSettings,
)
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle

from evidence.ports import Clock
from signing.apart import finish
from signing.pades_document import Placer, opened, placed
from signing.pades_stamp import drawn
from signing.pades_time import NoAnswer, StampSource
from signing.ports import SignedDocument, SigningUnavailable, Stamp, Validity
from signing.report import Report
from signing.revocation import Gathered, Revocations, no_revocations
from signing.seal import Seal
from signing.trust import Trust
from signing.validation import judge, signers_of

SEAL_FIELD = "Sello"
DIGEST = "sha256"
CMS_ROOM = 32_768  # hex digits: twice the bytes of certificates, time stamp and signature, with room to spare

_UNDER_THE_STAMP = DSSContentSettings(
    include_vri=False, next_ts_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
)
"""Everything needed to check lies under the archive stamp: nothing in the file is covered by nobody."""

_WHOLE_BOX = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, Margins(0, 0, 0, 0))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PadesSigner:
    """Seals documents, and judges sealed ones. Safe for threads.

    Args:
        seal: the organisation's certificate and key.
        trust: what signatures and time stamps are judged by; must hold the seal's roots.
        source: the time-stamping authority, or ``None``.
        clock: the ledger's clock.
        zone: of what the mark says.
        place: finds room on a page of a stranger's document, in a process of its own.
        revocations: asks for revocation data of a chain; whatever it brings lets the signature reach B-LTA.
    """

    seal: Seal
    trust: Trust
    source: StampSource | None
    clock: Clock
    zone: ZoneInfo
    place: Placer
    revocations: Revocations = no_revocations

    def sign(self, pdf: bytes, *, signatory: str, reason: str, stamp: Stamp, at: datetime) -> SignedDocument:
        """See `signing.ports.Signer`."""
        if self.source is None:
            return self._checked(self._signed(pdf, signatory, reason, stamp, at, None), at, "none")
        try:
            return self._checked(self._signed(pdf, signatory, reason, stamp, at, self.source), at, "made")
        except (NoAnswer, _StampBad) as error:
            _log.warning("time stamp pending: %s", error)
        return self._checked(self._signed(pdf, signatory, reason, stamp, at, None), at, "pending")

    def seal_beside(self, pdf: bytes, at: datetime) -> SignedDocument:
        """The seal in the field that was left for it beside the signatory's own signature, then a time stamp over both.

        Raises:
            SigningUnavailable: the seal, or what it is set beside, is not good.
        """
        sealed = self._checked(self._beside(pdf, at), at, "none")
        if self.source is None:
            return sealed
        try:
            return self.add_stamp(sealed.pdf)
        except CertificateRevoked:
            raise
        except SigningUnavailable as error:
            _log.warning("time stamp pending: %s", error)
            return replace(sealed, stamp="pending")

    def _beside(self, pdf: bytes, at: datetime) -> bytes:
        meta = PdfSignatureMetadata(
            field_name=SEAL_FIELD,
            md_algorithm=DIGEST,
            reason="Sello junto a la firma de la persona",
            subfilter=fields.SigSeedSubFilter.PADES,
            signer_key_usage=set(),
        )
        with self.seal.signer() as signer:
            try:
                return finish(_sign(PdfSigner(meta, signer), IncrementalPdfFileWriter(io.BytesIO(pdf)), at))
            except SigningError as error:
                raise SigningUnavailable(str(error)) from error

    def add_stamp(self, pdf: bytes) -> SignedDocument:
        """The document with a document time stamp over all of it, appended: what was ``pending`` is ``made``.

        Under the stamp goes what can be had of the revocation of every signature's certificate, so that the letter may
        reach B-LTA.

        Raises:
            CertificateRevoked: it was had, and it says so.
            SigningUnavailable: no authority is configured, or it does not answer as it should.
        """
        if self.source is None:
            raise SigningUnavailable("no time-stamping authority is configured")
        try:
            stamped = finish(_stamped(pdf, self.source, self._gathered(pdf)))
            return self._checked(stamped, self.clock(), "made")
        except (NoAnswer, _StampBad) as error:
            raise SigningUnavailable(f"time stamp: {error}") from error

    def _gathered(self, pdf: bytes) -> tuple[Gathered, ...]:
        """What can be had of the revocation of those who signed."""
        signers = dict.fromkeys(signers_of(pdf))
        return tuple(got for one in signers if (got := self.revocations(one, self.trust)) is not None)

    def report(self, pdf: bytes, *, known: datetime | None = None) -> Report:
        """Everything found in a document; ``known`` as in `signing.validation.judge`."""
        return judge(pdf, self.trust, at=self.clock(), known=known)

    def validate(self, pdf: bytes, *, at: datetime | None = None) -> Validity:
        """See `signing.ports.Signer`."""
        now = self.clock()
        return _validity(judge(pdf, self.trust, at=at or now))

    def _signed(
        self, pdf: bytes, name: str, reason: str, stamp: Stamp, at: datetime, source: StampSource | None
    ) -> bytes:
        found = self.revocations(self.seal.certificate, self.trust) if source is not None else None
        meta = PdfSignatureMetadata(
            field_name=SEAL_FIELD,
            md_algorithm=DIGEST,
            name=name,
            reason=reason,
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            embed_validation_info=found is not None,
            use_pades_lta=found is not None,
            validation_context=found.whole(at) if found is not None else None,
            signer_key_usage=set(),
            dss_settings=_UNDER_THE_STAMP,
        )
        writer = opened(pdf)
        place = placed(pdf, writer, self.place)
        with self.seal.signer() as signer, drawn(stamp, at, self.zone) as mark:
            spec = fields.SigFieldSpec(SEAL_FIELD, on_page=place.page, box=place.box)
            made = PdfSigner(
                meta,
                signer,
                timestamper=source.stamper() if source is not None else None,
                stamp_style=mark_style(mark),
                new_field_spec=spec,
            )
            try:
                return finish(_sign(made, writer, at))
            except SigningError as error:
                raise SigningUnavailable(str(error)) from error

    def _checked(self, signed: bytes, at: datetime, stamp: str) -> SignedDocument:
        """The result, once its bytes were read again and found good (D5).

        Raises:
            _StampBad: all would be well without the time stamp.
            SigningUnavailable: the seal itself is not good by its own roots: expired, or another key.
        """
        report = judge(signed, self.trust, at=max(at, self.clock()))
        if "stamp_untrusted" in report.every_problem:
            raise _StampBad("the authority's certificate is not under the configured chain")
        validity = _validity(report)
        if "revoked" in validity.problems:
            raise CertificateRevoked("a certificate was revoked")
        if not validity.good:
            raise SigningUnavailable(f"the seal is not good: {', '.join(validity.problems)}")
        return SignedDocument(signed, validity.profile, validity.certificate, stamp, validity.stamped_at)


class CertificateRevoked(SigningUnavailable):
    """A certificate that signed was revoked before it did."""


class _StampBad(Exception):
    """The authority's answer cannot be trusted."""


def mark_style(mark: Path) -> StaticStampStyle:
    """How the mark drawn at that path fills its field."""
    page = ImportedPdfPage(str(mark))  # type: ignore[no-untyped-call]  # pyHanko types parts of itself
    return StaticStampStyle(background=page, background_layout=_WHOLE_BOX, border_width=0)


async def _sign(made: PdfSigner, writer: IncrementalPdfFileWriter, at: datetime) -> bytes:
    """`PdfSigner.async_sign_pdf`, step by step, so that the time in the signature is that of the act."""
    session = made.init_signing_session(writer)
    session.system_time = at
    validation = await session.perform_presign_validation(writer)
    document = session.prepare_tbs_document(validation_info=validation, bytes_reserved=CMS_ROOM)
    digest, output = document.digest_tbs_document()
    signed = await document.perform_signature(
        document_digest=digest.document_digest,
        pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=at),
    )
    await signed.post_signature_processing(output)
    return _whole(output)


async def _stamped(pdf: bytes, source: StampSource, gathered: Sequence[Gathered]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if gathered:
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=[item for got in gathered for item in got.certificates],
            ocsps=[item for got in gathered for item in got.ocsps],
            crls=[item for got in gathered for item in got.crls],
        )
    output = await PdfTimeStamper(source.stamper()).async_timestamp_pdf(
        writer, DIGEST, bytes_reserved=CMS_ROOM
    )
    return _whole(output)


def _whole(output: object) -> bytes:
    assert isinstance(output, io.BytesIO)  # noqa: S101 - what pyHanko writes to unless told otherwise
    return output.getvalue()


def _validity(report: Report) -> Validity:
    stamps = [item.stamped_at for item in report.signatures if item.stamped_at]
    sealing = [item.certificate for item in report.signatures if item.kind == "signature"]
    return Validity(
        good=report.good,
        profile=report.profile,
        certificate=sealing[-1] if sealing else "",
        stamped_at=min(stamps, default=""),
        problems=report.every_problem,
    )
