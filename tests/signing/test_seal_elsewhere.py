"""A seal brought from elsewhere: a PKCS #12 file, or a key that never leaves its token."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from signing.pades import PadesSigner
from signing.seal import SealUnusable, seal_from_pkcs12, seal_from_token
from signing.trust import Trust
from tests.fakes.sat import Issued, Sat, make_sat
from tests.signing.conftest import letter, now, stamp_of

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), "")


@pytest.fixture(scope="module")
def sat() -> Sat:
    """An authority that sells seals."""
    return make_sat()


@pytest.fixture(scope="module")
def bought(sat: Sat) -> Issued:
    """A seal that it sold."""
    return sat.person(name="MESA DE AYUDA SA DE CV")


def pkcs12(sat: Sat, bought: Issued, *, whole: bool = True) -> bytes:
    """The file, with a password."""
    chain = [sat.issuer.certificate, *([sat.root.certificate] if whole else [])]
    return serialize_key_and_certificates(
        b"s", bought.key, bought.certificate, chain, BestAvailableEncryption(b"abc")
    )


def test_a_pkcs12_file_seals(signer: PadesSigner, sat: Sat, bought: Issued) -> None:
    """Judged by the root that it brings."""
    seal = seal_from_pkcs12(pkcs12(sat, bought), "abc")
    other = replace(signer, seal=seal, trust=Trust(seal.roots, others=seal.others))
    shown = letter()
    made = other.sign(shown, signatory="x", reason="x", stamp=stamp_of(shown), at=now())
    assert other.report(made.pdf).signatures[0].signer.name == "MESA DE AYUDA SA DE CV"


def test_a_pkcs12_file_without_its_root_needs_a_chain(sat: Sat, bought: Issued) -> None:
    """Nothing is taken from the operating system in its place; a wrong password is told as such."""
    content = pkcs12(sat, bought, whole=False)
    with pytest.raises(SealUnusable, match="root"):
        seal_from_pkcs12(content, "abc")
    assert seal_from_pkcs12(content, "abc", sat.pem).roots
    with pytest.raises(SealUnusable, match="password"):
        seal_from_pkcs12(content, "abd")


def test_an_address_that_lacks_a_part_is_no_token(sat: Sat) -> None:
    """RFC 7512 with token, object and module."""
    for uri in ("", "pkcs11:token=a", "pkcs11:token=a;object=b", "https://token?module-path=/x.so"):
        with pytest.raises(SealUnusable, match="RFC 7512"):
            seal_from_token(uri, "1", sat.pem)


_SIGN = """
import sys
from pathlib import Path
from signing.ports import SigningUnavailable
from signing.seal import seal_from_token
from tests.signing.conftest import ZONE, letter, now, stamp_of
from signing.pades import PadesSigner
from signing.pades_place import free_place
from signing.trust import Trust
uri, pin, chain = sys.argv[1:4]
seal = seal_from_token(uri, pin, Path(chain).read_bytes())
place = lambda f, p, s: free_place(f, page=p, size=s)
signer = PadesSigner(seal, Trust(seal.roots, others=seal.others), None, now, ZONE, place)
shown = letter()
try:
    for _ in range(2):
        made = signer.sign(shown, signatory="x", reason="x", stamp=stamp_of(shown), at=now())
        assert made.pdf.startswith(shown) and signer.report(made.pdf).good
    print("signed", made.profile)
except SigningUnavailable as error:
    print("unavailable", error)
"""


@pytest.mark.skipif(not (MODULE and shutil.which("softhsm2-util")), reason="no softhsm2 here")
def test_a_key_in_a_token_seals_and_stays_there(sat: Sat, bought: Issued, tmp_path: Path, root: Path) -> None:
    """SoftHSM by PKCS #11, in a process of its own; with a wrong PIN nothing is signed, and the PIN is not told."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(
        f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n"
    )
    (tmp_path / "key.pem").write_bytes(bought.key_pem)
    (tmp_path / "chain.pem").write_bytes(
        bought.certificate.public_bytes(Encoding.PEM)
        + sat.issuer.certificate.public_bytes(Encoding.PEM)
        + sat.root.certificate.public_bytes(Encoding.PEM)
    )
    env = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "softhsm.conf")}

    def run(*command: str) -> str:
        return subprocess.run(command, env=env, cwd=root, check=True, capture_output=True, text=True).stdout

    run("softhsm2-util", "--init-token", "--free", "--label", "mesa", "--so-pin", "9999", "--pin", "4321")
    run(
        "softhsm2-util",
        "--import",
        str(tmp_path / "key.pem"),
        "--token",
        "mesa",
        "--label",
        "sello",
        "--id",
        "01",
        "--pin",
        "4321",
    )
    uri = f"pkcs11:token=mesa;object=sello?module-path={MODULE}"
    assert run(sys.executable, "-c", _SIGN, uri, "4321", str(tmp_path / "chain.pem")).strip() == "signed B-B"
    refused = run(sys.executable, "-c", _SIGN, uri, "1111", str(tmp_path / "chain.pem"))
    assert refused.startswith("unavailable")
    assert "1111" not in refused


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]
