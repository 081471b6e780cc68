"""What signatures in a PDF are worth, judged anew by certificates one brought along.

Every judgement is pyHanko's ``bottom_line``, never ``valid`` or ``intact`` alone. Trust is pinned: what a document
carries, and what the operating system trusts, is not believed. A signature is judged as of the earliest moment at which
it is known to have existed: a trusted time stamp's, else one that the caller knows (the ledger's), else now.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from asn1crypto import cms, x509  # type: ignore[import-untyped]  # publishes no types
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    EmbeddedPdfSignature,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import NoDSSFoundError

from documents.refusals import Refuse, hostile
from evidence.entry import format_time, parse_time
from signing.apart import finish
from signing.certificates import person_of
from signing.report import Report, SignatureFacts
from signing.revoked import (
    NOT_REVOKED,
    REVOKED,
    UNKNOWN,
    UNPUBLISHED,
    Contexts,
    Revocation,
    revocation_of,
)
from signing.trust import Trust


def signers_of(pdf: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates that the signatures of a file name as theirs, without time stamps'; judged by nobody.

    Raises:
        documents.refusals.Refuse: the file cannot be read.
    """
    with hostile("pdf"):
        found = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
        return tuple(item.signer_cert for item in found if not _is_stamp(item))


def judge(pdf: bytes, trust: Trust, *, at: datetime, known: datetime | None = None) -> Report:
    """Read a file's signatures and judge each.

    Args:
        pdf: the file.
        trust: what is believed.
        at: now.
        known: when the file is known to have existed by other means than its time stamps, such as the ledger's entry.

    Never raises for what the bytes are: an unreadable file is a report with ``unreadable``.
    """
    try:
        with hostile("pdf"):
            return finish(_judge(pdf, trust, min(known or at, at), at))
    except Refuse:
        return Report((), problems=("unreadable",))


async def _judge(pdf: bytes, trust: Trust, moment: datetime, now: datetime) -> Report:
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    try:
        store: DocumentSecurityStore | None = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        store = None
    found = list(reader.embedded_signatures)
    stamps = [await _stamp(item, store, trust) for item in found if _is_stamp(item)]
    facts: list[SignatureFacts] = []
    for item in found:
        if _is_stamp(item):
            facts.append(stamps.pop(0))
            continue
        later = [other.stamped_at for other in stamps if other.good]
        earliest = min([moment, *map(parse_time, later)])
        facts.append(await _signature(item, store, trust, earliest, now))
    problems = [] if found else ["no_signature"]
    if facts and facts[-1].covers != "file" and facts[-1].added != "stamps" and not facts[-1].problems:
        problems.append("extended")
    pages = int(reader.root["/Pages"]["/Count"])
    return Report(tuple(facts), _profile(facts, found), tuple(problems), pages)


def _is_stamp(item: EmbeddedPdfSignature) -> bool:
    return bool(item.sig_object_type == "/DocTimeStamp")


async def _stamp(
    item: EmbeddedPdfSignature, store: DocumentSecurityStore | None, trust: Trust
) -> SignatureFacts:
    """A document time stamp, judged as of the time it states: see docs/decisions/0008."""
    made = _stated(item.signed_data)
    status = await async_validate_pdf_timestamp(item, trust.context(store, made, stamps=True))
    problems = _problems(status)
    if not problems and not status.trusted:
        problems = ["stamp_untrusted"]
    base = _facts(item, "time_stamp", problems, made, status)
    return replace(base, stamped_at="" if problems else format_time(made), claimed_at=format_time(made))


async def _signature(
    item: EmbeddedPdfSignature,
    store: DocumentSecurityStore | None,
    trust: Trust,
    moment: datetime,
    now: datetime,
) -> SignatureFacts:
    attached = _attached(item.signer_info)
    stated = _stated(attached) if attached is not None else None
    stamp_context = trust.context(store, stated or moment, stamps=True)
    status = await async_validate_pdf_signature(
        item, trust.context(store, moment, stamps=False), stamp_context
    )
    stamp = status.timestamp_validity
    stamped = bool(stamp is not None and stamp.valid and stamp.intact and stamp.trusted)
    if stamped and stated is not None and stated < moment:
        again = trust.context(store, stated, stamps=False)
        status = await async_validate_pdf_signature(item, again, trust.context(store, stated, stamps=True))
        moment = stated
    problems = _problems(status)
    if stamp is not None and not stamped:
        problems.append("stamp_untrusted")
    if not problems and not status.bottom_line:
        problems.append("untrusted")
    told, lasting = await _told(status, store, trust, moment, now)
    if told.state == REVOKED and not problems:
        problems.append("revoked")
    return replace(
        _facts(item, "signature", problems, moment, status),
        stamped_at=format_time(stated) if stamped and stated else "",
        revocation=told.state,
        revoked_at=told.since,
        lasting=lasting,
    )


async def _told(
    status: Any, store: DocumentSecurityStore | None, trust: Trust, moment: datetime, now: datetime
) -> tuple[Revocation, bool]:
    """What is known of the certificate's revocation, and whether the file itself carries all that says so."""
    if status.validation_path is None:
        return Revocation(UNKNOWN), False

    def contexts(known: Trust) -> Contexts:
        return lambda when, latest: known.until(latest).context(None, when, stamps=False)

    file = replace(trust, crls=(), ocsps=()).joined(store)
    carried = await revocation_of(status.validation_path, contexts(file), moment, now)
    if carried.state in NOT_REVOKED or not (trust.crls or trust.ocsps):
        return carried, carried.state in NOT_REVOKED
    return await revocation_of(status.validation_path, contexts(trust.joined(store)), moment, now), False


def _attached(info: cms.SignerInfo) -> cms.SignedData | None:
    """The first signature time stamp among the unsigned attributes (RFC 3161, appendix A)."""
    for attribute in info["unsigned_attrs"]:
        if attribute["type"].native == "signature_time_stamp_token":
            for token in attribute["values"]:
                return token["content"]
    return None


def _stated(signed: cms.SignedData) -> datetime:
    made = signed["encap_content_info"]["content"].parsed["gen_time"].native
    assert isinstance(made, datetime)  # noqa: S101 - what GeneralizedTime is read as
    return made


def _problems(status: Any) -> list[str]:
    """Why a status is not good, the first reasons first; a status of pyHanko's, of either kind."""
    problems = []
    if not status.intact:
        problems.append("digest_mismatch")
    elif not status.valid:
        problems.append("signature_broken")
    elif not status.trusted:
        problems.append(_distrust(status))
    level = status.modification_level
    if status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        problems.append("partial")
    elif level is ModificationLevel.OTHER or status.docmdp_ok is False:
        problems.append("altered")
    return problems


_OUT_OF_TIME = (
    AdESIndeterminate.EXPIRED,
    AdESIndeterminate.NOT_YET_VALID,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED,
)


def _distrust(status: Any) -> str:
    return "expired" if status.trust_problem_indic in _OUT_OF_TIME else "untrusted"


_ADDED = {
    ModificationLevel.NONE: "none",
    ModificationLevel.LTA_UPDATES: "stamps",
    ModificationLevel.FORM_FILLING: "signatures",
}


def _facts(
    item: EmbeddedPdfSignature, kind: str, problems: list[str], moment: datetime, status: Any
) -> SignatureFacts:
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    revision = status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    claimed = item.self_reported_timestamp
    docmdp = item.docmdp_level if kind == "signature" else None
    return SignatureFacts(
        field_name=str(item.field_name),
        kind=kind,
        good=not problems,
        problems=tuple(problems),
        covers="file" if whole else "revision" if revision else "part",
        added="none" if whole else _ADDED.get(status.modification_level, "other"),
        signer=person_of(item.signer_cert),
        certificate=str(item.signer_cert.sha256.hex()),
        claimed_at=format_time(claimed) if claimed is not None else "",
        stamped_at="",
        judged_at=format_time(moment),
        revocation=UNKNOWN,
        revoked_at="",
        lasting=False,
        certified=docmdp.value if docmdp is not None else 0,
        reason=str(item.sig_object.get("/Reason", ""))[:500],
    )


def _profile(
    facts: Sequence[SignatureFacts],
    found: Sequence[EmbeddedPdfSignature],
) -> str:
    """The lowest profile of ETSI EN 319 142-1 that the signatures reach, by what is there and trusted."""
    signatures = [number for number, item in enumerate(facts) if item.kind == "signature"]
    if not signatures or any(
        str(found[number].sig_object.get("/SubFilter")) != "/ETSI.CAdES.detached" for number in signatures
    ):
        return ""
    last = signatures[-1]
    archived = any(item.kind == "time_stamp" and item.good for item in facts[last + 1 :])
    stamped = archived or all(facts[number].stamped_at for number in signatures)
    signing = [facts[number] for number in signatures]
    material = any(item.lasting for item in signing) and all(
        item.lasting or item.revocation == UNPUBLISHED for item in signing
    )
    if not stamped:
        return "B-B"
    if not material:
        return "B-T"
    return "B-LTA" if archived else "B-LT"
