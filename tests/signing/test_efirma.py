"""The signatory's own e.firma: what certificates sign here, and what is made of a signature that comes from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys import load_certs_from_pemder_data

from anchoring.guarded import Guarded
from signing.certificates import mend_names, person_of
from signing.efirma import Prepared, complete, prepare
from signing.efirma_certificate import Efirma, EfirmaRefused, judge_certificate
from signing.pades import PadesSigner
from signing.ports import SignedDocument
from signing.revocation import Registry, no_revocations
from signing.trust import Trust
from tests.fakes.sat import CURP, RFC, Issued, Sat, make_sat, telling_sat
from tests.servers.pdfsig import openssl_cms, pdfsig
from tests.signing.conftest import COMMITMENT, letter, now, stamp_of


@pytest.fixture(scope="module")
def sat() -> Iterator[Sat]:
    """An authority like SAT's that answers."""
    with telling_sat() as running:
        yield running


@pytest.fixture(scope="module")
def erika(sat: Sat) -> Issued:
    """A director's e.firma."""
    return sat.person()


def trust_of(sat: Sat) -> Trust:
    """What an installation that named SAT's certificates trusts."""
    root, issuer = load_certs_from_pemder_data(sat.pem)
    return Trust((root,), others=(issuer,))


def accepted(sat: Sat, issued: Issued, *, rfc: str = RFC) -> Efirma:
    """The certificate judged, with SAT asked."""
    guard = Guarded(frozenset({urlsplit(sat.url).netloc}), plain=True)
    return judge_certificate(issued.cer, rfc, trust_of(sat), now(), Registry(guard.post, guard.get).gather)


def with_sat(signer: PadesSigner, sat: Sat) -> PadesSigner:
    """The installation's signer, trusting both its seal and SAT."""
    theirs = trust_of(sat)
    mine = signer.trust
    return replace(signer, trust=Trust((*mine.roots, *theirs.roots), others=(*mine.others, *theirs.others)))


def signature(issued: Issued, content: bytes) -> bytes:
    """What a browser answers."""
    return issued.key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def made(signer: PadesSigner, sat: Sat, issued: Issued) -> tuple[bytes, Prepared, SignedDocument]:
    """A letter signed with an e.firma, whole."""
    both, shown = with_sat(signer, sat), letter()
    mark = replace(stamp_of(shown), level="N4")
    ready = prepare(both, shown, accepted(sat, issued), reason=f"e.firma {COMMITMENT}", stamp=mark, at=now())
    kept = Prepared.from_bytes(ready.as_bytes())
    assert kept == ready
    return shown, kept, complete(both, kept, signature(issued, kept.to_sign), shown, now())


def test_an_rfc_as_printable_string_is_read(erika: Issued) -> None:
    """2.5.4.45 is text to SAT and a bit string to X.520: mapped once, and mapping it again changes nothing."""
    mend_names()
    person = person_of(x509.Certificate.load(erika.cer))
    assert (person.rfc, person.curp, person.name) == (RFC, CURP, "ÉRIKA NÚÑEZ ESTRADA")
    assert person.issuer == "AC de prueba del SAT"


def test_a_letter_is_signed_by_the_person_and_sealed_beside(
    signer: PadesSigner, sat: Sat, erika: Issued, tmp_path: Path, roots: Path
) -> None:
    """Two signatures, both good, over the letter as it was shown; independent programs say the same."""
    shown, _, done = made(signer, sat, erika)
    assert done.pdf.startswith(shown)
    assert (done.profile, done.stamp) == ("B-B", "none")
    report = with_sat(signer, sat).report(done.pdf)
    assert report.good
    person, seal = report.signatures
    assert (person.signer.rfc, person.certified, person.covers, person.added) == (
        RFC,
        2,
        "revision",
        "signatures",
    )
    assert person.reason.endswith(COMMITMENT)
    assert (seal.certificate, seal.covers) == (signer.seal.fingerprint, "file")
    both = tmp_path / "both.pem"
    both.write_text(roots.read_text() + sat.root.certificate.public_bytes(Encoding.PEM).decode())
    assert openssl_cms(done.pdf, both, tmp_path, 0)[0]
    assert openssl_cms(done.pdf, both, tmp_path, 1)[0]
    if shutil.which("pdfsig") and shutil.which("certutil"):
        (tmp_path / "done.pdf").write_bytes(done.pdf)
        said = pdfsig(tmp_path / "done.pdf", both, tmp_path)  # in the order of the fields
        assert said.says(0, "Signature Field Name: Sello")
        assert said.says(0, "Total document signed")
        assert said.says(1, "Signer Certificate Common Name: ÉRIKA NÚÑEZ ESTRADA")
        assert all(said.says(number, "Signature Validation: Signature is Valid.") for number in (0, 1))
        assert all(said.says(number, "Certificate Validation: Certificate is Trusted.") for number in (0, 1))


def test_what_is_signed_names_the_certificate_and_the_letter(
    signer: PadesSigner, sat: Sat, erika: Issued
) -> None:
    """The signed attributes hold the letter's digest and the certificate's: another certificate cannot be put in."""
    _, ready, _ = made(signer, sat, erika)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(erika.cer)
    assert digest.finalize() in ready.to_sign
    assert ready.digest in ready.to_sign


@pytest.mark.parametrize("wrong", ["another key", "other bytes", "noise", "empty"])
def test_a_signature_that_is_not_is_refused(signer: PadesSigner, sat: Sat, erika: Issued, wrong: str) -> None:
    """Nothing is completed with it."""
    both, shown = with_sat(signer, sat), letter()
    ready = prepare(both, shown, accepted(sat, erika), reason="x", stamp=stamp_of(shown), at=now())
    other = rsa.generate_private_key(65537, 2048)
    answers = {
        "another key": other.sign(ready.to_sign, padding.PKCS1v15(), hashes.SHA256()),
        "other bytes": signature(erika, ready.to_sign + b"x"),
        "noise": bytes(256),
        "empty": b"",
    }
    with pytest.raises(EfirmaRefused) as refused:
        complete(both, ready, answers[wrong], shown, now())
    assert refused.value.code == "bad_signature"


def test_a_letter_that_changed_meanwhile_is_not_completed(
    signer: PadesSigner, sat: Sat, erika: Issued
) -> None:
    """D1 on this way, too: what is read again must be what was prepared."""
    both, shown = with_sat(signer, sat), letter()
    ready = prepare(both, shown, accepted(sat, erika), reason="x", stamp=stamp_of(shown), at=now())
    with pytest.raises(EfirmaRefused) as refused:
        complete(both, ready, signature(erika, ready.to_sign), letter("Otra carta"), now())
    assert refused.value.code == "gone"


def test_certificates_that_may_not_sign_are_refused_by_name(sat: Sat, erika: Issued) -> None:
    """CSD, another person's, expired, not yet in force, of another authority, without what is needed: each its code."""
    cases = {
        "csd": (sat.person(csd=True), RFC),
        "other_rfc": (erika, "XAXX010101000"),
        "no_expected_rfc": (erika, ""),
        "no_rfc": (sat.person(rfc="sin rfc"), RFC),
        "expired": (sat.person(start=timedelta(days=-900), end=timedelta(days=-1)), RFC),
        "not_yet": (sat.person(start=timedelta(days=1)), RFC),
        "untrusted": (make_sat().person(), RFC),
    }
    for code, (issued, rfc) in cases.items():
        with pytest.raises(EfirmaRefused) as refused:
            accepted(sat, issued, rfc=rfc)
        assert refused.value.code == code


def test_bytes_that_are_no_certificate_are_refused(sat: Sat) -> None:
    """Rubbish, nothing, too much, PEM, an elliptic key."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = key.public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for content in (b"", b"rubbish", b"0" * 20_000, sat.pem, spki):
        with pytest.raises(EfirmaRefused, match="unreadable"):
            judge_certificate(content, RFC, trust_of(sat), now(), no_revocations)


def test_revocation_is_good_refused_or_said_to_be_unknown(sat: Sat) -> None:
    """Asked at the address of the certificate; nobody answering refuses nobody, and is told."""
    good = sat.person()
    assert accepted(sat, good).revocation == "good"
    revoked = sat.person()
    sat.revoked.add(revoked.certificate.serial_number)
    with pytest.raises(EfirmaRefused, match="revoked"):
        accepted(sat, revoked)
    sat.silent = True
    try:
        assert accepted(sat, good).revocation == "unknown"
    finally:
        sat.silent = False
    assert judge_certificate(good.cer, RFC, trust_of(sat), now(), no_revocations).revocation == "unknown"


def test_an_installation_that_named_no_authority_accepts_nobody(sat: Sat, erika: Issued) -> None:
    """Deny by default: trust comes from the settings only."""
    with pytest.raises(EfirmaRefused, match="no_roots"):
        judge_certificate(erika.cer, RFC, Trust(()), now(), no_revocations)
    assert sat
