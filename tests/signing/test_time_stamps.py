"""Time stamps and revocation data of signatures: had, pending, tried again, and never believed of anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.pades import PadesSigner
from signing.ports import SigningUnavailable
from signing.revocation import Registry
from signing.trust import Trust
from tests.fakes.sat import Sat, telling_sat
from tests.servers.pdfsig import pdfsig
from tests.servers.timestamping import TimestampAuthority, timestamp_authority
from tests.signing.authorities import bought, sending, source, stamping
from tests.signing.conftest import letter, now, stamp_of


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(autouse=True)
def well(authority: TimestampAuthority) -> Iterator[None]:
    """The authority is well again after each test."""
    yield
    authority.down = authority.lying = False


@pytest.fixture(scope="module")
def sat() -> Iterator[Sat]:
    """An authority that tells of revocation."""
    with telling_sat() as running:
        yield running


def sealed(signer: PadesSigner) -> tuple[bytes, object]:
    """A letter and what became of it."""
    shown = letter()
    return shown, signer.sign(shown, signatory="Érika", reason="x", stamp=stamp_of(shown), at=now())


def test_a_configured_authority_stamps_the_signature(
    signer: PadesSigner, authority: TimestampAuthority
) -> None:
    """B-T, with the authority's time in the result and in the judgement."""
    stamped = stamping(signer, authority)
    _, made = sealed(stamped)
    assert (made.profile, made.stamp) == ("B-T", "made")
    assert made.stamped_at.endswith("Z")
    report = stamped.report(made.pdf)
    assert report.good
    assert report.signatures[0].stamped_at == made.stamped_at


@pytest.mark.parametrize("trouble", ["down", "lying"])
def test_a_time_stamp_that_failed_is_pending_and_added_later(
    signer: PadesSigner, authority: TimestampAuthority, trouble: str
) -> None:
    """D6: sealed all the same, no time is given, and the retry appends a document time stamp and changes nothing."""
    stamped = stamping(signer, authority)
    setattr(authority, trouble, True)
    shown, made = sealed(stamped)
    assert (made.profile, made.stamp, made.stamped_at) == ("B-B", "pending", "")
    assert stamped.validate(made.pdf).good
    with pytest.raises(SigningUnavailable):
        stamped.add_stamp(made.pdf)
    setattr(authority, trouble, False)
    later = stamped.add_stamp(made.pdf)
    assert later.pdf.startswith(made.pdf)
    assert made.pdf.startswith(shown)
    assert (later.profile, later.stamp) == ("B-T", "made")
    report = stamped.report(later.pdf)
    assert report.good
    assert [(item.kind, item.covers, item.added) for item in report.signatures] == [
        ("signature", "revision", "stamps"),
        ("time_stamp", "file", "none"),
    ]


def test_the_stamp_of_an_authority_nobody_trusts_is_no_stamp(
    signer: PadesSigner, authority: TimestampAuthority, tmp_path: Path
) -> None:
    """Its root is not the configured one: pending, and a file that carries it anyway is not good."""
    with timestamp_authority(tmp_path) as other:
        trusting_other = stamping(signer, other)
        _, foreign = sealed(trusting_other)
        doubting = replace(stamping(signer, authority), source=source(other.url))
        _, made = sealed(doubting)
    assert made.stamp == "pending"
    assert doubting.report(foreign.pdf).every_problem == ("stamp_untrusted",)


def test_the_next_authority_is_asked_when_one_is_silent(
    signer: PadesSigner, authority: TimestampAuthority
) -> None:
    """In the order of the configuration."""
    gone = "http://127.0.0.1:9/"
    both = replace(stamping(signer, authority), source=source(gone, authority.url))
    assert sealed(both)[1].stamp == "made"


def test_addresses_inside_are_not_asked_unless_named(
    signer: PadesSigner, authority: TimestampAuthority
) -> None:
    """M2: the same authority, not named by the operator, is refused before anything is sent, and the stamp pends."""
    closed = stamping(signer, authority, allowed=False)
    assert sealed(closed)[1].stamp == "pending"


def test_a_stamped_letter_is_judged_by_its_stamp_when_the_seal_has_expired(
    signer: PadesSigner, authority: TimestampAuthority
) -> None:
    """The stamp's time needs nobody's word; also when it was added later."""
    stamped = stamping(signer, authority)
    _, made = sealed(stamped)
    authority.down = True
    _, pending = sealed(stamped)
    authority.down = False
    added = stamped.add_stamp(pending.pdf)
    then = now() + timedelta(days=365 * 7)
    later = replace(stamped, clock=lambda: then)
    assert later.report(made.pdf).good
    assert later.report(added.pdf).good
    assert later.report(pending.pdf).every_problem == ("expired",)


@pytest.mark.parametrize("way", ["ocsp", "list"])
def test_revocation_data_that_can_be_had_makes_it_last(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat, tmp_path: Path, way: str
) -> None:
    """B-LTA: OCSP or list of the seal, list of its authority, under a second stamp; the letter is the prefix."""
    seal = bought(sat, ocsp_told=way == "ocsp", crl_told=way == "list")
    guard = sending(sat.url, plain=True)
    lasting = stamping(signer, authority)
    lasting = replace(
        lasting,
        seal=seal,
        trust=replace(lasting.trust, roots=seal.roots, others=seal.others),
        revocations=Registry(guard.post, guard.get).gather,
    )
    shown, made = sealed(lasting)
    assert (made.profile, made.stamp) == ("B-LTA", "made")
    assert made.pdf.startswith(shown)
    report = lasting.report(made.pdf)
    assert report.good
    assert [item.kind for item in report.signatures] == ["signature", "time_stamp"]
    if shutil.which("pdfsig") and shutil.which("certutil"):
        (tmp_path / "made.pdf").write_bytes(made.pdf)
        roots = tmp_path / "roots.pem"
        roots.write_bytes(sat.root.certificate.public_bytes(Encoding.PEM))
        assert pdfsig(tmp_path / "made.pdf", roots, tmp_path).says(
            0, "Signature Validation: Signature is Valid."
        )


def test_without_an_answer_about_revocation_it_is_a_plain_stamp(
    signer: PadesSigner, authority: TimestampAuthority, sat: Sat
) -> None:
    """What cannot be had does not stop the signature."""
    seal = bought(sat)
    guard = sending(sat.url, plain=True)
    plain = stamping(signer, authority)
    plain = replace(plain, seal=seal, trust=Trust(seal.roots, plain.trust.stamp_roots, seal.others))
    plain = replace(plain, revocations=Registry(guard.post, guard.get).gather)
    sat.silent = True
    try:
        assert sealed(plain)[1].profile == "B-T"
    finally:
        sat.silent = False
