"""Whether a certificate was revoked: what files carry, what issuers answer, what is said where nobody does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import crl, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from pyhanko.keys import load_certs_from_pemder_data

from signing.efirma import complete, prepare
from signing.efirma_certificate import EfirmaRefused, judge_certificate
from signing.isolation import SignatureReader
from signing.pades import PadesSigner
from signing.ports import SignedDocument
from signing.report import SignatureFacts
from signing.revocation import no_revocations
from signing.trust import Trust
from signing.validation import judge
from tests.fakes.sat import RFC, Issued, Sat, telling_sat
from tests.servers.pdfsig import openssl_cms
from tests.servers.timestamping import TimestampAuthority, timestamp_authority
from tests.signing.authorities import registry, seal_of, stamping
from tests.signing.conftest import COMMITMENT, ZONE, letter, now, stamp_of
from web.sealing import asking
from web.views.signature_words import told


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running time-stamping authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture
def sat() -> Iterator[Sat]:
    """An issuer whose responder and lists answer."""
    with telling_sat() as running:
        yield running


def trusting(signer: PadesSigner, sat: Sat, *responders: str) -> PadesSigner:
    """The signer, trusting that issuer too, and asking it."""
    root, issuer = load_certs_from_pemder_data(sat.pem)
    mine = signer.trust
    trust = replace(mine, roots=(*mine.roots, root), others=(*mine.others, issuer))
    return replace(signer, trust=trust, revocations=registry(sat, *responders).gather)


def sealed_by(signer: PadesSigner, sat: Sat, issued: Issued) -> SignedDocument:
    """A letter under a seal that the issuer issued."""
    shown = letter()
    with_seal = replace(signer, seal=seal_of(sat, issued))
    return with_seal.sign(shown, signatory="Érika", reason="x", stamp=stamp_of(shown), at=now())


def judged(signer: PadesSigner, pdf: bytes, *, online: bool) -> tuple[SignatureFacts, str]:
    """The first signature of a file as the page judges it, in a process of its own, and everything the page says."""
    report = SignatureReader().judge(
        io.BytesIO(pdf),
        trust=signer.trust.as_text(),
        at=signer.clock(),
        ask=asking(signer) if online else None,
    )
    app = Flask("test")
    app.config["CONSTANCIA_TZ"] = ZONE
    with app.app_context():
        said = told(report)
    words = " ".join([said.headline, *said.problems, *(" ".join(text) for _, text in said.signatures)])
    return next(item for item in report.signatures if item.kind == "signature"), words


@pytest.mark.parametrize("way", ["ocsp", "list"])
def test_what_the_letter_carries_says_good_for_ever(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat, way: str
) -> None:
    """Sealed while the issuer answered (B-LTA): nobody is asked again, not even when its answers have ended."""
    lasting = trusting(stamping(signer, authority), sat)
    made = sealed_by(lasting, sat, sat.person(ocsp_told=way == "ocsp", crl_told=way == "list"))
    assert made.profile == "B-LTA"
    sat.silent = True
    for later in (timedelta(0), timedelta(days=20)):
        then = now() + later
        found, words = judged(replace(lasting, clock=lambda then=then: then), made.pdf, online=False)
        assert (found.revocation, found.lasting, found.good) == ("good", True, True)
        assert "No estaba revocado" in words


@pytest.mark.parametrize("way", ["ocsp", "list"])
def test_the_issuer_is_asked_where_the_letter_does_not_say(signer: PadesSigner, sat: Sat, way: str) -> None:
    """Good, then revoked before it signed: the same file, judged anew, is no longer good, and the day is said."""
    issued = sat.person(ocsp_told=way == "ocsp", crl_told=way == "list")
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, issued)
    asked = trusting(signer, sat)
    assert judged(asked, made.pdf, online=False)[0].revocation == "unknown"
    good, _ = judged(asked, made.pdf, online=True)
    assert (good.revocation, good.lasting, good.good) == ("good", False, True)
    sat.revoked.add(issued.certificate.serial_number)
    bad, words = judged(asked, made.pdf, online=True)
    assert (bad.revocation, bad.good, bad.problems) == ("revoked", False, ("revoked",))
    assert bad.revoked_at[:10] == (now() - timedelta(days=2)).strftime("%Y-%m-%d")
    assert "El certificado estaba revocado." in words
    assert "Estaba revocado desde el" in words


@pytest.mark.parametrize("way", ["ocsp", "list"])
def test_a_certificate_revoked_after_the_stamp_leaves_the_letter_good(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat, way: str
) -> None:
    """What a trusted stamp shows to be older stands, and the page says why."""
    issued = sat.person(ocsp_told=way == "ocsp", crl_told=way == "list")
    stamped = trusting(stamping(signer, authority), sat)
    sat.silent = True
    made = sealed_by(stamped, sat, issued)
    assert made.profile == "B-T"
    sat.silent = False
    sat.revoked.add(issued.certificate.serial_number)
    sat.revoked_ago = timedelta(minutes=-20)
    later = replace(stamped, clock=lambda: now() + timedelta(minutes=40))
    found, words = judged(later, made.pdf, online=True)
    assert (found.revocation, found.good) == ("revoked_later", True)
    assert "lo firmado antes sigue valiendo" in words


def test_nobody_answering_is_unknown_and_so_is_a_responder_that_does_not_know(
    signer: PadesSigner, sat: Sat
) -> None:
    """Neither counts as good; the letter stands, and the page says that nobody answered."""
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, sat.person())
    asked = trusting(signer, sat)
    sat.ignorant = True
    assert judged(asked, made.pdf, online=True)[0].revocation == "unknown"
    sat.ignorant, sat.silent = False, True
    found, words = judged(asked, made.pdf, online=True)
    assert (found.revocation, found.good) == ("unknown", True)
    assert "nadie lo respondió" in words


def test_an_authority_above_that_nobody_tells_of_is_said(signer: PadesSigner, sat: Sat) -> None:
    """The person's own certificate is good; that is all that is known."""
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, sat.person())
    sat.root_silent = True
    asked = trusting(signer, sat)
    found, words = judged(asked, made.pdf, online=True)
    assert found.revocation == "issuer_unknown"
    assert "de la autoridad que lo emitió no se sabe" in words


def test_an_issuer_that_names_no_place_to_ask_is_said(signer: PadesSigner) -> None:
    """The seal made at inception: not the same as an issuer that is silent."""
    shown = letter()
    made = signer.sign(shown, signatory="Érika", reason="x", stamp=stamp_of(shown), at=now())
    found, words = judged(signer, made.pdf, online=True)
    assert found.revocation == "unpublished"
    assert "no dice dónde preguntarlo" in words


def test_revocation_that_somebody_else_signed_is_not_believed(signer: PadesSigner, sat: Sat) -> None:
    """A list of another authority of the same name says nothing, neither good nor revoked."""
    issued = sat.person(crl_told=True, ocsp_told=False)
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, issued)
    with telling_sat() as other:
        other.revoked.add(issued.certificate.serial_number)
        forged = crl.CertificateList.load(other.crl())
    trust = replace(trusting(signer, sat).trust, crls=(forged,))
    (found,) = judge(made.pdf, trust, at=now()).signatures
    assert (found.revocation, found.good) == ("unknown", True)


def test_a_list_made_after_the_certificate_had_ended_says_nothing_of_it(
    signer: PadesSigner, sat: Sat
) -> None:
    """Lists forget ended certificates: not being named there is no proof, and the page says unknown."""
    issued = sat.person(crl_told=True, ocsp_told=False, end=timedelta(hours=1))
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, issued)
    known, ended = now(), issued.certificate.not_valid_after_utc
    trust = trusting(signer, sat).trust
    forgetful = replace(trust, crls=(crl.CertificateList.load(sat.crl()),))
    known_not = {"good", "issuer_unknown"}
    assert judge(made.pdf, forgetful, at=known, known=known).signatures[0].revocation in known_not
    pushed = replace(trust, crls=(crl.CertificateList.load(sat.crl(at=ended + timedelta(hours=3))),))
    found = judge(made.pdf, pushed, at=ended + timedelta(hours=4), known=known).signatures[0]
    assert (found.revocation, found.good) == ("unknown", True)


def with_efirma(signer: PadesSigner, sat: Sat, issued: Issued) -> tuple[bytes, SignedDocument]:
    """A letter signed with a person's e.firma, the seal beside it."""
    shown = letter()
    efirma = judge_certificate(issued.cer, RFC, _sat_alone(sat), now(), signer.revocations)
    mark = replace(stamp_of(shown), level="N4")
    ready = prepare(signer, shown, efirma, reason=f"e.firma {COMMITMENT}", stamp=mark, at=now())
    signature = issued.key.sign(ready.to_sign, padding.PKCS1v15(), hashes.SHA256())
    return shown, complete(signer, ready, signature, shown, now())


def _sat_alone(sat: Sat) -> Trust:
    root, issuer = load_certs_from_pemder_data(sat.pem)
    return Trust((root,), others=(issuer,))


def test_an_efirma_letter_lasts_where_sat_answers(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat, tmp_path: Path, roots: Path
) -> None:
    """B-LTA: SAT's answer about the person beside it, under a stamp over both signatures; openssl agrees on each."""
    lasting = trusting(stamping(signer, authority), sat)
    shown, made = with_efirma(lasting, sat, sat.person())
    assert (made.profile, made.stamp) == ("B-LTA", "made")
    assert made.pdf.startswith(shown)
    sat.silent = True
    report = lasting.report(made.pdf)
    assert report.good
    assert [(item.kind, item.revocation, item.lasting) for item in report.signatures] == [
        ("signature", "good", True),
        ("signature", "unpublished", False),
        ("time_stamp", "unknown", False),
    ]
    assert report.signatures[0].signer.rfc == RFC
    both = tmp_path / "both.pem"
    both.write_text(roots.read_text() + sat.root.certificate.public_bytes(Encoding.PEM).decode())
    assert openssl_cms(made.pdf, both, tmp_path, 0)[0]
    assert openssl_cms(made.pdf, both, tmp_path, 1)[0]


def test_an_efirma_letter_is_signed_all_the_same_where_sat_is_silent(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat
) -> None:
    """B-T, revocation unknown; asked again later, the page can say more."""
    sat.silent = True
    stamped = trusting(stamping(signer, authority), sat)
    _, made = with_efirma(stamped, sat, sat.person())
    assert (made.profile, made.stamp) == ("B-T", "made")
    assert judged(stamped, made.pdf, online=False)[0].revocation == "unknown"
    sat.silent = False
    assert judged(stamped, made.pdf, online=True)[0].revocation == "good"


def test_a_stamp_that_comes_later_brings_the_answer_with_it(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat
) -> None:
    """D6: pending first, then B-LTA in increments; the letter of before is the beginning of the file."""
    stamped = trusting(stamping(signer, authority), sat)
    authority.down = True
    try:
        _, pending = with_efirma(stamped, sat, sat.person())
    finally:
        authority.down = False
    assert (pending.profile, pending.stamp) == ("B-B", "pending")
    later = stamped.add_stamp(pending.pdf)
    assert (later.profile, later.stamp) == ("B-LTA", "made")
    assert later.pdf.startswith(pending.pdf)


def test_the_configured_responder_is_asked_of_certificates_that_name_none(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat
) -> None:
    """Some of SAT's name no place: good is known, revoked is refused, and without the setting it is unknown."""
    quiet = sat.person(ocsp_told=False)
    named = trusting(stamping(signer, authority), sat, f"{sat.url}ocsp")
    assert judge_certificate(quiet.cer, RFC, _sat_alone(sat), now(), named.revocations).revocation == "good"
    _, made = with_efirma(named, sat, quiet)
    assert made.profile == "B-LTA"
    unasked = trusting(signer, sat).revocations
    assert judge_certificate(quiet.cer, RFC, _sat_alone(sat), now(), unasked).revocation == "unpublished"
    sat.revoked.add(quiet.certificate.serial_number)
    with pytest.raises(EfirmaRefused, match="revoked"):
        judge_certificate(quiet.cer, RFC, _sat_alone(sat), now(), named.revocations)


def test_an_efirma_revoked_between_preparing_and_signing_signs_nothing(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat
) -> None:
    """SAT is asked again before the letter counts."""
    issued, shown = sat.person(), letter()
    lasting = trusting(stamping(signer, authority), sat)
    efirma = judge_certificate(issued.cer, RFC, _sat_alone(sat), now(), lasting.revocations)
    ready = prepare(lasting, shown, efirma, reason="x", stamp=stamp_of(shown), at=now())
    sat.revoked.add(issued.certificate.serial_number)
    signature = issued.key.sign(ready.to_sign, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(EfirmaRefused, match="revoked"):
        complete(lasting, ready, signature, shown, now())


def test_nobody_is_asked_about_a_certificate_that_no_trusted_authority_issued(
    signer: PadesSigner, sat: Sat
) -> None:
    """An address in a stranger's certificate leads nowhere."""
    made = sealed_by(replace(trusting(signer, sat), revocations=no_revocations), sat, sat.person())
    asked: list[x509.Certificate] = []

    def ask(certificates: object) -> str | None:
        asked.extend(certificates)  # type: ignore[arg-type]
        return None

    report = SignatureReader().judge(io.BytesIO(made.pdf), trust=signer.trust.as_text(), at=now(), ask=ask)
    assert report.every_problem == ("untrusted",)
    assert asked == []
