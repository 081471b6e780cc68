from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.audit_exports.resealing import unpack

CASE = "ZZ-001-2026-000001"


def shell(commands: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def commands_of(files: dict[str, bytes], name: str) -> str:
    """A block of commands as LEEME.html shows it."""
    found = re.search(f'<pre id="{name}"[^>]*>(.*?)</pre>', files["data/LEEME.html"].decode(), re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_python_reads_the_zip(package: bytes, files: dict[str, bytes]) -> None:
    """The standard library's reader accepts every member and its CRC-32."""
    with zipfile.ZipFile(BytesIO(package)) as archive:
        assert archive.testzip() is None
        assert all(item.compress_type == zipfile.ZIP_STORED for item in archive.infolist())
        assert len(archive.namelist()) == len(files)


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_unzip_reads_the_zip(sample: tuple[object, Path]) -> None:
    """Info-ZIP finds no errors."""
    result = subprocess.run(
        ["unzip", "-tq", str(sample[1])], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_sha256sum_checks_both_manifests(package: bytes, files: dict[str, bytes], tmp_path: Path) -> None:
    """The commands of LEEME.html pass on the package, and fail after one changed byte."""
    folder = unpack(package, tmp_path)
    commands = "\n".join(
        line for line in commands_of(files, "fijeza").splitlines() if line.startswith("sha256sum")
    )
    good = shell(commands, folder)
    assert (good.returncode, good.stdout) == (0, "")
    (folder / "data/index.html").write_bytes(b"otro")
    assert shell(commands, folder).returncode != 0


def test_bagit_validates_the_bag(package: bytes, tmp_path: Path) -> None:
    """The Library of Congress's validator accepts the bag, and refuses one with an extra file."""
    folder = unpack(package, tmp_path)
    command = [sys.executable, "-W", "ignore", "-m", "bagit", "--validate", "--quiet", str(folder)]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0
    (folder / "data/de-más.txt").write_text("x")
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode != 0


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_the_checkpoint(
    package: bytes, files: dict[str, bytes], vkey: str, tmp_path: Path
) -> None:
    """LEEME.html's commands verify the signature as they stand, and fail on another body."""
    folder = unpack(package, tmp_path)
    commands = commands_of(files, "firma")
    good = shell(commands, folder, VKEY=vkey)
    assert good.returncode == 0, good.stderr
    assert "Signature Verified Successfully" in good.stdout
    note = folder / "data/cadena/checkpoint"
    note.write_bytes(note.read_bytes().replace(b"\n8\n", b"\n9\n"))
    assert shell(commands, folder, VKEY=vkey).returncode != 0


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_the_shell_recomputes_leaf_and_commitment(
    package: bytes, files: dict[str, bytes], tmp_path: Path
) -> None:
    """LEEME.html's two lines give the next entry's prev and the entry's payload commitment."""
    folder = unpack(package, tmp_path)
    result = shell(commands_of(files, "huellas").replace("FOLIO", CASE), folder)
    leaf, commitment = (line.split()[0] for line in result.stdout.splitlines())
    assert f'"prev":"{leaf}"'.encode() in files[f"data/casos/{CASE}/entries/2.json"]
    assert f'"payload":"{commitment}"'.encode() in files[f"data/casos/{CASE}/entries/1.json"]


def test_proofs_hold_by_another_way_of_computing(files: dict[str, bytes]) -> None:
    """RFC 9162 section 2.1.3.2, written out here: every proof leads from its entry to the checkpoint's root."""
    _, size, root, *_ = files["data/cadena/checkpoint"].decode().split("\n")
    proofs = [name for name in files if name.endswith(".tlog-proof")]
    assert len(proofs) == 8
    for name in proofs:
        folio, _, seq = Path(name).stem.rpartition("-")
        head, _, note = files[name].partition(b"\n\n")
        assert note == files["data/cadena/checkpoint"]
        lines = head.decode().split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        chains = {"system-access": "personas", "system-heads": "cadena/cabezas"}
        folder = chains.get(folio) or f"casos/{folio}"
        entry = files[f"data/{folder}/entries/{seq}.json"]
        path = [base64.b64decode(line) for line in lines[2:]]
        assert climb(entry, int(lines[1].removeprefix("index ")), int(size), path) == base64.b64decode(root)


def climb(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an audit path leads to."""
    fn, sn = index, size - 1
    found = hashlib.sha256(b"\x00" + entry).digest()
    for node in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            found = hashlib.sha256(b"\x01" + node + found).digest()
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + node).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return found
