"""The formats' documents against the program: tables, examples and the shell lines they promise."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import evidence
from evidence.entry import _ENCRYPTED_FIELDS, _FIELDS, MAX_ENTRY_BYTES, parse_entry
from evidence.findings import NOTICES, weights
from evidence.note import VerifierKey
from evidence.tlog_proof import parse_proof
from evidence.tree import leaf_hash
from workflows.facts import FACT_NAMES

FORMATS = Path(evidence.__file__).parents[1] / "docs" / "formats"


def page(name: str) -> str:
    """A format's document."""
    return (FORMATS / name).read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the tables in one section."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell: str) -> list[str]:
    """What a cell has in code quotes."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_finding_code_is_in_the_table_with_its_weight() -> None:
    """docs/formats/ledger.md lists the closed vocabulary, no more and no less."""
    table = {names(row[0])[0]: row[1] for row in rows(page("ledger.md"), "Findings")}
    code = {name: "notice" if name in NOTICES else str(weight) for name, weight in weights().items()}
    assert table == code


def test_every_member_of_an_entry_is_in_the_table() -> None:
    """docs/formats/entry.md lists the members of an entry and of its objects, and the limit of its size."""
    listed = [name for row in rows(page("entry.md"), "Members") for name in names(row[0])]
    assert set(listed) == _FIELDS | _ENCRYPTED_FIELDS
    assert f"{MAX_ENTRY_BYTES:,}" in page("entry.md")


def test_every_fact_of_a_case_is_in_the_table() -> None:
    """docs/formats/entry.md lists every fact that a case's entry may have."""
    listed = {name for row in rows(page("entry.md"), "Facts") for name in names(row[0])}
    assert listed >= FACT_NAMES


def test_the_shell_line_of_the_entry_gives_its_leaf(tmp_path: Path) -> None:
    """The example and the one line that hashes it hold on any machine with coreutils."""
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum on this machine")
    data = re.search(r"^\{\"actor.*\}$", page("entry.md"), re.MULTILINE)
    assert data is not None
    (tmp_path / "entry.json").write_bytes(data[0].encode())
    done = subprocess.run(
        ["sh", "-c", _shell(page("entry.md"))], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    leaf = leaf_hash(data[0].encode()).hex()
    assert done.stdout.split()[0] == leaf
    assert leaf in page("entry.md")
    assert parse_entry(data[0].encode()).seq == 1


def test_openssl_alone_accepts_the_checkpoint_of_the_example(tmp_path: Path) -> None:
    """Note, key and proof are those of the package's docstring, and the promised openssl lines verify the note."""
    blocks = re.findall(r"^```\n(.*?)^```", page("checkpoint.md"), re.MULTILINE | re.DOTALL)
    note, vkey, proof = blocks
    worked = {
        example.source: example.want
        for example in doctest.DocTestParser().get_examples(evidence.__doc__ or "")
    }
    assert repr(vkey.strip()) + "\n" in worked.values()
    assert note.replace("\n\n", "\n<BLANKLINE>\n") in worked.values()
    leaf = worked["first.leaf\n"].strip().strip("'")
    key = VerifierKey.from_text(vkey.strip())
    checkpoint = parse_proof(proof.encode()).verify(bytes.fromhex(leaf), [key], key.name)
    assert proof.endswith(note)
    assert checkpoint.size == 2
    if not _openssl():
        pytest.skip("no OpenSSL on this machine (LibreSSL lacks -rawin); the rest of the example holds")
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    (tmp_path / "vkey").write_text(vkey, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", _shell(page("checkpoint.md"))], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully"), done.stderr


def _openssl() -> bool:
    if shutil.which("openssl") is None:
        return False
    said = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    return said.stdout.startswith("OpenSSL")


def _shell(text: str) -> str:
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1]
