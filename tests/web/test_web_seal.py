"""The seal of letters is told in the log before it seals, and a stranger can take its root and compare it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from evidence.findings import Verdict
from evidence.seals import SEALS_CASE, SealFact, seal_of_entry
from evidence.verify import verify_ledger
from evidence.words import digest_words
from signing.sealkeys import make_seal
from tests.fakes.installation import Installation
from tests.fakes.sat import make_sat
from web.sealtelling import certificates_of, fingerprint, tell_seal
from web.settings import Settings
from web.wiring import House


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def told(house: House) -> list[SealFact]:
    """What the log tells of seals."""
    found = [seal_of_entry(item.entry) for item in house.ledger.history(SEALS_CASE)]
    assert None not in found
    return [fact for fact in found if fact is not None]


def run(place: Installation, *arguments: str) -> Result:
    """A command of this installation."""
    return place.app.test_cli_runner().invoke(args=list(arguments))


def test_inception_tells_the_seal_once_and_under_the_checkpoint(place: Installation) -> None:
    """The digests are those of the files; beginning or telling again adds nothing; the ledger verifies."""
    (fact,) = told(place.house)
    chain = x509.load_pem_x509_certificates(place.settings.seal_chain_file.read_bytes())
    assert (fact.change, fact.certificate, fact.root) == (
        "first",
        fingerprint(chain[0]),
        fingerprint(chain[1]),
    )
    assert tell_seal(place.house, "prueba") is None
    assert len(told(place.house)) == 1
    entry = place.house.ledger.history(SEALS_CASE)[0]
    kept = place.house.ledger.latest_checkpoint()
    assert kept is not None
    assert entry.index is not None
    assert entry.index < kept[0]
    assert b"BEGIN CERTIFICATE" not in entry.entry_bytes
    assert str(entry.payload()["certificates"]).count("BEGIN CERTIFICATE") == 2
    report = verify_ledger(place.house.ledger, place.house.blobs, keys=place.house.vkeys, full=True)
    assert report.verdict is Verdict.VALID


def test_renewing_and_replacing_are_told(place: Installation, tmp_path: Path) -> None:
    """Under the same root, by the command; under another, when another file is configured and the house upgraded."""
    assert run(place, "signatures", "renew").exit_code == 0
    first, renewed = told(place.house)
    assert (renewed.change, renewed.root) == ("renewed", first.root)
    assert renewed.certificate != first.certificate
    sat = make_sat()
    issued = sat.person()
    file = tmp_path / "sello.p12"
    chain = [sat.issuer.certificate, sat.root.certificate]
    file.write_bytes(
        serialize_key_and_certificates(b"s", issued.key, issued.certificate, chain, NoEncryption())
    )
    bought = Settings.from_env({**place.env, "CONSTANCIA_SEAL_PKCS12": str(file)})
    assert tell_seal(House(bought, clock=place.clock), "prueba") is not None
    last = told(place.house)[-1]
    assert (last.change, last.certificate) == ("replaced", fingerprint(issued.certificate))
    assert last.root == fingerprint(sat.root.certificate)


def test_an_older_installation_is_told_by_the_upgrade(place: Installation) -> None:
    """A seal that the log does not know is told by `flask db upgrade`, as on a first upgrade."""
    other = make_seal("desk.example/log", place.clock())
    place.settings.seal_chain_file.write_text(other.chain)
    place.settings.seal_key_file.write_text(other.key)
    assert run(place, "db", "upgrade").exit_code == 0
    assert [fact.change for fact in told(place.house)] == ["first", "replaced"]
    assert run(place, "db", "upgrade").exit_code == 0
    assert len(told(place.house)) == 2


def test_a_stranger_takes_the_root_and_compares_it(place: Installation) -> None:
    """The page shows fingerprint and six words of exactly what the download holds, and when the log told of it."""
    browser = place.stranger().client
    page = browser.get("/sello")
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    content = browser.get("/sello/raiz.cer").data
    root = x509.load_der_x509_certificate(content)
    assert root == certificates_of(place.house)[-1]
    digest = hashlib.sha256(content).hexdigest()
    text = page.get_data(as_text=True)
    assert ":".join(digest[at : at + 2].upper() for at in range(0, 64, 2)) in text
    for word in digest_words(digest):
        assert f"<span>{word}</span>" in text
    assert "En la bitácora desde el" in text
    assert "todavía no" not in text
    pem = browser.get("/sello/certificados.pem").data
    assert x509.load_pem_x509_certificates(pem)[-1] == root
    assert b"PRIVATE" not in pem + content


def test_a_seal_that_cannot_be_read_is_said(place: Installation) -> None:
    """No page without a certificate: the answer names the trouble and nothing is shown as if it were one."""
    place.settings.seal_chain_file.unlink()
    answer = place.stranger().client.get("/sello")
    assert answer.status_code >= 500
    assert "seis palabras" not in answer.get_data(as_text=True)
