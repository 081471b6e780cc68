"""Independent judges of signed PDFs: poppler's `pdfsig` (with NSS) and `openssl cms` over the byte range."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


@dataclass(frozen=True)
class Sigs:
    """What `pdfsig` said of each signature: its lines, without their dashes."""

    signatures: tuple[tuple[str, ...], ...]

    def says(self, number: int, text: str) -> bool:
        """Whether a line of signature ``number`` (from 0) is, or begins with, the text."""
        return any(line.startswith(text) for line in self.signatures[number])


def pdfsig(file: Path, roots: Path, work: Path) -> Sigs:
    """Run `pdfsig` with only these roots trusted. Its exit code is always 0: the text is what it says."""
    store = work / "nss"
    if not store.exists():
        store.mkdir()
        run("certutil", "-N", "-d", f"sql:{store}", "--empty-password")
        for number, pem in enumerate(split(roots.read_text())):
            one = work / f"root-{number}.pem"
            one.write_text(pem)
            run("certutil", "-A", "-d", f"sql:{store}", "-n", f"r{number}", "-t", "CT,C,C", "-i", str(one))
    said = run("pdfsig", "-nssdir", f"sql:{store}", str(file))
    parts = re.split(r"^Signature #\d+:$", said, flags=re.MULTILINE)[1:]
    return Sigs(
        tuple(tuple(line.strip(" -") for line in part.splitlines() if line.strip()) for part in parts)
    )


def openssl_cms(pdf: bytes, roots: Path, work: Path, number: int = 0) -> tuple[bool, str]:
    """Whether `openssl cms -verify` accepts signature ``number`` over its byte range, and what it said."""
    first, length, second, rest = map(int, _RANGE.findall(pdf)[number])
    contents = bytes.fromhex(pdf[first + length + 1 : second - 1].decode())
    (work / "signature.der").write_bytes(contents)
    (work / "signed.bin").write_bytes(pdf[first : first + length] + pdf[second : second + rest])
    command = [
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(work / "signature.der"),
        "-content", str(work / "signed.bin"), "-CAfile", str(roots), "-purpose", "any", "-out", "/dev/null",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def run(*command: str) -> str:
    """Standard output of a program that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def split(pem: str) -> list[str]:
    """The certificates of a PEM text, one each."""
    return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", pem, flags=re.DOTALL)
