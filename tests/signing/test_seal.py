"""The organisation's seal on letters: what it changes, what it refuses, and what independent programs say of it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from documents.preview import page_png
from signing.pades import PadesSigner
from signing.pades_place import free_place
from signing.pades_stamp import HEIGHT, WIDTH, drawn
from signing.ports import DocumentUnfit, SigningUnavailable
from signing.seal import Seal, SealUnusable, seal_from_pem
from signing.sealkeys import SealMaterial, make_seal, renew_seal
from signing.trust import Trust
from signing.validation import judge
from tests.servers.pdfsig import openssl_cms, pdfsig
from tests.signing.conftest import COMMITMENT, LINE, ZONE, letter, now, stamp_of

needs_pdfsig = pytest.mark.skipif(
    not (shutil.which("pdfsig") and shutil.which("certutil")), reason="no pdfsig or certutil on PATH"
)


def tampered(pdf: bytes) -> bytes:
    """One bit of the first page's content turned."""
    changed = bytearray(pdf)
    changed[pdf.index(b"stream", 200) + 20] ^= 1
    return bytes(changed)


def extended(pdf: bytes) -> bytes:
    """A page more, as an increment after the signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    content = writer.add_object(generic.StreamObject(stream_data=b"0 0 m 99 99 l S"))
    page = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Page"),
            generic.NameObject("/MediaBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 99, 99))),
            generic.NameObject("/Contents"): content,
        }
    )
    writer.insert_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_sealed_letter_begins_with_the_bytes_shown_and_is_good(signer: PadesSigner) -> None:
    """D3, D5: the shown file is a prefix; one signature, over the whole file, by the seal, that permits no change."""
    shown = letter()
    made = signer.sign(shown, signatory="Érika", reason=f"x {COMMITMENT}", stamp=stamp_of(shown), at=now())
    assert made.pdf.startswith(shown)
    assert (made.profile, made.stamp, made.stamped_at) == ("B-B", "none", "")
    report = signer.report(made.pdf)
    assert report.good
    (found,) = report.signatures
    assert (found.covers, found.added, found.certified, found.problems) == ("file", "none", 1, ())
    assert found.certificate == made.certificate == signer.seal.fingerprint
    assert found.reason.endswith(COMMITMENT)
    assert found.signer.name == "Sello de la mesa de ayuda"


def test_the_time_in_the_signature_is_that_of_the_act(signer: PadesSigner) -> None:
    """Not that of the machine when the bytes were made."""
    shown, act = letter(), now() - timedelta(minutes=2)
    made = signer.sign(shown, signatory="Érika", reason="x", stamp=stamp_of(shown), at=act)
    claimed = signer.report(made.pdf).signatures[0].claimed_at
    assert claimed.startswith(act.strftime("%Y-%m-%dT%H:%M:%S"))


@needs_pdfsig
def test_independent_programs_agree(
    sign: Callable[..., bytes], signer: PadesSigner, roots: Path, tmp_path: Path
) -> None:
    """As signed, tampered with, extended: pdfsig, openssl and our own judgement say the same of each."""
    good = sign(letter())
    for name, content in {"good": good, "tampered": tampered(good), "extended": extended(good)}.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    said = {
        name: pdfsig(tmp_path / f"{name}.pdf", roots, tmp_path) for name in ("good", "tampered", "extended")
    }

    assert said["good"].says(0, "Signature Validation: Signature is Valid.")
    assert said["good"].says(0, "Certificate Validation: Certificate is Trusted.")
    assert said["good"].says(0, "Total document signed")
    assert openssl_cms(good, roots, tmp_path)[0]
    assert signer.validate(good).good

    assert said["tampered"].says(0, "Signature Validation: Digest Mismatch.")
    assert not openssl_cms(tampered(good), roots, tmp_path)[0]
    assert signer.validate(tampered(good)).problems[0] == "digest_mismatch"

    assert said["extended"].says(0, "Signature Validation: Signature is Valid.")
    assert not said["extended"].says(0, "Total document signed")
    assert openssl_cms(extended(good), roots, tmp_path)[0]
    assert signer.validate(extended(good)).problems == ("altered",)


@needs_pdfsig
def test_another_authority_is_not_trusted_by_anybody(sign: Callable[..., bytes], tmp_path: Path) -> None:
    """Trust is pinned: the chain that a file carries makes nobody believe it."""
    signed = sign(letter())
    other = make_seal("other.example/log", now())
    foreign = tmp_path / "other.pem"
    foreign.write_text("-----BEGIN" + other.chain.rpartition("-----BEGIN")[2])
    (tmp_path / "signed.pdf").write_bytes(signed)
    assert not pdfsig(tmp_path / "signed.pdf", foreign, tmp_path).says(
        0, "Certificate Validation: Certificate is Trusted."
    )
    assert not openssl_cms(signed, foreign, tmp_path)[0]
    stranger = seal_from_pem(other.key.encode(), other.chain.encode())
    report = judge(signed, Trust(stranger.roots), at=now())
    assert report.every_problem == ("untrusted",)
    assert not report.good


def test_what_cannot_be_certified_is_refused_and_why(sign: Callable[..., bytes], signer: PadesSigner) -> None:
    """D7: signed before, encrypted, no PDF: a code each, and nothing signed."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(letter()))
    writer.encrypt("", "owner")
    locked = io.BytesIO()
    writer.write(locked)
    for content, code in (
        (sign(letter()), "signed"),
        (locked.getvalue(), "encrypted"),
        (b"%PDF-1.7 no", "damaged"),
    ):
        with pytest.raises(DocumentUnfit) as refused:
            signer.sign(content, signatory="x", reason="x", stamp=stamp_of(content), at=now())
        assert refused.value.code == code


def test_a_picture_that_is_none_is_refused(signer: PadesSigner) -> None:
    """The signature drawn in the page arrives as PNG; whatever else never reaches the letter."""
    shown = letter()
    for picture in (b"GIF89a", b"\x89PNG\r\n\x1a\nrubbish"):
        with pytest.raises(DocumentUnfit, match="picture_unreadable"):
            signer.sign(
                shown, signatory="x", reason="x", stamp=replace(stamp_of(shown), picture=picture), at=now()
            )


def test_an_expired_seal_signs_nothing(signer: PadesSigner) -> None:
    """The result is judged before it counts: by its own roots this one is out of time."""
    old = make_seal("desk.example/log", now() - timedelta(days=365 * 6))
    seal = seal_from_pem(old.key.encode(), old.chain.encode())
    late = replace(signer, seal=seal, trust=Trust(seal.roots, others=seal.others))
    shown = letter()
    with pytest.raises(SigningUnavailable, match="expired"):
        late.sign(shown, signatory="x", reason="x", stamp=stamp_of(shown), at=now())


def test_a_letter_is_still_judged_after_the_seal_expired(
    sign: Callable[..., bytes], signer: PadesSigner
) -> None:
    """By the moment at which the ledger knew it; without such a moment it is only said that the time is over."""
    signed, then = sign(letter()), now()
    later = replace(signer, clock=lambda: then + timedelta(days=365 * 7))
    assert later.report(signed).every_problem == ("expired",)
    assert later.report(signed, known=then).good


def test_a_renewed_seal_is_trusted_by_whoever_trusts_the_authority(
    material: SealMaterial, signer: PadesSigner
) -> None:
    """The root stays; key and certificate are new. A stranger's root key renews nothing."""
    again = renew_seal(material.chain.encode(), material.root_key.encode(), "desk.example/log", now())
    renewed = seal_from_pem(again.key.encode(), again.chain.encode())
    assert renewed.fingerprint != signer.seal.fingerprint
    shown = letter()
    made = replace(signer, seal=renewed).sign(
        shown, signatory="x", reason="x", stamp=stamp_of(shown), at=now()
    )
    assert signer.validate(made.pdf).good
    with pytest.raises(ValueError, match="not the key"):
        renew_seal(material.chain.encode(), make_seal("x", now()).root_key.encode(), "x", now())


def test_a_key_of_another_certificate_is_no_seal(material: SealMaterial) -> None:
    """Nor a chain without its root, nor a file without certificates: each says what is wrong."""
    other = make_seal("desk.example/log", now())
    alone = material.chain.partition("-----END CERTIFICATE-----\n")
    for key, chain, why in (
        (other.key, material.chain, "not the one"),
        (material.key, alone[0] + alone[1], "no root"),
        (material.key, "nothing", "no certificates"),
    ):
        with pytest.raises(SealUnusable, match=why):
            seal_from_pem(key.encode(), chain.encode())


def test_the_secret_is_in_no_representation(seal: Seal, material: SealMaterial) -> None:
    """What logs a seal logs no key."""
    assert material.key.splitlines()[1] not in repr(seal)
    assert "SoftKey()" in repr(seal)


def ink(pdf: bytes, page: int) -> Image.Image:
    """A page as it is seen."""
    return Image.open(io.BytesIO(page_png(io.BytesIO(pdf), page, 612))).convert("L")


def test_the_mark_stands_on_the_signature_line_and_covers_nothing(sign: Callable[..., bytes]) -> None:
    """Every dark point of the letter is as dark once signed, and the mark is above the line."""
    shown = letter(f"#lorem(150){LINE}#lorem(40)")
    place = free_place(io.BytesIO(shown), page=0, size=(612, 792))
    assert place is not None
    assert abs(place.left + place.width / 2 - 306) < 6
    before, after = ink(shown, 1), ink(sign(shown), 1)
    box = (
        int(place.left),
        int(792 - place.bottom - place.height),
        int(place.left + WIDTH),
        int(792 - place.bottom),
    )
    assert before.crop(box).getextrema()[0] > 240
    assert after.crop(box).getextrema()[0] < 100
    after.paste(before.crop(box), box)
    assert max(abs(x - y) for x, y in zip(before.tobytes(), after.tobytes(), strict=True)) < 60


def test_a_full_page_gets_a_page_of_its_own(sign: Callable[..., bytes], signer: PadesSigner) -> None:
    """The mark never covers what was read; the page is signed with the rest."""
    shown = letter("#set page(margin: 20pt)\n#block(width: 100%, height: 100%, fill: luma(85%), lorem(40))")
    assert len(pypdf.PdfReader(io.BytesIO(shown)).pages) == 1
    signed = sign(shown)
    assert signed.startswith(shown)
    assert len(pypdf.PdfReader(io.BytesIO(signed)).pages) == 2
    assert ink(signed, 2).getextrema()[0] < 100
    assert ink(signed, 1).tobytes() == ink(shown, 1).tobytes()
    assert signer.report(signed).good


def test_the_mark_says_who_when_what_and_how() -> None:
    """Name, folio, date with zone, level in words, digest words, address; and never the word «avanzada»."""
    shown = letter()
    with drawn(replace(stamp_of(shown), acting_for="Julio Paz"), now(), ZONE) as path:
        content = path.read_bytes()
        text = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
        size = pypdf.PdfReader(io.BytesIO(content)).pages[0].mediabox
    assert (float(size.width), float(size.height)) == (WIDTH, HEIGHT)
    for said in (
        "Érika Núñez",
        "MA-001-2026-000123",
        "N2 · enlace y código",
        "Por ausencia de Julio Paz",
        "UTC-0600",
    ):
        assert said in text
    assert "avanzada" not in text.lower()
    assert not path.exists()
