"""docs/cryptography.md lists every algorithm that the code calls by name."""

from __future__ import annotations

import re
from pathlib import Path

ROOMS = (
    *("evidence", "documents", "workflows", "identity", "auditing", "storage", "audit_exports", "witness"),
    *("anchoring", "signing", "notifications", "web"),
)
_PRIMITIVES = re.compile(
    r"\b(AESGCM|ChaCha20Poly1305|X25519|Ed25519|HKDF|PBKDF2HMAC|Scrypt|SHA(?:1|224|256|384|512)|MD5|TripleDES|"
    r"PKCS1v15|PSS|OAEP|ECDSA|SECP\w+R1|ECB|CBC|ARC4|Blowfish)\b"
)
_HASHES = re.compile(r"\bhashlib\.(\w+)")
_NO_ALGORITHM = {"file_digest", "new"}


def used(root: Path) -> set[str]:
    """Names of algorithms in the Python of the product."""
    found: set[str] = set()
    for room in ROOMS:
        for file in (root / room).rglob("*.py"):
            text = file.read_text()
            if "cryptography" in text or "asn1crypto" in text:
                found |= set(_PRIMITIVES.findall(text))
            found |= set(_HASHES.findall(text)) - _NO_ALGORITHM
    return found


def test_every_algorithm_of_the_code_is_in_the_list(root: Path) -> None:
    """None is used that is not there, and those it says are the ones in use."""
    told = set(re.findall(r"`([\w-]+)`", (root / "docs" / "cryptography.md").read_text()))
    names = {re.sub(r"P(?:rivate|ublic)Key$", "", name) for name in used(root)}
    assert {"AESGCM", "ChaCha20Poly1305", "sha256", "HKDF"} <= names
    assert names - told == set()


def test_nothing_broken_is_used(root: Path) -> None:
    """No MD5, no ECB, no stream or block cipher of before; SHA-1 nowhere but inside the library of one-time codes."""
    assert not used(root) & {"MD5", "md5", "ECB", "ARC4", "Blowfish", "TripleDES", "sha1"}
