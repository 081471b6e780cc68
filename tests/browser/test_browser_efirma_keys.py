"""The page's own reading of e.firma files, in Chromium: triple DES by public vectors, key files in every variant."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Desk
from tests.fakes.sat import Issued, make_sat

pytestmark = pytest.mark.browser

PASSWORD = "Contraseña ñandú 1"
STATIC = re.compile(
    r"GET http://[^/]+/static/[\w/.-]+(\?v=[0-9a-f]+)?"
)  # our own files, never with what was typed
VARIANTS = {
    "des3-sha1": ["-v2", "des3", "-v2prf", "hmacWithSHA1"],
    "des3-sha256": ["-v2", "des3", "-v2prf", "hmacWithSHA256"],
    "aes128-sha1": ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
    "aes256-sha256": ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"],
}

# NIST SP 800-20 style known answers of the triple DES block (openssl agrees with each below).
VECTORS = [
    ("0123456789abcdef23456789abcdef01456789abcdef0123", "5468652071756663", "a826fd8ce53b855f"),
    ("0123456789abcdef23456789abcdef01456789abcdef0123", "6b2062726f776e20", "cce21c8112256fe6"),
    ("0123456789abcdef23456789abcdef01456789abcdef0123", "666f78206a756d70", "68d5c05dd9b6b900"),
]


@pytest.fixture(scope="module")
def issued() -> Issued:
    """An e.firma."""
    return make_sat().person()


@pytest.fixture
def page(chromium: Browser, desk: Desk) -> Iterator[Page]:
    """A page of the application, from which its own modules can be imported."""
    context = chromium.new_context(bypass_csp=True)
    opened = context.new_page()
    opened.goto(f"{desk.address}/entrar")
    yield opened
    context.close()


def ask(page: Page, body: str, **given: Any) -> Any:
    """Run a function body in the page with the modules at hand; bytes travel as base64."""
    helpers = """
      const from64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
      const to64 = (bytes) => btoa(String.fromCharCode(...bytes));
      const { tripleDesCbc } = await import('/static/js/efirmades.js');
      const { decrypted, signWith, EfirmaTrouble } = await import('/static/js/efirmakey.js');
    """
    return page.evaluate(f"async (given) => {{ {helpers} {body} }}", given)


def b64(content: bytes) -> str:
    """As the page takes bytes."""
    return base64.b64encode(content).decode()


def key_file(issued: Issued, tmp_path: Path, variant: list[str]) -> bytes:
    """The .key file as openssl writes it, DER."""
    (tmp_path / "clear.pem").write_bytes(issued.key_pem)
    command = ["openssl", "pkcs8", "-topk8", "-in", str(tmp_path / "clear.pem"), "-outform", "DER", "-out"]
    command += [str(tmp_path / "x.key"), *variant, "-passout", "stdin"]
    subprocess.run(command, check=True, input=PASSWORD.encode(), capture_output=True)
    return (tmp_path / "x.key").read_bytes()


SIGN = """
  try {
    return to64(await signWith(from64(given.key), given.password, from64(given.cer), from64(given.content)));
  } catch (error) {
    if (!(error instanceof EfirmaTrouble)) throw error;
    return { trouble: error.code };
  }
"""


def test_triple_des_gives_the_published_answers(page: Page) -> None:
    """SP 800-67's worked example, block by block, and openssl on two hundred random blocks in CBC mode."""
    body = """
      const hex = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
      return to64(tripleDesCbc(hex(given.key), new Uint8Array(8), hex(given.cipher)));
    """
    for key, plain, cipher in VECTORS:
        assert base64.b64decode(ask(page, body, key=key, cipher=cipher)).hex() == plain
    key, iv = bytes(range(7, 31)), bytes(range(90, 98))
    plain = bytes((index * 37 + 11) % 256 for index in range(1600))
    command = ["openssl", "enc", "-des-ede3-cbc", "-K", key.hex(), "-iv", iv.hex(), "-nopad"]
    cipher = subprocess.run(command, check=True, input=plain, capture_output=True).stdout
    body = "return to64(tripleDesCbc(from64(given.key), from64(given.iv), from64(given.cipher)));"
    assert base64.b64decode(ask(page, body, key=b64(key), iv=b64(iv), cipher=b64(cipher))) == plain


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_key_file_signs_in_the_page(page: Page, issued: Issued, tmp_path: Path, variant: str) -> None:
    """Opened with its password (accents and all) and signing what the certificate's key verifies; nothing is sent."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    content = b"attributes to sign"
    key = key_file(issued, tmp_path, VARIANTS[variant])
    answer = ask(page, SIGN, key=b64(key), password=PASSWORD, cer=b64(issued.cer), content=b64(content))
    public = issued.certificate.public_key()
    public.verify(base64.b64decode(answer), content, padding.PKCS1v15(), hashes.SHA256())
    assert all(STATIC.fullmatch(line) for line in sent), sent


def test_what_is_wrong_with_files_or_password_has_a_name(page: Page, issued: Issued, tmp_path: Path) -> None:
    """A wrong password in each variant, another certificate's key, files that are something else, PBES1."""
    content = b64(b"x")
    for name, options in VARIANTS.items():
        key = key_file(issued, tmp_path, options)
        for password in ("otra", ""):
            answer = ask(page, SIGN, key=b64(key), password=password, cer=b64(issued.cer), content=content)
            assert answer == {"trouble": "password"}, (name, password)
    good = key_file(issued, tmp_path, VARIANTS["aes256-sha256"])
    other = make_sat().person()
    cases = {
        "other_key": (good, other.cer),
        "cer_unknown": (good, b"-----BEGIN CERTIFICATE-----"),
        "not_der": (b"PK\x03\x04 a zip", issued.cer),
    }
    for trouble, (key, cer) in cases.items():
        answer = ask(page, SIGN, key=b64(key), password=PASSWORD, cer=b64(cer), content=content)
        assert answer == {"trouble": trouble}, json.dumps(answer)
    swapped = ask(page, SIGN, key=b64(issued.cer), password=PASSWORD, cer=b64(issued.cer), content=content)
    assert swapped["trouble"] in {"not_der", "key_unknown"}
