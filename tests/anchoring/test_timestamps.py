"""Time stamps: public responses good and bad, and a real authority behind HTTP, judged by openssl as well."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anchoring.timestamps import Authority, BadToken, Chain, verify_token
from anchoring.transport import Answer, Unreachable
from tests.servers.timestamping import TimestampAuthority, timestamp_authority

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared/vectors/rfc3161-fixtures/test/fixtures"
NOTE = b"constancia.example/mesa\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 x AAAAAAA=\n"


@pytest.fixture(scope="module")
def fixtures() -> Path:
    """The public responses."""
    if not FIXTURES.is_dir():
        pytest.skip("the public vectors are not beside the checkout")
    return FIXTURES


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ("test_tsa/response.tsr", b"hello"),
        ("test_tsa/response-injected-certs.tsr", b"hello"),
        ("sigstage/response-no-embedded-cert.tsr", b"hello"),
        ("sigstage/response-sha256.tsr", b"hello"),
        ("sigstage/response-sha384.tsr", b"hello"),
        ("sigstage/response-sha512.tsr", b"hello"),
        ("sigstore.mock/response-expired.tsr", None),
    ],
)
def test_public_responses_verify(fixtures: Path, response: str, message: bytes | None) -> None:
    """Also the one whose certificate has expired since: it is judged at the time it states."""
    path = fixtures / response
    said = message if message is not None else (path.parent / "payload").read_bytes()
    found = verify_token(path.read_bytes(), said, Chain.from_pem((path.parent / "ts_chain.pem").read_bytes()))
    assert found.made_at < datetime.now(UTC)


@pytest.mark.parametrize(
    ("response", "chain", "message"),
    [
        ("sigstage/response-invalid-signature.tsr", "sigstage", b"hello"),
        ("test_tsa/response.tsr", "sigstage", b"hello"),
        ("test_tsa/response.tsr", "test_tsa", b"hello!"),
        ("test_tsa/other_response.tsr", "sigstage", b"hello"),
    ],
)
def test_public_responses_are_refused(fixtures: Path, response: str, chain: str, message: bytes) -> None:
    """A wrong signature, another authority's chain, other bytes."""
    with pytest.raises(BadToken):
        verify_token(
            (fixtures / response).read_bytes(),
            message,
            Chain.from_pem((fixtures / chain / "ts_chain.pem").read_bytes()),
        )


@pytest.mark.parametrize("response", [b"", b"\x30\x03\x02\x01\x00", b"no DER", bytes(5000)])
def test_other_bytes_are_no_response(authority: TimestampAuthority, response: bytes) -> None:
    """Whatever an authority sends, the answer is a refusal and never a crash."""
    with pytest.raises(BadToken):
        verify_token(response, NOTE, Chain((authority.root,)))


def test_an_authority_stamps_a_note_and_openssl_agrees(authority: TimestampAuthority, tmp_path: Path) -> None:
    """The response stands on its own: openssl verifies it over the same bytes, and over no others."""
    stamp = Authority("prueba", authority.url, Chain((authority.root,))).stamp(NOTE)
    assert abs(stamp.made_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stamp.certified_until - datetime.now(UTC) > timedelta(days=28)
    (tmp_path / "r.tsr").write_bytes(stamp.response)
    for content, agrees in [(NOTE, True), (NOTE + b"x", False)]:
        (tmp_path / "note").write_bytes(content)
        command = ["openssl", "ts", "-verify", "-data", "note", "-in", "r.tsr"]
        command += ["-CAfile", str(authority.folder / "chain.pem")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is agrees, done.stdout + done.stderr


def test_what_an_authority_answers_is_not_believed(authority: TimestampAuthority) -> None:
    """A stamp over other bytes, an old one sent again, an unknown root and a refusal are no stamps."""
    trusting = Authority("prueba", authority.url, Chain((authority.root,)))
    old = trusting.stamp(NOTE).response
    authority.lying = True
    try:
        with pytest.raises(BadToken):
            trusting.stamp(NOTE)
    finally:
        authority.lying = False
    replaying = Authority(
        "p",
        authority.url,
        Chain((authority.root,)),
        lambda _url, _body, _media: Answer(200, "application/timestamp-reply", old),
    )
    with pytest.raises(BadToken, match=r"(?i)nonce"):
        replaying.stamp(NOTE)
    authority.down = True
    try:
        with pytest.raises(BadToken, match="503"):
            trusting.stamp(NOTE)
    finally:
        authority.down = False


def test_nobody_there_is_told_apart() -> None:
    """An authority that does not answer is to be tried again."""
    with pytest.raises(Unreachable):
        Authority("prueba", "http://127.0.0.1:9/", Chain(())).stamp(NOTE)
